//! Whose an event is that carries nothing but the id of a device on which several people signed in.

use std::collections::BTreeSet;

use super::rules::{Rules, SharedDevices};
use crate::event::{Event, EventKind};
use crate::identifier::{ANONYMOUS_ID, DEVICE_ID, Identifier};
use crate::time::{Span, Timestamp};

/// How long it is believed that whoever was signed in still uses a device.
pub const BELIEVED: Span = Span::from_seconds(86_400);

/// What an event says of who uses a device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    /// Somebody signed in, or still is.
    SignedIn(Identifier),
    /// Whoever was signed in left.
    SignedOut,
}

/// What the events on one device say of who used it, in the order of their times. A set: the order in
/// which they arrive says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignIns {
    words: BTreeSet<(Timestamp, Word)>,
    people: BTreeSet<Identifier>,
}

impl SignIns {
    /// Takes in what an event says.
    pub fn add(&mut self, at: Timestamp, word: Word) {
        if let Word::SignedIn(person) = &word {
            self.used_by(person.clone());
        }
        self.words.insert((at, word));
    }

    /// Takes in that somebody signed in at a time that is not asked about.
    pub fn used_by(&mut self, person: Identifier) {
        self.people.insert(person);
    }

    /// Takes in what else is known.
    pub fn merge(&mut self, other: Self) {
        self.words.extend(other.words);
        self.people.extend(other.people);
    }

    /// Whether more than one person used it.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.people.len() > 1
    }

    /// Who used it at a moment: whoever had signed in within a day before and not left. Otherwise whoever signs in within
    /// a day after it, since people look around before they sign in. Otherwise nobody knows.
    #[must_use]
    pub fn at(&self, moment: Timestamp) -> Option<&Identifier> {
        let split = (moment, Word::SignedOut);
        let before = self.words.range(..=&split).next_back();
        if let Some((at, Word::SignedIn(person))) = before
            && at.plus(BELIEVED) >= moment
        {
            return Some(person);
        }
        let until = moment.plus(BELIEVED);
        let after = self.words.range(split..).take_while(|(at, _)| *at <= until);
        after.into_iter().find_map(|(_, word)| match word {
            Word::SignedIn(person) => Some(person),
            Word::SignedOut => None,
        })
    }

    /// Between which moments the words of some time say who used it, as far as the words around them leave that to them.
    #[must_use]
    pub fn concerned(&self, first: Timestamp, last: Timestamp) -> (Timestamp, Timestamp) {
        let signs_in = |(_, word): &&(Timestamp, Word)| *word != Word::SignedOut;
        let earlier = (first.plus(Span::from_micros(-1)), Word::SignedOut);
        // Whoever looks around before a sign-in is taken for whom signs in there, and not later.
        let before = self.words.range(..=earlier).rev().find(signs_in);
        let after = self
            .words
            .range((last, Word::SignedOut)..)
            .find(|(at, _)| *at > last);
        // Who signs out says nothing of the time before.
        let from = self
            .words
            .iter()
            .find(|word| word.0 >= first && signs_in(word));
        let from = from.map_or(first, |(at, _)| first.min(at.plus(BELIEVED.negated())));
        let until = last.plus(BELIEVED);
        (
            before.map_or(from, |(at, _)| from.max(*at)),
            after.map_or(until, |(at, _)| until.min(*at)),
        )
    }
}

/// Whose an event is that carries nothing but these devices, of which the first that several people used decides: whoever
/// was signed in on it. `None` leaves it with the device, and so with whom evidence says that the device is.
pub fn whose<'s>(
    devices: impl IntoIterator<Item = &'s SignIns>,
    moment: Timestamp,
) -> Option<&'s Identifier> {
    let mut shared = devices.into_iter().filter(|device| device.is_shared());
    shared.next()?.at(moment)
}

impl Rules {
    /// Whether events on a shared device are of whoever was signed in on it.
    #[must_use]
    pub fn attributes_by_time(&self) -> bool {
        self.shared_devices == SharedDevices::ByTime
    }

    /// What an event says of who uses the devices that it came from, and these.
    #[must_use]
    pub fn word_of<'n>(
        &self,
        event: &Event,
        named: &'n [Identifier],
    ) -> Option<(Word, Vec<&'n Identifier>)> {
        // What somebody says of consent tells nobody who they are.
        if event.kind == EventKind::Consent {
            return None;
        }
        let is_sign_out = event.kind == EventKind::Track
            && event
                .name
                .as_ref()
                .is_some_and(|name| self.sign_out_events.contains(name));
        let word = if is_sign_out {
            Word::SignedOut
        } else {
            let unique = self.kinds.iter().find(|kind| kind.unique)?;
            let person = named.iter().find(|one| one.kind() == unique.kind)?;
            Word::SignedIn(person.clone())
        };
        Some((word, named.iter().filter(|one| is_device(one)).collect()))
    }
}

/// Whether an identifier is a device's: a browser's or an app's.
#[must_use]
pub fn is_device(identifier: &Identifier) -> bool {
    matches!(identifier.kind(), ANONYMOUS_ID | DEVICE_ID)
}

/// The devices of an event that names these, where a device is the strongest of them; none of one that names somebody.
pub fn only_devices(named: &[Identifier]) -> impl Iterator<Item = &Identifier> {
    let is_open = named.first().is_some_and(is_device);
    named.iter().filter(move |one| is_open && is_device(one))
}
