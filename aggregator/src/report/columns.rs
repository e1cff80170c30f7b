//! The events of a space as reports need them: when, what and who, twelve bytes each.
//!
//! People are divided among parts, and each part has its events in the order of time. A report goes through one part after the
//! other, so that what it remembers of people fits into the processor's caches, and through several at the same time.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use cdp_core::report::Row;
use cdp_core::time::Timestamp;

/// Into how many parts people are divided.
const PARTS: usize = 64;
/// Different names; all others are told together.
const MOST_NAMES: u16 = u16::MAX - 1;
/// What names beyond that are called.
const OTHER_NAMES: &str = "(other names)";

/// One event.
#[derive(Clone, Copy, Debug)]
struct Stored {
    seconds: u32,
    /// In the part.
    anchor: u32,
    name: u16,
    millis: u16,
}

impl Stored {
    fn at(&self) -> i64 {
        i64::from(self.seconds) * 1000 + i64::from(self.millis)
    }
}

/// An event as far as reports look at it.
#[derive(Clone, Debug)]
pub(crate) struct Happened {
    /// Empty where it has none.
    pub(crate) name: String,
    pub(crate) anchor: String,
    pub(crate) at: Timestamp,
}

/// What was deleted of the event table.
#[derive(Clone, Debug)]
pub(crate) enum Gone {
    /// All events of these anchors.
    Anchors(BTreeSet<String>),
    /// These.
    Events(Vec<Happened>),
}

/// Whose an anchor's events are, and from which moment on they count, in milliseconds: whoever took their consent back has none
/// before that.
#[derive(Clone, Copy, Debug)]
struct Whose {
    person: u32,
    from: i64,
}

/// Where an anchor is.
#[derive(Clone, Copy, Debug)]
struct Place {
    part: usize,
    anchor: u32,
}

/// Some people, and their events in the order of time.
#[derive(Debug, Default)]
pub(super) struct Part {
    rows: Vec<Stored>,
    /// Anchors that have a number here.
    anchors: u32,
    /// Whose they are, as far as that was read.
    whose: Vec<Whose>,
    /// People among these.
    people: u32,
}

impl Part {
    /// Whose an event is, if it counts. An anchor that came after people were read is a person of its own until the next time.
    fn person(&self, anchor: u32, at: i64) -> Option<u32> {
        match self.whose.get(index(anchor)) {
            Some(whose) => (at >= whose.from).then_some(whose.person),
            None => self.people.checked_add(anchor - number(self.whose.len())),
        }
    }

    /// How many people there are at most.
    pub(super) fn people(&self) -> usize {
        index(self.people) + index(self.anchors).saturating_sub(self.whose.len())
    }

    /// The events that count, from one moment up to another, in the order of time. `only` says of each person whether they are
    /// looked at; without it everybody is.
    pub(super) fn rows<'a>(
        &'a self,
        (since, until): (i64, i64),
        only: Option<&'a [bool]>,
    ) -> impl Iterator<Item = Row> + 'a {
        let first = self.rows.partition_point(|row| row.at() < since);
        let rows = self.rows.get(first..).unwrap_or_default().iter();
        let rows = rows.take_while(move |row| row.at() < until);
        rows.filter_map(move |row| {
            let person = self.person(row.anchor, row.at())?;
            let looked_at =
                only.is_none_or(|only| only.get(index(person)).copied().unwrap_or(false));
            looked_at.then(|| Row {
                at: row.at(),
                person,
                name: row.name,
            })
        })
    }

    /// Sorts what came in behind a place, with what is younger than some of it; events of one moment stay in the order in which
    /// they came.
    fn put_into_place(&mut self, before: usize) {
        let (known, new) = self.rows.split_at(before);
        let Some(first) = new.iter().map(Stored::at).min() else {
            return;
        };
        let from = known.partition_point(|row| row.at() <= first);
        if let Some(rows) = self.rows.get_mut(from..) {
            rows.sort_by_key(Stored::at);
        }
    }
}

/// All events, up to a place of the log.
#[derive(Debug)]
pub(super) struct Columns {
    parts: Vec<Part>,
    names: Vec<String>,
    name_of: HashMap<String, u16>,
    /// By a hash of the anchor: the anchor itself is of no use to a report.
    anchors: HashMap<u64, Place>,
    keys: RandomState,
    /// The place of the log up to which events were read.
    pub(super) reached: i64,
    /// Whether older events than these exist and are left out.
    pub(super) cut: bool,
    /// Whether everything was read once.
    pub(super) whole: bool,
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            parts: (0..PARTS).map(|_| Part::default()).collect(),
            names: Vec::new(),
            name_of: HashMap::new(),
            anchors: HashMap::new(),
            keys: RandomState::new(),
            reached: 0,
            cut: false,
            whole: false,
        }
    }
}

impl Columns {
    /// Takes in what was read, up to a place; above `most` events the oldest go.
    pub(super) fn take(&mut self, read: Vec<Happened>, reached: i64, most: usize) {
        self.reached = reached;
        let before: Vec<usize> = self.parts.iter().map(|part| part.rows.len()).collect();
        for event in read {
            let millis = event.at.as_millis();
            let place = self.place(&event.anchor);
            let stored = Stored {
                seconds: u32::try_from(millis.div_euclid(1000).max(0)).unwrap_or(u32::MAX),
                millis: u16::try_from(millis.rem_euclid(1000)).unwrap_or(0),
                anchor: place.anchor,
                name: self.name(event.name),
            };
            if let Some(part) = self.parts.get_mut(place.part) {
                part.rows.push(stored);
            }
        }
        if self.whole {
            for (part, before) in self.parts.iter_mut().zip(before) {
                part.put_into_place(before);
            }
        }
        // A tenth more than that may be there, so that this is rare.
        let all = self.len();
        if all > most.saturating_add(most / 10) {
            for part in &mut self.parts {
                let share = part.rows.len().saturating_mul(all - most) / all;
                part.rows.drain(..share);
            }
            self.cut = true;
        }
    }

    /// Takes out what was deleted; what was not there is left alone.
    pub(super) fn take_out(&mut self, gone: &Gone) {
        match gone {
            Gone::Anchors(anchors) => {
                let mut of_part: HashMap<usize, HashSet<u32>> = HashMap::new();
                for (_, place) in anchors.iter().filter_map(|anchor| self.place_of(anchor)) {
                    of_part.entry(place.part).or_default().insert(place.anchor);
                }
                for (part, anchors) in of_part {
                    self.retain(part, |row| !anchors.contains(&row.anchor));
                }
            }
            Gone::Events(events) => {
                let mut of_part: HashMap<usize, HashMap<(u32, i64, u16), usize>> = HashMap::new();
                for event in events {
                    let name = self.name_of.get(&event.name).copied();
                    if let (Some((_, place)), Some(name)) = (self.place_of(&event.anchor), name) {
                        let row = (place.anchor, event.at.as_millis(), name);
                        *of_part
                            .entry(place.part)
                            .or_default()
                            .entry(row)
                            .or_default() += 1;
                    }
                }
                for (part, mut events) in of_part {
                    self.retain(part, |row| {
                        let left = events.get_mut(&(row.anchor, row.at(), row.name));
                        let Some(left) = left.filter(|left| **left > 0) else {
                            return true;
                        };
                        *left -= 1;
                        false
                    });
                }
            }
        }
    }

    fn retain(&mut self, part: usize, stays: impl FnMut(&Stored) -> bool) {
        if let Some(part) = self.parts.get_mut(part) {
            part.rows.retain(stays);
        }
    }

    /// Everything was read once: puts it in the order of time.
    pub(super) fn finish(&mut self) {
        if !self.whole {
            for part in &mut self.parts {
                part.rows.sort_by_key(Stored::at);
                part.rows.shrink_to_fit();
            }
            self.whole = true;
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

    fn place(&mut self, anchor: &str) -> Place {
        let hash = self.keys.hash_one(anchor);
        if let Some(known) = self.anchors.get(&hash) {
            return *known;
        }
        let part = usize::try_from(hash).unwrap_or(0) % PARTS;
        let place = self.number(part);
        self.anchors.insert(hash, place);
        place
    }

    /// Another anchor of a part.
    fn number(&mut self, part: usize) -> Place {
        let anchor = self.parts.get_mut(part).map_or(0, |part| {
            part.anchors += 1;
            part.anchors - 1
        });
        Place { part, anchor }
    }

    fn place_of(&self, identifier: &str) -> Option<(u64, Place)> {
        let hash = self.keys.hash_one(identifier);
        Some((hash, *self.anchors.get(&hash)?))
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
        self.parts.iter().map(|part| part.rows.len()).sum()
    }

    /// The moment from which on all events are there.
    pub(super) fn known_since(&self) -> Option<Timestamp> {
        let firsts = self.parts.iter().filter_map(|part| part.rows.first());
        let first = firsts
            .map(Stored::at)
            .reduce(if self.cut { i64::max } else { i64::min });
        first.map(Timestamp::from_millis)
    }

    /// Whose an event is among everybody, if it counts: a number below [`Self::people`].
    pub(super) fn person(&self, anchor: &str, at: i64) -> Option<u32> {
        let (_, place) = self.place_of(anchor)?;
        let person = self.parts.get(place.part)?.person(place.anchor, at)?;
        person
            .checked_mul(number(PARTS))?
            .checked_add(number(place.part))
    }

    /// How many people there are at most.
    pub(super) fn people(&self) -> usize {
        let most = self.parts.iter().map(Part::people).max();
        most.unwrap_or(0).saturating_mul(PARTS)
    }

    /// Which people these identifiers are, for each part.
    pub(super) fn looked_at(&self, identifiers: &[String]) -> Vec<Vec<bool>> {
        let nobody = |part: &Part| vec![false; part.people()];
        let mut looked_at: Vec<Vec<bool>> = self.parts.iter().map(nobody).collect();
        for identifier in identifiers {
            let Some((_, place)) = self.place_of(identifier) else {
                continue;
            };
            // Whether somebody's events count depends on their moment; whose they are does not.
            let part = self.parts.get(place.part);
            let person = part.and_then(|part| part.person(place.anchor, i64::MAX));
            let of_part = looked_at.get_mut(place.part);
            let place = of_part
                .zip(person)
                .and_then(|(part, person)| part.get_mut(index(person)));
            if let Some(place) = place {
                *place = true;
            }
        }
        looked_at
    }

    /// Asks every part, several at the same time, and merges what they answer. `only` has for each part who is looked at.
    pub(super) fn ask<T: Send>(
        &self,
        only: Option<&[Vec<bool>]>,
        question: impl Fn(&Part, Option<&[bool]>) -> T + Sync,
        merge: impl Fn(&mut T, T) + Sync,
    ) -> Option<T> {
        let next = AtomicUsize::new(0);
        let merged: Mutex<Option<T>> = Mutex::new(None);
        let work = || {
            let mut mine: Option<T> = None;
            while let Some(at) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < PARTS)
            {
                let Some(part) = self.parts.get(at) else {
                    break;
                };
                let only = only.map(|only| only.get(at).map(Vec::as_slice).unwrap_or_default());
                let answer = question(part, only);
                match &mut mine {
                    Some(mine) => merge(mine, answer),
                    None => mine = Some(answer),
                }
            }
            let mut merged = merged.lock().unwrap_or_else(PoisonError::into_inner);
            match (&mut *merged, mine) {
                (Some(merged), Some(mine)) => merge(merged, mine),
                (none @ None, mine) => *none = mine,
                (Some(_), None) => {}
            }
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
        merged.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everybody, numbered as their identifiers are read.
#[derive(Debug)]
pub(super) struct Census {
    /// For each part whose its anchors are.
    whose: Vec<Vec<Option<Whose>>>,
    /// How many people each part has.
    people: Vec<u32>,
    /// Where a profile is, by a hash of its id: the part of its first anchor, and its number there.
    profiles: HashMap<u64, (usize, u32)>,
    /// Anchors whose person is in another part.
    moves: Vec<(u64, Place, usize, Whose)>,
}

impl Census {
    /// Of the anchors that columns have.
    pub(super) fn of(columns: &Columns) -> Self {
        let of_part = |part: &Part| vec![None; index(part.anchors)];
        Self {
            whose: columns.parts.iter().map(of_part).collect(),
            people: vec![0; PARTS],
            profiles: HashMap::new(),
            moves: Vec::new(),
        }
    }

    /// Takes in whose an identifier is; `from` is when their events begin to count.
    pub(super) fn add(&mut self, columns: &Columns, identifier: &str, profile_id: &str, from: i64) {
        let Some((hash, place)) = columns.place_of(identifier) else {
            return;
        };
        let people = &mut self.people;
        let profile = columns.keys.hash_one(profile_id);
        let (part, person) = *self.profiles.entry(profile).or_insert_with(|| {
            let count = people.get_mut(place.part);
            let person = count.map_or(0, |count| {
                *count += 1;
                *count - 1
            });
            (place.part, person)
        });
        let whose = Whose { person, from };
        if part != place.part {
            self.moves.push((hash, place, part, whose));
        } else if let Some(slot) = self
            .whose
            .get_mut(part)
            .and_then(|part| part.get_mut(index(place.anchor)))
        {
            *slot = Some(whose);
        }
    }

    /// Hands everybody over: events go to the part of their person. An anchor of whom nothing is known is a person of its own.
    pub(super) fn finish(self, columns: &mut Columns) {
        let parts = columns.parts.iter_mut().zip(self.whose).zip(self.people);
        for ((part, whose), people) in parts {
            part.people = people;
            let whose = whose.into_iter().map(|known| {
                known.unwrap_or_else(|| {
                    part.people += 1;
                    Whose {
                        person: part.people - 1,
                        from: i64::MIN,
                    }
                })
            });
            part.whose = whose.collect();
        }
        // Where each anchor goes, by part and anchor.
        let mut goes: Vec<HashMap<u32, Place>> = vec![HashMap::new(); PARTS];
        for (hash, from, part, whose) in self.moves {
            let place = columns.number(part);
            columns.anchors.insert(hash, place);
            if let Some(part) = columns.parts.get_mut(part) {
                part.whose.push(whose);
            }
            if let Some(goes) = goes.get_mut(from.part) {
                goes.insert(from.anchor, place);
            }
        }
        let mut arrived: Vec<Vec<Stored>> = vec![Vec::new(); PARTS];
        for (part, goes) in columns.parts.iter_mut().zip(goes) {
            if goes.is_empty() {
                continue;
            }
            part.rows.retain(|row| match goes.get(&row.anchor) {
                None => true,
                Some(place) => {
                    let row = Stored {
                        anchor: place.anchor,
                        ..*row
                    };
                    if let Some(arrived) = arrived.get_mut(place.part) {
                        arrived.push(row);
                    }
                    false
                }
            });
        }
        for (part, arrived) in columns.parts.iter_mut().zip(arrived) {
            let before = part.rows.len();
            part.rows.extend(arrived);
            if columns.whole {
                part.put_into_place(before);
            }
        }
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
