//! SQL of `ledger_tab` and `ledger_entry`, for reading. The log's writer fills them.

use std::collections::BTreeMap;

use sqlx::Row as _;

use crate::database::Database;
use crate::error::Result;

/// How many numbers the tabs gave out, over one source or all.
pub(super) async fn numbered(
    database: &Database,
    space_id: &str,
    source_id: Option<&str>,
) -> Result<i64> {
    let sql = "SELECT CAST(COALESCE(SUM(next_seq - 1), 0) AS BIGINT) AS numbered FROM ledger_tab \
               WHERE space_id = $1 AND ($2 = '' OR source_id = $2)";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(source_id.unwrap_or_default())
        .fetch_one(database.reader())
        .await?;
    Ok(row.try_get("numbered")?)
}

/// How many numbers ended in each outcome.
pub(super) async fn outcomes(
    database: &Database,
    space_id: &str,
    source_id: Option<&str>,
) -> Result<BTreeMap<String, i64>> {
    let sql = "SELECT outcome, COUNT(*) AS count FROM ledger_entry WHERE space_id = $1 AND ($2 = '' OR source_id = $2) GROUP BY outcome";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(source_id.unwrap_or_default())
        .fetch_all(database.reader())
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("outcome")?, row.try_get("count")?)))
        .collect()
}

/// A tab with numbers that have no outcome.
pub(super) struct Open {
    pub(super) source_id: String,
    pub(super) tab: String,
    pub(super) next: i64,
}

/// Tabs that have counted further than outcomes are known.
pub(super) async fn open_tabs(
    database: &Database,
    space_id: &str,
    source_id: Option<&str>,
    limit: i64,
) -> Result<Vec<Open>> {
    let sql = "SELECT t.source_id AS source_id, t.tab AS tab, t.next_seq AS next_seq FROM ledger_tab t \
               WHERE t.space_id = $1 AND ($2 = '' OR t.source_id = $2) AND t.next_seq - 1 > \
               (SELECT COUNT(*) FROM ledger_entry e WHERE e.space_id = t.space_id AND e.source_id = t.source_id AND e.tab = t.tab) \
               ORDER BY t.source_id, t.tab LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(source_id.unwrap_or_default())
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Open {
                source_id: row.try_get("source_id")?,
                tab: row.try_get("tab")?,
                next: row.try_get("next_seq")?,
            })
        })
        .collect()
}

/// The numbers of a tab that have an outcome, in order.
pub(super) async fn settled(database: &Database, space_id: &str, open: &Open) -> Result<Vec<i64>> {
    let sql = "SELECT seq FROM ledger_entry WHERE space_id = $1 AND source_id = $2 AND tab = $3 ORDER BY seq";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(&open.source_id)
        .bind(&open.tab)
        .fetch_all(database.reader())
        .await?;
    rows.iter().map(|row| Ok(row.try_get("seq")?)).collect()
}
