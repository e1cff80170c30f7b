//! SQL of the log: events, quarantine and the loss ledger, written in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::ledger::{LedgerMark, TabReport};
use cdp_core::outcome::{MessageOutcome, Outcome};
use sqlx::{AnyConnection, Row as _};

use super::writer::{Batch, NewEvent};
use crate::database::Database;
use crate::database::rows::{Cell, Many};
use crate::error::Result;
use crate::id;

/// Numbers that one batch may settle as lost; more than that is no tab's honest report.
const MOST_LOST: usize = 10_000;

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
    settle(connection, batches, &stored).await?;
    count_tabs(connection, batches).await?;
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

/// A number's place in the ledger.
type Place<'a> = (&'a str, &'a str, &'a str, u64);
/// How it ended.
type End<'a> = (Outcome, Option<&'a str>, Option<&'a str>);

/// Settles numbers. The first outcome stays, except that an event that arrives after all makes good
/// for having been reported lost or for having been refused.
async fn settle(
    connection: &mut AnyConnection,
    batches: &[Batch],
    stored: &[Vec<bool>],
) -> Result<()> {
    let mut ends: BTreeMap<Place<'_>, End<'_>> = BTreeMap::new();
    for (batch, stored) in batches.iter().zip(stored) {
        for (place, end) in endings(batch, stored) {
            let known = ends.entry(place).or_insert(end);
            if end.0 == Outcome::Ok {
                *known = end;
            }
        }
    }
    let insert = Many::new(
        "INSERT INTO ledger_entry (space_id, source_id, tab, seq, outcome, reason, message_id) VALUES {rows} \
         ON CONFLICT (space_id, source_id, tab, seq) DO UPDATE \
         SET outcome = excluded.outcome, reason = excluded.reason, message_id = excluded.message_id \
         WHERE excluded.outcome = 'ok' AND ledger_entry.outcome IN ('dropped', 'denied', 'quarantined')",
        [],
    );
    let rows = ends.into_iter().map(
        |((space_id, source_id, tab, seq), (outcome, reason, message_id))| {
            let reason = reason.map(|reason| reason.replace('\0', "\u{fffd}"));
            [
                space_id.into(),
                source_id.into(),
                tab.into(),
                number(seq).into(),
                outcome.as_str().into(),
                reason.into(),
                message_id.map(str::to_owned).into(),
            ]
        },
    );
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

fn endings<'a>(batch: &'a Batch, stored: &'a [bool]) -> impl Iterator<Item = (Place<'a>, End<'a>)> {
    let place =
        |tab: &'a str, seq: u64| (batch.space_id.as_str(), batch.source_id.as_str(), tab, seq);
    let events = batch
        .events
        .iter()
        .zip(stored)
        .filter_map(move |(event, new)| {
            let LedgerMark { tab, seq } = event.mark.as_ref()?;
            let outcome = if *new {
                Outcome::Ok
            } else {
                Outcome::Duplicate
            };
            Some((
                place(tab, *seq),
                (outcome, None, Some(event.message_id.as_str())),
            ))
        });
    let refused = batch.refused.iter().filter_map(move |refused| {
        let LedgerMark { tab, seq } = refused.ledger.as_ref()?;
        Some((
            place(tab, *seq),
            (
                refused.outcome,
                Some(refused.reason.as_str()),
                Some(refused.message_id.as_str()),
            ),
        ))
    });
    let lost = plausible(batch)
        .flat_map(|report| report.lost.iter().map(move |range| (report, range)))
        .flat_map(move |(report, range)| {
            (range.from..=range.to).map(move |seq| {
                (
                    place(&report.tab, seq),
                    (range.outcome, Some(range.reason.as_str()), None),
                )
            })
        });
    events.chain(refused).chain(lost.take(MOST_LOST))
}

fn plausible(batch: &Batch) -> impl Iterator<Item = &TabReport> {
    batch.reports.iter().filter(|report| report.is_plausible())
}

/// Remembers how far each tab has counted.
async fn count_tabs(connection: &mut AnyConnection, batches: &[Batch]) -> Result<()> {
    let mut next: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
    for batch in batches {
        let marks = batch
            .events
            .iter()
            .filter_map(|event| event.mark.as_ref())
            .chain(
                batch
                    .refused
                    .iter()
                    .filter_map(|refused| refused.ledger.as_ref()),
            );
        let counted = marks.map(|mark| (mark.tab.as_str(), mark.seq + 1));
        for (tab, after) in
            counted.chain(plausible(batch).map(|report| (report.tab.as_str(), report.next)))
        {
            let known = next
                .entry((&batch.space_id, &batch.source_id, tab))
                .or_insert(after);
            *known = after.max(*known);
        }
    }
    let insert = Many::new(
        "INSERT INTO ledger_tab (space_id, source_id, tab, next_seq) VALUES {rows} \
         ON CONFLICT (space_id, source_id, tab) DO UPDATE SET next_seq = excluded.next_seq \
         WHERE excluded.next_seq > ledger_tab.next_seq",
        [],
    );
    let rows = next.into_iter().map(|((space_id, source_id, tab), after)| {
        [
            space_id.into(),
            source_id.into(),
            tab.into(),
            number(after).into(),
        ]
    });
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
