//! A space's identity rules: checked as a whole, published in versions, and in force for everything that is stored. Where
//! they read events otherwise than before, they come into force when every event has been read by them; who is who is
//! resolved again in the background.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use cdp_core::document::DocumentError;
use cdp_core::identity::Rules;
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::reading;
use super::waiting::RESOLVE;
use crate::app::App;
use crate::database::Database;
use crate::error::{Code, Error, Result};
use crate::{clock, pipeline};

/// How long a caller waits until rules that were published are in force.
const PATIENCE: Duration = Duration::from_secs(10);

/// A published version.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "IdentityRulesVersion")]
pub(super) struct Version {
    pub(super) version: i64,
    /// `None` of the rules that every space begins with.
    #[serde(skip_serializing_if = "Option::is_none")]
    published_at: Option<Timestamp>,
    rules: Value,
    /// What is read by rules that are to come into force.
    #[serde(skip_serializing_if = "Option::is_none")]
    reading: Option<Progress>,
}

/// How far events have been read by rules that are to come into force.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "IdentityRulesReading")]
pub(super) struct Progress {
    /// The version that the rules will have.
    version: i64,
    /// The number of the last event that has been read.
    read: i64,
    /// The number of the youngest event.
    of: i64,
    rules: Value,
}

/// Reads and checks rules as somebody wrote them.
pub(super) fn read(document: &str) -> Result<Rules> {
    Rules::read(document).map_err(|errors| {
        let first = errors.first().map(DocumentError::to_string);
        let more = match errors.len() {
            0 | 1 => String::new(),
            count => format!(" (and {} more in details.errors)", count - 1),
        };
        let message = format!("{}{more}", first.unwrap_or_default());
        let list = serde_json::to_value(errors).unwrap_or_default();
        Error::new(Code::InvalidDefinition, message).with("errors", list)
    })
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

/// The version in force, and what is read by rules that are to come after it.
pub(super) async fn current(database: &Database, space_id: &str) -> Result<Version> {
    // Asked first, so that rules which come into force in between are not missed by both.
    let reading = match reading::of_space(database, space_id).await? {
        Some(reading) => Some(Progress {
            version: reading.version,
            read: reading.position,
            of: pipeline::last_offset(database).await?,
            rules: reading.body()?,
        }),
        None => None,
    };
    let found = versions(database, space_id, i64::MAX, 1).await?.pop();
    let rules = Rules::default();
    let mut current = found.unwrap_or(Version {
        version: i64::from(rules.version),
        published_at: None,
        rules: serde_json::to_value(rules)?,
        reading: None,
    });
    current.reading = reading.filter(|reading| reading.version > current.version);
    Ok(current)
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
        reading: None,
    })
}

/// Publishes rules as the version after `from_version`, which has to be the newest: nobody's change is overwritten unseen.
/// They are in force when this returns, unless there is much to read by them first.
pub(super) async fn publish(
    app: &App,
    space_id: &str,
    rules: Rules,
    from_version: u32,
) -> Result<Version> {
    // Between two turns, so that none is resolved by both.
    let turn = app.pipeline.between_turns().await;
    let current = current(&app.database, space_id).await?;
    let waiting = current.reading.as_ref().map(|reading| reading.version);
    let newest = waiting.unwrap_or(current.version);
    if newest != i64::from(from_version) {
        return Err(changed_meanwhile(newest));
    }
    let rules = Rules {
        version: from_version.saturating_add(1),
        ..rules
    };
    let mut transaction = app.database.begin().await?;
    if let Some(reading) = reading::of_space(&app.database, space_id).await? {
        reading::give_up(&mut transaction, &reading).await?;
    }
    let at_once = rules.reads_like(&app.sources.identity(space_id));
    if at_once {
        put(&mut transaction, space_id, &rules).await?;
        RESOLVE.everybody(&mut transaction, space_id).await?;
    } else {
        reading::begin(&mut transaction, space_id, &rules).await?;
    }
    transaction.commit().await?;
    if at_once {
        app.sources.reload(&app.database).await?;
        app.snapshots.clear();
    }
    drop(turn);
    in_force(app, space_id, rules).await
}

fn changed_meanwhile(newest: i64) -> Error {
    let say = format!(
        "version {newest} of the identity rules is the newest, and these were written from another: read it, carry your change over, and publish that"
    );
    Error::new(Code::Conflict, say).with("version", newest)
}

/// Writes rules down as those in force.
pub(super) async fn put(
    connection: &mut AnyConnection,
    space_id: &str,
    rules: &Rules,
) -> Result<()> {
    let sql = "INSERT INTO identity_rules (space_id, version, body, published_at) VALUES ($1, $2, $3, $4)";
    sqlx::query(sql)
        .bind(space_id)
        .bind(i64::from(rules.version))
        .bind(serde_json::to_string(rules)?)
        .bind(clock::now().as_micros())
        .execute(connection)
        .await?;
    Ok(())
}

/// Waits until rules are in force, and says how far that is when it takes long.
async fn in_force(app: &App, space_id: &str, rules: Rules) -> Result<Version> {
    let mut resolved = app.pipeline.resolved();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        resolved.borrow_and_update();
        app.pipeline.wake();
        let current = current(&app.database, space_id).await?;
        if current.version >= i64::from(rules.version) {
            return Ok(current);
        }
        let changed = tokio::time::timeout_at(deadline, resolved.changed()).await;
        if !changed.is_ok_and(|changed| changed.is_ok()) {
            return Ok(Version {
                version: i64::from(rules.version),
                published_at: None,
                rules: serde_json::to_value(&rules)?,
                ..current
            });
        }
    }
}
