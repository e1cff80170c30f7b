//! The graph in memory: the answers of [`super::resolve`], kept up to date piece by piece.
//!
//! Identifiers and evidence are numbers here. A connected component that the rules allow is one profile, and an event
//! that adds to it costs a few look-ups however large it is. Only a component that breaks a rule is solved, by the same
//! function, and no more than [`MOST_CONTESTED`] pieces of evidence at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::names::{Name, Names};
use super::reason::Reason;
use super::rules::{MOST_CONTESTED, Rules};
use super::solve::{Bond, Facts, Link, Neighbours, Solved, solve};
use super::{BlockedMerge, Constraint, Decision, Edge, Group, Resolution};
use crate::identifier::Identifier;
use crate::time::Timestamp;

/// No node, no edge.
const NONE: u32 = u32::MAX;
/// Edges of an identifier up to which a pair is looked for among them, and not by its two ends.
const FEW: u32 = 8;

/// An identifier. What is said of a component counts at its root alone.
#[derive(Clone, Copy, Debug)]
struct Slot {
    first_seen: i64,
    /// Where its value is in the text of all values.
    text: (u32, u32),
    parent: u32,
    /// The next member of the component, in a ring.
    next: u32,
    /// Its first edge, as the end that it is.
    edges: u32,
    degree: u32,
    /// Of a root: how many members.
    size: u32,
    /// How many edges it has, cut ones too.
    edge_count: u32,
    /// Of a root: the member that names the profile; of a member of a contested component, its own group's.
    seed: u32,
    kind: u8,
    /// Whether it was seen with too many others to name anybody.
    crowded: bool,
    /// Of a root: whether somebody decided something of a member.
    bonded: bool,
    /// Of a root.
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// One profile.
    Whole,
    /// Solved, each member with its own seed.
    Contested,
    /// Too large to be solved: nobody is joined, but by decisions.
    Frozen,
}

/// Evidence. `next` are the following edges of its two ends.
#[derive(Clone, Copy, Debug)]
struct Arc {
    a: u32,
    b: u32,
    next: (u32, u32),
    first_seen: i64,
    last_seen: i64,
}

/// An identity graph of one space. `S` hashes values, which strangers choose: bring a keyed one.
#[derive(Clone, Debug)]
pub struct Graph<S> {
    rules: Rules,
    hasher: S,
    values: String,
    nodes: Vec<Slot>,
    arcs: Vec<Arc>,
    by_name: Names,
    /// Edges whose ends both have more than a few.
    by_ends: HashTable<u32>,
    /// Kinds whose values are limited, and how many of them each component has, by root.
    limited: Vec<usize>,
    counts: Vec<u16>,
    /// Unique kinds, and with how many of their values each identifier was seen.
    unique: Vec<usize>,
    seen_with: Vec<u16>,
    cut: BTreeSet<(u32, u32)>,
    bonds: BTreeMap<(u32, u32), bool>,
    /// Identifiers that bonds name.
    bound: BTreeSet<u32>,
    /// Roots whose answer may have changed.
    dirty: BTreeSet<u32>,
    /// How many components were solved one edge at a time.
    solved: u64,
}

impl<S: BuildHasher> Graph<S> {
    /// An empty graph.
    #[must_use]
    pub fn new(rules: Rules, hasher: S) -> Self {
        let places = |wanted: &dyn Fn(&super::Kind) -> bool| -> Vec<usize> {
            let kinds = rules.kinds.iter().enumerate();
            kinds
                .filter(|(_, kind)| wanted(kind))
                .map(|(place, _)| place)
                .collect()
        };
        let limited = places(&|kind| kind.limit().is_some() || kind.period.is_some());
        let unique = places(&|kind| kind.unique);
        Self {
            rules,
            hasher,
            values: String::new(),
            nodes: Vec::new(),
            arcs: Vec::new(),
            by_name: Names::default(),
            by_ends: HashTable::new(),
            limited,
            counts: Vec::new(),
            unique,
            seen_with: Vec::new(),
            cut: BTreeSet::new(),
            bonds: BTreeMap::new(),
            bound: BTreeSet::new(),
            dirty: BTreeSet::new(),
            solved: 0,
        }
    }

    /// Takes in the identifiers that one event or record carried: places of kinds and values in normal form.
    /// Gives the number of the strongest, which is the event's anchor; `None` without any.
    pub fn add(&mut self, identifiers: &[(usize, &str)], at: Timestamp) -> Option<u32> {
        let at = at.as_micros();
        let mut numbers = [NONE; 32];
        let mut known = 0;
        for (kind, value) in identifiers {
            let node = self.node(*kind, value);
            self.see(node, at);
            if known < numbers.len() && !numbers[..known].contains(&node) {
                numbers[known] = node;
                known += 1;
            }
        }
        let numbers = &mut numbers[..known];
        let centre = numbers
            .iter()
            .copied()
            .min_by_key(|node| self.nodes[*node as usize].kind)?;
        for other in numbers.iter().copied().filter(|other| *other != centre) {
            self.evidence(centre, other, at, at);
        }
        self.settle();
        Some(centre)
    }

    /// Takes in one piece of evidence.
    pub fn add_edge(&mut self, edge: &Edge) {
        let (Some(a), Some(b)) = (self.place_of(&edge.a), self.place_of(&edge.b)) else {
            return;
        };
        let (a, b) = (self.node(a, edge.a.value()), self.node(b, edge.b.value()));
        self.see(a, edge.first_seen.as_micros());
        self.see(b, edge.first_seen.as_micros());
        if a != b {
            self.evidence(
                a,
                b,
                edge.first_seen.as_micros(),
                edge.last_seen.as_micros(),
            );
        }
        self.settle();
    }

    /// Takes in what somebody decided, or takes it back.
    pub fn decide(&mut self, constraint: &Constraint, holds: bool) {
        let (Some(a), Some(b)) = (self.place_of(&constraint.a), self.place_of(&constraint.b))
        else {
            return;
        };
        let (a, b) = (
            self.node(a, constraint.a.value()),
            self.node(b, constraint.b.value()),
        );
        let pair = (a.min(b), a.max(b));
        let before = self.around(&[a, b]);
        match (constraint.decision, holds) {
            (Decision::Cut, true) => drop(self.cut.insert(pair)),
            (Decision::Cut, false) => drop(self.cut.remove(&pair)),
            (decision, true) => drop(self.bonds.insert(pair, decision == Decision::MustLink)),
            (_, false) => drop(self.bonds.remove(&pair)),
        }
        self.bound = self.bonds.keys().flat_map(|(a, b)| [*a, *b]).collect();
        self.rebuild(&before);
        self.settle();
    }

    /// The identifier that names the profile of an identifier.
    #[must_use]
    pub fn seed(&self, identifier: &Identifier) -> Option<Identifier> {
        let node = self.find(self.place_of(identifier)?, identifier.value())?;
        Some(self.identifier(self.seed_of(node)))
    }

    /// The number of the identifier that names the profile of the identifier with a number.
    #[must_use]
    pub fn seed_of(&self, node: u32) -> u32 {
        let root = self.root(node);
        match self.nodes[root as usize].state {
            State::Whole => self.nodes[root as usize].seed,
            State::Contested | State::Frozen => self.nodes[node as usize].seed,
        }
    }

    /// How many identifiers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// How many pieces of evidence there are.
    #[must_use]
    pub fn edges(&self) -> usize {
        self.arcs.len()
    }

    /// How often a component had to be solved one edge at a time.
    #[must_use]
    pub fn solved(&self) -> u64 {
        self.solved
    }

    /// Everything, as [`super::resolve`] says it. Solves contested components again for their refusals.
    #[must_use]
    pub fn resolution(&self) -> Resolution {
        let mut groups: BTreeMap<u32, Vec<Identifier>> = BTreeMap::new();
        let mut roots = BTreeSet::new();
        for node in 0..number(self.nodes.len()) {
            groups
                .entry(self.seed_of(node))
                .or_default()
                .push(self.identifier(node));
            roots.insert(self.root(node));
        }
        let mut groups: Vec<Group> = groups
            .into_iter()
            .map(|(seed, mut members)| {
                members.sort();
                Group {
                    seed: self.identifier(seed),
                    members,
                }
            })
            .collect();
        groups.sort_by(|left, right| left.seed.cmp(&right.seed));
        let mut blocked = Vec::new();
        for arc in &self.arcs {
            let reason = self
                .stands(arc)
                .or_else(|| self.crowd(arc.a))
                .or_else(|| self.crowd(arc.b));
            blocked.extend(reason.map(|reason| BlockedMerge {
                edge: self.edge(arc),
                reason,
            }));
        }
        for root in roots {
            if self.nodes[root as usize].state != State::Whole {
                let (_, arcs, solved) = self.solve(root);
                blocked.extend(solved.refused.into_iter().map(|(at, reason)| BlockedMerge {
                    edge: self.edge(&self.arcs[arcs[at] as usize]),
                    reason,
                }));
            }
        }
        let key = |blocked: &BlockedMerge| {
            let rank = |identifier: &Identifier| (self.place_of(identifier), identifier.clone());
            (rank(&blocked.edge.a), rank(&blocked.edge.b))
        };
        blocked.sort_by_cached_key(key);
        Resolution { groups, blocked }
    }

    fn place_of(&self, identifier: &Identifier) -> Option<usize> {
        self.rules.place(identifier.kind())
    }

    fn value(&self, node: u32) -> &str {
        let (start, length) = self.nodes[node as usize].text;
        &self.values[start as usize..(start + length) as usize]
    }

    fn identifier(&self, node: u32) -> Identifier {
        let kind = usize::from(self.nodes[node as usize].kind);
        Identifier::new(&self.rules.kinds[kind].kind, self.value(node))
    }

    fn find(&self, kind: usize, value: &str) -> Option<u32> {
        self.find_named(kind, value, self.hash_of(kind, value))
    }

    fn hash_of(&self, kind: usize, value: &str) -> u32 {
        // Half of it tells them apart, and its value does for certain.
        u32::try_from(self.hasher.hash_one((kind, value)) >> 32).unwrap_or_default()
    }

    fn find_named(&self, kind: usize, value: &str, hash: u32) -> Option<u32> {
        self.by_name.find(hash, |name| {
            let start = name.start as usize;
            let slot = &self.nodes[name.node as usize];
            self.values.as_bytes()[start..].starts_with(value.as_bytes())
                && slot.text.1 as usize == value.len()
                && usize::from(slot.kind) == kind
        })
    }

    /// The identifier with a name, which is made where there is none.
    fn node(&mut self, kind: usize, value: &str) -> u32 {
        let hash = self.hash_of(kind, value);
        if let Some(node) = self.find_named(kind, value, hash) {
            return node;
        }
        let node = number(self.nodes.len());
        let start = number(self.values.len());
        self.values.push_str(value);
        self.nodes.push(Slot {
            first_seen: i64::MAX,
            text: (start, number(value.len())),
            parent: node,
            next: node,
            edges: NONE,
            degree: 0,
            size: 1,
            edge_count: 0,
            seed: node,
            kind: u8::try_from(kind).unwrap_or(u8::MAX),
            crowded: false,
            bonded: false,
            state: State::Whole,
        });
        self.counts
            .extend(self.limited.iter().map(|of| u16::from(*of == kind)));
        self.seen_with.extend(self.unique.iter().map(|_| 0));
        self.by_name.insert(Name { hash, node, start });
        node
    }

    /// How strong an identifier is as a seed; the smallest names the profile.
    fn rank(&self, node: u32) -> (u8, i64, &str) {
        let slot = &self.nodes[node as usize];
        (slot.kind, slot.first_seen, self.value(node))
    }

    fn see(&mut self, node: u32, at: i64) {
        if self.nodes[node as usize].first_seen <= at {
            return;
        }
        self.nodes[node as usize].first_seen = at;
        let root = self.root(node);
        match self.nodes[root as usize].state {
            State::Whole => {
                let seed = self.nodes[root as usize].seed;
                if self.rank(node) < self.rank(seed) {
                    self.nodes[root as usize].seed = node;
                }
                // New identifiers of a kind with a period may have come closer together.
                let kind = usize::from(self.nodes[node as usize].kind);
                if self.rules.kinds[kind].period.is_some() {
                    self.dirty.insert(root);
                }
            }
            State::Contested => drop(self.dirty.insert(root)),
            State::Frozen => {}
        }
    }

    /// Takes in that two identifiers were seen together.
    fn evidence(&mut self, one: u32, two: u32, first: i64, last: i64) {
        let (a, b) = if self.is_before(one, two) {
            (one, two)
        } else {
            (two, one)
        };
        if let Some(arc) = self.arc_between(a, b) {
            let known = &mut self.arcs[arc as usize];
            let moved = first < known.first_seen
                || (last > known.last_seen && self.rules.conflict == super::Conflict::LastOwner);
            known.first_seen = known.first_seen.min(first);
            known.last_seen = known.last_seen.max(last);
            let known = *known;
            if moved && self.is_live(&known) {
                let root = self.root(a);
                if self.nodes[root as usize].state == State::Contested {
                    self.dirty.insert(root);
                }
            }
            return;
        }
        let arc = number(self.arcs.len());
        let next = (self.nodes[a as usize].edges, self.nodes[b as usize].edges);
        self.arcs.push(Arc {
            a,
            b,
            next,
            first_seen: first,
            last_seen: last,
        });
        for node in [a, b] {
            self.nodes[node as usize].edges = arc;
            self.nodes[node as usize].edge_count += 1;
        }
        self.index(arc);
        let new = self.arcs[arc as usize];
        if self.stands(&new).is_some() {
            return;
        }
        self.count(a, b);
        let before = [
            self.nodes[a as usize].crowded,
            self.nodes[b as usize].crowded,
        ];
        let crowded = [self.crowd(a).is_some(), self.crowd(b).is_some()];
        let crossing: Vec<u32> = [a, b]
            .into_iter()
            .zip(before)
            .zip(crowded)
            .filter(|((_, before), now)| !before && *now)
            .map(|((node, _), _)| node)
            .collect();
        if crossing.is_empty() {
            if !before[0] && !before[1] {
                self.join(a, b);
            }
        } else {
            // Its edges connected what they connect no more.
            let roots = crossing.iter().map(|node| self.root(*node)).collect();
            self.rebuild(&roots);
        }
    }

    /// The evidence of a pair, the end of the stronger kind first.
    fn arc_between(&self, a: u32, b: u32) -> Option<u32> {
        let same = |arc: &u32| {
            let arc = &self.arcs[*arc as usize];
            (arc.a, arc.b) == (a, b)
        };
        // Those of the weaker kind mostly have the fewest.
        let few = [b, a].into_iter().find(|end| self.has_few(*end));
        match few {
            Some(end) => self.arcs_of(end).find(same),
            None => self
                .by_ends
                .find(self.hasher.hash_one((a, b)), same)
                .copied(),
        }
    }

    fn has_few(&self, node: u32) -> bool {
        self.nodes[node as usize].edge_count <= FEW
    }

    /// Enters a new edge into `by_ends` if both its ends have more than a few now; and the earlier edges of an end that has just come
    /// to have more than a few, if their other end does too.
    fn index(&mut self, arc: u32) {
        let Arc { a, b, .. } = self.arcs[arc as usize];
        let until_now = [a, b].into_iter();
        let until_now = until_now.filter(|end| self.nodes[*end as usize].edge_count == FEW + 1);
        let others = until_now.flat_map(|end| self.arcs_of(end));
        let others: Vec<u32> = others.filter(|other| *other != arc).collect();
        for arc in others.into_iter().chain([arc]) {
            let Arc { a, b, .. } = self.arcs[arc as usize];
            if self.has_few(a) || self.has_few(b) {
                continue;
            }
            let (arcs, hasher) = (&self.arcs, &self.hasher);
            let ends = |arc: &u32| hasher.hash_one((arcs[*arc as usize].a, arcs[*arc as usize].b));
            self.by_ends.insert_unique(ends(&arc), arc, ends);
        }
    }

    /// Counts two that were seen together for the first time.
    fn count(&mut self, a: u32, b: u32) {
        for (one, other) in [(a, b), (b, a)] {
            self.nodes[one as usize].degree += 1;
            let kind = usize::from(self.nodes[other as usize].kind);
            if let Some(at) = self.unique.iter().position(|unique| *unique == kind) {
                let count = &mut self.seen_with[one as usize * self.unique.len() + at];
                *count = count.saturating_add(1);
            }
        }
    }

    /// Why an identifier names nobody.
    fn crowd(&self, node: u32) -> Option<Reason> {
        let at = node as usize;
        let counts = &self.seen_with[at * self.unique.len()..(at + 1) * self.unique.len()];
        // The most, and the strongest kind of those with as many.
        let most = counts
            .iter()
            .zip(&self.unique)
            .rev()
            .max_by_key(|(count, _)| **count);
        let neighbours = Neighbours::counted(
            self.nodes[at].degree as usize,
            most.map_or((0, 0), |(count, kind)| (u32::from(*count), *kind)),
        );
        self.rules
            .crowded(usize::from(self.nodes[at].kind), &neighbours)
    }

    fn stands(&self, arc: &Arc) -> Option<Reason> {
        let pair = (arc.a.min(arc.b), arc.a.max(arc.b));
        self.cut.contains(&pair).then_some(Reason::Cut)
    }

    fn is_live(&self, arc: &Arc) -> bool {
        !self.nodes[arc.a as usize].crowded
            && !self.nodes[arc.b as usize].crowded
            && self.stands(arc).is_none()
    }

    fn is_before(&self, one: u32, two: u32) -> bool {
        let key = |node: u32| (self.nodes[node as usize].kind, self.value(node));
        key(one) <= key(two)
    }

    fn root(&self, mut node: u32) -> u32 {
        // Components are joined smaller into larger, so the way is short.
        loop {
            let parent = self.nodes[node as usize].parent;
            if parent == node {
                return node;
            }
            node = parent;
        }
    }

    /// Joins the components of two identifiers, and notes what has to be solved.
    fn join(&mut self, a: u32, b: u32) {
        let (one, two) = (self.root(a), self.root(b));
        if one == two {
            match self.nodes[one as usize].state {
                State::Whole => {}
                State::Contested => drop(self.dirty.insert(one)),
                // Nothing of it joins anybody, this neither.
                State::Frozen => {}
            }
            return;
        }
        let (keep, give) = if self.nodes[one as usize].size >= self.nodes[two as usize].size {
            (one, two)
        } else {
            (two, one)
        };
        let given = self.nodes[give as usize];
        let kept = self.nodes[keep as usize];
        let names = if self.rank(given.seed) < self.rank(kept.seed) {
            given.seed
        } else {
            kept.seed
        };
        let both_whole = kept.state == State::Whole && given.state == State::Whole;
        let root = &mut self.nodes[keep as usize];
        root.size += given.size;
        root.next = given.next;
        self.nodes[give as usize].next = kept.next;
        self.nodes[give as usize].parent = keep;
        let stride = self.limited.len();
        for at in 0..stride {
            let given = self.counts[give as usize * stride + at];
            let count = &mut self.counts[keep as usize * stride + at];
            *count = count.saturating_add(given);
        }
        let is_dirty = self.dirty.remove(&give) || self.dirty.contains(&keep);
        let bonded = kept.bonded || given.bonded;
        self.nodes[keep as usize].bonded = bonded;
        if !is_dirty && !bonded && (kept.state == State::Frozen || given.state == State::Frozen) {
            // What comes to it stands alone, as all that is in it.
            if kept.state != State::Frozen {
                self.stand_alone(kept.next, keep);
            }
            if given.state != State::Frozen {
                self.stand_alone(given.next, give);
            }
            self.nodes[keep as usize].state = State::Frozen;
        } else if !is_dirty && !bonded && both_whole && !self.breaks_a_rule(keep) {
            self.nodes[keep as usize].seed = names;
        } else {
            self.dirty.insert(keep);
        }
    }

    /// Makes the members from one to another, in the ring's order, their own profiles.
    fn stand_alone(&mut self, from: u32, to: u32) {
        let mut node = from;
        loop {
            self.nodes[node as usize].seed = node;
            if node == to {
                return;
            }
            node = self.nodes[node as usize].next;
        }
    }

    /// Whether a component may break a rule.
    fn breaks_a_rule(&self, root: u32) -> bool {
        let stride = self.limited.len();
        let counts = &self.counts[root as usize * stride..(root as usize + 1) * stride];
        let limits = self.limited.iter().zip(counts).any(|(kind, count)| {
            let kind = &self.rules.kinds[*kind];
            let period = kind.period.map(|period| period.most);
            let most = [kind.limit(), period].into_iter().flatten().min();
            most.is_some_and(|most| u32::from(*count) > most)
        });
        limits || self.nodes[root as usize].size > self.rules.blast_radius
    }

    /// Solves what may have changed.
    fn settle(&mut self) {
        while let Some(root) = self.dirty.pop_first() {
            let root = self.root(root);
            let slot = self.nodes[root as usize];
            let has_bonds = slot.bonded;
            if !has_bonds && !self.breaks_a_rule(root) {
                let members = self.members(root);
                let seed = members
                    .iter()
                    .copied()
                    .min_by(|left, right| self.rank(*left).cmp(&self.rank(*right)));
                self.nodes[root as usize].seed = seed.unwrap_or(root);
                self.nodes[root as usize].state = State::Whole;
                continue;
            }
            self.solved += 1;
            let (members, arcs, solved) = self.solve(root);
            let mut seeds: BTreeMap<usize, u32> = BTreeMap::new();
            for (member, group) in members.iter().zip(&solved.group) {
                let seed = seeds.entry(*group).or_insert(*member);
                if self.rank(*member) < self.rank(*seed) {
                    *seed = *member;
                }
            }
            let is_whole = seeds.len() == 1 && solved.refused.is_empty();
            for (member, group) in members.iter().zip(&solved.group) {
                self.nodes[*member as usize].seed = seeds[group];
            }
            self.nodes[root as usize].state = if is_whole && !has_bonds {
                self.nodes[root as usize].seed = seeds.into_values().next().unwrap_or(root);
                State::Whole
            } else if arcs.len() > MOST_CONTESTED {
                State::Frozen
            } else {
                State::Contested
            };
        }
    }

    fn members(&self, root: u32) -> Vec<u32> {
        let mut members = Vec::with_capacity(self.nodes[root as usize].size as usize);
        let mut node = root;
        loop {
            members.push(node);
            node = self.nodes[node as usize].next;
            if node == root {
                return members;
            }
        }
    }

    /// The edges of an identifier.
    fn arcs_of(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        let mut next = self.nodes[node as usize].edges;
        std::iter::from_fn(move || {
            let found = (next != NONE).then_some(next)?;
            let arc = &self.arcs[found as usize];
            next = if arc.a == node {
                arc.next.0
            } else {
                arc.next.1
            };
            Some(found)
        })
    }

    /// Solves a component: its members in order, its live edges, and the answer.
    fn solve(&self, root: u32) -> (Vec<u32>, Vec<u32>, Solved) {
        let mut members = self.members(root);
        members.sort_by(|left, right| {
            let key = |node: u32| (self.nodes[node as usize].kind, self.value(node));
            key(*left).cmp(&key(*right))
        });
        let mut places: Vec<(u32, usize)> = members
            .iter()
            .enumerate()
            .map(|(place, node)| (*node, place))
            .collect();
        places.sort_unstable();
        let place = |node: u32| {
            places
                .binary_search_by_key(&node, |(node, _)| *node)
                .ok()
                .map(|at| places[at].1)
        };
        let facts: Vec<Facts> = members
            .iter()
            .map(|node| &self.nodes[*node as usize])
            .map(|slot| Facts {
                kind: usize::from(slot.kind),
                first_seen: slot.first_seen,
            })
            .collect();
        let mut links = Vec::new();
        let mut arcs = Vec::new();
        for (at, node) in members.iter().enumerate() {
            if self.nodes[*node as usize].crowded {
                continue;
            }
            for number in self.arcs_of(*node) {
                let arc = &self.arcs[number as usize];
                if arc.a == *node
                    && self.is_live(arc)
                    && let Some(b) = place(arc.b)
                {
                    links.push(Link {
                        a: at,
                        b,
                        first_seen: arc.first_seen,
                        last_seen: arc.last_seen,
                    });
                    arcs.push(number);
                }
            }
        }
        let bonds: BTreeMap<(usize, usize), bool> = self
            .bonds
            .iter()
            .filter_map(|((a, b), one)| {
                let (a, b) = (place(*a)?, place(*b)?);
                Some(((a.min(b), a.max(b)), *one))
            })
            .collect();
        let bonds: Vec<Bond> = bonds
            .into_iter()
            .map(|((a, b), one)| Bond { a, b, one })
            .collect();
        let solved = solve(&self.rules, &facts, &links, &bonds);
        (members, arcs, solved)
    }

    /// The components of identifiers and of all that they were seen with.
    fn around(&self, nodes: &[u32]) -> BTreeSet<u32> {
        let mut roots: BTreeSet<u32> = nodes.iter().map(|node| self.root(*node)).collect();
        for node in nodes {
            let others = self
                .arcs_of(*node)
                .map(|arc| &self.arcs[arc as usize])
                .flat_map(|arc| [arc.a, arc.b]);
            roots.extend(others.map(|other| self.root(other)));
        }
        roots
    }

    /// Takes components apart and connects anew what their evidence connects.
    fn rebuild(&mut self, roots: &BTreeSet<u32>) {
        let members: Vec<u32> = roots.iter().flat_map(|root| self.members(*root)).collect();
        let stride = self.limited.len();
        for node in members.iter().copied() {
            self.dirty.remove(&node);
            let slot = &mut self.nodes[node as usize];
            (slot.parent, slot.next, slot.seed, slot.size) = (node, node, node, 1);
            (slot.degree, slot.state) = (0, State::Whole);
            slot.bonded = self.bound.contains(&node);
            let kind = usize::from(slot.kind);
            for (at, of) in self.limited.iter().enumerate() {
                self.counts[node as usize * stride + at] = u16::from(*of == kind);
            }
            let unique = self.unique.len();
            self.seen_with[node as usize * unique..(node as usize + 1) * unique].fill(0);
            let standing: Vec<(u32, u32)> = self
                .arcs_of(node)
                .map(|arc| self.arcs[arc as usize])
                .filter(|arc| self.stands(arc).is_none())
                .map(|arc| (node, if arc.a == node { arc.b } else { arc.a }))
                .collect();
            for (one, other) in standing {
                self.nodes[one as usize].degree += 1;
                let kind = usize::from(self.nodes[other as usize].kind);
                if let Some(at) = self.unique.iter().position(|unique| *unique == kind) {
                    let count = &mut self.seen_with[one as usize * unique + at];
                    *count = count.saturating_add(1);
                }
            }
            self.nodes[node as usize].crowded = self.crowd(node).is_some();
        }
        for node in members.iter().copied() {
            if self.nodes[node as usize].crowded {
                continue;
            }
            let live: Vec<Arc> = self
                .arcs_of(node)
                .map(|arc| self.arcs[arc as usize])
                .filter(|arc| arc.a == node && self.is_live(arc))
                .collect();
            for arc in live {
                self.join(arc.a, arc.b);
            }
        }
        let bonds: Vec<(u32, u32)> = self
            .bonds
            .iter()
            .filter(|(_, one)| **one)
            .map(|(pair, _)| *pair)
            .collect();
        for (a, b) in bonds {
            if self.root(a) != self.root(b) {
                self.join(a, b);
            }
        }
        let roots: BTreeSet<u32> = members.iter().map(|node| self.root(*node)).collect();
        self.dirty.extend(roots);
    }

    fn edge(&self, arc: &Arc) -> Edge {
        Edge {
            a: self.identifier(arc.a),
            b: self.identifier(arc.b),
            first_seen: Timestamp::from_micros(arc.first_seen),
            last_seen: Timestamp::from_micros(arc.last_seen),
        }
    }
}

/// A number of a node or an edge. Four thousand million of either do not fit into memory.
fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(NONE)
}
