//! From weighed pairs to groups of records, carefully: one wrong pair must not chain two people together.
//!
//! Pairs are taken from the heaviest down. Two groups become one only if no record of the one is in conflict with a record
//! of the other, no person said that they are apart, no source that knows everybody once would have somebody twice, and
//! the groups as wholes agree: for each field the mean of what all their pairs say where both know it, added up, against
//! strangers and against two people of one household.

use std::collections::BTreeSet;

use crate::model::Model;
use crate::table::{Comparer, Table};
use crate::train;
use crate::weigh::{Against, Weights, bits_of_fields};

/// A pair of records that weighs enough to be looked at, as positions in the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Edge {
    pub(crate) one: u32,
    pub(crate) other: u32,
    pub(crate) weight: f64,
}

/// What clusters have to keep to.
pub(crate) struct Limits<'a> {
    /// The least weight of a group's joining, in bits.
    pub(crate) threshold: f64,
    /// Fields whose conflicts are vetoes, as bits.
    pub(crate) veto: u32,
    /// The weight against two people of one household, which has to reach the threshold too.
    pub(crate) against: &'a Against,
    /// For each source whether it has everybody at most once.
    pub(crate) once: &'a [bool],
    /// Pairs that somebody said to be one person.
    pub(crate) must: &'a [(u32, u32)],
    /// Pairs that somebody said to be two people.
    pub(crate) cannot: &'a [(u32, u32)],
}

struct Groups {
    group: Vec<u32>,
    members: Vec<Vec<u32>>,
}

impl Groups {
    fn join(&mut self, one: u32, other: u32) {
        let (small, large) =
            if self.members[one as usize].len() < self.members[other as usize].len() {
                (one, other)
            } else {
                (other, one)
            };
        let moved = std::mem::take(&mut self.members[small as usize]);
        for member in &moved {
            self.group[*member as usize] = large;
        }
        self.members[large as usize].extend(moved);
    }
}

/// The group of each record: the number of its first record.
pub(crate) fn clusters(
    table: &Table,
    model: &Model,
    mut edges: Vec<Edge>,
    limits: &Limits<'_>,
) -> Vec<u32> {
    edges.sort_unstable_by(|one, other| {
        other
            .weight
            .total_cmp(&one.weight)
            .then((one.one, one.other).cmp(&(other.one, other.other)))
    });
    let mut groups = Groups {
        group: (0..table.len()).collect(),
        members: (0..table.len()).map(|record| vec![record]).collect(),
    };
    let cannot: BTreeSet<(u32, u32)> = limits
        .cannot
        .iter()
        .flat_map(|(one, other)| [(*one, *other), (*other, *one)])
        .collect();
    let apart = |groups: &Groups, one: u32, other: u32| {
        !cannot.is_empty()
            && groups.members[one as usize].iter().any(|a| {
                groups.members[other as usize]
                    .iter()
                    .any(|b| cannot.contains(&(*a, *b)))
            })
    };
    for (one, other) in limits.must {
        let (one, other) = (groups.group[*one as usize], groups.group[*other as usize]);
        if one != other && !apart(&groups, one, other) {
            groups.join(one, other);
        }
    }
    let mut comparer = Comparer::new(table);
    let mut refused = BTreeSet::new();
    for edge in &edges {
        let (one, other) = (
            groups.group[edge.one as usize],
            groups.group[edge.other as usize],
        );
        if one == other {
            continue;
        }
        let sizes = (
            groups.members[one as usize].len(),
            groups.members[other as usize].len(),
        );
        let key = if one < other {
            (one, other, sizes.0, sizes.1)
        } else {
            (other, one, sizes.1, sizes.0)
        };
        if refused.contains(&key) {
            continue;
        }
        let (a, b) = (
            &groups.members[one as usize],
            &groups.members[other as usize],
        );
        let fits = !twice(table, limits.once, a, b)
            && !apart(&groups, one, other)
            && agree(&mut comparer, table, model, limits, a, b);
        if fits {
            groups.join(one, other);
        } else {
            refused.insert(key);
        }
    }
    let mut first = vec![u32::MAX; groups.members.len()];
    groups
        .group
        .iter()
        .zip(0..)
        .map(|(group, record): (&u32, u32)| {
            let first = &mut first[*group as usize];
            *first = record.min(*first);
            *first
        })
        .collect()
}

fn twice(table: &Table, once: &[bool], a: &[u32], b: &[u32]) -> bool {
    a.iter().any(|one| {
        let source = table.source[*one as usize];
        once.get(source as usize) == Some(&true)
            && b.iter()
                .any(|other| table.source[*other as usize] == source)
    })
}

/// Whether two groups weigh enough as wholes.
fn agree(
    comparer: &mut Comparer<'_>,
    table: &Table,
    model: &Model,
    limits: &Limits<'_>,
    a: &[u32],
    b: &[u32],
) -> bool {
    let mut sums = vec![(0.0, 0.0, 0_u32); table.fields.len()];
    let household = &limits.against.household;
    for one in a {
        for other in b {
            let pattern = comparer.compare(*one, *other);
            if train::conflicts(table, pattern, limits.veto) {
                return false;
            }
            for (field, bits) in bits_of_fields(table, model, pattern, *one) {
                let sum = &mut sums[field];
                sum.0 += bits;
                sum.1 += household.bits(field, pattern.level(field), bits);
                sum.2 += 1;
            }
        }
    }
    let mut weights = Weights::start(model.start(), limits.against);
    for (strangers, household, known) in sums.into_iter().filter(|sum| sum.2 > 0) {
        weights.strangers += strangers / f64::from(known);
        weights.household += household / f64::from(known);
    }
    weights.reach(limits.threshold)
}

/// Which sources have everybody at most once: hardly any sure pair is within them, and many are with other sources.
pub(crate) fn once(table: &Table, edges: &[Edge], sure: f64) -> Vec<bool> {
    let mut within = vec![0_u32; table.sources.len()];
    let mut across = vec![0_u32; table.sources.len()];
    for edge in edges.iter().filter(|edge| edge.weight >= sure) {
        let (one, other) = (
            table.source[edge.one as usize],
            table.source[edge.other as usize],
        );
        if one == other {
            within[one as usize] += 1;
        } else {
            across[one as usize] += 1;
            across[other as usize] += 1;
        }
    }
    within
        .iter()
        .zip(&across)
        .map(|(within, across)| *across >= 20 && within.saturating_mul(100) <= *across)
        .collect()
}
