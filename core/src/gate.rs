//! The consent gate: whether an event may be taken, asked again on every hop.

use crate::consent::{Policy, Receipt, Standing, Verdict};
use crate::source::ConsentBasis;

/// What consent says to an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// It may be stored.
    Admit,
    /// It may not; nothing of its content is kept. The text says why.
    Deny(String),
    /// Its consent cannot be read; it is kept aside until somebody mends it. The text says why.
    Quarantine(String),
}

/// The gate of one event: what the person says now, as far as this hop knows it, then what the
/// event's own receipt says. A refusal older than the receipt's choice no longer counts; a receipt
/// without a time counts as older than any refusal.
#[must_use]
pub fn gate_event(
    policy: &Policy,
    basis: &ConsentBasis,
    receipt: &Receipt,
    current: Option<&Standing>,
    jurisdiction: Option<&str>,
) -> Gate {
    let purpose = policy.collect_purpose.as_str();
    for choices in [&receipt.choices, receipt.ruling()] {
        if let Err(unknown) = policy.check_choices(choices) {
            return Gate::Quarantine(unknown.to_string());
        }
    }
    let refused_since = current
        .filter(|standing| standing.choices.get(purpose) == Some(&false))
        .map(|standing| standing.since);
    if refused_since
        .is_some_and(|since| receipt.ruling_since().is_none_or(|chosen| chosen <= since))
    {
        return Gate::Deny(format!("the person has withdrawn consent to {purpose}"));
    }
    let ruling = receipt.ruling();
    if matches!(basis, ConsentBasis::Declared { .. }) && !ruling.contains_key(purpose) {
        return Gate::Admit;
    }
    match policy.verdict(purpose, ruling, jurisdiction, receipt.gpc) {
        Verdict::Allow => Gate::Admit,
        Verdict::Deny if ruling.get(purpose) == Some(&false) => {
            Gate::Deny(format!("the person refused {purpose}"))
        }
        Verdict::Deny => Gate::Deny(format!("Global Privacy Control denies {purpose}")),
        Verdict::Hold => Gate::Deny(format!(
            "no consent to {purpose}: send context.consent.categoryPreferences.{purpose} with each event, or hold it until the person chooses"
        )),
    }
}
