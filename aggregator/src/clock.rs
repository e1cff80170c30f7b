//! The server's only clock.

use std::time::{SystemTime, UNIX_EPOCH};

use cdp_core::time::Timestamp;

/// Now, by the system's clock.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock that everything else asks"
)]
pub(crate) fn now() -> Timestamp {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}
