//! From a body to a plan, with every mistake told.

use cdp_core::tracking_plan::{Compiled, Plan, PlanError};
use serde_json::Value;

use crate::error::{Code, Error, Result};

/// Reads and checks a plan.
pub(super) fn read(body: &Value) -> Result<Plan> {
    Plan::read(body).map_err(|errors| invalid(&errors))
}

/// Compiles a plan that was read.
pub(super) fn compile(plan: &Plan, version: i64) -> Result<Compiled> {
    Compiled::new(plan, version).map_err(|error| invalid(&[error]))
}

fn invalid(errors: &[PlanError]) -> Error {
    let first = errors.first().map(PlanError::to_string);
    let more = match errors.len() {
        0 | 1 => String::new(),
        count => format!(" (and {} more in details.errors)", count - 1),
    };
    let message = format!("{}{more}", first.unwrap_or_default());
    let list = serde_json::to_value(errors).unwrap_or_default();
    Error::new(Code::InvalidDefinition, message).with("errors", list)
}
