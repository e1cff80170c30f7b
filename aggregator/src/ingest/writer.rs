//! The log's only writer: takes all batches that wait, writes them in one transaction, answers each.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use cdp_core::event::{Event, Writer as Texts};
use cdp_core::forward::{Refused, lines};
use cdp_core::kept_message::KeptMessage;
use cdp_core::ledger::{LedgerMark, TabReport};
use cdp_core::outcome::{MessageOutcome, Outcome};
use cdp_core::time::Timestamp;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use super::entry::NewEntry;
use super::known;
use super::seen::{IdHash, Memory, Seen};
use crate::database::Database;
use crate::database::journal::Record;
use crate::error::{Code, Error, Result};
use crate::live::Live;
use crate::priority;

/// Batches that may wait for the disk.
const MOST_BATCHES: usize = 512;
/// Bytes of events that may wait for the disk, in KiB.
const MOST_KIB: usize = 64 * 1024;
/// Batches that go into one transaction.
const GROUP: usize = 128;
/// Events that may be in the log and not have taken effect; a million take about 40 MB of memory.
const MOST_WAITING: usize = 2_000_000;
/// How often entries that have taken effect are deleted.
const SWEEP: Duration = Duration::from_secs(1);

/// A judged batch, ready for the log.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(super) space_id: String,
    pub(super) source_id: String,
    pub(super) received_at: Timestamp,
    pub(super) events: Vec<NewEvent>,
    pub(super) refused: Vec<Refused>,
    pub(super) reports: Vec<TabReport>,
}

/// An event that the log may not have yet.
#[derive(Debug)]
pub(super) struct NewEvent {
    pub(super) index: usize,
    pub(super) message_id: String,
    pub(super) mark: Option<LedgerMark>,
    /// The event as text.
    pub(super) body: String,
}

impl NewEvent {
    pub(super) fn new(index: usize, event: Event, texts: &mut Texts) -> Self {
        Self {
            index,
            body: texts.text(&event),
            message_id: event.message_id,
            mark: event.ledger,
        }
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
        .map_or(0, |message| message.text().len());
    256 + refused.reason.len() + message
}

/// What became of a batch.
#[derive(Debug)]
pub(crate) struct Written {
    /// One line a message, in the batch's order.
    pub(crate) outcomes: Vec<MessageOutcome>,
    /// The log's end just after the batch: what it says has taken effect once the pipeline is there.
    pub(crate) end: i64,
}

/// A message that went into quarantine, for who watches live.
#[derive(Clone, Debug)]
pub(crate) struct Quarantined {
    pub(crate) message: Option<KeptMessage>,
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
    seen: Arc<Seen>,
}

impl Log {
    /// Starts the writer behind what is in the log. `position` is how far the pipeline has come, as
    /// it goes on; `window` how many message ids are remembered to name duplicates.
    pub(crate) async fn start(
        database: Database,
        live: Live,
        position: watch::Receiver<i64>,
        window: usize,
    ) -> Result<(Self, oneshot::Receiver<()>)> {
        let done = *position.borrow();
        let last = database.journal().last().await?.max(done);
        let seen = Arc::new(Seen::of(window));
        known::waiting(&database, &seen, done, last).await?;
        let (end, end_seen) = watch::channel(last);
        let (jobs, waiting) = mpsc::channel(MOST_BATCHES);
        tokio::spawn(fill(Arc::clone(&seen), database.clone()));
        let unstarted = |error| Error::internal(format!("the log's threads cannot start: {error}"));
        priority::behind("sweeper", sweep(database.clone(), position)).map_err(unstarted)?;
        let writer = Writer {
            database,
            live,
            seen: Arc::clone(&seen),
            end,
            last,
            certain: true,
        };
        // A group follows the other without waiting for a thread.
        let task = priority::beside("log", writer.run(waiting)).map_err(unstarted)?;
        Ok((
            Self {
                jobs,
                room: Arc::new(Semaphore::new(MOST_KIB)),
                end: end_seen,
                seen,
            },
            task,
        ))
    }

    /// The memory of message ids.
    pub(crate) fn seen(&self) -> Arc<Seen> {
        Arc::clone(&self.seen)
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
        if self.seen.waiting() > MOST_WAITING {
            return Err(Error::new(
                Code::Overloaded,
                "profiles are too far behind the log; nothing of this request was stored, send it again later",
            ));
        }
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

/// Fills the memory of message ids; until it is full, the database is asked about every one.
async fn fill(seen: Arc<Seen>, database: Database) {
    if let Err(error) = seen.fill(&database).await {
        tracing::error!(%error, "the message ids of earlier events could not be read; each is looked up instead");
    }
}

/// Deletes what has taken effect, now and then, once its effects are durable; until the pipeline has ended.
async fn sweep(database: Database, mut position: watch::Receiver<i64>) {
    // What the last process left.
    position.mark_changed();
    while position.changed().await.is_ok() {
        let done = *position.borrow_and_update();
        let swept = async {
            database.settle().await?;
            database.journal().forget(done).await
        };
        if let Err(error) = swept.await {
            tracing::warn!(%error, "entries of the log that have taken effect could not be deleted; it is tried again");
            position.mark_changed();
        }
        tokio::time::sleep(SWEEP).await;
    }
}

struct Writer {
    database: Database,
    live: Live,
    seen: Arc<Seen>,
    end: watch::Sender<i64>,
    last: i64,
    /// Whether `last` is known to be right.
    certain: bool,
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
            // Nobody waits once more for a database that does not answer.
            Err(error) if error.code == Code::Unavailable => away(error, batches.len()),
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
            match result {
                Err(error) if error.code == Code::Unavailable => {
                    written.extend(away(error, batches.len() - written.len()));
                    break;
                }
                result => written.push(result.and_then(|mut one| {
                    one.pop()
                        .ok_or_else(|| Error::internal("a batch got no answer"))
                })),
            }
        }
        written
    }

    async fn commit(&mut self, batches: &[Batch]) -> Result<Vec<Written>> {
        if !self.certain {
            self.recover().await?;
        }
        let plan = self.plan(batches).await?;
        if let Err(error) = self.try_commit(plan.entries).await {
            // A connection that broke while committing leaves open whether it was stored.
            self.certain = false;
            if error.code != Code::Unavailable
                && let Err(error) = self.recover().await
            {
                tracing::warn!(%error, "where the log ends could not be read; it is tried again with the next batch");
            }
            return Err(error);
        }
        self.seen.remember(plan.new.into_iter());
        self.publish(self.last + plan.count);
        let end = self.last;
        Ok(plan
            .outcomes
            .into_iter()
            .map(|outcomes| Written { outcomes, end })
            .collect())
    }

    /// Finds out where the log ends, and remembers what was stored without our knowing.
    async fn recover(&mut self) -> Result<()> {
        let last = self.database.journal().last().await?;
        if last > self.last {
            known::waiting(&self.database, &self.seen, self.last, last).await?;
            self.publish(last);
        }
        self.certain = true;
        Ok(())
    }

    async fn try_commit(&self, entries: Vec<Record>) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        self.database.journal().append(entries).await
    }

    /// Tells the pipeline of new entries. Their ids are remembered before that: it will settle them.
    fn publish(&mut self, last: i64) {
        self.last = last;
        self.end.send_replace(last);
    }

    /// Finds out which events are new, and what to write and to answer.
    async fn plan(&self, batches: &[Batch]) -> Result<Plan> {
        let ids: Vec<Vec<IdHash>> = batches
            .iter()
            .map(|batch| {
                let hash = |event: &NewEvent| self.seen.hash(&batch.space_id, &event.message_id);
                batch.events.iter().map(hash).collect()
            })
            .collect();
        let memory = self.seen.recall(ids.iter().flatten().copied());
        let mut maybe: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let events = batches
            .iter()
            .flat_map(|batch| batch.events.iter().map(move |event| (batch, event)));
        for ((batch, event), memory) in events.zip(&memory) {
            if *memory == Memory::Maybe {
                maybe
                    .entry(&batch.space_id)
                    .or_default()
                    .push(&event.message_id);
            }
        }
        let stored = known::stored(&self.database, maybe).await?;
        let mut plan = Plan::default();
        let mut here = BTreeSet::new();
        let mut memory = memory.into_iter();
        for (batch, ids) in batches.iter().zip(ids) {
            let mut is_new = Vec::with_capacity(ids.len());
            for ((event, id), memory) in batch.events.iter().zip(ids).zip(memory.by_ref()) {
                let place = (batch.space_id.as_str(), event.message_id.as_str());
                let new =
                    memory != Memory::Waiting && !stored.contains(&place) && here.insert(place);
                if new {
                    plan.new.push(id);
                }
                is_new.push(new);
            }
            plan.outcomes.push(outcomes(batch, &is_new));
            if let Some(body) = entry(batch, &is_new)? {
                plan.count += 1;
                let messages = batch.events.len() + batch.refused.len();
                plan.entries.push(Record {
                    id: self.last + plan.count,
                    messages: u32::try_from(messages).unwrap_or(u32::MAX),
                    body,
                });
            }
        }
        Ok(plan)
    }
}

/// The answer to batches when the database is away.
fn away(error: Error, batches: usize) -> Vec<Result<Written>> {
    let others = (1..batches).map(|_| Err(Error::new(error.code, error.message.clone())));
    let mut answers: Vec<_> = others.collect();
    answers.push(Err(error));
    answers
}

/// What one transaction writes.
#[derive(Default)]
struct Plan {
    entries: Vec<Record>,
    /// How many they are.
    count: i64,
    new: Vec<IdHash>,
    outcomes: Vec<Vec<MessageOutcome>>,
}

/// The entry's text; `None` when the batch says nothing that is not known.
fn entry(batch: &Batch, is_new: &[bool]) -> Result<Option<String>> {
    let (mut events, mut refused) = (Vec::new(), Vec::new());
    for (event, new) in batch.events.iter().zip(is_new) {
        if *new {
            events.push(event.body.as_str());
        } else if event.mark.is_some() {
            // The number has come to an end, and nothing else is to be kept.
            refused.push(Cow::Owned(Refused {
                index: event.index,
                message_id: event.message_id.clone(),
                outcome: Outcome::Duplicate,
                reason: "the message was stored before".to_owned(),
                message: None,
                jurisdiction: None,
                gpc: false,
                ledger: event.mark.clone(),
            }));
        }
    }
    let kept =
        |refused: &&Refused| refused.outcome == Outcome::Quarantined || refused.ledger.is_some();
    refused.extend(batch.refused.iter().filter(kept).map(Cow::Borrowed));
    if events.is_empty() && refused.is_empty() && batch.reports.is_empty() {
        return Ok(None);
    }
    let around = NewEntry {
        space_id: &batch.space_id,
        source_id: &batch.source_id,
        received_at: batch.received_at,
        refused,
        reports: &batch.reports,
        lengths: Vec::new(),
    };
    Ok(Some(around.with(&events)?))
}

fn outcomes(batch: &Batch, is_new: &[bool]) -> Vec<MessageOutcome> {
    let taken = batch.events.iter().zip(is_new);
    lines(
        taken.map(|(event, new)| (event.index, event.message_id.as_str(), *new)),
        &batch.refused,
    )
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
