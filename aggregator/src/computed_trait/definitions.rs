//! The definitions of a space in memory.

use std::collections::HashMap;

use crate::pipeline::Logged;

use super::store::Stored;

/// Definitions, found by id and by the name of the events that they count.
#[derive(Debug, Default)]
pub(crate) struct Definitions {
    all: Vec<Stored>,
    by_id: HashMap<String, usize>,
    by_event: HashMap<String, Vec<usize>>,
}

impl Definitions {
    /// Sorts definitions so.
    pub(super) fn of(all: Vec<Stored>) -> Self {
        let mut definitions = Self::default();
        for (place, stored) in all.iter().enumerate() {
            let event = stored.event().to_owned();
            definitions.by_id.insert(stored.row_id().to_owned(), place);
            definitions.by_event.entry(event).or_default().push(place);
        }
        definitions.all = all;
        definitions
    }

    /// All of them, by key.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Stored> {
        self.all.iter()
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The one whose counts are kept under this id.
    pub(super) fn by_id(&self, row_id: &str) -> Option<&Stored> {
        self.all.get(*self.by_id.get(row_id)?)
    }

    /// Those that count an event.
    pub(super) fn counting(&self, logged: &Logged) -> impl Iterator<Item = &Stored> {
        let named = logged.event.event_name();
        let named = named.and_then(|name| self.by_event.get(name));
        let there = named.into_iter().flatten();
        there
            .filter_map(|place| self.all.get(*place))
            .filter(|stored| stored.definition.matches(&logged.event))
    }
}
