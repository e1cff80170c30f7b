//! The latest choice per purpose, in a form that merges in any order.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use cdp_core::consent::{Choices, Said, Standing};
use cdp_core::event::Event;
use cdp_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Choices with what decides between them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct State(BTreeMap<String, Choice>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Choice {
    granted: bool,
    at: Timestamp,
    message_id: String,
    /// When the purpose was denied last, where the latest choice does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    denied_at: Option<Timestamp>,
}

impl Choice {
    /// The later word counts, of two words at one moment the denial, and of two that say the same the one
    /// with the smaller message id.
    fn beats(&self, other: &Self) -> bool {
        let order = |choice: &Self| (choice.at, !choice.granted);
        let ids = (&self.message_id, &other.message_id);
        order(self) > order(other) || (order(self) == order(other) && ids.0 < ids.1)
    }

    /// When the purpose was denied last.
    fn denied(&self) -> Option<Timestamp> {
        self.denied_at.max((!self.granted).then_some(self.at))
    }
}

impl State {
    /// What one event says.
    pub(super) fn of_event(event: &Event) -> Self {
        let at = event.ruled_at();
        let choice = |granted: &bool| Choice {
            granted: *granted,
            at,
            message_id: event.message_id.clone(),
            denied_at: None,
        };
        Self(
            event
                .receipt
                .ruling()
                .iter()
                .map(|(purpose, granted)| (purpose.clone(), choice(granted)))
                .collect(),
        )
    }

    /// Whether nothing was chosen.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether anything was ever refused.
    pub(super) fn ever_refuses(&self) -> bool {
        self.0.values().any(|choice| choice.denied().is_some())
    }

    /// Whether one of these purposes was ever refused.
    pub(super) fn refuses(&self, purposes: &BTreeSet<String>) -> bool {
        self.0
            .iter()
            .any(|(purpose, choice)| choice.denied().is_some() && purposes.contains(purpose))
    }

    /// Takes in one event's word, and says whether anything but its moment is new.
    pub(super) fn hear(&mut self, words: Self) -> bool {
        let told = |state: &Self| -> BTreeMap<String, (bool, Option<Timestamp>)> {
            let told = |choice: &Choice| {
                let earlier = choice.denied_at.filter(|_| choice.granted);
                (choice.granted, earlier)
            };
            let purposes = state.0.iter();
            purposes
                .map(|(purpose, choice)| (purpose.clone(), told(choice)))
                .collect()
        };
        let before = told(self);
        self.merge(words);
        told(self) != before
    }

    /// Takes in what another event or another anchor of the person says: the later choice wins, and
    /// the latest denial is remembered beside it.
    pub(super) fn merge(&mut self, other: Self) {
        for (purpose, choice) in other.0 {
            match self.0.entry(purpose) {
                Entry::Vacant(place) => {
                    place.insert(choice);
                }
                Entry::Occupied(mut place) => {
                    let known = place.get_mut();
                    let denied = known.denied().max(choice.denied());
                    if choice.beats(known) {
                        *known = choice;
                    }
                    // Once is enough: a denial that is the latest choice says it itself.
                    known.denied_at = denied.filter(|_| known.granted);
                }
            }
        }
    }

    /// What the person has said, as the gate asks for it.
    pub(super) fn standing(&self) -> Standing {
        let said = |choice: &Choice| Said {
            denied_at: choice.denied(),
            granted_at: choice.granted.then_some(choice.at),
        };
        let purposes = self.0.iter();
        Standing(
            purposes
                .map(|(purpose, choice)| (purpose.clone(), said(choice)))
                .collect(),
        )
    }

    /// The choices alone.
    pub(super) fn choices(&self) -> Choices {
        self.0
            .iter()
            .map(|(purpose, choice)| (purpose.clone(), choice.granted))
            .collect()
    }
}
