//! Ingest: events a second that are durable and answered, against a server that reads and parses.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use crate::bodies::{self, EVENTS};
use crate::client;
use crate::figures::{Goal, median, print};
use crate::servers;

const ROUNDS: usize = 5;
const LENGTH: Duration = Duration::from_secs(3);
/// Many connections, because an answer waits for the disk and a group commit serves them all.
const CONNECTIONS: usize = 64;

/// Both servers in turn, five rounds; medians.
pub(crate) async fn run(binary: PathBuf) -> Result<()> {
    let reference = servers::reference().await?;
    let headwater = servers::headwater(&binary).await?;
    let (mut parsed, mut stored) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        for (address, rates) in [
            (reference.address, &mut parsed),
            (headwater.server.address, &mut stored),
        ] {
            let key = headwater.write_key.clone();
            let run = format!("r{round}");
            let seen = client::run(
                address,
                "/v1/batch",
                CONNECTIONS,
                LENGTH,
                move |connection, count| bodies::batch(&key, &run, connection, count),
            )
            .await?;
            rates.push(seen.rate() * f64::from(u32::try_from(EVENTS)?));
        }
    }
    let ratios = parsed
        .iter()
        .zip(&stored)
        .map(|(parsed, stored)| stored / parsed)
        .collect();
    print(
        "axum that reads and parses",
        median(parsed),
        "events/s",
        &Goal::None,
    );
    print(
        "headwater, durable before answered",
        median(stored),
        "events/s",
        &Goal::None,
    );
    print(
        "headwater / axum",
        median(ratios),
        "ratio",
        &Goal::AtLeast(0.1),
    );
    Ok(())
}
