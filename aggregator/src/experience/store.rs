//! SQL of `experience`, and of the space's holdout.

use std::collections::HashMap;

use cdp_core::decision::Experience;
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::database::Database;
use crate::error::{Error, Result};

/// An experience as it is kept.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "StoredExperience")]
pub(super) struct Stored {
    #[serde(flatten)]
    pub(super) experience: Experience,
    pub(super) version: i64,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) archived_at: Option<Timestamp>,
}

impl Stored {
    /// A new one.
    pub(super) fn first(experience: Experience, now: Timestamp) -> Self {
        Self {
            experience,
            version: 1,
            created_at: now,
            updated_at: now,
            archived_at: None,
        }
    }

    /// Its next version.
    pub(super) fn next(&self, experience: Experience, now: Timestamp) -> Self {
        Self {
            experience,
            version: self.version + 1,
            updated_at: now,
            ..self.clone()
        }
    }
}

/// Writes an experience.
pub(super) async fn insert(database: &Database, space_id: &str, stored: &Stored) -> Result<()> {
    let sql = "INSERT INTO experience (id, space_id, body, version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6)";
    let body = serde_json::to_string(&stored.experience)?;
    let mut transaction = database.begin().await?;
    sqlx::query(sql)
        .bind(&stored.experience.id)
        .bind(space_id)
        .bind(body)
        .bind(stored.version)
        .bind(stored.created_at.as_micros())
        .bind(stored.updated_at.as_micros())
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

/// Writes the next version of an experience; false when another one came first.
pub(super) async fn update(database: &Database, space_id: &str, stored: &Stored) -> Result<bool> {
    let sql = "UPDATE experience SET body = $1, version = $2, updated_at = $3, archived_at = $4 \
               WHERE space_id = $5 AND id = $6 AND version = $7";
    let body = serde_json::to_string(&stored.experience)?;
    let mut transaction = database.begin().await?;
    let done = sqlx::query(sql)
        .bind(body)
        .bind(stored.version)
        .bind(stored.updated_at.as_micros())
        .bind(stored.archived_at.map(Timestamp::as_micros))
        .bind(space_id)
        .bind(&stored.experience.id)
        .bind(stored.version - 1)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(done.rows_affected() > 0)
}

/// A page of the space's experiences, those that are archived or the others.
pub(super) async fn page(
    database: &Database,
    space_id: &str,
    archived: bool,
    after: &str,
    limit: i64,
) -> Result<Vec<Stored>> {
    let sql = "SELECT body, version, created_at, updated_at, archived_at FROM experience \
               WHERE space_id = $1 AND id > $2 AND (archived_at IS NOT NULL) = ($3 = 1) ORDER BY id LIMIT $4";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(after)
        .bind(i64::from(archived))
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    rows.iter().map(stored).collect()
}

/// One experience.
pub(super) async fn one(database: &Database, space_id: &str, id: &str) -> Result<Stored> {
    let sql = "SELECT body, version, created_at, updated_at, archived_at FROM experience WHERE space_id = $1 AND id = $2";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(id)
        .fetch_optional(database.reader())
        .await?;
    stored(&row.ok_or_else(|| Error::not_found("experience"))?)
}

/// The space's experiences that are not archived.
pub(crate) async fn unarchived(database: &Database, space_id: &str) -> Result<Vec<Experience>> {
    let sql = "SELECT body FROM experience WHERE space_id = $1 AND archived_at IS NULL ORDER BY id";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .fetch_all(database.reader())
        .await?;
    rows.iter().map(experience).collect()
}

/// The experiences of all spaces as an edge needs them: of one that is switched off, or over, that it is there.
pub(crate) async fn live(
    database: &Database,
    now: Timestamp,
) -> Result<HashMap<String, Vec<Experience>>> {
    let sql = "SELECT space_id, body FROM experience WHERE archived_at IS NULL ORDER BY id";
    let rows = sqlx::query(sql).fetch_all(database.reader()).await?;
    let mut spaces: HashMap<String, Vec<Experience>> = HashMap::new();
    for row in &rows {
        let mut experience = experience(row)?;
        if !experience.enabled || experience.is_over(now) {
            // What it would show is nobody's affair; that it is over stays its reason.
            experience.variants.clear();
        }
        let space = spaces.entry(row.try_get("space_id")?).or_default();
        space.push(experience);
    }
    Ok(spaces)
}

/// How many people per million see the default everywhere.
pub(super) async fn holdout(database: &Database, space_id: &str) -> Result<i64> {
    let row = sqlx::query("SELECT experience_holdout FROM space WHERE id = $1")
        .bind(space_id)
        .fetch_one(database.reader())
        .await?;
    Ok(row.try_get("experience_holdout")?)
}

/// Writes the same.
pub(super) async fn set_holdout(
    database: &Database,
    space_id: &str,
    per_million: i64,
) -> Result<()> {
    let mut transaction = database.begin().await?;
    sqlx::query("UPDATE space SET experience_holdout = $1 WHERE id = $2")
        .bind(per_million)
        .bind(space_id)
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

fn experience(row: &AnyRow) -> Result<Experience> {
    Ok(serde_json::from_str(&row.try_get::<String, _>("body")?)?)
}

fn stored(row: &AnyRow) -> Result<Stored> {
    let time = |column: &str| row.try_get(column).map(Timestamp::from_micros);
    let archived_at: Option<i64> = row.try_get("archived_at")?;
    Ok(Stored {
        experience: experience(row)?,
        version: row.try_get("version")?,
        created_at: time("created_at")?,
        updated_at: time("updated_at")?,
        archived_at: archived_at.map(Timestamp::from_micros),
    })
}
