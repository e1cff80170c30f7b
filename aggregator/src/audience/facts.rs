//! What the audiences of a space want to know of profiles.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cdp_core::audience::{Basis, Expr, Facts, Reads};
use cdp_core::computed_trait::State;
use cdp_core::consent::Choices;
use cdp_core::event::{Event, Object};
use cdp_core::time::Timestamp;
use sqlx::AnyConnection;

use super::evaluate::Asked;
use super::members;
use crate::computed_trait::{Counted, Definitions};
use crate::consent::{self, Folded, Rules};
use crate::error::Result;
use crate::pipeline::{self, Logged};
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

    /// What an edge gets of one of them, to answer rules that look at this.
    pub(super) fn basis_for(&self, profile_id: &str, needed: &[String], reads: &Reads) -> Basis {
        let mut traits = self.traits.seen_for(profile_id, needed).values;
        traits.retain(|name, _| reads.traits.contains(name));
        let mut states = self.computed.states_for(profile_id, needed, self.now);
        states.retain(|key, _| reads.has_state(key));
        let identifiers = self.identifiers.get(profile_id).cloned();
        Basis {
            traits,
            states,
            identifiers: identifiers.unwrap_or_default(),
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

/// Which facts are loaded beside counts and computed traits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted {
    traits: bool,
    choices: bool,
    identifiers: bool,
}

impl Wanted {
    /// Those that rules look at.
    pub(super) fn by<'a>(reads: impl IntoIterator<Item = &'a Reads>) -> Self {
        let mut wanted = Self::default();
        for reads in reads {
            wanted.traits |= !reads.traits.is_empty();
            wanted.choices |= !reads.purposes.is_empty();
            wanted.identifiers |= !reads.kinds.is_empty();
        }
        wanted
    }
}

/// Whose counts and computed traits are loaded.
pub(super) enum States<'a> {
    /// Those of all definitions.
    All(Arc<Definitions>),
    /// Those of pairs of profile and definition.
    Pairs(Arc<Definitions>, BTreeSet<(String, String)>),
    /// Those of profiles, each at an anchor and a definition, of which some were counted just now.
    Places(
        Arc<Definitions>,
        Vec<(String, (String, String))>,
        &'a Counted,
    ),
}

impl<'a> States<'a> {
    /// Those that the audiences look at which are asked about each profile. `folded` has the profiles' identifiers.
    pub(super) fn of(
        definitions: &Arc<Definitions>,
        asked: &[Asked<'_>],
        folded: &BTreeMap<String, BTreeMap<String, Folded>>,
        counted: &'a Counted,
    ) -> Self {
        let mut places = Vec::new();
        for (id, asked) in asked {
            let wanted = asked.iter().flat_map(|ready| &ready.interest.definitions);
            let wanted: BTreeSet<&String> = wanted.collect();
            for anchor in folded.get(id).into_iter().flat_map(BTreeMap::keys) {
                let pairs = wanted
                    .iter()
                    .map(|wanted| (anchor.clone(), (*wanted).clone()));
                places.extend(pairs.map(|pair| (id.clone(), pair)));
            }
        }
        Self::Places(Arc::clone(definitions), places, counted)
    }
}

/// Loads what is kept of profiles, as far as rules look at it.
pub(super) async fn load(
    connection: &mut AnyConnection,
    space_id: &str,
    wanted: Wanted,
    profiles: &[String],
    states: States<'_>,
    now: Timestamp,
) -> Result<Loaded> {
    let mut loaded = Loaded {
        now,
        ..Loaded::default()
    };
    loaded.computed = match states {
        States::All(definitions) => {
            computed_trait::of_profiles(connection, space_id, definitions, profiles).await?
        }
        States::Pairs(definitions, pairs) => {
            computed_trait::of_pairs(connection, space_id, definitions, pairs.into_iter()).await?
        }
        States::Places(definitions, places, counted) => {
            computed_trait::of_places(connection, space_id, definitions, places, counted).await?
        }
    };
    if wanted.traits {
        loaded.traits = traits::of_profiles(connection, space_id, profiles).await?;
    }
    if wanted.choices {
        loaded.choices = consent::of_profiles(connection, space_id, profiles).await?;
    }
    if wanted.identifiers {
        loaded.identifiers = profile::kinds_of(connection, space_id, profiles).await?;
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
    let (reads, definitions) = (
        rule.reads(),
        computed_trait::all(connection, space_id).await?,
    );
    let states = States::All(definitions);
    let mut loaded = load(
        connection,
        space_id,
        Wanted::by([&reads]),
        profiles,
        states,
        now,
    )
    .await?;
    let names: BTreeSet<&str> = rule
        .counters()
        .iter()
        .map(|counter| counter.event.as_str())
        .collect();
    let mut events: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    for name in names {
        let found = pipeline::events_of_profiles(connection, space_id, name, profiles).await?;
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
    if !reads.audiences.is_empty() {
        let known = members::memberships(connection, space_id, profiles).await?;
        for (audience, profile) in known.into_keys() {
            audiences.entry(profile).or_default().insert(audience);
        }
    }
    Ok((loaded, audiences))
}
