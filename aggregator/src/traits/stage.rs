//! The pipeline's stage that keeps traits.

use std::collections::BTreeMap;

use cdp_core::consent::Scope;
use cdp_core::traits;
use sqlx::AnyConnection;

use super::store::{self, Written};
use crate::error::Result;
use crate::pipeline::{Logged, Turn};

/// Where a value is kept: anchor, name and scope.
pub(super) type Place = (String, String, Scope);

/// What events say of traits; the latest write of each stays.
#[derive(Debug, Default)]
pub(crate) struct Writes(pub(super) BTreeMap<Place, Written>);

impl Writes {
    /// Takes in what an event says.
    pub(crate) fn add(&mut self, logged: &Logged, scope: &Scope) {
        for (key, value) in traits::of_event(&logged.event) {
            let written = Written {
                value,
                timestamp: logged.event.timestamp,
                message_id: logged.event.message_id.clone(),
            };
            // Postgres takes no NUL in a text.
            let key = key.replace('\0', "\u{fffd}");
            let place = (logged.anchor.clone(), key, scope.clone());
            if self.0.get(&place).is_none_or(|known| written.beats(known)) {
                self.0.insert(place, written);
            }
        }
    }
}

/// Keeps what the events say, per anchor and scope.
pub(crate) async fn apply(connection: &mut AnyConnection, turn: &Turn<'_>) -> Result<()> {
    let mut writes = Writes::default();
    for (logged, scope) in turn.facts() {
        writes.add(logged, scope);
    }
    let mut anchors: Vec<String> = writes.0.keys().map(|place| place.0.clone()).collect();
    anchors.dedup();
    let kept = store::kept(connection, turn.space_id, anchors.into_iter()).await?;
    let wins =
        |place: &Place, written: &Written| kept.get(place).is_none_or(|known| written.beats(known));
    writes.0.retain(|place, written| wins(place, written));
    store::keep(connection, turn.space_id, writes).await
}
