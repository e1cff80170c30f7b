//! SQL of the log as consumers read it, and of their positions.

use std::sync::Arc;

use cdp_core::event::Event;
use futures_util::{Stream, StreamExt as _};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use crate::database::Database;
use crate::database::rows::Many;
use crate::error::Result;

/// The pipeline's name among the log's consumers.
const CONSUMER: &str = "profiles";

/// An event as the log has it.
#[derive(Clone, Debug)]
pub(crate) struct Logged {
    pub(crate) offset: i64,
    pub(crate) space_id: Arc<str>,
    pub(crate) source_id: Arc<str>,
    pub(crate) anchor: String,
    pub(crate) event: Arc<Event>,
}

/// How far the pipeline has come: the last entry of the log that has taken effect.
pub(crate) async fn position(database: &Database) -> Result<i64> {
    let row = sqlx::query("SELECT position FROM consumer_position WHERE consumer = $1")
        .bind(CONSUMER)
        .fetch_optional(database.reader())
        .await?;
    Ok(row
        .map(|row| row.try_get("position"))
        .transpose()?
        .unwrap_or(0))
}

/// Moves the pipeline's position.
pub(super) async fn advance(connection: &mut AnyConnection, position: i64) -> Result<()> {
    let sql = "INSERT INTO consumer_position (consumer, position) VALUES ($1, $2) ON CONFLICT (consumer) DO UPDATE SET position = excluded.position";
    sqlx::query(sql)
        .bind(CONSUMER)
        .bind(position)
        .execute(connection)
        .await?;
    Ok(())
}

/// The number of the youngest event, 0 without any.
pub(crate) async fn last_offset(database: &Database) -> Result<i64> {
    let row = sqlx::query("SELECT COALESCE(MAX(offset_id), 0) AS last FROM event")
        .fetch_one(database.reader())
        .await?;
    Ok(row.try_get("last")?)
}

/// The events of a name that these profiles have, each with its profile.
pub(crate) async fn events_of_profiles(
    connection: &mut AnyConnection,
    space_id: &str,
    name: &str,
    profiles: &[String],
) -> Result<Vec<(String, Logged)>> {
    let query = Many::new(
        "WITH wanted (profile_id) AS (VALUES {rows}) SELECT w.profile_id AS profile_id, \
         e.offset_id AS offset_id, e.space_id AS space_id, e.source_id AS source_id, e.anchor AS anchor, e.body AS body \
         FROM wanted w CROSS JOIN identity_node n \
         CROSS JOIN event e WHERE n.space_id = $1 AND n.profile_id = w.profile_id AND \
         e.space_id = $1 AND e.anchor = n.identifier AND e.name = $2",
        [space_id.into(), name.into()],
    );
    let rows = query
        .rows(profiles.iter().map(|profile| [profile.into()]))
        .fetch(connection)
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("profile_id")?, logged(row)?)))
        .collect()
}

/// The next events of one space and name between two positions. Joining the empty text: see [`read_until`].
pub(crate) async fn read_between(
    connection: &mut AnyConnection,
    space_id: &str,
    name: &str,
    after: i64,
    until: i64,
    limit: i64,
) -> Result<Vec<Logged>> {
    let sql = "SELECT offset_id, space_id, source_id, anchor, body FROM event \
               WHERE offset_id > $1 AND offset_id <= $2 AND space_id || '' = $3 AND name = $4 ORDER BY offset_id LIMIT $5";
    let rows = sqlx::query(sql)
        .bind(after)
        .bind(until)
        .bind(space_id)
        .bind(name)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.iter().map(logged).collect()
}

/// The events of one space between two positions. Joining the empty text keeps SQLite from walking an index of the whole
/// space instead of the few places.
pub(crate) async fn read_until(
    connection: &mut AnyConnection,
    space_id: &str,
    after: i64,
    until: i64,
) -> Result<Vec<Logged>> {
    let sql = "SELECT offset_id, space_id, source_id, anchor, body FROM event \
               WHERE offset_id > $1 AND offset_id <= $2 AND space_id || '' = $3 ORDER BY offset_id";
    let rows = sqlx::query(sql)
        .bind(after)
        .bind(until)
        .bind(space_id)
        .fetch_all(connection)
        .await?;
    rows.iter().map(logged).collect()
}

/// The events of an anchor, one after the other: there may be very many.
pub(crate) fn events_of_anchor<'c>(
    connection: &'c mut AnyConnection,
    space_id: &'c str,
    anchor: &'c str,
) -> impl Stream<Item = Result<Logged>> + 'c {
    let sql = "SELECT offset_id, space_id, source_id, anchor, body FROM event WHERE space_id = $1 AND anchor = $2";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(anchor)
        .fetch(connection);
    rows.map(|row| logged(&row?))
}

/// An event by its message id.
pub(crate) async fn event(
    connection: &mut AnyConnection,
    space_id: &str,
    message_id: &str,
) -> Result<Option<Logged>> {
    let sql = "SELECT offset_id, space_id, source_id, anchor, body FROM event WHERE space_id = $1 AND message_id = $2";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(message_id)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(logged).transpose()
}

/// Reads an event of the log.
pub(crate) fn logged(row: &AnyRow) -> Result<Logged> {
    let text = |column: &str| row.try_get::<String, _>(column);
    let body: String = text("body")?;
    Ok(Logged {
        offset: row.try_get("offset_id")?,
        space_id: text("space_id")?.into(),
        source_id: text("source_id")?.into(),
        anchor: text("anchor")?,
        event: Arc::new(serde_json::from_str(&body)?),
    })
}
