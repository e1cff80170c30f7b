//! Audiences: people by rule.
//!
//! A definition is an expression over what is known of a person: traits, computed traits, events and
//! sequences of them within windows, other audiences, consent, identifiers. Evaluation is total: a
//! missing value has a meaning everywhere. It also says when the answer can next change without any
//! new event, because a window moves on: so membership follows the clock without asking everybody
//! all the time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::computed_trait::{Changes, Definition, State};
use crate::condition::{Condition, no_groups};
use crate::consent::Choices;
use crate::event::{Event, Object};
use crate::time::{Span, Timestamp};

mod ahead;
mod date;
mod event;
mod explain;
mod read;
mod sequence;
mod text;
mod words;

pub use ahead::{Basis, Named, Rules};
pub use date::{DateIs, DateRule};
pub use event::EventRule;
pub use explain::Clause;
pub use sequence::{SequenceRule, Step};
pub use text::{Text, TextError};
pub(crate) use words::read_where;

/// A rule over one person.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[cfg_attr(feature = "schema", schemars(rename = "AudienceRule"))]
pub enum Expr {
    /// Every rule holds; true when there is none.
    All {
        /// The rules.
        #[cfg_attr(
            feature = "schema",
            schemars(with = "Vec<crate::schema::OrShort<Expr, crate::schema::ShortRule>>")
        )]
        all: Vec<Expr>,
    },
    /// At least one rule holds; false when there is none.
    Any {
        /// The rules.
        #[cfg_attr(
            feature = "schema",
            schemars(with = "Vec<crate::schema::OrShort<Expr, crate::schema::ShortRule>>")
        )]
        any: Vec<Expr>,
    },
    /// The rule does not hold.
    Not {
        /// The rule.
        #[cfg_attr(
            feature = "schema",
            schemars(with = "crate::schema::OrShort<Expr, crate::schema::ShortRule>")
        )]
        not: Box<Expr>,
    },
    /// The traits are so. A missing trait is null.
    Traits {
        /// What they have to be.
        traits: Condition,
    },
    /// The computed traits are so. One without a value is null.
    ComputedTraits {
        /// What they have to be.
        computed_traits: Condition,
        /// The numbers they are compared with, rounded down.
        #[serde(skip)]
        bounds: Vec<i64>,
    },
    /// A trait is a time, and this time is so. A trait that is no time is not.
    Date(DateRule),
    /// So many events, or so much in them.
    Event(Box<EventRule>),
    /// Events one after the other.
    Sequence(SequenceRule),
    /// The person belongs to another audience.
    Audience {
        /// Its id.
        audience: String,
    },
    /// What the person said of a purpose.
    Consent {
        /// The purpose.
        consent: String,
        /// What was said.
        #[serde(skip_serializing_if = "Said::is_granted")]
        #[cfg_attr(feature = "schema", schemars(default))]
        is: Said,
    },
    /// The person has an identifier of a kind.
    Identifier {
        /// The kind, such as `email`.
        identifier: String,
    },
}

impl<'de> serde::Deserialize<'de> for Expr {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let definition = serde_json::Value::deserialize(deserializer)?;
        Self::parse(&definition).map_err(serde::de::Error::custom)
    }
}

/// What somebody said of a purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", schemars(rename = "ConsentSaid"))]
pub enum Said {
    /// Yes.
    #[default]
    Granted,
    /// No.
    Denied,
    /// Nothing.
    Unset,
}

impl Said {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands a reference to it"
    )]
    fn is_granted(&self) -> bool {
        *self == Self::Granted
    }

    fn holds(self, choice: Option<bool>) -> bool {
        let said = match choice {
            Some(true) => Self::Granted,
            Some(false) => Self::Denied,
            None => Self::Unset,
        };
        said == self
    }
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
    /// Computed traits, as they are at the time of evaluation.
    pub computed_traits: &'a Object,
    /// When they change by themselves; those that are not named do not.
    pub changes: &'a BTreeMap<String, Changes>,
    /// What is remembered for each of the rule's [`Expr::counters`], by its key.
    pub counts: &'a BTreeMap<String, State>,
    /// Audiences that the person belongs to, by id.
    pub audiences: &'a BTreeSet<String>,
    /// What the person said to consent.
    pub choices: &'a Choices,
    /// Kinds of the person's identifiers.
    pub identifiers: &'a BTreeSet<String>,
}

/// The answer for one person at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// Whether the person belongs to the audience.
    pub member: bool,
    /// The earliest time at which the answer may differ although nothing new is known.
    pub changes_at: Option<Timestamp>,
}

impl Evaluation {
    /// An answer that time alone does not change.
    fn settled(member: bool) -> Self {
        Self {
            member,
            changes_at: None,
        }
    }
}

/// What a rule looks at, so that only who changed there is asked again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Names of traits.
    pub traits: BTreeSet<String>,
    /// Keys of computed traits.
    pub computed_traits: BTreeSet<String>,
    /// Keys of counters.
    pub counters: BTreeSet<String>,
    /// Other audiences, by id.
    pub audiences: BTreeSet<String>,
    /// Consent purposes.
    pub purposes: BTreeSet<String>,
    /// Kinds of identifiers.
    pub kinds: BTreeSet<String>,
}

impl Reads {
    /// What several rules look at.
    pub fn of<'a>(rules: impl Iterator<Item = &'a Expr>) -> Self {
        let mut all = Self::default();
        for reads in rules.map(Expr::reads) {
            all.traits.extend(reads.traits);
            all.computed_traits.extend(reads.computed_traits);
            all.counters.extend(reads.counters);
            all.audiences.extend(reads.audiences);
            all.purposes.extend(reads.purposes);
            all.kinds.extend(reads.kinds);
        }
        all
    }

    /// Whether a rule looks at what is remembered under a key.
    #[must_use]
    pub fn has_state(&self, key: &str) -> bool {
        self.counters.contains(key) || self.computed_traits.contains(key)
    }
}

impl Expr {
    /// Reads a definition and says where and why it cannot be used.
    ///
    /// # Errors
    /// The first place that is wrong.
    pub fn parse(definition: &serde_json::Value) -> Result<Self, ExprError> {
        read::expr(definition, "", 0)
    }

    /// Reads a definition's text form; see [`fmt::Display`].
    ///
    /// # Errors
    /// The first place that is wrong, by line and column.
    pub fn parse_text(text: &str) -> Result<Self, TextError> {
        Text::parse(text).map(|text| text.rule)
    }

    /// What has to be remembered of everybody's events for this rule.
    #[must_use]
    pub fn counters(&self) -> Vec<&Definition> {
        let mut counters: Vec<&Definition> = Vec::new();
        self.visit(&mut |rule| {
            let here: Vec<&Definition> = match rule {
                Self::Event(rule) => vec![rule.counter()],
                Self::Sequence(rule) => rule.counters().collect(),
                _ => Vec::new(),
            };
            for counter in here {
                if !counters.iter().any(|known| known.key == counter.key) {
                    counters.push(counter);
                }
            }
        });
        counters
    }

    /// What the rule looks at.
    #[must_use]
    pub fn reads(&self) -> Reads {
        let mut reads = Reads::default();
        let owned = |name: &str| name.to_owned();
        self.visit(&mut |rule| match rule {
            Self::Traits { traits } => reads.traits.extend(traits.reads().map(owned)),
            Self::ComputedTraits {
                computed_traits, ..
            } => {
                reads
                    .computed_traits
                    .extend(computed_traits.reads().map(owned));
            }
            Self::Date(rule) => {
                let first = rule.date.split_once('.').map(|(first, _)| first);
                reads.traits.extend(first.map(owned));
                reads.traits.insert(rule.date.clone());
            }
            Self::Event(rule) => {
                reads.counters.insert(rule.counter().key.clone());
            }
            Self::Sequence(rule) => {
                let keys = rule.counters().map(|counter| counter.key.clone());
                reads.counters.extend(keys);
            }
            Self::Audience { audience } => {
                reads.audiences.insert(audience.clone());
            }
            Self::Consent { consent, .. } => {
                reads.purposes.insert(consent.clone());
            }
            Self::Identifier { identifier } => {
                reads.kinds.insert(identifier.clone());
            }
            Self::All { .. } | Self::Any { .. } | Self::Not { .. } => {}
        });
        reads
    }

    /// The path of the first rule of which something is so, or of a rule within it if it is so of that one too.
    #[must_use]
    pub fn find(&self, is_so: &impl Fn(&Self) -> bool) -> Option<String> {
        self.find_below("", is_so)
    }

    fn find_below(&self, path: &str, is_so: &impl Fn(&Self) -> bool) -> Option<String> {
        let within = |rules: &[Self], kind: &str| {
            let mut rules = rules.iter().enumerate();
            rules.find_map(|(index, rule)| {
                rule.find_below(&read::below(path, &format!("{kind}[{index}]")), is_so)
            })
        };
        let inner = match self {
            Self::All { all } => within(all, "all"),
            Self::Any { any } => within(any, "any"),
            Self::Not { not } => not.find_below(&read::below(path, "not"), is_so),
            _ => None,
        };
        inner.or_else(|| is_so(self).then(|| path.to_owned()))
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
            Self::Traits { traits } => Evaluation::settled(traits.holds(facts.traits, &no_groups)),
            Self::ComputedTraits {
                computed_traits,
                bounds,
            } => Evaluation {
                member: computed_traits.holds(facts.computed_traits, &no_groups),
                changes_at: changes_of(computed_traits, bounds, facts, now),
            },
            Self::Date(rule) => rule.evaluate(facts.traits, now),
            Self::Event(rule) => rule.evaluate(facts.counts, now),
            Self::Sequence(rule) => rule.evaluate(facts.counts, now),
            Self::Audience { audience } => Evaluation::settled(facts.audiences.contains(audience)),
            Self::Consent { consent, is } => {
                Evaluation::settled(is.holds(facts.choices.get(consent).copied()))
            }
            Self::Identifier { identifier } => {
                Evaluation::settled(facts.identifiers.contains(identifier))
            }
        }
    }

    /// Shows each rule to `see`, the outer ones first.
    fn visit<'a>(&'a self, see: &mut impl FnMut(&'a Self)) {
        see(self);
        match self {
            Self::All { all: rules } | Self::Any { any: rules } => {
                rules.iter().for_each(|rule| rule.visit(see));
            }
            Self::Not { not } => not.visit(see),
            _ => {}
        }
    }
}

/// When a condition on computed traits may next be answered otherwise: where a value changes each
/// second, only the seconds count with which it is compared.
fn changes_of(
    condition: &Condition,
    bounds: &[i64],
    facts: &Facts<'_>,
    now: Timestamp,
) -> Option<Timestamp> {
    let next = |key: &str| match *facts.changes.get(key)? {
        Changes::Never => None,
        Changes::At(at) => Some(at),
        Changes::EachSecondAfter(since) => bounds
            .iter()
            .flat_map(|bound| [*bound, bound.saturating_add(1)])
            .map(|seconds| since.plus(Span::from_seconds(seconds)))
            .filter(|at| *at > now)
            .min(),
    };
    condition.reads().filter_map(next).min()
}

fn combine(parts: impl Iterator<Item = Evaluation>, fold: impl Fn(&[bool]) -> bool) -> Evaluation {
    let (members, changes): (Vec<bool>, Vec<Option<Timestamp>>) =
        parts.map(|part| (part.member, part.changes_at)).unzip();
    Evaluation {
        member: fold(&members),
        changes_at: changes.into_iter().flatten().min(),
    }
}
