//! What follows from the log: the list of stages, run over the events in the log's order.
//!
//! A turn takes the next events, runs every stage, and commits their effects together with its
//! position. Whenever the process ends, the next start goes on behind the last turn that was
//! committed, so each event has its effect once. One task does all of it: what is derived has a
//! single writer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use cdp_core::event::Event;
use serde_json::Value;
use sqlx::AnyConnection;
use tokio::sync::{Mutex, MutexGuard, watch};
use tokio::task::JoinHandle;

use crate::database::Database;
use crate::error::{Error, Result};
use crate::live::Live;
use crate::{audience, clock, computed_trait, consent, identity, traits};

mod store;

pub(crate) use store::{Logged, read_between};

/// How long a caller waits for its events to take effect before it is answered without them.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
/// Events in one turn.
const TURN: i64 = 256;
/// How often time alone is looked at.
const TICK: Duration = Duration::from_millis(500);

/// One turn over the events of one space; stages leave in it what later stages need.
pub(crate) struct Turn<'a> {
    /// Whose events.
    pub(crate) space_id: &'a str,
    /// The events, in the log's order.
    pub(crate) events: &'a [Logged],
    /// The profile of each identifier that the events' anchors name.
    pub(crate) profile_of: BTreeMap<String, String>,
    /// Profiles whose facts may have changed.
    pub(crate) touched: BTreeSet<String>,
    /// Profiles that went into another: from → into.
    pub(crate) merged: BTreeMap<String, String>,
}

/// The stages, in order. An event's path through the server reads from here.
async fn stages(
    connection: &mut AnyConnection,
    turn: &mut Turn<'_>,
    identity: &mut identity::Cache,
) -> Result<()> {
    identity::apply(connection, turn, identity).await?;
    consent::apply(connection, turn).await?;
    traits::apply(connection, turn).await?;
    computed_trait::apply(connection, turn).await?;
    audience::apply(connection, turn, clock::now()).await
}

/// The way to the pipeline.
#[derive(Debug)]
pub(crate) struct Pipeline {
    position: watch::Receiver<i64>,
    /// Held for a turn, so that a definition appears between two turns and never within one.
    between_turns: Arc<Mutex<()>>,
    work: Arc<watch::Sender<u64>>,
    stopping: watch::Sender<bool>,
}

impl Pipeline {
    /// Starts behind the last turn that was committed.
    pub(crate) async fn start(
        database: Database,
        log_end: watch::Receiver<i64>,
        live: Live,
    ) -> Result<(Self, JoinHandle<()>)> {
        let position = store::position(&database).await?;
        let (reached, position_seen) = watch::channel(position);
        let (stopping, stop) = watch::channel(false);
        let (work, new_work) = watch::channel(0);
        let work = Arc::new(work);
        let between_turns = Arc::new(Mutex::new(()));
        let runner = Runner {
            database,
            live,
            log_end,
            reached,
            between_turns: Arc::clone(&between_turns),
            identity: identity::Cache::default(),
        };
        let task = tokio::spawn(runner.run(stop, new_work));
        Ok((
            Self {
                position: position_seen,
                between_turns,
                work,
                stopping,
            },
            task,
        ))
    }

    /// Waits until the events up to `offset` have taken effect; false when that takes too long.
    pub(crate) async fn passed(&self, offset: i64) -> bool {
        let mut position = self.position.clone();
        tokio::time::timeout(PATIENCE, position.wait_for(|position| *position >= offset))
            .await
            .is_ok_and(|seen| seen.is_ok())
    }

    /// Waits until the events up to `offset` have taken effect, however long that takes.
    pub(crate) async fn drained(&self, offset: i64) {
        // An error means that the pipeline has ended; there is nothing to wait for.
        let _ = self
            .position
            .clone()
            .wait_for(|position| *position >= offset)
            .await;
    }

    /// How far the pipeline has come.
    pub(crate) fn position(&self) -> i64 {
        *self.position.borrow()
    }

    /// Keeps turns from starting while the guard lives.
    pub(crate) async fn between_turns(&self) -> MutexGuard<'_, ()> {
        self.between_turns.lock().await
    }

    /// Says that there is work beside the log: a new definition over old events.
    pub(crate) fn wake(&self) {
        self.work.send_modify(|count| *count += 1);
    }

    /// Asks the task to end when it has reached the log's end.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }
}

struct Runner {
    database: Database,
    live: Live,
    log_end: watch::Receiver<i64>,
    reached: watch::Sender<i64>,
    between_turns: Arc<Mutex<()>>,
    identity: identity::Cache,
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
                    self.identity = identity::Cache::default();
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
        let more_backfill = computed_trait::backfill(&self.database).await?
            || audience::backfill(&self.database).await?;
        let more_due = audience::follow_the_clock(&self.database, clock::now()).await?;
        Ok(more_log || more_backfill || more_due)
    }

    /// One turn over the log.
    async fn turn(&mut self) -> Result<bool> {
        let position = *self.reached.borrow();
        let end = *self.log_end.borrow_and_update();
        if position >= end {
            return Ok(false);
        }
        let mut transaction = self.database.begin().await?;
        let events = store::read_after(&mut transaction, position, end, TURN).await?;
        let mut told = Vec::new();
        for (space_id, events) in by_space(&events) {
            let mut turn = Turn {
                space_id,
                events: &events,
                profile_of: BTreeMap::new(),
                touched: BTreeSet::new(),
                merged: BTreeMap::new(),
            };
            stages(&mut transaction, &mut turn, &mut self.identity).await?;
            if self.live.is_watched() {
                told.extend(lines(&turn)?);
            }
        }
        let reached = events.last().map_or(end, |last| last.offset);
        store::advance(&mut transaction, reached).await?;
        transaction.commit().await.map_err(Error::from)?;
        self.identity.settle();
        self.reached.send_replace(reached);
        for (space_id, event, profile_id) in told {
            self.live.stored(&space_id, &event, profile_id.as_deref());
        }
        Ok(reached < end)
    }
}

fn by_space(events: &[Logged]) -> BTreeMap<&str, Vec<Logged>> {
    let mut spaces: BTreeMap<&str, Vec<Logged>> = BTreeMap::new();
    for logged in events {
        spaces
            .entry(&logged.space_id)
            .or_default()
            .push(logged.clone());
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
