//! Taking entries of the log into the tables of events, quarantine and ledger.

use std::collections::BTreeSet;
use std::sync::Arc;

use cdp_core::event::Event;
use cdp_core::identifier::Identifier;
use cdp_core::kept_message::KeptMessage;
use cdp_core::outcome::Outcome;
use sqlx::{AnyConnection, Row as _};

use super::account;
use super::store::Logged;
use crate::database::rows::{Cell, Many};
use crate::error::Result;
use crate::id;
use crate::ingest::Entry;
use crate::source::Directory;

/// An entry with its events read.
pub(super) struct Read<'a> {
    pub(super) entry: &'a Entry,
    pub(super) events: Vec<Arc<Event>>,
}

/// An event that is new, and whom it names, strongest first.
pub(super) struct Taken {
    pub(super) logged: Logged,
    pub(super) named: Vec<Identifier>,
}

/// Takes entries in. Gives the events that are new, in order, numbered from behind `last`.
pub(super) async fn take(
    connection: &mut AnyConnection,
    last: i64,
    entries: &[Read<'_>],
    sources: &Directory,
) -> Result<Vec<Taken>> {
    let (taken, stored) = insert_events(connection, last, entries, sources).await?;
    insert_quarantine(connection, entries).await?;
    account::keep(connection, entries, &stored).await?;
    Ok(taken)
}

/// Gives the new events, and for each entry which of its events are new.
async fn insert_events(
    connection: &mut AnyConnection,
    mut last: i64,
    entries: &[Read<'_>],
    sources: &Directory,
) -> Result<(Vec<Taken>, Vec<Vec<bool>>)> {
    let mut insert = Many::new(
        "INSERT INTO event (offset_id, space_id, source_id, message_id, kind, name, anchor, timestamp, received_at, tab, seq, body) \
         VALUES {rows} ON CONFLICT (space_id, message_id) DO NOTHING",
        [],
    );
    let before = last;
    let mut all: Vec<Vec<Option<Taken>>> = Vec::with_capacity(entries.len());
    for Read { entry, events } in entries {
        let space_id: Arc<str> = Arc::from(entry.space_id.as_str());
        let source_id: Arc<str> = Arc::from(entry.source_id.as_str());
        let identity = sources.identity(&space_id);
        let mut of_entry = Vec::with_capacity(events.len());
        for (event, body) in events.iter().zip(entry.texts()) {
            // Judging has refused events that name nobody.
            let named = identity.identifiers_of(event);
            let Some(anchor) = named.first() else {
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
            insert.push(row(&logged, body));
            of_entry.push(Some(Taken { logged, named }));
        }
        all.push(of_entry);
    }
    let inserted = insert.execute(connection).await?;
    let new = if i64::try_from(inserted).is_ok_and(|inserted| inserted == last - before) {
        None
    } else {
        Some(stored_after(connection, before).await?)
    };
    let is_new = |taken: &Taken| {
        new.as_ref()
            .is_none_or(|new| new.contains(&taken.logged.offset))
    };
    let stored = all
        .iter()
        .map(|of_entry| {
            let of_event = |taken: &Option<Taken>| taken.as_ref().is_some_and(is_new);
            of_entry.iter().map(of_event).collect()
        })
        .collect();
    let taken = all.into_iter().flatten().flatten();
    Ok((taken.filter(is_new).collect(), stored))
}

/// The numbers behind `last` that events have.
async fn stored_after(connection: &mut AnyConnection, last: i64) -> Result<BTreeSet<i64>> {
    let rows = sqlx::query("SELECT offset_id FROM event WHERE offset_id > $1")
        .bind(last)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| Ok(row.try_get("offset_id")?))
        .collect()
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
        "INSERT INTO quarantine (id, space_id, source_id, message_id, reason, message, received_at, jurisdiction, gpc) VALUES {rows} \
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
                refused
                    .message
                    .as_ref()
                    .map_or("null", KeptMessage::text)
                    .into(),
                entry.received_at.as_micros().into(),
                refused.jurisdiction.clone().into(),
                i64::from(refused.gpc).into(),
            ]);
        }
    }
    insert.execute(connection).await?;
    Ok(())
}

/// A tab's number as the database has it.
pub(super) fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
