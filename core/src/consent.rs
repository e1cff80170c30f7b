//! Consent: purposes, a space's policy, the receipt of an event, and the one verdict all hops use.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// What a place's law presumes while a person has said nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Regime {
    /// Nothing is allowed until the person agrees.
    OptIn,
    /// Allowed until the person objects.
    OptOut,
}

/// What consent says to one use of one purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Allow,
    /// No choice yet: keep it in memory and ask again. Only a browser can; elsewhere it is a denial.
    Hold,
    /// Do not.
    Deny,
}

/// The rule of every hop: a veto (such as Global Privacy Control) denies, then the person's own
/// choice holds, then what the place presumes.
#[must_use]
pub const fn verdict(choice: Option<bool>, regime: Regime, vetoed: bool) -> Verdict {
    match (vetoed, choice, regime) {
        (true, _, _) | (false, Some(false), _) => Verdict::Deny,
        (false, Some(true), _) | (false, None, Regime::OptOut) => Verdict::Allow,
        (false, None, Regime::OptIn) => Verdict::Hold,
    }
}

/// Purposes of a new space.
pub const DEFAULT_PURPOSES: [&str; 5] = [
    NECESSARY,
    ANALYTICS,
    PERSONALIZATION,
    ADVERTISING,
    SALE_OR_SHARE,
];
/// What the site cannot do without; always allowed.
pub const NECESSARY: &str = "necessary";
/// Collecting events.
pub const ANALYTICS: &str = "analytics";
/// Decisions that differ by person.
pub const PERSONALIZATION: &str = "personalization";
/// Sending to advertising destinations.
pub const ADVERTISING: &str = "advertising";
/// Selling or sharing in the sense of the US state laws.
pub const SALE_OR_SHARE: &str = "sale_or_share";

/// A choice per purpose. A purpose that is not named was not decided.
pub type Choices = BTreeMap<String, bool>;

/// A space's consent policy, checked as a whole by [`Policy::check`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Counts up with each published change; every receipt names it.
    pub version: u32,
    /// The purposes of the space.
    pub purposes: Vec<String>,
    /// What holds where no jurisdiction matches. Unknown places are opt-in.
    pub default_regime: Regime,
    /// Regime by jurisdiction: a country (`DE`) or a country's region (`US-CA`).
    #[serde(default)]
    pub jurisdictions: BTreeMap<String, Regime>,
    /// What Global Privacy Control denies. Empty where the owner does not honour it.
    pub gpc_denies: Vec<String>,
    /// The purpose that storing and sending an event needs.
    pub collect_purpose: String,
    /// The purpose that a decision about a person needs.
    pub decide_purpose: String,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            version: 1,
            purposes: DEFAULT_PURPOSES.map(str::to_owned).to_vec(),
            default_regime: Regime::OptIn,
            jurisdictions: BTreeMap::new(),
            gpc_denies: vec![ADVERTISING.to_owned(), SALE_OR_SHARE.to_owned()],
            collect_purpose: ANALYTICS.to_owned(),
            decide_purpose: PERSONALIZATION.to_owned(),
        }
    }
}

/// A purpose is named that the space does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPurpose {
    /// The name as it was written.
    pub name: String,
    /// The names that exist.
    pub known: Vec<String>,
}

impl fmt::Display for UnknownPurpose {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, known } = self;
        write!(
            formatter,
            "unknown consent purpose \"{name}\": this space has {}",
            known.join(", ")
        )
    }
}

impl std::error::Error for UnknownPurpose {}

impl Policy {
    /// What holds in a jurisdiction; `None` is an unknown place.
    #[must_use]
    pub fn regime(&self, jurisdiction: Option<&str>) -> Regime {
        let Some(place) = jurisdiction else {
            return self.default_regime;
        };
        let country = place.split('-').next().unwrap_or(place);
        let named = self
            .jurisdictions
            .get(place)
            .or_else(|| self.jurisdictions.get(country));
        named.copied().unwrap_or(self.default_regime)
    }

    /// Whether every purpose that `choices` name exists: a typo is an error, never a looser policy.
    ///
    /// # Errors
    /// Names the first unknown purpose and the known ones.
    pub fn check_choices(&self, choices: &Choices) -> Result<(), UnknownPurpose> {
        choices.keys().try_for_each(|name| self.check_purpose(name))
    }

    /// Whether the policy hangs together: every purpose it mentions is one of its purposes.
    ///
    /// # Errors
    /// Names the first unknown purpose and the known ones.
    pub fn check(&self) -> Result<(), UnknownPurpose> {
        self.gpc_denies
            .iter()
            .chain([&self.collect_purpose, &self.decide_purpose])
            .try_for_each(|name| self.check_purpose(name))
    }

    fn check_purpose(&self, name: &str) -> Result<(), UnknownPurpose> {
        if self.purposes.iter().any(|purpose| purpose == name) {
            return Ok(());
        }
        Err(UnknownPurpose {
            name: name.chars().take(64).collect(),
            known: self.purposes.clone(),
        })
    }

    /// The verdict for one purpose. `gpc` is whether the request or the receipt carries Global
    /// Privacy Control.
    #[must_use]
    pub fn verdict(
        &self,
        purpose: &str,
        choices: &Choices,
        jurisdiction: Option<&str>,
        gpc: bool,
    ) -> Verdict {
        if purpose == NECESSARY {
            return Verdict::Allow;
        }
        let vetoed = gpc && self.gpc_denies.iter().any(|denied| denied == purpose);
        verdict(
            choices.get(purpose).copied(),
            self.regime(jurisdiction),
            vetoed,
        )
    }
}

/// What was known of consent when an event was captured: kept with the event, never rewritten.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// State per purpose at capture; empty while no choice was made. `categoryPreferences` is
    /// Segment's name for it.
    #[serde(rename = "categoryPreferences", default)]
    pub choices: Choices,
    /// Where the state came from: `banner`, `api`, `tcf`, `gpp`, `gpc`, `default`, `basis:…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The policy's version that the client knew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_version: Option<u32>,
    /// When the state was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured_at: Option<Timestamp>,
    /// Whether Global Privacy Control was on.
    #[serde(default)]
    pub gpc: bool,
    /// The second record, of an event that was held and then released by a choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Release>,
}

/// The choice that released a held event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// State per purpose at the release.
    #[serde(rename = "categoryPreferences", default)]
    pub choices: Choices,
    /// Where the choice came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_at: Option<Timestamp>,
}

impl Receipt {
    /// The choices that rule the event: the release's where there is one.
    #[must_use]
    pub fn ruling(&self) -> &Choices {
        self.release
            .as_ref()
            .map_or(&self.choices, |release| &release.choices)
    }

    /// When the ruling choices were made or read, if the client said so.
    #[must_use]
    pub fn ruling_since(&self) -> Option<Timestamp> {
        self.release
            .as_ref()
            .map_or(self.captured_at, |release| release.released_at)
    }
}

/// What a person says now: the choices and when they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// State per purpose.
    pub choices: Choices,
    /// When it was chosen or first seen.
    pub since: Timestamp,
}
