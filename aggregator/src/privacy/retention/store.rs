//! SQL of `privacy_retention` and `privacy_retention_run`.

use std::collections::BTreeSet;

use cdp_core::time::Timestamp;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::super::erase::forget_offsets;
use super::{Kept, Rule, Rules};
use crate::clock;
use crate::database::Database;
use crate::database::rows::Many;
use crate::error::Result;

/// How far a deletion of what is too old is.
#[derive(Debug, Serialize)]
pub(in crate::privacy) struct Run {
    id: String,
    #[serde(skip)]
    pub(super) space_id: String,
    state: String,
    /// The last event that was looked at, and the last that is to be.
    pub(super) position: i64,
    pub(super) until: i64,
    pub(super) deleted: i64,
    started_at: Timestamp,
    ended_at: Option<Timestamp>,
}

/// The rules of a space.
pub(in crate::privacy) async fn in_force(database: &Database, space_id: &str) -> Result<Rules> {
    let rows = sqlx::query("SELECT event_type, event, days FROM privacy_retention WHERE space_id = $1 ORDER BY event_type, event")
        .bind(space_id)
        .fetch_all(database.reader())
        .await?;
    let rule = |row: &AnyRow| {
        Ok(Rule {
            event_type: row.try_get("event_type")?,
            event: row.try_get("event")?,
            days: row.try_get("days")?,
        })
    };
    Ok(Rules {
        rules: rows.iter().map(rule).collect::<Result<_>>()?,
    })
}

/// Puts rules in the place of those that there were.
pub(super) async fn replace(database: &Database, space_id: &str, rules: &Rules) -> Result<()> {
    let mut transaction = database.begin().await?;
    sqlx::query("DELETE FROM privacy_retention WHERE space_id = $1")
        .bind(space_id)
        .execute(&mut *transaction)
        .await?;
    let insert = Many::new(
        "INSERT INTO privacy_retention (space_id, event_type, event, days) VALUES {rows}",
        [],
    );
    let rows = rules.rules.iter().map(|rule| {
        let name = rule.event.replace('\0', "\u{fffd}");
        [
            space_id.into(),
            (&rule.event_type).into(),
            name.into(),
            rule.days.into(),
        ]
    });
    insert.rows(rows).execute(&mut transaction).await?;
    Ok(transaction.commit().await?)
}

/// The events of a space between two places.
pub(super) async fn events(
    connection: &mut AnyConnection,
    space_id: &str,
    after: i64,
    until: i64,
) -> Result<Vec<Kept>> {
    // Joining the empty text keeps SQLite from walking an index of the whole space.
    let sql = "SELECT offset_id, kind, COALESCE(name, '') AS name, anchor, timestamp FROM event WHERE offset_id > $1 AND offset_id <= $2 AND space_id || '' = $3";
    let rows = sqlx::query(sql)
        .bind(after)
        .bind(until)
        .bind(space_id)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Kept {
                offset: row.try_get("offset_id")?,
                kind: row.try_get("kind")?,
                name: row.try_get("name")?,
                anchor: row.try_get("anchor")?,
                timestamp: Timestamp::from_micros(row.try_get("timestamp")?),
            })
        })
        .collect()
}

/// Deletes events and has their people folded again.
pub(super) async fn forget(
    connection: &mut AnyConnection,
    space_id: &str,
    gone: &[Kept],
) -> Result<()> {
    let offsets = gone.iter().map(|event| event.offset.into()).collect();
    forget_offsets(connection, space_id, offsets).await?;
    let anchors: BTreeSet<&String> = gone.iter().map(|event| &event.anchor).collect();
    let insert = Many::new(
        "INSERT INTO consent_refold (space_id, identifier) VALUES {rows} ON CONFLICT (space_id, identifier) DO NOTHING",
        [],
    );
    let rows = anchors
        .into_iter()
        .map(|anchor| [space_id.into(), anchor.into()]);
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

macro_rules! runs {
    ($rest:literal) => {
        concat!("SELECT id, space_id, state, position, until, deleted, started_at, ended_at FROM privacy_retention_run ", $rest)
    };
}

fn read(row: &AnyRow) -> Result<Run> {
    let ended_at: i64 = row.try_get("ended_at")?;
    Ok(Run {
        id: row.try_get("id")?,
        space_id: row.try_get("space_id")?,
        state: row.try_get("state")?,
        position: row.try_get("position")?,
        until: row.try_get("until")?,
        deleted: row.try_get("deleted")?,
        started_at: Timestamp::from_micros(row.try_get("started_at")?),
        ended_at: (ended_at != 0).then(|| Timestamp::from_micros(ended_at)),
    })
}

/// The run that has begun and not ended.
pub(super) async fn running(database: &Database) -> Result<Option<Run>> {
    let row = sqlx::query(runs!("WHERE state = 'running' ORDER BY id LIMIT 1"))
        .fetch_optional(database.reader())
        .await?;
    row.as_ref().map(read).transpose()
}

/// A space's last run.
pub(in crate::privacy) async fn last_run(
    database: &Database,
    space_id: &str,
) -> Result<Option<Run>> {
    let row = sqlx::query(runs!("WHERE space_id = $1 ORDER BY id DESC LIMIT 1"))
        .bind(space_id)
        .fetch_optional(database.reader())
        .await?;
    row.as_ref().map(read).transpose()
}

/// Spaces with rules of which none has run since a time.
pub(super) async fn due(database: &Database, since: Timestamp) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT r.space_id AS space_id FROM privacy_retention r WHERE NOT EXISTS \
               (SELECT 1 FROM privacy_retention_run x WHERE x.space_id = r.space_id AND (x.started_at > $1 OR x.state = 'running'))";
    let rows = sqlx::query(sql)
        .bind(since.as_micros())
        .fetch_all(database.reader())
        .await?;
    rows.iter()
        .map(|row| Ok(row.try_get("space_id")?))
        .collect()
}

/// Begins a run, unless the space has one; the one that it has.
pub(super) async fn begin(
    database: &Database,
    space_id: &str,
    id: &str,
    until: i64,
) -> Result<Run> {
    let mut transaction = database.begin().await?;
    let sql = "INSERT INTO privacy_retention_run (id, space_id, state, position, until, deleted, started_at, ended_at) \
               SELECT $1, $2, 'running', 0, $3, 0, $4, 0 WHERE NOT EXISTS (SELECT 1 FROM privacy_retention_run WHERE space_id = $2 AND state = 'running')";
    sqlx::query(sql)
        .bind(id)
        .bind(space_id)
        .bind(until)
        .bind(clock::now().as_micros())
        .execute(&mut *transaction)
        .await?;
    let row = sqlx::query(runs!("WHERE space_id = $1 ORDER BY id DESC LIMIT 1"))
        .bind(space_id)
        .fetch_one(&mut *transaction)
        .await?;
    transaction.commit().await?;
    read(&row)
}

/// Writes how far a run is.
pub(super) async fn advance(
    connection: &mut AnyConnection,
    run: &Run,
    now: Timestamp,
) -> Result<()> {
    let is_over = run.position >= run.until;
    sqlx::query("UPDATE privacy_retention_run SET position = $2, deleted = $3, state = $4, ended_at = $5 WHERE id = $1")
        .bind(&run.id)
        .bind(run.position)
        .bind(run.deleted)
        .bind(if is_over { "done" } else { "running" })
        .bind(if is_over { now.as_micros() } else { 0 })
        .execute(connection)
        .await?;
    Ok(())
}
