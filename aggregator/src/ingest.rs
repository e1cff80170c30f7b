//! Taking events: judged again, written to the log, acknowledged only when durable.

use cdp_core::forward::{Forward, Forwarded};

use crate::app::App;
use crate::error::Result;
use crate::snapshot;

mod judge;
mod store;
mod writer;

pub(crate) use writer::{Log, Quarantined};

/// The way of one batch. Answers when its events are durable; when a snapshot is asked for, also
/// when they have taken effect (or after [`crate::pipeline::PATIENCE`], then without one).
pub(crate) async fn accept(app: &App, forward: Forward) -> Result<Forwarded> {
    let space_id = forward.space_id.clone();
    let snapshot_of = forward.snapshot_of.clone();
    let batch = judge::judge(app, forward).await?;
    let written = app.log.append(batch).await?;
    let snapshot = match snapshot_of {
        Some(anonymous_id) if app.pipeline.passed(written.end).await => {
            Some(snapshot::of(app, &space_id, &anonymous_id).await?)
        }
        _ => None,
    };
    Ok(Forwarded {
        outcomes: written.outcomes,
        snapshot,
    })
}
