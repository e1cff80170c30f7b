//! Which groups the rules allow: the one place where that is decided. What is given is a set, so the answer
//! does not depend on any order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::reason::Reason;
use super::rules::{Conflict, MOST_CONTESTED, Rules};

/// An identifier. Where several are given, they are sorted by kind and value, so that their places tell
/// which name is smaller.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    /// Place of the kind, 0 the strongest.
    pub(super) kind: usize,
    /// Its earliest event, microseconds.
    pub(super) first_seen: i64,
}

/// Evidence that two identifiers, by their places, are one person.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    /// The stronger one.
    pub(super) a: usize,
    pub(super) b: usize,
    pub(super) first_seen: i64,
    pub(super) last_seen: i64,
}

/// What a person decided of two identifiers, by their places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bond {
    pub(super) a: usize,
    pub(super) b: usize,
    /// Whether they are one person, or never are.
    pub(super) one: bool,
}

/// The answer.
#[derive(Debug, Default)]
pub(super) struct Solved {
    /// Of each identifier, the place of its group's first member.
    pub(super) group: Vec<usize>,
    /// Refused evidence by its place, in the order in which it was tried.
    pub(super) refused: Vec<(usize, Reason)>,
}

/// How often an identifier was seen with others.
#[derive(Clone, Debug, Default)]
pub(super) struct Neighbours {
    /// With how many different ones.
    pub(super) all: usize,
    /// With how many different ones of the unique kind of which there are most, and the kind's place.
    pub(super) most_unique: (u32, usize),
    /// With how many different ones of each unique kind.
    unique: BTreeMap<usize, u32>,
}

impl Neighbours {
    /// What is known of them together.
    pub(super) fn counted(all: usize, most_unique: (u32, usize)) -> Self {
        Self {
            all,
            most_unique,
            unique: BTreeMap::new(),
        }
    }

    /// Takes in another one, of the kind at a place.
    pub(super) fn add(&mut self, rules: &Rules, kind: usize) {
        self.all += 1;
        if !rules.is_unique(kind) {
            return;
        }
        let count = self.unique.entry(kind).or_default();
        *count += 1;
        let (most, of) = self.most_unique;
        if *count > most || (*count == most && kind < of) {
            self.most_unique = (*count, kind);
        }
    }
}

impl Rules {
    /// Why an identifier with such neighbours names nobody. More evidence never makes one name somebody
    /// again.
    pub(super) fn crowded(&self, kind: usize, neighbours: &Neighbours) -> Option<Reason> {
        let shared_above = self
            .kinds
            .get(kind)?
            .shared_above
            .map(|above| match self.conflict {
                Conflict::Detach => above.min(1),
                Conflict::FirstOwner | Conflict::LastOwner => above,
            });
        let (most, unique) = neighbours.most_unique;
        if let Some(above) = shared_above
            && most > above
        {
            return Some(Reason::Shared {
                kind,
                unique,
                above,
            });
        }
        let radius = self.blast_radius as usize;
        (neighbours.all > radius).then_some(Reason::Crowd { kind, radius })
    }

    /// Whether a kind's values are counted for those that they are seen with.
    pub(super) fn is_unique(&self, kind: usize) -> bool {
        self.kinds.get(kind).is_some_and(|kind| kind.unique)
    }
}

/// Divides connected identifiers of whom none is crowded.
pub(super) fn solve(rules: &Rules, nodes: &[Facts], links: &[Link], bonds: &[Bond]) -> Solved {
    let mut forest = Forest::new(rules, nodes);
    let mut refused = Vec::new();
    for bond in bonds.iter().filter(|bond| bond.one) {
        if forest.apart(bonds, bond.a, bond.b).is_none() {
            forest.unite(bond.a, bond.b);
            let root = forest.root(bond.a);
            if let Some(approved) = forest.approved.get_mut(root) {
                *approved = true;
            }
        }
    }
    let joined = forest.with_all(links);
    if bonds.is_empty() && joined.is_allowed() {
        forest = joined;
    } else if links.len() > MOST_CONTESTED {
        let too_large = Reason::TooLarge {
            edges: MOST_CONTESTED,
        };
        refused.extend((0..links.len()).map(|at| (at, too_large.clone())));
    } else {
        for at in in_order(rules, nodes, links) {
            let Some(link) = links.get(at) else { continue };
            let verdict = forest
                .apart(bonds, link.a, link.b)
                .map_or_else(|| forest.may_unite(link.a, link.b), Err);
            match verdict {
                Ok(()) => forest.unite(link.a, link.b),
                Err(reason) => refused.push((at, reason)),
            }
        }
    }
    Solved {
        group: forest.groups(),
        refused,
    }
}

/// The order in which evidence counts: strongest kinds first, then by time, then by name. It depends on
/// the evidence alone.
fn in_order(rules: &Rules, nodes: &[Facts], links: &[Link]) -> Vec<usize> {
    let kind = |place: usize| nodes.get(place).map(|facts| facts.kind);
    let key = |link: &Link| {
        let time = match rules.conflict {
            Conflict::LastOwner => (Reverse(link.last_seen), 0),
            Conflict::FirstOwner | Conflict::Detach => (Reverse(0), link.first_seen),
        };
        (kind(link.a), kind(link.b), time, link.a, link.b)
    };
    let mut order: Vec<usize> = (0..links.len()).collect();
    order.sort_by_cached_key(|at| links.get(*at).map(key));
    order
}

/// Disjoint groups that know what they have.
#[derive(Clone)]
struct Forest<'r> {
    rules: &'r Rules,
    parent: Vec<usize>,
    size: Vec<usize>,
    /// How many of each kind a group has, by its root; as many numbers a node as there are kinds.
    counts: Vec<u32>,
    /// When the identifiers of kinds with a period were first seen, in order, by root.
    seen: Vec<Vec<(usize, i64)>>,
    /// Whether somebody joined something of a group by hand, by root: its size was looked at.
    approved: Vec<bool>,
    /// The members of each group, by root.
    members: Vec<Vec<usize>>,
}

impl<'r> Forest<'r> {
    fn new(rules: &'r Rules, nodes: &[Facts]) -> Self {
        let kinds = rules.kinds.len();
        let mut counts = vec![0; nodes.len() * kinds];
        let mut seen = Vec::with_capacity(nodes.len());
        for (place, node) in nodes.iter().enumerate() {
            if let Some(count) = counts.get_mut(place * kinds + node.kind) {
                *count = 1;
            }
            let has_period = rules
                .kinds
                .get(node.kind)
                .is_some_and(|kind| kind.period.is_some());
            seen.push(if has_period {
                vec![(node.kind, node.first_seen)]
            } else {
                Vec::new()
            });
        }
        Self {
            rules,
            parent: (0..nodes.len()).collect(),
            size: vec![1; nodes.len()],
            counts,
            seen,
            approved: vec![false; nodes.len()],
            members: (0..nodes.len()).map(|place| vec![place]).collect(),
        }
    }

    /// The groups if all evidence counted.
    fn with_all(&self, links: &[Link]) -> Self {
        let mut all = self.clone();
        for link in links {
            all.unite(link.a, link.b);
        }
        all
    }

    fn root(&self, mut place: usize) -> usize {
        while let Some(parent) = self
            .parent
            .get(place)
            .copied()
            .filter(|parent| *parent != place)
        {
            place = parent;
        }
        place
    }

    fn counts(&self, root: usize) -> &[u32] {
        let kinds = self.rules.kinds.len();
        self.counts
            .get(root * kinds..(root + 1) * kinds)
            .unwrap_or_default()
    }

    /// Whether every group is within the rules.
    fn is_allowed(&self) -> bool {
        (0..self.parent.len())
            .filter(|place| self.root(*place) == *place)
            .all(|root| {
                let limits = self.rules.kinds.iter().zip(self.counts(root));
                let within = limits
                    .into_iter()
                    .all(|(kind, count)| kind.limit().is_none_or(|most| *count <= most));
                within
                    && self
                        .size
                        .get(root)
                        .is_some_and(|size| *size <= self.rules.blast_radius as usize)
                    && self
                        .seen
                        .get(root)
                        .is_none_or(|seen| self.too_many_at_once(seen).is_none())
            })
    }

    /// The kind of which there are too many within its period; `seen` is in order.
    fn too_many_at_once(&self, seen: &[(usize, i64)]) -> Option<usize> {
        const DAY: i64 = 86_400_000_000;
        seen.iter()
            .map(|(kind, _)| *kind)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .find(|kind| {
                let Some(period) = self.rules.kinds.get(*kind).and_then(|kind| kind.period) else {
                    return false;
                };
                let times: Vec<i64> = seen
                    .iter()
                    .filter(|(of, _)| of == kind)
                    .map(|(_, at)| *at)
                    .collect();
                let length = i64::from(period.days).saturating_mul(DAY);
                let mut windows = times.windows(period.most as usize + 1);
                windows.any(|window| match window {
                    [first, .., last] => last.saturating_sub(*first) < length,
                    _ => false,
                })
            })
    }

    /// Whether a person said that the two groups must not be one.
    fn apart(&self, bonds: &[Bond], a: usize, b: usize) -> Option<Reason> {
        let (one, two) = (self.root(a), self.root(b));
        if one == two {
            return None;
        }
        let parted = bonds.iter().filter(|bond| !bond.one).any(|bond| {
            let ends = (self.root(bond.a), self.root(bond.b));
            ends == (one, two) || ends == (two, one)
        });
        parted.then_some(Reason::CannotLink)
    }

    /// Whether the rules let the groups of two identifiers be one. What a person joined beyond a limit
    /// stays, but evidence adds nothing to it.
    fn may_unite(&self, a: usize, b: usize) -> Result<(), Reason> {
        let (one, two) = (self.root(a), self.root(b));
        if one == two {
            return Ok(());
        }
        let pairs = self.counts(one).iter().zip(self.counts(two));
        for ((left, right), (place, kind)) in pairs.zip(self.rules.kinds.iter().enumerate()) {
            let together = left + right;
            if let Some(most) = kind.limit()
                && together > most.max(*left).max(*right)
            {
                return Err(Reason::Limit {
                    kind: place,
                    most,
                    count: together,
                });
            }
        }
        let (left, right) = (self.seen.get(one), self.seen.get(two));
        let both = merged(
            left.map_or(&[][..], |seen| seen),
            right.map_or(&[][..], |seen| seen),
        );
        if let Some(kind) = self.too_many_at_once(&both)
            && let Some(period) = self.rules.kinds.get(kind).and_then(|kind| kind.period)
        {
            return Err(Reason::Period {
                kind,
                most: period.most,
                days: period.days,
            });
        }
        let size = |root: usize| self.size.get(root).copied().unwrap_or_default();
        let (radius, together) = (self.rules.blast_radius as usize, size(one) + size(two));
        let approved = |root: usize| self.approved.get(root).copied().unwrap_or_default();
        if together > radius && !approved(one) && !approved(two) {
            return Err(Reason::BlastRadius {
                size: together,
                radius,
            });
        }
        Ok(())
    }

    fn unite(&mut self, a: usize, b: usize) {
        let (one, two) = (self.root(a), self.root(b));
        if one == two {
            return;
        }
        let size = |root: usize| self.size.get(root).copied().unwrap_or_default();
        let (keep, give) = if size(one) >= size(two) {
            (one, two)
        } else {
            (two, one)
        };
        let together = size(one) + size(two);
        if let Some(parent) = self.parent.get_mut(give) {
            *parent = keep;
        }
        if let Some(size) = self.size.get_mut(keep) {
            *size = together;
        }
        if self.approved.get(give) == Some(&true)
            && let Some(approved) = self.approved.get_mut(keep)
        {
            *approved = true;
        }
        let given = self.counts(give).to_vec();
        let kinds = self.rules.kinds.len();
        let kept = self
            .counts
            .get_mut(keep * kinds..(keep + 1) * kinds)
            .unwrap_or_default();
        for (kept, given) in kept.iter_mut().zip(given) {
            *kept += given;
        }
        let given = self
            .seen
            .get_mut(give)
            .map(std::mem::take)
            .unwrap_or_default();
        if let Some(kept) = self.seen.get_mut(keep).filter(|_| !given.is_empty()) {
            *kept = merged(kept, &given);
        }
        let given = self
            .members
            .get_mut(give)
            .map(std::mem::take)
            .unwrap_or_default();
        if let Some(kept) = self.members.get_mut(keep) {
            kept.extend(given);
        }
    }

    /// Of each identifier the smallest place of its group.
    fn groups(self) -> Vec<usize> {
        let mut group: Vec<usize> = (0..self.parent.len()).collect();
        for members in self.members {
            let Some(first) = members.iter().min().copied() else {
                continue;
            };
            for member in members {
                if let Some(group) = group.get_mut(member) {
                    *group = first;
                }
            }
        }
        group
    }
}

/// Both in order of time.
fn merged(left: &[(usize, i64)], right: &[(usize, i64)]) -> Vec<(usize, i64)> {
    let mut both = [left, right].concat();
    both.sort_by_key(|(_, at)| *at);
    both
}
