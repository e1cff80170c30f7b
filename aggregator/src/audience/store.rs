//! SQL of `audience`, and of the events that rules look at.

use cdp_core::audience::Expr;
use cdp_core::time::Timestamp;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use crate::database::Database;
use crate::database::rows::Many;
use crate::error::{Error, Result};
use crate::pipeline::{Logged, logged};

/// An audience.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Audience {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(rename = "definition")]
    pub(super) rule: Expr,
    /// `building` until everybody was looked at once, then `ready`.
    pub(super) status: String,
    pub(super) created_at: Timestamp,
}

/// An audience that has not looked at everybody yet.
pub(super) struct Building {
    pub(super) id: String,
    pub(super) space_id: String,
    pub(super) cursor: String,
}

/// The space's audiences.
pub(super) async fn all(connection: &mut AnyConnection, space_id: &str) -> Result<Vec<Audience>> {
    let sql = "SELECT id, name, definition, status, created_at FROM audience WHERE space_id = $1 ORDER BY id";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .fetch_all(connection)
        .await?;
    rows.iter().map(audience).collect()
}

/// A page of the space's audiences, with how many members each has.
pub(super) async fn page(
    database: &Database,
    space_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<(Audience, i64)>> {
    let sql = "SELECT a.id AS id, a.name AS name, a.definition AS definition, a.status AS status, a.created_at AS created_at, \
               (SELECT COUNT(*) FROM audience_member m WHERE m.space_id = a.space_id AND m.audience_id = a.id) AS members \
               FROM audience a WHERE a.space_id = $1 AND a.id > $2 ORDER BY a.id LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(after)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    rows.iter()
        .map(|row| Ok((audience(row)?, row.try_get("members")?)))
        .collect()
}

/// One audience.
pub(super) async fn one(database: &Database, space_id: &str, id: &str) -> Result<Audience> {
    let sql = "SELECT id, name, definition, status, created_at FROM audience WHERE space_id = $1 AND id = $2";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(id)
        .fetch_optional(database.reader())
        .await?;
    audience(&row.ok_or_else(|| Error::not_found("audience"))?)
}

/// How many members an audience has.
pub(super) async fn size(database: &Database, space_id: &str, id: &str) -> Result<i64> {
    let sql =
        "SELECT COUNT(*) AS members FROM audience_member WHERE space_id = $1 AND audience_id = $2";
    Ok(sqlx::query(sql)
        .bind(space_id)
        .bind(id)
        .fetch_one(database.reader())
        .await?
        .try_get("members")?)
}

/// Writes a new audience.
pub(super) async fn insert(
    database: &Database,
    space_id: &str,
    id: &str,
    name: &str,
    rule: &Expr,
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO audience (id, space_id, name, definition, status, backfill_cursor, created_at) VALUES ($1, $2, $3, $4, 'building', '', $5)";
    let text = serde_json::to_string(rule)?;
    let mut transaction = database.begin().await?;
    let query = sqlx::query(sql)
        .bind(id)
        .bind(space_id)
        .bind(name)
        .bind(text)
        .bind(now.as_micros());
    query.execute(&mut *transaction).await?;
    Ok(transaction.commit().await?)
}

/// The audiences of all spaces, each with its space.
pub(super) async fn of_all_spaces(database: &Database) -> Result<Vec<(String, Audience)>> {
    let sql = "SELECT space_id, id, name, definition, status, created_at FROM audience ORDER BY id";
    let rows = sqlx::query(sql).fetch_all(database.reader()).await?;
    rows.iter()
        .map(|row| Ok((row.try_get("space_id")?, audience(row)?)))
        .collect()
}

/// The oldest audience that is not done.
pub(super) async fn building(database: &Database) -> Result<Option<Building>> {
    let sql = "SELECT id, space_id, backfill_cursor FROM audience WHERE status = 'building' ORDER BY created_at LIMIT 1";
    let row = sqlx::query(sql).fetch_optional(database.reader()).await?;
    let building = |row: AnyRow| {
        Ok(Building {
            id: row.try_get("id")?,
            space_id: row.try_get("space_id")?,
            cursor: row.try_get("backfill_cursor")?,
        })
    };
    row.map(building).transpose()
}

/// Moves a backfill on.
pub(super) async fn advance(
    connection: &mut AnyConnection,
    id: &str,
    cursor: &str,
    done: bool,
) -> Result<()> {
    let status = if done { "ready" } else { "building" };
    let sql = "UPDATE audience SET backfill_cursor = $1, status = $2 WHERE id = $3";
    sqlx::query(sql)
        .bind(cursor)
        .bind(status)
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

/// The space's next profiles by id.
pub(super) async fn profiles_after(
    database: &Database,
    space_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT profile_id FROM identity_node WHERE space_id = $1 AND profile_id > $2 ORDER BY profile_id LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(after)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    rows.iter()
        .map(|row| Ok(row.try_get("profile_id")?))
        .collect()
}

/// The events of a name that these profiles have.
pub(super) async fn events_of(
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

fn audience(row: &AnyRow) -> Result<Audience> {
    let definition: String = row.try_get("definition")?;
    Ok(Audience {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        rule: Expr::parse(&serde_json::from_str(&definition)?).map_err(Error::internal)?,
        status: row.try_get("status")?,
        created_at: time(row, "created_at")?,
    })
}

/// Reads a time.
pub(super) fn time(row: &AnyRow, column: &str) -> Result<Timestamp> {
    Ok(Timestamp::from_micros(row.try_get(column)?))
}
