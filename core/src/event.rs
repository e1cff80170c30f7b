//! Events: the six calls of the Segment spec, after they have been read.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::consent::Receipt;
use crate::fields::Fields;
use crate::ledger::LedgerMark;
use crate::time::Timestamp;
use crate::violation::Violation;

mod text;

pub use text::{Reader, Writer};

/// A JSON object.
pub type Object = Map<String, Value>;

/// Which call of the spec an event is. <https://segment.com/docs/connections/spec/>
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Somebody did something.
    Track,
    /// Who somebody is.
    Identify,
    /// A web page was seen.
    Page,
    /// An app's screen was seen.
    Screen,
    /// Somebody belongs to an account.
    Group,
    /// Two ids are one person.
    Alias,
    /// No call of the spec: what somebody says of consent, and nothing else. It is evidence of nothing but
    /// that, links nobody, and is taken whatever consent says.
    Consent,
}

impl EventKind {
    /// The calls of the spec.
    pub const ALL: [Self; 6] = [
        Self::Track,
        Self::Identify,
        Self::Page,
        Self::Screen,
        Self::Group,
        Self::Alias,
    ];

    /// The word on the wire, in SQL and in the endpoint's path.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Track => "track",
            Self::Identify => "identify",
            Self::Page => "page",
            Self::Screen => "screen",
            Self::Group => "group",
            Self::Alias => "alias",
            Self::Consent => "consent",
        }
    }

    /// The kind with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let mut kinds = Self::ALL.into_iter().chain([Self::Consent]);
        kinds.find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// An event that was read, checked and stamped. Nothing a client sent is lost: fields without a
/// place of their own are in [`Event::extra`].
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Idempotency key, unique in the space.
    pub message_id: String,
    /// Which call.
    pub kind: EventKind,
    /// The track event's name, or the page's or screen's.
    pub name: Option<String>,
    /// Browser identity.
    pub anonymous_id: Option<String>,
    /// The customer's own identity.
    pub user_id: Option<String>,
    /// Of an alias: the id the person had before.
    pub previous_id: Option<String>,
    /// Of a group call: the account.
    pub group_id: Option<String>,
    /// Properties of the event (track, page, screen).
    pub properties: Fields,
    /// Traits of the person (identify) or the account (group).
    pub traits: Fields,
    /// Context without consent and ledger, which have fields of their own.
    pub context: Fields,
    /// When it happened, corrected for the client's clock.
    pub timestamp: Timestamp,
    /// When it happened by the client's clock.
    pub original_timestamp: Option<Timestamp>,
    /// When the client sent it, by the client's clock.
    pub sent_at: Option<Timestamp>,
    /// When the edge took it.
    pub received_at: Timestamp,
    /// Consent at capture.
    pub receipt: Receipt,
    /// The known bot that sent it, where the source flags bots.
    pub bot: Option<String>,
    /// The tab's number of the event, when our SDK sent it.
    pub ledger: Option<LedgerMark>,
    /// Where the event differs from the tracking plan, which stored it all the same.
    pub violations: Vec<Violation>,
    /// Fields the spec does not know, as they came.
    pub extra: Fields,
}

impl Event {
    /// A moment that the client named, by our clock: moved as the event's own time was.
    #[must_use]
    pub fn by_our_clock(&self, moment: Timestamp) -> Timestamp {
        let apart = match (self.original_timestamp, self.sent_at) {
            (Some(original), _) => self.timestamp.since(original),
            (None, Some(sent_at)) => self.received_at.since(sent_at),
            (None, None) => return moment,
        };
        moment.plus(apart)
    }

    /// When the choices that rule the event were made or read, by our clock and never after it arrived;
    /// of a receipt that names no moment, when the event was captured, as its receipt was then. An event
    /// that was held is ruled by the choice that released it, which is younger than the event.
    #[must_use]
    pub fn ruled_at(&self) -> Timestamp {
        let since = self.receipt.ruling_since();
        let since = since.map_or(self.timestamp, |since| self.by_our_clock(since));
        let since = match self.receipt.release {
            Some(_) => since.max(self.timestamp),
            None => since,
        };
        since.min(self.received_at)
    }

    /// The name that audiences and computed traits match: the track event's own, or `Page Viewed`
    /// and `Screen Viewed` for the calls that carry no event name of their own.
    #[must_use]
    pub fn event_name(&self) -> Option<&str> {
        match self.kind {
            EventKind::Track => self.name.as_deref(),
            EventKind::Page => Some("Page Viewed"),
            EventKind::Screen => Some("Screen Viewed"),
            EventKind::Identify | EventKind::Group | EventKind::Alias | EventKind::Consent => None,
        }
    }
}
