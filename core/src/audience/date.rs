//! Rules over traits that are times, such as when a contract ends.

use serde::Serialize;

use super::Evaluation;
use crate::event::Object;
use crate::json_path::find;
use crate::time::{Span, Timestamp};

/// A trait is a time, and this time is so.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DateRule {
    /// Name of the trait; dots go into objects. Its value is RFC 3339, a date, or a number since the
    /// epoch, as in events.
    pub date: String,
    /// What the time has to be.
    #[serde(flatten)]
    pub is: DateIs,
}

/// What a time has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DateIs {
    /// Past, and younger than this.
    InLast(Span),
    /// Not past, and nearer than this.
    InNext(Span),
    /// At least so long ago.
    LongerAgo(Span),
    /// Before this moment.
    Before(Timestamp),
    /// This moment or after it.
    After(Timestamp),
}

impl DateRule {
    pub(super) fn evaluate(&self, traits: &Object, now: Timestamp) -> Evaluation {
        let at = find(traits, &self.date).and_then(|value| Timestamp::from_json(value).ok());
        let Some(at) = at else {
            return Evaluation::settled(false);
        };
        // The answer is yes from the first of these moments until before the second.
        let (start, end) = match self.is {
            DateIs::InLast(span) => (Some(at), Some(at.plus(span))),
            DateIs::InNext(span) => (
                Some(at.plus(span.negated()).plus(Span::from_micros(1))),
                Some(at.plus(Span::from_micros(1))),
            ),
            DateIs::LongerAgo(span) => (Some(at.plus(span)), None),
            DateIs::Before(moment) => return Evaluation::settled(at < moment),
            DateIs::After(moment) => return Evaluation::settled(at >= moment),
        };
        let member = start.is_none_or(|start| now >= start) && end.is_none_or(|end| now < end);
        let later = [start, end].into_iter().flatten().filter(|at| *at > now);
        Evaluation {
            member,
            changes_at: later.min(),
        }
    }
}
