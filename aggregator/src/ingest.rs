//! Taking events: judged again, written to the log, acknowledged only when durable.

use std::time::Duration;

use cdp_core::event::EventKind;
use cdp_core::forward::{Forward, Forwarded};

use crate::app::App;
use crate::error::Result;
use crate::tracking_plan::Origin;
use crate::{snapshot, tracking_plan};

mod entry;
mod judge;
mod known;
mod seen;
mod writer;

pub(crate) use entry::Entry;
pub(crate) use judge::parked;
pub(crate) use seen::{IdHash, Seen};
pub(crate) use writer::{Log, Quarantined};

/// How long a caller waits for its events to take effect before it is answered without them.
const PATIENCE: Duration = Duration::from_secs(2);

/// The way of one batch. Answers when its events are durable; when a snapshot is asked for, also
/// when they have taken effect (or after [`PATIENCE`], then without one).
pub(crate) async fn accept(app: &App, forward: Forward) -> Result<Forwarded> {
    take(app, forward, false).await
}

/// The way of messages that were refused before and are tried again.
pub(crate) async fn accept_again(app: &App, forward: Forward) -> Result<Forwarded> {
    take(app, forward, true).await
}

async fn take(app: &App, forward: Forward, again: bool) -> Result<Forwarded> {
    let origin = Origin {
        space_id: forward.space_id.clone(),
        source_id: forward.source_id.clone(),
        received_at: forward.received_at,
    };
    let snapshot_of = forward.snapshot_of.clone();
    let statement = forward
        .admitted
        .iter()
        .any(|admitted| admitted.event.kind == EventKind::Consent);
    let (batch, findings) = judge::judge(app, forward).await?;
    let mut written = app.log.append(batch).await?;
    tracking_plan::settle(app, &origin, &findings, &mut written.outcomes, again);
    if statement {
        // Whoever withdraws and is told so meets nothing any more that rests on what they withdrew.
        app.pipeline.passed(written.end, PATIENCE).await;
    }
    let snapshot = match snapshot_of {
        Some(subject) if app.pipeline.passed(written.end, PATIENCE).await => {
            Some(snapshot::of(app, &origin.space_id, &subject).await?)
        }
        _ => None,
    };
    Ok(Forwarded {
        outcomes: written.outcomes,
        snapshot,
    })
}
