//! What is remembered of the events so far.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::amount::{Amount, json_number};
use super::kept::{self, Place, Placed};
use super::{Aggregate, Definition, is_none_at_all};
use crate::event::Event;
use crate::json_path;
use crate::time::{Span, Timestamp};

/// Events that a state within a moving window remembers: of more than these only the latest count.
pub const MOST_ENTRIES: usize = 10_000;

/// What is remembered of the events so far. Starts empty; merges in any order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    #[serde(default, skip_serializing_if = "is_nothing")]
    count: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    sum: Decimal,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min: Option<Amount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max: Option<Amount>,
    /// Whether the sum, or one of the numbers, is larger than decimals are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    beyond: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<Dated>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<Dated>,
    /// How often each value came, by the value's JSON text.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "kept::read"
    )]
    values: BTreeMap<String, u64>,
    /// The hash below which those are of all values that are remembered; absent while all are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    below: Option<String>,
    /// The latest values, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    list: Vec<Dated>,
    /// The latest times, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    times: Vec<Timestamp>,
    /// How many values or times are remembered.
    #[serde(default, skip_serializing_if = "is_none_at_all")]
    most: usize,
    /// What may be within a moving window, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    entries: Vec<Entry>,
    /// The place up to which nothing is remembered any more because it was too much; absent while all is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    behind: Option<Place>,
}

/// When the value of a computed trait can next change although nothing happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// Not before something happens.
    Never,
    /// Then.
    At(Timestamp),
    /// Each second after this moment.
    EachSecondAfter(Timestamp),
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands a reference to it"
)]
fn is_nothing(count: &u64) -> bool {
    *count == 0
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

impl Placed for Dated {
    fn order(&self) -> (Timestamp, &str) {
        (self.at, &self.message_id)
    }

    fn bytes(&self) -> usize {
        kept::bytes(&self.value)
    }
}

/// What one event adds, kept apart because it leaves again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    at: Timestamp,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    message_id: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    values: Vec<Value>,
}

impl Placed for Entry {
    fn order(&self) -> (Timestamp, &str) {
        (self.at, &self.message_id)
    }

    fn bytes(&self) -> usize {
        self.values.iter().map(kept::bytes).sum()
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
        let entry = Entry {
            at: event.timestamp,
            message_id: event.message_id.clone(),
            values: counted(definition.aggregate, &values),
        };
        if definition.window.moves() && definition.aggregate != Aggregate::Times {
            let entries = vec![entry];
            self.merge(&Self {
                entries,
                ..Self::default()
            });
        } else {
            self.merge(&Self::of(definition, &entry));
        }
    }

    /// What one event comes to.
    fn of(definition: &Definition, entry: &Entry) -> Self {
        let dated = |value: &Value| Dated {
            at: entry.at,
            message_id: entry.message_id.clone(),
            value: value.clone(),
        };
        let numbers: Vec<Amount> = entry.values.iter().filter_map(Amount::of).collect();
        let mut one = Self {
            count: 1,
            ..Self::default()
        };
        match definition.aggregate {
            Aggregate::Count => {}
            Aggregate::Sum => one.sum_up(&numbers),
            Aggregate::Average => {
                one.sum_up(&numbers);
                one.count = u64::try_from(numbers.len()).unwrap_or(u64::MAX);
            }
            Aggregate::Min => one.min = numbers.iter().min().copied(),
            Aggregate::Max => one.max = numbers.iter().max().copied(),
            Aggregate::First => one.first = entry.values.first().map(dated),
            Aggregate::Last => one.last = entry.values.last().map(dated),
            Aggregate::TimeSinceFirst => one.first = Some(dated(&Value::Null)),
            Aggregate::TimeSinceLast => one.last = Some(dated(&Value::Null)),
            Aggregate::MostFrequent | Aggregate::UniqueCount => {
                for value in entry.values.iter().filter(|value| !value.is_null()) {
                    let text = kept::short(value).to_string();
                    *one.values.entry(text).or_default() += 1;
                }
            }
            Aggregate::LastN => {
                one.list = entry.values.last().map(dated).into_iter().collect();
                one.most = definition.n.unwrap_or(1);
            }
            Aggregate::Times => {
                one.times.push(entry.at);
                one.most = definition.most;
            }
        }
        one
    }

    /// Adds what another anchor of the same profile remembers.
    pub fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.beyond |= other.beyond;
        self.add_up(other.sum);
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
        if !other.list.is_empty() {
            let theirs = (other.list.as_slice(), other.behind.as_ref());
            kept::add_latest(&mut self.list, &mut self.behind, theirs, self.most);
        }
        if !other.entries.is_empty() {
            let theirs = (other.entries.as_slice(), other.behind.as_ref());
            kept::add_latest(&mut self.entries, &mut self.behind, theirs, MOST_ENTRIES);
        }
        if !other.values.is_empty() {
            let theirs = (&other.values, other.below.as_ref());
            kept::add(&mut self.values, &mut self.below, theirs);
        }
    }

    fn sum_up(&mut self, numbers: &[Amount]) {
        for number in numbers {
            match number {
                Amount::Exact(number) => self.add_up(*number),
                Amount::Beyond(_) => self.beyond = true,
            }
        }
    }

    fn add_up(&mut self, number: Decimal) {
        match self.sum.checked_add(number) {
            Some(sum) => self.sum = sum,
            None => self.beyond = true,
        }
    }

    /// Forgets what will never be inside the definition's window again.
    pub fn forget(&mut self, definition: &Definition, now: Timestamp) {
        if !self.entries.is_empty() && definition.window.moves() {
            let inside = definition.window.seen_at(now);
            self.entries.retain(|entry| !inside.is_behind(entry.at));
            self.behind.take_if(|(at, _)| inside.is_behind(*at));
        }
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How many events there were, of a state over all time.
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
    pub fn value(&self, definition: &Definition, now: Timestamp) -> Option<Value> {
        if !definition.window.moves() {
            return self.summary(definition, now);
        }
        let inside = definition.window.seen_at(now);
        let mut within = Self::default();
        for entry in self.entries.iter().filter(|entry| inside.has(entry.at)) {
            within.merge(&Self::of(definition, entry));
        }
        within.summary(definition, now)
    }

    fn summary(&self, definition: &Definition, now: Timestamp) -> Option<Value> {
        if self.count == 0 {
            return None;
        }
        let seconds = |dated: &Dated| Value::from(seconds(now.since(dated.at)).max(0));
        match definition.aggregate {
            Aggregate::Count => Some(Value::from(self.count)),
            // What is larger than decimals are is no number that could be told.
            Aggregate::Sum | Aggregate::Average if self.beyond => Some(Value::Null),
            Aggregate::Sum => Some(json_number(self.sum)),
            Aggregate::Average => self
                .sum
                .checked_div(Decimal::from(self.count))
                .map(json_number),
            Aggregate::Min => self.min.map(Amount::json),
            Aggregate::Max => self.max.map(Amount::json),
            Aggregate::First => self.first.as_ref().map(|dated| dated.value.clone()),
            Aggregate::Last => self.last.as_ref().map(|dated| dated.value.clone()),
            Aggregate::MostFrequent => self.most_frequent(),
            Aggregate::UniqueCount => Some(Value::from(self.values.len())),
            Aggregate::LastN => {
                let latest = self.list.iter().rev().map(|dated| dated.value.clone());
                Some(Value::Array(latest.collect()))
            }
            Aggregate::TimeSinceLast => self.last.as_ref().map(seconds),
            Aggregate::TimeSinceFirst => self.first.as_ref().map(seconds),
            Aggregate::Times => None,
        }
    }

    fn most_frequent(&self) -> Option<Value> {
        // Of several the first one stays, which is the smallest text.
        let most = self.values.values().max()?;
        let (value, _) = self.values.iter().find(|(_, count)| *count == most)?;
        serde_json::from_str(value).ok()
    }

    /// When the value can next change although nothing happens.
    #[must_use]
    pub fn changes(&self, definition: &Definition, now: Timestamp) -> Changes {
        let window = &definition.window;
        let inside = window.seen_at(now);
        // The oldest one inside leaves first.
        let oldest = self
            .entries
            .iter()
            .find(|entry| !inside.is_behind(entry.at));
        let leaves = oldest.and_then(|entry| window.leaves_at(entry.at, inside));
        let since = match definition.aggregate {
            Aggregate::TimeSinceLast => self.last.as_ref(),
            Aggregate::TimeSinceFirst => self.first.as_ref(),
            _ => return leaves.map_or(Changes::Never, Changes::At),
        };
        since.map_or(Changes::Never, |dated| Changes::EachSecondAfter(dated.at))
    }
}

fn seconds(span: Span) -> i64 {
    span.as_micros().div_euclid(1_000_000)
}

/// Of the values at an event's path those that count.
fn counted(aggregate: Aggregate, values: &[&Value]) -> Vec<Value> {
    let one = |value: Option<&&Value>| value.map(|value| (*value).clone()).into_iter().collect();
    let is_number = |value: &&&Value| Amount::of(value).is_some();
    match aggregate {
        Aggregate::Count
        | Aggregate::TimeSinceLast
        | Aggregate::TimeSinceFirst
        | Aggregate::Times => Vec::new(),
        Aggregate::Sum | Aggregate::Average => values
            .iter()
            .filter(is_number)
            .map(|value| (*value).clone())
            .collect(),
        Aggregate::Min => one(values
            .iter()
            .filter(is_number)
            .min_by_key(|value| Amount::of(value))),
        Aggregate::Max => one(values
            .iter()
            .filter(is_number)
            .max_by_key(|value| Amount::of(value))),
        Aggregate::First => one(values.first()),
        Aggregate::Last | Aggregate::LastN => one(values.last()),
        Aggregate::MostFrequent | Aggregate::UniqueCount => {
            let values = values.iter().filter(|value| !value.is_null());
            values.map(|value| kept::short(value)).collect()
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
