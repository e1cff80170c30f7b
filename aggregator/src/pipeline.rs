//! What follows from the log: the list of stages, run over the events in the log's order.
//!
//! A turn takes the next events, runs every stage, and commits their effects together with its
//! position. Whenever the process ends, the next start goes on behind the last turn that was
//! committed, so each event has its effect once. One task does all of it: what is derived has a
//! single writer.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cdp_core::event::Event;
use cdp_core::identifier::Identifier;
use cdp_core::time::{Span, Timestamp};
use serde_json::Value;
use sqlx::AnyConnection;
use tokio::sync::{Mutex, MutexGuard, oneshot, watch};

use crate::consent::Rules;
use crate::database::Database;
use crate::database::journal::{Portion, Record};
use crate::error::{Code, Error, Result};
use crate::ingest::{Entry, IdHash, Log, Seen};
use crate::live::Live;
use crate::report::Reports;
use crate::snapshot::Snapshots;
use crate::source::Directory;
use crate::{
    audience, clock, computed_trait, consent, experience, identity, priority, privacy, traits,
    withdrawal,
};

mod account;
mod between;
mod pace;
mod park;
mod store;
mod take;
mod turn;

use pace::{LONGEST, TURN};
use take::Taken;

pub(crate) use pace::Pace;
pub(crate) use store::{
    Logged, event, events_of_anchor, events_of_profiles, last_offset, logged, position,
    read_between, read_until,
};
pub(crate) use turn::{Turn, Whose};

/// What a turn takes that finds out which entry cannot take effect.
const ONE: Portion = Portion { entries: 1, ..TURN };
/// How often time alone is looked at.
const TICK: Duration = Duration::from_millis(500);
/// How often it is asked for work beside the log that nobody told of. Each time it takes a dozen statements, which is as much
/// as the turn over an event.
const ASK: Duration = Duration::from_millis(50);

/// Where more events than these wait, the pipeline begins to run behind those who take more in.
const MANY: usize = 10_000;
/// Down to this many it goes on like that.
const FEW: usize = 500;

/// The stages, in order. An event's path through the server reads from here.
async fn stages(
    connection: &mut AnyConnection,
    turn: &mut Turn<'_>,
    identity: &mut identity::Cache,
    refusals: &consent::Refusals,
) -> Result<()> {
    identity::apply(connection, turn, identity).await?;
    follow(connection, turn, identity, refusals).await
}

/// What follows from who is who.
pub(crate) async fn follow(
    connection: &mut AnyConnection,
    turn: &mut Turn<'_>,
    identity: &mut identity::Cache,
    refusals: &consent::Refusals,
) -> Result<()> {
    consent::apply(connection, turn, refusals).await?;
    withdrawal::fold_again(connection, turn).await?;
    identity::link(connection, turn, identity).await?;
    traits::apply(connection, turn).await?;
    computed_trait::apply(connection, turn).await?;
    experience::apply(connection, turn).await?;
    let left = audience::apply(connection, turn, clock::now()).await?;
    withdrawal::tell(connection, turn, left, clock::now()).await
}

/// What the pipeline works with.
pub(crate) struct Parts {
    pub(crate) database: Database,
    pub(crate) live: Live,
    pub(crate) snapshots: Arc<Snapshots>,
    pub(crate) reports: Arc<Reports>,
    pub(crate) refusals: Arc<consent::Refusals>,
    pub(crate) suppressions: Arc<privacy::Suppressions>,
    /// Where the keys of backups are.
    pub(crate) backup_keys: Option<PathBuf>,
    pub(crate) sources: Arc<Directory>,
    /// For how long it is kept who entered audiences and who left them.
    pub(crate) changes_kept: Span,
}

/// The way to the pipeline.
#[derive(Debug)]
pub(crate) struct Pipeline {
    position: watch::Receiver<i64>,
    /// Held for a turn, so that a definition appears between two turns and never within one.
    between_turns: Arc<Mutex<()>>,
    /// How often people were resolved again, or new rules came into force.
    resolved: watch::Receiver<u64>,
    /// Up to when all that was due has happened.
    followed: watch::Receiver<Timestamp>,
    work: Arc<watch::Sender<u64>>,
    stopping: watch::Sender<bool>,
}

impl Pipeline {
    /// Starts behind the last turn that was committed, which `reached` says and goes on saying.
    pub(crate) async fn start(
        parts: Parts,
        log: &Log,
        reached: watch::Sender<i64>,
    ) -> Result<(Self, oneshot::Receiver<()>)> {
        let position_seen = reached.subscribe();
        let last_offset = last_offset(&parts.database).await?;
        let (stopping, stop) = watch::channel(false);
        let (work, new_work) = watch::channel(0);
        let (resolved, seen_resolved) = watch::channel(0);
        let (followed, seen_followed) = watch::channel(Timestamp::default());
        let work = Arc::new(work);
        let between_turns = Arc::new(Mutex::new(()));
        let runner = Runner {
            database: parts.database,
            live: parts.live,
            snapshots: parts.snapshots,
            reports: parts.reports,
            refusals: parts.refusals,
            suppressions: parts.suppressions,
            backup_keys: parts.backup_keys,
            sources: parts.sources,
            changes_kept: parts.changes_kept,
            trim_at: clock::now(),
            log_end: log.end(),
            seen: log.seen(),
            reached,
            last_offset,
            ask_at: Instant::now(),
            unasked: true,
            goes_back: false,
            is_behind: false,
            certain: true,
            careful: 0,
            pace: Pace::default(),
            between_turns: Arc::clone(&between_turns),
            resolved,
            followed,
            identity: identity::Cache::default(),
        };
        let unstarted = |error| Error::internal(format!("the pipeline cannot start: {error}"));
        let behind = priority::Behind::start("pipeline-behind").map_err(unstarted)?;
        let task =
            priority::beside("pipeline", runner.run(behind, stop, new_work)).map_err(unstarted)?;
        Ok((
            Self {
                position: position_seen,
                between_turns,
                resolved: seen_resolved,
                followed: seen_followed,
                work,
                stopping,
            },
            task,
        ))
    }

    /// Waits until the entries up to `end` have taken effect; false when that takes too long.
    pub(crate) async fn passed(&self, end: i64, patience: Duration) -> bool {
        let mut position = self.position.clone();
        tokio::time::timeout(patience, position.wait_for(|position| *position >= end))
            .await
            .is_ok_and(|seen| seen.is_ok())
    }

    /// Waits until the entries up to `end` have taken effect, however long that takes.
    pub(crate) async fn drained(&self, end: i64) {
        // An error means that the pipeline has ended; there is nothing to wait for.
        let _ = self
            .position
            .clone()
            .wait_for(|position| *position >= end)
            .await;
    }

    /// Keeps turns from starting while the guard lives.
    pub(crate) async fn between_turns(&self) -> MutexGuard<'_, ()> {
        self.between_turns.lock().await
    }

    /// Says that there is work beside the log: a new definition over old events.
    pub(crate) fn wake(&self) {
        self.work.send_modify(|count| *count += 1);
    }

    /// Changes each time that people were resolved again, or that new rules came into force.
    pub(crate) fn resolved(&self) -> watch::Receiver<u64> {
        self.resolved.clone()
    }

    /// Waits until all that was due by a time has happened and nothing else is to do.
    pub(crate) async fn followed(&self, time: Timestamp) {
        // An error means that the pipeline has ended; there is nothing to wait for.
        let _ = self
            .followed
            .clone()
            .wait_for(|followed| *followed >= time)
            .await;
    }

    /// Asks the task to end when it has reached the log's end.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }
}

struct Runner {
    database: Database,
    live: Live,
    snapshots: Arc<Snapshots>,
    reports: Arc<Reports>,
    refusals: Arc<consent::Refusals>,
    suppressions: Arc<privacy::Suppressions>,
    backup_keys: Option<PathBuf>,
    sources: Arc<Directory>,
    changes_kept: Span,
    /// When to look next for what is over.
    trim_at: Timestamp,
    log_end: watch::Receiver<i64>,
    seen: Arc<Seen>,
    reached: watch::Sender<i64>,
    /// The number of the youngest event.
    last_offset: i64,
    /// When to ask next for work beside the log.
    ask_at: Instant,
    /// Whether a turn may have made such work since somebody asked.
    unasked: bool,
    /// Whether it goes through what there was before: a new definition over old events, a change of who is who.
    goes_back: bool,
    /// Whether it runs behind those who take events in.
    is_behind: bool,
    /// Whether what is in memory is what the database says.
    certain: bool,
    /// How many entries are still taken one by one, because one of them cannot take effect.
    careful: usize,
    /// How fast turns are.
    pace: Pace,
    between_turns: Arc<Mutex<()>>,
    resolved: watch::Sender<u64>,
    followed: watch::Sender<Timestamp>,
    identity: identity::Cache,
}

/// What a turn has done.
struct Done {
    last_offset: i64,
    changed: BTreeSet<String>,
    told: Vec<Told>,
    entered_and_left: Vec<audience::Change>,
    /// Spaces in which events came to be others'.
    attributed: BTreeSet<String>,
}

impl Runner {
    async fn run(
        mut self,
        behind: priority::Behind,
        mut stop: watch::Receiver<bool>,
        mut work: watch::Receiver<u64>,
    ) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut failures = 0_u32;
        loop {
            let done;
            (self, done) = self.work_where_it_belongs(&behind).await;
            match done {
                Ok(true) => {
                    failures = 0;
                    continue;
                }
                Ok(false) => failures = 0,
                Err(error) => {
                    failures += 1;
                    self.certain = false;
                    // Only a defect makes one entry fail where others do not.
                    if error.code == Code::Internal && failures >= 3 {
                        if self.careful > 0
                            && let Err(error) = self.park().await
                        {
                            tracing::error!(%error, "the log cannot be taken in");
                        }
                        self.careful = LONGEST.entries;
                    }
                    tracing::error!(%error, failures, "a turn of the pipeline failed; it is tried again");
                    tokio::time::sleep(Duration::from_millis(100 << failures.min(6))).await;
                }
            }
            let done = *self.reached.borrow() >= *self.log_end.borrow();
            if *stop.borrow() && (done || failures > 3) {
                return;
            }
            tokio::select! {
                _ = self.log_end.changed() => {}
                _ = work.changed() => self.ask_at = Instant::now(),
                _ = stop.changed() => {}
                _ = tick.tick() => {}
                () = tokio::time::sleep_until(self.ask_at.into()), if self.unasked => {}
            }
        }
    }

    /// Does one piece of whatever is to do; false when nothing is. Somebody may be waiting for a few events to take effect,
    /// so those are not behind anybody; where there is much to do, taking events in comes first.
    async fn work_where_it_belongs(mut self, behind: &priority::Behind) -> (Self, Result<bool>) {
        let most = if self.is_behind { FEW } else { MANY };
        self.is_behind = self.goes_back || self.seen.waiting() > most;
        self.database.set_behind(self.is_behind);
        if !self.is_behind {
            let done = self.work().await;
            return (self, done);
        }
        let piece = async move {
            let done = self.work().await;
            (self, done)
        };
        match behind.run(piece).await {
            Some(done) => done,
            // What was in memory is gone with it; whoever started the pipeline hears of it.
            None => std::panic::resume_unwind(Box::new("a turn of the pipeline panicked")),
        }
    }

    /// Does one piece of whatever is to do; false when nothing is.
    async fn work(&mut self) -> Result<bool> {
        let _turn = Arc::clone(&self.between_turns).lock_owned().await;
        let more_log = self.turn().await?;
        if Instant::now() < self.ask_at {
            return Ok(more_log);
        }
        let more = self.beside_the_log(more_log).await?;
        self.unasked = false;
        if !more {
            self.ask_at = Instant::now() + ASK;
        }
        Ok(more || more_log)
    }

    /// Does one piece of the work beside the log; false when there is none.
    async fn beside_the_log(&mut self, more_log: bool) -> Result<bool> {
        let more_backfill = self.resolve_again().await?
            || self.refold().await?
            || self.clear_gone().await?
            || self.read_again(more_log).await?
            || self.erase().await?
            || self.let_go().await?
            || computed_trait::backfill(&self.database, &self.sources, &self.live).await?
            || audience::backfill(&self.database, &self.sources, &self.live).await?;
        self.goes_back = more_backfill;
        if more_backfill {
            self.snapshots.clear();
        }
        let now = clock::now();
        let due =
            audience::follow_the_clock(&self.database, &self.sources, &self.live, now).await?;
        self.snapshots.forget(due.iter());
        let more = more_backfill || !due.is_empty() || self.trim(now).await?;
        if !more && !more_log {
            self.followed.send_replace(now);
        }
        Ok(more)
    }

    /// One turn over the log.
    async fn turn(&mut self) -> Result<bool> {
        if !self.certain {
            self.recover().await?;
        }
        let position = *self.reached.borrow();
        let end = *self.log_end.borrow_and_update();
        if position >= end {
            return Ok(false);
        }
        let portion = if self.careful > 0 {
            ONE
        } else if self.is_behind && !self.goes_back {
            self.pace.portion()
        } else {
            // Also while old events are read again, which has to get nearer to the end than the log goes on.
            TURN
        };
        let mut entries = self.entries(position, end, portion).await?;
        let gone = self.take_out(&mut entries)?;
        // Entries are numbered without holes; where one is missing there is nothing to wait for.
        let reached = entries.last().map_or(end, |(id, _)| *id);
        let before = Instant::now();
        let events = read(&entries)?;
        let messages = events.iter().map(|entry| entry.events.len()).sum();
        self.take(&events, reached).await?;
        if self.careful == 0 {
            self.pace.took(messages, before.elapsed());
        }
        self.unasked = true;
        self.seen.settle(gone.into_iter());
        self.careful = self.careful.saturating_sub(1);
        Ok(reached < end)
    }

    /// Takes out of entries what was judged before its person was erased; under which ids that is remembered.
    fn take_out(&self, entries: &mut [(i64, Entry)]) -> Result<Vec<IdHash>> {
        let mut gone = Vec::new();
        for (_, entry) in entries {
            let before = entry.with_only_events();
            if self.suppressions.take_out(entry, &self.sources)? {
                gone.extend(ids(&self.seen, std::iter::once(&before)));
            }
        }
        Ok(gone)
    }

    /// The next entries of the log with their numbers.
    async fn entries(
        &self,
        position: i64,
        end: i64,
        portion: Portion,
    ) -> Result<Vec<(i64, Entry)>> {
        let records = self.database.journal().read_after(position, end, portion);
        let read = |record: Record| Ok((record.id, Entry::read(record.body)?));
        records.await?.into_iter().map(read).collect()
    }

    /// Lets entries take effect, together with the new position.
    async fn take(&mut self, entries: &[take::Read<'_>], reached: i64) -> Result<()> {
        let mut connection = self.database.begin_derived().await?;
        let mut transaction = connection.begin().await?;
        let done = self.effects(&mut transaction, entries).await?;
        store::advance(&mut transaction, reached).await?;
        transaction.commit().await.map_err(Error::from)?;
        self.last_offset = done.last_offset;
        self.identity.settle();
        let taken = entries.iter().flat_map(|read| {
            let space_id = &read.entry.space_id;
            let ids = read.events.iter().map(|event| &event.message_id);
            ids.map(|id| self.seen.hash(space_id, id))
        });
        self.seen.settle(taken);
        self.snapshots.forget(done.changed.iter());
        for space_id in &done.attributed {
            self.reports.forget(space_id);
        }
        self.reached.send_replace(reached);
        for (space_id, event, profile_id) in done.told {
            self.live.stored(&space_id, &event, profile_id.as_deref());
        }
        self.live.changed(&done.entered_and_left);
        Ok(())
    }

    async fn effects(
        &mut self,
        connection: &mut AnyConnection,
        entries: &[take::Read<'_>],
    ) -> Result<Done> {
        let taken = take::take(connection, self.last_offset, entries, &self.sources).await?;
        let last_offset = taken.last().map(|taken| taken.logged.offset);
        let mut done = Done {
            last_offset: last_offset.unwrap_or(self.last_offset),
            changed: BTreeSet::new(),
            told: Vec::new(),
            entered_and_left: Vec::new(),
            attributed: BTreeSet::new(),
        };
        for (space_id, (mut events, named)) in by_space(taken) {
            let rules = Rules::of(&self.sources, &space_id);
            let moved = identity::attribute(connection, &rules, &mut events, &named).await?;
            let mut turn = Turn {
                moved,
                ..Turn::of(&rules, &events, named)
            };
            if !turn.moved.is_empty() {
                done.attributed.insert(space_id.to_string());
            }
            stages(connection, &mut turn, &mut self.identity, &self.refusals).await?;
            done.changed.append(&mut turn.concerned());
            done.changed.extend(turn.merged.keys().cloned());
            if self.live.is_watched() {
                done.told.extend(lines(&turn)?);
            }
            done.entered_and_left.append(&mut turn.changes);
        }
        Ok(done)
    }

    /// Reads again where the pipeline stands: a connection that broke while committing leaves open
    /// whether a turn counts.
    async fn recover(&mut self) -> Result<()> {
        self.identity = identity::Cache::default();
        self.snapshots.clear();
        // Which identity rules hold is open as well.
        self.sources.reload(&self.database).await?;
        let before = *self.reached.borrow();
        let now_at = position(&self.database).await?;
        self.last_offset = last_offset(&self.database).await?;
        if now_at > before {
            let portion = Portion {
                entries: usize::MAX,
                messages: usize::MAX,
                bytes: usize::MAX,
            };
            let entries = self.entries(before, now_at, portion).await?;
            self.seen
                .settle(ids(&self.seen, entries.iter().map(|(_, entry)| entry)));
            self.reached.send_replace(now_at);
        }
        self.certain = true;
        Ok(())
    }
}

/// The message ids of entries, as they are remembered.
fn ids<'a>(
    seen: &'a Seen,
    entries: impl Iterator<Item = &'a Entry> + 'a,
) -> impl Iterator<Item = IdHash> + 'a {
    entries.flat_map(|entry| {
        entry
            .message_ids()
            .map(|id| seen.hash(&entry.space_id, &id))
    })
}

fn read(entries: &[(i64, Entry)]) -> Result<Vec<take::Read<'_>>> {
    let mut all = Vec::with_capacity(entries.len());
    for (_, entry) in entries {
        all.push(take::Read {
            entry,
            events: entry.events()?,
        });
    }
    Ok(all)
}

/// Events, and whom each of them names.
type Named = (Vec<Logged>, Vec<Vec<Identifier>>);

fn by_space(taken: Vec<Taken>) -> BTreeMap<Arc<str>, Named> {
    let mut spaces: BTreeMap<Arc<str>, Named> = BTreeMap::new();
    for Taken { logged, named } in taken {
        let space = spaces.entry(Arc::clone(&logged.space_id)).or_default();
        space.0.push(logged);
        space.1.push(named);
    }
    spaces
}

type Told = (String, Value, Option<String>);

fn lines(turn: &Turn<'_>) -> Result<Vec<Told>> {
    let line = |logged: &Logged| {
        let event: &Event = &logged.event;
        Ok((
            turn.space_id.to_owned(),
            serde_json::to_value(event)?,
            turn.profile_of(&logged.anchor).map(ToOwned::to_owned),
        ))
    };
    turn.events.iter().map(line).collect()
}
