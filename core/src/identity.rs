//! Identity: which identifiers are one person, as a pure function of the evidence, of what people decided,
//! and of the space's [`Rules`].
//!
//! Evidence is a set of [`Edge`]s between identifiers, each with the times at which it was first and last
//! seen. Identifiers that were seen with too many others are taken out. What is then connected is one profile if the
//! rules allow it; where they do not, its evidence is taken in an order that depends only on its content,
//! and what would break a rule is refused: Kruskal's algorithm with constraints. So the same evidence in any order
//! gives the same profiles. [`resolve`] says this in a few lines over everything at once; [`Graph`] gives
//! the same answers piece by piece.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::identifier::Identifier;
use crate::time::Timestamp;

mod attribution;
mod crowd;
mod evidence;
mod graph;
mod names;
mod read;
mod reason;
mod rules;
mod solve;

pub use crate::profile_id::profile_id;
pub use attribution::{BELIEVED, SignIns, Word, is_device, only_devices, whose};
pub use crowd::Crowd;
pub use evidence::Pair;
pub use graph::Graph;
pub use reason::{Code, Reason};
pub use rules::{
    Blocked, Conflict, Form, Kind, MOST_CONTESTED, Period, Rules, SharedDevices, Unfit,
};

use solve::{Bond, Facts, Link, Neighbours, solve};

/// Evidence that two identifiers are one person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Edge {
    /// The stronger identifier.
    pub a: Identifier,
    /// The other.
    pub b: Identifier,
    /// The earliest event time of this evidence.
    pub first_seen: Timestamp,
    /// The latest.
    pub last_seen: Timestamp,
}

/// An identifier and when it was first seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// The identifier.
    pub identifier: Identifier,
    /// The earliest event time it was seen.
    pub first_seen: Timestamp,
}

/// What somebody decided of two identifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", schemars(rename = "IdentityDecision"))]
pub enum Decision {
    /// The evidence between them does not count, as if it had never been.
    Cut,
    /// They are one person, whatever evidence and limits say.
    MustLink,
    /// They are two people, whatever anybody else says.
    CannotLink,
}

/// Two identifiers and what was decided of them. The order of the two says nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "DecidedPair"))]
pub struct Constraint {
    /// The one.
    pub a: Identifier,
    /// The other.
    pub b: Identifier,
    /// What was decided.
    pub decision: Decision,
}

impl Constraint {
    /// Whether it is about these two.
    #[must_use]
    pub fn is_of(&self, one: &Identifier, two: &Identifier) -> bool {
        (&self.a, &self.b) == (one, two) || (&self.b, &self.a) == (one, two)
    }
}

/// The identifiers of one profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The identifier that names the profile: the strongest, then the earliest, then the smallest.
    pub seed: Identifier,
    /// All members, sorted.
    pub members: Vec<Identifier>,
}

/// Evidence that does not join, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockedMerge {
    /// The evidence.
    pub edge: Edge,
    /// Why.
    pub reason: Reason,
}

/// Profiles and refused evidence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    /// The profiles, sorted by seed.
    pub groups: Vec<Group>,
    /// What does not join, sorted by evidence.
    pub blocked: Vec<BlockedMerge>,
}

/// Groups the identifiers into profiles. Every identifier of `edges` and `constraints` counts as a node, first
/// seen with its earliest edge, unless `nodes` says it was seen before.
#[must_use]
pub fn resolve(
    rules: &Rules,
    nodes: &[Node],
    edges: &[Edge],
    constraints: &[Constraint],
) -> Resolution {
    let parts = resolve_parts(rules, nodes, edges, constraints, &BTreeMap::new());
    let mut groups: Vec<Group> = parts.components.into_iter().flatten().collect();
    groups.sort_by(|left, right| left.seed.cmp(&right.seed));
    Resolution {
        groups,
        blocked: parts.blocked,
    }
}

/// What [`resolve`] says, by what is connected: no evidence joins what is in two components, so each can be
/// resolved without the others.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// The profiles of each component.
    pub components: Vec<Vec<Group>>,
    /// What does not join, sorted by evidence.
    pub blocked: Vec<BlockedMerge>,
    /// Identifiers that were seen with too many others to name anybody.
    pub crowded: BTreeMap<Identifier, Reason>,
}

/// [`resolve`] over a part of the evidence. `crowded` are identifiers of which it is known already that they were
/// seen with too many others, by evidence that is not given.
#[must_use]
pub fn resolve_parts(
    rules: &Rules,
    nodes: &[Node],
    edges: &[Edge],
    constraints: &[Constraint],
    crowded: &BTreeMap<Identifier, Reason>,
) -> Parts {
    let world = World::new(rules, nodes, edges, constraints, crowded);
    let mut blocked: BTreeMap<usize, Reason> = BTreeMap::new();
    let mut live = Vec::new();
    for (at, link) in world.links.iter().enumerate() {
        match world.taken_out(link) {
            Some(reason) => drop(blocked.insert(at, reason)),
            None => live.push(at),
        }
    }
    let mut components = Vec::new();
    for component in world.components(&live) {
        let solved = world.solve(&component);
        let refused = solved.refused.into_iter();
        blocked.extend(refused.filter_map(|(at, why)| Some((*component.links.get(at)?, why))));
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (place, group) in component.nodes.iter().zip(solved.group) {
            members.entry(group).or_default().push(*place);
        }
        let groups = members.into_values();
        components.push(groups.filter_map(|members| world.group(&members)).collect());
    }
    Parts {
        components,
        blocked: blocked
            .into_iter()
            .filter_map(|(at, reason)| {
                Some(BlockedMerge {
                    edge: world.edge(at)?,
                    reason,
                })
            })
            .collect(),
        crowded: world
            .names
            .iter()
            .zip(&world.crowded)
            .filter_map(|(name, reason)| Some(((*name).clone(), reason.clone()?)))
            .collect(),
    }
}

/// The one profile that identifiers are which evidence connects, where no rule divides them whatever that evidence is; `None` where
/// it takes the evidence to tell, as [`resolve`] does. Nothing may have been decided of them, and none of them may have been seen
/// with an identifier that is not given.
#[must_use]
pub fn undivided(rules: &Rules, nodes: &[Node]) -> Option<Group> {
    let mut counts = vec![0_u32; rules.kinds.len()];
    let mut seed: Option<(usize, Timestamp, &Identifier)> = None;
    for Node {
        identifier,
        first_seen,
    } in nodes
    {
        let kind = rules.place(identifier.kind())?;
        if rules.is_blocked(identifier.value()) {
            return None;
        }
        *counts.get_mut(kind)? += 1;
        let rank = (kind, *first_seen, identifier);
        seed = Some(seed.map_or(rank, |least| least.min(rank)));
    }
    let counted = || rules.kinds.iter().zip(&counts);
    let within = counted().all(|(kind, count)| {
        let in_a_period = kind.period.map(|period| period.most);
        let mut most = kind.limit().into_iter().chain(in_a_period);
        most.all(|most| *count <= most)
    });
    let most_unique = counted().filter(|(kind, _)| kind.unique);
    let most_unique = most_unique.map(|(_, count)| *count).max();
    let everybody = Neighbours::counted(nodes.len(), (most_unique.unwrap_or_default(), 0));
    let mut present = (0..).zip(&counts).filter(|(_, count)| **count > 0);
    if !within || present.any(|(kind, _)| rules.crowded(kind, &everybody).is_some()) {
        return None;
    }
    let mut members: Vec<Identifier> = nodes.iter().map(|node| node.identifier.clone()).collect();
    members.sort();
    Some(Group {
        seed: seed?.2.clone(),
        members,
    })
}

/// All that is given, by places: identifiers sorted by kind and value, evidence by identifiers.
struct World<'a> {
    rules: &'a Rules,
    names: Vec<&'a Identifier>,
    facts: Vec<Facts>,
    /// Whether the rules know of such an identifier.
    unfit: Vec<bool>,
    links: Vec<Link>,
    /// Why an identifier names nobody.
    crowded: Vec<Option<Reason>>,
    cut: BTreeSet<(usize, usize)>,
    bonds: Vec<Bond>,
}

/// Connected identifiers and what connects them, by their places in the world.
struct Component {
    nodes: Vec<usize>,
    links: Vec<usize>,
    bonds: Vec<usize>,
}

impl<'a> World<'a> {
    fn new(
        rules: &'a Rules,
        nodes: &'a [Node],
        edges: &'a [Edge],
        constraints: &'a [Constraint],
        crowded: &BTreeMap<Identifier, Reason>,
    ) -> Self {
        let mut first_seen: BTreeMap<(usize, &Identifier), i64> = BTreeMap::new();
        let weakest = rules.kinds.len();
        let key = |identifier: &'a Identifier| {
            (
                rules.place(identifier.kind()).unwrap_or(weakest),
                identifier,
            )
        };
        let of_nodes = nodes
            .iter()
            .map(|node| (&node.identifier, node.first_seen.as_micros()));
        let of_edges = edges.iter().flat_map(|edge| {
            let seen = edge.first_seen.as_micros();
            [(&edge.a, seen), (&edge.b, seen)]
        });
        // Who was only ever named in a decision has been seen with it; the time orders nothing else.
        let of_constraints = constraints
            .iter()
            .flat_map(|constraint| [(&constraint.a, i64::MAX), (&constraint.b, i64::MAX)]);
        for (identifier, seen) in of_nodes.chain(of_edges).chain(of_constraints) {
            first_seen
                .entry(key(identifier))
                .and_modify(|known| *known = seen.min(*known))
                .or_insert(seen);
        }
        let places: BTreeMap<&Identifier, usize> = first_seen
            .keys()
            .enumerate()
            .map(|(place, (_, identifier))| (*identifier, place))
            .collect();
        let place = |identifier: &Identifier| places.get(identifier).copied().unwrap_or_default();
        let mut links: BTreeMap<(usize, usize), Link> = BTreeMap::new();
        for edge in edges {
            let (a, b) = (place(&edge.a), place(&edge.b));
            let (first, last) = (edge.first_seen.as_micros(), edge.last_seen.as_micros());
            if a == b {
                continue;
            }
            let link = links.entry((a.min(b), a.max(b))).or_insert(Link {
                a: a.min(b),
                b: a.max(b),
                first_seen: first,
                last_seen: last,
            });
            link.first_seen = link.first_seen.min(first);
            link.last_seen = link.last_seen.max(last);
        }
        let mut world = Self {
            rules,
            names: first_seen
                .keys()
                .map(|(_, identifier)| *identifier)
                .collect(),
            facts: first_seen
                .iter()
                .map(|((kind, _), seen)| Facts {
                    kind: *kind,
                    first_seen: *seen,
                })
                .collect(),
            unfit: first_seen
                .keys()
                .map(|(kind, identifier)| *kind == weakest || rules.is_blocked(identifier.value()))
                .collect(),
            links: links.into_values().collect(),
            crowded: Vec::new(),
            cut: BTreeSet::new(),
            bonds: Vec::new(),
        };
        for constraint in constraints {
            let (one, two) = (place(&constraint.a), place(&constraint.b));
            let (a, b) = (one.min(two), one.max(two));
            match constraint.decision {
                Decision::Cut => drop(world.cut.insert((a, b))),
                Decision::MustLink | Decision::CannotLink => world.bonds.push(Bond {
                    a,
                    b,
                    one: constraint.decision == Decision::MustLink,
                }),
            }
        }
        world.bonds.sort_by_key(|bond| (bond.a, bond.b, bond.one));
        let found = world
            .names
            .iter()
            .zip(&world.facts)
            .zip(world.count_neighbours());
        world.crowded = found
            .map(|((name, facts), neighbours)| {
                let known = crowded.get(*name).cloned();
                known.or_else(|| rules.crowded(facts.kind, &neighbours))
            })
            .collect();
        world
    }

    fn count_neighbours(&self) -> Vec<Neighbours> {
        let mut neighbours = vec![Neighbours::default(); self.names.len()];
        for link in self.links.iter().filter(|link| self.stands(link).is_none()) {
            for (one, other) in [(link.a, link.b), (link.b, link.a)] {
                let kind = self.facts.get(other).map_or(0, |facts| facts.kind);
                if let Some(of) = neighbours.get_mut(one) {
                    of.add(self.rules, kind);
                }
            }
        }
        neighbours
    }

    /// Why evidence is none, whatever else there is.
    fn stands(&self, link: &Link) -> Option<Reason> {
        let unfit = |place: usize| self.unfit.get(place).copied().unwrap_or_default();
        if unfit(link.a) || unfit(link.b) {
            return Some(Reason::Unfit);
        }
        self.cut.contains(&(link.a, link.b)).then_some(Reason::Cut)
    }

    /// Why evidence connects nobody.
    fn taken_out(&self, link: &Link) -> Option<Reason> {
        let crowded = |place: usize| self.crowded.get(place).cloned().flatten();
        self.stands(link)
            .or_else(|| crowded(link.a))
            .or_else(|| crowded(link.b))
    }

    /// What is connected by live evidence and by decisions.
    fn components(&self, live: &[usize]) -> Vec<Component> {
        let mut parent: Vec<usize> = (0..self.names.len()).collect();
        let root = |parent: &mut Vec<usize>, mut place: usize| {
            while let Some(up) = parent.get(place).copied().filter(|up| *up != place) {
                let over = parent.get(up).copied().unwrap_or(up);
                if let Some(parent) = parent.get_mut(place) {
                    *parent = over;
                }
                place = over;
            }
            place
        };
        let links = live
            .iter()
            .filter_map(|at| self.links.get(*at))
            .map(|link| (link.a, link.b));
        let bonds = self
            .bonds
            .iter()
            .filter(|bond| bond.one)
            .map(|bond| (bond.a, bond.b));
        for (a, b) in links.chain(bonds) {
            let (one, two) = (root(&mut parent, a), root(&mut parent, b));
            if let Some(parent) = parent.get_mut(one.max(two)) {
                *parent = one.min(two);
            }
        }
        let mut components: BTreeMap<usize, Component> = BTreeMap::new();
        for place in 0..self.names.len() {
            let root = root(&mut parent, place);
            let component = components.entry(root).or_insert(Component {
                nodes: Vec::new(),
                links: Vec::new(),
                bonds: Vec::new(),
            });
            component.nodes.push(place);
        }
        for at in live {
            let at_root = self.links.get(*at).map(|link| root(&mut parent, link.a));
            if let Some(component) = at_root.and_then(|root| components.get_mut(&root)) {
                component.links.push(*at);
            }
        }
        for (at, bond) in self.bonds.iter().enumerate() {
            let (one, two) = (root(&mut parent, bond.a), root(&mut parent, bond.b));
            if let Some(component) = components.get_mut(&one).filter(|_| one == two) {
                component.bonds.push(at);
            }
        }
        components.into_values().collect()
    }

    /// The component by itself.
    fn solve(&self, component: &Component) -> solve::Solved {
        let within = |place: usize| component.nodes.binary_search(&place).unwrap_or_default();
        let facts: Vec<Facts> = component
            .nodes
            .iter()
            .filter_map(|place| self.facts.get(*place).copied())
            .collect();
        let links: Vec<Link> = component
            .links
            .iter()
            .filter_map(|at| self.links.get(*at))
            .map(|link| Link {
                a: within(link.a),
                b: within(link.b),
                ..*link
            })
            .collect();
        let bonds: Vec<Bond> = component
            .bonds
            .iter()
            .filter_map(|at| self.bonds.get(*at))
            .map(|bond| Bond {
                a: within(bond.a),
                b: within(bond.b),
                ..*bond
            })
            .collect();
        solve(self.rules, &facts, &links, &bonds)
    }

    fn group(&self, members: &[usize]) -> Option<Group> {
        let rank = |place: &&usize| {
            self.facts
                .get(**place)
                .map(|facts| (facts.kind, facts.first_seen, **place))
        };
        let seed = members.iter().min_by_key(rank)?;
        let name = |place: &usize| self.names.get(*place).map(|name| (*name).clone());
        let mut all: Vec<Identifier> = members.iter().filter_map(name).collect();
        all.sort();
        Some(Group {
            seed: name(seed)?,
            members: all,
        })
    }

    fn edge(&self, at: usize) -> Option<Edge> {
        let link = self.links.get(at)?;
        Some(Edge {
            a: (*self.names.get(link.a)?).clone(),
            b: (*self.names.get(link.b)?).clone(),
            first_seen: Timestamp::from_micros(link.first_seen),
            last_seen: Timestamp::from_micros(link.last_seen),
        })
    }
}
