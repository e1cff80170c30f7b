//! Ingest on Postgres, against its own limits: COPY of the same events into a table without an index, alone
//! and behind a server that has headwater's core and reads the same requests.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _};
use tokio::task::JoinSet;

use crate::bodies;
use crate::client;
use crate::figures::{Goal, median, print};
use crate::ingest::{LENGTH, ROUNDS, drained, events_a_second, manner, send};
use crate::servers;

/// Connections that copy at the same time, and rows of a commit: what was fastest on two cores.
const COPIES: usize = 4;
const ROWS: usize = 2_000;

/// Headwater and COPY in turn, five rounds; medians.
pub(crate) async fn run(binary: PathBuf, url: &str) -> Result<()> {
    let headwater = servers::headwater_on(&binary, Some(url)).await?;
    headwater.define_audiences().await?;
    let mut connection = PgConnection::connect(url).await?;
    connection
        .execute("CREATE TABLE bare_copy (body TEXT NOT NULL)")
        .await?;
    let reference = servers::reference_on(url).await?;
    let rows = rows()?;
    let (mut copied, mut limit, mut stored) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let run = format!("r{round}");
        copied.push(copy(url, &rows).await?);
        connection.execute("TRUNCATE bare_copy").await?;
        let key = headwater.write_key.clone();
        let body = move |connection, count| bodies::batch(&key, &run, connection, count);
        let seen = client::run(reference.address, "/copy", manner(None), body).await?;
        limit.push(events_a_second(&seen)?);
        connection.execute("TRUNCATE bare_copy").await?;
        let run = format!("r{round}");
        stored.push(events_a_second(
            &send(&headwater, &run, manner(None)).await?,
        )?);
        drained(&headwater, &run).await?;
    }
    let ratio = |others: &[f64]| {
        let pairs = stored.iter().zip(others);
        median(pairs.map(|(stored, other)| stored / other).collect())
    };
    let (alone, behind) = (ratio(&copied), ratio(&limit));
    for (name, values) in [
        ("COPY alone, 2,000 events a commit, two cores", copied),
        ("limit: parse, check, deduplicate, COPY", limit),
        ("headwater, durable before answered", stored),
    ] {
        print(name, median(values), "events/s", &Goal::None);
    }
    print(
        "headwater / COPY alone",
        alone,
        "ratio",
        &Goal::AtLeast(0.8),
    );
    print("headwater / limit", behind, "ratio", &Goal::AtLeast(0.8));
    Ok(())
}

/// Events as COPY's text format has them.
fn rows() -> Result<Vec<u8>> {
    let mut rows = String::new();
    for batch in 0..ROWS / bodies::EVENTS {
        let body: Value = serde_json::from_slice(&bodies::batch("copy", "copy", 0, batch))?;
        for event in body["batch"].as_array().into_iter().flatten() {
            writeln!(rows, "{}", event.to_string().replace('\\', "\\\\"))?;
        }
    }
    Ok(rows.into_bytes())
}

async fn copy(url: &str, rows: &[u8]) -> Result<f64> {
    let started = Instant::now();
    let mut copies = JoinSet::new();
    for _ in 0..COPIES {
        copies.spawn(copy_on(url.to_owned(), rows.to_vec(), LENGTH));
    }
    let mut commits = 0;
    while let Some(done) = copies.join_next().await {
        commits += done??;
    }
    Ok(f64::from(commits) * f64::from(u32::try_from(ROWS)?) / started.elapsed().as_secs_f64())
}

/// Copies over and over; how often.
async fn copy_on(url: String, rows: Vec<u8>, length: Duration) -> Result<u32> {
    let mut connection = PgConnection::connect(&url).await?;
    let started = Instant::now();
    let mut commits = 0;
    while started.elapsed() < length {
        let mut into = connection.copy_in_raw("COPY bare_copy FROM STDIN").await?;
        into.send(rows.as_slice()).await?;
        into.finish().await?;
        commits += 1;
    }
    Ok(commits)
}
