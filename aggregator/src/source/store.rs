//! SQL of `source`.

use std::collections::HashMap;

use cdp_core::consent::Policy;
use cdp_core::decision::Experience;
use cdp_core::source::{ConsentBasis, SourceConfig};
use cdp_core::time::Timestamp;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::NewSource;
use crate::database::Database;
use crate::error::Result;
use crate::experience;

/// A source as callers see it. Its write key is public: it stands in every page.
#[derive(Debug, Serialize)]
pub(super) struct Source {
    pub(super) id: String,
    name: String,
    kind: String,
    write_key: String,
    consent_basis: ConsentBasis,
    allowed_origins: Vec<String>,
    created_at: Timestamp,
}

/// Writes a source.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    source: &NewSource,
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO source (id, space_id, name, kind, write_key, consent_basis, allowed_origins, created_at) VALUES ($1, $2, $3, $4, $5, $6, '[]', $7)";
    let query = sqlx::query(sql)
        .bind(&source.id)
        .bind(&source.space_id)
        .bind(&source.name)
        .bind(&source.kind)
        .bind(&source.write_key);
    query
        .bind(serde_json::to_string(&source.consent_basis)?)
        .bind(now.as_micros())
        .execute(connection)
        .await?;
    Ok(())
}

/// The oldest source of a name and kind.
pub(super) async fn of_name(
    database: &Database,
    space_id: &str,
    name: &str,
    kind: &str,
) -> Result<Option<String>> {
    let sql = "SELECT id FROM source WHERE space_id = $1 AND name = $2 AND kind = $3 ORDER BY created_at LIMIT 1";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(name)
        .bind(kind)
        .fetch_optional(database.reader())
        .await?;
    Ok(row.map(|row| row.try_get("id")).transpose()?)
}

/// A page of the space's sources.
pub(super) async fn page(
    database: &Database,
    space_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Source>> {
    let sql = "SELECT id, name, kind, write_key, consent_basis, allowed_origins, created_at FROM source \
               WHERE space_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(after)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    rows.iter().map(source).collect()
}

/// All sources of all spaces as the edge needs them.
pub(super) async fn configs(database: &Database) -> Result<Vec<SourceConfig>> {
    let mut experiences: HashMap<String, Vec<Experience>> = experience::enabled(database).await?;
    let sql = "SELECT s.id AS id, s.space_id AS space_id, s.write_key AS write_key, s.consent_basis \
        AS consent_basis, s.allowed_origins AS allowed_origins, p.consent_policy AS \
        consent_policy FROM source s CROSS JOIN space p WHERE p.id = s.space_id";
    let rows = sqlx::query(sql).fetch_all(database.reader()).await?;
    rows.iter()
        .map(|row| {
            let space_id: String = row.try_get("space_id")?;
            let experiences = experiences.entry(space_id.clone()).or_default().clone();
            config(row, space_id, experiences)
        })
        .collect()
}

fn config(row: &AnyRow, space_id: String, experiences: Vec<Experience>) -> Result<SourceConfig> {
    let policy: Policy = serde_json::from_str(&row.try_get::<String, _>("consent_policy")?)?;
    Ok(SourceConfig {
        source_id: row.try_get("id")?,
        space_id,
        write_key: row.try_get("write_key")?,
        consent_basis: serde_json::from_str(&row.try_get::<String, _>("consent_basis")?)?,
        allowed_origins: serde_json::from_str(&row.try_get::<String, _>("allowed_origins")?)?,
        policy,
        experiences,
    })
}

fn source(row: &AnyRow) -> Result<Source> {
    Ok(Source {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        kind: row.try_get("kind")?,
        write_key: row.try_get("write_key")?,
        consent_basis: serde_json::from_str(&row.try_get::<String, _>("consent_basis")?)?,
        allowed_origins: serde_json::from_str(&row.try_get::<String, _>("allowed_origins")?)?,
        created_at: Timestamp::from_micros(row.try_get("created_at")?),
    })
}
