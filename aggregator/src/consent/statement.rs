//! What somebody with access to the server API says of consent for a person, by the same way as what
//! the person says.

use cdp_core::collection::Caller;
use cdp_core::consent::Choices;
use cdp_core::forward::Forward;
use cdp_core::identifier::{ANONYMOUS_ID, Identifier, USER_ID};
use cdp_core::outcome::MessageOutcome;
use cdp_core::time::Timestamp;
use cdp_core::wire::{Batch, Intake};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::{clock, id, ingest, profile};

/// What is said.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "ConsentStatement")]
pub(super) struct Said {
    category_preferences: Choices,
    /// How it was heard, such as `phone`.
    source: Option<String>,
    /// When it was said; now when absent.
    captured_at: Option<Timestamp>,
    /// Names the statement, so that it counts once however often it is sent.
    message_id: Option<String>,
}

/// Takes the statement in: durable, and in effect, before it is answered.
pub(super) async fn take(
    app: &App,
    space_id: &str,
    profile_id: &str,
    said: Said,
) -> Result<MessageOutcome> {
    let config = app
        .sources
        .spokesman(space_id)
        .ok_or_else(|| Error::not_found("source"))?;
    let now = clock::now();
    let mut body = json!({
        "messageId": said.message_id,
        "consent": {
            "categoryPreferences": said.category_preferences,
            "source": said.source.as_deref().unwrap_or("support"),
            "policyVersion": config.policy.version,
            "capturedAt": said.captured_at.unwrap_or(now),
        }
    });
    name(&mut body, &profile::names(app, space_id, profile_id).await?)?;
    let unreadable =
        |error: cdp_core::wire::WireError| Error::new(Code::InvalidRequest, error.to_string());
    let batch = Batch::read_consent(body.to_string().as_bytes()).map_err(unreadable)?;
    let intake = Intake {
        config: &config,
        received_at: now,
        jurisdiction: None,
        gpc: false,
        caller: Caller::default(),
    };
    let fresh = id::fresh("cst")?;
    let judged = batch.judge(&intake, &mut || fresh.clone());
    if let Some(refused) = judged.refused.into_iter().next() {
        return Err(Error::new(Code::InvalidRequest, refused.reason));
    }
    let forward = Forward {
        space_id: space_id.to_owned(),
        source_id: config.source_id.clone(),
        received_at: now,
        jurisdiction: None,
        admitted: judged.admitted,
        refused: Vec::new(),
        ledger: Vec::new(),
        snapshot_of: None,
    };
    let taken = ingest::accept(app, forward).await?;
    let nothing = || Error::internal("a statement got no outcome");
    taken.outcomes.into_iter().next().ok_or_else(nothing)
}

/// Names the person by the strongest id that a message may name.
fn name(body: &mut Value, identifiers: &[Identifier]) -> Result<()> {
    let first = |kind: &str| identifiers.iter().find(|known| known.kind() == kind);
    let (field, identifier) = match (first(USER_ID), first(ANONYMOUS_ID)) {
        (Some(user), _) => ("userId", user),
        (None, Some(browser)) => ("anonymousId", browser),
        (None, None) => {
            let reason = "this profile has neither a user id nor an anonymous id to speak for: send the statement with its user id to /v1/consent";
            return Err(Error::new(Code::InvalidRequest, reason));
        }
    };
    body[field] = Value::from(identifier.value());
    Ok(())
}
