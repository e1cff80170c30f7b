//! Consent: purposes, a space's policy, the receipt of an event, and the one verdict all hops use.
//!
//! A [`Policy`] is data. It names the space's purposes, says for every [`Use`] of an event which
//! purposes it needs, and for every place what its law presumes. [`Policy::ask`] is the one function
//! that all hops ask, and its [`Why`] says which rule decided. What an event's evidence allows is its
//! [`Grants`]; what the person has said since is their [`Standing`]; [`Standing::allows`] puts the two
//! together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod asked;
mod counting;
mod grants;
pub mod place;
mod policy;
mod read;
mod receipt;
mod scope;
mod standing;
mod why;

pub use asked::{Evidence, Use};
pub use counting::{CountedFrom, Counting, Counts, MOST_COUNTED, SMALLEST_GROUP, Stay, day_of};
pub use grants::{Grant, Grants};
pub use policy::{Policy, Purpose, Rule, UnknownPurpose, Uses};
pub use receipt::{Receipt, Release};
pub use scope::Scope;
pub use standing::{Said, Standing};
pub use why::{Explained, Ground, Why};

/// What a place's law presumes while a person has said nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", schemars(rename = "ConsentRegime"))]
pub enum Regime {
    /// Nothing is allowed until the person agrees.
    #[default]
    OptIn,
    /// Allowed until the person objects.
    OptOut,
}

/// What consent says to one use of one purpose, the strictest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", schemars(rename = "ConsentVerdict"))]
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
