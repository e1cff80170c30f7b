//! Where an event differs from what its space's tracking plan expects.

use serde::{Deserialize, Serialize};

/// One place where an event breaks the tracking plan. It never holds the value itself: a stored
/// event has the value beside it, and everything else (reasons, counts, samples) outlives the event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", schemars(rename = "EventViolation"))]
pub struct Violation {
    /// Version of the plan that was in force.
    pub plan_version: i64,
    /// The place in the event, such as `properties.products[2].price`; empty for the event itself.
    pub path: String,
    /// The keyword of JSON Schema that is not met, or `unplanned`.
    pub rule: String,
    /// What the plan asks for, in words.
    pub expected: String,
    /// What the event has there, in words: its kind and size.
    pub found: String,
}
