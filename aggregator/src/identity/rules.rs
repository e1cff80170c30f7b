//! A space's identity rules: checked as a whole, published in versions, and in force for every event that is taken in
//! after that; who is who is resolved again in the background.

use std::collections::HashMap;
use std::sync::Arc;

use cdp_core::document::DocumentError;
use cdp_core::identity::{Rules, SharedDevices};
use cdp_core::time::Timestamp;
use serde::Serialize;
use serde_json::Value;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::waiting::RESOLVE;
use crate::app::App;
use crate::clock;
use crate::database::Database;
use crate::error::{Code, Error, Result};

/// A published version.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Version {
    pub(super) version: i64,
    /// `None` of the rules that every space begins with.
    #[serde(skip_serializing_if = "Option::is_none")]
    published_at: Option<Timestamp>,
    rules: Value,
}

/// Reads and checks rules as somebody wrote them.
pub(super) fn read(document: &str) -> Result<Rules> {
    let rules = Rules::read(document).map_err(|errors| {
        let first = errors.first().map(DocumentError::to_string);
        let more = match errors.len() {
            0 | 1 => String::new(),
            count => format!(" (and {} more in details.errors)", count - 1),
        };
        let message = format!("{}{more}", first.unwrap_or_default());
        let list = serde_json::to_value(errors).unwrap_or_default();
        Error::new(Code::InvalidDefinition, message).with("errors", list)
    })?;
    if rules.shared_devices == SharedDevices::ByTime {
        let say = "this server gives the events of a shared device to its owner: write \"shared_devices\": \"owner\", or \"conflict\": \"detach\" where nobody is to have them";
        return Err(Error::new(Code::InvalidDefinition, say));
    }
    Ok(rules)
}

/// The rules of the spaces that have published any. Rules that cannot be read join nobody by anything but the default
/// ones.
pub(crate) async fn rules_in_force(database: &Database) -> Result<HashMap<String, Arc<Rules>>> {
    let sql = "SELECT r.space_id AS space_id, r.body AS body FROM identity_rules r WHERE r.version = \
               (SELECT MAX(o.version) FROM identity_rules o WHERE o.space_id = r.space_id)";
    let rows = sqlx::query(sql).fetch_all(database.reader()).await?;
    let mut found = HashMap::new();
    for row in &rows {
        let space_id: String = row.try_get("space_id")?;
        match Rules::read(row.try_get("body")?) {
            Ok(rules) => drop(found.insert(space_id, Arc::new(rules))),
            Err(errors) => {
                let first = errors.first().map(ToString::to_string).unwrap_or_default();
                tracing::error!(
                    space.id = space_id,
                    first,
                    "the identity rules cannot be read; the default rules hold until new ones are published"
                );
            }
        }
    }
    Ok(found)
}

/// The version in force.
pub(super) async fn current(database: &Database, space_id: &str) -> Result<Version> {
    let found = versions(database, space_id, i64::MAX, 1).await?.pop();
    let rules = Rules::default();
    let usual = Version {
        version: i64::from(rules.version),
        published_at: None,
        rules: serde_json::to_value(rules)?,
    };
    Ok(found.unwrap_or(usual))
}

/// A page of the published versions, the youngest first.
pub(super) async fn versions(
    database: &Database,
    space_id: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<Version>> {
    let sql = "SELECT version, body, published_at FROM identity_rules \
               WHERE space_id = $1 AND version < $2 ORDER BY version DESC LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(before)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    rows.iter().map(version).collect()
}

fn version(row: &AnyRow) -> Result<Version> {
    Ok(Version {
        version: row.try_get("version")?,
        published_at: Some(Timestamp::from_micros(row.try_get("published_at")?)),
        rules: serde_json::from_str(&row.try_get::<String, _>("body")?)?,
    })
}

/// Publishes rules as the version after `from_version`, which has to be the one in force: nobody's change is overwritten
/// unseen.
pub(super) async fn publish(
    app: &App,
    space_id: &str,
    rules: Rules,
    from_version: u32,
) -> Result<Version> {
    let current = current(&app.database, space_id).await?.version;
    let changed_meanwhile = || {
        Error::new(
            Code::Conflict,
            format!("version {current} of the identity rules is in force, and these were written from version {from_version}: read the newest, carry your change over, and publish that"),
        )
        .with("version", current)
    };
    if current != i64::from(from_version) {
        return Err(changed_meanwhile());
    }
    let rules = Rules {
        version: from_version.saturating_add(1),
        ..rules
    };
    let now = clock::now();
    // Between two turns, so that none is resolved by both.
    let _guard = app.pipeline.between_turns().await;
    let mut transaction = app.database.begin().await?;
    let sql = "INSERT INTO identity_rules (space_id, version, body, published_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (space_id, version) DO NOTHING";
    let body = serde_json::to_value(&rules)?;
    let done = sqlx::query(sql)
        .bind(space_id)
        .bind(i64::from(rules.version))
        .bind(body.to_string())
        .bind(now.as_micros())
        .execute(&mut *transaction)
        .await?;
    if done.rows_affected() == 0 {
        return Err(changed_meanwhile());
    }
    RESOLVE.everybody(&mut transaction, space_id).await?;
    transaction.commit().await?;
    app.sources.reload(&app.database).await?;
    app.snapshots.clear();
    app.pipeline.wake();
    Ok(Version {
        version: i64::from(rules.version),
        published_at: Some(now),
        rules: body,
    })
}
