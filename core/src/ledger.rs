//! Loss ledger: every event the SDK numbers ends in exactly one named outcome.

use serde::{Deserialize, Serialize};

use crate::outcome::Outcome;

/// The number a browser tab gave to an event: `context.ledger` on the wire. A tab's id is random
/// and lives as long as the tab; it never joins tabs or sessions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LedgerMark {
    /// The tab, 16 hexadecimal digits.
    pub tab: String,
    /// The event's number within the tab, from 1.
    pub seq: u64,
}

/// What a tab reports about its numbering with each batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TabReport {
    /// The tab.
    pub tab: String,
    /// The number its next event will get: it has numbered `next - 1` so far.
    pub next: u64,
    /// Numbers that will never arrive, with the reason.
    #[serde(default)]
    pub lost: Vec<LostRange>,
}

/// A run of numbers that the SDK itself settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostRange {
    /// First number.
    pub from: u64,
    /// Last number, included.
    pub to: u64,
    /// `dropped` or `denied`.
    pub outcome: Outcome,
    /// Why, as a short word such as `memory_full`.
    pub reason: String,
}

/// A range longer than this is not believed: no tab numbers as many events between two batches.
pub const LONGEST_RANGE: u64 = 100_000;

impl TabReport {
    /// Whether the report makes sense: an id of the right form, numbers that fit each other, and
    /// only outcomes that an SDK may report.
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        is_tab(&self.tab)
            && self.next >= 1
            && self.next < u64::from(u32::MAX)
            && self.lost.iter().all(|range| {
                range.from >= 1
                    && range.from <= range.to
                    && range.to < self.next
                    && range.to - range.from < LONGEST_RANGE
                    && matches!(range.outcome, Outcome::Dropped | Outcome::Denied)
            })
    }
}

/// Whether `text` is a tab's id: 16 lower-case hexadecimal digits.
#[must_use]
pub fn is_tab(text: &str) -> bool {
    text.len() == 16
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
