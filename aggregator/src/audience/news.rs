//! What is new of a profile, and whom that concerns: only rules that look at something new are asked again.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::audience::Expr;
use cdp_core::time::Timestamp;
use cdp_core::traits;

use super::facts::Seen;
use super::store::Audience;
use crate::computed_trait::Definitions;
use crate::pipeline::{Logged, Turn};

/// What is new of a profile.
#[derive(Clone, Debug, Default)]
pub(super) enum News {
    /// Anything may be.
    #[default]
    Anything,
    /// Nothing of them, but the definition of an audience that looks at them.
    Definition(String),
    /// Events of these names, and these traits; of somebody new, nothing else is there at all.
    Said {
        new: bool,
        events: BTreeSet<String>,
        traits: BTreeSet<String>,
    },
}

impl News {
    /// What the turn brings, by profile.
    pub(super) fn of_turn(turn: &Turn<'_>) -> BTreeMap<String, Self> {
        let said = |new| Self::Said {
            new,
            events: BTreeSet::new(),
            traits: BTreeSet::new(),
        };
        // Of whom consent makes several, or counts events otherwise than they came, more is to be said.
        let again: BTreeSet<&str> = turn
            .again
            .keys()
            .filter_map(|anchor| turn.profile_of(anchor))
            .collect();
        let is_new = |profile_id: &String| {
            turn.fresh.contains(profile_id)
                && !turn.divided.contains(profile_id)
                && !again.contains(profile_id.as_str())
        };
        let mut news: BTreeMap<String, Self> = turn
            .touched
            .iter()
            .map(|profile_id| {
                let anything = || Self::Anything;
                let news = is_new(profile_id).then(|| said(true));
                (profile_id.clone(), news.unwrap_or_else(anything))
            })
            .collect();
        for logged in turn.events {
            let Some(profile_id) = turn.profile_of(&logged.anchor) else {
                continue;
            };
            let known = news
                .entry(profile_id.to_owned())
                .or_insert_with(|| said(false));
            known.add(logged);
        }
        news
    }

    fn add(&mut self, logged: &Logged) {
        let Self::Said { events, traits, .. } = self else {
            return;
        };
        if let Some(name) = logged.event.event_name()
            && !events.contains(name)
        {
            events.insert(name.to_owned());
        }
        for (key, _) in traits::of_event(&logged.event) {
            // As they are kept.
            traits.insert(key.replace('\0', "\u{fffd}"));
        }
    }
}

/// Whether a rule is to be asked about somebody new whatever was said: it takes in people of whom nothing is known, or
/// looks at what any event brings.
pub(super) fn is_about_anybody(rule: &Expr, now: Timestamp) -> bool {
    let nobody = rule.evaluate(&Seen::default().facts(), now);
    let reads = rule.reads();
    nobody.member
        || nobody.changes_at.is_some()
        || !reads.purposes.is_empty()
        || !reads.kinds.is_empty()
}

/// What a rule looks at.
#[derive(Debug, Default)]
pub(super) struct Interest {
    /// Names of events whose counts or computed traits it looks at.
    events: BTreeSet<String>,
    traits: BTreeSet<String>,
    audiences: BTreeSet<String>,
    /// Ids of the definitions of what it counts, and of its computed traits.
    pub(super) definitions: BTreeSet<String>,
}

impl Interest {
    /// What an audience looks at, where the space computes so.
    pub(super) fn of(audience: &Audience, definitions: &Definitions) -> Self {
        let reads = audience.rule.reads();
        let mut interest = Self::default();
        for stored in definitions.iter() {
            let key = stored.key();
            if reads.has_state(key) {
                interest.definitions.insert(stored.row_id().to_owned());
                interest.events.insert(stored.event().to_owned());
            }
        }
        interest.traits = reads.traits;
        interest.audiences = reads.audiences;
        interest
    }

    /// Names of events whose counts or computed traits it looks at.
    pub(super) fn events(&self) -> impl Iterator<Item = &String> {
        self.events.iter()
    }

    /// The traits that it looks at.
    pub(super) fn traits(&self) -> impl Iterator<Item = &String> {
        self.traits.iter()
    }

    /// The audiences that it looks at, by id.
    pub(super) fn audiences(&self) -> impl Iterator<Item = &String> {
        self.audiences.iter()
    }
}
