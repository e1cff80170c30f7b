//! From items to the log, in batches, with a count of every outcome.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cdp_core::collection::Caller;
use cdp_core::forward::{Forward, Refused};
use cdp_core::outcome::Outcome;
use cdp_core::source::SourceConfig;
use cdp_core::wire::{self, Batch, Intake};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::to_raw_value;
use tokio::sync::mpsc;

use super::Item;
use crate::app::App;
use crate::error::{Error, Result};
use crate::{clock, ingest};

/// Messages in one batch.
const BATCH: usize = 500;
/// Bytes in one batch, roughly.
const BATCH_BYTES: usize = 2 * 1024 * 1024;
/// Messages that may wait between the reader and the log.
const WAITING: usize = 2_000;
/// How often progress is told.
const TELL: Duration = Duration::from_secs(2);

/// What became of a file.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Summary {
    /// Rows or lines of the file.
    pub(crate) rows: u64,
    /// Messages that they became.
    pub(crate) messages: u64,
    /// Messages by outcome.
    pub(crate) outcomes: BTreeMap<&'static str, u64>,
    /// Seconds until the events were durable and had taken effect.
    pub(crate) seconds: f64,
}

/// Where the reader puts what it finds.
pub(super) struct Items(mpsc::Sender<Item>);

impl Items {
    /// Hands an item on; false when nobody takes any more.
    pub(super) fn send(&self, item: Item) -> bool {
        self.0.blocking_send(item).is_ok()
    }
}

/// Takes items and writes them.
pub(super) struct Feed<'a, P> {
    app: &'a App,
    config: Arc<SourceConfig>,
    items: mpsc::Receiver<Item>,
    summary: Summary,
    started: Instant,
    told: Instant,
    progress: P,
}

impl<'a, P: FnMut(&Summary)> Feed<'a, P> {
    /// A feed and the place for its items.
    pub(super) fn start(app: &'a App, source_id: &str, progress: P) -> Result<(Items, Self)> {
        let config = app
            .sources
            .by_id(source_id)
            .ok_or_else(|| Error::not_found("source"))?;
        let (sender, items) = mpsc::channel(WAITING);
        let now = Instant::now();
        Ok((
            Items(sender),
            Self {
                app,
                config,
                items,
                summary: Summary::default(),
                started: now,
                told: now,
                progress,
            },
        ))
    }

    /// Writes until the reader has ended.
    pub(super) async fn run(&mut self) -> Result<()> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while let Some(item) = self.items.recv().await {
            bytes += size(&item);
            batch.push(item);
            if batch.len() >= BATCH || bytes >= BATCH_BYTES {
                self.write(std::mem::take(&mut batch)).await?;
                bytes = 0;
            }
        }
        self.write(batch).await
    }

    /// Waits until everything has taken effect.
    pub(super) async fn finish(mut self, rows: u64) -> Result<Summary> {
        let end = *self.app.log.end().borrow();
        self.app.pipeline.drained(end).await;
        self.summary.rows = rows;
        self.summary.seconds = self.started.elapsed().as_secs_f64();
        Ok(self.summary)
    }

    async fn write(&mut self, items: Vec<Item>) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        let mut refused = Vec::new();
        let mut messages = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            match item {
                Item::Message(message) => messages.push(to_raw_value(&message)?),
                Item::Refused {
                    message_id,
                    reason,
                    message,
                } => {
                    let text = match message {
                        Value::String(text) => text,
                        other => other.to_string(),
                    };
                    let message = wire::kept(&text, self.config.collection.ip);
                    let outcome = Outcome::Quarantined;
                    refused.push(Refused {
                        index,
                        message_id,
                        outcome,
                        reason,
                        message: Some(message),
                        jurisdiction: None,
                        gpc: false,
                        ledger: None,
                    });
                }
            }
        }
        let received_at = clock::now();
        let intake = Intake {
            config: &self.config,
            received_at,
            jurisdiction: None,
            gpc: false,
            caller: Caller::default(),
        };
        // Every message has an id already; the core would make one only for what has none.
        let judged = Batch::of_import(messages).judge(&intake, &mut String::new);
        refused.extend(judged.refused);
        let forward = Forward {
            space_id: self.config.space_id.clone(),
            source_id: self.config.source_id.clone(),
            received_at,
            jurisdiction: None,
            admitted: judged.admitted,
            refused,
            ledger: Vec::new(),
            snapshot_of: None,
        };
        for line in ingest::accept(self.app, forward).await?.outcomes {
            self.summary.messages += 1;
            *self
                .summary
                .outcomes
                .entry(line.outcome.as_str())
                .or_default() += 1;
        }
        if self.told.elapsed() > TELL {
            self.told = Instant::now();
            (self.progress)(&self.summary);
        }
        Ok(())
    }
}

fn size(item: &Item) -> usize {
    match item {
        Item::Message(message) | Item::Refused { message, .. } => weight(message),
    }
}

/// About the bytes of a value as JSON text.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| weight(item) + 1).sum::<usize>() + 2,
        Value::Object(fields) => {
            fields
                .iter()
                .map(|(name, value)| name.len() + weight(value) + 4)
                .sum::<usize>()
                + 2
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}
