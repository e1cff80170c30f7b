//! Computed traits: facts derived from a person's events, exact and in any order.
//!
//! The state of a definition is kept per anchor and merged when profiles merge, so every operation
//! here is commutative and associative: counting, exact decimal sums, minima, maxima, and first and
//! last by `(event time, message id)`.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use crate::audience::{Comparison, accepts};
use crate::event::Event;
use crate::json_path;
use crate::time::Timestamp;

/// How events become one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// How many events.
    Count,
    /// Exact sum of the numbers.
    Sum,
    /// The smallest number.
    Min,
    /// The largest number.
    Max,
    /// The value of the earliest event.
    First,
    /// The value of the latest event.
    Last,
    /// When the latest events happened, and how many there were. What an audience remembers to count
    /// within a window; no trait that anybody sees.
    Times,
}

/// What to compute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// The trait's name.
    pub key: String,
    /// Name of the events that count.
    pub event: String,
    /// Comparisons of properties, all of which must hold; dots go into objects.
    #[serde(rename = "where", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, Comparison>,
    /// How.
    pub aggregate: Aggregate,
    /// Of which values, a path such as `properties.revenue` that goes through arrays; `count` needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// `false` leaves the events of known bots out, `true` takes only them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bots: Option<bool>,
    /// How many times are remembered; only of [`Aggregate::Times`].
    #[serde(default, skip_serializing_if = "is_none_at_all")]
    pub most: usize,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands a reference to it"
)]
fn is_none_at_all(most: &usize) -> bool {
    *most == 0
}

/// How the key of a definition begins that an audience made for itself.
pub const HIDDEN: char = '#';

impl Definition {
    /// Whether an audience made it for itself, so that nobody sees it.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.key.starts_with(HIDDEN)
    }

    /// Whether the definition can be computed.
    ///
    /// # Errors
    /// Says what is missing and how to write it.
    pub fn check(&self) -> Result<(), String> {
        if self.key.is_empty() || self.event.is_empty() {
            return Err("a computed trait needs a \"key\" and the name of an \"event\"".to_owned());
        }
        if self.is_hidden() {
            return Err(format!(
                "the key \"{}\" begins with {HIDDEN}, which is kept for audiences: choose another",
                self.key
            ));
        }
        if self.most != 0 {
            return Err("\"most\" is kept for audiences: leave it out".to_owned());
        }
        if let Some((name, _)) = self.properties.iter().find(|(_, is)| is.is_empty()) {
            return Err(format!(
                "where.{name}: write at least one comparison, such as {{\"eq\": \"DE\"}}"
            ));
        }
        match (&self.of, self.aggregate) {
            (_, Aggregate::Times) => {
                Err("\"aggregate\" has to be one of count, sum, min, max, first, last".to_owned())
            }
            (None, Aggregate::Count) => Ok(()),
            (None, _) => {
                Err("say which values in \"of\", such as \"properties.revenue\"".to_owned())
            }
            (Some(path), _) if has_root(path) => Ok(()),
            (Some(path), _) => Err(format!(
                "\"of\": \"{path}\" must start with properties., traits. or context."
            )),
        }
    }

    /// Whether an event counts.
    #[must_use]
    pub fn matches(&self, event: &Event) -> bool {
        event.event_name() == Some(self.event.as_str())
            && self.bots.is_none_or(|bots| bots == event.bot.is_some())
            && (self.properties.is_empty() || accepts(&self.properties, &event.properties))
    }
}

fn has_root(path: &str) -> bool {
    ["properties.", "traits.", "context."]
        .iter()
        .any(|root| path.len() > root.len() && path.starts_with(root))
}

/// What is remembered of the events so far. Starts empty; merges in any order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    count: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    sum: Decimal,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<Dated>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<Dated>,
    /// The latest times, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    times: Vec<Timestamp>,
    /// How many of them are remembered.
    #[serde(default, skip_serializing_if = "is_none_at_all")]
    most: usize,
}

fn is_zero(sum: &Decimal) -> bool {
    sum.is_zero()
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Dated {
    at: Timestamp,
    message_id: String,
    value: Value,
}

impl Dated {
    fn order(&self) -> (Timestamp, &str) {
        (self.at, &self.message_id)
    }
}

impl State {
    /// Takes an event into account, if it counts. Values that are no number add nothing to a sum.
    pub fn add(&mut self, definition: &Definition, event: &Event) {
        if !definition.matches(event) {
            return;
        }
        let values = definition
            .of
            .as_deref()
            .map(|path| json_path::of_event(event, path))
            .unwrap_or_default();
        let numbers: Vec<Decimal> = values.iter().filter_map(|value| decimal(value)).collect();
        let dated = |value: &Value| Dated {
            at: event.timestamp,
            message_id: event.message_id.clone(),
            value: value.clone(),
        };
        let mut one = Self {
            count: 1,
            ..Self::default()
        };
        match definition.aggregate {
            Aggregate::Count => {}
            Aggregate::Sum => {
                one.sum = numbers
                    .iter()
                    .fold(Decimal::ZERO, |sum, number| sum.saturating_add(*number));
            }
            Aggregate::Min => one.min = numbers.iter().min().copied(),
            Aggregate::Max => one.max = numbers.iter().max().copied(),
            Aggregate::First => one.first = values.first().map(|value| dated(value)),
            Aggregate::Last => one.last = values.last().map(|value| dated(value)),
            Aggregate::Times => {
                one.times.push(event.timestamp);
                one.most = definition.most;
            }
        }
        self.merge(&one);
    }

    /// Adds what another anchor of the same profile remembers.
    pub fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.sum = self.sum.saturating_add(other.sum);
        self.min = [self.min, other.min].into_iter().flatten().min();
        self.max = [self.max, other.max].into_iter().flatten().max();
        self.first = pick(self.first.take(), other.first.as_ref(), |new, old| {
            new.order() < old.order()
        });
        self.last = pick(self.last.take(), other.last.as_ref(), |new, old| {
            new.order() > old.order()
        });
        self.most = self.most.max(other.most);
        if !other.times.is_empty() {
            self.times.extend_from_slice(&other.times);
            self.times.sort_unstable();
            let surplus = self.times.len().saturating_sub(self.most);
            self.times.drain(..surplus);
        }
    }

    /// How many events there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// When the latest of them happened, in order; only of [`Aggregate::Times`].
    #[must_use]
    pub fn times(&self) -> &[Timestamp] {
        &self.times
    }

    /// The trait's value; `None` when no event had one.
    #[must_use]
    pub fn value(&self, definition: &Definition) -> Option<Value> {
        if self.count == 0 {
            return None;
        }
        match definition.aggregate {
            Aggregate::Count => Some(Value::from(self.count)),
            Aggregate::Sum => Some(json_number(self.sum)),
            Aggregate::Min => self.min.map(json_number),
            Aggregate::Max => self.max.map(json_number),
            Aggregate::First => self.first.as_ref().map(|dated| dated.value.clone()),
            Aggregate::Last => self.last.as_ref().map(|dated| dated.value.clone()),
            Aggregate::Times => None,
        }
    }
}

fn pick(
    mine: Option<Dated>,
    theirs: Option<&Dated>,
    better: impl Fn(&Dated, &Dated) -> bool,
) -> Option<Dated> {
    match (mine, theirs) {
        (Some(mine), Some(theirs)) if better(theirs, &mine) => Some(theirs.clone()),
        (None, Some(theirs)) => Some(theirs.clone()),
        (mine, _) => mine,
    }
}

/// Reads a number, or a text that is one (clients send both), without passing through a float that
/// would change its decimals: the text of the JSON number is what counts.
fn decimal(value: &Value) -> Option<Decimal> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    Decimal::from_str_exact(&text)
        .or_else(|_| Decimal::from_scientific(&text))
        .ok()
}

fn json_number(number: Decimal) -> Value {
    let number = number.normalize();
    let text = number.to_string();
    let whole = text.parse::<i64>().ok().map(Number::from);
    whole
        .or_else(|| text.parse::<f64>().ok().and_then(Number::from_f64))
        .map_or(Value::Null, Value::Number)
}
