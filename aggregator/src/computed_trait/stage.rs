//! The pipeline's stage that counts, sums and remembers.

use std::collections::{BTreeMap, HashMap};

use cdp_core::computed_trait::State;
use cdp_core::consent::Scope;
use cdp_core::time::Timestamp;
use sqlx::AnyConnection;

use super::definitions::Definitions;
use super::store::{self, Stored};
use crate::clock;
use crate::error::Result;
use crate::pipeline::{Logged, Turn};

/// Where a state is kept: anchor, definition and scope.
pub(super) type Place = (String, String, Scope);

/// What definitions remember of events.
#[derive(Debug, Default)]
pub(crate) struct Tally(pub(super) BTreeMap<Place, State>);

impl Tally {
    /// Takes an event into account, in every definition that it matches.
    pub(crate) fn add(&mut self, definitions: &Definitions, logged: &Logged, scope: &Scope) {
        for stored in definitions.counting(logged) {
            self.count(stored, logged, scope);
        }
    }

    /// The same for an event that was there before: a definition that still counts what was before it
    /// comes to the event by itself.
    pub(crate) fn add_again(&mut self, definitions: &Definitions, logged: &Logged, scope: &Scope) {
        let counted = definitions
            .counting(logged)
            .filter(|stored| stored.has_counted(logged.offset));
        for stored in counted {
            self.count(stored, logged, scope);
        }
    }

    fn count(&mut self, stored: &Stored, logged: &Logged, scope: &Scope) {
        let place = (logged.anchor.clone(), stored.id.clone(), scope.clone());
        let state = self.0.entry(place).or_default();
        state.add(&stored.definition, &logged.event);
    }
}

/// What counts have come to, by anchor and definition: of each there is every scope of which something is kept.
#[derive(Debug, Default)]
pub(crate) struct Counted(HashMap<(String, String), Vec<(Scope, State)>>);

impl Counted {
    fn of(states: impl Iterator<Item = (Place, State)>) -> Self {
        let mut counted = Self::default();
        for ((anchor, definition, scope), state) in states {
            let of_both = counted.0.entry((anchor, definition)).or_default();
            of_both.push((scope, state));
        }
        counted
    }

    /// What an anchor's events come to in a definition, if they were counted.
    pub(super) fn at(&self, place: &(String, String)) -> Option<&[(Scope, State)]> {
        self.0.get(place).map(Vec::as_slice)
    }
}

/// Takes the events into account, in every definition of the space that they match.
pub(crate) async fn apply(connection: &mut AnyConnection, turn: &mut Turn<'_>) -> Result<()> {
    let definitions = store::all(connection, turn.space_id).await?;
    let mut tally = Tally::default();
    for (logged, scope) in turn.facts() {
        tally.add(&definitions, logged, scope);
    }
    let now = clock::now();
    turn.counted = add(connection, turn.space_id, &definitions, tally, now).await?;
    Ok(())
}

/// Adds to what is kept, without what has left its window for ever; gives what it has come to.
pub(super) async fn add(
    connection: &mut AnyConnection,
    space_id: &str,
    definitions: &Definitions,
    mut tally: Tally,
    now: Timestamp,
) -> Result<Counted> {
    let mut beside = Vec::new();
    for (place, state) in store::states(connection, space_id, tally.0.keys()).await? {
        match tally.0.get_mut(&place) {
            Some(fresh) => fresh.merge(&state),
            None => beside.push((place, state)),
        }
    }
    for ((_, id, _), state) in &mut tally.0 {
        let stored = definitions.by_id(id);
        if let Some(stored) = stored.filter(|stored| stored.definition.window.moves()) {
            state.forget(&stored.definition, now);
        }
    }
    store::keep(connection, space_id, &tally).await?;
    Ok(Counted::of(tally.0.into_iter().chain(beside)))
}
