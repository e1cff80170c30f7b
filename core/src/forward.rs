//! What the edge and the aggregator say to each other. JSON on the wire; the same types in process.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::consent::Choices;
use crate::event::Event;
use crate::ledger::{LedgerMark, TabReport};
use crate::outcome::{MessageOutcome, Outcome};
use crate::time::Timestamp;

/// One batch after the edge has judged it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forward {
    /// The space of the source.
    pub space_id: String,
    /// The source whose write key was used.
    pub source_id: String,
    /// When the edge took the batch.
    pub received_at: Timestamp,
    /// Where the caller is, from the edge's geography: `DE`, `US-CA`; absent when unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jurisdiction: Option<String>,
    /// Messages that passed.
    pub admitted: Vec<Admitted>,
    /// Messages that did not.
    pub refused: Vec<Refused>,
    /// What the SDK's tabs report of their numbering.
    #[serde(default)]
    pub ledger: Vec<TabReport>,
    /// Whose snapshot the reply has to carry, taken after these events took effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_of: Option<String>,
}

/// A message that passed the edge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    pub message: Option<Value>,
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
    /// Audiences the profile is a member of.
    #[serde(default)]
    pub audiences: Vec<Membership>,
    /// The person's current consent choices.
    #[serde(default)]
    pub choices: Choices,
}

/// A profile's place in an audience.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Membership {
    /// `aud_…`
    pub audience_id: String,
    /// The audience's name, for the reasons of a decision.
    pub name: String,
}

/// Asks the aggregator for a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotQuery {
    /// The space.
    pub space_id: String,
    /// The caller's anonymous id.
    pub anonymous_id: String,
}
