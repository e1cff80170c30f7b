//! The pipeline's stage that remembers what people chose.

use std::collections::BTreeMap;

use cdp_core::identifier;
use sqlx::AnyConnection;

use super::entry::Tip;
use super::refusals::Refusals;
use super::state::State;
use super::{entries, store};
use crate::error::Result;
use crate::pipeline::{Logged, Turn};

/// Takes in the choices that the events carry. What somebody says holds for every identifier that they
/// say it with, also where these are never joined.
pub(crate) async fn apply(
    connection: &mut AnyConnection,
    turn: &Turn<'_>,
    refusals: &Refusals,
) -> Result<()> {
    let mut said: BTreeMap<String, Vec<(&Logged, State)>> = BTreeMap::new();
    for logged in turn.events {
        let state = State::of_event(&logged.event);
        if state.is_empty() {
            continue;
        }
        for named in identifier::of_event(&logged.event) {
            let words = said.entry(named.to_string()).or_default();
            words.push((logged, state.clone()));
        }
    }
    let mut kept = store::kept(connection, turn.space_id, said.keys().cloned()).await?;
    let mut changed = BTreeMap::new();
    let mut news: BTreeMap<String, Vec<&Logged>> = BTreeMap::new();
    for (anchor, words) in said {
        let known = kept.remove(&anchor).unwrap_or_default();
        let mut state = known.clone();
        for (logged, word) in words {
            if state.hear(word) || is_statement(logged) {
                news.entry(anchor.clone()).or_default().push(logged);
            }
        }
        if state != known {
            changed.insert(anchor, state);
        }
    }
    let refused_now = refusals.among(changed.values());
    store::keep(connection, turn.space_id, changed).await?;
    record(connection, turn.space_id, news).await?;
    refusals.follow(connection, turn, refused_now).await
}

fn is_statement(logged: &Logged) -> bool {
    logged.event.kind == cdp_core::event::EventKind::Consent
}

/// Writes what is news into the ledger.
async fn record(
    connection: &mut AnyConnection,
    space_id: &str,
    news: BTreeMap<String, Vec<&Logged>>,
) -> Result<()> {
    let mut tips = entries::tips(connection, space_id, news.keys()).await?;
    let mut added = Vec::new();
    for (anchor, heard) in news {
        let mut tip: Tip = tips.remove(&anchor).unwrap_or_default();
        for logged in heard {
            added.push(tip.add(space_id, &logged.source_id, &anchor, &logged.event)?);
        }
    }
    entries::append(connection, space_id, added).await
}
