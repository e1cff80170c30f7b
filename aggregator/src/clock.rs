//! The server's only clock: the system's, unless the command line has put one in its place that stands still and is
//! moved by hand, so that people can test what time does to their audiences.
//!
//! There is one clock for the whole process, as there is one system.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use cdp_core::time::Timestamp;

/// Where the clock stands, in microseconds, or [`RUNNING`].
static STANDS_AT: AtomicI64 = AtomicI64::new(RUNNING);
/// The system's clock is asked.
const RUNNING: i64 = i64::MIN;

/// Now.
pub(crate) fn now() -> Timestamp {
    match STANDS_AT.load(Ordering::SeqCst) {
        RUNNING => system(),
        time => Timestamp::from_micros(time),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock that everything else asks"
)]
fn system() -> Timestamp {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}

/// A clock does not go back: what is derived was derived of the time before.
#[derive(Debug)]
pub(crate) struct GoesBack {
    /// Where it stands.
    stands_at: Timestamp,
}

impl fmt::Display for GoesBack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "the clock stands at {} and does not go back: give a later time",
            self.stands_at
        )
    }
}

impl std::error::Error for GoesBack {}

/// Lets the clock stand at a time from now on; it moves only when this is called again.
///
/// # Errors
/// When it stands at a later time already.
pub(crate) fn stand_at(time: Timestamp) -> Result<(), GoesBack> {
    let before = STANDS_AT.fetch_max(time.as_micros(), Ordering::SeqCst);
    if before > time.as_micros() {
        return Err(GoesBack {
            stands_at: Timestamp::from_micros(before),
        });
    }
    Ok(())
}
