//! The latest choice per purpose, in a form that merges in any order.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use cdp_core::consent::{Choices, Standing};
use cdp_core::event::Event;
use cdp_core::time::Timestamp;
use cdp_core::traits;
use serde::{Deserialize, Serialize};

/// Choices with what decides between them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct State(BTreeMap<String, Choice>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Choice {
    granted: bool,
    at: Timestamp,
    message_id: String,
}

impl State {
    /// What one event says.
    pub(super) fn of_event(event: &Event) -> Self {
        let at = decided_at(event);
        let choice = |granted: &bool| Choice {
            granted: *granted,
            at,
            message_id: event.message_id.clone(),
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

    /// Whether one of these purposes was refused.
    pub(super) fn refuses(&self, purposes: &BTreeSet<String>) -> bool {
        self.0
            .iter()
            .any(|(purpose, choice)| !choice.granted && purposes.contains(purpose))
    }

    /// Takes in what another event or another anchor of the person says: the later choice wins.
    pub(super) fn merge(&mut self, other: Self) {
        for (purpose, choice) in other.0 {
            match self.0.entry(purpose) {
                Entry::Vacant(place) => {
                    place.insert(choice);
                }
                Entry::Occupied(mut place) => {
                    let known = place.get();
                    if traits::wins(
                        (choice.at, &choice.message_id),
                        (known.at, &known.message_id),
                    ) {
                        place.insert(choice);
                    }
                }
            }
        }
    }

    /// The choices, and since when the one about `purpose` holds.
    pub(super) fn standing(&self, purpose: &str) -> Standing {
        let since = self
            .0
            .get(purpose)
            .map(|choice| choice.at)
            .unwrap_or_default();
        Standing {
            choices: self.choices(),
            since,
        }
    }

    /// The choices alone.
    pub(super) fn choices(&self) -> Choices {
        self.0
            .iter()
            .map(|(purpose, choice)| (purpose.clone(), choice.granted))
            .collect()
    }
}

/// When an event's choice was made, by our clock: an event that was held carries the choice that
/// released it, which is younger than the event.
fn decided_at(event: &Event) -> Timestamp {
    let released = event
        .receipt
        .release
        .as_ref()
        .and_then(|release| release.released_at);
    match (released, event.original_timestamp) {
        (Some(released), Some(original)) => event
            .timestamp
            .plus(released.since(original))
            .max(event.timestamp),
        _ => event.timestamp,
    }
}
