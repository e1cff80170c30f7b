//! SQL of `workspace`, `space` and `setting`.

use cdp_core::consent::Policy;
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::any::AnyRow;
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

/// A space of the workspace.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Space {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
}

fn read(row: &AnyRow) -> Result<Space> {
    Ok(Space {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        created_at: Timestamp::from_micros(row.try_get("created_at")?),
    })
}

/// Every space, the oldest first; they are few.
pub(crate) async fn spaces(database: &Database) -> Result<Vec<Space>> {
    let rows = sqlx::query("SELECT id, name, created_at FROM space ORDER BY created_at, id")
        .fetch_all(database.reader())
        .await?;
    rows.iter().map(read).collect()
}

/// A space by its id.
pub(crate) async fn space(database: &Database, id: &str) -> Result<Option<Space>> {
    let row = sqlx::query("SELECT id, name, created_at FROM space WHERE id = $1")
        .bind(id)
        .fetch_optional(database.reader())
        .await?;
    row.as_ref().map(read).transpose()
}

/// The workspace, of which there is one.
pub(crate) async fn workspace(database: &Database) -> Result<String> {
    let row = sqlx::query("SELECT id FROM workspace ORDER BY created_at, id LIMIT 1")
        .fetch_one(database.reader())
        .await?;
    Ok(row.try_get("id")?)
}

/// Writes a workspace.
pub(super) async fn insert(
    connection: &mut AnyConnection,
    workspace_id: &str,
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO workspace (id, name, created_at) VALUES ($1, 'Workspace', $2)";
    sqlx::query(sql)
        .bind(workspace_id)
        .bind(now.as_micros())
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes a space with its first consent policy.
pub(super) async fn insert_space(
    connection: &mut AnyConnection,
    workspace_id: &str,
    (space_id, name): (&str, &str),
    policy: &Policy,
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO space (id, workspace_id, name, consent_policy, created_at) VALUES ($1, $2, $3, $4, $5)";
    let query = sqlx::query(sql)
        .bind(space_id)
        .bind(workspace_id)
        .bind(name)
        .bind(serde_json::to_string(policy)?);
    query
        .bind(now.as_micros())
        .execute(&mut *connection)
        .await?;
    consent::policy::first(connection, space_id, policy, now).await
}

/// Writes a setting.
pub(crate) async fn set(connection: &mut AnyConnection, name: &str, value: &str) -> Result<()> {
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
