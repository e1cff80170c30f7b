//! People who did not agree, counted: in memory, written once a second and at the end.
//!
//! Nothing of anybody comes here. A crash loses the counts of the last second at most.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cdp_core::consent::place::is_country;
use cdp_core::consent::{Counts, day_of};
use cdp_core::time::{Span, Timestamp};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::clock;
use crate::database::Database;
use crate::error::{Code, Error, Result};
use crate::source::Directory;

pub(crate) mod routes;
mod store;

/// How often counts are written.
const TICK: Duration = Duration::from_secs(1);
/// Groups that wait to be written at most.
const MOST_WAITING: usize = 100_000;
/// How old a day may be that an edge tells of: one that has just ended.
const LATE: Span = Span::from_seconds(86_400);

/// What is counted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    space_id: String,
    day: Timestamp,
    source_id: String,
    country: String,
    kind: &'static str,
    name: String,
}

/// How often, and the smallest number that may be shown.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    count: i64,
    minimum_group: i64,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.minimum_group = self.minimum_group.max(other.minimum_group);
    }
}

type Tallies = BTreeMap<Group, Tally>;

/// The counts of this process.
#[derive(Debug)]
pub(crate) struct Counting {
    waiting: Mutex<Tallies>,
    database: Database,
    sources: Arc<Directory>,
    /// Held while writing, so that whoever waited for it reads everything.
    writing: tokio::sync::Mutex<()>,
    stopping: watch::Sender<bool>,
}

impl Counting {
    /// Starts writing.
    pub(crate) fn start(
        database: Database,
        sources: Arc<Directory>,
    ) -> (Arc<Self>, JoinHandle<()>) {
        let counting = Arc::new(Self {
            waiting: Mutex::default(),
            database,
            sources,
            writing: tokio::sync::Mutex::new(()),
            stopping: watch::Sender::new(false),
        });
        let task = tokio::spawn(Arc::clone(&counting).run());
        (counting, task)
    }

    /// Asks the task to write what is left and to end.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Counts what an edge passes on, by the policy in force here: an edge may have an older one.
    ///
    /// # Errors
    /// When no edge of ours can have sent it, or too much waits to be written.
    pub(crate) fn add(&self, counts: &Counts) -> Result<()> {
        let invalid = |message: &str| Err(Error::new(Code::InvalidRequest, message));
        let source = self.sources.by_id(&counts.source_id);
        let Some(source) = source.filter(|source| source.space_id == counts.space_id) else {
            return invalid(
                "the space has no such source: do edge and aggregator belong together?",
            );
        };
        let now = clock::now();
        let oldest = day_of(now.plus(LATE.negated()));
        if counts.day != day_of(counts.day) || counts.day < oldest || counts.day > now {
            return invalid("a count is of today or of yesterday: set the edge's clock right");
        }
        let country = counts.country.as_deref().unwrap_or_default();
        if !country.is_empty() && !is_country(country) {
            return invalid("a count's place is a country");
        }
        let Some(counting) = &source.policy.counting else {
            return Ok(());
        };
        let one = Tally {
            count: 1,
            minimum_group: counting.minimum_group.into(),
        };
        let mut waiting = self.waiting();
        if waiting.len() >= MOST_WAITING {
            return Err(Error::new(
                Code::Overloaded,
                "too many counts wait to be written",
            ));
        }
        for (kind, named, happened) in [
            ("event", &counting.events, &counts.events),
            ("page", &counting.pages, &counts.pages),
        ] {
            // Each once, whatever was sent.
            for name in named.iter().filter(|name| happened.contains(name)) {
                let group = Group {
                    space_id: counts.space_id.clone(),
                    day: counts.day,
                    source_id: counts.source_id.clone(),
                    country: country.to_owned(),
                    kind,
                    name: name.clone(),
                };
                waiting.entry(group).or_default().add(one);
            }
        }
        Ok(())
    }

    /// Writes what has been counted so far.
    async fn flush(&self) -> Result<()> {
        let _one_at_a_time = self.writing.lock().await;
        let tallies = std::mem::take(&mut *self.waiting());
        if tallies.is_empty() {
            return Ok(());
        }
        let written = store::write(&self.database, &tallies).await;
        if written.is_err() {
            let mut waiting = self.waiting();
            for (group, tally) in tallies {
                waiting.entry(group).or_default().add(tally);
            }
        }
        written
    }

    async fn run(self: Arc<Self>) {
        let mut stop = self.stopping.subscribe();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                _ = stop.changed() => {}
            }
            if let Err(error) = self.flush().await {
                tracing::warn!(%error, "the counts of people who did not agree were not written; they are kept and tried again");
            }
            if *stop.borrow() {
                return;
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Tallies> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
