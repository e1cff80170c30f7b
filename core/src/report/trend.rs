//! How often something happened, and to how many people, in each bucket of time.

use super::{MOST_SELECTED, Masks, Row, add, place};

/// One series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Events in each bucket.
    pub events: Vec<u64>,
    /// Different people in each bucket.
    pub people: Vec<u64>,
    /// Different people in all of them together.
    pub people_in_all: u64,
}

impl Counted {
    /// Adds what was counted of other people in the same buckets.
    pub fn merge(&mut self, other: &Self) {
        add(&mut self.events, &other.events);
        add(&mut self.people, &other.people);
        self.people_in_all += other.people_in_all;
    }
}

/// No bucket yet.
const NEVER: u16 = u16::MAX;

/// Counts rows in the order of time between bounds, a series for each of `series` selected. `people` is how many there are.
#[must_use]
pub fn trends(
    rows: impl Iterator<Item = Row>,
    bounds: &[i64],
    masks: &Masks,
    series: usize,
    people: usize,
) -> Vec<Counted> {
    let series = series.min(MOST_SELECTED);
    let buckets = bounds.len().saturating_sub(1);
    let mut counted = vec![
        Counted {
            events: vec![0; buckets],
            people: vec![0; buckets],
            people_in_all: 0,
        };
        series
    ];
    // The last bucket in which each person was counted, for each series.
    let mut last = vec![vec![NEVER; people]; series];
    let mut bucket = 0;
    for row in rows {
        if bounds.first().is_none_or(|first| row.at < *first) {
            continue;
        }
        while bounds.get(bucket + 1).is_some_and(|end| row.at >= *end) {
            bucket += 1;
        }
        if bucket >= buckets {
            break;
        }
        let mut mask = masks.of(row.name);
        while mask != 0 {
            let bit = usize::try_from(mask.trailing_zeros()).unwrap_or(usize::MAX);
            mask &= mask - 1;
            let (Some(one), Some(last)) = (counted.get_mut(bit), last.get_mut(bit)) else {
                continue;
            };
            if let Some(events) = one.events.get_mut(bucket) {
                *events += 1;
            }
            let Some(seen) = last.get_mut(place(row.person)) else {
                continue;
            };
            let now = u16::try_from(bucket).unwrap_or(NEVER - 1);
            if *seen == NEVER {
                one.people_in_all += 1;
            }
            if *seen != now {
                *seen = now;
                if let Some(people) = one.people.get_mut(bucket) {
                    *people += 1;
                }
            }
        }
    }
    counted
}
