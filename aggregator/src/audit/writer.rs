//! The log's only writer: all entries that wait become durable in one commit.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::{Entry, store};
use crate::database::Database;
use crate::error::{Code, Error, Result};

/// Entries that wait for the writer.
const QUEUE: usize = 1024;
/// Entries of one commit.
const TOGETHER: usize = 256;
/// Entries that are kept in memory while they cannot be written.
const KEPT: usize = 20_000;
/// Microseconds within which a stream that is looked at again is the same look.
const HOUR: i64 = 3_600_000_000;
/// Looks at streams that are remembered before those of earlier hours are forgotten.
const MOST_STREAMS: usize = 10_000;
/// When what could not be written is tried again.
const AGAIN: Duration = Duration::from_secs(2);

/// What became of an entry.
#[derive(Debug)]
pub(super) enum Fate {
    /// It is durable, under this number.
    Written(i64),
    /// It is kept in memory, for the database takes nothing at the moment.
    Kept(Error),
    /// It is not kept, as was asked, or there is no room even in memory.
    Lost(Error),
}

/// Whether an entry is kept in memory while it cannot be written.
type Kept = bool;

type Waiting = (Entry, Kept, oneshot::Sender<Fate>);

/// Hands entries to the writer.
#[derive(Clone, Debug)]
pub(crate) struct Audit {
    queue: mpsc::Sender<Waiting>,
    stop: watch::Sender<bool>,
    /// The hour in which somebody's look at the stream of a space was written last.
    streams: Arc<Mutex<HashMap<(String, String), i64>>>,
}

impl Audit {
    /// Starts the writer.
    pub(crate) fn start(database: Database) -> (Self, JoinHandle<()>) {
        let (queue, entries) = mpsc::channel(QUEUE);
        let (stop, stopping) = watch::channel(false);
        let writer = Writer {
            database,
            kept: VecDeque::new(),
        };
        let task = tokio::spawn(writer.run(entries, stopping));
        let streams = Arc::default();
        let audit = Self {
            queue,
            stop,
            streams,
        };
        (audit, task)
    }

    /// Ends the writer when it has written what waits.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Writes an entry, or keeps it until it can be written, and tells what became of it.
    pub(super) async fn write(&self, entry: Entry) -> Fate {
        self.hand_over(entry, true).await
    }

    /// Writes that a change begins; its number.
    ///
    /// # Errors
    /// Where it cannot be written: the change is not to be made then.
    pub(super) async fn begin(&self, entry: Entry) -> Result<i64> {
        match self.hand_over(entry, false).await {
            Fate::Written(number) => Ok(number),
            Fate::Kept(error) | Fate::Lost(error) => Err(error),
        }
    }

    /// Whether this is somebody's first look at the stream of a space within the hour.
    pub(super) fn is_first_look(&self, entry: &Entry) -> bool {
        let hour = entry.at.as_micros().div_euclid(HOUR);
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if streams.len() >= MOST_STREAMS {
            streams.retain(|_, last| *last == hour);
        }
        let who = (entry.actor.id.clone(), entry.space_id.clone());
        streams.insert(who, hour) != Some(hour)
    }

    async fn hand_over(&self, entry: Entry, kept: Kept) -> Fate {
        let stopping = || {
            Error::new(
                Code::Unavailable,
                "the server is stopping; send this again later",
            )
        };
        let (answer, fate) = oneshot::channel();
        if self.queue.send((entry, kept, answer)).await.is_err() {
            return Fate::Lost(stopping());
        }
        fate.await.unwrap_or_else(|_| Fate::Lost(stopping()))
    }
}

struct Writer {
    database: Database,
    /// What could not be written, the oldest first.
    kept: VecDeque<Entry>,
}

impl Writer {
    async fn run(
        mut self,
        mut entries: mpsc::Receiver<Waiting>,
        mut stopping: watch::Receiver<bool>,
    ) {
        loop {
            let mut waiting = Vec::new();
            let stopped = tokio::select! {
                _ = entries.recv_many(&mut waiting, TOGETHER) => false,
                () = tokio::time::sleep(AGAIN), if !self.kept.is_empty() => false,
                // An error means that nobody can stop us any more, which is an end too.
                _ = stopping.wait_for(|stopping| *stopping) => true,
            };
            if stopped {
                entries.close();
                while entries.recv_many(&mut waiting, TOGETHER).await > 0 {}
            }
            self.write(waiting).await;
            if stopped {
                if !self.kept.is_empty() {
                    tracing::error!(
                        entries = self.kept.len(),
                        "entries of the audit log could not be written"
                    );
                }
                return;
            }
        }
    }

    /// Writes what is kept and what came, and answers those who wait.
    async fn write(&mut self, waiting: Vec<Waiting>) {
        if waiting.is_empty() && self.kept.is_empty() {
            return;
        }
        let (new, answers): (Vec<Entry>, Vec<_>) = waiting
            .into_iter()
            .map(|(entry, kept, answer)| (entry, (kept, answer)))
            .unzip();
        let error = match self.commit(&new).await {
            Ok(first) => {
                self.kept.clear();
                for ((_, answer), number) in answers.into_iter().zip(first..) {
                    // Whoever asked may be gone.
                    let _ = answer.send(Fate::Written(number));
                }
                return;
            }
            Err(error) => error,
        };
        if !answers.is_empty() {
            tracing::warn!(%error, kept = self.kept.len(), "the audit log cannot be written; its entries wait in memory");
        }
        for (entry, (kept, answer)) in new.into_iter().zip(answers) {
            let error = error.told_again();
            let fate = if kept && self.kept.len() < KEPT {
                self.kept.push_back(entry);
                Fate::Kept(error)
            } else {
                Fate::Lost(error)
            };
            // As above.
            let _ = answer.send(fate);
        }
    }

    /// Writes what is kept and what is new; the number of the first that is new.
    async fn commit(&self, new: &[Entry]) -> Result<i64> {
        let mut transaction = self.database.begin().await?;
        let (mut number, mut last) = store::head(&mut transaction).await?;
        let kept = i64::try_from(self.kept.len()).map_err(Error::internal)?;
        let first = number + kept + 1;
        for entry in self.kept.iter().chain(new) {
            number += 1;
            let hash = entry.hash(number, &last);
            store::insert(&mut transaction, number, entry, (&last, &hash)).await?;
            last = hash;
        }
        store::set_head(&mut transaction, number, &last).await?;
        transaction.commit().await?;
        Ok(first)
    }
}
