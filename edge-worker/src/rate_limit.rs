//! Rate limits, per write key and per caller. What is refused here is refused before anything is
//! stored, with the seconds after which it will be taken: clients keep it and come back.

use std::net::IpAddr;

use cdp_core::address;
use cdp_core::rate::Rate;
use cdp_core::recent::Recent;
use cdp_core::source::SourceConfig;
use cdp_core::time::{Span, Timestamp};

use crate::error::EdgeError;
use crate::host::Host;
use crate::http::Request;

/// Longer than this nobody is told to wait: clients would rather drop their events.
const LONGEST_WAIT: u32 = 300;
/// Microseconds of a second.
const SECOND: i64 = 1_000_000;

/// The buckets of one host. On Workers each isolate has its own, so a limit holds per isolate.
#[derive(Debug)]
pub struct RateLimiter {
    write_keys: Recent<String, Timestamp>,
    callers: Recent<(String, IpAddr), Timestamp>,
}

impl RateLimiter {
    /// A limiter that remembers about so many callers (and as many write keys); the memory for each
    /// is some 100 bytes. Beyond that, whoever was not heard of for longest starts anew.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            write_keys: Recent::new(most),
            callers: Recent::new(most),
        }
    }

    /// Takes `events` of a caller out of what a source allows.
    ///
    /// # Errors
    /// The seconds after which it is worth trying again.
    pub fn take(
        &mut self,
        source: &SourceConfig,
        caller: Option<IpAddr>,
        now: Timestamp,
        events: usize,
    ) -> Result<(), u32> {
        let limits = &source.collection.rate_limits;
        let caller = caller
            .filter(|caller| address::is_public(*caller))
            .map(|caller| (source.source_id.clone(), address::caller(caller)));
        // The caller first: one that is refused takes nothing from the others.
        let before = match &caller {
            Some(caller) => take(&mut self.callers, limits.address, caller, now, events)?,
            None => Timestamp::default(),
        };
        let taken = take(
            &mut self.write_keys,
            limits.write_key,
            &source.source_id,
            now,
            events,
        );
        if let (Err(_), Some(caller)) = (&taken, caller) {
            // What was not taken is not paid for.
            *self.callers.of(caller) = before;
        }
        taken.map(|_| ())
    }
}

/// Takes out of a bucket: what it was before, or the seconds until there is something in it again.
fn take<K: Ord + Clone>(
    buckets: &mut Recent<K, Timestamp>,
    rate: Rate,
    key: &K,
    now: Timestamp,
    events: usize,
) -> Result<Timestamp, u32> {
    if rate.events_per_second == 0 {
        return Ok(Timestamp::default());
    }
    let full_at = buckets.of(key.clone());
    let before = *full_at;
    rate.take(full_at, now, events)
        .map(|()| before)
        .map_err(seconds)
}

/// Whole seconds, at least one.
fn seconds(wait: Span) -> u32 {
    let seconds = (wait.as_micros() + SECOND - 1) / SECOND;
    u32::try_from(seconds).map_or(LONGEST_WAIT, |seconds| seconds.clamp(1, LONGEST_WAIT))
}

/// Lets a request with so many events pass, or says when to come again.
pub(crate) fn admit<H: Host>(
    host: &H,
    request: &Request,
    source: &SourceConfig,
    events: usize,
) -> Result<(), EdgeError> {
    let now = host.now();
    host.limiter(|limiter| limiter.take(source, request.address, now, events.max(1)))
        .map_err(|retry_after| EdgeError::RateLimited { retry_after })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_whole_seconds() {
        assert_eq!(seconds(Span::from_micros(1)), 1);
        assert_eq!(seconds(Span::from_micros(1_000_001)), 2);
        assert_eq!(seconds(Span::from_seconds(100_000)), LONGEST_WAIT);
    }
}
