//! Why a placement shows what it shows, for programs and panels.

use serde::{Deserialize, Serialize};

use super::{Asker, Experience};
use crate::time::Timestamp;

/// What became of an experience.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", schemars(rename = "DecisionCause"))]
pub enum Cause {
    /// It decides: a variant of it is shown.
    Chosen,
    /// It is for an audience that the person is not in.
    Audience,
    /// None of its variants is for the person.
    VariantAudience,
    /// It has not begun, or is over.
    Schedule,
    /// The person was shown it often enough.
    Cap,
    /// It decides: the person sees the default, so that the effect can be measured.
    Holdout,
    /// Another one decided before it was asked.
    Priority,
    /// It is off.
    Disabled,
    /// The person did not agree, or took it back.
    Consent,
    /// The caller is nobody for whom anything may be decided.
    Caller,
    /// What is known of the person could not be read.
    Unavailable,
}

/// How a person came to an arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", schemars(rename = "DecisionAssigned"))]
pub enum Assigned {
    /// It was shown to the person first, and stays.
    Exposure,
    /// The person is in the variant's audience.
    Audience,
    /// By the share that follows from who the person is.
    Hash,
}

/// An audience that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "AudienceEvidence"))]
pub struct Evidence {
    /// `aud_…`
    pub audience: String,
    /// Whether the person is in it.
    pub member: bool,
    /// Since when, as far as the snapshot says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// What became of one experience, on which evidence, and how old that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "DecisionWhy"))]
pub struct Why {
    /// The experience; absent where none was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experience: Option<String>,
    /// What became of it.
    pub outcome: Cause,
    /// How the person came to the arm, of an experience that decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Assigned>,
    /// The audiences that were looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<Evidence>,
    /// Of when what is known of the person is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
}

impl Why {
    pub(super) fn of(experience: &Experience, outcome: Cause, asker: &Asker<'_>) -> Self {
        Self {
            experience: Some(experience.id.clone()),
            outcome,
            by: None,
            audiences: Vec::new(),
            as_of: asker.snapshot.as_of,
        }
    }

    pub(super) fn of_nobody(outcome: Cause) -> Self {
        Self {
            experience: None,
            outcome,
            by: None,
            audiences: Vec::new(),
            as_of: None,
        }
    }
}
