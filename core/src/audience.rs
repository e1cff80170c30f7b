//! Audiences: people by rule.
//!
//! A definition is an expression over a person's traits and events. Evaluating it also says when the
//! answer can next change without any new event, because a window moves on: so membership follows
//! the clock without asking everybody all the time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::Object;
use crate::json_path;
use crate::time::{Span, Timestamp};

/// A rule over one person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventRule {
    /// Name of the event.
    pub event: String,
    /// Comparisons of properties, all of which must hold; dots go into objects.
    #[serde(rename = "where", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, Comparison>,
    /// `false` leaves the events of known bots out, `true` takes only them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bots: Option<bool>,
    /// How many; at least one unless said otherwise.
    #[serde(default = "at_least_one")]
    pub count: Comparison,
    /// Only events younger than this; all when absent. An event exactly as old is outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
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
    /// The person's events of the names that the rule mentions, in any order.
    pub events: &'a [EventFact],
}

/// What a rule sees of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct EventFact {
    /// The event's name.
    pub name: String,
    /// When it happened.
    pub timestamp: Timestamp,
    /// Its properties.
    pub properties: Object,
    /// Whether a known bot sent it.
    pub bot: bool,
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

    /// Names of the events that the rule looks at.
    #[must_use]
    pub fn event_names(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        self.visit(&mut |rule| {
            names.insert(rule.event.as_str());
        });
        names
    }

    /// How far back the rule looks at events of a name: `None` when it does not look at them,
    /// `Some(None)` when it looks at all of them.
    #[must_use]
    pub fn longest_window(&self, name: &str) -> Option<Option<Span>> {
        let mut longest: Option<Option<Span>> = None;
        self.visit(&mut |rule| {
            if rule.event == name {
                longest = Some(match (longest, rule.within) {
                    (None, window) => window,
                    (Some(Some(known)), Some(window)) => Some(known.max(window)),
                    _ => None,
                });
            }
        });
        longest
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
            Self::Event(rule) => rule.evaluate(facts.events, now),
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

fn find<'a>(object: &'a Object, key: &str) -> Option<&'a Value> {
    // A trait whose name has a dot wins over a path.
    object.get(key).or_else(|| {
        let (first, rest) = key.split_once('.')?;
        json_path::reach(object.get(first)?, rest)
            .into_iter()
            .next()
    })
}

impl EventRule {
    fn evaluate(&self, events: &[EventFact], now: Timestamp) -> Evaluation {
        let mut times: Vec<Timestamp> = events
            .iter()
            .filter(|event| {
                event.name == self.event
                    && self.bots.is_none_or(|bots| bots == event.bot)
                    && self.accepts(&event.properties)
            })
            .map(|event| event.timestamp)
            .filter(|time| self.within.is_none_or(|window| now.since(*time) < window))
            .collect();
        times.sort_unstable();
        let member = self.count.holds_count(times.len());
        let changes_at = self
            .within
            .and_then(|window| self.next_change(&times, window, member));
        Evaluation { member, changes_at }
    }

    fn accepts(&self, properties: &Object) -> bool {
        self.properties
            .iter()
            .all(|(key, comparison)| comparison.holds(find(properties, key)))
    }

    /// When, with nothing new, enough of the oldest events have left the window to change the answer.
    fn next_change(&self, times: &[Timestamp], window: Span, member: bool) -> Option<Timestamp> {
        let leaves = |time: &Timestamp| time.plus(window);
        times
            .iter()
            .enumerate()
            .find(|(gone, _)| self.count.holds_count(times.len() - gone - 1) != member)
            .map(|(_, time)| leaves(time))
    }
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

    fn holds_count(&self, count: usize) -> bool {
        self.holds(Some(&Value::from(count)))
    }

    fn is_empty(&self) -> bool {
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
