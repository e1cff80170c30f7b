//! Ingest: events a second that are durable and answered, against the limit of a log: a server that
//! parses with types, checks, deduplicates, appends and fsyncs. And how fast they take effect.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::bodies::{self, EVENTS};
use crate::client::{self, Manner, Seen, Until};
use crate::figures::{Goal, median, percentile, print};
use crate::servers::{self, Headwater};

pub(crate) const ROUNDS: usize = 5;
pub(crate) const LENGTH: Duration = Duration::from_secs(3);
/// Many connections, because an answer waits for the disk and a group commit serves them all.
const CONNECTIONS: usize = 64;
/// How long what was sent may take to take effect.
const PATIENCE: Duration = Duration::from_secs(600);

/// Both servers in turn, five rounds; medians. A round of headwater's is over when its events have taken
/// effect, so that nothing of it disturbs the others.
pub(crate) async fn run(binary: PathBuf) -> Result<()> {
    let reference = servers::reference().await?;
    let headwater = servers::headwater(&binary).await?;
    headwater.define_audiences().await?;
    let (mut parsed, mut limit, mut stored) = (Vec::new(), Vec::new(), Vec::new());
    let (mut effective, mut slow) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        for (path, rates) in [("/v1/batch", &mut parsed), ("/append", &mut limit)] {
            let key = headwater.write_key.clone();
            let run = format!("r{round}");
            let body = move |connection, count| bodies::batch(&key, &run, connection, count);
            let seen = client::run(reference.address, path, manner(None), body).await?;
            rates.push(events_a_second(&seen)?);
        }
        let started = Instant::now();
        let mut seen = send(&headwater, &format!("r{round}"), manner(None)).await?;
        drained(&headwater, &format!("r{round}")).await?;
        let sent = f64::from(u32::try_from(seen.latencies.len() * EVENTS)?);
        effective.push(sent / started.elapsed().as_secs_f64());
        stored.push(events_a_second(&seen)?);
        slow.push(tail(&mut seen));
    }
    let rate = median(stored.clone());
    let (mut calm, mut usual) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let half = manner(Some(rate / 2.0 / f64::from(u32::try_from(EVENTS)?)));
        let mut seen = send(&headwater, &format!("h{round}"), half).await?;
        drained(&headwater, &format!("h{round}")).await?;
        usual.push(percentile(&mut seen.latencies, 0.5));
        calm.push(tail(&mut seen));
    }
    let rss = headwater.server.memory()?;
    let ratio = |some: &[f64], others: &[f64]| {
        median(
            some.iter()
                .zip(others)
                .map(|(one, other)| one / other)
                .collect(),
        )
    };
    let durable = ratio(&stored, &limit);
    let effect = ratio(&effective, &stored);
    for (name, values) in [
        ("axum that reads and parses to values", parsed),
        ("limit: parse, check, deduplicate, append, fsync", limit),
        ("headwater, durable before answered", stored),
        (
            "headwater, taken effect (identity to 20 audiences)",
            effective,
        ),
    ] {
        print(name, median(values), "events/s", &Goal::None);
    }
    for (name, value, goal) in [
        ("headwater / limit", durable, Goal::AtLeast(0.45)),
        ("taken effect / durable", effect, Goal::AtLeast(0.3)),
        ("p99 / p50 at the maximum rate", median(slow), Goal::None),
        (
            "p99 / p50 at half of the maximum rate",
            median(calm),
            Goal::AtMost(5.0),
        ),
    ] {
        print(name, value, "ratio", &goal);
    }
    let usual = median(usual);
    print("p50 at half of the maximum rate", usual, "ms", &Goal::None);
    print("memory at the end", rss, "MB", &Goal::AtMost(300.0));
    Ok(())
}

pub(crate) fn manner(rate: Option<f64>) -> Manner {
    Manner {
        connections: CONNECTIONS,
        until: Until::Over(LENGTH),
        rate,
    }
}

pub(crate) fn events_a_second(seen: &Seen) -> Result<f64> {
    Ok(seen.rate() * f64::from(u32::try_from(EVENTS)?))
}

fn tail(seen: &mut Seen) -> f64 {
    percentile(&mut seen.latencies, 0.99) / percentile(&mut seen.latencies, 0.5)
}

/// Sends batches of a run to headwater.
pub(crate) async fn send(headwater: &Headwater, run: &str, manner: Manner) -> Result<Seen> {
    let (key, run) = (headwater.write_key.clone(), run.to_owned());
    let body = move |connection, count| bodies::batch(&key, &run, connection, count);
    client::run(headwater.server.address, "/v1/batch", manner, body).await
}

/// Waits until everything that was sent has taken effect: the log is worked off in order, so the last
/// event's person is known when all others are.
pub(crate) async fn drained(headwater: &Headwater, last: &str) -> Result<()> {
    headwater.identify(last).await?;
    let give_up = Instant::now() + PATIENCE;
    while !headwater.knows(&format!("user_id:{last}")).await? {
        ensure!(
            Instant::now() < give_up,
            "what was sent does not take effect"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
