//! The log's only writer: takes all batches that wait, writes them in one transaction, answers each.

use std::sync::Arc;

use cdp_core::event::Event;
use cdp_core::forward::Refused;
use cdp_core::identifier::Identifier;
use cdp_core::ledger::{LedgerMark, TabReport};
use cdp_core::outcome::MessageOutcome;
use cdp_core::time::Timestamp;
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::store;
use crate::database::Database;
use crate::error::{Code, Error, Result};
use crate::live::Live;

/// Batches that may wait for the disk.
const MOST_BATCHES: usize = 512;
/// Bytes of events that may wait for the disk, in KiB.
const MOST_KIB: usize = 64 * 1024;
/// Batches that go into one transaction.
const GROUP: usize = 128;

/// A judged batch, ready for the log.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(super) space_id: String,
    pub(super) source_id: String,
    pub(super) received_at: Timestamp,
    pub(super) events: Vec<NewEvent>,
    pub(super) refused: Vec<Refused>,
    pub(super) reports: Vec<TabReport>,
}

/// An event that the log does not have yet.
#[derive(Clone, Debug)]
pub(super) struct NewEvent {
    pub(super) index: usize,
    pub(super) message_id: String,
    pub(super) kind: &'static str,
    pub(super) name: Option<String>,
    pub(super) anchor: String,
    pub(super) timestamp: Timestamp,
    pub(super) mark: Option<LedgerMark>,
    pub(super) body: String,
}

impl NewEvent {
    pub(super) fn new(index: usize, event: &Event, anchor: &Identifier) -> Result<Self> {
        Ok(Self {
            index,
            message_id: event.message_id.clone(),
            kind: event.kind.as_str(),
            // Postgres takes no NUL in a text; in the body's JSON it is escaped.
            name: event
                .event_name()
                .map(|name| name.replace('\0', "\u{fffd}")),
            anchor: anchor.to_string(),
            timestamp: event.timestamp,
            mark: event.ledger.clone(),
            body: serde_json::to_string(event)?,
        })
    }
}

impl Batch {
    /// What the batch takes of the waiting room.
    fn kib(&self) -> u32 {
        let events: usize = self.events.iter().map(|event| event.body.len()).sum();
        let refused: usize = self.refused.iter().map(kept_bytes).sum();
        u32::try_from((events + refused) / 1024 + 1).unwrap_or(u32::MAX)
    }
}

/// About the bytes that a refused message keeps waiting.
fn kept_bytes(refused: &Refused) -> usize {
    let message = refused
        .message
        .as_ref()
        .map_or(0, |message| message.to_string().len());
    256 + refused.reason.len() + message
}

/// What became of a batch.
#[derive(Debug)]
pub(crate) struct Written {
    /// One line a message, in the batch's order.
    pub(crate) outcomes: Vec<MessageOutcome>,
    /// The log's end just after the batch.
    pub(crate) end: i64,
}

/// A message that went into quarantine, for who watches live.
#[derive(Clone, Debug)]
pub(crate) struct Quarantined {
    pub(crate) message: Option<Value>,
    pub(crate) line: MessageOutcome,
}

enum Job {
    Append(Batch, oneshot::Sender<Result<Written>>),
    Stop,
}

/// The way to the log's writer.
#[derive(Debug)]
pub(crate) struct Log {
    jobs: mpsc::Sender<Job>,
    room: Arc<Semaphore>,
    end: watch::Receiver<i64>,
}

impl Log {
    /// Starts the writer.
    pub(crate) async fn start(database: Database, live: Live) -> Result<(Self, JoinHandle<()>)> {
        let last = store::last_offset(&database).await?;
        let (end, end_seen) = watch::channel(last);
        let (jobs, waiting) = mpsc::channel(MOST_BATCHES);
        let writer = Writer {
            database,
            live,
            end,
            last,
        };
        let task = tokio::spawn(writer.run(waiting));
        Ok((
            Self {
                jobs,
                room: Arc::new(Semaphore::new(MOST_KIB)),
                end: end_seen,
            },
            task,
        ))
    }

    /// The log's end as it grows.
    pub(crate) fn end(&self) -> watch::Receiver<i64> {
        self.end.clone()
    }

    /// Writes a batch; answers when it is durable. Never waits for room: where there is none the
    /// caller is told at once and keeps its events.
    pub(crate) async fn append(&self, batch: Batch) -> Result<Written> {
        let full = || {
            Error::new(
                Code::Overloaded,
                "more events are waiting for the disk than fit; nothing of this request was stored, send it again later",
            )
        };
        let room = Arc::clone(&self.room)
            .try_acquire_many_owned(batch.kib())
            .map_err(|_| full())?;
        let (reply, answer) = oneshot::channel();
        self.jobs
            .try_send(Job::Append(batch, reply))
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => full(),
                mpsc::error::TrySendError::Closed(_) => stopping(),
            })?;
        let written = answer.await.map_err(|_| stopping())?;
        drop(room);
        written
    }

    /// Lets the writer finish what waits, and then end.
    pub(crate) async fn stop(&self) {
        // An error means that it has ended already.
        let _ = self.jobs.send(Job::Stop).await;
    }
}

fn stopping() -> Error {
    Error::new(
        Code::Unavailable,
        "the server is stopping; nothing of this request was stored, send it again later",
    )
}

struct Writer {
    database: Database,
    live: Live,
    end: watch::Sender<i64>,
    last: i64,
}

impl Writer {
    async fn run(mut self, mut waiting: mpsc::Receiver<Job>) {
        let mut jobs = Vec::with_capacity(GROUP);
        while waiting.recv_many(&mut jobs, GROUP).await > 0 {
            let mut group = Vec::with_capacity(jobs.len());
            for job in jobs.drain(..) {
                match job {
                    Job::Append(batch, reply) => group.push((batch, reply)),
                    Job::Stop => waiting.close(),
                }
            }
            self.write(group).await;
        }
    }

    async fn write(&mut self, group: Vec<(Batch, oneshot::Sender<Result<Written>>)>) {
        let (batches, replies): (Vec<Batch>, Vec<_>) = group.into_iter().unzip();
        let written = match self.commit(&batches).await {
            Ok(written) => written.into_iter().map(Ok).collect(),
            // A batch that the database refuses must not take its neighbours with it.
            Err(_) if batches.len() > 1 => self.one_by_one(&batches).await,
            Err(error) => vec![Err(error)],
        };
        for ((batch, reply), written) in batches.into_iter().zip(replies).zip(written) {
            match &written {
                Ok(written) => self
                    .live
                    .refused(&batch.space_id, quarantined(&batch, written)),
                Err(error) => {
                    tracing::warn!(space.id = batch.space_id, error.code = error.code.as_str(), %error, "a batch was not stored");
                }
            }
            // Nobody waits any more when the caller hung up; the events are stored all the same.
            let _ = reply.send(written);
        }
    }

    async fn one_by_one(&mut self, batches: &[Batch]) -> Vec<Result<Written>> {
        let mut written = Vec::with_capacity(batches.len());
        for batch in batches {
            let result = self.commit(std::slice::from_ref(batch)).await;
            written.push(result.and_then(|mut one| {
                one.pop()
                    .ok_or_else(|| Error::internal("a batch got no answer"))
            }));
        }
        written
    }

    async fn commit(&mut self, batches: &[Batch]) -> Result<Vec<Written>> {
        let written = self.try_commit(batches).await;
        if written.is_err()
            && let Ok(last) = store::last_offset(&self.database).await
        {
            // A connection that broke while committing leaves open whether it was stored.
            self.last = last;
            self.end.send_replace(last);
        }
        written
    }

    async fn try_commit(&mut self, batches: &[Batch]) -> Result<Vec<Written>> {
        let mut transaction = self.database.begin().await?;
        let (last, outcomes) = store::append(&mut transaction, self.last, batches).await?;
        transaction.commit().await?;
        self.last = last;
        self.end.send_replace(last);
        Ok(outcomes
            .into_iter()
            .map(|outcomes| Written {
                outcomes,
                end: last,
            })
            .collect())
    }
}

/// What of a batch was refused, without the content of what was denied.
fn quarantined<'a>(
    batch: &'a Batch,
    written: &'a Written,
) -> impl Iterator<Item = Quarantined> + 'a {
    batch.refused.iter().filter_map(|refused| {
        let line = written
            .outcomes
            .iter()
            .find(|line| line.index == refused.index)?
            .clone();
        Some(Quarantined {
            message: refused.message.clone(),
            line,
        })
    })
}
