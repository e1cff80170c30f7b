//! Events that wait: for a choice, or (once consent allows them) for an outcome.

/// Most events that wait for an outcome.
pub const MOST_QUEUED: usize = 1_000;
/// Most events that wait for a choice.
pub const MOST_HELD: usize = 500;
/// Most bytes of either: a fifth of what browsers let a site store.
pub const MOST_BYTES: usize = 1_000_000;

/// One event.
#[derive(Debug)]
pub struct Entry {
    /// Which of the collector's tabs numbered it.
    pub tab: usize,
    /// Its number.
    pub seq: u32,
    /// JSON text: complete, or open at the consent object while it waits for a choice.
    pub text: String,
    /// Whose it is; empty for whoever uses the page.
    pub owner: String,
    /// Part of the request that is under way.
    pub flying: bool,
    /// Part of the beacon that is being written.
    pub boarding: bool,
    /// Was in a beacon, which gives no answer.
    pub beaconed: bool,
}

/// The name of an event: its tab's place among the collector's, and its number.
pub type Name = (usize, u32);

/// Events in order of arrival, bounded by count and bytes.
#[derive(Debug, Default)]
pub struct Queue {
    entries: Vec<Entry>,
}

impl Queue {
    /// What waits.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether an event waits already.
    #[must_use]
    pub fn has(&self, tab: usize, seq: u32) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.seq == seq && entry.tab == tab)
    }

    /// Adds an event.
    pub fn push(&mut self, tab: usize, seq: u32, text: String) {
        let owner = String::new();
        self.entries.push(Entry {
            tab,
            seq,
            text,
            owner,
            flying: false,
            boarding: false,
            beaconed: false,
        });
    }

    /// Takes out and names the oldest events where there are more than `most` or too many bytes.
    /// What is under way stays: it is about to be settled, and its answer is found by its place.
    pub fn evict(&mut self, most: usize) -> Vec<Name> {
        let mut count = self.entries.len();
        let mut bytes = self
            .entries
            .iter()
            .fold(0, |sum, entry| sum + entry.text.len());
        self.take_out(&mut |entry| {
            let goes = (count > most || bytes > MOST_BYTES) && !entry.flying;
            if goes {
                count -= 1;
                bytes -= entry.text.len();
            }
            goes
        })
    }

    fn take_out(&mut self, goes: &mut dyn FnMut(&Entry) -> bool) -> Vec<Name> {
        let mut taken = Vec::new();
        self.entries.retain(|entry| {
            let goes = goes(entry);
            if goes {
                taken.push((entry.tab, entry.seq));
            }
            !goes
        });
        taken
    }

    /// Marks the oldest events, up to both limits, as under way.
    pub fn take_off(&mut self, most_events: usize, most_bytes: usize) {
        let (mut count, mut bytes) = (0, 0);
        for entry in &mut self.entries {
            bytes += entry.text.len();
            entry.flying = count == 0 || (count < most_events && bytes <= most_bytes);
            count += 1;
        }
    }

    /// Marks what goes into a beacon: the oldest that were in none yet. What is under way counts
    /// only when the page goes (`leaving`), because its request then goes too. True if any does.
    pub fn board_beacon(&mut self, leaving: bool, most_bytes: usize) -> bool {
        let mut bytes = 0;
        let mut any = false;
        for entry in &mut self.entries {
            entry.boarding = false;
            if !entry.beaconed && (leaving || !entry.flying) {
                bytes += entry.text.len() + 1;
                entry.boarding = bytes <= most_bytes;
                entry.beaconed = entry.boarding;
                any |= entry.boarding;
            }
        }
        any
    }

    /// Settles what is under way, in batch order: `d` in `outcomes` is final, and names what may be
    /// forgotten; everything else and nothing stays.
    pub fn settle(&mut self, outcomes: &str) -> Vec<Name> {
        let mut letters = outcomes.bytes();
        self.take_out(&mut |entry| entry.flying && letters.next() == Some(b'd'))
    }

    /// Brings what is under way back without an outcome.
    pub fn land(&mut self) {
        for entry in &mut self.entries {
            entry.flying = false;
        }
    }

    /// Gives what has no owner yet to `owner`.
    pub fn hand_over(&mut self, owner: &str) {
        for entry in &mut self.entries {
            if entry.owner.is_empty() {
                owner.clone_into(&mut entry.owner);
            }
        }
    }

    /// Empties the queue and names what was in it.
    pub fn clear(&mut self) -> Vec<Name> {
        self.take_out(&mut |_| true)
    }

    /// Every event, to be completed.
    pub fn entries_mut(&mut self) -> &mut [Entry] {
        &mut self.entries
    }
}
