//! Ingest: events a second that are durable and answered, against the limit of a log: a server that
//! parses with types, checks, deduplicates, appends and fsyncs. And how fast they take effect.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;

use crate::bodies::{self, EVENTS};
use crate::client;
use crate::figures::{Goal, median, percentile, print};
use crate::servers;

const ROUNDS: usize = 5;
const LENGTH: Duration = Duration::from_secs(3);
/// Many connections, because an answer waits for the disk and a group commit serves them all.
const CONNECTIONS: usize = 64;
/// Audiences that every event is looked at for.
const AUDIENCES: usize = 20;
/// How long what was sent may take to take effect.
const PATIENCE: Duration = Duration::from_secs(600);

/// Both servers in turn, five rounds; medians. Then the pipeline alone.
pub(crate) async fn run(binary: PathBuf) -> Result<()> {
    let reference = servers::reference().await?;
    let headwater = servers::headwater(&binary).await?;
    for number in 0..AUDIENCES {
        let definition = json!({"event": "Product Viewed", "where": {"category": {"eq": "sneakers"}}, "count": {"gte": number + 1}});
        let audience = json!({"name": format!("Audience {number}"), "definition": definition});
        headwater.create("/api/v1/audiences", audience).await?;
    }
    let (mut parsed, mut limit, mut stored) = (Vec::new(), Vec::new(), Vec::new());
    let mut slow = Vec::new();
    for round in 0..ROUNDS {
        for (address, path, rates) in [
            (reference.address, "/v1/batch", &mut parsed),
            (reference.address, "/append", &mut limit),
            (headwater.server.address, "/v1/batch", &mut stored),
        ] {
            let key = headwater.write_key.clone();
            let run = format!("r{round}");
            let mut seen = client::run(
                address,
                path,
                CONNECTIONS,
                LENGTH,
                move |connection, count| bodies::batch(&key, &run, connection, count),
            )
            .await?;
            rates.push(seen.rate() * f64::from(u32::try_from(EVENTS)?));
            if address == headwater.server.address {
                let p50 = percentile(&mut seen.latencies, 0.5);
                slow.push(percentile(&mut seen.latencies, 0.99) / p50);
            }
        }
    }
    drained(&headwater, "first").await?;
    // Once more with the core for itself, from the first event to the last effect.
    let started = Instant::now();
    let key = headwater.write_key.clone();
    let seen = client::run(
        headwater.server.address,
        "/v1/batch",
        CONNECTIONS,
        LENGTH,
        move |connection, count| bodies::batch(&key, "effect", connection, count),
    )
    .await?;
    drained(&headwater, "second").await?;
    let sent = f64::from(u32::try_from(seen.latencies.len() * EVENTS)?);
    let effective = sent / started.elapsed().as_secs_f64();
    let rss = headwater.server.memory()?;
    let ratios = limit
        .iter()
        .zip(&stored)
        .map(|(limit, stored)| stored / limit)
        .collect();
    let rate = median(stored);
    let shown = [
        ("axum that reads and parses to values", median(parsed)),
        (
            "limit: parse, check, deduplicate, append, fsync",
            median(limit),
        ),
        ("headwater, durable before answered", rate),
        (
            "headwater, taken effect (identity to 20 audiences)",
            effective,
        ),
    ];
    for (name, value) in shown {
        print(name, value, "events/s", &Goal::None);
    }
    print(
        "headwater / limit",
        median(ratios),
        "ratio",
        &Goal::AtLeast(0.45),
    );
    print(
        "taken effect / durable",
        effective / rate,
        "ratio",
        &Goal::AtLeast(0.3),
    );
    print(
        "p99 / p50 at the maximum rate",
        median(slow),
        "ratio",
        &Goal::None,
    );
    print("memory at the end", rss, "MB", &Goal::AtMost(300.0));
    Ok(())
}

/// Waits until everything that was sent has taken effect: the log is worked off in order, so the last
/// event's person is known when all others are.
async fn drained(headwater: &servers::Headwater, last: &str) -> Result<()> {
    let user = format!("user_id:{last}");
    let last = json!({"writeKey": headwater.server_write_key, "batch": [{"type": "identify", "userId": last, "messageId": last}]});
    let body = last.to_string().into_bytes();
    client::once(headwater.server.address, "/v1/batch", None, body).await?;
    let give_up = Instant::now() + PATIENCE;
    while !headwater.knows(&user).await? {
        ensure!(
            Instant::now() < give_up,
            "what was sent does not take effect"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
