//! How many people do one thing after the other, within a time.

use super::{Masks, Row, place};

/// One step of a funnel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// People who came so far.
    pub people: u64,
    /// Half of them took at most so many milliseconds from the first step; `None` without anybody, and of the first.
    pub median: Option<i64>,
}

/// Who came how far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Funnel {
    /// For each step how long it took everybody who came so far.
    took: Vec<Vec<i64>>,
}

impl Funnel {
    /// Adds what other people did.
    pub fn merge(&mut self, other: Self) {
        self.took
            .resize(self.took.len().max(other.took.len()), Vec::new());
        for (took, others) in self.took.iter_mut().zip(other.took) {
            took.extend(others);
        }
    }

    /// How many people did each step.
    #[must_use]
    pub fn steps(self) -> Vec<Step> {
        let of_step = |(at, mut took): (usize, Vec<i64>)| Step {
            people: u64::try_from(took.len()).unwrap_or(u64::MAX),
            median: if at == 0 { None } else { median(&mut took) },
        };
        self.took.into_iter().enumerate().map(of_step).collect()
    }
}

/// Nobody has begun.
const NEVER: i64 = i64::MIN;

/// Looks who does all steps in their order, each at or after the one before it and the last within `window` milliseconds of the
/// first; other things may happen between. One event is one step, also where two steps are the same. Rows are in the order of time.
///
/// For each step it is enough to know the latest moment at which a chain that has come so far began: whatever another chain can
/// still reach in time, this one can. So one pass will do.
#[must_use]
pub fn funnel(
    rows: impl Iterator<Item = Row>,
    masks: &Masks,
    steps: usize,
    window: i64,
    people: usize,
) -> Funnel {
    let mut began = vec![NEVER; people.saturating_mul(steps)];
    let mut took: Vec<Vec<i64>> = vec![Vec::new(); steps];
    // How many steps each person has done.
    let mut furthest = vec![0_u8; people];
    for row in rows {
        let mask = masks.of(row.name);
        if mask == 0 {
            continue;
        }
        let person = place(row.person);
        let first = person.saturating_mul(steps);
        let Some(began) = began.get_mut(first..first.saturating_add(steps)) else {
            continue;
        };
        // From the last to the first, so that one event does not go on from itself.
        for step in (0..steps).rev().filter(|step| mask & (1 << step) != 0) {
            let since = match step.checked_sub(1) {
                None => row.at,
                Some(before) => began.get(before).copied().unwrap_or(NEVER),
            };
            if since == NEVER || row.at.saturating_sub(since) > window {
                continue;
            }
            if let Some(known) = began.get_mut(step) {
                *known = since.max(*known);
            }
            let (Some(furthest), Some(took)) = (furthest.get_mut(person), took.get_mut(step))
            else {
                continue;
            };
            if usize::from(*furthest) == step {
                *furthest += 1;
                took.push(row.at - since);
            }
        }
    }
    Funnel { took }
}

/// The lower of the two in the middle.
fn median(values: &mut [i64]) -> Option<i64> {
    let middle = values.len().checked_sub(1)? / 2;
    Some(*values.select_nth_unstable(middle).1)
}
