//! The whole way from a plan and a message, both as bytes, to what becomes of the message.

use serde_json::Value;
use serde_json::value::RawValue;

use super::{Compiled, Finding, Plan, PlanError};
use crate::collection::{Caller, CollectionPolicy};
use crate::consent::Policy;
use crate::source::{ConsentBasis, SourceConfig};
use crate::time::Timestamp;
use crate::wire::{Batch, Intake};

/// What a plan says of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The message cannot become an event, whatever the plan says; with the reason.
    Refused(String),
    /// The event is as planned.
    Planned,
    /// The event differs from the plan.
    Broken(Finding),
}

/// Reads a plan and a message as a server source sends it, and compares them. Never panics and ends
/// soon, whatever the bytes are.
///
/// # Errors
/// What is wrong with the plan.
pub fn verdict(plan: &[u8], message: &[u8]) -> Result<Verdict, Vec<PlanError>> {
    let plan: Value = serde_json::from_slice(plan).map_err(|error| {
        vec![PlanError {
            event: String::new(),
            path: "plan".to_owned(),
            message: error.to_string(),
        }]
    })?;
    let plan = Compiled::new(&Plan::read(&plan)?, 1).map_err(|error| vec![error])?;
    let message: Box<RawValue> = match serde_json::from_slice(message) {
        Ok(message) => message,
        Err(error) => return Ok(Verdict::Refused(error.to_string())),
    };
    let config = SourceConfig {
        source_id: String::new(),
        space_id: String::new(),
        write_key: String::new(),
        consent_basis: ConsentBasis::Declared {
            basis: "contract".to_owned(),
        },
        allowed_origins: Vec::new(),
        collection: CollectionPolicy::default(),
        enabled: true,
        policy: Policy::default(),
        experiences: Vec::new(),
        user_token_keys: Vec::new(),
        audiences: crate::audience::Rules::default(),
        defaults: std::collections::BTreeMap::new(),
        holdout: 0.0,
    };
    let intake = Intake {
        config: &config,
        received_at: Timestamp::default(),
        jurisdiction: None,
        gpc: false,
        caller: Caller::default(),
    };
    let judged = Batch::of_messages(vec![message]).judge(&intake, &mut || "message".to_owned());
    if let Some(refused) = judged.refused.into_iter().next() {
        return Ok(Verdict::Refused(refused.reason));
    }
    let mut events = judged.admitted.into_iter().map(|admitted| admitted.event);
    let finding = events.find_map(|mut event| plan.judge(&mut event));
    Ok(finding.map_or(Verdict::Planned, Verdict::Broken))
}
