//! Tracking plans: which events a space expects, what each has to look like, and what happens to an
//! event that looks otherwise.
//!
//! A plan is data. [`Plan::read`] checks all of it and names every mistake; [`Compiled::new`] makes
//! it ready for judging, and [`Compiled::judge`] is the one place where an event is compared with
//! it. Everything that a plan can make this code do is bounded: schemas refer only to themselves,
//! never in a circle, patterns are matched in linear time, and nothing is fetched.
//!
//! Only the server judges by plans, so none of this is compiled for wasm32.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::{Event, EventKind};

mod compile;
mod infer;
mod read;
pub(crate) mod schema;
mod verdict;
mod words;

pub use compile::{Compiled, Finding, Found};
pub use infer::{Inferred, Observed};
pub use verdict::{Verdict, verdict};

/// Events that a plan may have.
pub const MAX_EVENTS: usize = 1_000;
/// Characters that the name of a planned event may have.
pub const MAX_NAME: usize = 255;

/// What happens to an event that differs from the plan. Whatever it is, the violation is counted.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", schemars(rename = "PlanAction"))]
pub enum Action {
    /// The event is stored as if nothing were wrong.
    Allow,
    /// The event is stored with its violations, and the reply names them.
    #[default]
    Flag,
    /// The event is refused, kept whole in quarantine, and can be tried again.
    Quarantine,
}

impl Action {
    /// All actions.
    pub const ALL: [Self; 3] = [Self::Allow, Self::Flag, Self::Quarantine];

    /// The word on the wire and in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Flag => "flag",
            Self::Quarantine => "quarantine",
        }
    }
}

/// A tracking plan as people write it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "TrackingPlanDocument"))]
pub struct Plan {
    /// The events that are expected.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub events: Vec<PlannedEvent>,
    /// What happens to an event that is not in the plan. It rules track events always, and the
    /// pages, screens, identify and group calls only once the plan has an entry of their type: a
    /// plan that says nothing about pages has nothing against them.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub unplanned: Action,
}

impl Default for Plan {
    /// The plan that expects nothing and minds nothing.
    fn default() -> Self {
        Self {
            events: Vec::new(),
            unplanned: Action::Allow,
        }
    }
}

/// An event that is expected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlannedEvent {
    /// Which call.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// The event's name. A page or screen entry without one stands for every name that has no entry
    /// of its own; identify and group have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// What it means, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What happens when it looks otherwise.
    #[serde(default)]
    pub on_violation: Action,
    /// JSON Schema of the properties (track, page, screen) or traits (identify, group); draft
    /// 2020-12, or draft-07 when `$schema` says so.
    #[serde(default = "anything")]
    pub schema: Value,
}

/// The schema that takes everything.
fn anything() -> Value {
    Value::Object(crate::event::Object::new())
}

impl PlannedEvent {
    /// The event in words, such as `track "Order Completed"`.
    #[must_use]
    pub fn label(&self) -> String {
        label(self.kind, self.event.as_deref())
    }
}

/// A mistake in a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlanError {
    /// The planned event in words; empty when the mistake is in the plan itself.
    pub event: String,
    /// The place in the plan, such as `events[2].schema/properties/price/type`.
    pub path: String,
    /// What is wrong and what to write.
    pub message: String,
}

impl fmt::Display for PlanError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.event.as_str() {
            "" => write!(formatter, "{}: {}", self.path, self.message),
            event => write!(formatter, "{event}, at {}: {}", self.path, self.message),
        }
    }
}

impl std::error::Error for PlanError {}

/// An event in words.
pub(super) fn label(kind: EventKind, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{kind} \"{}\"", words::short(name)),
        None => kind.as_str().to_owned(),
    }
}

/// Where an event has what a plan speaks about: `properties` or `traits`. An alias has nothing.
#[must_use]
pub const fn part_of(kind: EventKind) -> Option<&'static str> {
    match kind {
        EventKind::Track | EventKind::Page | EventKind::Screen => Some("properties"),
        EventKind::Identify | EventKind::Group => Some("traits"),
        EventKind::Alias | EventKind::Consent => None,
    }
}

/// The name by which a plan knows an event: a track event's, a page's or a screen's own.
#[must_use]
pub fn name_of(event: &Event) -> Option<&str> {
    match event.kind {
        EventKind::Track | EventKind::Page | EventKind::Screen => event.name.as_deref(),
        EventKind::Identify | EventKind::Group | EventKind::Alias | EventKind::Consent => None,
    }
}
