//! What the edge has to know of a source to judge its messages.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::audience::Rules;
use crate::collection::CollectionPolicy;
use crate::consent::Policy;
use crate::decision::Experience;
use crate::time::Timestamp;

/// How consent reaches a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum ConsentBasis {
    /// A browser or app: every event carries a state; without one the jurisdiction's default holds.
    EveryEvent,
    /// A server or an import: the owner declares on what the data rests; each receipt names it.
    Declared {
        /// The basis in the owner's words, such as `contract`.
        basis: String,
    },
}

impl ConsentBasis {
    /// The basis that the owner declares; `None` where people choose.
    #[must_use]
    pub fn declared(&self) -> Option<&str> {
        match self {
            Self::EveryEvent => None,
            Self::Declared { basis } => Some(basis),
        }
    }
}

/// A source as the edge sees it, with the space's rules that the edge applies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceConfig {
    /// `src_…`
    pub source_id: String,
    /// `spc_…`
    pub space_id: String,
    /// Public key.
    pub write_key: String,
    /// How consent reaches the source.
    pub consent_basis: ConsentBasis,
    /// Origins that may send ([`crate::origin`]); empty allows every origin.
    #[serde(default)]
    pub allowed_origins: Vec<String>,
    /// What the source takes and what it records.
    #[serde(default)]
    pub collection: CollectionPolicy,
    /// Whether the source takes anything at all.
    #[serde(default = "enabled")]
    pub enabled: bool,
    /// The space's consent policy.
    pub policy: Policy,
    /// The space's experiences; one that is switched off or over is there without its variants.
    #[serde(default)]
    pub experiences: Vec<Experience>,
    /// The audiences that experiences are for, so that an edge knows by itself who is in them.
    #[serde(default, skip_serializing_if = "Rules::is_empty")]
    pub audiences: Rules,
    /// What placements show where nothing is decided, of those that have such a default.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub defaults: BTreeMap<String, Value>,
    /// Share of all people who see the default everywhere.
    #[serde(default)]
    pub holdout: f64,
    /// What the space's user tokens may be signed with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub user_token_keys: Vec<UserTokenKey>,
}

/// A key that signs user tokens, by which a customer's server says whose browser is asking.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserTokenKey {
    /// Its bytes, as UTF-8, are the key.
    pub secret: String,
    /// Until when it holds, once another has taken its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
}

impl fmt::Debug for UserTokenKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UserTokenKey")
            .field("valid_until", &self.valid_until)
            .finish_non_exhaustive()
    }
}

fn enabled() -> bool {
    true
}
