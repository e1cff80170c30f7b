//! The pipeline's stage that remembers what people were shown.

use std::collections::BTreeMap;

use cdp_core::consent::Scope;
use cdp_core::decision::{Exposed, Shown};
use sqlx::AnyConnection;

use super::seen;
use crate::error::Result;
use crate::pipeline::{Logged, Turn};

/// Where a state is kept: experience, anchor and scope.
pub(super) type Place = (String, String, Scope);

/// What events tell of exposures.
#[derive(Debug, Default)]
pub(crate) struct Exposures(pub(super) BTreeMap<Place, Exposed>);

impl Exposures {
    /// Takes in an event, if it is an exposure.
    pub(crate) fn add(&mut self, logged: &Logged, scope: &Scope) {
        if let Some(shown) = Shown::of_event(&logged.event) {
            let place = (
                shown.experience.clone(),
                logged.anchor.clone(),
                scope.clone(),
            );
            self.0.entry(place).or_default().add(&shown);
        }
    }
}

/// Takes the exposures among the events into account.
pub(crate) async fn apply(connection: &mut AnyConnection, turn: &Turn<'_>) -> Result<()> {
    let mut fresh = Exposures::default();
    for (logged, scope) in turn.facts() {
        fresh.add(logged, scope);
    }
    if fresh.0.is_empty() {
        return Ok(());
    }
    for (place, exposed) in seen::at(connection, turn.space_id, fresh.0.keys()).await? {
        if let Some(fresh) = fresh.0.get_mut(&place) {
            fresh.merge(&exposed);
        }
    }
    seen::keep(connection, turn.space_id, fresh).await
}
