//! What people do next, or did before: the ways through their visits.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashTable;

use super::{Row, place};

/// Steps that a way has at most.
const MOST_STEPS: usize = 10;
/// Stands for all names that are too rare to be shown.
pub const OTHER: u16 = u16::MAX;

/// Where ways are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// From the beginning of each visit.
    Visit,
    /// From the first time in a visit that this happens; `None` where it never does.
    From(Option<u16>),
    /// Up to each time that this happens.
    To(Option<u16>),
}

/// Something that happens at a step, counted from the end that is looked at: 0 is that end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Which step.
    pub step: usize,
    /// What, or [`OTHER`].
    pub name: u16,
    /// On how many ways.
    pub ways: u64,
}

/// Two steps, one after the other as one goes away from the end that is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The step of the first.
    pub step: usize,
    /// What happened at that step.
    pub near: u16,
    /// What at the next one.
    pub far: u16,
    /// On how many ways.
    pub ways: u64,
}

/// All ways together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths {
    /// How many there are.
    pub ways: u64,
    /// By step, then the commonest first.
    pub nodes: Vec<Node>,
    /// By step, then the commonest first.
    pub links: Vec<Link>,
}

/// Where somebody is.
#[derive(Clone, Copy)]
struct Place {
    at: i64,
    steps: u8,
    /// The last steps: of a way forward only the last one, else all of them, the oldest first.
    last: [u16; MOST_STEPS],
}

/// Follows everybody's visits: one ends when nothing happens for `gap` milliseconds. What happens twice in a row is one step.
/// Ways have at most `steps` steps. Rows are in the order of time.
#[must_use]
pub fn paths(
    rows: impl Iterator<Item = Row>,
    end: End,
    (steps, gap): (usize, i64),
    people: usize,
) -> Ways {
    let steps = steps.clamp(2, MOST_STEPS);
    let nobody = Place {
        at: i64::MIN,
        steps: 0,
        last: [0; MOST_STEPS],
    };
    let mut places = vec![nobody; people];
    let mut counted = Counter::default();
    for row in rows {
        let Some(place) = places.get_mut(place(row.person)) else {
            continue;
        };
        if place.at == i64::MIN || row.at.saturating_sub(place.at) > gap {
            place.steps = 0;
        }
        place.at = row.at;
        let done = usize::from(place.steps);
        let last = done
            .checked_sub(1)
            .and_then(|last| place.last.get(last))
            .copied();
        if last == Some(row.name) {
            continue;
        }
        match end {
            End::Visit | End::From(_) => {
                let begins = end == End::Visit || end == End::From(Some(row.name));
                if done < steps && (done > 0 || begins) {
                    counted.count(done, last, row.name);
                    if let Some(place) = place.last.get_mut(done) {
                        *place = row.name;
                    }
                    place.steps += 1;
                }
            }
            End::To(wanted) => {
                if done == steps {
                    place.last.copy_within(1..steps, 0);
                    place.steps -= 1;
                }
                if let Some(free) = place.last.get_mut(usize::from(place.steps)) {
                    *free = row.name;
                    place.steps += 1;
                }
                if wanted == Some(row.name) {
                    let way = place.last.iter().take(usize::from(place.steps)).rev();
                    let mut near = None;
                    for (step, name) in way.enumerate() {
                        counted.count(step, near, *name);
                        near = Some(*name);
                    }
                    place.steps = 0;
                }
            }
        }
    }
    counted.ways()
}

/// How often something happened at a step, and what followed on what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    nodes: BTreeMap<(usize, u16), u64>,
    links: BTreeMap<(usize, u16, u16), u64>,
}

impl Ways {
    /// Adds the ways of other people.
    pub fn merge(&mut self, other: Self) {
        for (node, ways) in other.nodes {
            *self.nodes.entry(node).or_default() += ways;
        }
        for (link, ways) in other.links {
            *self.links.entry(link).or_default() += ways;
        }
    }

    /// All of them, of each step the `most` commonest names and the rare ones together.
    #[must_use]
    pub fn fold(self, most: usize) -> Paths {
        let mut by_step: BTreeMap<usize, Vec<(u64, u16)>> = BTreeMap::new();
        for ((step, name), ways) in &self.nodes {
            by_step.entry(*step).or_default().push((*ways, *name));
        }
        let mut shown = BTreeSet::new();
        for (step, names) in &mut by_step {
            names.sort_unstable_by_key(|(ways, name)| (u64::MAX - ways, *name));
            shown.extend(names.iter().take(most).map(|(_, name)| (*step, *name)));
        }
        let as_shown = |step: usize, name: u16| {
            if shown.contains(&(step, name)) {
                name
            } else {
                OTHER
            }
        };
        let mut nodes: BTreeMap<(usize, u16), u64> = BTreeMap::new();
        for ((step, name), ways) in self.nodes {
            *nodes.entry((step, as_shown(step, name))).or_default() += ways;
        }
        let mut links: BTreeMap<(usize, u16, u16), u64> = BTreeMap::new();
        for ((step, near, far), ways) in self.links {
            let link = (step, as_shown(step, near), as_shown(step + 1, far));
            *links.entry(link).or_default() += ways;
        }
        let first = nodes.iter().filter(|((step, _), _)| *step == 0);
        let ways = first.map(|(_, ways)| ways).sum();
        let mut nodes: Vec<Node> = nodes
            .into_iter()
            .map(|((step, name), ways)| Node { step, name, ways })
            .collect();
        nodes.sort_by_key(|node| (node.step, u64::MAX - node.ways));
        let mut links: Vec<Link> = links
            .into_iter()
            .map(|((step, near, far), ways)| Link {
                step,
                near,
                far,
                ways,
            })
            .collect();
        links.sort_by_key(|link| (link.step, u64::MAX - link.ways));
        Paths { ways, nodes, links }
    }
}

/// What is counted, for every event: a step in 16 bits, what happened before it in 16 or nothing, and what happened.
#[derive(Default)]
struct Counter(HashTable<(u64, u64)>);

/// In the place of what happened before: the step alone.
const ALONE: u64 = 1 << 48;

impl Counter {
    fn count(&mut self, step: usize, near: Option<u16>, name: u16) {
        let name = u64::from(name);
        let at = |step: usize| u64::try_from(step).unwrap_or(0) << 32;
        self.add(ALONE | at(step) | name);
        if let (Some(before), Some(near)) = (step.checked_sub(1), near) {
            self.add(at(before) | (u64::from(near) << 16) | name);
        }
    }

    fn add(&mut self, key: u64) {
        // Fibonacci hashing, folded: few keys, which may differ in any of their bits.
        let hash = |key: u64| {
            let product = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            product ^ (product >> 32)
        };
        let entry = self
            .0
            .entry(hash(key), |known| known.0 == key, |known| hash(known.0));
        entry.or_insert((key, 0)).get_mut().1 += 1;
    }

    fn ways(self) -> Ways {
        let mut ways = Ways::default();
        for (key, count) in self.0 {
            let name = |shift: u32| u16::try_from((key >> shift) & 0xffff).unwrap_or(0);
            let step = usize::from(name(32));
            if key & ALONE == 0 {
                ways.links.insert((step, name(16), name(0)), count);
            } else {
                ways.nodes.insert((step, name(0)), count);
            }
        }
        ways
    }
}
