//! What can be asked of a policy: uses of an event, and what is known when one asks.

use std::fmt;

use super::{Choices, Receipt};

/// Something that is done with an event or with what is known of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use<'a> {
    /// Keeping something on the person's device.
    Store,
    /// Sending events to Headwater, and keeping them there.
    Send,
    /// Joining an anonymous browser to a known person.
    Link,
    /// Facts about a person, computed ones too.
    Traits,
    /// Memberships in audiences.
    Audiences,
    /// Decisions that differ by person.
    Decisions,
    /// Handing to one destination, by its id.
    Destination(&'a str),
}

impl<'a> Use<'a> {
    /// Every use but the destinations, in the order in which people read them.
    pub const ALL: [Self; 6] = [
        Self::Store,
        Self::Send,
        Self::Link,
        Self::Traits,
        Self::Audiences,
        Self::Decisions,
    ];
    /// Before the id of a destination.
    pub const DESTINATION: &'static str = "destination:";

    /// The use with this word, as policies write it.
    #[must_use]
    pub fn from_word(word: &'a str) -> Option<Self> {
        if let Some(id) = word.strip_prefix(Self::DESTINATION) {
            return (!id.is_empty()).then_some(Self::Destination(id));
        }
        Self::ALL.into_iter().find(|each| each.word() == word)
    }

    /// The word in a policy, without a destination's id.
    const fn word(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Send => "send",
            Self::Link => "link",
            Self::Traits => "traits",
            Self::Audiences => "audiences",
            Self::Decisions => "decisions",
            Self::Destination(_) => Self::DESTINATION,
        }
    }

    /// What is done, after "before".
    #[must_use]
    pub fn deed(self) -> String {
        match self {
            Self::Store => "anything is kept on the device".to_owned(),
            Self::Send => "an event is sent and kept".to_owned(),
            Self::Link => "a browser is linked to a known person".to_owned(),
            Self::Traits => "facts about the person are kept".to_owned(),
            Self::Audiences => "the person is put into audiences".to_owned(),
            Self::Decisions => "content is chosen for the person".to_owned(),
            Self::Destination(id) => format!("anything is handed to the destination {id}"),
        }
    }
}

impl fmt::Display for Use<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())?;
        match self {
            Self::Destination(id) => formatter.write_str(id),
            _ => Ok(()),
        }
    }
}

/// What is known of consent when a policy is asked.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// What the person chose, by purpose.
    pub choices: &'a Choices,
    /// Where the choices came from, in the receipt's words.
    pub source: Option<&'a str>,
    /// Where the person is, as the edge sees it; `None` is an unknown place.
    pub jurisdiction: Option<&'a str>,
    /// Whether Global Privacy Control is on. <https://www.w3.org/TR/gpc/>
    pub gpc: bool,
    /// What the source's owner declares that its data rests on; `None` where people choose.
    pub declared: Option<&'a str>,
}

impl<'a> Evidence<'a> {
    /// What a person who may choose has said.
    #[must_use]
    pub const fn of_choices(
        choices: &'a Choices,
        jurisdiction: Option<&'a str>,
        gpc: bool,
    ) -> Self {
        Self {
            choices,
            source: None,
            jurisdiction,
            gpc,
            declared: None,
        }
    }

    /// What an event's receipt says, with the basis that its source declares.
    #[must_use]
    pub fn of_receipt(receipt: &'a Receipt, declared: Option<&'a str>) -> Self {
        Self {
            choices: receipt.ruling(),
            source: receipt.ruling_source(),
            jurisdiction: receipt.jurisdiction.as_deref(),
            gpc: receipt.gpc,
            declared,
        }
    }
}
