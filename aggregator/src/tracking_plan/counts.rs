//! Violations as they happen: counted in memory, written once a second and at the end.
//!
//! Nothing that takes events waits for this. A crash loses the counts of the last second at most;
//! the events themselves, and what is flagged in them, are in the log.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cdp_core::event::EventKind;
use cdp_core::time::{Span, Timestamp};
use cdp_core::tracking_plan::{Action, Finding, Found};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use super::{Origin, violations};
use crate::database::Database;
use crate::error::Result;
use crate::{clock, id};

/// How often counts are written.
const TICK: Duration = Duration::from_secs(1);
/// Ticks between two looks at what is too old.
const TICKS_TO_PURGE: u32 = 3_600;
/// Kinds of violation that a space may have. Names of events come from clients, so without a limit
/// anybody could fill the table; what is beyond is counted together.
const MOST_KINDS: usize = 2_000;
/// How long counts are kept.
const KEEP_COUNTS: Span = Span::from_seconds(90 * 86_400);
/// How long samples are kept.
const KEEP_SAMPLES: Span = Span::from_seconds(30 * 86_400);
/// Events of a kind that are kept as samples.
pub(super) const SAMPLES: usize = 20;
/// The rule of what is counted together.
const OTHERS: &str = "others";

/// The same event breaks the same rule at the same place of one version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    pub(super) plan_version: i64,
    pub(super) kind: EventKind,
    pub(super) event: String,
    pub(super) path: String,
    pub(super) rule: String,
    pub(super) action: Action,
}

/// How often a kind has happened, and where last.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub(super) kind: Kind,
    pub(super) expected: String,
    pub(super) last_seen: Timestamp,
    /// Events by the hour's beginning.
    pub(super) hours: BTreeMap<i64, i64>,
    /// The youngest last.
    pub(super) samples: Vec<Sample>,
}

/// An event of a kind.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) message_id: String,
    pub(super) source_id: String,
    pub(super) path: String,
    pub(super) found: String,
    pub(super) seen_at: Timestamp,
}

/// Tallies by space and id of their kind.
pub(super) type Tallies = BTreeMap<(String, String), Tally>;

#[derive(Debug, Default)]
struct Open {
    tallies: Tallies,
    /// Ids of the kinds that each space has.
    known: HashMap<String, HashSet<String>>,
}

/// The counts of this process.
#[derive(Debug)]
pub(crate) struct Counts {
    open: Arc<Mutex<Open>>,
    database: Database,
    /// Held while writing, so that whoever waited for it reads everything.
    writing: tokio::sync::Mutex<()>,
    stopping: watch::Sender<bool>,
}

impl Counts {
    /// Starts writing.
    pub(crate) async fn start(database: Database) -> Result<(Arc<Self>, JoinHandle<()>)> {
        let known = violations::known(&database).await?;
        let counts = Arc::new(Self {
            open: Arc::new(Mutex::new(Open {
                tallies: Tallies::new(),
                known,
            })),
            database,
            writing: tokio::sync::Mutex::new(()),
            stopping: watch::Sender::new(false),
        });
        let task = tokio::spawn(Arc::clone(&counts).run());
        Ok((counts, task))
    }

    /// Asks the task to write what is left and to end.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Counts an event once for each kind of violation that it has.
    pub(super) fn add(&self, origin: &Origin, message_id: &str, finding: &Finding) {
        let mut open = self.open();
        let mut counted = BTreeSet::new();
        for found in &finding.violations {
            let kind = kind_of(finding, found);
            let mut id = kind.id();
            let known = open.known.entry(origin.space_id.clone()).or_default();
            let kind = if known.contains(&id) || known.len() < MOST_KINDS {
                kind
            } else {
                let others = kind.others();
                id = others.id();
                others
            };
            known.insert(id.clone());
            if !counted.insert(id.clone()) {
                continue;
            }
            let tally = tally(kind, origin, message_id, found);
            absorb(&mut open.tallies, (origin.space_id.clone(), id), tally);
        }
    }

    /// Writes what has been counted so far.
    pub(super) async fn flush(&self) -> Result<()> {
        let _one_at_a_time = self.writing.lock().await;
        let tallies = std::mem::take(&mut self.open().tallies);
        if tallies.is_empty() {
            return Ok(());
        }
        let written = violations::write(&self.database, &tallies).await;
        if written.is_err() {
            let mut open = self.open();
            for (place, tally) in tallies {
                absorb(&mut open.tallies, place, tally);
            }
        }
        written
    }

    async fn run(self: Arc<Self>) {
        let mut stop = self.stopping.subscribe();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut ticks = 0_u32;
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                _ = stop.changed() => {}
            }
            if let Err(error) = self.flush().await {
                tracing::warn!(%error, "the counts of violations were not written; they are kept and tried again");
            }
            if ticks.is_multiple_of(TICKS_TO_PURGE)
                && let Err(error) = self.purge(clock::now()).await
            {
                tracing::warn!(%error, "old counts of violations were not removed; tried again in an hour");
            }
            ticks = ticks.wrapping_add(1);
            if *stop.borrow() {
                return;
            }
        }
    }

    /// Forgets what is too old.
    async fn purge(&self, now: Timestamp) -> Result<()> {
        let counts = now.plus(KEEP_COUNTS.negated());
        let samples = now.plus(KEEP_SAMPLES.negated());
        if violations::purge(&self.database, counts, samples).await? {
            let known = violations::known(&self.database).await?;
            self.open().known = known;
        }
        Ok(())
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kind {
    /// The id under which the kind is kept: the same for the same kind, whenever it happens.
    fn id(&self) -> String {
        let parts = [
            self.plan_version.to_string(),
            self.kind.to_string(),
            self.event.clone(),
            self.path.clone(),
            self.rule.clone(),
            self.action.as_str().to_owned(),
        ];
        let mut digest = id::digest(parts.join("\u{0}"));
        digest.truncate(26);
        format!("vio_{digest}")
    }

    /// The kind that stands for all that are too many.
    fn others(&self) -> Self {
        Self {
            event: String::new(),
            path: String::new(),
            rule: OTHERS.to_owned(),
            ..self.clone()
        }
    }
}

fn kind_of(finding: &Finding, found: &Found) -> Kind {
    // Postgres takes no NUL in a text.
    let event = finding.name.as_deref().unwrap_or_default();
    Kind {
        plan_version: found.violation.plan_version,
        kind: finding.kind,
        event: event
            .chars()
            .take(255)
            .collect::<String>()
            .replace('\0', "\u{fffd}"),
        path: found.place.clone(),
        rule: found.violation.rule.clone(),
        action: finding.action,
    }
}

fn tally(kind: Kind, origin: &Origin, message_id: &str, found: &Found) -> Tally {
    const HOUR: i64 = 3_600_000_000;
    let at = origin.received_at;
    let hour = at.as_micros().div_euclid(HOUR) * HOUR;
    Tally {
        kind,
        expected: found.violation.expected.clone(),
        last_seen: at,
        hours: BTreeMap::from([(hour, 1)]),
        samples: vec![Sample {
            message_id: message_id.to_owned(),
            source_id: origin.source_id.clone(),
            path: found.violation.path.clone(),
            found: found.violation.found.clone(),
            seen_at: at,
        }],
    }
}

fn absorb(tallies: &mut Tallies, place: (String, String), tally: Tally) {
    let Some(known) = tallies.get_mut(&place) else {
        tallies.insert(place, tally);
        return;
    };
    known.last_seen = known.last_seen.max(tally.last_seen);
    for (hour, count) in tally.hours {
        *known.hours.entry(hour).or_default() += count;
    }
    known.samples.extend(tally.samples);
    let too_many = known.samples.len().saturating_sub(SAMPLES);
    known.samples.drain(..too_many);
}
