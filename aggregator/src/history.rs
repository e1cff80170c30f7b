//! What has arrived lately, the youngest first, for trying plans and policies before they are published.

use std::time::{Duration, Instant};

use cdp_core::event::Event;
use cdp_core::time::{Span, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::Row as _;

use crate::clock;
use crate::database::Database;
use crate::error::{Code, Error, Result};

/// Stored events that one question reads at most.
pub(crate) const MOST_EVENTS: usize = 20_000;
/// How long one question reads at most.
const MOST_TIME: Duration = Duration::from_secs(10);
/// Places of the log in one step.
const STEP: i64 = 2_000;

/// Days that are looked back at when the caller does not say.
const USUAL_DAYS: i64 = 7;
/// Days that are looked back at most.
const MOST_DAYS: i64 = 90;

/// The beginning of the last days.
pub(crate) fn since(days: Option<i64>) -> Result<Timestamp> {
    let days = days.unwrap_or(USUAL_DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(Error::new(
            Code::InvalidRequest,
            format!("\"days\" is a number from 1 to {MOST_DAYS}"),
        ));
    }
    Ok(clock::now().plus(Span::from_seconds(days * 86_400).negated()))
}

/// How much was read, and what limited it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReadEvents")]
pub(crate) struct Reading {
    /// Events that were received before this are not asked for.
    pub(crate) since: Timestamp,
    /// Events that were read.
    pub(crate) events: usize,
    /// Whether these are all; otherwise they are the youngest.
    pub(crate) complete: bool,
    /// Events that are read at most.
    pub(crate) limit: usize,
}

/// Shows each stored event of a space that was received since a time, with the id of its source, the
/// youngest first and up to a limit.
pub(crate) async fn read(
    database: &Database,
    space_id: &str,
    end: i64,
    since: Timestamp,
    mut show: impl FnMut(&str, Event),
) -> Result<Reading> {
    let started = Instant::now();
    let mut reading = Reading {
        since,
        events: 0,
        complete: true,
        limit: MOST_EVENTS,
    };
    let mut upper = end;
    while upper > 0 {
        if started.elapsed() > MOST_TIME {
            reading.complete = false;
            break;
        }
        let Some((offset, received_at)) = place_before(database, upper).await? else {
            break;
        };
        if received_at < since {
            break;
        }
        let lower = offset - STEP;
        for (source_id, body) in bodies(database, space_id, lower, offset, since).await? {
            if reading.events == MOST_EVENTS {
                reading.complete = false;
                return Ok(reading);
            }
            reading.events += 1;
            show(&source_id, serde_json::from_str(&body)?);
        }
        upper = lower;
    }
    Ok(reading)
}

/// The youngest place of the log up to an offset, whosever event is there, and when it was received.
pub(crate) async fn place_before(
    database: &Database,
    upper: i64,
) -> Result<Option<(i64, Timestamp)>> {
    let sql = "SELECT offset_id, received_at FROM event WHERE offset_id <= $1 ORDER BY offset_id DESC LIMIT 1";
    let row = sqlx::query(sql)
        .bind(upper)
        .fetch_optional(database.reader())
        .await?;
    row.map(|row| {
        let received_at = Timestamp::from_micros(row.try_get("received_at")?);
        Ok((row.try_get("offset_id")?, received_at))
    })
    .transpose()
}

/// The space's events at these places. Joining the empty text keeps SQLite from walking an index of the whole space
/// instead of the few places.
async fn bodies(
    database: &Database,
    space_id: &str,
    lower: i64,
    upper: i64,
    since: Timestamp,
) -> Result<Vec<(String, String)>> {
    let sql = "SELECT source_id, body FROM event WHERE offset_id > $1 AND offset_id <= $2 AND space_id || '' = $3 AND received_at >= $4 \
               ORDER BY offset_id DESC";
    let rows = sqlx::query(sql)
        .bind(lower)
        .bind(upper)
        .bind(space_id)
        .bind(since.as_micros())
        .fetch_all(database.reader())
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("source_id")?, row.try_get("body")?)))
        .collect()
}
