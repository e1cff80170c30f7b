//! SQL of what reports read.

use cdp_core::event::Event;
use cdp_core::time::Timestamp;
use sqlx::{AnyConnection, Row as _};

use super::columns::Happened;
use crate::database::Database;
use crate::error::Result;
use crate::workspace;

/// Identifiers in one page.
const PAGE: i64 = 20_000;

/// The events of a space that have a name, between two places of the log. Joining the empty text keeps SQLite from walking an
/// index of the whole space instead of the few places.
pub(super) async fn events(
    connection: &mut AnyConnection,
    space_id: &str,
    after: i64,
    until: i64,
) -> Result<Vec<Happened>> {
    let sql = "SELECT name, anchor, timestamp FROM event \
               WHERE offset_id > $1 AND offset_id <= $2 AND space_id || '' = $3 AND name IS NOT NULL ORDER BY offset_id";
    let rows = sqlx::query(sql)
        .bind(after)
        .bind(until)
        .bind(space_id)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Happened {
                name: row.try_get("name")?,
                anchor: row.try_get("anchor")?,
                at: Timestamp::from_micros(row.try_get("timestamp")?),
            })
        })
        .collect()
}

/// How the setting is called that says when a space was asked last, before the space's id.
const ASKED: &str = "reports_asked:";

/// Writes down that a space was asked about.
pub(super) async fn note_asked(database: &Database, space_id: &str, now: Timestamp) -> Result<()> {
    let mut transaction = database.begin().await?;
    let name = format!("{ASKED}{space_id}");
    workspace::set_setting(&mut transaction, &name, &now.as_micros().to_string()).await?;
    Ok(transaction.commit().await?)
}

/// The spaces that were asked about since a time.
pub(super) async fn asked_since(database: &Database, since: Timestamp) -> Result<Vec<String>> {
    let rows = sqlx::query("SELECT name, value FROM setting WHERE name LIKE $1")
        .bind(format!("{ASKED}%"))
        .fetch_all(database.reader())
        .await?;
    let mut spaces = Vec::new();
    for row in &rows {
        let (name, value): (String, String) = (row.try_get("name")?, row.try_get("value")?);
        let is_late = value.parse().is_ok_and(|at: i64| at >= since.as_micros());
        spaces.extend(
            name.strip_prefix(ASKED)
                .filter(|_| is_late)
                .map(str::to_owned),
        );
    }
    Ok(spaces)
}

/// Whom an identifier belongs to.
#[derive(Debug)]
pub(super) struct Belonging {
    pub(super) identifier: String,
    /// What of a person may be linked.
    pub(super) profile_id: String,
    pub(super) person_id: String,
}

/// The next identifiers of a space, in order, each with whose it is.
pub(super) async fn belongings(
    connection: &mut AnyConnection,
    space_id: &str,
    after: &str,
) -> Result<Vec<Belonging>> {
    let sql = "SELECT identifier, profile_id, person_id FROM identity_node WHERE space_id = $1 AND identifier > $2 \
               ORDER BY identifier LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(after)
        .bind(PAGE)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Belonging {
                identifier: row.try_get("identifier")?,
                profile_id: row.try_get("profile_id")?,
                person_id: row.try_get("person_id")?,
            })
        })
        .collect()
}

/// The identifiers of everybody in an audience.
pub(super) async fn identifiers_in(
    connection: &mut AnyConnection,
    space_id: &str,
    audience_id: &str,
) -> Result<Vec<String>> {
    let sql = "SELECT n.identifier AS identifier FROM audience_member m CROSS JOIN identity_node n \
               WHERE m.space_id = $1 AND m.audience_id = $2 AND n.space_id = $1 AND n.profile_id = m.profile_id";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(audience_id)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| Ok(row.try_get("identifier")?))
        .collect()
}

/// The whole events of one name between two places of the log, the youngest first, each with its anchor.
pub(super) async fn whole_events(
    connection: &mut AnyConnection,
    (space_id, name): (&str, &str),
    after: i64,
    until: i64,
) -> Result<Vec<(String, Event)>> {
    let sql = "SELECT anchor, body FROM event \
               WHERE offset_id > $1 AND offset_id <= $2 AND space_id || '' = $3 AND name = $4 ORDER BY offset_id DESC";
    let rows = sqlx::query(sql)
        .bind(after)
        .bind(until)
        .bind(space_id)
        .bind(name)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let body: String = row.try_get("body")?;
            Ok((row.try_get("anchor")?, serde_json::from_str(&body)?))
        })
        .collect()
}
