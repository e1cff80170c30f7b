//! SQL of `source`.

use std::collections::BTreeMap;

use cdp_core::audience::Rules;
use cdp_core::collection::CollectionPolicy;
use cdp_core::source::{ConsentBasis, SourceConfig};
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::{NewSource, change};
use crate::database::Database;
use crate::error::Result;
use crate::{audience, clock, consent, experience, placement, user_token};

/// A source as callers see it. Its write key is public: it stands in every page.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Source {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) write_key: String,
    pub(super) enabled: bool,
    pub(super) consent_basis: ConsentBasis,
    pub(super) allowed_origins: Vec<String>,
    pub(super) collection: CollectionPolicy,
    created_at: Timestamp,
}

/// The columns of a [`Source`].
const COLUMNS: &str =
    "id, name, kind, write_key, enabled, consent_basis, allowed_origins, collection, created_at";

/// Writes a source.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    source: &NewSource,
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO source (id, space_id, name, kind, write_key, consent_basis, allowed_origins, collection, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let query = sqlx::query(sql)
        .bind(&source.id)
        .bind(&source.space_id)
        .bind(&source.name)
        .bind(&source.kind)
        .bind(&source.write_key);
    query
        .bind(serde_json::to_string(&source.consent_basis)?)
        .bind(serde_json::to_string(&source.allowed_origins)?)
        .bind(serde_json::to_string(&source.collection)?)
        .bind(now.as_micros())
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes what of a source can change.
pub(super) async fn update(
    connection: &mut AnyConnection,
    space_id: &str,
    source: &Source,
) -> Result<()> {
    let sql = "UPDATE source SET name = $3, write_key = $4, enabled = $5, consent_basis = $6, allowed_origins = $7, collection = $8 WHERE space_id = $1 AND id = $2";
    let query = sqlx::query(sql)
        .bind(space_id)
        .bind(&source.id)
        .bind(&source.name)
        .bind(&source.write_key)
        .bind(i64::from(source.enabled));
    query
        .bind(serde_json::to_string(&source.consent_basis)?)
        .bind(serde_json::to_string(&source.allowed_origins)?)
        .bind(serde_json::to_string(&source.collection)?)
        .execute(connection)
        .await?;
    Ok(())
}

/// A source of the space.
pub(super) async fn by_id(database: &Database, space_id: &str, id: &str) -> Result<Option<Source>> {
    let sql = format!("SELECT {COLUMNS} FROM source WHERE space_id = $1 AND id = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(space_id)
        .bind(id)
        .fetch_optional(database.reader())
        .await?;
    row.as_ref().map(source).transpose()
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
    let sql = format!(
        "SELECT {COLUMNS} FROM source WHERE space_id = $1 AND id > $2 ORDER BY id LIMIT $3"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(space_id)
        .bind(after)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    rows.iter().map(source).collect()
}

/// All sources of all spaces as the edge needs them.
pub(super) async fn configs(database: &Database) -> Result<Vec<SourceConfig>> {
    let experiences = experience::live(database, clock::now()).await?;
    let defaults = placement::defaults(database).await?;
    let audiences = audience::for_edges(database, &experiences).await?;
    let keys = user_token::of_spaces(database).await?;
    let sql = "SELECT s.id AS id, s.space_id AS space_id, s.write_key AS write_key, s.consent_basis \
        AS consent_basis, s.allowed_origins AS allowed_origins, s.collection AS collection, s.enabled AS enabled, p.consent_policy AS \
        consent_policy, p.experience_holdout AS experience_holdout FROM source s CROSS JOIN space p WHERE p.id = s.space_id";
    let rows = sqlx::query(sql).fetch_all(database.reader()).await?;
    rows.iter()
        .map(|row| {
            let space_id: String = row.try_get("space_id")?;
            Ok(SourceConfig {
                experiences: experiences.get(&space_id).cloned().unwrap_or_default(),
                defaults: defaults.get(&space_id).cloned().unwrap_or_default(),
                audiences: audiences.get(&space_id).cloned().unwrap_or_default(),
                user_token_keys: keys.get(&space_id).cloned().unwrap_or_default(),
                ..config(row, space_id)?
            })
        })
        .collect()
}

fn config(row: &AnyRow, space_id: String) -> Result<SourceConfig> {
    let policy = consent::policy::in_force(&space_id, &row.try_get::<String, _>("consent_policy")?);
    let (consent_basis, collection) = terms(row)?;
    Ok(SourceConfig {
        source_id: row.try_get("id")?,
        space_id,
        write_key: row.try_get("write_key")?,
        consent_basis,
        allowed_origins: serde_json::from_str(&row.try_get::<String, _>("allowed_origins")?)?,
        collection,
        enabled: row.try_get::<i64, _>("enabled")? != 0,
        policy,
        experiences: Vec::new(),
        defaults: BTreeMap::new(),
        holdout: experience::share(row.try_get("experience_holdout")?),
        user_token_keys: Vec::new(),
        audiences: Rules::default(),
    })
}

fn terms(row: &AnyRow) -> Result<(ConsentBasis, CollectionPolicy)> {
    let basis = serde_json::from_str(&row.try_get::<String, _>("consent_basis")?)?;
    let collection = change::stored(&row.try_get::<String, _>("collection")?, &basis)?;
    Ok((basis, collection))
}

fn source(row: &AnyRow) -> Result<Source> {
    let (consent_basis, collection) = terms(row)?;
    Ok(Source {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        kind: row.try_get("kind")?,
        write_key: row.try_get("write_key")?,
        enabled: row.try_get::<i64, _>("enabled")? != 0,
        consent_basis,
        allowed_origins: serde_json::from_str(&row.try_get::<String, _>("allowed_origins")?)?,
        collection,
        created_at: Timestamp::from_micros(row.try_get("created_at")?),
    })
}
