//! How much of the log one turn takes.

use std::time::Duration;

use crate::database::journal::Portion;

/// What one turn takes, about. A turn costs the same few dozen statements and one wait for the disk for one event as for five
/// thousand; where little waits, little is taken.
pub(super) const TURN: Portion = Portion {
    entries: 512,
    messages: 5_000,
    bytes: 8 * 1024 * 1024,
};
/// As many of these a turn may be worth where very much waits.
const MOST: usize = 3;
/// What one turn takes at most, about.
pub(super) const LONGEST: Portion = TURN.times(MOST);

/// How fast the pipeline is.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// Messages of a second, by the last turn.
    in_a_second: usize,
}

impl Pace {
    /// What the next turn takes where nobody waits for what just happened. Twice as many events touch less than twice as many
    /// pages of the tables, and each page that a turn touches is written twice. But whoever wants to write waits for the turn,
    /// so it takes no more than the last one did in a second; and all of it is in memory.
    pub(crate) fn portion(&self) -> Portion {
        let messages = self.in_a_second.clamp(TURN.messages, LONGEST.messages);
        Portion {
            messages,
            ..TURN.times(messages.div_ceil(TURN.messages))
        }
    }

    /// Takes in how long a turn took.
    pub(crate) fn took(&mut self, messages: usize, took: Duration) {
        let millis = usize::try_from(took.as_millis()).unwrap_or(usize::MAX);
        self.in_a_second = messages.saturating_mul(1_000) / millis.max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_as_long_as_the_last_second_was_worth() {
        let mut pace = Pace::default();
        for (messages, millis, expected) in [
            (5_000, 700, 7_142),
            (7_142, 500, 14_284),
            (14_284, 700, 15_000),
            (15_000, 4_000, 5_000),
            (8, 0, 8_000),
            (1, 60_000, 5_000),
        ] {
            pace.took(messages, Duration::from_millis(millis));
            assert_eq!(pace.portion().messages, expected, "{messages} in {millis}");
        }
    }
}
