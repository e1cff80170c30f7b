//! Gaps: numbers of a tab without an outcome, each run with its likely cause.

use cdp_core::ledger::{Cause, Evidence};
use cdp_core::outcome::Outcome;
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use super::store::{self, Hole, Open};
use crate::error::Result;

/// Tabs that are looked up at a time.
const TABS: i64 = 100;

/// A run of numbers without an outcome.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LedgerGap")]
pub(super) struct Gap {
    source_id: String,
    tab: String,
    from: i64,
    to: i64,
    pub(super) cause: Cause,
    explanation: &'static str,
    /// When the evidence for it came; absent when that was not written down.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
}

impl Gap {
    /// How many numbers.
    pub(super) fn len(&self) -> i64 {
        self.to - self.from + 1
    }

    /// Where a list goes on behind it.
    pub(super) fn place(&self) -> Place {
        Place(self.source_id.clone(), self.tab.clone(), self.from)
    }
}

/// Source, tab and first number of a gap: the order of the list.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Place(String, String, i64);

/// The gaps behind a place, in order.
pub(super) async fn list(
    connection: &mut AnyConnection,
    space_id: &str,
    source_id: Option<&str>,
    after: Place,
    limit: i64,
    now: Timestamp,
) -> Result<Vec<Gap>> {
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let Place(mut source, mut tab, mut seq) = after;
    let mut gaps = Vec::new();
    loop {
        let open = store::open_tabs(connection, space_id, source_id, (&source, &tab), TABS).await?;
        let last = open
            .last()
            .map(|open| (open.source_id.clone(), open.tab.clone()));
        let more = i64::try_from(open.len()).is_ok_and(|count| count == TABS);
        for open in open {
            // The first tab of a page may be the one that the page before ended in.
            let behind = if (&open.source_id, &open.tab) == (&source, &tab) {
                seq
            } else {
                0
            };
            of_tab(connection, space_id, &open, behind, limit, now, &mut gaps).await?;
            if gaps.len() >= wanted {
                gaps.truncate(wanted);
                return Ok(gaps);
            }
        }
        let Some(last) = last.filter(|_| more) else {
            return Ok(gaps);
        };
        (source, tab) = last;
        // Every gap of that tab was listed.
        seq = i64::MAX;
    }
}

async fn of_tab(
    connection: &mut AnyConnection,
    space_id: &str,
    open: &Open,
    behind: i64,
    limit: i64,
    now: Timestamp,
    gaps: &mut Vec<Gap>,
) -> Result<()> {
    let anything_arrived = store::anything_arrived(connection, space_id, open).await?;
    let mut holes = store::holes(connection, space_id, open, behind, limit).await?;
    let tail = store::tail(connection, space_id, open).await?;
    holes.extend(tail.filter(|tail| tail.from > behind));
    gaps.extend(
        holes
            .iter()
            .map(|hole| gap(open, hole, anything_arrived, now)),
    );
    Ok(())
}

fn gap(open: &Open, hole: &Hole, anything_arrived: bool, now: Timestamp) -> Gap {
    let before = hole
        .before
        .as_ref()
        .and_then(|(outcome, reason)| Some((Outcome::from_word(outcome)?, reason.as_deref())));
    let evidence = Evidence {
        passed_at: hole.passed_at,
        heard_at: open.heard_at,
        anything_arrived,
        before,
    };
    let cause = evidence.cause(now);
    let since = hole.passed_at.unwrap_or(open.heard_at);
    Gap {
        source_id: open.source_id.clone(),
        tab: open.tab.clone(),
        from: hole.from,
        to: hole.to,
        cause,
        explanation: cause.meaning(),
        since: Some(since).filter(|since| *since != Timestamp::default()),
    }
}
