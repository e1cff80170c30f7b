//! Trying refused messages again, through the same judgement as everything else.

use std::collections::BTreeMap;
use std::sync::Arc;

use cdp_core::collection::Caller;
use cdp_core::consent::Policy;
use cdp_core::event::Event;
use cdp_core::forward::Forward;
use cdp_core::outcome::{MessageOutcome, Outcome};
use cdp_core::time::Timestamp;
use cdp_core::wire::{Batch, Intake, Judged};
use schemars::JsonSchema;
use serde::Serialize;

use super::filter::Terms;
use super::store::{self, Refused};
use crate::app::App;
use crate::error::{Error, Result};
use crate::ingest;

/// What became of a message that was tried again.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReplayedMessage")]
pub(super) struct Replayed {
    /// Its id in quarantine.
    id: String,
    #[serde(flatten)]
    line: MessageOutcome,
}

/// Judges and stores these messages again; what is stored leaves quarantine, and what is still
/// refused has the reason of today.
pub(super) async fn replay(
    app: &App,
    space_id: &str,
    refused: Vec<Refused>,
) -> Result<Vec<Replayed>> {
    let mut replayed = Vec::new();
    for (Arrival { source_id, .. }, refused) in together(refused) {
        let outcomes = again(app, &source_id, &refused).await?;
        let (mut gone, mut changed) = (Vec::new(), Vec::new());
        for mut line in outcomes {
            let Some(one) = refused.get(line.index) else {
                continue;
            };
            match line.outcome {
                Outcome::Ok | Outcome::Duplicate => gone.push(one.id.clone()),
                _ => changed.extend(
                    line.reason
                        .clone()
                        .filter(|reason| *reason != one.reason)
                        .map(|reason| (one.id.clone(), reason)),
                ),
            }
            line.index = replayed.len();
            replayed.push(Replayed {
                id: one.id.clone(),
                line,
            });
        }
        store::settle(&app.database, space_id, &gone, &changed).await?;
    }
    Ok(replayed)
}

/// How messages came.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Arrival {
    source_id: String,
    received_at: Timestamp,
    jurisdiction: Option<String>,
    gpc: bool,
}

/// Messages by how they came: what came together keeps the time at which it came, and is judged by the
/// rule of the place from which it came. What is no JSON object can never become an event; it stays
/// where it is.
fn together(refused: Vec<Refused>) -> BTreeMap<Arrival, Vec<Refused>> {
    let mut groups: BTreeMap<Arrival, Vec<Refused>> = BTreeMap::new();
    for one in refused.into_iter().filter(|one| one.message.is_object()) {
        let arrival = Arrival {
            source_id: one.source_id.clone(),
            received_at: one.received_at,
            jurisdiction: one.jurisdiction.clone(),
            gpc: one.gpc,
        };
        groups.entry(arrival).or_default().push(one);
    }
    groups
}

async fn again(app: &App, source_id: &str, refused: &[Refused]) -> Result<Vec<MessageOutcome>> {
    let (space_id, received_at, judged) = judged(app, source_id, refused, None)?;
    let forward = Forward {
        space_id,
        source_id: source_id.to_owned(),
        received_at,
        jurisdiction: refused.first().and_then(|one| one.jurisdiction.clone()),
        admitted: judged.admitted,
        refused: judged.refused,
        ledger: Vec::new(),
        snapshot_of: None,
    };
    Ok(ingest::accept_again(app, forward).await?.outcomes)
}

/// What the edge would say of these messages, which came together; by another policy than the one in
/// force, where there is one.
fn judged(
    app: &App,
    source_id: &str,
    refused: &[Refused],
    policy: Option<&Policy>,
) -> Result<(String, Timestamp, Judged)> {
    let mut config = app
        .sources
        .by_id(source_id)
        .ok_or_else(|| Error::not_found("source"))?;
    if let Some(policy) = policy {
        Arc::make_mut(&mut config).policy = policy.clone();
    }
    let first = refused.first();
    let received_at = first.map(|one| one.received_at).unwrap_or_default();
    let messages = refused
        .iter()
        // Under the id that it was refused with, so that it is stored once at most.
        .map(|one| one.message.with_id(&one.message_id).into())
        .collect();
    let intake = Intake {
        config: &config,
        received_at,
        jurisdiction: first.and_then(|one| one.jurisdiction.as_deref()),
        gpc: first.is_some_and(|one| one.gpc),
        caller: Caller::default(),
    };
    let judged = Batch::of_messages(messages).judge(&intake, &mut String::new);
    Ok((config.space_id.clone(), received_at, judged))
}

/// Messages of the quarantine as events, for trying a tracking plan or a consent policy.
pub(crate) struct Kept {
    /// Messages that were read.
    pub(crate) messages: usize,
    /// Whether these are all; otherwise they are the youngest.
    pub(crate) complete: bool,
    /// Those that are events as far as edge and consent are concerned.
    pub(crate) events: Vec<Event>,
}

/// The messages that were refused since a time, the youngest up to a limit. `policy` is the consent
/// policy to judge them by instead of the one in force.
pub(crate) async fn since(
    app: &App,
    space_id: &str,
    from: Timestamp,
    limit: usize,
    policy: Option<&Policy>,
) -> Result<Kept> {
    let (refused, more) =
        store::page(&app.database, space_id, &Terms::since(from), "", limit).await?;
    let messages = refused.len();
    let mut events = Vec::new();
    for (Arrival { source_id, .. }, refused) in together(refused) {
        let (_, _, judged) = judged(app, &source_id, &refused, policy)?;
        events.extend(judged.admitted.into_iter().map(|admitted| admitted.event));
    }
    Ok(Kept {
        messages,
        complete: !more,
        events,
    })
}
