//! The pipeline's stage that remembers what people chose.

use std::collections::BTreeMap;

use sqlx::AnyConnection;

use super::refusals::Refusals;
use super::state::State;
use super::store;
use crate::error::Result;
use crate::pipeline::Turn;

/// Takes in the choices that the events carry.
pub(crate) async fn apply(
    connection: &mut AnyConnection,
    turn: &Turn<'_>,
    refusals: &Refusals,
) -> Result<()> {
    let mut said: BTreeMap<String, State> = BTreeMap::new();
    for logged in turn.events {
        let state = State::of_event(&logged.event);
        if !state.is_empty() {
            said.entry(logged.anchor.clone()).or_default().merge(state);
        }
    }
    let mut kept = store::kept(connection, turn.space_id, said.keys().cloned()).await?;
    let mut changed = BTreeMap::new();
    for (anchor, new) in said {
        let known = kept.remove(&anchor).unwrap_or_default();
        let mut merged = known.clone();
        merged.merge(new);
        if merged != known {
            changed.insert(anchor, merged);
        }
    }
    let refused_now = refusals.among(changed.values());
    store::keep(connection, turn.space_id, changed).await?;
    refusals.follow(connection, turn, refused_now).await
}
