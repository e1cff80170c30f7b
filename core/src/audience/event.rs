//! Rules over events of one name.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::Evaluation;
use crate::computed_trait::{Aggregate, Changes, Definition, HIDDEN, State};
use crate::condition::{Condition, Operators, no_groups};
use crate::hex::hex;
use crate::time::Timestamp;
use crate::window::{Inside, Window};

/// So many events of a name with such properties within a window; or so much in them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EventRule {
    /// Name of the event.
    pub event: String,
    /// What its properties have to be.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub properties: Option<Condition>,
    /// `false` leaves the events of known bots out, `true` takes only them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bots: Option<bool>,
    /// What about the events is compared.
    #[serde(flatten)]
    pub measure: Measure,
    /// Which events count now.
    #[serde(flatten)]
    pub window: Window,
    /// What has to be remembered of a person's events to evaluate the rule, so that evaluating never
    /// reads the events again. Rules that count the same events share it.
    #[serde(skip)]
    counter: Definition,
}

/// What about events is compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[cfg_attr(feature = "schema", schemars(rename = "EventMeasure"))]
pub enum Measure {
    /// How many there are; at least one unless said otherwise.
    Count {
        /// The comparison.
        #[cfg_attr(feature = "schema", schemars(with = "Option<Operators>"))]
        count: Operators,
    },
    /// Something about the values in them. Without events there is no value: null.
    Value {
        /// How they become one value.
        aggregate: Aggregate,
        /// Which values, a path such as `properties.revenue`.
        of: String,
        /// The comparison.
        is: Operators,
    },
}

/// Times that a rule with a window may need to be remembered, so that one person's stay small.
pub(super) const MOST_TIMES: u64 = 10_000;

impl EventRule {
    /// A rule; the error names the field that is wrong and says what to write.
    pub(super) fn new(
        event: String,
        properties: Option<Condition>,
        bots: Option<bool>,
        measure: Measure,
        window: Window,
    ) -> Result<Self, (&'static str, String)> {
        let counter = match &measure {
            Measure::Count { count } => {
                // Only a group never settles, and a count is in none.
                let settles_at = count.settles_at().unwrap_or(MOST_TIMES);
                let most = if window.moves() { settles_at } else { 0 };
                if most > MOST_TIMES {
                    let message = format!(
                        "within a window, a count can be compared with numbers up to {MOST_TIMES}"
                    );
                    return Err(("count", message));
                }
                times(&event, properties.as_ref(), bots, &window, most)
            }
            Measure::Value { aggregate, of, .. } => Definition {
                key: String::new(),
                event: event.clone(),
                properties: properties.clone(),
                aggregate: *aggregate,
                of: Some(of.clone()),
                n: None,
                bots,
                window: window.clone(),
                most: 0,
            },
        };
        counter.check_values().map_err(|message| ("of", message))?;
        Ok(Self {
            event,
            properties,
            bots,
            measure,
            window,
            counter: named(counter).map_err(|message| ("event", message))?,
        })
    }

    /// What is remembered for it.
    pub(super) fn counter(&self) -> &Definition {
        &self.counter
    }

    /// What the comparison sees.
    pub(super) fn seen(
        &self,
        counts: &BTreeMap<String, State>,
        now: Timestamp,
    ) -> serde_json::Value {
        let state = counts.get(&self.counter.key);
        match &self.measure {
            Measure::Count { .. } => self.count(state, now).into(),
            Measure::Value { .. } => state
                .and_then(|state| state.value(&self.counter, now))
                .unwrap_or_default(),
        }
    }

    fn count(&self, state: Option<&State>, now: Timestamp) -> u64 {
        if !self.window.moves() {
            return state.map_or(0, State::count);
        }
        let inside = self.window.seen_at(now);
        let times = state.map_or(&[][..], State::times).iter();
        number(times.filter(|time| inside.has(**time)).count())
    }

    pub(super) fn evaluate(&self, counts: &BTreeMap<String, State>, now: Timestamp) -> Evaluation {
        let state = counts.get(&self.counter.key);
        match &self.measure {
            Measure::Count { count } if self.window.moves() => {
                let inside = self.window.seen_at(now);
                self.of_times(count, state.map_or(&[][..], State::times), inside)
            }
            Measure::Count { count } => {
                Evaluation::settled(holds(count, state.map_or(0, State::count)))
            }
            Measure::Value { is, .. } => {
                let changes = state.map(|state| state.changes(&self.counter, now));
                Evaluation {
                    member: is.holds(Some(&self.seen(counts, now)), &no_groups),
                    changes_at: match changes {
                        Some(Changes::At(at)) => Some(at),
                        _ => None,
                    },
                }
            }
        }
    }

    fn of_times(&self, count: &Operators, times: &[Timestamp], inside: Inside) -> Evaluation {
        let within: Vec<Timestamp> = times
            .iter()
            .copied()
            .filter(|time| inside.has(*time))
            .collect();
        let member = holds(count, number(within.len()));
        let changes_at = if let Some(end) = inside.period_ends {
            // The next period begins with what is already in it, most often nothing.
            let next = times.iter().filter(|time| **time >= end).count();
            (holds(count, number(next)) != member || next > 0).then_some(end)
        } else {
            // Enough of the oldest have left to change the answer.
            within
                .iter()
                .enumerate()
                .find(|(gone, _)| holds(count, number(within.len() - gone - 1)) != member)
                .and_then(|(_, time)| self.window.leaves_at(*time, inside))
        };
        Evaluation { member, changes_at }
    }
}

fn holds(count: &Operators, number: u64) -> bool {
    count.holds(Some(&number.into()), &no_groups)
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// What is remembered to know when events happened; without `most` only how many there were.
pub(super) fn times(
    event: &str,
    properties: Option<&Condition>,
    bots: Option<bool>,
    window: &Window,
    most: u64,
) -> Definition {
    Definition {
        key: String::new(),
        event: event.to_owned(),
        properties: properties.cloned(),
        aggregate: if most == 0 {
            Aggregate::Count
        } else {
            Aggregate::Times
        },
        of: None,
        n: None,
        bots,
        // Where times are remembered, rules with other windows share them.
        window: if window.moves() {
            Window::default()
        } else {
            window.clone()
        },
        // Rules with nearly the same numbers remember the same.
        most: usize::try_from(most).map_or(0, |most| {
            if most == 0 {
                0
            } else {
                most.next_power_of_two()
            }
        }),
    }
}

/// Hexadecimal digits of such a name.
const DIGITS: usize = 24;

/// Names a counter after what it counts.
pub(super) fn named(mut counter: Definition) -> Result<Definition, String> {
    let text = serde_json::to_string(&counter).map_err(|error| error.to_string())?;
    let mut digits = hex(&Sha256::digest(text.as_bytes()));
    digits.truncate(DIGITS);
    counter.key = format!("{HIDDEN}{digits}");
    Ok(counter)
}
