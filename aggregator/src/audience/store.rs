//! SQL of `audience`.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use cdp_core::audience::Expr;
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::changes;
use super::plan::Places;
use crate::database::Database;
use crate::database::rows::Many;
use crate::error::{Error, Result};
use crate::memo::{self, Memo};
use crate::version;

/// The status of an audience that has looked at everybody.
const READY: &str = "ready";

/// An audience.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "StoredAudience")]
pub(crate) struct Audience {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(rename = "definition", serialize_with = "memo::shared")]
    pub(super) rule: Arc<Expr>,
    /// `building` until everybody was looked at once, then `ready`; `rebuilding` while everybody is looked at
    /// again.
    pub(super) status: String,
    /// Counts the definitions that it has had.
    pub(super) version: i64,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    /// The audience whose place it takes once it is ready.
    #[serde(skip)]
    pub(super) replaces: String,
    /// Up to which profile it has looked at everybody.
    #[serde(skip)]
    pub(super) cursor: String,
    /// When it began to do so.
    #[serde(skip)]
    pub(super) build_started_at: Timestamp,
}

impl Audience {
    /// Whether people see it.
    pub(super) fn is_visible(&self) -> bool {
        self.replaces.is_empty()
    }

    /// Whether it has looked at everybody.
    pub(super) fn is_ready(&self) -> bool {
        self.status == READY
    }
}

/// An audience that has not looked at everybody yet.
pub(super) struct Building {
    pub(super) id: String,
    pub(super) space_id: String,
    pub(super) cursor: String,
    /// The audience whose place it takes, if any.
    pub(super) replaces: String,
    /// Whether it has never looked at everybody.
    pub(super) is_new: bool,
}

/// The space's audiences.
pub(super) async fn all(connection: &mut AnyConnection, space_id: &str) -> Result<Vec<Audience>> {
    let sql = "SELECT id, name, definition, status, version, replaces, backfill_cursor, build_started_at, created_at, updated_at FROM audience WHERE space_id = $1 ORDER BY id";
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
    let sql = "SELECT a.id AS id, a.name AS name, a.definition AS definition, a.status AS status, a.version AS version, \
               a.replaces AS replaces, a.backfill_cursor AS backfill_cursor, a.build_started_at AS build_started_at, a.created_at AS created_at, a.updated_at AS updated_at, \
               COALESCE((SELECT s.members FROM audience_size s WHERE s.space_id = a.space_id AND s.audience_id = a.id), 0) AS members \
               FROM audience a WHERE a.space_id = $1 AND a.id > $2 AND a.replaces = '' ORDER BY a.id LIMIT $3";
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
    let sql = "SELECT id, name, definition, status, version, replaces, backfill_cursor, build_started_at, created_at, updated_at FROM audience \
               WHERE space_id = $1 AND id = $2 AND replaces = ''";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(id)
        .fetch_optional(database.reader())
        .await?;
    audience(&row.ok_or_else(|| Error::not_found("audience"))?)
}

/// How many members an audience has.
pub(super) async fn size(database: &Database, space_id: &str, id: &str) -> Result<i64> {
    let sql = "SELECT members FROM audience_size WHERE space_id = $1 AND audience_id = $2";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(id)
        .fetch_optional(database.reader())
        .await?;
    Ok(row.map_or(Ok(0), |row| row.try_get("members"))?)
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
    let mut transaction = database.begin().await?;
    put(&mut transaction, [id, space_id, name, ""], rule, 1, now).await?;
    Ok(transaction.commit().await?)
}

/// Writes an audience that has to look at everybody; `replaces` is the audience whose place it takes then.
async fn put(
    connection: &mut AnyConnection,
    [id, space_id, name, replaces]: [&str; 4],
    rule: &Expr,
    version: i64,
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO audience (id, space_id, name, definition, status, backfill_cursor, version, replaces, build_started_at, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, 'building', '', $5, $6, $7, $7, $7)";
    let query = sqlx::query(sql)
        .bind(id)
        .bind(space_id)
        .bind(name)
        .bind(serde_json::to_string(rule)?)
        .bind(version)
        .bind(replaces)
        .bind(now.as_micros());
    query.execute(&mut *connection).await?;
    version::renew(connection, space_id).await
}

/// Writes a new definition of an audience, which takes its place once it has looked at everybody. One that was
/// still being built goes.
pub(super) async fn insert_next(
    database: &Database,
    space_id: &str,
    audience: &Audience,
    id: &str,
    rule: &Expr,
    now: Timestamp,
) -> Result<()> {
    let mut transaction = database.begin().await?;
    for building in successors(&mut transaction, space_id, &audience.id).await? {
        erase(&mut transaction, space_id, &building).await?;
    }
    let names = [id, space_id, audience.name.as_str(), audience.id.as_str()];
    put(&mut transaction, names, rule, audience.version + 1, now).await?;
    Ok(transaction.commit().await?)
}

/// The definitions that are to take an audience's place.
async fn successors(
    connection: &mut AnyConnection,
    space_id: &str,
    id: &str,
) -> Result<Vec<String>> {
    let sql = "SELECT id FROM audience WHERE space_id = $1 AND replaces = $2";
    let query = sqlx::query(sql).bind(space_id).bind(id);
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(|row| Ok(row.try_get("id")?)).collect()
}

/// The definition that is being built to take an audience's place.
pub(super) async fn next(
    database: &Database,
    space_id: &str,
    id: &str,
) -> Result<Option<Audience>> {
    let sql = "SELECT id, name, definition, status, version, replaces, backfill_cursor, build_started_at, created_at, updated_at FROM audience \
               WHERE space_id = $1 AND replaces = $2";
    let query = sqlx::query(sql).bind(space_id).bind(id);
    let row = query.fetch_optional(database.reader()).await?;
    row.as_ref().map(audience).transpose()
}

/// The definitions of a space that are being built, by the audience whose place each is to take.
pub(super) async fn nexts(
    connection: &mut AnyConnection,
    space_id: &str,
) -> Result<BTreeMap<String, Audience>> {
    let sql = "SELECT id, name, definition, status, version, replaces, backfill_cursor, build_started_at, created_at, updated_at FROM audience \
               WHERE space_id = $1 AND replaces <> ''";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .fetch_all(connection)
        .await?;
    let next = |row: &AnyRow| {
        let next = audience(row)?;
        Ok((next.replaces.clone(), next))
    };
    rows.iter().map(next).collect()
}

/// Gives an audience another name.
pub(super) async fn rename(
    database: &Database,
    space_id: &str,
    id: &str,
    name: &str,
    now: Timestamp,
) -> Result<()> {
    let sql = "UPDATE audience SET name = $1, updated_at = $2 WHERE space_id = $3 AND (id = $4 OR replaces = $4)";
    let mut transaction = database.begin().await?;
    sqlx::query(sql)
        .bind(name)
        .bind(now.as_micros())
        .bind(space_id)
        .bind(id)
        .execute(&mut *transaction)
        .await?;
    version::renew(&mut transaction, space_id).await?;
    Ok(transaction.commit().await?)
}

/// Takes an audience away, with who is in it and with a definition that was to take its place.
pub(super) async fn remove(database: &Database, space_id: &str, id: &str) -> Result<()> {
    let mut transaction = database.begin().await?;
    for building in successors(&mut transaction, space_id, id).await? {
        erase(&mut transaction, space_id, &building).await?;
    }
    erase(&mut transaction, space_id, id).await?;
    Ok(transaction.commit().await?)
}

async fn erase(connection: &mut AnyConnection, space_id: &str, id: &str) -> Result<()> {
    for sql in [
        "DELETE FROM audience_member WHERE space_id = $1 AND audience_id = $2",
        "DELETE FROM audience_size WHERE space_id = $1 AND audience_id = $2",
        "DELETE FROM audience WHERE space_id = $1 AND id = $2",
    ] {
        let query = sqlx::query(sql).bind(space_id).bind(id);
        query.execute(&mut *connection).await?;
    }
    version::renew(connection, space_id).await
}

/// Lets a definition that has looked at everybody take the place of the one before: who is in both keeps the
/// time since which they are, everybody else enters or leaves.
pub(super) async fn replace(
    connection: &mut AnyConnection,
    building: &Building,
    now: Timestamp,
) -> Result<()> {
    let (space_id, new, old) = (&building.space_id, &building.id, &building.replaces);
    changes::write_differences(connection, space_id, [new, old, old], true, now).await?;
    changes::write_differences(connection, space_id, [old, new, old], false, now).await?;
    for sql in [
        "UPDATE audience_member SET since = (SELECT o.since FROM audience_member o WHERE o.space_id = $1 AND \
         o.audience_id = $3 AND o.profile_id = audience_member.profile_id) WHERE space_id = $1 AND audience_id = $2 \
         AND EXISTS (SELECT 1 FROM audience_member o WHERE o.space_id = $1 AND o.audience_id = $3 AND o.profile_id = \
         audience_member.profile_id)",
        "DELETE FROM audience_member WHERE space_id = $1 AND audience_id = $3 AND $2 <> ''",
        "UPDATE audience_member SET audience_id = $3 WHERE space_id = $1 AND audience_id = $2",
        "DELETE FROM audience_size WHERE space_id = $1 AND audience_id = $3 AND $2 <> ''",
        "UPDATE audience_size SET audience_id = $3 WHERE space_id = $1 AND audience_id = $2",
        "UPDATE audience SET definition = (SELECT n.definition FROM audience n WHERE n.id = $2), version = (SELECT n.version \
         FROM audience n WHERE n.id = $2), updated_at = (SELECT n.updated_at FROM audience n WHERE n.id = $2) \
         WHERE space_id = $1 AND id = $3",
        "DELETE FROM audience WHERE space_id = $1 AND id = $2 AND replaces = $3",
    ] {
        let query = sqlx::query(sql).bind(space_id).bind(new).bind(old);
        query.execute(&mut *connection).await?;
    }
    version::renew(connection, space_id).await
}

/// Has an audience look at everybody again.
pub(super) async fn look_again(
    connection: &mut AnyConnection,
    space_id: &str,
    id: &str,
    now: Timestamp,
) -> Result<()> {
    let sql = "UPDATE audience SET status = CASE WHEN status = 'ready' THEN 'rebuilding' ELSE status END, \
               backfill_cursor = '', build_started_at = $1 WHERE id = $2";
    sqlx::query(sql)
        .bind(now.as_micros())
        .bind(id)
        .execute(&mut *connection)
        .await?;
    version::renew(connection, space_id).await
}

/// The audiences of all spaces, each with its space.
pub(super) async fn of_all_spaces(database: &Database) -> Result<Vec<(String, Audience)>> {
    let sql = "SELECT space_id, id, name, definition, status, version, replaces, backfill_cursor, build_started_at, created_at, updated_at FROM audience ORDER BY id";
    let rows = sqlx::query(sql).fetch_all(database.reader()).await?;
    rows.iter()
        .map(|row| Ok((row.try_get("space_id")?, audience(row)?)))
        .collect()
}

/// The oldest audience that is not done.
pub(super) async fn building(connection: &mut AnyConnection) -> Result<Option<Building>> {
    let sql = "SELECT id, space_id, backfill_cursor, replaces, status FROM audience WHERE status <> 'ready' ORDER BY created_at LIMIT 1";
    let row = sqlx::query(sql).fetch_optional(connection).await?;
    let building = |row: AnyRow| {
        Ok(Building {
            id: row.try_get("id")?,
            space_id: row.try_get("space_id")?,
            cursor: row.try_get("backfill_cursor")?,
            replaces: row.try_get("replaces")?,
            is_new: row.try_get::<String, _>("status")? == "building",
        })
    };
    row.map(building).transpose()
}

/// Moves a backfill on.
pub(super) async fn advance(
    connection: &mut AnyConnection,
    building: &Building,
    cursor: &str,
    done: bool,
) -> Result<()> {
    let sql = "UPDATE audience SET backfill_cursor = $1, status = CASE WHEN $2 = 1 THEN 'ready' ELSE status END WHERE id = $3";
    sqlx::query(sql)
        .bind(cursor)
        .bind(i64::from(done))
        .bind(&building.id)
        .execute(&mut *connection)
        .await?;
    version::renew(connection, &building.space_id).await
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

/// The profile that is so many places behind another one, if there are as many.
async fn profile_behind(
    database: &Database,
    space_id: &str,
    after: &str,
    places: i64,
) -> Result<Option<String>> {
    let sql = "SELECT profile_id FROM identity_node WHERE space_id = $1 AND profile_id > $2 ORDER BY profile_id LIMIT 1 OFFSET $3";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(after)
        .bind(places)
        .fetch_optional(database.reader())
        .await?;
    Ok(row.map(|row| row.try_get("profile_id")).transpose()?)
}

/// Identifiers that are gone through in one statement. The pipeline waits for it.
const WINDOW: i64 = 20_000;

/// The space's next profiles by id of whom something is kept in these places; and up to where that was looked for, unless
/// it was to the end.
pub(super) async fn profiles_with(
    database: &Database,
    space_id: &str,
    after: &str,
    places: &Places,
    limit: i64,
) -> Result<(Vec<String>, Option<String>)> {
    let behind = profile_behind(database, space_id, after, WINDOW).await?;
    // Sorts behind every id.
    let until = behind.as_deref().unwrap_or("prg");
    let mut query = Many::new(
        "WITH wanted (kind, name) AS (VALUES {rows}) SELECT DISTINCT n.profile_id AS profile_id FROM identity_node n WHERE \
         n.space_id = $1 AND n.profile_id > $2 AND n.profile_id <= $3 AND (EXISTS (SELECT 1 FROM computed_value c WHERE \
         c.space_id = $1 AND c.anchor = n.identifier AND c.definition_id IN (SELECT name FROM wanted WHERE kind = 'counted')) \
         OR EXISTS (SELECT 1 FROM trait_value t WHERE t.space_id = $1 AND t.anchor = n.identifier AND t.trait_key IN \
         (SELECT name FROM wanted WHERE kind = 'trait')) OR EXISTS (SELECT 1 FROM audience_member m WHERE m.space_id = $1 AND \
         m.profile_id = n.profile_id AND m.audience_id IN (SELECT name FROM wanted WHERE kind = 'audience'))) \
         ORDER BY n.profile_id LIMIT $4",
        [space_id.into(), after.into(), until.into(), limit.into()],
    );
    for (kind, names) in [
        ("counted", &places.definitions),
        ("trait", &places.traits),
        ("audience", &places.audiences),
    ] {
        for name in names {
            query.push([kind.into(), name.into()]);
        }
    }
    let mut connection = database.reader().acquire().await?;
    let rows = query.fetch(&mut connection).await?;
    let found: sqlx::Result<Vec<String>> =
        rows.iter().map(|row| row.try_get("profile_id")).collect();
    let found = found?;
    let whole = i64::try_from(found.len()).is_ok_and(|found| found < limit);
    let reached = if whole { behind } else { found.last().cloned() };
    Ok((found, reached))
}

/// Rules as they are read from rows.
static RULES: LazyLock<Memo<Expr>> = LazyLock::new(Memo::default);

fn read(definition: &str) -> Result<Expr> {
    Expr::parse(&serde_json::from_str(definition)?).map_err(Error::internal)
}

fn audience(row: &AnyRow) -> Result<Audience> {
    let definition: String = row.try_get("definition")?;
    Ok(Audience {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        rule: RULES.of(&definition, read)?,
        status: row.try_get("status")?,
        version: row.try_get("version")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
        replaces: row.try_get("replaces")?,
        cursor: row.try_get("backfill_cursor")?,
        build_started_at: time(row, "build_started_at")?,
    })
}

/// Reads a time.
pub(super) fn time(row: &AnyRow, column: &str) -> Result<Timestamp> {
    Ok(Timestamp::from_micros(row.try_get(column)?))
}
