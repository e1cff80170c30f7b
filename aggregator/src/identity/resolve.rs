//! Resolving again what new evidence touches: whole components, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cdp_core::identifier::Identifier;
use cdp_core::identity::{self, Edge, Resolution};
use sqlx::AnyConnection;

use super::cache::Cache;
use super::evidence::{Changes, Evidence};
use super::store::{self, Blocked, Node};
use crate::error::Result;

/// What a resolution changed.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    /// Nodes that are new or different.
    pub(super) nodes: BTreeMap<Identifier, Node>,
    /// People who have such nodes, or had them.
    pub(super) people: BTreeSet<String>,
    /// People whom consent had divided: what of them is linked has to be found anew.
    pub(super) divided: BTreeSet<String>,
    /// Profiles whose identifiers changed, before and after.
    pub(super) touched: BTreeSet<String>,
    /// Profiles that are no more: from → into.
    pub(super) merged: BTreeMap<String, String>,
}

/// Resolves every component that the changes touch, together with the new identifiers.
pub(super) async fn again(
    connection: &mut AnyConnection,
    space: &Arc<str>,
    evidence: &Evidence,
    changes: &Changes,
    known: &BTreeMap<Identifier, Node>,
    cache: &mut Cache,
) -> Result<Resolved> {
    let clusters = clusters(changes, known);
    let components: BTreeSet<i64> = clusters
        .iter()
        .flat_map(|cluster| cluster.components.iter().copied())
        .collect();
    let mut nodes = store::nodes_of_components(connection, space, &components).await?;
    let mut edges = store::edges_of_components(connection, space, &components).await?;
    store::forget_blocked(connection, space, &components).await?;

    let mut last_component = match cache.last_component {
        Some(last) => last,
        None => store::last_component(connection).await?,
    };
    let mut resolved = Resolved::default();
    let mut seeds = Vec::new();
    let mut blocked = Vec::new();
    for cluster in clusters {
        let component = cluster.components.first().copied().unwrap_or_else(|| {
            last_component += 1;
            last_component
        });
        let before = cluster.take_nodes(&mut nodes);
        let all_edges = cluster.take_edges(&mut edges, changes);
        let seen = cluster.first_seen(&before, evidence);
        let resolution = identity::resolve(&seen, &all_edges);
        blocked.extend(resolution.blocked.iter().map(|blocked| Blocked {
            component,
            edge: blocked.edge.clone(),
            reason: blocked.reason.clone(),
        }));
        seeds.extend(
            resolution
                .groups
                .iter()
                .map(|group| (identity::profile_id(space, &group.seed), group.seed.clone())),
        );
        resolved.take(space, component, &before, &seen, &resolution);
    }
    cache.last_component = Some(last_component);
    store::put_nodes(connection, space, &resolved.nodes).await?;
    store::put_seeds(connection, space, seeds).await?;
    store::put_blocked(connection, space, blocked).await?;
    Ok(resolved)
}

impl Resolved {
    fn take(
        &mut self,
        space: &str,
        component: i64,
        before: &BTreeMap<Identifier, Node>,
        seen: &[identity::Node],
        resolution: &Resolution,
    ) {
        let first_seen: BTreeMap<&Identifier, _> = seen
            .iter()
            .map(|node| (&node.identifier, node.first_seen))
            .collect();
        let divided = before
            .values()
            .any(|node| node.person_id != node.profile_id);
        let mut alive = BTreeSet::new();
        let mut moved = Vec::new();
        for group in &resolution.groups {
            let profile_id = identity::profile_id(space, &group.seed);
            for member in &group.members {
                let old = before.get(member);
                let first_seen = first_seen.get(member).copied().unwrap_or_default();
                let node = Node {
                    component,
                    person_id: profile_id.clone(),
                    profile_id: profile_id.clone(),
                    first_seen,
                };
                if old.is_none_or(|old| old.profile_id != profile_id) {
                    self.touched.insert(profile_id.clone());
                    moved.extend(old.map(|old| (old.profile_id.clone(), profile_id.clone())));
                }
                if divided {
                    self.divided.insert(profile_id.clone());
                }
                if old != Some(&node) {
                    self.people.insert(profile_id.clone());
                    // Whom it was taken from has lost its words, too.
                    self.people.extend(old.map(|old| old.person_id.clone()));
                    self.nodes.insert(member.clone(), node);
                }
            }
            alive.insert(profile_id);
        }
        for (from, into) in moved {
            self.touched.insert(from.clone());
            if !alive.contains(&from) {
                self.merged.insert(from, into);
            }
        }
    }
}

/// Components and new identifiers that belong together from now on.
#[derive(Debug, Default)]
struct Cluster {
    components: BTreeSet<i64>,
    new: BTreeSet<Identifier>,
}

impl Cluster {
    fn take_nodes(
        &self,
        nodes: &mut BTreeMap<i64, BTreeMap<Identifier, Node>>,
    ) -> BTreeMap<Identifier, Node> {
        self.components
            .iter()
            .filter_map(|component| nodes.remove(component))
            .flatten()
            .collect()
    }

    /// The evidence within the cluster: what was stored, which has this turn's changes already,
    /// except for pairs of new identifiers, which no component leads to yet.
    fn take_edges(&self, edges: &mut BTreeMap<i64, Vec<Edge>>, changes: &Changes) -> Vec<Edge> {
        let mut all: Vec<Edge> = self
            .components
            .iter()
            .filter_map(|component| edges.remove(component))
            .flatten()
            .collect();
        let of_new = changes
            .pairs
            .iter()
            .filter(|((a, _), _)| self.new.contains(a));
        all.extend(of_new.map(|((a, b), row)| Edge {
            a: a.clone(),
            b: b.clone(),
            first_seen: row.first_seen,
        }));
        all
    }

    fn first_seen(
        &self,
        before: &BTreeMap<Identifier, Node>,
        evidence: &Evidence,
    ) -> Vec<identity::Node> {
        let known = before
            .iter()
            .map(|(identifier, node)| (identifier, Some(node.first_seen)));
        let new = self.new.iter().map(|identifier| (identifier, None));
        let earliest = |identifier: &Identifier, known| {
            [known, evidence.seen.get(identifier).copied()]
                .into_iter()
                .flatten()
                .min()
        };
        known
            .chain(new)
            .map(|(identifier, known)| identity::Node {
                identifier: identifier.clone(),
                first_seen: earliest(identifier, known).unwrap_or_default(),
            })
            .collect()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Member {
    Component(i64),
    New(Identifier),
}

/// Joins what the changed pairs join; only what is dirty is in the answer.
fn clusters(changes: &Changes, known: &BTreeMap<Identifier, Node>) -> Vec<Cluster> {
    let member = |identifier: &Identifier| {
        known.get(identifier).map_or_else(
            || Member::New(identifier.clone()),
            |node| Member::Component(node.component),
        )
    };
    let mut cluster_of: BTreeMap<Member, usize> = BTreeMap::new();
    let mut clusters: BTreeMap<usize, BTreeSet<Member>> = BTreeMap::new();
    for identifier in &changes.dirty {
        let next = clusters.len();
        let number = *cluster_of.entry(member(identifier)).or_insert(next);
        clusters
            .entry(number)
            .or_default()
            .insert(member(identifier));
    }
    for (a, b) in changes.pairs.keys() {
        // A pair that only was seen again joins nothing new, and its ends need not be dirty.
        let (Some(&one), Some(&two)) = (cluster_of.get(&member(a)), cluster_of.get(&member(b)))
        else {
            continue;
        };
        if one != two {
            let moved = clusters.remove(&two).unwrap_or_default();
            for each in &moved {
                cluster_of.insert(each.clone(), one);
            }
            clusters.entry(one).or_default().extend(moved);
        }
    }
    clusters.into_values().map(cluster).collect()
}

fn cluster(members: BTreeSet<Member>) -> Cluster {
    let mut cluster = Cluster::default();
    for member in members {
        match member {
            Member::Component(component) => drop(cluster.components.insert(component)),
            Member::New(identifier) => drop(cluster.new.insert(identifier)),
        }
    }
    cluster
}
