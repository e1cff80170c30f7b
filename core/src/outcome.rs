//! The one list of what can become of a message.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What became of one message. Every message gets exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Stored durably.
    Ok,
    /// Kept until a consent choice decides; only the browser SDK answers this.
    Held,
    /// Consent does not allow it; the content is not kept.
    Denied,
    /// Refused and kept whole in quarantine with the reason.
    Quarantined,
    /// A message with this id is already stored.
    Duplicate,
    /// Not taken now; send it again later.
    Retry,
    /// Lost on the device and reported by the SDK afterwards (memory or storage was full).
    Dropped,
}

impl Outcome {
    /// Every outcome, in the order in which screens list them.
    pub const ALL: [Self; 7] = [
        Self::Ok,
        Self::Held,
        Self::Denied,
        Self::Quarantined,
        Self::Duplicate,
        Self::Retry,
        Self::Dropped,
    ];

    /// The word on the wire and in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Held => "held",
            Self::Denied => "denied",
            Self::Quarantined => "quarantined",
            Self::Duplicate => "duplicate",
            Self::Retry => "retry",
            Self::Dropped => "dropped",
        }
    }

    /// The outcome with this word, if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == word)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The line of the reply that answers one message of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MessageOutcome {
    /// Place of the message in the batch, from 0.
    pub index: usize,
    /// The message's id; the one it was given when it came without.
    pub message_id: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, in words for a person; absent when there is nothing to explain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
