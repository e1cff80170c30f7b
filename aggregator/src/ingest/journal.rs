//! SQL of the log's entries: judged batches that are durable and have not taken effect yet.
//!
//! An entry is written once, read once by the pipeline, and deleted: what it says is then in the
//! tables of events, quarantine and ledger. On SQLite it lives in a file of its own, so that an
//! answer never waits for what follows from earlier events.

use std::borrow::Cow;

use cdp_core::event::Event;
use cdp_core::forward::Refused;
use cdp_core::ledger::TabReport;
use cdp_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::{AnyConnection, Row as _};

use crate::database::Database;
use crate::database::rows::Many;
use crate::error::Result;

/// A judged batch, as the log keeps it.
#[derive(Debug, Deserialize)]
pub(crate) struct Entry {
    pub(crate) space_id: String,
    pub(crate) source_id: String,
    pub(crate) received_at: Timestamp,
    /// Events that the log did not have, each as the text of an [`Event`].
    #[serde(default)]
    pub(crate) events: Vec<Box<RawValue>>,
    pub(crate) refused: Vec<Refused>,
    pub(crate) reports: Vec<TabReport>,
}

impl Entry {
    /// The entry's events.
    pub(crate) fn events(&self) -> Result<Vec<Event>> {
        let texts = self.events.iter().map(|text| text.get());
        texts.map(|text| Ok(serde_json::from_str(text)?)).collect()
    }

    /// The message ids of the entry's events, also of those that cannot be read as events.
    pub(crate) fn message_ids(&self) -> impl Iterator<Item = String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Named {
            message_id: String,
        }
        let named = |text: &RawValue| serde_json::from_str::<Named>(text.get()).ok();
        self.events
            .iter()
            .filter_map(move |text| named(text))
            .map(|named| named.message_id)
    }

    /// The entry as if it had been about its events and nothing else.
    pub(crate) fn with_only_events(&self) -> Self {
        self.about(self.events.clone())
    }

    /// The entry as if it had been about one of its events and nothing else.
    pub(crate) fn with_only(&self, at: usize) -> Self {
        self.about(self.events.get(at).cloned().into_iter().collect())
    }

    fn about(&self, events: Vec<Box<RawValue>>) -> Self {
        Self {
            space_id: self.space_id.clone(),
            source_id: self.source_id.clone(),
            received_at: self.received_at,
            events,
            refused: Vec::new(),
            reports: Vec::new(),
        }
    }
}

/// What becomes an [`Entry`] together with its events.
#[derive(Debug, Serialize)]
pub(super) struct NewEntry<'a> {
    pub(super) space_id: &'a str,
    pub(super) source_id: &'a str,
    pub(super) received_at: Timestamp,
    pub(super) refused: Vec<Cow<'a, Refused>>,
    pub(super) reports: &'a [TabReport],
}

impl NewEntry<'_> {
    /// The entry's text. The events are texts already, and are only put in.
    pub(super) fn with(&self, events: &[&str]) -> Result<String> {
        let around = serde_json::to_string(self)?;
        let length: usize = events.iter().map(|event| event.len() + 1).sum();
        let mut text = String::with_capacity(around.len() + length + 16);
        text.push_str(around.strip_suffix('}').unwrap_or(&around));
        for (number, event) in events.iter().enumerate() {
            text.push_str(if number == 0 { ",\"events\":[" } else { "," });
            text.push_str(event);
        }
        text.push_str(if events.is_empty() { "}" } else { "]}" });
        Ok(text)
    }
}

/// An entry as it is written.
pub(super) struct Written {
    pub(super) id: i64,
    pub(super) messages: usize,
    pub(super) body: String,
}

/// The youngest entry there is, 0 without any.
pub(super) async fn last(database: &Database) -> Result<i64> {
    let row = sqlx::query("SELECT COALESCE(MAX(entry_id), 0) AS last FROM log_entry")
        .fetch_one(database.log())
        .await?;
    Ok(row.try_get("last")?)
}

/// Writes entries.
pub(super) async fn append(connection: &mut AnyConnection, entries: Vec<Written>) -> Result<()> {
    let insert = Many::new(
        "INSERT INTO log_entry (entry_id, messages, bytes, body) VALUES {rows}",
        [],
    );
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let rows = entries.into_iter().map(|entry| {
        [
            entry.id.into(),
            number(entry.messages).into(),
            number(entry.body.len()).into(),
            entry.body.into(),
        ]
    });
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

/// Deletes the entries up to `position`, which have taken effect.
pub(super) async fn forget(database: &Database, position: i64) -> Result<()> {
    let mut transaction = database.begin_log().await?;
    sqlx::query("DELETE FROM log_entry WHERE entry_id <= $1")
        .bind(position)
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

/// What one reading of the log may be worth.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portion {
    /// Entries at most.
    pub(crate) entries: i64,
    /// Messages after which no further entry is taken.
    pub(crate) messages: i64,
    /// Bytes after which no further entry is taken.
    pub(crate) bytes: i64,
}

/// The next entries behind `position` and up to `end`, in order, with their ids; at least one if
/// there is one.
pub(crate) async fn read_after(
    database: &Database,
    position: i64,
    end: i64,
    portion: Portion,
) -> Result<Vec<(i64, Entry)>> {
    let sizes = sqlx::query(
        "SELECT entry_id, messages, bytes FROM log_entry WHERE entry_id > $1 AND entry_id <= $2 ORDER BY entry_id LIMIT $3",
    )
    .bind(position)
    .bind(end)
    .bind(portion.entries)
    .fetch_all(database.log())
    .await?;
    let (mut until, mut messages, mut bytes) = (position, 0, 0);
    for row in &sizes {
        if until > position && (messages >= portion.messages || bytes >= portion.bytes) {
            break;
        }
        until = row.try_get("entry_id")?;
        messages += row.try_get::<i64, _>("messages")?;
        bytes += row.try_get::<i64, _>("bytes")?;
    }
    let rows = sqlx::query(
        "SELECT entry_id, body FROM log_entry WHERE entry_id > $1 AND entry_id <= $2 ORDER BY entry_id",
    )
    .bind(position)
    .bind(until)
    .fetch_all(database.log())
    .await?;
    rows.iter()
        .map(|row| {
            let body: String = row.try_get("body")?;
            Ok((row.try_get("entry_id")?, serde_json::from_str(&body)?))
        })
        .collect()
}
