//! What the edge cannot know: what the person says now, and whether the event names anybody.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use cdp_core::consent::Standing;
use cdp_core::event::{Event, EventKind, Object, Writer};
use cdp_core::forward::{Forward, Refused};
use cdp_core::gate::{Gate, gate_event};
use cdp_core::identifier::Identifier;
use cdp_core::kept_message::KeptMessage;
use cdp_core::outcome::Outcome;
use cdp_core::source::SourceConfig;
use cdp_core::tracking_plan::{Action, Compiled};
use serde_json::Value;

use super::writer::{Batch, NewEvent};
use crate::app::App;
use crate::consent;
use crate::error::{Error, Result};
use crate::tracking_plan::Findings;

/// Asks the gate once more with the person's current choices, and compares the event with the space's
/// tracking plan.
pub(super) async fn judge(app: &App, mut forward: Forward) -> Result<(Batch, Findings)> {
    let config = app
        .sources
        .by_id(&forward.source_id)
        .filter(|config| config.space_id == forward.space_id);
    let config = config.ok_or_else(|| Error::not_found("source"))?;
    forget_made_up_tabs(app, &mut forward);
    let identity = app.sources.identity(&forward.space_id);
    let admitted: Vec<(usize, Event, Vec<Identifier>)> = forward
        .admitted
        .into_iter()
        .map(|admitted| {
            let identifiers = identity.identifiers_of(&admitted.event);
            (admitted.index, admitted.event, identifiers)
        })
        .collect();
    let named = admitted.iter().flat_map(|(_, _, identifiers)| identifiers);
    let current = consent::current_of_people(app, &forward.space_id, named).await?;

    app.suppressions
        .strip(&forward.space_id, &identity, &mut forward.refused);
    let plan = app.plans.of(&forward.space_id);
    let mut findings = Findings::new();
    let mut texts = Writer::default();
    let mut batch = Batch {
        space_id: forward.space_id,
        source_id: forward.source_id,
        received_at: forward.received_at,
        events: Vec::with_capacity(admitted.len()),
        refused: forward.refused,
        reports: forward.ledger,
    };
    for (index, mut event, identifiers) in admitted {
        let verdict = match app.suppressions.refusal(&batch.space_id, &identifiers) {
            Some(reason) => Err((Outcome::Denied, reason.to_owned())),
            None => verdict(&config, &event, &identifiers, &current),
        };
        let verdict = verdict.and_then(|()| {
            match planned(plan.as_deref(), index, &mut event, &mut findings) {
                None => Ok(()),
                Some(reason) => Err((Outcome::Quarantined, reason)),
            }
        });
        match verdict {
            Ok(()) => batch.events.push(NewEvent::new(index, event, &mut texts)),
            Err((outcome, reason)) => batch.refused.push(refused(index, event, outcome, reason)),
        }
    }
    Ok((batch, findings))
}

/// Takes the numbers of tabs away that the ledger opens no account for: the events themselves stay.
fn forget_made_up_tabs(app: &App, forward: &mut Forward) {
    let mut tabs = app.tabs.lock().unwrap_or_else(PoisonError::into_inner);
    let (source_id, now) = (&forward.source_id, forward.received_at);
    let mut admits = |tab: &str| tabs.admits(source_id, tab, now);
    let marks = forward
        .admitted
        .iter_mut()
        .map(|admitted| &mut admitted.event.ledger)
        .chain(
            forward
                .refused
                .iter_mut()
                .map(|refused| &mut refused.ledger),
        );
    for mark in marks {
        mark.take_if(|mark| !admits(&mark.tab));
    }
    forward.ledger.retain(|report| admits(&report.tab));
}

/// Why the event is refused by the tracking plan, if it is. What is flagged carries its violations.
fn planned(
    plan: Option<&Compiled>,
    index: usize,
    event: &mut Event,
    findings: &mut Findings,
) -> Option<String> {
    // Only this server says what is wrong with an event.
    event.violations.clear();
    // What somebody says of consent is nobody's plan.
    let plan = plan.filter(|_| event.kind != EventKind::Consent);
    let finding = plan?.judge(event)?;
    let refused = match finding.action {
        Action::Allow => None,
        Action::Flag => {
            event.violations = finding.violations();
            None
        }
        Action::Quarantine => Some(finding.reason()),
    };
    findings.insert(index, finding);
    refused
}

/// Whether the event may be stored, or why it is refused.
fn verdict(
    config: &SourceConfig,
    event: &Event,
    identifiers: &[Identifier],
    current: &BTreeMap<Identifier, Standing>,
) -> Result<(), (Outcome, String)> {
    if identifiers.is_empty() {
        let reason = "the event names nobody: each of its ids is a placeholder such as \"null\" or is empty; send a userId or an anonymousId of the person";
        return Err((Outcome::Quarantined, reason.to_owned()));
    }
    // Whoever of those that the event names has said no, it is heard.
    let mut said: Option<Standing> = None;
    for standing in identifiers.iter().filter_map(|named| current.get(named)) {
        said.get_or_insert_default().merge(standing);
    }
    match gate_event(&config.policy, &config.consent_basis, event, said.as_ref()) {
        Gate::Admit => Ok(()),
        Gate::Deny(reason) => Err((Outcome::Denied, reason)),
        Gate::Quarantine(reason) => Err((Outcome::Quarantined, reason)),
    }
}

fn refused(index: usize, event: Event, outcome: Outcome, reason: String) -> Refused {
    // What is denied is not kept; only its number is.
    let message = if outcome == Outcome::Quarantined {
        as_message(&event)
    } else {
        None
    };
    Refused {
        index,
        message_id: event.message_id,
        outcome,
        reason,
        jurisdiction: event.receipt.jurisdiction.filter(|_| message.is_some()),
        gpc: event.receipt.gpc && message.is_some(),
        message,
        ledger: event.ledger,
    }
}

/// A stored event that the server cannot work with, for quarantine.
pub(crate) fn parked(index: usize, text: &str) -> Refused {
    let reason = "the event was stored, but the server could not work with it; its log says why. Try it again after an update".to_owned();
    match serde_json::from_str::<Event>(text) {
        Ok(event) => refused(index, event, Outcome::Quarantined, reason),
        Err(_) => Refused {
            index,
            message_id: String::new(),
            outcome: Outcome::Quarantined,
            reason,
            message: Some(KeptMessage::of_text(text)),
            jurisdiction: None,
            gpc: false,
            ledger: None,
        },
    }
}

/// A receipt with the client's own words for what people choose, where it came with such.
fn as_sent(mut receipt: Value) -> Value {
    for path in ["", "/release"] {
        let record = receipt.pointer_mut(path).and_then(Value::as_object_mut);
        if let Some(record) = record
            && let Some(sent) = record.remove("categories")
        {
            record.insert("categoryPreferences".to_owned(), sent);
        }
    }
    receipt
}

/// The event in the form in which clients send it, so that it can be tried again.
fn as_message(event: &Event) -> Option<KeptMessage> {
    let mut message = serde_json::to_value(event).ok()?;
    let fields = message.as_object_mut()?;
    // A page's and a screen's name has another word on the wire than a track event's.
    if matches!(event.kind, EventKind::Page | EventKind::Screen) {
        let name = fields.remove("event");
        fields.extend(name.map(|name| ("name".to_owned(), name)));
    }
    let consent = fields.remove("receipt").map(as_sent);
    let (ledger, extra) = (fields.remove("ledger"), fields.remove("extra"));
    fields.remove("receivedAt");
    fields.remove("bot");
    let context = fields
        .entry("context")
        .or_insert_with(|| Value::Object(Object::new()))
        .as_object_mut()?;
    context.extend(consent.map(|consent| ("consent".to_owned(), consent)));
    context.extend(ledger.map(|ledger| ("ledger".to_owned(), ledger)));
    if let Some(Value::Object(extra)) = extra {
        fields.extend(extra);
    }
    Some(KeptMessage::from(&message))
}
