//! SQL of `workspace`, `space` and `setting`.

use cdp_core::consent::Policy;
use cdp_core::time::Timestamp;
use sqlx::{AnyConnection, Row as _};

use crate::consent;
use crate::database::Database;
use crate::error::{Error, Result};

/// Name of the setting with the secret shared with edges.
pub(super) const EDGE_SECRET: &str = "edge_secret";

/// The oldest space.
pub(super) async fn first_space(database: &Database) -> Result<Option<String>> {
    let row = sqlx::query("SELECT id FROM space ORDER BY created_at, id LIMIT 1")
        .fetch_optional(database.reader())
        .await?;
    Ok(row.map(|row| row.try_get("id")).transpose()?)
}

/// Writes a workspace with one space.
pub(super) async fn insert(
    connection: &mut AnyConnection,
    workspace_id: &str,
    space_id: &str,
    policy: &Policy,
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO workspace (id, name, created_at) VALUES ($1, 'Workspace', $2)";
    sqlx::query(sql)
        .bind(workspace_id)
        .bind(now.as_micros())
        .execute(&mut *connection)
        .await?;
    let sql = "INSERT INTO space (id, workspace_id, name, consent_policy, created_at) VALUES ($1, $2, 'Production', $3, $4)";
    sqlx::query(sql)
        .bind(space_id)
        .bind(workspace_id)
        .bind(serde_json::to_string(policy)?)
        .bind(now.as_micros())
        .execute(&mut *connection)
        .await?;
    consent::policy::first(connection, space_id, policy, now).await
}

/// Writes a setting.
pub(super) async fn set(connection: &mut AnyConnection, name: &str, value: &str) -> Result<()> {
    let sql = "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    sqlx::query(sql)
        .bind(name)
        .bind(value)
        .execute(connection)
        .await?;
    Ok(())
}

/// Reads a setting that `init` wrote.
pub(super) async fn get(database: &Database, name: &str) -> Result<String> {
    let row = sqlx::query("SELECT value FROM setting WHERE name = $1")
        .bind(name)
        .fetch_optional(database.reader())
        .await?;
    let row = row.ok_or_else(|| {
        Error::internal(format!(
            "the database has no setting {name}: run headwater init first"
        ))
    })?;
    Ok(row.try_get("value")?)
}
