//! Soak: millions of events in one run. Is it as fast at the end as at the beginning, and is memory flat?

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;

use crate::bodies::EVENTS as OF_A_BATCH;
use crate::client::{Manner, Until};
use crate::figures::{Goal, print};
use crate::ingest::{drained, send};
use crate::servers;

/// Events of a whole run.
pub(crate) const EVENTS: usize = 10_000_000;
/// Events that are sent before all of them have to have taken effect.
const PART: usize = 500_000;
/// Parts that are compared with the last ones: a million events.
const FIRST: usize = 2;
const CONNECTIONS: usize = 64;

/// Sends `events` in parts.
pub(crate) async fn run(binary: PathBuf, events: usize) -> Result<()> {
    let headwater = servers::headwater(&binary).await?;
    headwater.define_audiences().await?;
    let parts = (events / PART).max(2 * FIRST);
    let mut seconds = Vec::with_capacity(parts);
    let mut memory = Vec::with_capacity(parts);
    for part in 0..parts {
        let started = Instant::now();
        let manner = Manner {
            connections: CONNECTIONS,
            until: Until::Sent(PART / OF_A_BATCH / CONNECTIONS),
            rate: None,
        };
        send(&headwater, &format!("p{part}"), manner).await?;
        drained(&headwater, &format!("p{part}")).await?;
        seconds.push(started.elapsed().as_secs_f64());
        memory.push(headwater.server.memory()?);
    }
    let sent = f64::from(u32::try_from(
        PART / OF_A_BATCH / CONNECTIONS * OF_A_BATCH * CONNECTIONS,
    )?);
    let rate = |parts: &[f64]| {
        sent * f64::from(u32::try_from(parts.len()).unwrap_or(u32::MAX)) / parts.iter().sum::<f64>()
    };
    let (first, last) = (
        rate(seconds.get(..FIRST).unwrap_or_default()),
        rate(seconds.get(parts - FIRST..).unwrap_or_default()),
    );
    let at = |part: usize| memory.get(part).copied().unwrap_or_default();
    print(
        "events",
        sent * f64::from(u32::try_from(parts)?),
        "events",
        &Goal::None,
    );
    print(
        "taken effect, first million",
        first,
        "events/s",
        &Goal::None,
    );
    print("taken effect, last million", last, "events/s", &Goal::None);
    print("last / first", last / first, "ratio", &Goal::AtLeast(0.8));
    print(
        "memory after the first million",
        at(FIRST - 1),
        "MB",
        &Goal::None,
    );
    print(
        "memory at the end",
        at(parts - 1),
        "MB",
        &Goal::AtMost(300.0),
    );
    print(
        "memory at the end / after the first million",
        at(parts - 1) / at(FIRST - 1),
        "ratio",
        &Goal::AtMost(1.2),
    );
    Ok(())
}
