//! Resolving again what new evidence touches: whole components, and nothing else.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use cdp_core::identifier::Identifier;
use cdp_core::identity::{self, Constraint, Edge, Group, Pair, Parts, Reason, Rules};
use sqlx::AnyConnection;

use super::cache::Cache;
use super::evidence::{Changes, Evidence};
use super::store::{self, Blocked, EdgeRow, Node};
use super::waiting::RESOLVE;
use crate::error::Result;

/// What a resolution changed.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    /// Nodes that are new or different.
    pub(super) nodes: BTreeMap<Identifier, Node>,
    /// Those of them that are different.
    known: BTreeSet<Identifier>,
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
    /// The one profile that all of them are, where it took no evidence to tell: it was not read then.
    pub(super) whole: Option<Group>,
}

impl Scene {
    pub(super) fn resolve(&self, rules: &Rules) -> Parts {
        if let Some(whole) = &self.whole {
            return Parts {
                components: vec![vec![whole.clone()]],
                ..Parts::default()
            };
        }
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
    known: &HashMap<Identifier, Node>,
    cache: &mut Cache,
) -> Result<Resolved> {
    let clusters = clusters(changes, known);
    let components: BTreeSet<i64> = clusters
        .iter()
        .flat_map(|cluster| cluster.components.iter().copied())
        .collect();
    let mut nodes = store::nodes_of_components(connection, space, &components).await?;
    let mut scenes: Vec<Scene> = clusters
        .iter()
        .map(|cluster| cluster.scene(&mut nodes, evidence))
        .collect();
    let decides = store::decides(connection, space).await?;
    let refused = store::components_with_refused(connection, space, &components).await?;
    // What an erasure or other rules left of a component need not be connected until it was resolved again.
    if !decides && !RESOLVE.any_of(connection, space).await? {
        for (cluster, scene) in clusters.iter().zip(&mut scenes) {
            if cluster.is_by_itself(&refused) && scene.crowded.is_empty() {
                scene.whole = identity::undivided(rules, &scene.seen);
            }
        }
    }
    let open = clusters.iter().zip(&scenes);
    let open = open.filter(|(_, scene)| scene.whole.is_none());
    let open: BTreeSet<i64> = open
        .flat_map(|(cluster, _)| cluster.components.iter().copied())
        .collect();
    let mut edges = store::edges_of_components(connection, space, &open).await?;
    let is_open = |at: usize| {
        let scene: Option<&Scene> = scenes.get(at);
        scene.is_some_and(|scene| scene.whole.is_none())
    };
    let mut added = added(&clusters, is_open, changes, known);
    for (at, (cluster, scene)) in clusters.iter().zip(&mut scenes).enumerate() {
        if scene.whole.is_some() {
            continue;
        }
        let added = added.remove(&at).unwrap_or_default();
        scene.take_evidence(cluster, &mut edges, added, known);
        if decides {
            let named = scene.seen.iter().map(|node| &node.identifier);
            scene.constraints = store::constraints_of(connection, space, named).await?;
        }
    }
    let of_clusters = clusters.into_iter().map(|cluster| cluster.components);
    let scenes = of_clusters.zip(scenes).collect();
    let mut resolved = Resolved::default();
    settle(
        connection,
        space,
        rules,
        scenes,
        &refused,
        cache,
        &mut resolved,
    )
    .await?;
    Ok(resolved)
}

/// Resolves scenes and writes what comes of them. Which of their components may have evidence that the rules refused has to be
/// known.
pub(super) async fn settle(
    connection: &mut AnyConnection,
    space: &Arc<str>,
    rules: &Rules,
    scenes: Vec<(BTreeSet<i64>, Scene)>,
    refused: &BTreeSet<i64>,
    cache: &mut Cache,
    resolved: &mut Resolved,
) -> Result<()> {
    store::forget_blocked(connection, space, refused).await?;
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
    let (again, new): (Vec<_>, Vec<_>) =
        (resolved.nodes.iter()).partition(|(identifier, _)| resolved.known.contains(*identifier));
    store::put_nodes(connection, space, again.into_iter()).await?;
    store::put_new_nodes(connection, space, new.into_iter()).await?;
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
            let id: Arc<str> = profile_id.as_str().into();
            let (mut is_fresh, mut is_own, mut is_touched, mut is_changed) =
                (true, false, false, false);
            for member in &group.members {
                let old = before.get(member);
                is_fresh &= old.is_none();
                let seen = scene
                    .seen
                    .binary_search_by(|node| node.identifier.cmp(member));
                let Some(seen) = seen.ok().and_then(|at| scene.seen.get(at)) else {
                    continue;
                };
                is_own = true;
                let node = Node {
                    component,
                    person_id: Arc::clone(&id),
                    profile_id: Arc::clone(&id),
                    first_seen: seen.first_seen,
                    crowded: crowded.get(member).cloned(),
                };
                self.former
                    .extend(old.and_then(|old| store::former(space, member, old, &profile_id)));
                if old.is_none_or(|old| old.profile_id != id) {
                    is_touched = true;
                    moved.extend(old.map(|old| (old.profile_id.to_string(), profile_id.clone())));
                }
                if old != Some(&node) {
                    is_changed = true;
                    // Whom it was taken from has lost its words, too.
                    let lost = old.filter(|old| old.person_id != id);
                    self.people
                        .extend(lost.map(|old| old.person_id.to_string()));
                    self.known.extend(old.map(|_| member.clone()));
                    self.nodes.insert(member.clone(), node);
                }
            }
            let sets = [
                (is_fresh, &mut self.fresh),
                (is_touched, &mut self.touched),
                (is_changed, &mut self.people),
                (divided && is_own, &mut self.divided),
            ];
            for (is_one, set) in sets {
                if is_one {
                    set.insert(profile_id.clone());
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
    /// Whether one of them is seen with an identifier that was seen with too many others.
    beside_crowd: bool,
}

impl Cluster {
    /// Its identifiers, as they were and as this turn sees them.
    fn scene(
        &self,
        nodes: &mut BTreeMap<i64, BTreeMap<Identifier, Node>>,
        evidence: &Evidence,
    ) -> Scene {
        let mut scene = Scene::default();
        for component in &self.components {
            let nodes = nodes.remove(component).unwrap_or_default();
            scene.before.extend(nodes);
        }
        let of_nodes = scene.before.iter();
        scene.crowded = of_nodes
            .filter_map(|(identifier, node)| Some((identifier.clone(), node.crowded.clone()?)))
            .collect();
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

    /// Whether its identifiers were seen with nobody else. What was seen with one that was seen with too many others was refused.
    fn is_by_itself(&self, refused: &BTreeSet<i64>) -> bool {
        !self.beside_crowd && self.components.is_disjoint(refused)
    }
}

impl Scene {
    /// Takes in what of all the evidence that was read belongs to the cluster. What was stored has this turn's changes already,
    /// except for pairs with new identifiers, which no component leads to yet.
    fn take_evidence(
        &mut self,
        cluster: &Cluster,
        edges: &mut BTreeMap<i64, store::Around>,
        added: Vec<Added<'_>>,
        known: &HashMap<Identifier, Node>,
    ) {
        for component in &cluster.components {
            let around = edges.remove(component).unwrap_or_default();
            self.edges.extend(around.edges);
            self.crowded.extend(around.crowded);
        }
        for ((a, b), row) in added {
            self.edges.push(row.edge(a, b));
            for end in [a, b] {
                let reason = known.get(end).and_then(|node| node.crowded.clone());
                let reason = reason.map(|reason| (end.clone(), reason));
                self.crowded.extend(reason);
            }
        }
    }
}

/// A changed pair.
type Added<'a> = (&'a Pair, &'a EdgeRow);

/// The changed pairs to which no component leads, by those of the clusters that are open: those that have new identifiers, and
/// those of two that were seen with too many others.
fn added<'a>(
    clusters: &[Cluster],
    is_open: impl Fn(usize) -> bool,
    changes: &'a Changes,
    known: &HashMap<Identifier, Node>,
) -> BTreeMap<usize, Vec<Added<'a>>> {
    let mut cluster_of: HashMap<&Identifier, usize> = HashMap::new();
    let mut of_component: HashMap<i64, usize> = HashMap::new();
    for (at, cluster) in clusters.iter().enumerate().filter(|(at, _)| is_open(*at)) {
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Member<'a> {
    Component(i64),
    New(&'a Identifier),
}

/// Joins what the changed pairs join; only what is dirty is in the answer.
fn clusters(changes: &Changes, known: &HashMap<Identifier, Node>) -> Vec<Cluster> {
    let mut cluster_of: HashMap<Member<'_>, usize> = HashMap::with_capacity(changes.dirty.len());
    let mut clusters: Vec<Vec<Member<'_>>> = Vec::new();
    for identifier in &changes.dirty {
        let member = member(known, identifier);
        cluster_of.entry(member).or_insert_with(|| {
            clusters.push(vec![member]);
            clusters.len() - 1
        });
    }
    let crowded = |end: &Identifier| known.get(end).is_some_and(|node| node.crowded.is_some());
    let mut beside = Vec::new();
    for (a, b) in changes.pairs.keys() {
        let ends = [member(known, a), member(known, b)];
        if crowded(a) || crowded(b) {
            beside.extend(ends);
            continue;
        }
        // A pair that only was seen again joins nothing new, and its ends need not be dirty.
        let [Some(one), Some(two)] = ends.map(|end| cluster_of.get(&end).copied()) else {
            continue;
        };
        if one != two {
            let moved = clusters.get_mut(two).map(std::mem::take);
            let moved = moved.unwrap_or_default();
            cluster_of.extend(moved.iter().map(|each| (*each, one)));
            if let Some(cluster) = clusters.get_mut(one) {
                cluster.extend(moved);
            }
        }
    }
    let beside: HashSet<usize> = beside
        .iter()
        .filter_map(|end| cluster_of.get(end).copied())
        .collect();
    let clusters = clusters.into_iter().enumerate();
    clusters
        .filter(|(_, members)| !members.is_empty())
        .map(|(number, members)| Cluster {
            beside_crowd: beside.contains(&number),
            ..cluster(members)
        })
        .collect()
}

fn member<'a>(known: &HashMap<Identifier, Node>, identifier: &'a Identifier) -> Member<'a> {
    known.get(identifier).map_or_else(
        || Member::New(identifier),
        |node| Member::Component(node.component),
    )
}

fn cluster(members: Vec<Member<'_>>) -> Cluster {
    let mut cluster = Cluster::default();
    for member in members {
        match member {
            Member::Component(component) => drop(cluster.components.insert(component)),
            Member::New(identifier) => drop(cluster.new.insert(identifier.clone())),
        }
    }
    cluster
}
