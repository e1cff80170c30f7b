//! SQL of the log: events, quarantine and the loss ledger, written in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::ledger::{Ending, News};
use cdp_core::outcome::{MessageOutcome, Outcome};
use sqlx::{AnyConnection, Row as _};

use super::writer::{Batch, NewEvent};
use crate::database::Database;
use crate::database::rows::{Cell, Many};
use crate::error::Result;
use crate::id;

/// The offset of the youngest event, 0 in an empty log.
pub(super) async fn last_offset(database: &Database) -> Result<i64> {
    let row = sqlx::query("SELECT COALESCE(MAX(offset_id), 0) AS last FROM event")
        .fetch_one(database.reader())
        .await?;
    Ok(row.try_get("last")?)
}

/// Writes batches behind `last`. Gives the new end and the outcomes of each batch.
pub(super) async fn append(
    connection: &mut AnyConnection,
    last: i64,
    batches: &[Batch],
) -> Result<(i64, Vec<Vec<MessageOutcome>>)> {
    let (last, stored) = insert_events(connection, last, batches).await?;
    let outcomes: Vec<Vec<MessageOutcome>> = batches
        .iter()
        .zip(&stored)
        .map(|(batch, stored)| outcomes(batch, stored))
        .collect();
    insert_quarantine(connection, batches).await?;
    account(connection, batches, &stored).await?;
    Ok((last, outcomes))
}

/// Gives for each batch which of its events are new.
async fn insert_events(
    connection: &mut AnyConnection,
    end: i64,
    batches: &[Batch],
) -> Result<(i64, Vec<Vec<bool>>)> {
    let mut last = end;
    let mut insert = Many::new(
        "INSERT INTO event (offset_id, space_id, source_id, message_id, kind, name, anchor, timestamp, received_at, tab, seq, body) \
         VALUES {rows} ON CONFLICT (space_id, message_id) DO NOTHING RETURNING offset_id",
        [],
    );
    let mut seen = BTreeSet::new();
    let mut offsets: Vec<Vec<Option<i64>>> = Vec::with_capacity(batches.len());
    for batch in batches {
        let mut of_batch = Vec::with_capacity(batch.events.len());
        for event in &batch.events {
            let first = seen.insert((&batch.space_id, &event.message_id));
            of_batch.push(first.then(|| {
                last += 1;
                insert.push(row(batch, event, last));
                last
            }));
        }
        offsets.push(of_batch);
    }
    let answer = insert.fetch(connection).await?;
    let new: BTreeSet<i64> = answer
        .iter()
        .map(|row| row.try_get("offset_id"))
        .collect::<Result<_, _>>()?;
    let stored = offsets.into_iter().map(|batch| {
        batch
            .into_iter()
            .map(|offset| offset.is_some_and(|offset| new.contains(&offset)))
            .collect()
    });
    // The end is the youngest event that is really there, so that a reader can wait for it.
    Ok((new.last().copied().unwrap_or(end), stored.collect()))
}

fn row(batch: &Batch, event: &NewEvent, offset: i64) -> [Cell; 12] {
    let (tab, seq) = event
        .mark
        .as_ref()
        .map_or(("", 0), |mark| (mark.tab.as_str(), number(mark.seq)));
    [
        offset.into(),
        (&batch.space_id).into(),
        (&batch.source_id).into(),
        (&event.message_id).into(),
        event.kind.into(),
        event.name.clone().into(),
        (&event.anchor).into(),
        event.timestamp.as_micros().into(),
        batch.received_at.as_micros().into(),
        tab.into(),
        seq.into(),
        (&event.body).into(),
    ]
}

fn outcomes(batch: &Batch, stored: &[bool]) -> Vec<MessageOutcome> {
    let taken = batch
        .events
        .iter()
        .zip(stored)
        .map(|(event, new)| MessageOutcome {
            index: event.index,
            message_id: event.message_id.clone(),
            outcome: if *new {
                Outcome::Ok
            } else {
                Outcome::Duplicate
            },
            reason: None,
        });
    let refused = batch.refused.iter().map(|refused| MessageOutcome {
        index: refused.index,
        message_id: refused.message_id.clone(),
        outcome: refused.outcome,
        reason: Some(refused.reason.clone()),
    });
    let mut lines: Vec<MessageOutcome> = taken.chain(refused).collect();
    lines.sort_by_key(|line| line.index);
    lines
}

async fn insert_quarantine(connection: &mut AnyConnection, batches: &[Batch]) -> Result<()> {
    let mut insert = Many::new(
        "INSERT INTO quarantine (id, space_id, source_id, message_id, reason, message, received_at) VALUES {rows} \
         ON CONFLICT (space_id, source_id, message_id) DO NOTHING",
        [],
    );
    for batch in batches {
        for refused in batch
            .refused
            .iter()
            .filter(|refused| refused.outcome == Outcome::Quarantined)
        {
            insert.push([
                id::dated("qrn", batch.received_at)?.into(),
                (&batch.space_id).into(),
                (&batch.source_id).into(),
                (&refused.message_id).into(),
                refused.reason.replace('\0', "\u{fffd}").into(),
                serde_json::to_string(&refused.message)?.into(),
                batch.received_at.as_micros().into(),
            ]);
        }
    }
    insert.execute(connection).await?;
    Ok(())
}

/// Space, source and id of a tab.
type TabKey<'a> = (&'a str, &'a str, &'a str);

/// Brings the ledger forward: how far each tab has numbered, and how numbers ended. The first outcome
/// of a number stays, except that an event that arrives after all makes good for having been
/// reported lost or for having been refused.
async fn account(
    connection: &mut AnyConnection,
    batches: &[Batch],
    stored: &[Vec<bool>],
) -> Result<()> {
    let mut news: BTreeMap<TabKey<'_>, (News<'_>, i64)> = BTreeMap::new();
    for (batch, stored) in batches.iter().zip(stored) {
        tell(&mut news, batch, stored);
    }
    if news.is_empty() {
        return Ok(());
    }
    let known = known_tabs(connection, news.keys()).await?;
    let mut tabs = Many::new(
        "INSERT INTO ledger_tab (space_id, source_id, tab, next_seq, heard_at) VALUES {rows} \
         ON CONFLICT (space_id, source_id, tab) DO UPDATE SET next_seq = excluded.next_seq, heard_at = excluded.heard_at",
        [],
    );
    let mut entries = Many::new(
        "INSERT INTO ledger_entry (space_id, source_id, tab, seq, outcome, reason, message_id, settled_at) VALUES {rows} \
         ON CONFLICT (space_id, source_id, tab, seq) DO UPDATE \
         SET outcome = excluded.outcome, reason = excluded.reason, message_id = excluded.message_id, settled_at = excluded.settled_at \
         WHERE excluded.outcome = 'ok' AND ledger_entry.outcome IN ('dropped', 'denied', 'quarantined')",
        [],
    );
    for ((space_id, source_id, tab), (news, heard_at)) in &news {
        let key = [space_id, source_id, tab].map(|text| (*text).to_owned());
        let (next, heard_before) = known.get(&key).copied().unwrap_or((1, 0));
        let account = news.account(next);
        tabs.push([
            (*space_id).into(),
            (*source_id).into(),
            (*tab).into(),
            number(account.next).into(),
            (*heard_at).max(heard_before).into(),
        ]);
        for (seq, ending) in account.endings {
            let reason = ending.reason.map(|reason| reason.replace('\0', "\u{fffd}"));
            entries.push([
                (*space_id).into(),
                (*source_id).into(),
                (*tab).into(),
                number(seq).into(),
                ending.outcome.as_str().into(),
                reason.into(),
                ending.message_id.map(str::to_owned).into(),
                (*heard_at).into(),
            ]);
        }
    }
    tabs.execute(connection).await?;
    entries.execute(connection).await?;
    Ok(())
}

/// Adds what a batch says of tabs to the news of each.
fn tell<'a>(
    news: &mut BTreeMap<TabKey<'a>, (News<'a>, i64)>,
    batch: &'a Batch,
    stored: &'a [bool],
) {
    for (event, new) in batch.events.iter().zip(stored) {
        let Some(mark) = &event.mark else { continue };
        let ending = Ending {
            outcome: if *new {
                Outcome::Ok
            } else {
                Outcome::Duplicate
            },
            reason: None,
            message_id: Some(&event.message_id),
        };
        of_tab(news, batch, &mark.tab).arrived(mark.seq, ending);
    }
    for refused in &batch.refused {
        let Some(mark) = &refused.ledger else {
            continue;
        };
        let ending = Ending {
            outcome: refused.outcome,
            reason: Some(&refused.reason),
            message_id: Some(&refused.message_id),
        };
        of_tab(news, batch, &mark.tab).arrived(mark.seq, ending);
    }
    for report in &batch.reports {
        of_tab(news, batch, &report.tab).reported(report);
    }
}

fn of_tab<'n, 'a>(
    news: &'n mut BTreeMap<TabKey<'a>, (News<'a>, i64)>,
    batch: &'a Batch,
    tab: &'a str,
) -> &'n mut News<'a> {
    let key = (batch.space_id.as_str(), batch.source_id.as_str(), tab);
    let (news, heard_at) = news.entry(key).or_default();
    *heard_at = batch.received_at.as_micros().max(*heard_at);
    news
}

/// How far these tabs are known to have numbered, and when they were last heard of.
async fn known_tabs<'a>(
    connection: &mut AnyConnection,
    tabs: impl Iterator<Item = &'a TabKey<'a>>,
) -> Result<BTreeMap<[String; 3], (u64, i64)>> {
    let query = Many::new(
        "WITH wanted (space_id, source_id, tab) AS (VALUES {rows}) SELECT t.space_id AS space_id, \
         t.source_id AS source_id, t.tab AS tab, t.next_seq AS next_seq, t.heard_at AS heard_at \
         FROM wanted w CROSS JOIN ledger_tab t \
         WHERE t.space_id = w.space_id AND t.source_id = w.source_id AND t.tab = w.tab",
        [],
    );
    let rows = query
        .rows(tabs.map(|(space_id, source_id, tab)| {
            [(*space_id).into(), (*source_id).into(), (*tab).into()]
        }))
        .fetch(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let key = [
                row.try_get("space_id")?,
                row.try_get("source_id")?,
                row.try_get("tab")?,
            ];
            let next: i64 = row.try_get("next_seq")?;
            let next = u64::try_from(next).unwrap_or(1);
            Ok((key, (next, row.try_get("heard_at")?)))
        })
        .collect()
}

fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
