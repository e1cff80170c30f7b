//! The consent gate: whether an event may be taken, asked again on every hop.

use crate::consent::{Evidence, Grant, Ground, Policy, Receipt, Standing, Use, Verdict, Why};
use crate::event::{Event, EventKind};
use crate::source::ConsentBasis;
use crate::time::Span;

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

/// What was found of an event's consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding<'a> {
    /// The receipt can be read, and this is what decided.
    Ruled(Why<'a>),
    /// The receipt cannot have been written by an honest client; the text says why.
    Forged(String),
}

/// How far a client's clock may seem ahead of ours once it is corrected.
const AHEAD: Span = Span::from_seconds(300);

/// Examines an event's consent: its own receipt by the policy, then what the person has said as far as
/// this hop knows it. The strictest answer is the answer.
#[must_use]
pub fn examine<'a>(
    policy: &'a Policy,
    basis: &'a ConsentBasis,
    event: &'a Event,
    current: Option<&Standing>,
) -> Finding<'a> {
    if let Some(why) = forgery(policy, event) {
        return Finding::Forged(why);
    }
    let ask = |asked| explain(policy, basis, event, current, asked);
    let sending = ask(Use::Send);
    if basis.declared().is_some() {
        return Finding::Ruled(sending);
    }
    // A browser keeps its ids and the event itself on the person's device, whoever wrote its program.
    let storing = ask(Use::Store);
    Finding::Ruled(if sending.verdict < storing.verdict {
        storing
    } else {
        sending
    })
}

/// What consent says now to one use of an event, and why: its own receipt by the policy, then what the
/// person has said.
#[must_use]
pub fn explain<'a>(
    policy: &'a Policy,
    basis: &'a ConsentBasis,
    event: &'a Event,
    current: Option<&Standing>,
    asked: Use<'a>,
) -> Why<'a> {
    let evidence = Evidence::of_receipt(&event.receipt, basis.declared());
    let why = policy.ask(asked, &evidence);
    let allowed = current.filter(|_| why.verdict == Verdict::Allow);
    allowed
        .and_then(|current| withdrawn(policy, asked, &evidence, current, event))
        .unwrap_or(why)
}

/// The purpose of a use that the person's own word forbids, although the receipt allows it.
fn withdrawn<'a>(
    policy: &'a Policy,
    asked: Use<'a>,
    evidence: &Evidence<'a>,
    current: &Standing,
    event: &Event,
) -> Option<Why<'a>> {
    policy.uses.of(asked).iter().find_map(|purpose| {
        let why = policy.ask_purpose(purpose, evidence);
        let grant = match why.ground {
            Ground::Necessary => return None,
            Ground::Agreed => Grant::Chosen,
            _ => Grant::Presumed,
        };
        let since = current.forbids(purpose, grant, event.ruled_at())?;
        Some(Why {
            verdict: Verdict::Deny,
            ground: Ground::Withdrawn(since),
            asked: Some(asked),
            ..why
        })
    })
}

/// Why no honest client can have written the receipt, if so.
fn forgery(policy: &Policy, event: &Event) -> Option<String> {
    let receipt = &event.receipt;
    for choices in [&receipt.choices, receipt.ruling()] {
        if let Err(unknown) = policy.check_choices(choices) {
            return Some(unknown.to_string());
        }
    }
    if let Some(version) = receipt
        .policy_version
        .filter(|version| *version > policy.version)
    {
        return Some(format!(
            "the consent receipt names policy version {version}, which does not exist yet (the newest is {}): send context.consent.policyVersion as the settings of the source give it, or leave it away",
            policy.version
        ));
    }
    let latest = event.received_at.plus(AHEAD);
    receipt
        .moments()
        .find(|moment| event.by_our_clock(*moment) > latest)
        .map(|moment| {
            format!("the consent receipt is from the future ({moment}): send the moment at which consent was read as context.consent.capturedAt, by the same clock as sentAt")
        })
}

/// The gate of one event: what its own receipt says, then what the person has said, as far as this hop
/// knows it.
#[must_use]
pub fn gate_event(
    policy: &Policy,
    basis: &ConsentBasis,
    event: &Event,
    current: Option<&Standing>,
) -> Gate {
    // Saying what one wants is always allowed.
    if event.kind == EventKind::Consent {
        return forgery(policy, event).map_or(Gate::Admit, Gate::Quarantine);
    }
    match examine(policy, basis, event, current) {
        Finding::Forged(reason) => Gate::Quarantine(reason),
        Finding::Ruled(why) if why.verdict == Verdict::Allow => Gate::Admit,
        Finding::Ruled(why) => Gate::Deny(reason(&why, &event.receipt)),
    }
}

/// Why an event is refused, with what its sender can do about it.
fn reason(why: &Why<'_>, receipt: &Receipt) -> String {
    let purpose = why.purpose;
    match why.ground {
        Ground::Undecided => {
            let silent = if receipt.is_silent() {
                "the event came without a consent receipt, so the place decides; "
            } else {
                ""
            };
            format!(
                "no consent to {purpose}: send context.consent.categoryPreferences.{purpose} with each event, or hold it until the person chooses ({silent}{why})"
            )
        }
        _ => why.to_string(),
    }
}

/// What a client is told of an event that was taken although it brought no receipt: on what that rests.
#[must_use]
pub fn taken_unasked(policy: &Policy, basis: &ConsentBasis, event: &Event) -> Option<String> {
    if !event.receipt.is_silent() || basis.declared().is_some() {
        return None;
    }
    match examine(policy, basis, event, None) {
        Finding::Ruled(why) if why.ground == Ground::Presumed => Some(format!(
            "taken without a consent receipt: {why}; send context.consent.categoryPreferences with each event"
        )),
        _ => None,
    }
}
