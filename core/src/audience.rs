//! Audiences: people by rule.
//!
//! A definition is an expression over a person's traits and events. Evaluating it also says when the
//! answer can next change without any new event, because a window moves on: so membership follows
//! the clock without asking everybody all the time.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::computed_trait::{Aggregate, Definition, HIDDEN, State};
use crate::event::{Event, Object};
use crate::json_path::find;
use crate::time::{Span, Timestamp};

/// A rule over one person.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Expr {
    /// Every rule holds; true when there is none.
    All {
        /// The rules.
        all: Vec<Expr>,
    },
    /// At least one rule holds; false when there is none.
    Any {
        /// The rules.
        any: Vec<Expr>,
    },
    /// The rule does not hold.
    Not {
        /// The rule.
        not: Box<Expr>,
    },
    /// A trait compares so; dots go into objects.
    Trait {
        /// Name of the trait.
        #[serde(rename = "trait")]
        key: String,
        /// The comparison.
        is: Comparison,
    },
    /// A computed trait compares so.
    ComputedTrait {
        /// Its key.
        computed_trait: String,
        /// The comparison.
        is: Comparison,
    },
    /// As many events, within the last while.
    Event(EventRule),
}

/// As many events of a name with such properties, within the last while.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventRule {
    /// Name of the event.
    pub event: String,
    /// Comparisons of properties, all of which must hold; dots go into objects.
    #[serde(rename = "where", skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, Comparison>,
    /// `false` leaves the events of known bots out, `true` takes only them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bots: Option<bool>,
    /// How many; at least one unless said otherwise.
    pub count: Comparison,
    /// Only events younger than this; all when absent. An event exactly as old is outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// What has to be remembered of a person's events to evaluate the rule, so that evaluating never
    /// reads the events again. Rules that count the same events share it.
    #[serde(skip)]
    counter: Definition,
}

fn at_least_one() -> Comparison {
    Comparison {
        gte: Some(Value::from(1)),
        ..Comparison::default()
    }
}

/// Comparisons of one value, all of which must hold. Types are never converted: a text is never
/// less than a number, and an ordered comparison with nothing is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// Equal; a missing value equals null.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub eq: Option<Value>,
    /// Not equal.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub ne: Option<Value>,
    /// Greater.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gt: Option<Value>,
    /// Greater or equal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gte: Option<Value>,
    /// Less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lt: Option<Value>,
    /// Less or equal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lte: Option<Value>,
    /// One of these.
    #[serde(default, rename = "in", skip_serializing_if = "Option::is_none")]
    pub one_of: Option<Vec<Value>>,
    /// A text that contains this text, or a list that contains this value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<Value>,
    /// There is a value, and it is not null; or there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
}

/// `{"eq": null}` is a comparison with null, not an absent one.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// A definition that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExprError {
    /// Where in the definition, such as `all[1].is`.
    pub path: String,
    /// What is wrong and how to write it.
    pub message: String,
}

impl fmt::Display for ExprError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.path.is_empty() {
            "the definition"
        } else {
            &self.path
        };
        write!(formatter, "{place}: {}", self.message)
    }
}

impl std::error::Error for ExprError {}

/// What is known of a person when a rule is evaluated.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Traits.
    pub traits: &'a Object,
    /// Computed traits.
    pub computed_traits: &'a Object,
    /// What is remembered for each of the rule's [`Expr::counters`], by its key.
    pub counts: &'a BTreeMap<String, State>,
}

/// The answer for one person at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// Whether the person belongs to the audience.
    pub member: bool,
    /// The earliest time at which the answer may differ although nothing new is known.
    pub changes_at: Option<Timestamp>,
}

impl Expr {
    /// Reads a definition and says where and why it cannot be used.
    ///
    /// # Errors
    /// The first place that is wrong.
    pub fn parse(definition: &Value) -> Result<Self, ExprError> {
        read::expr(definition, "", 0)
    }

    /// What has to be remembered of everybody's events for this rule.
    #[must_use]
    pub fn counters(&self) -> Vec<&Definition> {
        let mut counters: Vec<&Definition> = Vec::new();
        self.visit(&mut |rule| {
            if !counters.iter().any(|known| known.key == rule.counter.key) {
                counters.push(&rule.counter);
            }
        });
        counters
    }

    /// What [`Facts::counts`] has to be for a person with these events.
    #[must_use]
    pub fn counts<'e>(&self, events: impl Iterator<Item = &'e Event>) -> BTreeMap<String, State> {
        let counters = self.counters();
        let mut counts: BTreeMap<String, State> = BTreeMap::new();
        for event in events {
            for counter in counters.iter().filter(|counter| counter.matches(event)) {
                let state = counts.entry(counter.key.clone()).or_default();
                state.add(counter, event);
            }
        }
        counts
    }

    /// Whether the person belongs to the audience at `now`.
    #[must_use]
    pub fn evaluate(&self, facts: &Facts<'_>, now: Timestamp) -> Evaluation {
        match self {
            Self::All { all } => combine(
                all.iter().map(|rule| rule.evaluate(facts, now)),
                |members| members.iter().all(|member| *member),
            ),
            Self::Any { any } => combine(
                any.iter().map(|rule| rule.evaluate(facts, now)),
                |members| members.iter().any(|member| *member),
            ),
            Self::Not { not } => {
                let inner = not.evaluate(facts, now);
                Evaluation {
                    member: !inner.member,
                    ..inner
                }
            }
            Self::Trait { key, is } => settled(is.holds(find(facts.traits, key))),
            Self::ComputedTrait { computed_trait, is } => {
                settled(is.holds(find(facts.computed_traits, computed_trait)))
            }
            Self::Event(rule) => rule.evaluate(facts.counts.get(&rule.counter.key), now),
        }
    }

    fn visit<'a>(&'a self, see: &mut impl FnMut(&'a EventRule)) {
        match self {
            Self::All { all: rules } | Self::Any { any: rules } => {
                rules.iter().for_each(|rule| rule.visit(see));
            }
            Self::Not { not } => not.visit(see),
            Self::Event(rule) => see(rule),
            Self::Trait { .. } | Self::ComputedTrait { .. } => {}
        }
    }
}

fn settled(member: bool) -> Evaluation {
    Evaluation {
        member,
        changes_at: None,
    }
}

fn combine(parts: impl Iterator<Item = Evaluation>, fold: impl Fn(&[bool]) -> bool) -> Evaluation {
    let (members, changes): (Vec<bool>, Vec<Option<Timestamp>>) =
        parts.map(|part| (part.member, part.changes_at)).unzip();
    Evaluation {
        member: fold(&members),
        changes_at: changes.into_iter().flatten().min(),
    }
}

/// Times that a rule with a window may need to be remembered, so that one person's stay small.
const MOST_TIMES: u64 = 10_000;

impl EventRule {
    fn new(
        event: String,
        properties: BTreeMap<String, Comparison>,
        bots: Option<bool>,
        count: Comparison,
        within: Option<Span>,
    ) -> Result<Self, String> {
        let most = match within {
            None => 0,
            Some(_) => count.settles_at(),
        };
        if most > MOST_TIMES {
            return Err(format!(
                "within a window, a count can be compared with numbers up to {MOST_TIMES}"
            ));
        }
        let mut counter = Definition {
            key: String::new(),
            event: event.clone(),
            properties: properties.clone(),
            aggregate: if within.is_none() {
                Aggregate::Count
            } else {
                Aggregate::Times
            },
            of: None,
            bots,
            // Rules with nearly the same numbers remember the same.
            most: usize::try_from(most).map_or(0, |most| {
                if most == 0 {
                    0
                } else {
                    most.next_power_of_two()
                }
            }),
        };
        let text = serde_json::to_string(&counter).map_err(|error| error.to_string())?;
        let digest = Sha256::digest(text.as_bytes());
        counter.key = digest
            .iter()
            .take(12)
            .fold(HIDDEN.to_string(), |key, byte| format!("{key}{byte:02x}"));
        Ok(Self {
            event,
            properties,
            bots,
            count,
            within,
            counter,
        })
    }

    fn evaluate(&self, counted: Option<&State>, now: Timestamp) -> Evaluation {
        let Some(window) = self.within else {
            return settled(self.count.holds_count(counted.map_or(0, State::count)));
        };
        let times: Vec<Timestamp> = counted
            .map_or(&[][..], State::times)
            .iter()
            .copied()
            .filter(|time| now.since(*time) < window)
            .collect();
        let member = self.count.holds_count(number(times.len()));
        Evaluation {
            member,
            changes_at: self.next_change(&times, window, member),
        }
    }

    /// When, with nothing new, enough of the oldest events have left the window to change the answer.
    fn next_change(&self, times: &[Timestamp], window: Span, member: bool) -> Option<Timestamp> {
        let leaves = |time: &Timestamp| time.plus(window);
        times
            .iter()
            .enumerate()
            .find(|(gone, _)| self.count.holds_count(number(times.len() - gone - 1)) != member)
            .map(|(_, time)| leaves(time))
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Whether properties compare so.
pub(crate) fn accepts(wanted: &BTreeMap<String, Comparison>, properties: &Object) -> bool {
    wanted
        .iter()
        .all(|(key, comparison)| comparison.holds(find(properties, key)))
}

impl Comparison {
    /// Whether a value compares so.
    #[must_use]
    pub fn holds(&self, value: Option<&Value>) -> bool {
        let value = value.unwrap_or(&Value::Null);
        let ordered = |bound: &Option<Value>, fits: fn(std::cmp::Ordering) -> bool| match bound {
            None => true,
            Some(bound) => order(value, bound).is_some_and(fits),
        };
        self.eq.as_ref().is_none_or(|wanted| same(value, wanted))
            && self
                .ne
                .as_ref()
                .is_none_or(|unwanted| !same(value, unwanted))
            && ordered(&self.gt, std::cmp::Ordering::is_gt)
            && ordered(&self.gte, std::cmp::Ordering::is_ge)
            && ordered(&self.lt, std::cmp::Ordering::is_lt)
            && ordered(&self.lte, std::cmp::Ordering::is_le)
            && self
                .one_of
                .as_ref()
                .is_none_or(|list| list.iter().any(|wanted| same(value, wanted)))
            && self
                .contains
                .as_ref()
                .is_none_or(|part| contains(value, part))
            && self.exists.is_none_or(|wanted| wanted != value.is_null())
    }

    fn holds_count(&self, count: u64) -> bool {
        self.holds(Some(&Value::from(count)))
    }

    /// From which count on all counts compare alike.
    fn settles_at(&self) -> u64 {
        let single = [&self.eq, &self.ne, &self.gt, &self.gte, &self.lt, &self.lte];
        let listed = self.one_of.iter().flatten();
        single
            .into_iter()
            .flatten()
            .chain(listed)
            .filter_map(Value::as_f64)
            .map(|bound| {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "saturates, and what is beyond every count is refused"
                )]
                let whole = bound.max(0.0) as u64;
                whole.saturating_add(1)
            })
            .max()
            .unwrap_or(0)
    }

    /// Whether it compares with nothing.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Equal as JSON, with numbers compared as numbers (1 and 1.0 are the same).
fn same(left: &Value, right: &Value) -> bool {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => left.total_cmp(&right).is_eq() || left == right,
        _ => left == right,
    }
}

/// Numbers by size, texts by code point; anything else has no order.
fn order(left: &Value, right: &Value) -> Option<std::cmp::Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64()?.partial_cmp(&right.as_f64()?),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn contains(value: &Value, part: &Value) -> bool {
    match (value, part) {
        (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
        (Value::Array(items), part) => items.iter().any(|item| same(item, part)),
        _ => false,
    }
}

mod read;
