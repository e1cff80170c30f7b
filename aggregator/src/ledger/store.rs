//! SQL of the ledger's tables, for reading. The pipeline fills them.

use std::collections::BTreeMap;

use cdp_core::time::Timestamp;
use sqlx::{AnyConnection, Row as _};

use crate::database::rows::Many;
use crate::error::Result;

/// How many numbers ended in an outcome, and of how many of those something arrived.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ended {
    pub(super) count: i64,
    pub(super) received: i64,
}

/// How many numbers the tabs gave out, over one source or all, and how many ended in each outcome.
pub(super) async fn totals(
    connection: &mut AnyConnection,
    space_id: &str,
    source_id: Option<&str>,
) -> Result<(i64, BTreeMap<String, Ended>)> {
    let sql = "SELECT outcome, CAST(SUM(numbers) AS BIGINT) AS count, CAST(SUM(received) AS BIGINT) AS received FROM ledger_total \
               WHERE space_id = $1 AND ($2 = '' OR source_id = $2) GROUP BY outcome";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(source_id.unwrap_or_default())
        .fetch_all(connection)
        .await?;
    let mut all: BTreeMap<String, Ended> = BTreeMap::new();
    for row in &rows {
        let ended = Ended {
            count: row.try_get("count")?,
            received: row.try_get("received")?,
        };
        all.insert(row.try_get("outcome")?, ended);
    }
    let numbered = all.remove("").unwrap_or_default().count;
    Ok((numbered, all))
}

/// A tab that numbers events.
pub(super) struct Tab {
    pub(super) source_id: String,
    pub(super) tab: String,
    pub(super) next: i64,
    pub(super) heard_at: Timestamp,
}

/// A tab with numbers that have no outcome.
pub(super) type Open = Tab;

fn tab(row: &sqlx::any::AnyRow) -> Result<Tab> {
    Ok(Tab {
        source_id: row.try_get("source_id")?,
        tab: row.try_get("tab")?,
        next: row.try_get("next_seq")?,
        heard_at: Timestamp::from_micros(row.try_get("heard_at")?),
    })
}

/// Tabs from a source and tab on that have counted further than outcomes are known.
pub(super) async fn open_tabs(
    connection: &mut AnyConnection,
    space_id: &str,
    source_id: Option<&str>,
    (from_source, from_tab): (&str, &str),
    limit: i64,
) -> Result<Vec<Open>> {
    let sql = "SELECT source_id, tab, next_seq, heard_at FROM ledger_tab \
               WHERE space_id = $1 AND ($2 = '' OR source_id = $2) \
               AND (source_id > $3 OR (source_id = $3 AND tab >= $4)) AND is_open = 1 \
               ORDER BY source_id, tab LIMIT $5";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(source_id.unwrap_or_default())
        .bind(from_source)
        .bind(from_tab)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.iter().map(tab).collect()
}

/// A page of tabs behind a source and tab.
pub(super) async fn tabs(
    connection: &mut AnyConnection,
    space_id: &str,
    source_id: Option<&str>,
    (after_source, after_tab): (&str, &str),
    limit: i64,
) -> Result<Vec<Tab>> {
    let sql = "SELECT source_id, tab, next_seq, heard_at FROM ledger_tab \
               WHERE space_id = $1 AND ($2 = '' OR source_id = $2) \
               AND (source_id > $3 OR (source_id = $3 AND tab > $4)) ORDER BY source_id, tab LIMIT $5";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(source_id.unwrap_or_default())
        .bind(after_source)
        .bind(after_tab)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.iter().map(tab).collect()
}

/// How many numbers of each of these tabs ended in each outcome.
pub(super) async fn outcomes_of_tabs(
    connection: &mut AnyConnection,
    space_id: &str,
    tabs: &[Tab],
) -> Result<BTreeMap<(String, String), BTreeMap<String, Ended>>> {
    let query = Many::new(
        "WITH wanted (source_id, tab) AS (VALUES {rows}) SELECT w.source_id AS source_id, w.tab AS tab, \
         e.outcome AS outcome, COUNT(*) AS count, COUNT(e.message_id) AS received FROM wanted w CROSS JOIN ledger_entry e \
         WHERE e.space_id = $1 AND e.source_id = w.source_id AND e.tab = w.tab \
         GROUP BY w.source_id, w.tab, e.outcome",
        [space_id.into()],
    );
    let rows = query
        .rows(
            tabs.iter()
                .map(|tab| [(&tab.source_id).into(), (&tab.tab).into()]),
        )
        .fetch(connection)
        .await?;
    let mut found: BTreeMap<(String, String), BTreeMap<String, Ended>> = BTreeMap::new();
    for row in &rows {
        let ended = Ended {
            count: row.try_get("count")?,
            received: row.try_get("received")?,
        };
        found
            .entry((row.try_get("source_id")?, row.try_get("tab")?))
            .or_default()
            .insert(row.try_get("outcome")?, ended);
    }
    Ok(found)
}

/// A run of numbers without an outcome, and what stands around it.
pub(super) struct Hole {
    pub(super) from: i64,
    pub(super) to: i64,
    /// When the number behind it was settled; none at the end of a tab's numbers.
    pub(super) passed_at: Option<Timestamp>,
    /// Outcome and reason of the number before it.
    pub(super) before: Option<(String, Option<String>)>,
}

/// Holes between a tab's settled numbers that begin behind a number.
pub(super) async fn holes(
    connection: &mut AnyConnection,
    space_id: &str,
    open: &Open,
    behind: i64,
    limit: i64,
) -> Result<Vec<Hole>> {
    let sql = "SELECT seq, settled_at, earlier, outcome_before, reason_before FROM \
               (SELECT seq, settled_at, LAG(seq, 1, CAST(0 AS BIGINT)) OVER in_order AS earlier, \
               LAG(outcome) OVER in_order AS outcome_before, LAG(reason) OVER in_order AS reason_before \
               FROM ledger_entry WHERE space_id = $1 AND source_id = $2 AND tab = $3 \
               WINDOW in_order AS (ORDER BY seq)) AS entries \
               WHERE seq > earlier + 1 AND earlier >= $4 ORDER BY seq LIMIT $5";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(&open.source_id)
        .bind(&open.tab)
        .bind(behind)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let (seq, earlier): (i64, i64) = (row.try_get("seq")?, row.try_get("earlier")?);
            let outcome: Option<String> = row.try_get("outcome_before")?;
            let reason = row.try_get("reason_before")?;
            Ok(Hole {
                from: earlier + 1,
                to: seq - 1,
                passed_at: Some(Timestamp::from_micros(row.try_get("settled_at")?)),
                before: outcome.map(|outcome| (outcome, reason)),
            })
        })
        .collect()
}

/// What the tab numbered behind its last settled number.
pub(super) async fn tail(
    connection: &mut AnyConnection,
    space_id: &str,
    open: &Open,
) -> Result<Option<Hole>> {
    let sql = "SELECT seq, outcome, reason FROM ledger_entry \
               WHERE space_id = $1 AND source_id = $2 AND tab = $3 ORDER BY seq DESC LIMIT 1";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(&open.source_id)
        .bind(&open.tab)
        .fetch_optional(connection)
        .await?;
    let (last, before) = match row {
        None => (0, None),
        Some(row) => (
            row.try_get("seq")?,
            Some((row.try_get("outcome")?, row.try_get("reason")?)),
        ),
    };
    Ok((last + 1 < open.next).then_some(Hole {
        from: last + 1,
        to: open.next - 1,
        passed_at: None,
        before,
    }))
}

/// Whether any message of a tab arrived.
pub(super) async fn anything_arrived(
    connection: &mut AnyConnection,
    space_id: &str,
    open: &Open,
) -> Result<bool> {
    let sql = "SELECT seq FROM ledger_entry WHERE space_id = $1 AND source_id = $2 AND tab = $3 AND message_id IS NOT NULL LIMIT 1";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(&open.source_id)
        .bind(&open.tab)
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}
