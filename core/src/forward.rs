//! What the edge and the aggregator say to each other. JSON on the wire; the same types in process.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::audience::{Basis, Rules};
use crate::consent::Choices;
use crate::decision::Exposed;
use crate::event::{Event, Writer};
use crate::identifier::{ANONYMOUS_ID, USER_ID};
use crate::kept_message::KeptMessage;
use crate::ledger::{LedgerMark, TabReport};
use crate::outcome::{MessageOutcome, Outcome};
use crate::time::Timestamp;

/// Bytes that most events have room in.
const USUAL: usize = 1_024;

/// One batch after the edge has judged it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Forward {
    /// The space of the source.
    pub space_id: String,
    /// The source whose write key was used.
    pub source_id: String,
    /// When the edge took the batch.
    pub received_at: Timestamp,
    /// Where the caller is, from the edge's geography: `DE`, `US-CA`; absent when unknown.
    #[serde(default)]
    pub jurisdiction: Option<String>,
    /// Messages that passed.
    pub admitted: Vec<Admitted>,
    /// Messages that did not.
    pub refused: Vec<Refused>,
    /// What the SDK's tabs report of their numbering.
    #[serde(default)]
    pub ledger: Vec<TabReport>,
    /// Whose snapshot the reply has to carry, taken after these events took effect.
    #[serde(default)]
    pub snapshot_of: Option<Subject>,
}

/// A [`Forward`] but for its events.
#[derive(Serialize)]
struct Around<'a> {
    space_id: &'a str,
    source_id: &'a str,
    received_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    jurisdiction: Option<&'a str>,
    refused: &'a [Refused],
    ledger: &'a [TabReport],
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot_of: Option<&'a Subject>,
}

impl Forward {
    /// The batch as JSON. Its events are written once and put in as they are.
    ///
    /// # Errors
    /// When what is around the events cannot be written, which no batch is known to do.
    pub fn text(&self) -> serde_json::Result<String> {
        let around = serde_json::to_string(&Around {
            space_id: &self.space_id,
            source_id: &self.source_id,
            received_at: self.received_at,
            jurisdiction: self.jurisdiction.as_deref(),
            refused: &self.refused,
            ledger: &self.ledger,
            snapshot_of: self.snapshot_of.as_ref(),
        })?;
        let mut writer = Writer::default();
        let mut text = String::with_capacity(around.len() + self.admitted.len() * USUAL + 16);
        text.push_str(around.strip_suffix('}').unwrap_or(&around));
        text.push_str(",\"admitted\":[");
        for (number, Admitted { index, event }) in self.admitted.iter().enumerate() {
            text.push_str(if number == 0 {
                "{\"index\":"
            } else {
                ",{\"index\":"
            });
            text.push_str(&index.to_string());
            text.push_str(",\"event\":");
            writer.push(&mut text, event);
            text.push('}');
        }
        text.push_str("]}");
        Ok(text)
    }
}

/// A message that passed the edge.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Admitted {
    /// Its place in the batch.
    pub index: usize,
    /// The event.
    pub event: Event,
}

/// A message that the edge refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    /// Its place in the batch.
    pub index: usize,
    /// Its id, given or made.
    pub message_id: String,
    /// `denied` or `quarantined`.
    pub outcome: Outcome,
    /// Why, for a person.
    pub reason: String,
    /// The whole message as it came; kept only of what is quarantined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<KeptMessage>,
    /// Where the person was, as the edge saw it; kept with what is quarantined, so that it is tried again
    /// by the rule of that place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jurisdiction: Option<String>,
    /// Whether the request carried Global Privacy Control; kept likewise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gpc: bool,
    /// The tab's number of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<LedgerMark>,
}

/// The lines that answer a batch, in its order: `taken` says of each message that passed its place,
/// its id and whether it is new.
pub fn lines<'a>(
    taken: impl Iterator<Item = (usize, &'a str, bool)>,
    refused: &'a [Refused],
) -> Vec<MessageOutcome> {
    let taken = taken.map(|(index, message_id, new)| MessageOutcome {
        index,
        message_id: message_id.to_owned(),
        outcome: if new { Outcome::Ok } else { Outcome::Duplicate },
        reason: None,
    });
    let refused = refused.iter().map(|refused| MessageOutcome {
        index: refused.index,
        message_id: refused.message_id.clone(),
        outcome: refused.outcome,
        reason: Some(refused.reason.clone()),
    });
    let mut lines: Vec<MessageOutcome> = taken.chain(refused).collect();
    lines.sort_by_key(|line| line.index);
    lines
}

/// The aggregator's answer to a [`Forward`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Forwarded {
    /// One line a message, in the batch's order.
    pub outcomes: Vec<MessageOutcome>,
    /// The snapshot that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Snapshot>,
}

/// What the edge needs of a profile to decide: memberships, never traits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The profile; absent when the anonymous id is not known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_id: Option<String>,
    /// What decides between arms that the person was never shown; absent where nothing is known of whoever asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket_by: Option<String>,
    /// Audiences the profile is a member of.
    #[serde(default)]
    pub audiences: Vec<Membership>,
    /// The person's current consent choices.
    #[serde(default)]
    pub choices: Choices,
    /// What the audiences of [`SourceConfig::audiences`](crate::source::SourceConfig::audiences) look at; absent where
    /// they look at nothing, or where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// Larger than that of every snapshot which the aggregator read before; 0 for a stranger's.
    #[serde(default)]
    pub version: i64,
    /// What the person was shown of the experiences that may be decided, by experience.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub exposures: BTreeMap<String, Exposed>,
    /// Whether it is of whoever uses a device of several people at this moment, and of nobody a moment later.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub passing: bool,
    /// Of when all this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
}

impl Snapshot {
    /// Where the person belongs when these events have happened that the snapshot does not know, and at `now`: `since`
    /// says from when on somebody belongs who did not before. Of audiences whose rules are not among these, what the
    /// snapshot says holds. `None` where it has nothing that rules could look at.
    pub fn memberships<'e>(
        &self,
        rules: &Rules,
        events: impl Iterator<Item = &'e Event>,
        now: Timestamp,
        since: Option<Timestamp>,
    ) -> Option<Vec<Membership>> {
        let members = rules.members(self.basis.as_ref()?, &self.choices, events, now);
        let ruled = |id: &str| rules.audiences.iter().any(|named| named.id == id);
        let before = |id: &str| self.audiences.iter().find(|known| known.audience_id == id);
        let kept = self
            .audiences
            .iter()
            .filter(|known| !ruled(&known.audience_id));
        let found = members.into_iter().map(|named| Membership {
            audience_id: named.id.clone(),
            name: named.name.clone(),
            since: before(&named.id).map_or(since, |known| known.since),
        });
        Some(kept.cloned().chain(found).collect())
    }
}

/// A profile's place in an audience.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Membership {
    /// `aud_…`
    pub audience_id: String,
    /// The audience's name, for the reasons of a decision.
    pub name: String,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// Asks the aggregator for a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotQuery {
    /// The space.
    pub space_id: String,
    /// Whose.
    pub of: Subject,
    /// The version that the edge has: the answer is null when that is still what is to be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<i64>,
}

/// Whom a snapshot is of: a browser, or a person whom a signed token names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Whoever has this anonymous id.
    AnonymousId(String),
    /// Whoever has this user id.
    UserId(String),
}

impl Subject {
    /// The id itself.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::AnonymousId(id) | Self::UserId(id) => id,
        }
    }

    /// The kind of the identifier.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::AnonymousId(_) => ANONYMOUS_ID,
            Self::UserId(_) => USER_ID,
        }
    }
}
