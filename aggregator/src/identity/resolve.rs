//! Resolving again what new evidence touches: whole components, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cdp_core::identifier::Identifier;
use cdp_core::identity::{self, Constraint, Edge, Group, Pair, Parts, Reason, Rules};
use sqlx::AnyConnection;

use super::cache::Cache;
use super::evidence::{Changes, Evidence};
use super::store::{self, Blocked, EdgeRow, Node};
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
    /// Profiles of whom nothing was known before.
    pub(super) fresh: BTreeSet<String>,
    /// Profiles that are no more: from → into.
    pub(super) merged: BTreeMap<String, String>,
    /// Ids that profiles had of these identifiers.
    former: Vec<(String, Identifier)>,
    /// Profiles that there are.
    alive: BTreeSet<String>,
}

/// What is resolved together.
#[derive(Debug, Default)]
pub(super) struct Scene {
    /// Identifiers with their places as they were.
    pub(super) before: BTreeMap<Identifier, Node>,
    /// Every identifier, with its earliest event.
    pub(super) seen: Vec<identity::Node>,
    pub(super) edges: Vec<Edge>,
    pub(super) constraints: Vec<Constraint>,
    /// Identifiers of which it is known that they were seen with too many others.
    pub(super) crowded: BTreeMap<Identifier, Reason>,
}

impl Scene {
    pub(super) fn resolve(&self, rules: &Rules) -> Parts {
        identity::resolve_parts(
            rules,
            &self.seen,
            &self.edges,
            &self.constraints,
            &self.crowded,
        )
    }
}

/// Resolves every component that the changes touch, together with the new identifiers.
pub(super) async fn again(
    connection: &mut AnyConnection,
    space: &Arc<str>,
    rules: &Rules,
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
    let decides = store::decides(connection, space).await?;
    let mut scenes = Vec::with_capacity(clusters.len());
    let mut added = added(&clusters, changes, known);
    for (at, cluster) in clusters.into_iter().enumerate() {
        let added = added.remove(&at).unwrap_or_default();
        let mut scene = cluster.scene(&mut nodes, &mut edges, evidence, added, known);
        if decides {
            let named = scene.seen.iter().map(|node| &node.identifier);
            scene.constraints = store::constraints_of(connection, space, named).await?;
        }
        scenes.push((cluster.components, scene));
    }
    let mut resolved = Resolved::default();
    settle(
        connection,
        space,
        rules,
        scenes,
        &components,
        cache,
        &mut resolved,
    )
    .await?;
    Ok(resolved)
}

/// Resolves scenes and writes what comes of them.
pub(super) async fn settle(
    connection: &mut AnyConnection,
    space: &Arc<str>,
    rules: &Rules,
    scenes: Vec<(BTreeSet<i64>, Scene)>,
    components: &BTreeSet<i64>,
    cache: &mut Cache,
    resolved: &mut Resolved,
) -> Result<()> {
    store::forget_blocked(connection, space, components).await?;
    let mut last_component = match cache.last_component {
        Some(last) => last,
        None => store::last_component(connection).await?,
    };
    // Two components may both have the same piece of evidence that joins them no more.
    let mut blocked = BTreeMap::new();
    for (mut free, scene) in scenes {
        let parts = scene.resolve(rules);
        let mut component_of: BTreeMap<&Identifier, i64> = BTreeMap::new();
        for groups in &parts.components {
            let members = || groups.iter().flat_map(|group| &group.members);
            if !members().any(|member| scene.is_own(member)) {
                continue;
            }
            // A component keeps the number that its identifiers had, as far as nobody else has it.
            let had = members()
                .filter_map(|member| scene.before.get(member))
                .map(|node| node.component);
            let component = had
                .into_iter()
                .find(|had| free.contains(had))
                .unwrap_or_else(|| {
                    last_component += 1;
                    last_component
                });
            free.remove(&component);
            component_of.extend(members().map(|member| (member, component)));
            resolved.take(space, component, &scene, groups, &parts.crowded);
        }
        blocked.extend(parts.blocked.iter().filter_map(|blocked| {
            let ends = [&blocked.edge.a, &blocked.edge.b];
            let own = ends
                .into_iter()
                .filter(|end| !parts.crowded.contains_key(*end));
            let component = own.chain(ends).find_map(|end| component_of.get(end));
            let pair = (blocked.edge.a.clone(), blocked.edge.b.clone());
            let blocked = Blocked {
                component: *component?,
                code: blocked.reason.code().as_str(),
                reason: blocked.reason.sentence(rules),
            };
            Some((pair, blocked))
        }));
    }
    resolved.end();
    cache.last_component = Some(last_component);
    store::put_nodes(connection, space, &resolved.nodes).await?;
    store::put_seeds(connection, space, std::mem::take(&mut resolved.former)).await?;
    store::put_blocked(connection, space, blocked).await
}

impl Scene {
    /// Whether an identifier is resolved here, and not only named by evidence that joins nobody.
    pub(super) fn is_own(&self, identifier: &Identifier) -> bool {
        self.seen
            .binary_search_by(|node| node.identifier.cmp(identifier))
            .is_ok()
    }
}

impl Resolved {
    fn take(
        &mut self,
        space: &str,
        component: i64,
        scene: &Scene,
        groups: &[Group],
        crowded: &BTreeMap<Identifier, Reason>,
    ) {
        let before = &scene.before;
        let divided = groups
            .iter()
            .flat_map(|group| &group.members)
            .filter_map(|member| before.get(member))
            .any(|node| node.person_id != node.profile_id);
        let mut moved = Vec::new();
        for group in groups {
            let profile_id = identity::profile_id(space, &group.seed);
            if !group
                .members
                .iter()
                .any(|member| before.contains_key(member))
            {
                self.fresh.insert(profile_id.clone());
            }
            for member in &group.members {
                let old = before.get(member);
                let seen = scene
                    .seen
                    .binary_search_by(|node| node.identifier.cmp(member));
                let Some(seen) = seen.ok().and_then(|at| scene.seen.get(at)) else {
                    continue;
                };
                let node = Node {
                    component,
                    person_id: profile_id.clone(),
                    profile_id: profile_id.clone(),
                    first_seen: seen.first_seen,
                    crowded: crowded.get(member).cloned(),
                };
                self.former
                    .extend(old.and_then(|old| store::former(space, member, old, &profile_id)));
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
            self.alive.insert(profile_id);
        }
        for (from, into) in moved {
            self.touched.insert(from.clone());
            self.merged.insert(from, into);
        }
    }

    /// Whoever lives has gone into nobody.
    fn end(&mut self) {
        let alive = std::mem::take(&mut self.alive);
        self.merged.retain(|from, _| !alive.contains(from));
    }
}

/// Components and new identifiers that belong together from now on.
#[derive(Debug, Default)]
struct Cluster {
    components: BTreeSet<i64>,
    new: BTreeSet<Identifier>,
}

impl Cluster {
    /// What of all that was loaded belongs to the cluster. The evidence that was stored has this turn's
    /// changes already, except for pairs with new identifiers, which no component leads to yet.
    fn scene(
        &self,
        nodes: &mut BTreeMap<i64, BTreeMap<Identifier, Node>>,
        edges: &mut BTreeMap<i64, store::Around>,
        evidence: &Evidence,
        added: Vec<Added<'_>>,
        known: &BTreeMap<Identifier, Node>,
    ) -> Scene {
        let mut scene = Scene::default();
        for component in &self.components {
            scene
                .before
                .extend(nodes.remove(component).unwrap_or_default());
            let around = edges.remove(component).unwrap_or_default();
            scene.edges.extend(around.edges);
            scene.crowded.extend(around.crowded);
        }
        for ((a, b), row) in added {
            scene.edges.push(row.edge(a, b));
            for end in [a, b] {
                let reason = known.get(end).and_then(|node| node.crowded.clone());
                scene
                    .crowded
                    .extend(reason.map(|reason| (end.clone(), reason)));
            }
        }
        let of_nodes = scene.before.iter();
        let crowded = of_nodes
            .filter_map(|(identifier, node)| Some((identifier.clone(), node.crowded.clone()?)));
        scene.crowded.extend(crowded);
        let earliest = |identifier: &Identifier, known| {
            [known, evidence.seen.get(identifier).copied()]
                .into_iter()
                .flatten()
                .min()
        };
        let known = scene
            .before
            .iter()
            .map(|(identifier, node)| (identifier, Some(node.first_seen)));
        let new = self.new.iter().map(|identifier| (identifier, None));
        let all: BTreeMap<&Identifier, _> = known.chain(new).collect();
        scene.seen = all
            .into_iter()
            .map(|(identifier, known)| identity::Node {
                identifier: identifier.clone(),
                first_seen: earliest(identifier, known).unwrap_or_default(),
            })
            .collect();
        scene
    }
}

/// A changed pair.
type Added<'a> = (&'a Pair, &'a EdgeRow);

/// The changed pairs to which no component leads, by their clusters: those that have new identifiers, and those of two that
/// were seen with too many others.
fn added<'a>(
    clusters: &[Cluster],
    changes: &'a Changes,
    known: &BTreeMap<Identifier, Node>,
) -> BTreeMap<usize, Vec<Added<'a>>> {
    let mut cluster_of: BTreeMap<&Identifier, usize> = BTreeMap::new();
    let mut of_component: BTreeMap<i64, usize> = BTreeMap::new();
    for (at, cluster) in clusters.iter().enumerate() {
        cluster_of.extend(cluster.new.iter().map(|one| (one, at)));
        of_component.extend(cluster.components.iter().map(|one| (*one, at)));
    }
    let crowd = |end: &Identifier| known.get(end).filter(|node| node.crowded.is_some());
    let mut added: BTreeMap<usize, Vec<Added<'a>>> = BTreeMap::new();
    for pair in &changes.pairs {
        let (a, b) = pair.0;
        // Two new ones are in the same cluster, since their pair joins them.
        let found = [a, b].into_iter().find_map(|end| cluster_of.get(end));
        let found = found.or_else(|| {
            let (one, _) = (crowd(a)?, crowd(b)?);
            of_component.get(&one.component)
        });
        if let Some(at) = found {
            added.entry(*at).or_default().push(pair);
        }
    }
    added
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
    for (next, identifier) in changes.dirty.iter().enumerate() {
        let number = *cluster_of.entry(member(identifier)).or_insert(next);
        clusters
            .entry(number)
            .or_default()
            .insert(member(identifier));
    }
    let crowded = |end: &Identifier| known.get(end).is_some_and(|node| node.crowded.is_some());
    let joining = |pair: &&Pair| !crowded(&pair.0) && !crowded(&pair.1);
    for (a, b) in changes.pairs.keys().filter(joining) {
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
