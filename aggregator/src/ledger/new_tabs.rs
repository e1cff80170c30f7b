//! How many tabs a source may open accounts for: a write key is public, and ids are cheap to make up.

use cdp_core::ledger::NEW_TABS;
use cdp_core::recent::Recent;
use cdp_core::time::Timestamp;

/// Tabs that are remembered as known, some 200 bytes each; one beyond that counts as new again.
const MOST_TABS: usize = 100_000;
/// Sources whose rate is remembered.
const MOST_SOURCES: usize = 10_000;

/// Tabs of late, and how fast new ones came.
#[derive(Debug)]
pub(crate) struct NewTabs {
    known: Recent<(String, String), ()>,
    rates: Recent<String, Timestamp>,
}

impl NewTabs {
    /// Nobody is known yet.
    pub(crate) fn new() -> Self {
        Self {
            known: Recent::new(MOST_TABS),
            rates: Recent::new(MOST_SOURCES),
        }
    }

    /// Whether a tab is known, or one more new one is believable.
    pub(crate) fn admits(&mut self, source_id: &str, tab: &str, now: Timestamp) -> bool {
        let key = (source_id.to_owned(), tab.to_owned());
        if !self.known.knows(&key)
            && NEW_TABS
                .take(self.rates.of(source_id.to_owned()), now, 1)
                .is_err()
        {
            return false;
        }
        self.known.of(key);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_new_tabs_is_not_believed_and_the_known_stay() {
        let mut tabs = NewTabs::new();
        let now = Timestamp::from_millis(1);
        let burst = NEW_TABS.burst;
        let admitted = (0..burst + 500)
            .filter(|tab| tabs.admits("src_1", &format!("{tab:016x}"), now))
            .count();
        assert_eq!(u32::try_from(admitted), Ok(burst));
        let last = format!("{:016x}", burst - 1);
        assert!(tabs.admits("src_1", &last, now), "known");
        assert!(tabs.admits("src_2", &last, now), "another source's");
        let later = Timestamp::from_millis(1_001);
        assert!(tabs.admits("src_1", "f000000000000000", later), "later");
    }
}
