//! The buffer itself: a Durable Object whose SQLite holds batches while the aggregator is away, and
//! whose alarm delivers them.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cdp_core::time::{Span, Timestamp};
use futures_util::StreamExt as _;
use futures_util::stream;
use worker::{
    DurableObject, Env, Method, Request, Response, SqlStorageValue, State, durable_object,
};

use super::aggregator::{Aggregator, Failure};
use super::buffer::{
    BATCH_PATH, FULL, Heard, LINE_HEADER, MESSAGES_HEADER, PROFILE_PATH, SNAPSHOT_PATH, SOURCE_PATH,
};
use super::{answered, now};
use crate::outage::{LONGEST_PAUSE, pause};
use crate::snapshots::{self, USABLE};

/// Variable with the bytes of batches that one object may hold.
const BYTES: &str = "HEADWATER_EDGE_BUFFER_BYTES";
const DEFAULT_BYTES: u64 = 256 * 1024 * 1024;
/// Variable with the number of batches that one object may hold; 0 turns the buffer off.
const BATCHES: &str = "HEADWATER_EDGE_BUFFER_BATCHES";
const DEFAULT_BATCHES: u64 = 100_000;

/// A row may have 2 MB.
const CHUNK: usize = 1024 * 1024;
/// Batches, and their bytes, that one look at the table takes.
const MOST_AT_ONCE: usize = 64;
const MOST_BYTES_AT_ONCE: u64 = 32 * 1024 * 1024;
/// Lines that are delivered side by side.
const SIDE_BY_SIDE: usize = 6;
/// How long the aggregator may take for a batch to which nobody waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long one alarm delivers before it hands over to the next: an alarm may not run for ever.
const SHIFT: Span = Span::from_seconds(60);
/// An alarm that dies is followed by another after this time.
const RESCUE: Duration = Duration::from_secs(5);
/// From the first batch in an empty buffer to the first try.
const FIRST_TRY: Duration = Duration::from_secs(1);
/// Failures of the aggregator at one batch (not at being reached) after which it is set aside.
const MOST_FAILURES: i64 = 8;
/// Batches in a row at which it failed, after which it is given a pause.
const MOST_BROKEN_IN_A_ROW: u32 = 3;
/// People of whom one object keeps what is known; beyond that the oldest are deleted.
const MOST_SNAPSHOTS: i64 = 100_000;
/// How often the object deletes what is too old or too much.
const TIDYING: Duration = Duration::from_secs(3_600);
/// How long a batch that was refused is set aside before it is tried again.
const SET_ASIDE: Span = Span::from_seconds(15 * 60);

const TABLES: &str = "\
CREATE TABLE IF NOT EXISTS batch (
    id INTEGER PRIMARY KEY, line TEXT NOT NULL, messages INTEGER NOT NULL, bytes INTEGER NOT NULL,
    parts INTEGER NOT NULL, failures INTEGER NOT NULL DEFAULT 0, not_before INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS part (
    batch_id INTEGER NOT NULL, number INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (batch_id, number));
CREATE TABLE IF NOT EXISTS source (write_key TEXT PRIMARY KEY, heard TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS snapshot (
    key TEXT PRIMARY KEY, profile_id TEXT NOT NULL, at INTEGER NOT NULL, heard TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS snapshot_profile ON snapshot (profile_id);
CREATE INDEX IF NOT EXISTS snapshot_at ON snapshot (at)";

/// Holds batches until the aggregator has them.
#[durable_object(alarm)]
pub(crate) struct EdgeBuffer {
    state: State,
    env: Env,
    memory: Mutex<Memory>,
}

/// What the object need not read again; nobody else writes its tables.
#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    fill: Option<Fill>,
    /// Tries in a row that found no aggregator.
    failures: u32,
}

/// How full the buffer is.
#[derive(Clone, Copy, Debug)]
struct Fill {
    last_id: i64,
    batches: u64,
    bytes: u64,
}

/// A batch that waits.
struct Waiting {
    id: i64,
    line: String,
    messages: usize,
    bytes: u64,
    parts: i64,
    failures: i64,
}

/// How the delivery of a batch ended.
#[derive(Clone, Copy)]
enum Ended {
    /// The aggregator has it.
    Delivered,
    /// The aggregator answered, but does not take it; it waits aside while others pass.
    SetAside(Failure),
    /// The aggregator does not answer: there is no use in trying others.
    Away(Failure),
}

impl DurableObject for EdgeBuffer {
    fn new(state: State, env: Env) -> Self {
        Self {
            state,
            env,
            memory: Mutex::default(),
        }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        self.sql(TABLES, vec![])?;
        let path = request.path();
        if path == BATCH_PATH {
            return self.keep(&mut request).await;
        }
        if let Some(key) = path.strip_prefix(SNAPSHOT_PATH) {
            return self.snapshot(key, &mut request).await;
        }
        if let Some(profile_id) = path.strip_prefix(PROFILE_PATH) {
            self.sql(
                "DELETE FROM snapshot WHERE profile_id = ?",
                vec![profile_id.into()],
            )?;
            return Ok(Response::empty()?.with_status(204));
        }
        let write_key = path.strip_prefix(SOURCE_PATH).unwrap_or_default();
        match request.method() {
            Method::Put => self.remember(write_key, &request.text().await?),
            Method::Delete => {
                self.sql(
                    "DELETE FROM source WHERE write_key = ?",
                    vec![write_key.into()],
                )?;
                Ok(Response::empty()?.with_status(204))
            }
            _ => match self.source(write_key)? {
                Some(heard) => Response::ok(heard),
                None => Response::error("not heard of", 404),
            },
        }
    }

    /// Delivers. An alarm that fails is repeated six times only, so it never fails.
    async fn alarm(&self) -> worker::Result<Response> {
        let next = match self.deliver().await {
            Ok(Some(next)) => Some(next),
            Ok(None) => self.expire().unwrap_or(Some(RESCUE)),
            Err(error) => {
                worker::console_error!(
                    "the edge's buffer cannot be read, its events stay in it: {error}"
                );
                Some(RESCUE)
            }
        };
        let storage = self.state.storage();
        let armed = match next {
            Some(after) => storage.set_alarm(after).await,
            None => storage.delete_alarm().await,
        };
        if let Err(error) = armed {
            worker::console_error!("the edge's buffer could not set its alarm: {error}");
        }
        Response::empty()
    }
}

impl EdgeBuffer {
    /// Runs a statement and gives its rows.
    fn sql(
        &self,
        statement: &str,
        values: Vec<SqlStorageValue>,
    ) -> worker::Result<Vec<Vec<SqlStorageValue>>> {
        let sql = self.state.storage().sql();
        sql.exec(statement, values)?.raw().collect()
    }

    fn with_memory<T>(&self, change: impl FnOnce(&mut Memory) -> T) -> T {
        change(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes a batch. The runtime holds the answer back until what was written is on disk.
    async fn keep(&self, request: &mut Request) -> worker::Result<Response> {
        let line = request.headers().get(LINE_HEADER)?.unwrap_or_default();
        let messages: i64 = request
            .headers()
            .get(MESSAGES_HEADER)?
            .and_then(|text| text.parse().ok())
            .ok_or("a batch says how many messages it has")?;
        let body = request.bytes().await?;
        // From here on nothing waits, so the rows are written together or not at all.
        let fill = self.fill()?;
        let bytes = body.len() as u64;
        if fill.batches >= self.limit(BATCHES, DEFAULT_BATCHES)
            || fill.bytes + bytes > self.limit(BYTES, DEFAULT_BYTES)
        {
            return Response::error("the buffer holds as much as it may", FULL);
        }
        let id = fill.last_id + 1;
        let mut parts = 0_i64;
        for part in body.chunks(CHUNK) {
            self.sql(
                "INSERT OR REPLACE INTO part (batch_id, number, body) VALUES (?, ?, ?)",
                vec![id.into(), parts.into(), part.to_vec().into()],
            )?;
            parts += 1;
        }
        self.sql(
            "INSERT INTO batch (id, line, messages, bytes, parts) VALUES (?, ?, ?, ?, ?)",
            vec![
                id.into(),
                line.into(),
                messages.into(),
                as_integer(bytes).into(),
                parts.into(),
            ],
        )?;
        self.with_memory(|memory| {
            memory.fill = Some(Fill {
                last_id: id,
                batches: fill.batches + 1,
                bytes: fill.bytes + bytes,
            });
        });
        let storage = self.state.storage();
        // An alarm that is far away is there for batches that were set aside.
        let soon = now().plus(LONGEST_PAUSE).as_millis();
        if storage.get_alarm().await?.is_none_or(|at| at > soon) {
            storage.set_alarm(FIRST_TRY).await?;
        }
        storage.sync().await?;
        Ok(Response::empty()?.with_status(204))
    }

    /// How full it is.
    fn fill(&self) -> worker::Result<Fill> {
        if let Some(fill) = self.with_memory(|memory| memory.fill) {
            return Ok(fill);
        }
        let rows = self.sql(
            "SELECT COALESCE(MAX(id), 0), COUNT(*), COALESCE(SUM(bytes), 0) FROM batch",
            vec![],
        )?;
        let row = rows.first().ok_or("a count has a row")?;
        let fill = Fill {
            last_id: integer(row, 0),
            batches: as_count(integer(row, 1)),
            bytes: as_count(integer(row, 2)),
        };
        self.with_memory(|memory| memory.fill = Some(fill));
        Ok(fill)
    }

    /// A limit that the deployment may set. workerd gives null for what is not set, which
    /// [`Env::var`] cannot look at.
    fn limit(&self, variable: &str, default: u64) -> u64 {
        js_sys::Reflect::get(self.env.as_ref(), &variable.into())
            .ok()
            .and_then(|value| value.as_string()?.parse().ok())
            .unwrap_or(default)
    }

    /// Delivers what waits, oldest first. Gives the time after which to go on; `None` when nothing
    /// waits any more.
    async fn deliver(&self) -> worker::Result<Option<Duration>> {
        self.state.storage().set_alarm(RESCUE).await?;
        self.sql(TABLES, vec![])?;
        let aggregator = Aggregator::of(&self.env, PATIENCE)?;
        let shift_ends = now().plus(SHIFT);
        let before = self.fill()?.batches;
        let mut broken_in_a_row = 0;
        let stopped = loop {
            let waiting = self.waiting()?;
            if waiting.is_empty() || now() >= shift_ends {
                break None;
            }
            match self.deliver_these(&aggregator, waiting).await? {
                Ended::Delivered => broken_in_a_row = 0,
                Ended::SetAside(failure @ Failure::Broken) => {
                    broken_in_a_row += 1;
                    if broken_in_a_row >= MOST_BROKEN_IN_A_ROW {
                        break Some(failure);
                    }
                }
                Ended::SetAside(_) => {}
                Ended::Away(failure) => break Some(failure),
            }
        };
        let failures = self.with_memory(|memory| {
            memory.failures = match stopped {
                Some(_) => memory.failures.saturating_add(1),
                None => 0,
            };
            memory.failures
        });
        let left = self.fill()?.batches;
        worker::console_log!("the edge's buffer held {before} batches and now holds {left}");
        match stopped {
            Some(Failure::Busy(seconds)) => {
                let asked = Span::from_seconds(i64::from(seconds.min(30)));
                Ok(Some(as_duration(pause(failures).max(asked))))
            }
            Some(_) => Ok(Some(as_duration(pause(failures)))),
            None => self.next_try(),
        }
    }

    /// When the oldest batch may be tried.
    fn next_try(&self) -> worker::Result<Option<Duration>> {
        let rows = self.sql("SELECT MIN(not_before) FROM batch", vec![])?;
        let first = rows.first().and_then(|row| row.first());
        Ok(match first {
            Some(SqlStorageValue::Integer(at)) => {
                let wait = Timestamp::from_millis(*at).since(now());
                Some(as_duration(wait.max(Span::from_seconds(0))))
            }
            _ => None,
        })
    }

    /// The oldest batches that may be tried now, about as many as fit in memory.
    fn waiting(&self) -> worker::Result<Vec<Waiting>> {
        let rows = self.sql(
            "SELECT id, line, messages, bytes, parts, failures FROM batch WHERE not_before <= ? ORDER BY id LIMIT ?",
            vec![
                now().as_millis().into(),
                as_integer(MOST_AT_ONCE as u64).into(),
            ],
        )?;
        let mut room = MOST_BYTES_AT_ONCE;
        let batches = rows.into_iter().map(|row| Waiting {
            id: integer(&row, 0),
            line: match row.get(1) {
                Some(SqlStorageValue::String(line)) => line.clone(),
                _ => String::new(),
            },
            messages: usize::try_from(integer(&row, 2)).unwrap_or_default(),
            bytes: as_count(integer(&row, 3)),
            parts: integer(&row, 4),
            failures: integer(&row, 5),
        });
        Ok(batches
            .enumerate()
            .take_while(|(index, batch)| {
                let fits = *index == 0 || batch.bytes <= room;
                room = room.saturating_sub(batch.bytes);
                fits
            })
            .map(|(_, batch)| batch)
            .collect())
    }

    /// Delivers the oldest alone: where nobody answers, one is enough to know. Then the others,
    /// lines side by side, each line in order.
    async fn deliver_these(
        &self,
        aggregator: &Aggregator,
        mut waiting: Vec<Waiting>,
    ) -> worker::Result<Ended> {
        let first = waiting.remove(0);
        let ended = self.deliver_one(aggregator, &first).await?;
        if !matches!(ended, Ended::Delivered) {
            return Ok(ended);
        }
        let mut lines: BTreeMap<String, Vec<Waiting>> = BTreeMap::new();
        for batch in waiting {
            lines.entry(batch.line.clone()).or_default().push(batch);
        }
        let away = Cell::new(None);
        let tasks = lines.into_values().map(|line| {
            let away = &away;
            async move {
                for batch in line {
                    if away.get().is_some() {
                        break;
                    }
                    if let Ended::Away(failure) = self.deliver_one(aggregator, &batch).await? {
                        away.set(Some(failure));
                    }
                }
                worker::Result::Ok(())
            }
        });
        stream::iter(tasks)
            .buffer_unordered(SIDE_BY_SIDE)
            .collect::<Vec<_>>()
            .await
            .into_iter()
            .collect::<worker::Result<()>>()?;
        Ok(away.get().map_or(Ended::Delivered, Ended::Away))
    }

    /// Delivers one batch and forgets it, or lets it wait.
    async fn deliver_one(&self, aggregator: &Aggregator, batch: &Waiting) -> worker::Result<Ended> {
        let body = self.body(batch)?;
        let failure = match aggregator.ingest(&body, batch.messages).await {
            Ok(_) => {
                answered();
                self.delete(batch)?;
                return Ok(Ended::Delivered);
            }
            Err(failure) => failure,
        };
        let failures = batch.failures + 1;
        let aside = match failure {
            Failure::Refused(_) => SET_ASIDE,
            Failure::Broken if failures >= MOST_FAILURES => SET_ASIDE,
            Failure::Broken => pause(u32::try_from(failures).unwrap_or(u32::MAX)),
            Failure::Unreachable | Failure::Busy(_) | Failure::Unsigned => {
                return Ok(Ended::Away(failure));
            }
        };
        worker::console_error!(
            "the aggregator does not take batch {} of the edge's buffer ({failure:?}); its {} messages are kept and tried again after {} s: was their source deleted? See the aggregator's log",
            batch.id,
            batch.messages,
            as_duration(aside).as_secs()
        );
        // Nothing that was acknowledged is ever thrown away; only the others may pass.
        self.sql(
            "UPDATE batch SET failures = ?, not_before = ? WHERE id = ?",
            vec![
                failures.into(),
                now().plus(aside).as_millis().into(),
                batch.id.into(),
            ],
        )?;
        Ok(Ended::SetAside(failure))
    }

    fn body(&self, batch: &Waiting) -> worker::Result<Vec<u8>> {
        let rows = self.sql(
            "SELECT body FROM part WHERE batch_id = ? AND number < ? ORDER BY number",
            vec![batch.id.into(), batch.parts.into()],
        )?;
        let mut body = Vec::new();
        for row in rows {
            if let Some(SqlStorageValue::Blob(part)) = row.into_iter().next() {
                body.extend(part);
            }
        }
        Ok(body)
    }

    fn delete(&self, batch: &Waiting) -> worker::Result<()> {
        let id = || vec![batch.id.into()];
        self.sql("DELETE FROM batch WHERE id = ?", id())?;
        self.sql("DELETE FROM part WHERE batch_id = ?", id())?;
        self.with_memory(|memory| {
            if let Some(fill) = &mut memory.fill {
                fill.batches = fill.batches.saturating_sub(1);
                fill.bytes = fill.bytes.saturating_sub(batch.bytes);
            }
        });
        Ok(())
    }

    fn source(&self, write_key: &str) -> worker::Result<Option<String>> {
        let rows = self.sql(
            "SELECT heard FROM source WHERE write_key = ?",
            vec![write_key.into()],
        )?;
        Ok(rows.into_iter().flatten().find_map(|cell| match cell {
            SqlStorageValue::String(heard) => Some(heard),
            _ => None,
        }))
    }

    /// Reads, keeps or deletes what was heard of somebody.
    async fn snapshot(&self, key: &str, request: &mut Request) -> worker::Result<Response> {
        match request.method() {
            Method::Put => {
                let text = request.text().await?;
                let heard: snapshots::Heard = serde_json::from_str(&text)?;
                self.sql(
                    "INSERT INTO snapshot (key, profile_id, at, heard) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET profile_id = excluded.profile_id, at = excluded.at, heard = excluded.heard WHERE excluded.at >= snapshot.at",
                    vec![
                        key.into(),
                        heard.snapshot.profile_id.unwrap_or_default().into(),
                        heard.at.as_millis().into(),
                        text.into(),
                    ],
                )?;
                let storage = self.state.storage();
                if storage.get_alarm().await?.is_none() {
                    storage.set_alarm(TIDYING).await?;
                }
            }
            Method::Delete => {
                self.sql("DELETE FROM snapshot WHERE key = ?", vec![key.into()])?;
            }
            _ => {
                let rows =
                    self.sql("SELECT heard FROM snapshot WHERE key = ?", vec![key.into()])?;
                return match rows.into_iter().flatten().next() {
                    Some(SqlStorageValue::String(heard)) => Response::ok(heard),
                    _ => Response::error("not heard of", 404),
                };
            }
        }
        Ok(Response::empty()?.with_status(204))
    }

    /// Deletes snapshots that are too old or too many. Gives the time after which to look again.
    fn expire(&self) -> worker::Result<Option<Duration>> {
        let oldest = now().plus(USABLE.negated()).as_millis();
        self.sql("DELETE FROM snapshot WHERE at < ?", vec![oldest.into()])?;
        self.sql(
            "DELETE FROM snapshot WHERE key IN (SELECT key FROM snapshot ORDER BY at DESC LIMIT -1 OFFSET ?)",
            vec![MOST_SNAPSHOTS.into()],
        )?;
        let rows = self.sql("SELECT 1 FROM snapshot LIMIT 1", vec![])?;
        Ok((!rows.is_empty()).then_some(TIDYING))
    }

    /// Keeps the youngest of what isolates have heard of a source.
    fn remember(&self, write_key: &str, text: &str) -> worker::Result<Response> {
        let heard: Heard = serde_json::from_str(text)?;
        let known = self
            .source(write_key)?
            .and_then(|known| serde_json::from_str::<Heard>(&known).ok());
        if known.is_none_or(|known| known.at <= heard.at) {
            self.sql(
                "INSERT OR REPLACE INTO source (write_key, heard) VALUES (?, ?)",
                vec![write_key.into(), text.into()],
            )?;
        }
        Ok(Response::empty()?.with_status(204))
    }
}

fn integer(row: &[SqlStorageValue], column: usize) -> i64 {
    match row.get(column) {
        Some(SqlStorageValue::Integer(number)) => *number,
        _ => 0,
    }
}

fn as_integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn as_count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

fn as_duration(span: Span) -> Duration {
    Duration::from_micros(as_count(span.as_micros()))
}
