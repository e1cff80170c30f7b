//! The events of a space as reports need them: when, what and who, twelve bytes each, in the order of time.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use cdp_core::report::Row;
use cdp_core::time::Timestamp;

use super::people::People;

/// Different names; all others are told together.
const MOST_NAMES: u16 = u16::MAX - 1;
/// What names beyond that are called.
const OTHER_NAMES: &str = "(other names)";

/// One event.
#[derive(Clone, Copy, Debug)]
struct Stored {
    seconds: u32,
    anchor: u32,
    name: u16,
    millis: u16,
}

impl Stored {
    fn at(self) -> i64 {
        i64::from(self.seconds) * 1000 + i64::from(self.millis)
    }
}

/// An event as it is read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) name: String,
    pub(super) anchor: String,
    pub(super) at: Timestamp,
}

/// All of them, up to a place of the log.
#[derive(Debug, Default)]
pub(super) struct Columns {
    rows: Vec<Stored>,
    names: Vec<String>,
    name_of: HashMap<String, u16>,
    /// By a hash of the anchor: the anchor itself is of no use to a report.
    anchors: HashMap<u64, u32>,
    keys: RandomState,
    /// The place of the log up to which events were read.
    pub(super) reached: i64,
    /// Whether older events than these exist and are left out.
    pub(super) cut: bool,
    /// Whether everything was read once.
    pub(super) whole: bool,
    /// Who is who.
    pub(super) census: People,
}

impl Columns {
    /// Takes in what was read, up to a place; above `most` events the oldest go.
    pub(super) fn take(&mut self, read: Vec<Read>, reached: i64, most: usize) {
        self.reached = reached;
        let before = self.rows.len();
        for event in read {
            let millis = event.at.as_millis();
            let stored = Stored {
                seconds: u32::try_from(millis.div_euclid(1000).max(0)).unwrap_or(u32::MAX),
                millis: u16::try_from(millis.rem_euclid(1000)).unwrap_or(0),
                anchor: self.anchor(&event.anchor),
                name: self.name(event.name),
            };
            self.rows.push(stored);
        }
        if self.whole {
            self.put_into_place(before);
        }
        // A tenth more than that may be there, so that this is rare.
        if self.rows.len() > most.saturating_add(most / 10) {
            self.rows.drain(..self.rows.len() - most);
            self.cut = true;
        }
    }

    /// Everything was read once: puts it in the order of time.
    pub(super) fn finish(&mut self) {
        if !self.whole {
            self.rows.sort_by_key(|row| row.at());
            self.whole = true;
        }
    }

    /// Sorts what came in behind a place, with what is younger than some of it; events of one moment stay in the order in
    /// which they came.
    fn put_into_place(&mut self, before: usize) {
        let (known, new) = self.rows.split_at(before);
        let Some(first) = new.iter().map(|row| row.at()).min() else {
            return;
        };
        let from = known.partition_point(|row| row.at() <= first);
        if let Some(rows) = self.rows.get_mut(from..) {
            rows.sort_by_key(|row| row.at());
        }
    }

    fn name(&mut self, name: String) -> u16 {
        if let Some(known) = self.name_of.get(&name) {
            return *known;
        }
        let next = u16::try_from(self.names.len()).unwrap_or(MOST_NAMES);
        if next >= MOST_NAMES {
            return MOST_NAMES - 1;
        }
        let name = if next == MOST_NAMES - 1 {
            OTHER_NAMES.to_owned()
        } else {
            name
        };
        self.names.push(name.clone());
        self.name_of.insert(name, next);
        next
    }

    fn anchor(&mut self, anchor: &str) -> u32 {
        let next = u32::try_from(self.anchors.len()).unwrap_or(u32::MAX);
        *self
            .anchors
            .entry(self.keys.hash_one(anchor))
            .or_insert(next)
    }

    /// The number of an identifier that some event has as its anchor.
    pub(super) fn number_of(&self, identifier: &str) -> Option<u32> {
        self.anchors.get(&self.keys.hash_one(identifier)).copied()
    }

    /// How many anchors there are.
    pub(super) fn anchors(&self) -> usize {
        self.anchors.len()
    }

    /// How many people there are at most.
    pub(super) fn people(&self) -> usize {
        self.census.count(self.anchors.len())
    }

    /// What is called so.
    pub(super) fn number_of_name(&self, name: &str) -> Option<u16> {
        self.name_of.get(name).copied()
    }

    /// What a name's number stands for.
    pub(super) fn name_at(&self, number: u16) -> Option<&str> {
        self.names.get(usize::from(number)).map(String::as_str)
    }

    /// How many names there are.
    pub(super) fn names(&self) -> usize {
        self.names.len()
    }

    /// How many events there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The moment of the oldest event.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        self.rows
            .first()
            .map(|row| Timestamp::from_millis(row.at()))
    }

    /// The events that count, from one moment up to another, in the order of time. `only` says of each person whether
    /// they are looked at; without it everybody is.
    pub(super) fn rows<'a>(
        &'a self,
        (since, until): (i64, i64),
        only: Option<&'a [bool]>,
    ) -> impl Iterator<Item = Row> + 'a {
        let first = self.rows.partition_point(|row| row.at() < since);
        let rows = self.rows.get(first..).unwrap_or_default().iter();
        let rows = rows.take_while(move |row| row.at() < until);
        rows.filter_map(move |row| {
            let person = self.census.counts(row.anchor, row.at())?;
            let place = usize::try_from(person).ok()?;
            let looked_at = only.is_none_or(|only| only.get(place).copied().unwrap_or(false));
            looked_at.then(|| Row {
                at: row.at(),
                person,
                name: row.name,
            })
        })
    }
}
