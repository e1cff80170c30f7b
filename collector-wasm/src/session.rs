//! Tabs and their numbering: what the loss ledger counts by. This tab comes first; after it those
//! that closed and left something behind, which this one settles for them.

use crate::json::{push_comma, push_number, push_pair};
use crate::words::{next_word, number};

/// Most ranges of losses that a tab remembers: what is lost in a row is one range.
const MOST_RANGES: usize = 24;

/// Why an event will never arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The memory for events without a choice was full.
    HeldFull,
    /// The queue was full.
    QueueFull,
    /// One event alone is larger than a request may be.
    TooLarge,
    /// What was stored was no longer readable.
    Unreadable,
    /// The visitor refused.
    Refused,
    /// The visitor withdrew before it was sent.
    Withdrawn,
}

impl Loss {
    const ALL: [Self; 6] = [
        Self::HeldFull,
        Self::QueueFull,
        Self::TooLarge,
        Self::Unreadable,
        Self::Refused,
        Self::Withdrawn,
    ];

    /// The word of the wire.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::HeldFull => "memory_full",
            Self::QueueFull => "queue_full",
            Self::TooLarge => "too_large",
            Self::Unreadable => "unreadable",
            Self::Refused => "consent_refused",
            Self::Withdrawn => "consent_withdrawn",
        }
    }

    const fn is_denial(self) -> bool {
        matches!(self, Self::Refused | Self::Withdrawn)
    }
}

#[derive(Debug)]
struct Range {
    from: u32,
    to: u32,
    loss: Loss,
    /// Part of the request that is under way.
    flying: bool,
}

/// A tab: a random id, kept in memory and (after consent) in the tab's own storage so that a reload
/// counts on. It never joins tabs or sessions.
#[derive(Debug)]
pub struct Tab {
    id: String,
    next: u32,
    lost: Vec<Range>,
}

impl Tab {
    /// A tab whose next event gets the number `next` (1 in a new tab).
    #[must_use]
    pub fn new(id: &str, next: u32) -> Self {
        Self {
            id: id.to_owned(),
            next: next.max(1),
            lost: Vec::new(),
        }
    }

    /// The id, 16 hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The number the next event will get.
    #[must_use]
    pub fn next(&self) -> u32 {
        self.next
    }

    /// The number of the event that was just captured.
    pub fn number(&mut self) -> u32 {
        let number = self.next;
        self.next += 1;
        number
    }

    /// An event with this number is known: the tab counted at least that far.
    pub fn saw(&mut self, seq: u32) {
        self.next = self.next.max(seq + 1);
    }

    /// Writes down a loss, until a server has heard of it.
    pub fn lose(&mut self, from: u32, to: u32, loss: Loss) {
        for range in &mut self.lost {
            if !range.flying && range.loss == loss && range.to + 1 == from {
                range.to = to;
                return;
            }
        }
        if self.lost.len() < MOST_RANGES {
            self.lost.push(Range {
                from,
                to,
                loss,
                flying: false,
            });
        }
    }

    /// Marks the losses as part of the request that goes out.
    pub fn take_off(&mut self) {
        for range in &mut self.lost {
            range.flying = true;
        }
    }

    /// The server has the losses of the last request (`heard`), or has not. True if any were.
    pub fn land(&mut self, heard: bool) -> bool {
        let before = self.lost.len();
        self.lost.retain(|range| !(heard && range.flying));
        for range in &mut self.lost {
            range.flying = false;
        }
        before != self.lost.len()
    }

    /// Whether there is a loss to report.
    #[must_use]
    pub fn has_losses(&self) -> bool {
        !self.lost.is_empty()
    }

    /// Appends `{"tab":…,"next":…,"lost":[…]}`.
    pub fn push_report(&self, out: &mut String) {
        out.push('{');
        push_pair(out, "tab", &self.id);
        out.push_str(",\"next\":");
        push_number(out, self.next);
        out.push_str(",\"lost\":[");
        let mut first = true;
        for range in &self.lost {
            push_comma(out, &mut first);
            out.push_str("{\"from\":");
            push_number(out, range.from);
            out.push_str(",\"to\":");
            push_number(out, range.to);
            out.push(',');
            push_pair(
                out,
                "outcome",
                if range.loss.is_denial() {
                    "denied"
                } else {
                    "dropped"
                },
            );
            out.push(',');
            push_pair(out, "reason", range.loss.reason());
            out.push('}');
        }
        out.push_str("]}");
    }

    /// The losses as a line for storage: `from to reason`, each followed by a space.
    #[must_use]
    pub fn saved(&self) -> String {
        let mut out = String::new();
        for range in &self.lost {
            push_number(&mut out, range.from);
            out.push(' ');
            push_number(&mut out, range.to);
            out.push(' ');
            out.push_str(range.loss.reason());
            out.push(' ');
        }
        out
    }

    /// Reads such a line again; what does not make sense is left out.
    pub fn restore(&mut self, saved: &str) {
        let mut rest = saved;
        while let (Some(from), Some(to), Some(reason)) = (
            next_word(&mut rest, b' '),
            next_word(&mut rest, b' '),
            next_word(&mut rest, b' '),
        ) {
            let (from, to) = (number(from), number(to));
            for loss in Loss::ALL {
                if loss.reason() == reason && from >= 1 && from <= to {
                    self.saw(to);
                    self.lose(from, to, loss);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_in_a_row_are_one_range() {
        let mut tab = Tab::new("a", 7);
        for seq in 3..=5 {
            tab.lose(seq, seq, Loss::HeldFull);
        }
        tab.lose(6, 6, Loss::Refused);
        let mut out = String::new();
        tab.push_report(&mut out);
        assert_eq!(
            out,
            r#"{"tab":"a","next":7,"lost":[{"from":3,"to":5,"outcome":"dropped","reason":"memory_full"},{"from":6,"to":6,"outcome":"denied","reason":"consent_refused"}]}"#
        );
    }

    #[test]
    fn a_loss_stays_until_a_server_heard_of_it() {
        let mut tab = Tab::new("a", 3);
        tab.lose(1, 1, Loss::QueueFull);
        tab.take_off();
        tab.lose(2, 2, Loss::QueueFull);
        assert!(!tab.land(false));
        assert_eq!(tab.saved(), "1 1 queue_full 2 2 queue_full ");
        tab.take_off();
        assert!(tab.land(true));
        assert!(!tab.has_losses());
    }

    #[test]
    fn what_is_saved_comes_back_and_nonsense_does_not() {
        let mut tab = Tab::new("a", 1);
        tab.restore("3 5 memory_full x 1 queue_full 9 2 queue_full 0 0 too_large 7 7 nothing 4");
        assert_eq!(tab.saved(), "3 5 memory_full ");
        assert_eq!(tab.next(), 6);
    }

    #[test]
    fn the_number_of_ranges_is_bounded() {
        let mut tab = Tab::new("a", 1);
        for seq in (2..1_000).step_by(2) {
            tab.lose(seq, seq, Loss::QueueFull);
        }
        assert_eq!(tab.lost.len(), MOST_RANGES);
    }
}
