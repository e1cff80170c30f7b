//! SQL of `quarantine`. The log's writer fills it.

use cdp_core::kept_message::KeptMessage;
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::filter::Terms;
use crate::database::Database;
use crate::database::rows::Many;
use crate::error::Result;

/// Characters that the messages of a page have together, but for a first one that has more alone.
const LONGEST_PAGE: i64 = 4 * 1024 * 1024;

/// A refused message.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "QuarantinedMessage")]
pub(super) struct Refused {
    pub(super) id: String,
    pub(super) source_id: String,
    pub(super) message_id: String,
    pub(super) reason: String,
    /// The message: any JSON, or a text with what was sent where that was none.
    #[schemars(with = "Value")]
    pub(super) message: KeptMessage,
    pub(super) received_at: Timestamp,
    /// Where the person was, as the edge saw it.
    pub(super) jurisdiction: Option<String>,
    /// Whether the request carried Global Privacy Control.
    pub(super) gpc: bool,
}

/// The youngest of the space's refused messages behind a place, and whether there are more. Fewer than `limit` where they are
/// large.
pub(super) async fn page(
    database: &Database,
    space_id: &str,
    terms: &Terms,
    before: &str,
    limit: usize,
) -> Result<(Vec<Refused>, bool)> {
    let sql = "SELECT id, LENGTH(message) AS length FROM quarantine \
               WHERE space_id = $1 AND ($2 = '' OR id < $2) AND ($3 = '' OR source_id = $3) \
               AND ($4 = '' OR LOWER(reason) LIKE LOWER($4) ESCAPE '!') \
               AND ($5 = '' OR LOWER(message) LIKE LOWER($5) ESCAPE '!' OR LOWER(message) LIKE LOWER($6) ESCAPE '!' \
               OR LOWER(message_id) LIKE LOWER($5) ESCAPE '!' OR LOWER(reason) LIKE LOWER($5) ESCAPE '!') \
               AND received_at >= $7 AND received_at < $8 ORDER BY id DESC LIMIT $9";
    let query = sqlx::query(sql)
        .bind(space_id)
        .bind(before)
        .bind(&terms.source_id)
        .bind(&terms.reason)
        .bind(&terms.text)
        .bind(&terms.in_json)
        .bind(terms.from)
        .bind(terms.to)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1));
    let mut connection = database.reader().acquire().await?;
    let rows = query.fetch_all(&mut *connection).await?;
    let (mut ids, mut length) = (Vec::new(), 0);
    for row in rows.iter().take(limit) {
        length += row.try_get::<i64, _>("length")?;
        if length > LONGEST_PAGE && !ids.is_empty() {
            break;
        }
        ids.push(row.try_get("id")?);
    }
    let mut found = by_ids(&mut connection, space_id, &ids).await?;
    found.sort_by(|one, other| other.id.cmp(&one.id));
    Ok((found, ids.len() < rows.len()))
}

/// These refused messages.
pub(super) async fn by_ids(
    connection: &mut AnyConnection,
    space_id: &str,
    ids: &[String],
) -> Result<Vec<Refused>> {
    let query = Many::new(
        "WITH wanted (id) AS (VALUES {rows}) SELECT q.id AS id, q.source_id AS source_id, \
         q.message_id AS message_id, q.reason AS reason, q.message AS message, q.received_at \
         AS received_at, q.jurisdiction AS jurisdiction, q.gpc AS gpc FROM wanted w CROSS JOIN quarantine q WHERE q.space_id = $1 AND q.id = \
         w.id",
        [space_id.into()],
    );
    query
        .rows(ids.iter().map(|id| [id.into()]))
        .fetch(connection)
        .await?
        .iter()
        .map(refused)
        .collect()
}

/// Takes messages out that were stored after all, and writes why others are still refused.
pub(super) async fn settle(
    database: &Database,
    space_id: &str,
    gone: &[String],
    changed: &[(String, String)],
) -> Result<()> {
    let mut transaction = database.begin().await?;
    let delete = Many::new(
        "DELETE FROM quarantine WHERE space_id = $1 AND id IN (VALUES {rows})",
        [space_id.into()],
    );
    delete
        .rows(gone.iter().map(|id| [id.into()]))
        .execute(&mut transaction)
        .await?;
    for (id, reason) in changed {
        sqlx::query("UPDATE quarantine SET reason = $1 WHERE space_id = $2 AND id = $3")
            .bind(reason.replace('\0', "\u{fffd}"))
            .bind(space_id)
            .bind(id)
            .execute(&mut *transaction)
            .await?;
    }
    Ok(transaction.commit().await?)
}

fn refused(row: &AnyRow) -> Result<Refused> {
    let message: String = row.try_get("message")?;
    Ok(Refused {
        id: row.try_get("id")?,
        source_id: row.try_get("source_id")?,
        message_id: row.try_get("message_id")?,
        reason: row.try_get("reason")?,
        message: kept(message),
        received_at: Timestamp::from_micros(row.try_get("received_at")?),
        jurisdiction: row.try_get("jurisdiction")?,
        gpc: row.try_get::<i64, _>("gpc")? != 0,
    })
}

/// A message as the row has it.
fn kept(message: String) -> KeptMessage {
    match KeptMessage::of_json(message) {
        Some(message) => message,
        None => KeptMessage::from(&Value::Null),
    }
}
