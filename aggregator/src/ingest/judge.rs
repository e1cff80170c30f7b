//! What the edge cannot know: what the person says now, and whose event it is.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use cdp_core::consent::Standing;
use cdp_core::event::{Event, Object};
use cdp_core::forward::{Forward, Refused};
use cdp_core::gate::{Gate, gate_event};
use cdp_core::identifier::{self, Identifier};
use cdp_core::outcome::Outcome;
use cdp_core::source::SourceConfig;
use serde_json::Value;

use super::writer::{Batch, NewEvent};
use crate::app::App;
use crate::consent;
use crate::error::{Error, Result};
use crate::ledger::NewTabs;

/// Asks the gate once more with the person's current choices, and finds each event's anchor.
pub(super) async fn judge(app: &App, forward: Forward) -> Result<Batch> {
    let config = app
        .sources
        .by_id(&forward.source_id)
        .filter(|config| config.space_id == forward.space_id);
    let config = config.ok_or_else(|| Error::not_found("source"))?;
    let admitted: Vec<(usize, Event, Vec<Identifier>)> = forward
        .admitted
        .into_iter()
        .map(|admitted| {
            let identifiers = identifier::of_event(&admitted.event);
            (admitted.index, admitted.event, identifiers)
        })
        .collect();
    let anchors = admitted
        .iter()
        .filter_map(|(_, _, identifiers)| identifiers.first());
    let current = consent::current_of_people(
        app,
        &forward.space_id,
        &config.policy.collect_purpose,
        anchors,
    )
    .await?;

    let mut batch = Batch {
        space_id: forward.space_id,
        source_id: forward.source_id,
        received_at: forward.received_at,
        events: Vec::with_capacity(admitted.len()),
        refused: forward.refused,
        reports: forward.ledger,
    };
    for (index, event, identifiers) in admitted {
        match verdict(
            &config,
            &event,
            identifiers.first(),
            &current,
            forward.jurisdiction.as_deref(),
        ) {
            Ok(anchor) => batch.events.push(NewEvent::new(index, &event, &anchor)?),
            Err((outcome, reason)) => batch.refused.push(refused(index, event, outcome, reason)),
        }
    }
    let mut tabs = app.tabs.lock().unwrap_or_else(PoisonError::into_inner);
    forget_made_up_tabs(&mut batch, &mut tabs);
    Ok(batch)
}

/// Takes the numbers of tabs away that the ledger opens no account for: the events themselves stay.
fn forget_made_up_tabs(batch: &mut Batch, tabs: &mut NewTabs) {
    let (source_id, now) = (&batch.source_id, batch.received_at);
    let mut admits = |tab: &str| tabs.admits(source_id, tab, now);
    for event in &mut batch.events {
        event.mark.take_if(|mark| !admits(&mark.tab));
    }
    for refused in &mut batch.refused {
        refused.ledger.take_if(|mark| !admits(&mark.tab));
    }
    batch.reports.retain(|report| admits(&report.tab));
}

/// The event's anchor, or why it is refused.
fn verdict(
    config: &SourceConfig,
    event: &Event,
    anchor: Option<&Identifier>,
    current: &BTreeMap<Identifier, Standing>,
    jurisdiction: Option<&str>,
) -> Result<Identifier, (Outcome, String)> {
    let Some(anchor) = anchor else {
        let reason = "the event names nobody: each of its ids is a placeholder such as \"null\" or is empty; send a userId or an anonymousId of the person";
        return Err((Outcome::Quarantined, reason.to_owned()));
    };
    match gate_event(
        &config.policy,
        &config.consent_basis,
        &event.receipt,
        current.get(anchor),
        jurisdiction,
    ) {
        Gate::Admit => Ok(anchor.clone()),
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
        message,
        ledger: event.ledger,
    }
}

/// The event in the form in which clients send it, so that it can be tried again.
fn as_message(event: &Event) -> Option<Value> {
    let mut message = serde_json::to_value(event).ok()?;
    let fields = message.as_object_mut()?;
    let (consent, ledger, extra) = (
        fields.remove("receipt"),
        fields.remove("ledger"),
        fields.remove("extra"),
    );
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
    Some(message)
}
