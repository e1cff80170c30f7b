//! What is computed of profiles, seen for some purposes: `computed_value` over a profile's identifiers.

use std::collections::BTreeMap;
use std::sync::Arc;

use cdp_core::computed_trait::{Changes, Definition, State};
use cdp_core::consent::Scope;
use cdp_core::event::Object;
use cdp_core::time::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::definitions::Definitions;
use super::stage::Counted;
use super::store::state;
use crate::database::rows::Many;
use crate::error::Result;

/// What is kept of what is computed of profiles, of every scope.
#[derive(Debug, Default)]
pub(crate) struct Known {
    definitions: Arc<Definitions>,
    states: BTreeMap<String, Vec<(String, Scope, State)>>,
}

/// What is computed of a profile, seen for some purposes.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Computed traits.
    pub(crate) values: Object,
    /// What audiences count, by key.
    pub(crate) counts: BTreeMap<String, State>,
    /// On what each computed trait rests.
    pub(crate) scopes: BTreeMap<String, Scope>,
    /// When each computed trait changes although nothing happens.
    pub(crate) changes: BTreeMap<String, Changes>,
}

impl Known {
    fn of(definitions: Arc<Definitions>) -> Self {
        Self {
            definitions,
            states: BTreeMap::new(),
        }
    }

    fn add(&mut self, rows: &[AnyRow]) -> Result<()> {
        for row in rows {
            let kept = (
                row.try_get("definition_id")?,
                Scope::from_text(row.try_get("scope")?),
                state(row)?,
            );
            self.states
                .entry(row.try_get("profile_id")?)
                .or_default()
                .push(kept);
        }
        Ok(())
    }

    /// What the evidence of a profile for all of these purposes comes to at a moment.
    pub(crate) fn seen_for<S: AsRef<str>>(
        &self,
        profile_id: &str,
        needed: &[S],
        now: Timestamp,
    ) -> Seen {
        let mut seen = Seen::default();
        for (definition, scope, state) in self.merged(profile_id, needed) {
            let key = definition.key.clone();
            if definition.is_hidden() {
                seen.counts.insert(key, state);
            } else {
                seen.changes
                    .insert(key.clone(), state.changes(definition, now));
                if let Some(value) = state.value(definition, now) {
                    seen.scopes.insert(key.clone(), scope);
                    seen.values.insert(key, value);
                }
            }
        }
        seen
    }

    /// What is remembered of a profile's evidence for all of these purposes, by key, without what has left its
    /// window for ever.
    pub(crate) fn states_for<S: AsRef<str>>(
        &self,
        profile_id: &str,
        needed: &[S],
        now: Timestamp,
    ) -> BTreeMap<String, State> {
        let merged = self.merged(profile_id, needed);
        let current = |(definition, _, mut state): (&Definition, Scope, State)| {
            state.forget(definition, now);
            (definition.key.clone(), state)
        };
        merged.map(current).collect()
    }

    /// What is kept of a profile for all of these purposes, added up over its identifiers.
    fn merged<S: AsRef<str>>(
        &self,
        profile_id: &str,
        needed: &[S],
    ) -> impl Iterator<Item = (&Definition, Scope, State)> {
        let mut merged: BTreeMap<&str, (Scope, State)> = BTreeMap::new();
        for (definition_id, scope, state) in self.states.get(profile_id).into_iter().flatten() {
            if !scope.serves(needed) {
                continue;
            }
            let (known, sum) = merged
                .entry(definition_id)
                .or_insert_with(|| (scope.clone(), State::default()));
            *known = known.common(scope);
            sum.merge(state);
        }
        merged.into_iter().filter_map(|(id, (scope, state))| {
            let stored = self.definitions.by_id(id)?;
            (!stored.is_next()).then_some((stored.definition(), scope, state))
        })
    }

    /// The scopes of what is kept of a profile.
    pub(crate) fn scopes(&self, profile_id: &str) -> impl Iterator<Item = &Scope> {
        let kept = self.states.get(profile_id).into_iter().flatten();
        kept.map(|(_, scope, _)| scope)
    }
}

/// What these definitions, all of the space, come to of profiles, over each profile's identifiers.
pub(crate) async fn of_profiles(
    connection: &mut AnyConnection,
    space_id: &str,
    definitions: Arc<Definitions>,
    profiles: &[String],
) -> Result<Known> {
    let mut known = Known::of(definitions);
    if known.definitions.is_empty() {
        return Ok(known);
    }
    let query = Many::new(
        "WITH wanted (profile_id) AS (VALUES {rows}) SELECT w.profile_id AS profile_id, \
         c.definition_id AS definition_id, c.scope AS scope, c.state AS state FROM wanted w CROSS JOIN \
         identity_node n CROSS JOIN computed_value c WHERE n.space_id = $1 AND n.profile_id = \
         w.profile_id AND c.space_id = $1 AND c.anchor = n.identifier",
        [space_id.into()],
    );
    let rows = query
        .rows(profiles.iter().map(|profile| [profile.into()]))
        .fetch(connection)
        .await?;
    known.add(&rows)?;
    Ok(known)
}

/// The same of some of a profile's definitions: for pairs of profile and definition.
pub(crate) async fn of_pairs(
    connection: &mut AnyConnection,
    space_id: &str,
    definitions: Arc<Definitions>,
    pairs: impl Iterator<Item = (String, String)>,
) -> Result<Known> {
    let mut known = Known::of(definitions);
    let query = Many::new(
        "WITH wanted (profile_id, definition_id) AS (VALUES {rows}) SELECT w.profile_id AS profile_id, \
         c.definition_id AS definition_id, c.scope AS scope, c.state AS state FROM wanted w CROSS JOIN \
         identity_node n CROSS JOIN computed_value c WHERE n.space_id = $1 AND n.profile_id = \
         w.profile_id AND c.space_id = $1 AND c.definition_id = w.definition_id AND c.anchor = n.identifier",
        [space_id.into()],
    );
    let rows = query
        .rows(pairs.map(|(profile, definition)| [profile.into(), definition.into()]))
        .fetch(connection)
        .await?;
    known.add(&rows)?;
    Ok(known)
}

/// The same at some anchors of profiles, for rows of profile, anchor and definition: where it was counted just now, from memory.
pub(crate) async fn of_places(
    connection: &mut AnyConnection,
    space_id: &str,
    definitions: Arc<Definitions>,
    places: Vec<(String, (String, String))>,
    counted: &Counted,
) -> Result<Known> {
    let mut known = Known::of(definitions);
    let mut query = Many::new(
        "WITH wanted (profile_id, anchor, definition_id) AS (VALUES {rows}) SELECT w.profile_id AS profile_id, \
         c.definition_id AS definition_id, c.scope AS scope, c.state AS state FROM wanted w CROSS JOIN computed_value c \
         WHERE c.space_id = $1 AND c.anchor = w.anchor AND c.definition_id = w.definition_id",
        [space_id.into()],
    );
    for (profile_id, place) in places {
        if let Some(states) = counted.at(&place) {
            let states = states.iter().map(|(scope, state)| {
                let definition = place.1.clone();
                (definition, scope.clone(), state.clone())
            });
            known.states.entry(profile_id).or_default().extend(states);
        } else {
            let (anchor, definition) = place;
            query.push([profile_id.into(), anchor.into(), definition.into()]);
        }
    }
    let rows = query.fetch(connection).await?;
    known.add(&rows)?;
    Ok(known)
}
