//! Taking entries of the log into the tables of events, quarantine and ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cdp_core::event::Event;
use cdp_core::identifier;
use cdp_core::ledger::{LedgerMark, TabReport};
use cdp_core::outcome::Outcome;
use sqlx::{AnyConnection, Row as _};

use super::store::Logged;
use crate::database::rows::{Cell, Many};
use crate::error::Result;
use crate::id;
use crate::ingest::Entry;

/// Numbers that one batch may settle as lost; more than that is no tab's honest report.
const MOST_LOST: usize = 10_000;

/// An entry with its events read.
pub(super) struct Read<'a> {
    pub(super) entry: &'a Entry,
    pub(super) events: Vec<Arc<Event>>,
}

/// Takes entries in. Gives the events that are new, in order, numbered from behind `last`.
pub(super) async fn take(
    connection: &mut AnyConnection,
    last: i64,
    entries: &[Read<'_>],
) -> Result<Vec<Logged>> {
    let (logged, stored) = insert_events(connection, last, entries).await?;
    insert_quarantine(connection, entries).await?;
    settle(connection, entries, &stored).await?;
    count_tabs(connection, entries).await?;
    Ok(logged)
}

/// Gives the new events, and for each entry which of its events are new.
async fn insert_events(
    connection: &mut AnyConnection,
    mut last: i64,
    entries: &[Read<'_>],
) -> Result<(Vec<Logged>, Vec<Vec<bool>>)> {
    let mut insert = Many::new(
        "INSERT INTO event (offset_id, space_id, source_id, message_id, kind, name, anchor, timestamp, received_at, tab, seq, body) \
         VALUES {rows} ON CONFLICT (space_id, message_id) DO NOTHING RETURNING offset_id",
        [],
    );
    let mut all: Vec<Vec<Option<Logged>>> = Vec::with_capacity(entries.len());
    for Read { entry, events } in entries {
        let space_id: Arc<str> = Arc::from(entry.space_id.as_str());
        let source_id: Arc<str> = Arc::from(entry.source_id.as_str());
        let mut of_entry = Vec::with_capacity(events.len());
        for (event, body) in events.iter().zip(&entry.events) {
            // Judging has refused events that name nobody.
            let Some(anchor) = identifier::of_event(event).into_iter().next() else {
                of_entry.push(None);
                continue;
            };
            last += 1;
            let logged = Logged {
                offset: last,
                space_id: Arc::clone(&space_id),
                source_id: Arc::clone(&source_id),
                anchor: anchor.to_string(),
                event: Arc::clone(event),
            };
            insert.push(row(&logged, body.get()));
            of_entry.push(Some(logged));
        }
        all.push(of_entry);
    }
    let answer = insert.fetch(connection).await?;
    let new: BTreeSet<i64> = answer
        .iter()
        .map(|row| row.try_get("offset_id"))
        .collect::<Result<_, _>>()?;
    let is_new = |logged: &Option<Logged>| {
        logged
            .as_ref()
            .is_some_and(|logged| new.contains(&logged.offset))
    };
    let stored = all
        .iter()
        .map(|of_entry| of_entry.iter().map(is_new).collect())
        .collect();
    let logged = all.into_iter().flatten().flatten();
    Ok((
        logged
            .filter(|logged| new.contains(&logged.offset))
            .collect(),
        stored,
    ))
}

fn row(logged: &Logged, body: &str) -> [Cell; 12] {
    let event = &logged.event;
    let (tab, seq) = event
        .ledger
        .as_ref()
        .map_or(("", 0), |mark| (mark.tab.as_str(), number(mark.seq)));
    // Postgres takes no NUL in a text; in the body's JSON it is escaped.
    let name = event
        .event_name()
        .map(|name| name.replace('\0', "\u{fffd}"));
    [
        logged.offset.into(),
        logged.space_id.as_ref().into(),
        logged.source_id.as_ref().into(),
        (&event.message_id).into(),
        event.kind.as_str().into(),
        name.into(),
        (&logged.anchor).into(),
        event.timestamp.as_micros().into(),
        event.received_at.as_micros().into(),
        tab.into(),
        seq.into(),
        body.into(),
    ]
}

async fn insert_quarantine(connection: &mut AnyConnection, entries: &[Read<'_>]) -> Result<()> {
    let mut insert = Many::new(
        "INSERT INTO quarantine (id, space_id, source_id, message_id, reason, message, received_at) VALUES {rows} \
         ON CONFLICT (space_id, source_id, message_id) DO NOTHING",
        [],
    );
    for Read { entry, .. } in entries {
        for refused in entry
            .refused
            .iter()
            .filter(|refused| refused.outcome == Outcome::Quarantined)
        {
            insert.push([
                id::dated("qrn", entry.received_at)?.into(),
                (&entry.space_id).into(),
                (&entry.source_id).into(),
                (&refused.message_id).into(),
                refused.reason.replace('\0', "\u{fffd}").into(),
                serde_json::to_string(&refused.message)?.into(),
                entry.received_at.as_micros().into(),
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
    entries: &[Read<'_>],
    stored: &[Vec<bool>],
) -> Result<()> {
    let mut ends: BTreeMap<Place<'_>, End<'_>> = BTreeMap::new();
    for (read, stored) in entries.iter().zip(stored) {
        for (place, end) in endings(read, stored) {
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

fn endings<'a>(
    read: &'a Read<'a>,
    stored: &'a [bool],
) -> impl Iterator<Item = (Place<'a>, End<'a>)> {
    let entry = read.entry;
    let place =
        |tab: &'a str, seq: u64| (entry.space_id.as_str(), entry.source_id.as_str(), tab, seq);
    let events = read
        .events
        .iter()
        .zip(stored)
        .filter_map(move |(event, new)| {
            let LedgerMark { tab, seq } = event.ledger.as_ref()?;
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
    let refused = entry.refused.iter().filter_map(move |refused| {
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
    let lost = plausible(entry)
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

fn plausible(entry: &Entry) -> impl Iterator<Item = &TabReport> {
    entry.reports.iter().filter(|report| report.is_plausible())
}

/// Remembers how far each tab has counted.
async fn count_tabs(connection: &mut AnyConnection, entries: &[Read<'_>]) -> Result<()> {
    let mut next: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
    for Read { entry, events } in entries {
        let marks = events
            .iter()
            .filter_map(|event| event.ledger.as_ref())
            .chain(
                entry
                    .refused
                    .iter()
                    .filter_map(|refused| refused.ledger.as_ref()),
            );
        let counted = marks.map(|mark| (mark.tab.as_str(), mark.seq + 1));
        for (tab, after) in
            counted.chain(plausible(entry).map(|report| (report.tab.as_str(), report.next)))
        {
            let known = next
                .entry((&entry.space_id, &entry.source_id, tab))
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
