//! Receipts: what was known of consent when an event was captured.

use serde::{Deserialize, Serialize};

use super::{Choices, Policy};
use crate::time::Timestamp;

/// What was known of consent when an event was captured: kept with the event, never rewritten.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// State per purpose at capture; empty while no choice was made. `categoryPreferences` is
    /// Segment's name for it.
    #[serde(rename = "categoryPreferences", default)]
    pub choices: Choices,
    /// The same in the client's own words, where the policy maps those to purposes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Choices>,
    /// Where the state came from: `banner`, `api`, `tcf`, `gpp`, `gpc`, `default`, `basis:…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The policy's version that the client knew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_version: Option<u32>,
    /// When the state was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured_at: Option<Timestamp>,
    /// When the person chose, where the client knows: another browser's older choice does not undo a
    /// withdrawal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen_at: Option<Timestamp>,
    /// Whether Global Privacy Control was on.
    #[serde(default)]
    pub gpc: bool,
    /// Where the person was, from the edge's geography. Only the edge writes it: what a client says
    /// of it is not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jurisdiction: Option<String>,
    /// The second record, of an event that was held and then released by a choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Release>,
}

/// The choice that released a held event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// State per purpose at the release.
    #[serde(rename = "categoryPreferences", default)]
    pub choices: Choices,
    /// The same in the client's own words, where the policy maps those to purposes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Choices>,
    /// Where the choice came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_at: Option<Timestamp>,
}

impl Receipt {
    /// Where a state came from that nobody sent: the event came without a receipt.
    pub const NONE_SENT: &'static str = "none";

    /// The receipt of an event that came without one.
    #[must_use]
    pub fn unsent() -> Self {
        Self {
            source: Some(Self::NONE_SENT.to_owned()),
            ..Self::default()
        }
    }

    /// The choices that rule the event: the release's where there is one.
    #[must_use]
    pub fn ruling(&self) -> &Choices {
        self.release
            .as_ref()
            .map_or(&self.choices, |release| &release.choices)
    }

    /// Where the ruling choices came from.
    #[must_use]
    pub fn ruling_source(&self) -> Option<&str> {
        let release = self.release.as_ref();
        release
            .map_or(&self.source, |release| &release.source)
            .as_deref()
    }

    /// When the ruling choices were made or read, if the client said so, by the client's clock.
    #[must_use]
    pub fn ruling_since(&self) -> Option<Timestamp> {
        self.release.as_ref().map_or_else(
            || self.chosen_at.or(self.captured_at),
            |release| release.released_at,
        )
    }

    /// Whether the event came without a receipt.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.choices.is_empty() && self.source.as_deref() == Some(Self::NONE_SENT)
    }

    /// The moments that the receipt names.
    pub fn moments(&self) -> impl Iterator<Item = Timestamp> {
        let released = self
            .release
            .as_ref()
            .and_then(|release| release.released_at);
        [self.captured_at, self.chosen_at, released]
            .into_iter()
            .flatten()
    }

    /// The receipt as another policy would have read it.
    #[must_use]
    pub fn read_by(&self, policy: &Policy) -> Self {
        let mut receipt = self.clone();
        if let Some(sent) = receipt.categories.take() {
            receipt.choices = sent;
        }
        if let Some(release) = &mut receipt.release
            && let Some(sent) = release.categories.take()
        {
            release.choices = sent;
        }
        receipt.stamp(policy, self.jurisdiction.as_deref());
        receipt
    }

    /// Stamps what only the edge knows, and reads the client's own categories as the purposes that the
    /// policy maps them to. Names that it does not map stay, for the gate to refuse.
    pub fn stamp(&mut self, policy: &Policy, jurisdiction: Option<&str>) {
        self.jurisdiction = jurisdiction.map(str::to_owned);
        self.categories = policy.map(&mut self.choices);
        if let Some(release) = &mut self.release {
            release.categories = policy.map(&mut release.choices);
        }
    }
}
