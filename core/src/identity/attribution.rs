//! Whose an event is that carries nothing but the id of a device on which several people signed in.

use std::collections::BTreeSet;

use super::rules::{Rules, SharedDevices};
use crate::event::{Event, EventKind};
use crate::identifier::Identifier;
use crate::time::{Span, Timestamp};

/// How long it is believed that whoever was signed in still uses a device.
const BELIEVED: Span = Span::from_seconds(86_400);

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
pub struct SignIns(BTreeSet<(Timestamp, Word)>);

impl SignIns {
    /// Takes in what an event says.
    pub fn add(&mut self, at: Timestamp, word: Word) {
        self.0.insert((at, word));
    }

    /// Whether more than one person used it.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        let mut people = self.0.iter().filter_map(|(_, word)| match word {
            Word::SignedIn(person) => Some(person),
            Word::SignedOut => None,
        });
        let first = people.next();
        people.any(|person| Some(person) != first)
    }

    /// Who used it at a moment: whoever had signed in within a day before and not left. Otherwise whoever signs in within
    /// a day after it, since people look around before they sign in. Otherwise nobody knows.
    #[must_use]
    pub fn at(&self, moment: Timestamp) -> Option<&Identifier> {
        let split = (moment, Word::SignedOut);
        let before = self.0.range(..=&split).next_back();
        if let Some((at, Word::SignedIn(person))) = before
            && at.plus(BELIEVED) >= moment
        {
            return Some(person);
        }
        let until = moment.plus(BELIEVED);
        let after = self.0.range(split..).take_while(|(at, _)| *at <= until);
        after.into_iter().find_map(|(_, word)| match word {
            Word::SignedIn(person) => Some(person),
            Word::SignedOut => None,
        })
    }
}

impl Rules {
    /// What an event says of who uses the device that it came from.
    #[must_use]
    pub fn word_of(&self, event: &Event, identifiers: &[Identifier]) -> Option<Word> {
        if self.shared_devices == SharedDevices::Owner {
            return None;
        }
        let is_sign_out = event.kind == EventKind::Track
            && event
                .name
                .as_ref()
                .is_some_and(|name| self.sign_out_events.contains(name));
        if is_sign_out {
            return Some(Word::SignedOut);
        }
        let person = identifiers.iter().find(|identifier| {
            let place = self.place(&identifier.kind);
            place.is_some_and(|place| self.is_unique(place))
        });
        person.cloned().map(Word::SignedIn)
    }
}
