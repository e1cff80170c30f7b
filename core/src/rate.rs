//! How many events may come in how short a time.

use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp};

/// More than this is as good as no limit, and below what microseconds can tell apart.
pub const FASTEST: u32 = 1_000_000;
/// Microseconds of a second.
const SECOND: i64 = 1_000_000;

/// A limit: so many events a second on average, and so many at once after a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rate {
    /// Events a second on average; 0 is no limit.
    pub events_per_second: u32,
    /// Events at once after a pause.
    pub burst: u32,
}

impl Rate {
    /// No limit.
    pub const UNLIMITED: Self = Self {
        events_per_second: 0,
        burst: 0,
    };

    /// Whether the limit can be used.
    ///
    /// # Errors
    /// Says what to write.
    pub fn check(self) -> Result<(), String> {
        if self.events_per_second > FASTEST {
            return Err(format!(
                "\"events_per_second\" may be at most {FASTEST}; write 0 for no limit"
            ));
        }
        if self.events_per_second > 0 && self.burst == 0 {
            return Err("\"burst\" has to be at least 1, or nothing would ever pass".to_owned());
        }
        Ok(())
    }

    /// Takes `events` out of a bucket, of which only the moment is known at which it is full again.
    /// A bucket that has anything left gives all of them and owes the rest: a batch larger than the
    /// burst passes too, and its sender waits the longer for the next.
    ///
    /// # Errors
    /// How long to wait until there is something left.
    pub fn take(self, full_at: &mut Timestamp, now: Timestamp, events: usize) -> Result<(), Span> {
        if self.events_per_second == 0 {
            return Ok(());
        }
        let lasts = |events: i64| {
            Span::from_micros(events.saturating_mul(SECOND) / i64::from(self.events_per_second))
        };
        let begins = (*full_at).max(now);
        let left = lasts(i64::from(self.burst)).as_micros() - begins.since(now).as_micros();
        if left <= 0 {
            return Err(Span::from_micros(lasts(1).as_micros() - left));
        }
        *full_at = begins.plus(lasts(i64::try_from(events).unwrap_or(i64::MAX)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        events_per_second: 10,
        burst: 20,
    };

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_burst_passes_and_then_the_average() {
        let mut bucket = Timestamp::default();
        for _ in 0..20 {
            assert_eq!(RATE.take(&mut bucket, at(1_000), 1), Ok(()));
        }
        let wait = RATE.take(&mut bucket, at(1_000), 1);
        assert_eq!(wait, Err(Span::from_micros(100_000)));
        assert_eq!(RATE.take(&mut bucket, at(1_100), 1), Ok(()));
        assert!(RATE.take(&mut bucket, at(1_100), 1).is_err());
        // After a pause the burst is there again, and no more than it.
        for _ in 0..20 {
            assert_eq!(RATE.take(&mut bucket, at(60_000), 1), Ok(()));
        }
        assert!(RATE.take(&mut bucket, at(60_000), 1).is_err());
    }

    #[test]
    fn a_batch_larger_than_the_burst_passes_and_is_paid_for() {
        let mut bucket = Timestamp::default();
        assert_eq!(RATE.take(&mut bucket, at(0), 100), Ok(()));
        assert!(RATE.take(&mut bucket, at(8_000), 1).is_err());
        assert_eq!(RATE.take(&mut bucket, at(8_001), 1), Ok(()));
    }

    #[test]
    fn waiting_as_told_is_enough() {
        for rate in [1, 3, 7, 1_000, FASTEST] {
            let rate = Rate {
                events_per_second: rate,
                burst: 5,
            };
            let (mut bucket, mut now) = (Timestamp::default(), at(0));
            for _ in 0..200 {
                if let Err(wait) = rate.take(&mut bucket, now, 3) {
                    now = now.plus(wait);
                    assert_eq!(rate.take(&mut bucket, now, 3), Ok(()), "{rate:?}");
                }
            }
        }
    }

    #[test]
    fn zero_is_no_limit_and_a_limit_without_a_burst_is_a_mistake() {
        let mut bucket = Timestamp::default();
        for _ in 0..1_000 {
            assert_eq!(Rate::UNLIMITED.take(&mut bucket, at(0), 5_000), Ok(()));
        }
        assert!(Rate::UNLIMITED.check().is_ok() && RATE.check().is_ok());
        assert!(Rate { burst: 0, ..RATE }.check().is_err());
    }
}
