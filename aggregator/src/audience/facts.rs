//! What the audiences of a space want to know of profiles.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::audience::{Expr, Facts};
use cdp_core::computed_trait::State;
use cdp_core::event::{Event, Object};
use sqlx::AnyConnection;

use super::store;
use crate::consent::{self, Rules};
use crate::error::Result;
use crate::pipeline::Logged;
use crate::{computed_trait, traits};

/// What is kept of several profiles.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    traits: traits::Known,
    computed: computed_trait::Known,
    /// What is counted now, instead of what was counted before; by profile.
    counted: Option<BTreeMap<String, BTreeMap<String, State>>>,
}

/// What of a profile evidence for some purposes tells.
#[derive(Debug, Default)]
pub(super) struct Seen {
    traits: Object,
    computed: computed_trait::Seen,
}

impl Seen {
    /// The same, as rules look at it.
    pub(super) fn facts(&self) -> Facts<'_> {
        Facts {
            traits: &self.traits,
            computed_traits: &self.computed.values,
            counts: &self.computed.counts,
        }
    }
}

impl Loaded {
    /// The facts of one of them.
    pub(super) fn seen_for<S: AsRef<str>>(&self, profile_id: &str, needed: &[S]) -> Seen {
        let mut computed = self.computed.seen_for(profile_id, needed);
        if let Some(counted) = &self.counted {
            computed.counts = counted.get(profile_id).cloned().unwrap_or_default();
        }
        Seen {
            traits: self.traits.seen_for(profile_id, needed).values,
            computed,
        }
    }

    /// Whether all facts of a profile that count for some purposes count for others, too.
    pub(super) fn are_the_same<S: AsRef<str>>(
        &self,
        profile_id: &str,
        some: &[S],
        others: &[S],
    ) -> bool {
        let mut scopes = self
            .traits
            .scopes(profile_id)
            .chain(self.computed.scopes(profile_id));
        scopes.all(|scope| !scope.serves(some) || scope.serves(others))
    }

    /// Whether all that a rule counts is counted.
    pub(super) fn are_ready_for(&self, rule: &Expr) -> bool {
        let ready = self.computed.ready();
        let counters = rule.counters();
        counters
            .iter()
            .all(|counter| ready.contains(counter.key.as_str()))
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
        counted: None,
    })
}

/// Loads the same for a rule that nothing is counted for yet: it is counted now.
pub(super) async fn load_and_count(
    connection: &mut AnyConnection,
    rules: &Rules,
    rule: &Expr,
    profiles: &[String],
) -> Result<Loaded> {
    let mut loaded = load(connection, rules.space_id(), profiles).await?;
    let names: BTreeSet<&str> = rule
        .counters()
        .iter()
        .map(|counter| counter.event.as_str())
        .collect();
    let mut events: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    for name in names {
        let found = store::events_of(connection, rules.space_id(), name, profiles).await?;
        let (owners, logged): (Vec<String>, Vec<Logged>) = found.into_iter().unzip();
        let scopes = consent::scopes(connection, rules, &logged).await?;
        for ((owner, logged), scope) in owners.into_iter().zip(logged).zip(scopes) {
            if scope.serves(rules.for_audiences()) {
                events
                    .entry(owner)
                    .or_default()
                    .push(Event::clone(&logged.event));
            }
        }
    }
    let counted = events
        .into_iter()
        .map(|(profile_id, events)| (profile_id, rule.counts(events.iter())));
    loaded.counted = Some(counted.collect());
    Ok(loaded)
}
