//! The log's only writer: all entries that wait become durable in one commit.

use std::collections::VecDeque;
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
/// When what could not be written is tried again.
const AGAIN: Duration = Duration::from_secs(2);

/// What became of an entry.
#[derive(Debug)]
pub(super) enum Fate {
    /// It is durable.
    Written,
    /// It is kept in memory, for the database takes nothing at the moment.
    Kept(Error),
    /// There is no room even in memory.
    Lost(Error),
}

type Waiting = (Entry, oneshot::Sender<Fate>);

/// Hands entries to the writer.
#[derive(Clone, Debug)]
pub(crate) struct Audit {
    queue: mpsc::Sender<Waiting>,
    stop: watch::Sender<bool>,
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
        (Self { queue, stop }, task)
    }

    /// Ends the writer when it has written what waits.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Writes an entry and tells what became of it.
    pub(super) async fn write(&self, entry: Entry) -> Fate {
        let stopping = || {
            Error::new(
                Code::Unavailable,
                "the server is stopping; send this again later",
            )
        };
        let (answer, fate) = oneshot::channel();
        if self.queue.send((entry, answer)).await.is_err() {
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
        let (new, answers): (Vec<Entry>, Vec<_>) = waiting.into_iter().unzip();
        let written = self.commit(&new).await;
        let Err(error) = written else {
            self.kept.clear();
            for answer in answers {
                // Whoever asked may be gone.
                let _ = answer.send(Fate::Written);
            }
            return;
        };
        if !answers.is_empty() {
            tracing::warn!(%error, kept = self.kept.len(), "the audit log cannot be written; its entries wait in memory");
        }
        for (entry, answer) in new.into_iter().zip(answers) {
            let error = error.told_again();
            let fate = if self.kept.len() < KEPT {
                self.kept.push_back(entry);
                Fate::Kept(error)
            } else {
                Fate::Lost(error)
            };
            // As above.
            let _ = answer.send(fate);
        }
    }

    async fn commit(&self, new: &[Entry]) -> Result<()> {
        let mut transaction = self.database.begin().await?;
        let (mut number, mut last) = store::head(&mut transaction).await?;
        for entry in self.kept.iter().chain(new) {
            number += 1;
            let hash = entry.hash(number, &last);
            store::insert(&mut transaction, number, entry, (&last, &hash)).await?;
            last = hash;
        }
        store::set_head(&mut transaction, number, &last).await?;
        Ok(transaction.commit().await?)
    }
}
