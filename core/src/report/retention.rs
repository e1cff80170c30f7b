//! Of those who began in one bucket of time, how many came back in each later one.

use super::{Masks, Row, add, place};

/// Those who began in one bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cohort {
    /// How many they are.
    pub people: u64,
    /// How many of them did it again in the first bucket after their own, in the second, and so on up to the last that there is.
    pub returned: Vec<u64>,
}

impl Cohort {
    /// Adds other people of the same bucket.
    pub fn merge(&mut self, other: &Self) {
        self.people += other.people;
        add(&mut self.returned, &other.returned);
    }
}

/// Not begun.
const NEVER: u16 = u16::MAX;
/// Begun before the first bucket.
const EARLIER: u16 = u16::MAX - 1;

/// Looks who began when, and who came back. Rows are in the order of time, from the very first, since whoever began before the
/// first bucket is in no cohort. Of the two selected the first says that somebody begins, the second that they are back. At
/// most `periods` later buckets are looked at, up to 64.
#[must_use]
pub fn retention(
    rows: impl Iterator<Item = Row>,
    bounds: &[i64],
    masks: &Masks,
    periods: usize,
    people: usize,
) -> Vec<Cohort> {
    const BEGINS: u16 = 1;
    const RETURNS: u16 = 2;
    let buckets = bounds.len().saturating_sub(1);
    let periods = periods.min(64);
    let mut cohorts: Vec<Cohort> = (0..buckets)
        .map(|at| Cohort {
            people: 0,
            returned: vec![0; periods.min(buckets - 1 - at)],
        })
        .collect();
    let mut began = vec![NEVER; people];
    // The later buckets in which a person was counted, a bit each.
    let mut seen = vec![0_u64; people];
    let mut bucket: Option<usize> = None;
    for row in rows {
        while bounds
            .get(bucket.map_or(0, |bucket| bucket + 1))
            .is_some_and(|bound| row.at >= *bound)
        {
            bucket = Some(bucket.map_or(0, |bucket| bucket + 1));
        }
        if bucket.is_some_and(|bucket| bucket >= buckets) {
            break;
        }
        let mask = masks.of(row.name);
        let person = place(row.person);
        let Some(began) = began.get_mut(person) else {
            continue;
        };
        if mask & RETURNS != 0
            && *began < EARLIER
            && let Some(now) = bucket
        {
            let own = usize::from(*began);
            let later = now.checked_sub(own + 1);
            if let (Some(later), Some(seen)) =
                (later.filter(|later| *later < periods), seen.get_mut(person))
                && *seen & (1 << later) == 0
            {
                *seen |= 1 << later;
                let count = cohorts
                    .get_mut(own)
                    .and_then(|own| own.returned.get_mut(later));
                if let Some(count) = count {
                    *count += 1;
                }
            }
        }
        if mask & BEGINS != 0 && *began == NEVER {
            *began = EARLIER;
            if let Some(now) = bucket
                && let Some(cohort) = cohorts.get_mut(now)
            {
                cohort.people += 1;
                *began = u16::try_from(now).unwrap_or(EARLIER);
            }
        }
    }
    cohorts
}
