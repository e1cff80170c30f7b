//! Bodies of requests: read at a pace that only a stalled or hostile client misses, into memory that
//! is bounded for all of them together.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use futures_util::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::error::{Code, Error, Result};

/// Bytes of a small body. Small ones have room of their own, so that large ones cannot crowd them out.
const SMALL: usize = 64 * 1024;
/// KiB that all bodies may have together, each up to [`SMALL`], from their first byte to their answer.
const SMALL_ROOM: usize = 16 * 1024;
/// KiB that all bodies may have together beyond that.
const LARGE_ROOM: usize = 32 * 1024;
/// Within each such time a body grows by [`LEAST`] bytes and by an eighth of itself, or ends: who
/// holds much has to be quick.
const WINDOW: Duration = Duration::from_secs(10);
/// Bytes: what a phone at the edge of a cell manages, and one byte at a time does not.
const LEAST: usize = 1024;
/// How long a body may take as a whole.
const LONGEST: Duration = Duration::from_secs(120);

/// The memory for bodies.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

/// A part of it, given back on dropping.
#[derive(Debug)]
pub(crate) struct Taken {
    small: OwnedSemaphorePermit,
    large: OwnedSemaphorePermit,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            small: Arc::new(Semaphore::new(SMALL_ROOM)),
            large: Arc::new(Semaphore::new(LARGE_ROOM)),
        }
    }
}

impl Room {
    /// Room for a body of so many bytes.
    ///
    /// # Errors
    /// [`Code::Overloaded`] when there is none: waiting for it would only move the queue.
    pub(crate) fn take(&self, bytes: usize) -> Result<Taken> {
        let (small, large) = kib(bytes);
        Ok(Taken {
            small: some(&self.small, small)?,
            large: some(&self.large, large)?,
        })
    }

    /// More for a body that has grown to so many bytes.
    fn grow(&self, taken: &mut Taken, bytes: usize) -> Result<()> {
        let (small, large) = kib(bytes);
        let more = small.saturating_sub(taken.small.num_permits());
        if more > 0 {
            taken.small.merge(some(&self.small, more)?);
        }
        let more = large.saturating_sub(taken.large.num_permits());
        if more > 0 {
            taken.large.merge(some(&self.large, more)?);
        }
        Ok(())
    }
}

/// What a body takes of the room for small ones and of the other, in KiB.
fn kib(bytes: usize) -> (usize, usize) {
    let small = bytes.min(SMALL);
    (small.div_ceil(1024), (bytes - small).div_ceil(1024))
}

fn some(of: &Arc<Semaphore>, kib: usize) -> Result<OwnedSemaphorePermit> {
    let kib = u32::try_from(kib).unwrap_or(u32::MAX);
    Arc::clone(of).try_acquire_many_owned(kib).map_err(|_| {
        Error::new(
            Code::Overloaded,
            "too many requests are being read at once; nothing of this one was stored, send it again later",
        )
    })
}

/// A body that was read, with the room that it takes until it is dropped.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) bytes: Bytes,
    pub(crate) room: Taken,
}

/// Reads a body of at most `most` bytes to its end.
///
/// # Errors
/// [`Code::PayloadTooLarge`] as soon as it is known; [`Code::TooSlow`]; [`Code::Overloaded`] when there
/// is no room; [`Code::InvalidRequest`] when the connection ends first.
pub(crate) async fn read(body: Body, most: usize, room: &Room) -> Result<Whole> {
    let too_large = || {
        Error::new(
            Code::PayloadTooLarge,
            format!("a body may have {most} bytes here: send less at a time"),
        )
    };
    if body.size_hint().lower() > u64::try_from(most).unwrap_or(u64::MAX) {
        return Err(too_large());
    }
    let mut taken = room.take(0)?;
    let mut bytes = Vec::new();
    let mut pace = Pace::start();
    let mut chunks = body.into_data_stream();
    loop {
        let chunk = match timeout_at(pace.deadline(), chunks.next()).await {
            Ok(None) => break,
            Ok(Some(chunk)) => Some(chunk.map_err(|error| ended_early(&error, bytes.len()))?),
            Err(_) => None,
        };
        if let Some(chunk) = chunk {
            if bytes.len() + chunk.len() > most {
                return Err(too_large());
            }
            room.grow(&mut taken, bytes.len() + chunk.len())?;
            bytes.extend_from_slice(&chunk);
        }
        pace.check(bytes.len())?;
    }
    Ok(Whole {
        bytes: bytes.into(),
        room: taken,
    })
}

fn ended_early(error: &axum::Error, read: usize) -> Error {
    tracing::debug!(%error, "a body ended early");
    Error::new(
        Code::InvalidRequest,
        format!(
            "the body ended after {read} bytes, before what its headers announce: send all of it"
        ),
    )
}

/// How a body comes along.
struct Pace {
    end: Instant,
    window: Instant,
    before: usize,
}

impl Pace {
    fn start() -> Self {
        let now = Instant::now();
        Self {
            end: now + LONGEST,
            window: now + WINDOW,
            before: 0,
        }
    }

    fn deadline(&self) -> Instant {
        self.window.min(self.end)
    }

    /// Looks at the clock after `bytes` have come in all.
    fn check(&mut self, bytes: usize) -> Result<()> {
        let now = Instant::now();
        if now < self.deadline() {
            return Ok(());
        }
        let wanted = LEAST.max(self.before / 8);
        if now >= self.end || bytes - self.before < wanted {
            return Err(Error::new(
                Code::TooSlow,
                format!(
                    "the body comes too slowly, {bytes} bytes so far: send it again, smaller or over a better line"
                ),
            ));
        }
        self.before = bytes;
        self.window = now + WINDOW;
        Ok(())
    }
}
