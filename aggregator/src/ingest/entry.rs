//! Entries of the log: judged batches that are durable and have not taken effect yet.
//!
//! An entry is written once, read once by the pipeline, and deleted: what it says is then in the
//! tables of events, quarantine and ledger. Its text is a line of JSON about the batch, and behind it
//! the texts of the events one after the other, each as long as the line says.

use std::borrow::Cow;
use std::sync::Arc;

use cdp_core::event::{Event, Reader};
use cdp_core::forward::Refused;
use cdp_core::ledger::TabReport;
use cdp_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A judged batch, as the log keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) space_id: String,
    pub(crate) source_id: String,
    pub(crate) received_at: Timestamp,
    pub(crate) refused: Vec<Refused>,
    pub(crate) reports: Vec<TabReport>,
    body: Arc<str>,
    /// Where in the body the texts of the events are.
    events: Vec<(usize, usize)>,
}

#[derive(Deserialize)]
struct Read {
    space_id: String,
    source_id: String,
    received_at: Timestamp,
    refused: Vec<Refused>,
    reports: Vec<TabReport>,
    lengths: Vec<usize>,
}

impl Entry {
    /// Reads an entry's text.
    pub(crate) fn read(body: String) -> Result<Self> {
        let line = body.split('\n').next().unwrap_or_default();
        let read: Read = serde_json::from_str(line)?;
        let mut at = line.len() + 1;
        let events = read.lengths.iter().map(|length| {
            let from = at;
            at += length;
            (from, at)
        });
        let events: Vec<(usize, usize)> = events.collect();
        if events
            .iter()
            .any(|(from, to)| body.get(*from..*to).is_none())
        {
            return Err(Error::internal(
                "an entry of the log has not the length that it says",
            ));
        }
        Ok(Self {
            space_id: read.space_id,
            source_id: read.source_id,
            received_at: read.received_at,
            refused: read.refused,
            reports: read.reports,
            body: body.into(),
            events,
        })
    }

    /// How many events it has.
    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    /// The texts of its events: those that the log did not have, each an [`Event`].
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let text = |(from, to): &(usize, usize)| self.body.get(*from..*to).unwrap_or_default();
        self.events.iter().map(text)
    }

    /// The entry's events.
    pub(crate) fn events(&self) -> Result<Vec<Arc<Event>>> {
        let mut reader = Reader::default();
        self.texts()
            .map(|text| Ok(Arc::new(reader.read(text)?)))
            .collect()
    }

    /// The message ids of the entry's events, also of those that cannot be read as events.
    pub(crate) fn message_ids(&self) -> impl Iterator<Item = String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Named {
            message_id: String,
        }
        self.texts()
            .filter_map(|text| serde_json::from_str::<Named>(text).ok())
            .map(|named| named.message_id)
    }

    /// Takes an event out: its text.
    pub(crate) fn remove(&mut self, at: usize) -> String {
        let text = self.texts().nth(at).unwrap_or_default().to_owned();
        if at < self.events.len() {
            self.events.remove(at);
        }
        text
    }

    /// The entry as if it had been about its events and nothing else.
    pub(crate) fn with_only_events(&self) -> Self {
        self.about(self.events.clone())
    }

    /// The entry as if it had been about one of its events and nothing else.
    pub(crate) fn with_only(&self, at: usize) -> Self {
        self.about(self.events.get(at).copied().into_iter().collect())
    }

    fn about(&self, events: Vec<(usize, usize)>) -> Self {
        Self {
            refused: Vec::new(),
            reports: Vec::new(),
            events,
            ..self.clone()
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
    pub(super) lengths: Vec<usize>,
}

impl NewEntry<'_> {
    /// The entry's text. The events are texts already, and are only put in; `lengths` is theirs.
    pub(super) fn with(mut self, events: &[&str]) -> Result<String> {
        self.lengths = events.iter().map(|event| event.len()).collect();
        let line = serde_json::to_string(&self)?;
        let length: usize = self.lengths.iter().sum();
        let mut text = String::with_capacity(line.len() + 1 + length);
        text.push_str(&line);
        text.push('\n');
        text.extend(events.iter().copied());
        Ok(text)
    }
}
