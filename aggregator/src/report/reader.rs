//! Reading what reports need: everything once, then what is new.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use cdp_core::consent::Standing;
use cdp_core::time::{Span, Timestamp};
use tokio::sync::{OwnedMutexGuard, Semaphore};
use tokio::time::timeout;

use super::columns::{Census, Columns, Gone};
use super::store;
use crate::app::App;
use crate::consent::{Rules, standings_of_refusing};
use crate::error::{Code, Error, Result};
use crate::{clock, pipeline};

/// Events that are kept for reports of one space: 360 MB of them.
const MOST_EVENTS: usize = 30_000_000;
/// Places of the log in one step.
const STEP: i64 = 20_000;
/// How long a question waits until what is new is read; after that it is answered from what was there before.
const PATIENCE: Duration = Duration::from_secs(2);
/// Who is who is read for every question where that is done as quickly as this; else when so many times as long has passed
/// as it took.
const QUICK: Duration = Duration::from_millis(50);
const REST: u32 = 20;
/// Of which spaces events are read at a start: those with a report within this time.
const LATELY: Span = Span::from_seconds(30 * 86_400);
const DAY: Span = Span::from_seconds(86_400);
/// Reports that are reckoned at the same time, of all spaces: one takes all processors.
const AT_A_TIME: usize = 1;

/// What reports of all spaces have read. A space is read when it is asked about for the first time.
#[derive(Debug)]
pub(crate) struct Reports {
    spaces: Mutex<BTreeMap<String, Arc<Space>>>,
    reckoning: Semaphore,
    /// When each space was last noted as asked about.
    noted: Mutex<BTreeMap<String, Timestamp>>,
}

impl Default for Reports {
    fn default() -> Self {
        Self {
            spaces: Mutex::default(),
            reckoning: Semaphore::new(AT_A_TIME),
            noted: Mutex::default(),
        }
    }
}

/// One space.
#[derive(Debug, Default)]
struct Space {
    columns: RwLock<Columns>,
    /// Held by whoever reads; when who is who was read last, and how long that took.
    reading: Arc<tokio::sync::Mutex<Option<(Instant, Duration)>>>,
    /// The last place of the log when reading began.
    end: AtomicI64,
}

impl Reports {
    /// Forgets what was read of a space, after events came to be others'.
    pub(crate) fn forget(&self, space_id: &str) {
        self.spaces().remove(space_id);
    }

    /// Takes out what was deleted of a space's events, when nobody reads them: whoever does just then may still bring some of it along.
    pub(crate) fn without(&self, space_id: &str, gone: Gone) {
        let Some(space) = self.spaces().get(space_id).map(Arc::clone) else {
            return;
        };
        if let Ok(_nobody_reads) = space.reading.try_lock() {
            space.write().take_out(&gone);
            return;
        }
        tokio::spawn(async move {
            let _read = space.reading.lock().await;
            space.write().take_out(&gone);
        });
    }

    /// Forgets what was read of every space.
    pub(crate) fn forget_all(&self) {
        self.spaces().clear();
    }

    /// Answers a question from all events up to now.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        app: &Arc<App>,
        space_id: &str,
        question: impl FnOnce(&Columns) -> T + Send + 'static,
    ) -> Result<T> {
        let space = Arc::clone(self.spaces().entry(space_id.to_owned()).or_default());
        self.note_asked(app, space_id);
        space.bring_up_to_date(app, space_id).await?;
        let _turn = self.reckoning.acquire().await.map_err(Error::internal)?;
        let answer = tokio::task::spawn_blocking(move || {
            let columns = space.columns.read().unwrap_or_else(PoisonError::into_inner);
            question(&columns)
        });
        answer.await.map_err(Error::internal)
    }

    /// Notes once a day that a space is asked about, so that the next start reads it before anybody asks.
    fn note_asked(&self, app: &Arc<App>, space_id: &str) {
        let now = clock::now();
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let before = noted.get(space_id);
        if before.is_some_and(|before| now.since(*before) < DAY) {
            return;
        }
        noted.insert(space_id.to_owned(), now);
        let (app, space_id) = (Arc::clone(app), space_id.to_owned());
        tokio::spawn(async move {
            if let Err(error) = store::note_asked(&app.database, &space_id, now).await {
                tracing::warn!(%error, "that reports were asked for could not be written down");
            }
        });
    }

    /// Reads the spaces that were asked about lately, one after the other: the first report after a start should not have to
    /// wait for it.
    pub(crate) async fn read_ahead(&self, app: &App) {
        let since = clock::now().plus(LATELY.negated());
        let read = async {
            for space_id in store::asked_since(&app.database, since).await? {
                let space = Arc::clone(self.spaces().entry(space_id.clone()).or_default());
                let reading = Arc::clone(&space.reading).lock_owned().await;
                space.read(app, &space_id, reading).await?;
            }
            Ok::<(), Error>(())
        };
        if let Err(error) = read.await {
            tracing::warn!(%error, "events could not be read ahead for reports");
        }
    }

    fn spaces(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<Space>>> {
        self.spaces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Space {
    /// Reads what is new, or waits for whoever does. Reading goes on when nobody waits for it any more.
    async fn bring_up_to_date(self: &Arc<Self>, app: &Arc<App>, space_id: &str) -> Result<()> {
        if let Ok(reading) = timeout(PATIENCE, Arc::clone(&self.reading).lock_owned()).await {
            let (space, app, space_id) = (Arc::clone(self), Arc::clone(app), space_id.to_owned());
            let task = tokio::spawn(async move { space.read(&app, &space_id, reading).await });
            if let Ok(done) = timeout(PATIENCE, task).await {
                done.map_err(Error::internal)??;
            }
        }
        let columns = self.columns.read().unwrap_or_else(PoisonError::into_inner);
        if columns.whole {
            return Ok(());
        }
        let end = self.end.load(Ordering::Relaxed);
        let message = "the events are being read for reports, for the first time since the start: ask again in a moment";
        Err(Error::new(Code::Unavailable, message)
            .with("done", columns.reached)
            .with("of", end))
    }

    async fn read(
        &self,
        app: &App,
        space_id: &str,
        mut reading: OwnedMutexGuard<Option<(Instant, Duration)>>,
    ) -> Result<()> {
        let end = pipeline::last_offset(&app.database).await?;
        self.end.store(end, Ordering::Relaxed);
        let most = i64::try_from(MOST_EVENTS).unwrap_or(i64::MAX);
        let mut reached = {
            let mut columns = self.write();
            if columns.reached < end - most {
                columns.reached = end - most;
                columns.cut = true;
            }
            columns.reached
        };
        while reached < end {
            let until = end.min(reached.saturating_add(STEP));
            let mut connection = app.database.reader().acquire().await?;
            let events = store::events(&mut connection, space_id, reached, until).await?;
            drop(connection);
            self.write().take(events, until, MOST_EVENTS);
            reached = until;
        }
        let is_due =
            |(at, took): &(Instant, Duration)| *took < QUICK || at.elapsed() >= *took * REST;
        if reading.as_ref().is_none_or(is_due) {
            let started = Instant::now();
            self.read_people(app, space_id).await?;
            *reading = Some((Instant::now(), started.elapsed()));
        }
        self.write().finish();
        Ok(())
    }

    /// Reads who is who, and who has taken back what storing needs.
    async fn read_people(&self, app: &App, space_id: &str) -> Result<()> {
        let rules = Rules::of(&app.sources, space_id);
        let needed = &rules.policy().uses.store;
        let mut connection = app.database.reader().acquire().await?;
        let refusing = standings_of_refusing(&mut connection, space_id).await?;
        let mut census = Census::of(&self.columns());
        let mut after = String::new();
        loop {
            let page = store::belongings(&mut connection, space_id, &after).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.identifier);
            let columns = self.columns();
            for one in page {
                let said = refusing.get(&one.person_id);
                let from = said.map_or(i64::MIN, |said| counts_from(said, needed));
                census.add(&columns, &one.identifier, &one.profile_id, from);
            }
        }
        census.finish(&mut self.write());
        Ok(())
    }

    fn columns(&self) -> std::sync::RwLockReadGuard<'_, Columns> {
        self.columns.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Columns> {
        self.columns.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// From when on events count of somebody who has said this, where storing needs these purposes; in milliseconds.
fn counts_from(standing: &Standing, purposes: &[String]) -> i64 {
    let of_purpose = |purpose: &String| {
        let said = standing.0.get(purpose)?;
        let denied_at = said.denied_at?;
        let never = said.denies();
        Some(if never {
            i64::MAX
        } else {
            denied_at.as_millis() + 1
        })
    };
    let moments = purposes.iter().filter_map(of_purpose);
    moments.max().unwrap_or(i64::MIN)
}
