//! What the audiences of a space want to know of profiles.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::audience::{Expr, Facts};
use cdp_core::computed_trait::State;
use cdp_core::consent::Choices;
use cdp_core::event::{Event, Object};
use cdp_core::time::Timestamp;
use sqlx::AnyConnection;

use super::evaluate::Asked;
use super::{members, store};
use crate::computed_trait::Stored;
use crate::consent::{self, Rules};
use crate::error::Result;
use crate::pipeline::Logged;
use crate::{computed_trait, profile, traits};

/// What is kept of several profiles, as far as rules look at it.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    now: Timestamp,
    traits: traits::Known,
    computed: computed_trait::Known,
    choices: BTreeMap<String, Choices>,
    identifiers: BTreeMap<String, BTreeSet<String>>,
    /// What is counted now, instead of what was counted before; by profile.
    counted: Option<BTreeMap<String, BTreeMap<String, State>>>,
}

/// What of a profile evidence for some purposes tells.
#[derive(Debug, Default)]
pub(super) struct Seen {
    traits: Object,
    computed: computed_trait::Seen,
    choices: Choices,
    identifiers: BTreeSet<String>,
    /// The audiences that it is known to belong to.
    pub(super) audiences: BTreeSet<String>,
}

impl Seen {
    /// The same, as rules look at it.
    pub(super) fn facts(&self) -> Facts<'_> {
        Facts {
            traits: &self.traits,
            computed_traits: &self.computed.values,
            changes: &self.computed.changes,
            counts: &self.computed.counts,
            audiences: &self.audiences,
            choices: &self.choices,
            identifiers: &self.identifiers,
        }
    }
}

impl Loaded {
    /// The facts of one of them, without its audiences.
    pub(super) fn seen_for<S: AsRef<str>>(&self, profile_id: &str, needed: &[S]) -> Seen {
        let mut computed = self.computed.seen_for(profile_id, needed, self.now);
        if let Some(counted) = &self.counted {
            computed.counts = counted.get(profile_id).cloned().unwrap_or_default();
        }
        Seen {
            traits: self.traits.seen_for(profile_id, needed).values,
            computed,
            choices: self.choices.get(profile_id).cloned().unwrap_or_default(),
            identifiers: self
                .identifiers
                .get(profile_id)
                .cloned()
                .unwrap_or_default(),
            audiences: BTreeSet::new(),
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
}

/// Loads what is kept of profiles, as far as these rules look at it.
pub(super) async fn load<'a>(
    connection: &mut AnyConnection,
    space_id: &str,
    rules: impl Iterator<Item = &'a Expr>,
    profiles: &[String],
    now: Timestamp,
) -> Result<Loaded> {
    let (mut consent, mut identifiers) = (false, false);
    for reads in rules.map(Expr::reads) {
        consent |= !reads.purposes.is_empty();
        identifiers |= !reads.kinds.is_empty();
    }
    let mut loaded = Loaded {
        now,
        traits: traits::of_profiles(connection, space_id, profiles).await?,
        computed: computed_trait::of_profiles(connection, space_id, profiles).await?,
        ..Loaded::default()
    };
    if consent {
        loaded.choices = consent::of_profiles(connection, space_id, profiles).await?;
    }
    if identifiers {
        loaded.identifiers = profile::kinds_of(connection, space_id, profiles).await?;
    }
    Ok(loaded)
}

/// Loads the same of profiles of which only some audiences are asked.
pub(super) async fn load_of(
    connection: &mut AnyConnection,
    space_id: &str,
    definitions: &[Stored],
    asked: &[Asked<'_>],
    now: Timestamp,
) -> Result<Loaded> {
    let ids: Vec<String> = asked.iter().map(|(id, _)| id.clone()).collect();
    let each = asked.iter().flat_map(|(_, asked)| asked.iter().copied());
    let reads: Vec<_> = each
        .map(|ready| (&ready.interest, ready.audience.rule.reads()))
        .collect();
    let mut loaded = Loaded {
        now,
        ..Loaded::default()
    };
    let pairs: BTreeSet<(String, String)> = asked
        .iter()
        .flat_map(|(id, asked)| asked.iter().map(move |ready| (id, ready)))
        .flat_map(|(id, ready)| {
            let definitions = ready.interest.definitions.iter();
            definitions.map(|definition| (id.clone(), definition.clone()))
        })
        .collect();
    if !pairs.is_empty() {
        let (definitions, pairs) = (definitions.to_vec(), pairs.into_iter());
        loaded.computed =
            computed_trait::of_pairs(connection, space_id, definitions, pairs).await?;
    }
    if reads.iter().any(|(interest, _)| interest.needs_traits()) {
        loaded.traits = traits::of_profiles(connection, space_id, &ids).await?;
    }
    if reads.iter().any(|(_, reads)| !reads.purposes.is_empty()) {
        loaded.choices = consent::of_profiles(connection, space_id, &ids).await?;
    }
    if reads.iter().any(|(_, reads)| !reads.kinds.is_empty()) {
        loaded.identifiers = profile::kinds_of(connection, space_id, &ids).await?;
    }
    Ok(loaded)
}

/// Loads the same for a rule that nothing is counted for yet: it is counted now. Of other audiences, what is
/// known of memberships.
pub(super) async fn load_and_count(
    connection: &mut AnyConnection,
    rules: &Rules,
    rule: &Expr,
    profiles: &[String],
    now: Timestamp,
) -> Result<(Loaded, BTreeMap<String, BTreeSet<String>>)> {
    let space_id = rules.space_id();
    let mut loaded = load(connection, space_id, std::iter::once(rule), profiles, now).await?;
    let names: BTreeSet<&str> = rule
        .counters()
        .iter()
        .map(|counter| counter.event.as_str())
        .collect();
    let mut events: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    for name in names {
        let found = store::events_of(connection, space_id, name, profiles).await?;
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
    let mut audiences: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    if !rule.reads().audiences.is_empty() {
        let known = members::memberships(connection, space_id, profiles).await?;
        for (audience, profile) in known.into_keys() {
            audiences.entry(profile).or_default().insert(audience);
        }
    }
    Ok((loaded, audiences))
}
