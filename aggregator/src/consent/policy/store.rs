//! SQL of `consent_policy`, and of the policy in force in `space`.

use cdp_core::consent::Policy;
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use crate::database::Database;
use crate::error::{Error, Result};
use crate::identity;

/// A published version.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ConsentPolicyVersion")]
pub(super) struct Version {
    pub(super) version: i64,
    pub(super) published_at: Timestamp,
    #[schemars(with = "Policy")]
    pub(super) policy: Value,
}

impl Version {
    pub(super) fn new(policy: &Policy, published_at: Timestamp) -> Result<Self> {
        Ok(Self {
            version: i64::from(policy.version),
            published_at,
            policy: serde_json::to_value(policy)?,
        })
    }
}

/// The version in force.
pub(super) async fn current(database: &Database, space_id: &str) -> Result<Version> {
    let sql = "SELECT version, body, published_at FROM consent_policy WHERE space_id = $1 ORDER BY version DESC LIMIT 1";
    let row = sqlx::query(sql)
        .bind(space_id)
        .fetch_optional(database.reader())
        .await?;
    found(row)
}

/// One version.
pub(super) async fn version(database: &Database, space_id: &str, version: i64) -> Result<Version> {
    let sql = "SELECT version, body, published_at FROM consent_policy WHERE space_id = $1 AND version = $2";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(version)
        .fetch_optional(database.reader())
        .await?;
    found(row)
}

fn found(row: Option<AnyRow>) -> Result<Version> {
    let row = row.ok_or_else(|| Error::not_found("version of the consent policy"))?;
    version_of(&row)
}

/// A page of the versions, the youngest first.
pub(super) async fn versions(
    database: &Database,
    space_id: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<Version>> {
    let sql = "SELECT version, body, published_at FROM consent_policy \
               WHERE space_id = $1 AND version < $2 ORDER BY version DESC LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(before)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    rows.iter().map(version_of).collect()
}

/// Writes the first version of a space that was just made with it.
pub(crate) async fn first(
    connection: &mut AnyConnection,
    space_id: &str,
    policy: &Policy,
    now: Timestamp,
) -> Result<()> {
    insert(connection, space_id, &Version::new(policy, now)?).await?;
    Ok(())
}

/// Writes a version and puts it in force; false when there is one of this number already.
pub(super) async fn publish(
    database: &Database,
    space_id: &str,
    version: &Version,
) -> Result<bool> {
    let mut transaction = database.begin().await?;
    if !insert(&mut transaction, space_id, version).await? {
        return Ok(false);
    }
    sqlx::query("UPDATE space SET consent_policy = $2 WHERE id = $1")
        .bind(space_id)
        .bind(serde_json::to_string(&version.policy)?)
        .execute(&mut *transaction)
        .await?;
    // What evidence grants may be something else now.
    identity::REFOLD
        .everybody(&mut transaction, space_id)
        .await?;
    transaction.commit().await?;
    Ok(true)
}

async fn insert(connection: &mut AnyConnection, space_id: &str, version: &Version) -> Result<bool> {
    let sql = "INSERT INTO consent_policy (space_id, version, body, published_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (space_id, version) DO NOTHING";
    let done = sqlx::query(sql)
        .bind(space_id)
        .bind(version.version)
        .bind(serde_json::to_string(&version.policy)?)
        .bind(version.published_at.as_micros())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// The policy in force, from a row's `consent_policy`. One that cannot be read allows nothing: without
/// it the space's events are denied, and other spaces do not notice.
pub(crate) fn in_force(space_id: &str, text: &str) -> Policy {
    Policy::read(text).unwrap_or_else(|errors| {
        let told = errors.first().map(ToString::to_string).unwrap_or_default();
        tracing::error!(
            space.id = space_id,
            errors = errors.len(),
            first = told,
            "the consent policy cannot be read; nothing is allowed until a new one is published"
        );
        Policy::closed()
    })
}

fn version_of(row: &AnyRow) -> Result<Version> {
    Ok(Version {
        version: row.try_get("version")?,
        published_at: Timestamp::from_micros(row.try_get("published_at")?),
        policy: serde_json::from_str(&row.try_get::<String, _>("body")?)?,
    })
}
