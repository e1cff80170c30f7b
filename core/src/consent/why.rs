//! Why something was allowed or not: the rule that decided, and a sentence for people.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Receipt, Regime, Use, Verdict};
use crate::time::Timestamp;

/// Which rule of a policy fits a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matched<'a> {
    /// The rule of this country or region.
    Place(&'a str),
    /// The rule of every other known place.
    Default,
    /// The rule of unknown places.
    Unknown,
}

/// What decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", schemars(rename = "ConsentGround"))]
pub enum Ground {
    /// The purpose is necessary.
    Necessary,
    /// The person agreed.
    Agreed,
    /// The person refused.
    Refused,
    /// The person denied it after they had agreed, or in another browser, at this moment.
    Withdrawn(Timestamp),
    /// Global Privacy Control denies it.
    GlobalPrivacyControl,
    /// The place presumes consent, and nobody objected.
    Presumed,
    /// The place presumes none, and nobody agreed.
    Undecided,
    /// The source's owner declares a basis, and nobody objected.
    Declared,
    /// The space has no such purpose.
    UnknownPurpose,
    /// The policy names no purpose for this use.
    Unmapped,
}

/// An answer of a policy, with the rule that gave it. It borrows from what was asked: most answers are
/// looked at for their verdict only. [`Why::explained`] is the same to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Why<'a> {
    /// The answer.
    pub verdict: Verdict,
    /// Version of the policy that was asked.
    pub policy_version: u32,
    /// The use that was asked for; `None` when it was one purpose.
    pub asked: Option<Use<'a>>,
    /// The purpose that decided.
    pub purpose: &'a str,
    /// Which place's rule was used.
    pub matched: Matched<'a>,
    /// What that rule presumes of the purpose.
    pub regime: Regime,
    /// Whether it says so of this purpose alone.
    pub regime_of_purpose: bool,
    /// Whether the place has a list of its own for Global Privacy Control.
    pub gpc_of_place: bool,
    /// What decided.
    pub ground: Ground,
    /// Where the person's choices came from.
    pub source: Option<&'a str>,
    /// The basis that the source declares.
    pub declared: Option<&'a str>,
}

/// A [`Why`] that can be kept and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ConsentExplained"))]
pub struct Explained {
    /// The answer.
    pub verdict: Verdict,
    /// Version of the policy that was asked.
    pub policy_version: u32,
    /// The use that was asked for.
    #[serde(rename = "use", default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// The purpose that decided.
    pub purpose: String,
    /// Place in the policy of the rule that decided, such as `jurisdictions.US-CA`.
    pub rule: String,
    /// What the place presumes of the purpose.
    pub regime: Regime,
    /// What decided.
    pub ground: Ground,
    /// Where the person's choices came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The same for people.
    pub sentence: String,
}

impl Why<'_> {
    /// Place in the policy of the rule that decided.
    #[must_use]
    pub fn rule(&self) -> String {
        let place = match self.matched {
            Matched::Place(code) => format!("jurisdictions.{code}"),
            Matched::Default => "default".to_owned(),
            Matched::Unknown => "unknown".to_owned(),
        };
        match self.ground {
            Ground::GlobalPrivacyControl if self.gpc_of_place => format!("{place}.gpc_denies"),
            Ground::GlobalPrivacyControl => "gpc_denies".to_owned(),
            Ground::Presumed | Ground::Undecided if self.regime_of_purpose => {
                format!("{place}.purposes.{}", self.purpose)
            }
            Ground::Presumed | Ground::Undecided => place,
            Ground::Necessary | Ground::UnknownPurpose => "purposes".to_owned(),
            Ground::Agreed
            | Ground::Refused
            | Ground::Withdrawn(_)
            | Ground::Declared
            | Ground::Unmapped => match self.asked {
                Some(asked) => format!("uses.{asked}"),
                None => "purposes".to_owned(),
            },
        }
    }

    /// The same to keep.
    #[must_use]
    pub fn explained(&self) -> Explained {
        Explained {
            verdict: self.verdict,
            policy_version: self.policy_version,
            asked: self.asked.map(|asked| asked.to_string()),
            purpose: self.purpose.to_owned(),
            rule: self.rule(),
            regime: self.regime,
            ground: self.ground,
            source: self.source.map(str::to_owned),
            sentence: self.to_string(),
        }
    }

    fn presumption(&self) -> String {
        let place = match self.matched {
            Matched::Place(code) => format!("the rule for {code}"),
            Matched::Default => "the rule for all other places".to_owned(),
            Matched::Unknown => "the rule for unknown places".to_owned(),
        };
        match self.regime {
            Regime::OptIn => format!("{place} asks for agreement first (opt-in)"),
            Regime::OptOut => format!("{place} presumes agreement (opt-out)"),
        }
    }

    /// Where the choice came from, for a sentence.
    fn through(&self) -> String {
        match self.source {
            None | Some(Receipt::NONE_SENT) => String::new(),
            Some(source) => format!(" (source: {})", source.chars().take(64).collect::<String>()),
        }
    }
}

/// One sentence that says what decided, for what it was needed, and by which rule.
impl fmt::Display for Why<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let purpose = self.purpose;
        match self.ground {
            Ground::Necessary => write!(formatter, "{purpose} needs no agreement"),
            Ground::Agreed => write!(
                formatter,
                "the person agreed to {purpose}{}",
                self.through()
            ),
            Ground::Refused => write!(formatter, "the person refused {purpose}{}", self.through()),
            Ground::Withdrawn(at) => write!(
                formatter,
                "the person has withdrawn consent to {purpose} (at {at}), and nothing newer agrees to it"
            ),
            Ground::GlobalPrivacyControl => write!(
                formatter,
                "Global Privacy Control denies {purpose}: the browser asks not to be sold or shared, and this policy honours it"
            ),
            Ground::Presumed => write!(
                formatter,
                "nobody objected to {purpose}, and {}",
                self.presumption()
            ),
            Ground::Undecided => write!(
                formatter,
                "nobody agreed to {purpose}, and {}",
                self.presumption()
            ),
            Ground::Declared => write!(
                formatter,
                "the source's owner declares the basis \"{}\" for {purpose}, and nobody objected",
                self.declared.unwrap_or_default()
            ),
            Ground::UnknownPurpose => write!(
                formatter,
                "this space has no purpose \"{purpose}\", so nothing allows it"
            ),
            Ground::Unmapped => {
                formatter.write_str("the policy names no purpose for this, so nothing allows it")
            }
        }?;
        if let Some(asked) = self.asked {
            match self.ground {
                Ground::Unmapped => write!(formatter, "; it is asked before {}", asked.deed())?,
                _ => write!(formatter, "; {purpose} is needed before {}", asked.deed())?,
            }
        }
        write!(
            formatter,
            " [policy version {}, {}]",
            self.policy_version,
            self.rule()
        )
    }
}
