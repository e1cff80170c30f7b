//! Reports over what happened: trends, funnels, retention and paths. Each is one pass over rows in the order of time, with a
//! few bytes for each person, so that its cost grows with the events alone. People may be looked at in parts, also at the same
//! time: what parts come to is merged.
//!
//! Names of events and people are small numbers here ([`Row`]); whoever keeps the rows knows what they stand for.

mod bucket;
mod funnel;
mod path;
mod retention;
mod trend;

pub use bucket::{BucketError, Interval, MOST_BUCKETS, bounds};
pub use funnel::{Funnel, Step, funnel};
pub use path::{End, Link, Node, OTHER, Paths, Ways, paths};
pub use retention::{Cohort, retention};
pub use trend::{Counted, trends};

/// One event as a report sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Milliseconds since 1970.
    pub at: i64,
    /// Whose: a number below the number of people.
    pub person: u32,
    /// What it is called: a number below the number of names.
    pub name: u16,
}

/// Series or steps that one report has at most: one bit each.
pub const MOST_SELECTED: usize = 16;

/// What is counted as one series or one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Select {
    /// Whatever happened.
    Any,
    /// One event; `None` where nobody has ever sent it.
    Name(Option<u16>),
}

/// For each name which of the selected it is, a bit each; what is beyond [`MOST_SELECTED`] is left out.
#[derive(Clone, Debug)]
pub struct Masks {
    any: u16,
    names: Vec<u16>,
}

impl Masks {
    /// Of what is selected among so many names.
    #[must_use]
    pub fn new(names: usize, selected: &[Select]) -> Self {
        let mut masks = Self {
            any: 0,
            names: vec![0; names],
        };
        for (bit, select) in selected.iter().take(MOST_SELECTED).enumerate() {
            let bit = 1 << bit;
            match select {
                Select::Any => masks.any |= bit,
                Select::Name(None) => {}
                Select::Name(Some(name)) => {
                    if let Some(mask) = masks.names.get_mut(usize::from(*name)) {
                        *mask |= bit;
                    }
                }
            }
        }
        masks
    }

    /// The bits of a name.
    #[must_use]
    pub fn of(&self, name: u16) -> u16 {
        self.any | self.names.get(usize::from(name)).copied().unwrap_or(0)
    }
}

/// Adds numbers to those at the same places.
fn add(numbers: &mut [u64], others: &[u64]) {
    for (number, other) in numbers.iter_mut().zip(others) {
        *number += other;
    }
}

/// A person's place in a table of people.
fn place(person: u32) -> usize {
    usize::try_from(person).unwrap_or(usize::MAX)
}
