//! Collection: the way of a batch through the edge.

use cdp_core::consent::Receipt;
use cdp_core::event::EventKind;
use cdp_core::forward::{Admitted, Forward, Subject};
use cdp_core::gate::taken_unasked;
use cdp_core::outcome::{MessageOutcome, Outcome};
use cdp_core::wire::{Batch, Intake};
use serde::Serialize;
use std::collections::BTreeMap;

use crate::Endpoint;
use crate::anonymous_id;
use crate::authenticate::authenticate;
use crate::decide::{self, Caller, Moment};
use crate::decompress;
use crate::error::EdgeError;
use crate::host::Host;
use crate::http::{Request, Response};
use crate::rate_limit;
use cdp_core::decision::Decision;

#[derive(Serialize)]
struct Reply {
    success: bool,
    outcomes: Vec<MessageOutcome>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    decisions: BTreeMap<String, Decision>,
}

/// Decompress, read, authenticate, mind the limits, judge (which gates), forward, answer.
pub(crate) async fn collect<H: Host>(
    host: &H,
    request: &Request,
    endpoint: Endpoint,
) -> Result<Response, EdgeError> {
    // Before anything is asked of the aggregator: events are timed by when they came, not by how busy it is.
    let received_at = host.now();
    let (body, _room) = decompress::body(host, request)?;
    let mut batch = match endpoint {
        Endpoint::Batch => Batch::read(&body)?,
        Endpoint::Single(kind) => Batch::read_single(kind, &body)?,
        Endpoint::Consent => Batch::read_consent(&body)?,
    };
    let (key, other_key) = (batch.write_key.as_deref(), batch.other_key.as_deref());
    let config = authenticate(host, request, key, other_key).await?;
    // A tab's report, and each number that it settles, costs the ledger as much as an event costs the log.
    let reported: usize = batch.ledger.iter().map(|report| 1 + report.settles()).sum();
    rate_limit::admit(host, request, &config, batch.len() + reported)?;
    let intake = Intake {
        config: &config,
        received_at,
        jurisdiction: request.jurisdiction.as_deref(),
        gpc: request.has_gpc(),
        caller: request.caller(),
    };
    let judged = batch.judge(&intake, &mut || {
        uuid::Builder::from_random_bytes(host.random())
            .into_uuid()
            .to_string()
    });

    // What came without a receipt and passes by the place's presumption is told so.
    let mut unasked: BTreeMap<usize, String> = judged
        .admitted
        .iter()
        .filter_map(|Admitted { index, event }| {
            Some((
                *index,
                taken_unasked(&config.policy, &config.consent_basis, event)?,
            ))
        })
        .collect();

    let mut placements = std::mem::take(&mut batch.placements);
    placements.truncate(decide::MOST_PLACEMENTS);
    // Consent that cannot be read, or that names a purpose that does not exist, allows no decision.
    if let Some(consent) = &mut batch.consent {
        consent.stamp(&config.policy, request.jurisdiction.as_deref());
    }
    let consent = batch
        .consent
        .as_ref()
        .filter(|consent| config.policy.check_choices(consent.ruling()).is_ok());
    let nothing = decide::refusal(&config.policy);
    let (token, id) = (batch.user_token.as_deref(), batch.anonymous_id.as_deref());
    let caller = Caller::new(
        request,
        &config,
        decide::who(host, request, &config, token, id),
        consent.map_or(&nothing, Receipt::ruling),
        consent.is_some_and(|consent| consent.gpc),
    );
    let wanted = if placements.is_empty() {
        None
    } else {
        decide::subject(&config, &caller).ok()
    };
    let recognised = judged
        .admitted
        .iter()
        .any(|admitted| admitted.event.kind != EventKind::Consent);
    let stated = stated(&judged.admitted);
    let forward = Forward {
        space_id: config.space_id.clone(),
        source_id: config.source_id.clone(),
        received_at,
        jurisdiction: request.jurisdiction.clone(),
        admitted: judged.admitted,
        refused: judged.refused,
        ledger: std::mem::take(&mut batch.ledger),
        snapshot_of: wanted,
    };
    let mut taken = host.forward(forward).await?;
    if !stated.is_empty() {
        host.forget(&config.space_id, stated).await;
    }
    for line in &mut taken.outcomes {
        if line.outcome == Outcome::Ok && line.reason.is_none() {
            line.reason = unasked.remove(&line.index);
        }
    }

    let mut decisions = BTreeMap::new();
    if !placements.is_empty() {
        let known = taken.known.as_ref();
        decide::mind_withdrawal(host, &config, &caller, known).await;
        let moment = Moment::of(host);
        let news = (known, taken.unheard.as_slice());
        decisions = decide::all(&config, &caller, &placements, news, &moment);
    }
    let stored = taken
        .outcomes
        .iter()
        .any(|line| matches!(line.outcome, Outcome::Ok | Outcome::Duplicate));
    let response = Response::json(
        200,
        &Reply {
            success: true,
            outcomes: taken.outcomes,
            decisions,
        },
    );
    // An event was stored, so the person agreed to be recognised.
    Ok(if stored && recognised {
        anonymous_id::renewed(response, request)
    } else {
        response
    })
}

/// Whoever says something of consent: what a host keeps of them may not hold any more.
fn stated(admitted: &[Admitted]) -> Vec<Subject> {
    let statements = admitted
        .iter()
        .map(|admitted| &admitted.event)
        .filter(|event| event.kind == EventKind::Consent);
    statements
        .flat_map(|event| {
            let anonymous = event.anonymous_id.clone().map(Subject::AnonymousId);
            anonymous
                .into_iter()
                .chain(event.user_id.clone().map(Subject::UserId))
        })
        .collect()
}
