//! SQL of `placement`.

use std::collections::{BTreeMap, HashMap};

use cdp_core::placement::Placement;
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::database::Database;
use crate::error::Result;

/// A placement as it is kept.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "StoredPlacement")]
pub(super) struct Stored {
    #[serde(flatten)]
    pub(super) placement: Placement,
    pub(super) version: i64,
    pub(super) updated_at: Timestamp,
}

/// A page of the space's placements.
pub(super) async fn page(
    database: &Database,
    space_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Stored>> {
    let sql = "SELECT body, version, updated_at FROM placement WHERE space_id = $1 AND placement_key > $2 ORDER BY placement_key LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(after)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    rows.iter().map(stored).collect()
}

/// One placement.
pub(super) async fn one(database: &Database, space_id: &str, key: &str) -> Result<Option<Stored>> {
    let sql = "SELECT body, version, updated_at FROM placement WHERE space_id = $1 AND placement_key = $2";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(key)
        .fetch_optional(database.reader())
        .await?;
    row.as_ref().map(stored).transpose()
}

/// Writes a placement; false when there is one with its key.
pub(super) async fn insert(database: &Database, space_id: &str, stored: &Stored) -> Result<bool> {
    let sql = "INSERT INTO placement (space_id, placement_key, body, version, updated_at) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (space_id, placement_key) DO NOTHING";
    let body = serde_json::to_string(&stored.placement)?;
    let mut transaction = database.begin().await?;
    let done = sqlx::query(sql)
        .bind(space_id)
        .bind(&stored.placement.key)
        .bind(body)
        .bind(stored.version)
        .bind(stored.updated_at.as_micros())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(done.rows_affected() > 0)
}

/// Writes the next version of a placement; false when another one came first.
pub(super) async fn update(
    database: &Database,
    space_id: &str,
    stored: &Stored,
    before: i64,
) -> Result<bool> {
    let sql = "UPDATE placement SET body = $1, version = $2, updated_at = $3 WHERE space_id = $4 AND placement_key = $5 AND version = $6";
    let body = serde_json::to_string(&stored.placement)?;
    let mut transaction = database.begin().await?;
    let done = sqlx::query(sql)
        .bind(body)
        .bind(stored.version)
        .bind(stored.updated_at.as_micros())
        .bind(space_id)
        .bind(&stored.placement.key)
        .bind(before)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(done.rows_affected() > 0)
}

/// What stands at the placements of all spaces while nothing else is decided.
pub(crate) async fn defaults(
    database: &Database,
) -> Result<HashMap<String, BTreeMap<String, Value>>> {
    let sql = "SELECT space_id, body, version, updated_at FROM placement";
    let rows = sqlx::query(sql).fetch_all(database.reader()).await?;
    let mut spaces: HashMap<String, BTreeMap<String, Value>> = HashMap::new();
    for row in &rows {
        if let Some((key, default)) = stored(row)?.default() {
            let space = spaces.entry(row.try_get("space_id")?).or_default();
            space.insert(key, default);
        }
    }
    Ok(spaces)
}

fn stored(row: &AnyRow) -> Result<Stored> {
    Ok(Stored {
        placement: serde_json::from_str(&row.try_get::<String, _>("body")?)?,
        version: row.try_get("version")?,
        updated_at: Timestamp::from_micros(row.try_get("updated_at")?),
    })
}
