//! Who entered an audience and who left it, and what did it: SQL of `audience_change`.

use cdp_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::store::time;
use crate::database::Database;
use crate::database::rows::Many;
use crate::error::Result;
use crate::id;

/// What made somebody enter or leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub(crate) enum Cause {
    /// An event of theirs.
    Event {
        /// Which.
        message_id: String,
        /// Its name; absent of events without one.
        #[serde(skip_serializing_if = "Option::is_none")]
        event: Option<String>,
    },
    /// Nothing but time.
    Time,
    /// They were joined with somebody, or parted.
    Identity,
    /// What is known of them was counted anew, because of what they said to consent or of a decision about them.
    Recount,
    /// The definition changed.
    Definition,
}

/// Somebody entered or left.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Change {
    id: String,
    audience_id: String,
    profile_id: String,
    /// `entered` or `left`.
    kind: String,
    happened_at: Timestamp,
    cause: Cause,
}

impl Change {
    /// What it sorts by.
    pub(super) fn id(&self) -> &str {
        &self.id
    }
}

/// One to be written: audience and profile, whether it was entered, and why.
pub(super) type New<'a> = (&'a (String, String), bool, Cause);

fn word(entered: bool) -> &'static str {
    if entered { "entered" } else { "left" }
}

/// Writes changes of this moment.
pub(super) async fn write(
    connection: &mut AnyConnection,
    space_id: &str,
    changes: &[New<'_>],
    now: Timestamp,
) -> Result<()> {
    let mut insert = Many::new(
        "INSERT INTO audience_change (id, space_id, audience_id, profile_id, kind, cause, happened_at) VALUES {rows}",
        [],
    );
    for ((audience, profile), entered, cause) in changes {
        insert.push([
            id::dated("chg", now)?.into(),
            space_id.into(),
            audience.into(),
            profile.into(),
            word(*entered).into(),
            serde_json::to_string(cause)?.into(),
            now.as_micros().into(),
        ]);
    }
    insert.execute(connection).await?;
    Ok(())
}

/// Writes who is in one audience and not in another as having entered, or left, a third.
pub(super) async fn write_differences(
    connection: &mut AnyConnection,
    space_id: &str,
    [within, without, audience_id]: [&str; 3],
    entered: bool,
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO audience_change (id, space_id, audience_id, profile_id, kind, cause, happened_at) \
               SELECT $1 || m.profile_id, m.space_id, $2, m.profile_id, $3, $4, $5 FROM audience_member m \
               WHERE m.space_id = $6 AND m.audience_id = $7 AND NOT EXISTS (SELECT 1 FROM audience_member o WHERE \
               o.space_id = $6 AND o.audience_id = $8 AND o.profile_id = m.profile_id)";
    sqlx::query(sql)
        .bind(format!("{}_", id::dated("chg", now)?))
        .bind(audience_id)
        .bind(word(entered))
        .bind(serde_json::to_string(&Cause::Definition)?)
        .bind(now.as_micros())
        .bind(space_id)
        .bind(within)
        .bind(without)
        .execute(connection)
        .await?;
    Ok(())
}

/// A page of an audience's changes, oldest first.
pub(super) async fn of_audience(
    database: &Database,
    space_id: &str,
    audience_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Change>> {
    let sql = "SELECT id, audience_id, profile_id, kind, cause, happened_at FROM audience_change \
               WHERE space_id = $1 AND audience_id = $2 AND id > $3 ORDER BY id LIMIT $4";
    page(database, sql, [space_id, audience_id, after], limit).await
}

/// A page of a profile's changes, oldest first.
pub(super) async fn of_profile(
    database: &Database,
    space_id: &str,
    profile_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Change>> {
    let sql = "SELECT id, audience_id, profile_id, kind, cause, happened_at FROM audience_change \
               WHERE space_id = $1 AND profile_id = $2 AND id > $3 ORDER BY id LIMIT $4";
    page(database, sql, [space_id, profile_id, after], limit).await
}

async fn page(
    database: &Database,
    sql: &'static str,
    texts: [&str; 3],
    limit: i64,
) -> Result<Vec<Change>> {
    let [space_id, of, after] = texts;
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(of)
        .bind(after)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    rows.iter().map(change).collect()
}

fn change(row: &AnyRow) -> Result<Change> {
    let cause: String = row.try_get("cause")?;
    Ok(Change {
        id: row.try_get("id")?,
        audience_id: row.try_get("audience_id")?,
        profile_id: row.try_get("profile_id")?,
        kind: row.try_get("kind")?,
        happened_at: time(row, "happened_at")?,
        cause: serde_json::from_str(&cause)?,
    })
}
