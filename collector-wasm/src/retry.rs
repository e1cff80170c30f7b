//! When to try again.

/// The first wait after a failure.
const FIRST: f64 = 1_000.0;
/// The longest wait of our own choosing: a collector that is blocked or down for hours is asked
/// twelve times an hour.
const LONGEST: f64 = 300_000.0;
/// The longest wait a server may ask for.
const LONGEST_ASKED: f64 = 3_600_000.0;

/// Exponential backoff with jitter, never sooner than the server asked.
#[derive(Debug, Default)]
pub struct Retry {
    failures: u32,
    not_before: f64,
}

impl Retry {
    /// A request failed. `dice` is a random number in 0..1, `asked` what `Retry-After` said in milliseconds (0: nothing).
    pub fn fail(&mut self, now: f64, dice: f64, asked: f64) {
        let mut wait = FIRST;
        for _ in 0..self.failures.min(9) {
            wait *= 2.0;
        }
        self.failures += 1;
        // Half of the wait is left to chance, so that the visitors of a site do not come back at once.
        let wait = wait.min(LONGEST) * (0.5 + dice / 2.0);
        self.not_before = now + wait.max(asked.min(LONGEST_ASKED));
    }

    /// A request got its answer, or the network came back: the next may go at once.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Milliseconds until the next try is due.
    #[must_use]
    pub fn wait(&self, now: f64) -> f64 {
        (self.not_before - now).clamp(0.0, LONGEST_ASKED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn waits_double_up_to_five_minutes() {
        let mut retry = Retry::default();
        let waits: Vec<f64> = (0..11)
            .map(|_| {
                retry.fail(0.0, 1.0, 0.0);
                retry.wait(0.0)
            })
            .collect();
        assert_eq!(&waits[..5], [1_000.0, 2_000.0, 4_000.0, 8_000.0, 16_000.0]);
        assert_eq!(&waits[8..], [256_000.0, 300_000.0, 300_000.0]);
    }

    #[test]
    fn the_server_is_obeyed_within_reason() {
        let mut retry = Retry::default();
        retry.fail(0.0, 0.0, 30_000.0);
        assert!((retry.wait(0.0) - 30_000.0).abs() < 1.0);
        retry.fail(0.0, 0.0, 1e12);
        assert!((retry.wait(0.0) - LONGEST_ASKED).abs() < 1.0);
    }

    #[test]
    fn a_clock_set_back_does_not_stop_the_queue_for_longer_than_an_hour() {
        let mut retry = Retry::default();
        retry.fail(1e12, 0.5, 0.0);
        assert!(retry.wait(0.0) <= LONGEST_ASKED);
    }

    proptest! {
        #[test]
        fn waits_stay_between_half_and_whole(failures in 1_u32..40, dice in 0.0_f64..1.0) {
            let mut retry = Retry::default();
            for _ in 0..failures {
                retry.fail(0.0, dice, 0.0);
            }
            let whole = (FIRST * f64::from(2_u32.pow(failures.min(10) - 1))).min(LONGEST);
            prop_assert!(retry.wait(0.0) >= whole / 2.0 - 1.0 && retry.wait(0.0) <= whole + 1.0);
        }
    }
}
