//! What follows from the log: the list of stages, run over the events in the log's order.
//!
//! A turn takes the next events, runs every stage, and commits their effects together with its
//! position. Whenever the process ends, the next start goes on behind the last turn that was
//! committed, so each event has its effect once. One task does all of it: what is derived has a
//! single writer.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cdp_core::consent::{Scope, Standing};
use cdp_core::event::Event;
use cdp_core::identifier::Identifier;
use cdp_core::time::{Span, Timestamp};
use serde_json::Value;
use sqlx::AnyConnection;
use tokio::sync::{Mutex, MutexGuard, oneshot, watch};

use crate::consent::{Rules, Withdrawal};
use crate::database::Database;
use crate::database::journal::{Portion, Record};
use crate::error::{Code, Error, Result};
use crate::ingest::{Entry, IdHash, Log, Seen};
use crate::live::Live;
use crate::report::Reports;
use crate::snapshot::Snapshots;
use crate::source::Directory;
use crate::{
    audience, clock, computed_trait, consent, experience, identity, ingest, priority, privacy,
    traits, withdrawal,
};

mod account;
mod store;
mod take;

use take::Taken;

pub(crate) use store::{
    Logged, event, events_of_anchor, events_of_profiles, last_offset, logged, position,
    read_between, read_until,
};

/// What one turn takes of the log, about. A turn costs the same few dozen statements and one wait for
/// the disk for one event as for five thousand; where little waits, little is taken.
pub(crate) const TURN: Portion = Portion {
    entries: 512,
    messages: 5_000,
    bytes: 8 * 1024 * 1024,
};
/// The same, of a turn that finds out which entry cannot take effect.
const ONE: Portion = Portion { entries: 1, ..TURN };
/// How often time alone is looked at.
const TICK: Duration = Duration::from_millis(500);
/// How often what is kept for a while is looked through for what is over.
const TRIM: Span = Span::from_seconds(3_600);

/// One turn over the events of one space; stages leave in it what later stages need.
pub(crate) struct Turn<'a> {
    /// Whose events.
    pub(crate) space_id: &'a str,
    /// The events, in the log's order.
    pub(crate) events: &'a [Logged],
    /// The profile of each identifier that the events' anchors name.
    pub(crate) profile_of: BTreeMap<String, String>,
    /// Profiles of which anything may have changed, beside what the events themselves say.
    pub(crate) touched: BTreeSet<String>,
    /// Those of them that are new, so that everything of theirs is what these events say.
    pub(crate) fresh: BTreeSet<String>,
    /// Profiles that went into another: from → into.
    pub(crate) merged: BTreeMap<String, String>,
    /// The identifiers of each of the events, strongest first.
    pub(crate) named: Vec<Vec<Identifier>>,
    /// The space's rules.
    pub(crate) rules: &'a Rules,
    /// The person behind each identifier that the events name.
    pub(crate) person_of: BTreeMap<String, String>,
    /// People whose identifiers or words may have changed.
    pub(crate) people: BTreeSet<String>,
    /// People of whom consent may link only parts.
    pub(crate) divided: BTreeSet<String>,
    /// Anchors that lost or got events which were taken in before.
    pub(crate) moved: BTreeSet<String>,
    /// For what each of the events counts.
    pub(crate) scopes: Vec<Scope>,
    /// Anchors that have to be folded again, and the words under which.
    pub(crate) again: BTreeMap<String, Standing>,
    /// What was taken back.
    pub(crate) withdrawn: Vec<Withdrawal>,
    /// What computed traits and the counts of audiences have come to with these events.
    pub(crate) counted: computed_trait::Counted,
    /// Who entered audiences and who left them.
    pub(crate) changes: Vec<audience::Change>,
}

impl<'a> Turn<'a> {
    /// A turn over events that no stage has seen.
    pub(crate) fn of(rules: &'a Rules, events: &'a [Logged], named: Vec<Vec<Identifier>>) -> Self {
        Self {
            named,
            ..Self::over(rules, events)
        }
    }

    /// A turn over events that were taken in before: who is who stays, and they name nobody.
    pub(crate) fn over(rules: &'a Rules, events: &'a [Logged]) -> Self {
        Self {
            space_id: rules.space_id(),
            events,
            named: Vec::new(),
            profile_of: BTreeMap::new(),
            touched: BTreeSet::new(),
            fresh: BTreeSet::new(),
            merged: BTreeMap::new(),
            rules,
            person_of: BTreeMap::new(),
            people: BTreeSet::new(),
            divided: BTreeSet::new(),
            moved: BTreeSet::new(),
            scopes: Vec::new(),
            again: BTreeMap::new(),
            withdrawn: Vec::new(),
            counted: computed_trait::Counted::default(),
            changes: Vec::new(),
        }
    }

    /// The identifiers to which events were given that do not carry them, and those that lost such events.
    pub(crate) fn given(&self) -> Result<BTreeSet<Identifier>> {
        if !self.rules.identity().attributes_by_time() {
            return Ok(BTreeSet::new());
        }
        let anchors = self.events.iter().map(|logged| &logged.anchor);
        let anchors = anchors.chain(&self.moved);
        let parsed =
            anchors.map(|anchor| anchor.parse().map_err(|text: String| Error::internal(text)));
        parsed.collect()
    }

    /// Profiles of which something may have changed.
    pub(crate) fn concerned(&self) -> BTreeSet<String> {
        let of_events = self
            .events
            .iter()
            .filter_map(|logged| self.profile_of.get(&logged.anchor));
        of_events.chain(&self.touched).cloned().collect()
    }

    /// The events with their scopes, without those whose anchors are folded again with all that they have.
    pub(crate) fn scoped(&self) -> impl Iterator<Item = (&'a Logged, &Scope)> {
        let events = self.events.iter().zip(&self.scopes);
        events.filter(|(logged, _)| !self.again.contains_key(&logged.anchor))
    }

    /// Those of them of which facts are kept.
    pub(crate) fn facts(&self) -> impl Iterator<Item = (&'a Logged, &Scope)> {
        self.scoped().filter(|(_, scope)| self.rules.keeps(scope))
    }
}

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
            certain: true,
            careful: 0,
            between_turns: Arc::clone(&between_turns),
            resolved,
            followed,
            identity: identity::Cache::default(),
        };
        let task = priority::behind("pipeline", runner.run(stop, new_work))
            .map_err(|error| Error::internal(format!("the pipeline cannot start: {error}")))?;
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
    /// Whether what is in memory is what the database says.
    certain: bool,
    /// How many entries are still taken one by one, because one of them cannot take effect.
    careful: usize,
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
    async fn run(mut self, mut stop: watch::Receiver<bool>, mut work: watch::Receiver<u64>) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut failures = 0_u32;
        loop {
            match self.work().await {
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
                        self.careful = TURN.entries;
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
                _ = work.changed() => {}
                _ = stop.changed() => {}
                _ = tick.tick() => {}
            }
        }
    }

    /// Does one piece of whatever is to do; false when nothing is.
    async fn work(&mut self) -> Result<bool> {
        let _turn = Arc::clone(&self.between_turns).lock_owned().await;
        let more_log = self.turn().await?;
        let more_backfill = self.resolve_again().await?
            || self.refold().await?
            || self.clear_gone().await?
            || self.read_again(more_log).await?
            || self.erase().await?
            || self.let_go().await?
            || computed_trait::backfill(&self.database, &self.sources, &self.live).await?
            || audience::backfill(&self.database, &self.sources, &self.live).await?;
        if more_backfill {
            self.snapshots.clear();
        }
        let now = clock::now();
        let due =
            audience::follow_the_clock(&self.database, &self.sources, &self.live, now).await?;
        self.snapshots.forget(due.iter());
        let more = more_log || more_backfill || !due.is_empty() || self.trim(now).await?;
        if !more {
            self.followed.send_replace(now);
        }
        Ok(more)
    }

    /// Takes away some of what has been kept for long enough; false when nothing of it is left, until some time has
    /// passed.
    async fn trim(&mut self, now: Timestamp) -> Result<bool> {
        if now < self.trim_at {
            return Ok(false);
        }
        let began = privacy::begin_daily(&self.database, now).await?;
        let more = audience::trim(&self.database, now.plus(self.changes_kept.negated())).await?;
        let more = more || began;
        if !more {
            self.trim_at = now.plus(TRIM);
        }
        Ok(more)
    }

    /// Resolves some people again whom a decision or new rules concern; false when there are none.
    async fn resolve_again(&mut self) -> Result<bool> {
        if !identity::RESOLVE.any(&self.database).await? {
            return Ok(false);
        }
        let mut transaction = self.database.begin().await?;
        let Some((space_id, tasks)) = identity::RESOLVE.next(&mut transaction).await? else {
            return Ok(false);
        };
        let rules = Rules::of(&self.sources, &space_id);
        let mut turn = Turn::over(&rules, &[]);
        identity::resolve_again(&mut transaction, &mut turn, &mut self.identity, tasks).await?;
        follow(
            &mut transaction,
            &mut turn,
            &mut self.identity,
            &self.refusals,
        )
        .await?;
        transaction.commit().await.map_err(Error::from)?;
        if !turn.moved.is_empty() {
            self.reports.forget(&space_id);
        }
        self.live.changed(&turn.changes);
        self.identity.settle();
        self.resolved.send_modify(|count| *count += 1);
        Ok(true)
    }

    /// Folds some people again whom a new policy concerns; false when there are none.
    async fn refold(&mut self) -> Result<bool> {
        if !identity::REFOLD.any(&self.database).await? {
            return Ok(false);
        }
        let mut transaction = self.database.begin().await?;
        let next = withdrawal::next(&mut transaction, &self.sources).await?;
        let Some((rules, people)) = next else {
            return Ok(false);
        };
        let mut turn = Turn::over(&rules, &[]);
        let cache = &mut self.identity;
        withdrawal::refold(&mut transaction, &mut turn, people, cache, clock::now()).await?;
        transaction.commit().await.map_err(Error::from)?;
        self.live.changed(&turn.changes);
        self.identity.settle();
        Ok(true)
    }

    /// Clears away what is kept of identifiers that nobody names any more; false when there are none.
    async fn clear_gone(&mut self) -> Result<bool> {
        if !identity::any_gone(&self.database).await? {
            return Ok(false);
        }
        let mut transaction = self.database.begin().await?;
        let Some(gone) = identity::next_gone(&mut transaction).await? else {
            return Ok(false);
        };
        let rules = Rules::of(&self.sources, &gone.space_id);
        let mut turn = Turn::over(&rules, &[]);
        gone.tell(&mut turn);
        follow(
            &mut transaction,
            &mut turn,
            &mut self.identity,
            &self.refusals,
        )
        .await?;
        transaction.commit().await.map_err(Error::from)?;
        self.live.changed(&turn.changes);
        self.identity.settle();
        Ok(true)
    }

    /// Reads stored events again by identity rules that are to come into force; false when there are none.
    async fn read_again(&mut self, log_goes_on: bool) -> Result<bool> {
        let step = identity::read_again(&self.database, &self.sources, log_goes_on).await?;
        let Some(step) = step else {
            return Ok(false);
        };
        if step == identity::Step::InForce {
            self.identity = identity::Cache::default();
            self.reports.forget_all();
            self.sources.reload(&self.database).await?;
            self.resolved.send_modify(|count| *count += 1);
        }
        Ok(true)
    }

    /// Takes a step of erasing whoever asked for it; false when there is none.
    async fn erase(&mut self) -> Result<bool> {
        let around = privacy::Around {
            database: &self.database,
            sources: &self.sources,
            suppressions: &self.suppressions,
            backup_keys: self.backup_keys.as_deref(),
            position: *self.reached.borrow(),
            log_end: *self.log_end.borrow(),
        };
        if privacy::work(&around).await? == privacy::Work::Nothing {
            return Ok(false);
        }
        self.identity = identity::Cache::default();
        self.reports.forget_all();
        Ok(true)
    }

    /// Deletes some events that have been kept for long enough; false when none are being looked for.
    async fn let_go(&mut self) -> Result<bool> {
        let more = privacy::trim(&self.database).await?;
        if more {
            self.reports.forget_all();
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
        let portion = if self.careful > 0 { ONE } else { TURN };
        let mut entries = self.entries(position, end, portion).await?;
        let gone = self.take_out(&mut entries)?;
        // Entries are numbered without holes; where one is missing there is nothing to wait for.
        let reached = entries.last().map_or(end, |(id, _)| *id);
        self.take(&read(&entries)?, reached).await?;
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

    /// Puts what cannot take effect into quarantine, so that it stops nobody else: the events of the
    /// next entry that fail when they are tried alone, or all of them if none does.
    async fn park(&mut self) -> Result<()> {
        self.recover().await?;
        let position = *self.reached.borrow();
        let end = *self.log_end.borrow();
        let mut entries = self.entries(position, end, ONE).await?;
        let gone = self.take_out(&mut entries)?;
        self.seen.settle(gone.into_iter());
        let Some((id, entry)) = entries.pop() else {
            return Ok(());
        };
        let before = entry.with_only_events();
        let mut failed = Vec::new();
        for at in 0..entry.len() {
            match self.trial(&entry, at).await {
                Ok(()) => {}
                Err(error) if error.code == Code::Internal => failed.push((at, error.to_string())),
                Err(error) => return Err(error),
            }
        }
        let mut next = [(id, entry)];
        if failed.is_empty() {
            // Whatever the matter was may be over by now.
            match self.take(&read(&next)?, id).await {
                Err(error) if error.code == Code::Internal => {}
                other => return other,
            }
            self.recover().await?;
        }
        let [(_, entry)] = &mut next;
        if failed.is_empty() {
            let whole = "its batch cannot take effect, though each event alone can";
            failed = (0..entry.len()).map(|at| (at, whole.to_owned())).collect();
        }
        for (at, why) in failed.into_iter().rev() {
            tracing::error!(
                entry = id,
                why,
                "an event cannot take effect; it is in quarantine"
            );
            let text = entry.remove(at);
            entry.refused.push(ingest::parked(at, &text));
        }
        self.take(&read(&next)?, id).await?;
        self.seen.settle(ids(&self.seen, std::iter::once(&before)));
        Ok(())
    }

    /// Tries what an event would do, and undoes it.
    async fn trial(&mut self, entry: &Entry, at: usize) -> Result<()> {
        let alone = [(0, entry.with_only(at))];
        let alone = read(&alone)?;
        let mut transaction = self.database.begin().await?;
        let tried = self.effects(&mut transaction, &alone).await;
        self.identity = identity::Cache::default();
        transaction.rollback().await.map_err(Error::from)?;
        tried.map(drop)
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
            turn.profile_of.get(&logged.anchor).cloned(),
        ))
    };
    turn.events.iter().map(line).collect()
}
