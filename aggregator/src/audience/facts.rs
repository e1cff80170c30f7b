//! What the audiences of a space want to know of profiles.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::audience::{Expr, Facts};
use cdp_core::computed_trait::State;
use cdp_core::event::{Event, Object};
use sqlx::AnyConnection;

use super::store;
use crate::computed_trait::{self, Computed};
use crate::error::Result;
use crate::traits;

/// Facts of several profiles.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    traits: BTreeMap<String, Object>,
    computed: Computed,
    no_object: Object,
    no_counts: BTreeMap<String, State>,
}

impl Loaded {
    /// The facts of one of them.
    pub(super) fn of(&self, profile_id: &str) -> Facts<'_> {
        let Computed { values, counts, .. } = &self.computed;
        Facts {
            traits: self.traits.get(profile_id).unwrap_or(&self.no_object),
            computed_traits: values.get(profile_id).unwrap_or(&self.no_object),
            counts: counts.get(profile_id).unwrap_or(&self.no_counts),
        }
    }

    /// Whether all that a rule counts is counted.
    pub(super) fn are_ready_for(&self, rule: &Expr) -> bool {
        let counters = rule.counters();
        counters
            .iter()
            .all(|counter| self.computed.ready.contains(&counter.key))
    }
}

/// Loads what is kept of profiles.
pub(super) async fn load(
    connection: &mut AnyConnection,
    space_id: &str,
    profiles: &[String],
) -> Result<Loaded> {
    Ok(Loaded {
        traits: traits::of_profiles(connection, space_id, profiles).await?,
        computed: computed_trait::of_profiles(connection, space_id, profiles).await?,
        ..Loaded::default()
    })
}

/// Loads the same for a rule that nothing is counted for yet: it is counted now.
pub(super) async fn load_and_count(
    connection: &mut AnyConnection,
    space_id: &str,
    rule: &Expr,
    profiles: &[String],
) -> Result<Loaded> {
    let mut loaded = load(connection, space_id, profiles).await?;
    let names: BTreeSet<&str> = rule
        .counters()
        .iter()
        .map(|counter| counter.event.as_str())
        .collect();
    let mut events: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    for name in names {
        for (profile_id, event) in store::events_of(connection, space_id, name, profiles).await? {
            events.entry(profile_id).or_default().push(event);
        }
    }
    loaded.computed.counts = events
        .into_iter()
        .map(|(profile_id, events)| (profile_id, rule.counts(events.iter())))
        .collect();
    Ok(loaded)
}
