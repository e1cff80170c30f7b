//! What is known of somebody while the server cannot be asked: what was said last, with the events of the very
//! request and the time that has passed.

use std::borrow::Cow;

use cdp_core::consent::{Use, Verdict};
use cdp_core::event::Event;
use cdp_core::forward::{Admitted, Snapshot, Subject};
use cdp_core::gate;
use cdp_core::source::SourceConfig;
use cdp_core::time::{Span, Timestamp};

use crate::host::Known;

/// The snapshot as it is now. What the server has just said stays as it is.
pub(crate) fn caught_up<'a>(
    config: &SourceConfig,
    subject: &Subject,
    known: &'a Known,
    unheard: &[Admitted],
    now: Timestamp,
) -> Cow<'a, Snapshot> {
    let snapshot = &known.snapshot;
    if known.age == Span::default() && unheard.is_empty() {
        return Cow::Borrowed(snapshot);
    }
    let own = unheard
        .iter()
        .map(|admitted| &admitted.event)
        .filter(|event| is_of(event, subject) && counts(config, event));
    match snapshot.memberships(&config.audiences, own, now, Some(now)) {
        Some(audiences) => Cow::Owned(Snapshot {
            audiences,
            ..snapshot.clone()
        }),
        None => Cow::Borrowed(snapshot),
    }
}

/// Whether it is the caller's own event.
fn is_of(event: &Event, subject: &Subject) -> bool {
    let id = match subject {
        Subject::AnonymousId(_) => &event.anonymous_id,
        Subject::UserId(_) => &event.user_id,
    };
    id.as_deref() == Some(subject.id())
}

/// Whether consent lets decisions rest on it.
fn counts(config: &SourceConfig, event: &Event) -> bool {
    let (policy, basis) = (&config.policy, &config.consent_basis);
    gate::explain(policy, basis, event, None, Use::Decisions).verdict == Verdict::Allow
}
