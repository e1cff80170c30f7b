//! Exposures of a caller who says that what is decided is shown at once.

use std::collections::BTreeMap;

use cdp_core::decision::{Decision, EXPOSURE_EVENT};
use cdp_core::forward::{Forward, Subject};
use cdp_core::outcome::Outcome;
use cdp_core::source::SourceConfig;
use cdp_core::wire::{Batch, Intake};
use serde_json::{Value, json};

use crate::decide::Caller;
use crate::error::EdgeError;
use crate::host::Host;
use crate::http::Request;

/// Sends an exposure for each decision, as the caller would: it is read, judged and gated like any other
/// event, so without consent to it nothing is stored. Says whether there was any and all are stored;
/// the decisions are good without that.
pub(crate) async fn record<H: Host>(
    host: &H,
    request: &Request,
    config: &SourceConfig,
    caller: &Caller<'_>,
    decisions: &BTreeMap<String, Decision>,
) -> Result<bool, EdgeError> {
    let messages: Vec<Value> = decisions
        .values()
        .filter_map(|decision| message(caller, decision))
        .collect();
    if messages.is_empty() {
        return Ok(false);
    }
    let body = json!({ "batch": messages }).to_string();
    let received_at = host.now();
    let judged = Batch::read(body.as_bytes())?.judge(
        &Intake {
            config,
            received_at,
            jurisdiction: caller.jurisdiction,
            gpc: caller.gpc,
            caller: request.caller(),
        },
        // Each message has its id.
        &mut String::new,
    );
    // What is denied is told in the ledger, as everything that is denied.
    let forward = Forward {
        space_id: config.space_id.clone(),
        source_id: config.source_id.clone(),
        received_at,
        jurisdiction: request.jurisdiction.clone(),
        admitted: judged.admitted,
        refused: judged.refused,
        ledger: Vec::new(),
        snapshot_of: None,
    };
    let forwarded = host.forward(forward).await;
    Ok(forwarded.is_ok_and(|forwarded| {
        let mut lines = forwarded.outcomes.iter();
        lines.all(|line| matches!(line.outcome, Outcome::Ok | Outcome::Duplicate))
    }))
}

fn message(caller: &Caller<'_>, decision: &Decision) -> Option<Value> {
    let exposure = decision.exposure.as_ref()?;
    let decision_id = exposure.decision_id.as_deref()?;
    let (anonymous_id, user_id) = match caller.who.as_ref().ok()? {
        Subject::AnonymousId(id) => (Some(id), None),
        Subject::UserId(id) => (None, Some(id)),
    };
    Some(json!({
        "type": "track",
        "event": EXPOSURE_EVENT,
        "messageId": format!("{decision_id}.{}", exposure.experience),
        "anonymousId": anonymous_id,
        "userId": user_id,
        "properties": exposure.properties(),
        "context": {"consent": {"categoryPreferences": caller.choices, "gpc": caller.gpc}},
    }))
}
