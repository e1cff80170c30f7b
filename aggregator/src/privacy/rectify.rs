//! Rectification: what is right is evidence like any other, of a source of its own, and the youngest there is. Whoever asks where
//! a trait is from finds the request; and who rebuilds everything from the events finds it again.

use cdp_core::collection::Caller;
use cdp_core::forward::Forward;
use cdp_core::identifier::{ANONYMOUS_ID, Identifier, USER_ID};
use cdp_core::outcome::Outcome;
use cdp_core::wire::{Batch, Intake};
use serde_json::value::to_raw_value;
use serde_json::{Map, Value, json};

use super::request::{Progress, Request};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::{clock, ingest, profile, source};

/// The source's name, and the basis of what it says.
const SOURCE: &str = "Privacy requests";
const BASIS: &str = "legal_obligation";

/// Writes what is right. A request that is applied twice is stored once.
pub(super) async fn apply(app: &App, request: &Request) -> Result<Vec<Progress>> {
    let subject = request
        .subject
        .as_ref()
        .ok_or_else(|| Error::internal("a rectification without a subject"))?;
    let source_id = source::for_import(&app.database, &request.space_id, SOURCE, BASIS).await?;
    app.sources.reload(&app.database).await?;
    let config = app
        .sources
        .by_id(&source_id)
        .ok_or_else(|| Error::not_found("source"))?;
    let message = message(request, &strongest(app, &request.space_id, subject).await?);
    let received_at = clock::now();
    let intake = Intake {
        config: &config,
        received_at,
        jurisdiction: None,
        gpc: false,
        caller: Caller::default(),
    };
    let judged = Batch::of_messages(vec![to_raw_value(&message)?]).judge(&intake, &mut String::new);
    let forward = Forward {
        space_id: request.space_id.clone(),
        source_id,
        received_at,
        jurisdiction: None,
        admitted: judged.admitted,
        refused: judged.refused,
        ledger: Vec::new(),
        snapshot_of: None,
    };
    let forwarded = ingest::accept(app, forward).await?;
    let outcome = forwarded
        .outcomes
        .first()
        .ok_or_else(|| Error::internal("a correction got no outcome"))?;
    if !matches!(outcome.outcome, Outcome::Ok | Outcome::Duplicate) {
        let why = outcome.reason.clone().unwrap_or_default();
        return Err(Error::new(
            Code::Conflict,
            format!("the correction was not taken in: {why}"),
        ));
    }
    Ok(vec![Progress {
        store: "traits".to_owned(),
        state: "done".to_owned(),
        count: u64::try_from(request.changes.len()).unwrap_or(u64::MAX),
    }])
}

/// The person's own id or browser, which a message can name beside any trait; else what the request names.
async fn strongest(app: &App, space_id: &str, subject: &Identifier) -> Result<Identifier> {
    let Ok(id) = profile::find(app, space_id, &subject.to_string()).await else {
        return Ok(subject.clone());
    };
    let names = profile::names(app, space_id, &id).await?;
    let of_kind = |kind: &str| names.iter().find(|one| one.kind() == kind).cloned();
    Ok(of_kind(USER_ID)
        .or(of_kind(ANONYMOUS_ID))
        .unwrap_or_else(|| subject.clone()))
}

/// The message that says it of the person.
fn message(request: &Request, identifier: &Identifier) -> Value {
    let (kind, value) = (identifier.kind(), identifier.value());
    let mut traits: Map<String, Value> = request.changes.clone();
    let mut message =
        json!({"type": "identify", "messageId": request.id, "timestamp": clock::now()});
    match kind {
        USER_ID => message["userId"] = value.into(),
        ANONYMOUS_ID => message["anonymousId"] = value.into(),
        "email" | "phone" => {
            // The identifier itself may be what is corrected.
            message["context"] = json!({"traits": {kind: value}});
            traits.entry(kind).or_insert_with(|| value.into());
        }
        _ => {
            message["context"] = json!({"externalIds": [{"type": kind, "id": value, "collection": "users", "encoding": "none"}]});
        }
    }
    message["traits"] = Value::Object(traits);
    message
}
