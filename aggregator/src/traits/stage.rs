//! The pipeline's stage that keeps traits.

use std::collections::BTreeMap;

use cdp_core::traits;
use sqlx::AnyConnection;

use super::store::{self, Written};
use crate::error::Result;
use crate::pipeline::Turn;

/// Keeps what the events say, per anchor; the latest write of each trait stays.
pub(crate) async fn apply(connection: &mut AnyConnection, turn: &Turn<'_>) -> Result<()> {
    let mut writes: BTreeMap<(String, String), Written> = BTreeMap::new();
    for logged in turn.events {
        for (key, value) in traits::of_event(&logged.event) {
            let written = Written {
                value,
                timestamp: logged.event.timestamp,
                message_id: logged.event.message_id.clone(),
            };
            // Postgres takes no NUL in a text.
            let place = (logged.anchor.clone(), key.replace('\0', "\u{fffd}"));
            if writes.get(&place).is_none_or(|known| written.beats(known)) {
                writes.insert(place, written);
            }
        }
    }
    let mut anchors: Vec<String> = writes.keys().map(|(anchor, _)| anchor.clone()).collect();
    anchors.dedup();
    let kept = store::kept(connection, turn.space_id, anchors.into_iter()).await?;
    writes.retain(|place, written| kept.get(place).is_none_or(|known| written.beats(known)));
    store::keep(connection, turn.space_id, writes).await
}
