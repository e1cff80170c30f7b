//! Memberships at the edge: what a profile's snapshot says, with the events of the very request and the time
//! that has passed since.
//!
//! The edge has the rules of the audiences that experiences are for, and of a profile what these rules look at. So it
//! knows what an event changes before anybody else has heard of it, and goes on knowing while the aggregator is away.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Expr, Facts, Reads};
use crate::computed_trait::{Definition, State};
use crate::consent::Choices;
use crate::event::{Event, Object};
use crate::time::Timestamp;
use crate::traits;

/// The audiences that experiences are for, with all that they look at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// Each behind those that it looks at.
    pub audiences: Vec<Named>,
    /// The computed traits that they look at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub computed_traits: Vec<Definition>,
}

/// An audience as the edge knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Named {
    /// `aud_…`
    pub id: String,
    /// Its name, for the reasons of a decision.
    pub name: String,
    /// Who belongs.
    pub rule: Expr,
}

/// What the rules look at of one profile, as far as its evidence counts for decisions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Basis {
    /// Traits.
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub traits: Object,
    /// What is remembered for counters and computed traits, by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub states: BTreeMap<String, State>,
    /// Kinds of identifiers.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub identifiers: BTreeSet<String>,
}

impl Rules {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.audiences.is_empty()
    }

    /// What a profile's basis has to have.
    #[must_use]
    pub fn reads(&self) -> Reads {
        Reads::of(self.audiences.iter().map(|named| &named.rule))
    }

    /// Where a profile belongs at `now`, when these events have happened that its basis does not know.
    pub fn members<'e>(
        &self,
        basis: &Basis,
        choices: &Choices,
        events: impl Iterator<Item = &'e Event>,
        now: Timestamp,
    ) -> Vec<&Named> {
        let mut counts = basis.states.clone();
        let mut known = basis.traits.clone();
        let counters: Vec<&Definition> = self
            .audiences
            .iter()
            .flat_map(|named| named.rule.counters())
            .chain(&self.computed_traits)
            .collect();
        for event in events {
            // Rules that count the same share a counter, which counts once.
            let mut counted: BTreeSet<&str> = BTreeSet::new();
            for counter in counters.iter().filter(|counter| counter.matches(event)) {
                if counted.insert(&counter.key) {
                    let state = counts.entry(counter.key.clone()).or_default();
                    state.add(counter, event);
                }
            }
            for (name, value) in traits::of_event(event) {
                known.insert(name, value);
            }
        }
        let mut computed = Object::new();
        let mut changes = BTreeMap::new();
        for definition in &self.computed_traits {
            let Some(state) = counts.get(&definition.key) else {
                continue;
            };
            changes.insert(definition.key.clone(), state.changes(definition, now));
            if let Some(value) = state.value(definition, now) {
                computed.insert(definition.key.clone(), value);
            }
        }
        let mut audiences = BTreeSet::new();
        let mut members = Vec::new();
        for named in &self.audiences {
            let facts = Facts {
                traits: &known,
                computed_traits: &computed,
                changes: &changes,
                counts: &counts,
                audiences: &audiences,
                choices,
                identifiers: &basis.identifiers,
            };
            if named.rule.evaluate(&facts, now).member {
                audiences.insert(named.id.clone());
                members.push(named);
            }
        }
        members
    }
}
