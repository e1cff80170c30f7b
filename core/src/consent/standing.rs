//! What a person has said, over time and over all of their browsers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Choices, Grant, Grants, NECESSARY};
use crate::time::Timestamp;

/// What a person has said about one purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "PurposeSaid"))]
pub struct Said {
    /// When they denied it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied_at: Option<Timestamp>,
    /// When they granted it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted_at: Option<Timestamp>,
}

impl Said {
    /// Whether the last word is a denial. Of two words at one moment the denial counts.
    #[must_use]
    pub fn denies(&self) -> bool {
        self.denied_at
            .is_some_and(|denied| self.granted_at.is_none_or(|granted| granted <= denied))
    }
}

/// What a person has said, by purpose. It merges in any order, and a repeat changes nothing: of each
/// kind of word the latest is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing(pub BTreeMap<String, Said>);

impl Standing {
    /// What one event or one withdrawal says, at the moment of its choices.
    #[must_use]
    pub fn of(choices: &Choices, at: Timestamp) -> Self {
        let said = |granted: &bool| match granted {
            true => Said {
                granted_at: Some(at),
                denied_at: None,
            },
            false => Said {
                denied_at: Some(at),
                granted_at: None,
            },
        };
        Self(
            choices
                .iter()
                .map(|(purpose, granted)| (purpose.clone(), said(granted)))
                .collect(),
        )
    }

    /// Takes in what else is known: commutative, associative, idempotent.
    pub fn merge(&mut self, other: &Self) {
        for (purpose, said) in &other.0 {
            let known = self.0.entry(purpose.clone()).or_default();
            // None is before every moment.
            known.denied_at = known.denied_at.max(said.denied_at);
            known.granted_at = known.granted_at.max(said.granted_at);
        }
    }

    /// Whether nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// When the person denied a purpose last, whatever they said after it.
    #[must_use]
    pub fn denied_at(&self, purpose: &str) -> Option<Timestamp> {
        self.0.get(purpose)?.denied_at
    }

    /// The person's last word about each purpose.
    #[must_use]
    pub fn choices(&self) -> Choices {
        self.0
            .iter()
            .map(|(purpose, said)| (purpose.clone(), !said.denies()))
            .collect()
    }

    /// Whether evidence counts for a purpose: its own grants include it, and the person has not denied
    /// it at or after the evidence's moment. So what was withdrawn stays withdrawn when the person
    /// agrees again. Evidence that rests on no choice of the person (a place's presumption, a source's
    /// declared basis) moreover counts only while their last word is not a denial: it is no new
    /// decision, however late it comes.
    #[must_use]
    pub fn allows(&self, grants: &Grants, purpose: &str) -> bool {
        grants
            .of_purpose(purpose)
            .is_some_and(|grant| self.forbids(purpose, grant, grants.ruled_at).is_none())
    }

    /// The denial by which evidence of a moment does not count for a purpose: the rule of
    /// [`Standing::allows`].
    #[must_use]
    pub fn forbids(&self, purpose: &str, grant: Grant, ruled_at: Timestamp) -> Option<Timestamp> {
        if purpose == NECESSARY {
            return None;
        }
        let said = self.0.get(purpose)?;
        let denied_at = said.denied_at?;
        let withdrawn = denied_at >= ruled_at;
        let still_denied = grant != Grant::Chosen && said.denies();
        (withdrawn || still_denied).then_some(denied_at)
    }
}
