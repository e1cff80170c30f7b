//! Identity: which identifiers are one person, as a pure function of the evidence.
//!
//! Evidence is a set of edges between identifiers, each with the time it was first seen. A profile
//! is a connected group that the rules allow. Where the rules forbid a group (two user ids in one
//! profile), its edges are taken in an order that depends only on their content, and an edge that
//! would break a rule is refused: so the same evidence in any order gives the same profiles. This is
//! Kruskal's algorithm with a constraint.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::event::{Event, EventKind};
use crate::identifier::{self, ANONYMOUS_ID, Identifier, USER_ID};
use crate::time::Timestamp;

/// Evidence that two identifiers are one person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Edge {
    /// The stronger identifier.
    pub a: Identifier,
    /// The other.
    pub b: Identifier,
    /// The earliest event time of this evidence.
    pub first_seen: Timestamp,
}

/// An identifier and when it was first seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// The identifier.
    pub identifier: Identifier,
    /// The earliest event time it was seen.
    pub first_seen: Timestamp,
}

/// The identifiers of one profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The identifier that names the profile: the strongest, then the earliest, then the smallest.
    pub seed: Identifier,
    /// All members, sorted.
    pub members: Vec<Identifier>,
}

/// Evidence that was refused, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockedMerge {
    /// The evidence.
    pub edge: Edge,
    /// The rule, for a person.
    pub reason: String,
}

/// Profiles and refused evidence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// The profiles, sorted by seed.
    pub groups: Vec<Group>,
    /// What the rules refused, in the order in which it was tried.
    pub blocked: Vec<BlockedMerge>,
}

/// How many distinct identifiers of a kind one profile may have.
fn limit(kind: &str) -> usize {
    match kind {
        USER_ID => 1,
        identifier::EMAIL => 5,
        _ => usize::MAX,
    }
}

/// The evidence of one event: a star from its strongest identifier to each other one, so that a
/// blocked or refused identifier never drags a third one along. An alias ties its two ids directly.
#[must_use]
pub fn edges_of(event: &Event) -> Vec<Edge> {
    let identifiers = identifier::of_event(event);
    // What somebody says of consent tells nobody who they are.
    let Some((centre, others)) = identifiers
        .split_first()
        .filter(|_| event.kind != EventKind::Consent)
    else {
        return Vec::new();
    };
    let mut edges: Vec<Edge> = Vec::with_capacity(others.len());
    for other in others.iter().filter(|other| *other != centre) {
        let edge = Edge {
            a: centre.clone(),
            b: other.clone(),
            first_seen: event.timestamp,
        };
        if !edges.contains(&edge) {
            edges.push(edge);
        }
    }
    edges
}

/// Groups the identifiers into profiles. Every identifier of `edges` counts as a node, first seen
/// with its earliest edge, unless `nodes` says it was seen before.
#[must_use]
pub fn resolve(nodes: &[Node], edges: &[Edge]) -> Resolution {
    let first_seen = first_seen(nodes, edges);
    let mut forest = Forest::new(first_seen.keys());
    let mut blocked = Vec::new();
    for edge in in_order(edges) {
        if let Err(reason) = forest.join(&edge.a, &edge.b) {
            blocked.push(BlockedMerge {
                edge: edge.clone(),
                reason,
            });
        }
    }
    let mut groups: Vec<Group> = forest
        .members
        .into_values()
        .map(|members| group(members, &first_seen))
        .collect();
    groups.sort_by(|left, right| left.seed.cmp(&right.seed));
    Resolution { groups, blocked }
}

/// A profile's id: it follows from the seed, so that the same evidence gives the same id anywhere.
#[must_use]
pub fn profile_id(space_id: &str, seed: &Identifier) -> String {
    let digest = Sha256::digest(format!("{space_id}\n{seed}"));
    let hex: String = digest
        .iter()
        .take(13)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("prf_{hex}")
}

fn first_seen(nodes: &[Node], edges: &[Edge]) -> BTreeMap<Identifier, Timestamp> {
    let of_nodes = nodes.iter().map(|node| (&node.identifier, node.first_seen));
    let of_edges = edges
        .iter()
        .flat_map(|edge| [(&edge.a, edge.first_seen), (&edge.b, edge.first_seen)]);
    let mut earliest: BTreeMap<Identifier, Timestamp> = BTreeMap::new();
    for (identifier, seen) in of_nodes.chain(of_edges) {
        earliest
            .entry(identifier.clone())
            .and_modify(|known| *known = seen.min(*known))
            .or_insert(seen);
    }
    earliest
}

/// The order in which evidence counts: strongest kinds first, then the earliest, then by name. It
/// depends on the evidence alone.
fn in_order(edges: &[Edge]) -> Vec<&Edge> {
    let mut order: Vec<&Edge> = edges.iter().collect();
    order.sort_by_key(|edge| {
        (
            edge.a.priority(),
            edge.b.priority(),
            edge.first_seen,
            &edge.a,
            &edge.b,
        )
    });
    order
}

fn group(members: BTreeSet<Identifier>, first_seen: &BTreeMap<Identifier, Timestamp>) -> Group {
    let rank = |identifier: &&Identifier| {
        (
            identifier.priority(),
            first_seen.get(*identifier).copied(),
            (*identifier).clone(),
        )
    };
    let seed = members.iter().min_by_key(rank).cloned();
    let members: Vec<Identifier> = members.into_iter().collect();
    // A group is made from a node, so there is a member; the fallback only spares a panic.
    let seed = seed.unwrap_or_else(|| Identifier {
        kind: ANONYMOUS_ID.to_owned(),
        value: String::new(),
    });
    Group { seed, members }
}

/// Disjoint groups; each identifier knows its group's number, each group its members.
struct Forest {
    group_of: BTreeMap<Identifier, usize>,
    members: BTreeMap<usize, BTreeSet<Identifier>>,
}

impl Forest {
    fn new<'a>(identifiers: impl Iterator<Item = &'a Identifier>) -> Self {
        let mut forest = Self {
            group_of: BTreeMap::new(),
            members: BTreeMap::new(),
        };
        for (number, identifier) in identifiers.enumerate() {
            forest.group_of.insert(identifier.clone(), number);
            forest
                .members
                .insert(number, BTreeSet::from([identifier.clone()]));
        }
        forest
    }

    /// Joins the groups of two identifiers, the smaller into the larger, unless a limit forbids it.
    fn join(&mut self, left: &Identifier, right: &Identifier) -> Result<(), String> {
        let (Some(&one), Some(&two)) = (self.group_of.get(left), self.group_of.get(right)) else {
            return Ok(());
        };
        if one == two {
            return Ok(());
        }
        let size = |number: usize| self.members.get(&number).map_or(0, BTreeSet::len);
        let (keep, give) = if size(one) >= size(two) {
            (one, two)
        } else {
            (two, one)
        };
        let (Some(kept), Some(given)) = (self.members.get(&keep), self.members.get(&give)) else {
            return Ok(());
        };
        check_limits(kept, given)?;
        let given = self.members.remove(&give).unwrap_or_default();
        for identifier in &given {
            self.group_of.insert(identifier.clone(), keep);
        }
        self.members.entry(keep).or_default().extend(given);
        Ok(())
    }
}

fn check_limits(kept: &BTreeSet<Identifier>, given: &BTreeSet<Identifier>) -> Result<(), String> {
    for kind in [USER_ID, identifier::EMAIL] {
        let count = kept
            .union(given)
            .filter(|identifier| identifier.kind == kind)
            .count();
        if count > limit(kind) {
            return Err(format!(
                "a profile may have at most {} identifier(s) of kind {kind}; this merge would give it {count}",
                limit(kind)
            ));
        }
    }
    Ok(())
}
