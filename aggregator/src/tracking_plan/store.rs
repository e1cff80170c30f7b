//! SQL of `tracking_plan` and `tracking_plan_draft`.

use cdp_core::time::Timestamp;
use cdp_core::tracking_plan::Plan;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::database::Database;
use crate::error::{Error, Result};

/// A published version.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "TrackingPlanVersion")]
pub(crate) struct Version {
    pub(crate) version: i64,
    /// The version that this one brought back.
    pub(crate) from_version: Option<i64>,
    pub(crate) published_at: Timestamp,
    #[schemars(with = "Plan")]
    pub(crate) plan: Value,
}

/// A plan that is being written.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "TrackingPlanDraft")]
pub(super) struct Draft {
    pub(super) updated_at: Timestamp,
    #[schemars(with = "Plan")]
    pub(super) plan: Value,
}

/// The youngest version of every space that has one.
pub(super) async fn all_published(database: &Database) -> Result<Vec<(String, Version)>> {
    let sql = "SELECT p.space_id AS space_id, p.version AS version, p.body AS body, p.from_version AS from_version, \
               p.published_at AS published_at FROM tracking_plan p WHERE p.version = \
               (SELECT MAX(y.version) FROM tracking_plan y WHERE y.space_id = p.space_id)";
    let rows = sqlx::query(sql).fetch_all(database.reader()).await?;
    rows.iter()
        .map(|row| Ok((row.try_get("space_id")?, version_of(row)?)))
        .collect()
}

/// The version in force.
pub(super) async fn published(database: &Database, space_id: &str) -> Result<Option<Version>> {
    let sql = "SELECT version, body, from_version, published_at FROM tracking_plan WHERE space_id = $1 ORDER BY version DESC LIMIT 1";
    let row = sqlx::query(sql)
        .bind(space_id)
        .fetch_optional(database.reader())
        .await?;
    row.as_ref().map(version_of).transpose()
}

/// One version.
pub(super) async fn version(database: &Database, space_id: &str, version: i64) -> Result<Version> {
    let sql = "SELECT version, body, from_version, published_at FROM tracking_plan WHERE space_id = $1 AND version = $2";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(version)
        .fetch_optional(database.reader())
        .await?;
    let row = row.ok_or_else(|| Error::not_found("version of the tracking plan"))?;
    version_of(&row)
}

/// A page of the versions, the youngest first.
pub(super) async fn versions(
    database: &Database,
    space_id: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<Version>> {
    let sql = "SELECT version, body, from_version, published_at FROM tracking_plan \
               WHERE space_id = $1 AND version < $2 ORDER BY version DESC LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(before)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    rows.iter().map(version_of).collect()
}

/// The draft.
pub(super) async fn draft(database: &Database, space_id: &str) -> Result<Option<Draft>> {
    let sql = "SELECT body, updated_at FROM tracking_plan_draft WHERE space_id = $1";
    let row = sqlx::query(sql)
        .bind(space_id)
        .fetch_optional(database.reader())
        .await?;
    row.map(|row| {
        Ok(Draft {
            updated_at: Timestamp::from_micros(row.try_get("updated_at")?),
            plan: plan_of(&row)?,
        })
    })
    .transpose()
}

/// Writes the draft; an older one only when it may be replaced. False when it was there and may not.
pub(super) async fn save_draft(
    database: &Database,
    space_id: &str,
    draft: &Draft,
    replace: bool,
) -> Result<bool> {
    let sql = "INSERT INTO tracking_plan_draft (space_id, body, updated_at) VALUES ($1, $2, $3) \
               ON CONFLICT (space_id) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at WHERE $4 = 1";
    let mut transaction = database.begin().await?;
    let done = sqlx::query(sql)
        .bind(space_id)
        .bind(serde_json::to_string(&draft.plan)?)
        .bind(draft.updated_at.as_micros())
        .bind(i64::from(replace))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(done.rows_affected() > 0)
}

/// Removes the draft; false when there was none.
pub(super) async fn discard_draft(database: &Database, space_id: &str) -> Result<bool> {
    let mut transaction = database.begin().await?;
    let done = sqlx::query("DELETE FROM tracking_plan_draft WHERE space_id = $1")
        .bind(space_id)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(done.rows_affected() > 0)
}

/// Writes a version; a draft that became one is gone.
pub(super) async fn publish(database: &Database, space_id: &str, version: &Version) -> Result<()> {
    let sql = "INSERT INTO tracking_plan (space_id, version, body, from_version, published_at) VALUES ($1, $2, $3, $4, $5)";
    let mut transaction = database.begin().await?;
    sqlx::query(sql)
        .bind(space_id)
        .bind(version.version)
        .bind(serde_json::to_string(&version.plan)?)
        .bind(version.from_version)
        .bind(version.published_at.as_micros())
        .execute(&mut *transaction)
        .await?;
    if version.from_version.is_none() {
        sqlx::query("DELETE FROM tracking_plan_draft WHERE space_id = $1")
            .bind(space_id)
            .execute(&mut *transaction)
            .await?;
    }
    Ok(transaction.commit().await?)
}

fn version_of(row: &AnyRow) -> Result<Version> {
    Ok(Version {
        version: row.try_get("version")?,
        from_version: row.try_get("from_version")?,
        published_at: Timestamp::from_micros(row.try_get("published_at")?),
        plan: plan_of(row)?,
    })
}

fn plan_of(row: &AnyRow) -> Result<Value> {
    Ok(serde_json::from_str(&row.try_get::<String, _>("body")?)?)
}
