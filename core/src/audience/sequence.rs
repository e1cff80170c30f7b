//! Rules over events one after the other: A, then B within an hour, and not C.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use super::event::{MOST_TIMES, named, times};
use super::{Evaluation, ExprError};
use crate::computed_trait::{Definition, State};
use crate::condition::Condition;
use crate::time::{Span, Timestamp};
use crate::window::Window;

/// Events one after the other.
///
/// Each step is strictly later than the one before. The person belongs as long as the first step's event
/// is within the window; for ever without one. Of each step's events the latest 1,024 are looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SequenceRule {
    /// The steps, in order; only the last may be one that must not happen.
    pub sequence: Vec<Step>,
    /// Events none of which may happen between the first step and the last one (where the last step must
    /// not happen: and the end of its time).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub without: Vec<Matching>,
    /// How young the first step's event has to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
}

/// One step of a sequence.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[cfg_attr(feature = "schema", schemars(rename = "SequenceStep"))]
pub enum Step {
    /// It happens.
    Happens {
        /// What.
        #[serde(flatten)]
        what: Matching,
        /// At most so long after the step before.
        #[serde(skip_serializing_if = "Option::is_none")]
        within: Option<Span>,
    },
    /// It does not happen for so long after the step before. The person belongs from then on.
    Not {
        /// What.
        not: Matching,
        /// For how long.
        within: Span,
    },
}

/// Events of a name with such properties.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "EventMatching"))]
pub struct Matching {
    /// Name of the event.
    pub event: String,
    /// What its properties have to be.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub properties: Option<Condition>,
    #[serde(skip)]
    counter: Definition,
}

/// How many events of a step are looked at.
const MOST: u64 = 1_024;
const _: () = assert!(MOST <= MOST_TIMES);

impl Matching {
    pub(super) fn new(event: String, properties: Option<Condition>) -> Result<Self, String> {
        let counter = times(&event, properties.as_ref(), None, &Window::default(), MOST);
        Ok(Self {
            event,
            properties,
            counter: named(counter)?,
        })
    }

    fn times<'a>(&self, counts: &'a BTreeMap<String, State>) -> &'a [Timestamp] {
        counts.get(&self.counter.key).map_or(&[], State::times)
    }
}

impl Step {
    pub(super) fn what(&self) -> &Matching {
        match self {
            Self::Happens { what, .. } | Self::Not { not: what, .. } => what,
        }
    }
}

/// A way up to a step: when the step was reached, and when the way began, as late as can be.
#[derive(Clone, Copy)]
struct Way {
    reached: Timestamp,
    began: Timestamp,
}

impl SequenceRule {
    pub(super) fn new(
        sequence: Vec<Step>,
        without: Vec<Matching>,
        within: Option<Span>,
        path: &str,
    ) -> Result<Self, ExprError> {
        let fail = |place: String, message: &str| {
            Err(ExprError {
                path: place,
                message: message.to_owned(),
            })
        };
        let at = |name: &str| super::read::below(path, name);
        if !(2..=10).contains(&sequence.len()) {
            return fail(at("sequence"), "write from 2 to 10 steps");
        }
        for (index, step) in sequence.iter().enumerate() {
            let place = at(&format!("sequence[{index}]"));
            match step {
                Step::Happens {
                    within: Some(_), ..
                } if index == 0 => {
                    let message = "the first step comes after nothing: write how young it has to be as \"within\" of the sequence";
                    return fail(place, message);
                }
                Step::Not { .. } if index + 1 != sequence.len() || index == 0 => {
                    let message = "only the last step may be one that does not happen: between steps, write it in \"without\"";
                    return fail(place, message);
                }
                _ => {}
            }
        }
        Ok(Self {
            sequence,
            without,
            within,
        })
    }

    pub(super) fn counters(&self) -> impl Iterator<Item = &Definition> {
        let steps = self.sequence.iter().map(Step::what);
        steps.chain(&self.without).map(|what| &what.counter)
    }

    /// When each step's events happened last, in the order of steps.
    pub(super) fn seen(&self, counts: &BTreeMap<String, State>) -> serde_json::Value {
        let last = |what: &Matching| serde_json::json!({"event": what.event, "last": what.times(counts).last()});
        let steps = self.sequence.iter().map(Step::what);
        steps.chain(&self.without).map(last).collect()
    }

    pub(super) fn evaluate(&self, counts: &BTreeMap<String, State>, now: Timestamp) -> Evaluation {
        let mut stretches = self.stretches(counts);
        stretches.sort_unstable();
        // Stretches that touch are one: the answer does not change where one ends in another.
        let mut member = false;
        let mut ends: Option<Timestamp> = None;
        let mut begins: Option<Timestamp> = None;
        for (start, end) in stretches {
            let inside = if member {
                ends.is_some_and(|ends| start <= ends)
            } else {
                start <= now && end.is_none_or(|end| end > now)
            };
            if inside {
                ends = match (member, ends, end) {
                    (true, None, _) | (_, _, None) => None,
                    (true, Some(ends), Some(end)) => Some(ends.max(end)),
                    (false, _, Some(end)) => Some(end),
                };
                member = true;
            } else if start > now {
                begins = Some(begins.map_or(start, |begins| begins.min(start)));
            }
        }
        Evaluation {
            member,
            changes_at: if member { ends } else { begins },
        }
    }

    /// When the person belongs, as far as what has happened says: from, until.
    fn stretches(&self, counts: &BTreeMap<String, State>) -> Vec<(Timestamp, Option<Timestamp>)> {
        let mut breaks: Vec<Timestamp> = self
            .without
            .iter()
            .flat_map(|what| what.times(counts))
            .copied()
            .collect();
        breaks.sort_unstable();
        breaks.dedup();
        // A way lies between two neighbours of what breaks it.
        let mut found = Vec::new();
        let mut from = None;
        for until in breaks.into_iter().map(Some).chain([None]) {
            self.between(counts, from, until, &mut found);
            from = until;
        }
        found
    }

    /// The stretches of the ways between two moments.
    fn between(
        &self,
        counts: &BTreeMap<String, State>,
        from: Option<Timestamp>,
        until: Option<Timestamp>,
        found: &mut Vec<(Timestamp, Option<Timestamp>)>,
    ) {
        let start =
            |times: &[Timestamp]| from.map_or(0, |from| times.partition_point(|time| *time < from));
        let end = |times: &[Timestamp]| {
            until.map_or(times.len(), |until| {
                times.partition_point(|time| *time <= until)
            })
        };
        let clip = |what: &Matching| {
            let times = what.times(counts);
            times.get(start(times)..end(times)).unwrap_or_default()
        };
        let mut ways: Vec<Way> = Vec::new();
        for (index, step) in self.sequence.iter().enumerate() {
            match step {
                Step::Happens { what, .. } if index == 0 => {
                    let first = clip(what).iter().map(|time| Way {
                        reached: *time,
                        began: *time,
                    });
                    ways = first.collect();
                }
                Step::Happens { what, within } => {
                    ways = onward(&ways, clip(what), *within);
                }
                Step::Not { not, within } => {
                    let times = not.times(counts);
                    for way in &ways {
                        let end = way.reached.plus(*within);
                        let first = times.partition_point(|time| *time <= way.reached);
                        let happened = times.get(first).is_some_and(|time| *time <= end);
                        if !happened && until.is_none_or(|until| end <= until) {
                            self.push(found, end, way.began);
                        }
                    }
                    return;
                }
            }
        }
        for way in ways {
            self.push(found, way.reached, way.began);
        }
    }

    fn push(
        &self,
        found: &mut Vec<(Timestamp, Option<Timestamp>)>,
        start: Timestamp,
        began: Timestamp,
    ) {
        let end = self.within.map(|within| began.plus(within));
        if end.is_none_or(|end| start < end) {
            found.push((start, end));
        }
    }
}

/// The ways that go on to one of these times, each with the latest beginning. Ways and times are in order.
fn onward(ways: &[Way], times: &[Timestamp], within: Option<Span>) -> Vec<Way> {
    let mut coming = ways.iter().copied().peekable();
    // Ways that may still go on, each with a later beginning than those behind it in time.
    let mut best: VecDeque<Way> = VecDeque::new();
    let mut found = Vec::new();
    for time in times {
        while let Some(way) = coming.next_if(|way| way.reached < *time) {
            while best.pop_back_if(|known| known.began <= way.began).is_some() {}
            best.push_back(way);
        }
        let is_late = |way: &mut Way| within.is_some_and(|within| time.since(way.reached) > within);
        while best.pop_front_if(is_late).is_some() {}
        found.extend(best.front().map(|way| Way {
            reached: *time,
            began: way.began,
        }));
    }
    found
}
