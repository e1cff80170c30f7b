//! Tracking plans: kept here in versions, judged by `cdp_core::tracking_plan`, and their violations
//! counted.

use std::collections::BTreeMap;

use cdp_core::outcome::{MessageOutcome, Outcome};
use cdp_core::time::Timestamp;
use cdp_core::tracking_plan::{Action, Finding};

use crate::app::App;

mod attempt;
mod counts;
mod define;
mod infer;
mod plans;
pub(crate) mod routes;
mod store;
mod violations;

pub(crate) use counts::Counts;
pub(crate) use plans::Plans;

/// What the plan says of a batch's events, by their place in it.
pub(crate) type Findings = BTreeMap<usize, Finding>;

/// Where a batch came from.
pub(crate) struct Origin {
    pub(crate) space_id: String,
    pub(crate) source_id: String,
    pub(crate) received_at: Timestamp,
}

/// Tells of each finding in the reply, and counts it once the event's end is known. What is tried
/// again and refused again was counted when it came.
pub(crate) fn settle(
    app: &App,
    origin: &Origin,
    findings: &Findings,
    outcomes: &mut [MessageOutcome],
    again: bool,
) {
    if findings.is_empty() {
        return;
    }
    for line in outcomes {
        let Some(finding) = findings.get(&line.index) else {
            continue;
        };
        match line.outcome {
            Outcome::Ok if finding.action == Action::Flag => line.reason = Some(finding.reason()),
            Outcome::Ok => {}
            Outcome::Quarantined if !again => {}
            _ => continue,
        }
        app.violations.add(origin, &line.message_id, finding);
    }
}
