//! The pipeline's stage that counts, sums and remembers.

use std::collections::BTreeMap;

use cdp_core::computed_trait::State;
use sqlx::AnyConnection;

use super::store::{self, Stored};
use crate::error::Result;
use crate::pipeline::{Logged, Turn};

/// Takes the events into account, in every definition of the space that they match.
pub(crate) async fn apply(connection: &mut AnyConnection, turn: &Turn<'_>) -> Result<()> {
    let definitions = store::all(connection, turn.space_id).await?;
    add(connection, turn.space_id, &definitions, turn.events).await
}

/// Adds events to the state of each definition and anchor.
pub(super) async fn add(
    connection: &mut AnyConnection,
    space_id: &str,
    definitions: &[Stored],
    events: &[Logged],
) -> Result<()> {
    let mut new: BTreeMap<(String, String), State> = BTreeMap::new();
    for logged in events {
        for stored in definitions
            .iter()
            .filter(|stored| stored.definition.matches(&logged.event))
        {
            let state = new
                .entry((stored.id.clone(), logged.anchor.clone()))
                .or_default();
            state.add(&stored.definition, &logged.event);
        }
    }
    for (place, state) in store::states(connection, space_id, new.keys()).await? {
        if let Some(fresh) = new.get_mut(&place) {
            fresh.merge(&state);
        }
    }
    store::keep(connection, space_id, new).await
}
