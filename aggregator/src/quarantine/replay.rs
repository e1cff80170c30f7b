//! Trying refused messages again, through the same judgement as everything else.

use std::collections::BTreeMap;

use cdp_core::collection::Caller;
use cdp_core::forward::Forward;
use cdp_core::outcome::{MessageOutcome, Outcome};
use cdp_core::wire::{Batch, Intake};
use serde_json::Value;
use serde_json::value::to_raw_value;

use super::store::{self, Refused};
use crate::app::App;
use crate::error::{Error, Result};
use crate::ingest;

/// Judges and stores these messages again; what is stored leaves quarantine.
pub(super) async fn replay(
    app: &App,
    space_id: &str,
    ids: &[String],
) -> Result<Vec<MessageOutcome>> {
    let mut connection = app.database.reader().acquire().await?;
    let refused = store::by_ids(&mut connection, space_id, ids).await?;
    drop(connection);
    let mut sources: BTreeMap<String, Vec<Refused>> = BTreeMap::new();
    // What is no JSON object can never become an event; it stays where it is.
    for one in refused.into_iter().filter(|one| one.message.is_object()) {
        sources.entry(one.source_id.clone()).or_default().push(one);
    }
    let mut lines = Vec::new();
    for (source_id, refused) in sources {
        let outcomes = again(app, &source_id, &refused).await?;
        let stored =
            |line: &&MessageOutcome| matches!(line.outcome, Outcome::Ok | Outcome::Duplicate);
        let gone = outcomes
            .iter()
            .filter(stored)
            .filter_map(|line| refused.get(line.index).map(|one| one.id.clone()));
        store::remove(&app.database, space_id, &gone.collect::<Vec<_>>()).await?;
        lines.extend(outcomes);
    }
    Ok(lines)
}

async fn again(app: &App, source_id: &str, refused: &[Refused]) -> Result<Vec<MessageOutcome>> {
    let config = app
        .sources
        .by_id(source_id)
        .ok_or_else(|| Error::not_found("source"))?;
    // What came together keeps the time at which it came.
    let received_at = refused
        .iter()
        .map(|one| one.received_at)
        .max()
        .unwrap_or_default();
    let messages = refused
        .iter()
        .map(|one| to_raw_value(&with_id(one)))
        .collect::<Result<Vec<_>, _>>()?;
    let intake = Intake {
        config: &config,
        received_at,
        jurisdiction: None,
        gpc: false,
        caller: Caller::default(),
    };
    let judged = Batch::of_messages(messages).judge(&intake, &mut String::new);
    let forward = Forward {
        space_id: config.space_id.clone(),
        source_id: source_id.to_owned(),
        received_at,
        jurisdiction: None,
        admitted: judged.admitted,
        refused: judged.refused,
        ledger: Vec::new(),
        snapshot_of: None,
    };
    Ok(ingest::accept(app, forward).await?.outcomes)
}

/// The message under the id that it was refused with, so that it is stored once at most.
fn with_id(refused: &Refused) -> Value {
    let mut message = refused.message.clone();
    if let Some(fields) = message.as_object_mut() {
        fields.insert(
            "messageId".to_owned(),
            Value::from(refused.message_id.as_str()),
        );
    }
    message
}
