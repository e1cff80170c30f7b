//! Resolving people again whom no event but a decision or new rules concern.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cdp_core::identifier::Identifier;
use cdp_core::identity;
use sqlx::AnyConnection;

use super::attribution::attribute_again;
use super::cache::Cache;
use super::resolve::{self, Resolved, Scene};
use super::store::{self, Node};
use crate::error::Result;
use crate::pipeline::Turn;

/// Resolves everything again that some identifiers belong to or may come to belong to.
pub(crate) async fn resolve_again(
    connection: &mut AnyConnection,
    turn: &mut Turn<'_>,
    cache: &mut Cache,
    identifiers: BTreeSet<Identifier>,
) -> Result<()> {
    let space: Arc<str> = Arc::from(turn.space_id);
    let (components, mut scene) = around(connection, &space, identifiers).await?;
    // Their words may have changed with the evidence, also where they are together as before.
    let known = scene.before.values();
    turn.people.extend(known.map(|node| node.person_id.clone()));
    let named = || scene.seen.iter().map(|node| &node.identifier);
    turn.moved = attribute_again(connection, turn.rules, named()).await?;
    scene.constraints = store::constraints_of(connection, &space, named()).await?;
    let mut resolved = Resolved::default();
    let scenes = vec![(components.clone(), scene)];
    let rules = turn.rules.identity();
    resolve::settle(
        connection,
        &space,
        rules,
        scenes,
        &components,
        cache,
        &mut resolved,
    )
    .await?;
    resolved.tell(&space, turn, cache);
    let moved = turn.moved.iter().cloned();
    for (identifier, node) in store::nodes(connection, &space, moved).await? {
        turn.know(&identifier, &node);
    }
    // What now joins may be more than consent links.
    turn.divided.extend(turn.people.iter().cloned());
    Ok(())
}

/// All that has to be looked at together to say what becomes of some identifiers: their components, and those that any
/// evidence of theirs leads to, whether it joins now or not. Whether they were seen with too many others is found anew.
pub(super) async fn around(
    connection: &mut AnyConnection,
    space: &str,
    identifiers: BTreeSet<Identifier>,
) -> Result<(BTreeSet<i64>, Scene)> {
    let mut scene = Scene::default();
    let mut components = BTreeSet::new();
    let mut wanted = identifiers.clone();
    let mut edges = BTreeMap::new();
    while !wanted.is_empty() {
        let found = store::nodes(connection, space, wanted.iter().map(ToString::to_string)).await?;
        let new: BTreeSet<i64> = found
            .iter()
            .filter(|(identifier, node)| node.crowded.is_none() || identifiers.contains(identifier))
            .map(|(_, node)| node.component)
            .filter(|component| !components.contains(component))
            .collect();
        for (identifier, node) in found {
            if let Some(reason) = node.crowded.filter(|_| !identifiers.contains(&identifier)) {
                scene.crowded.insert(identifier, reason);
            }
        }
        let nodes = store::nodes_of_components(connection, space, &new).await?;
        components.extend(new);
        let added: BTreeMap<_, _> = nodes.into_values().flatten().collect();
        let open = added.iter().filter(|(identifier, node)| {
            node.crowded.is_none() || identifiers.contains(identifier)
        });
        let open: Vec<&Identifier> = open.map(|(identifier, _)| identifier).collect();
        let joined = store::merged_with(connection, space, open.iter().copied()).await?;
        let evidence = store::edges_beside(connection, space, open.into_iter()).await?;
        let beside = evidence
            .iter()
            .flat_map(|((a, b), _)| [a.clone(), b.clone()])
            .chain(joined);
        let beside: BTreeSet<Identifier> = beside.collect();
        scene.before.extend(added);
        edges.extend(evidence);
        wanted = beside
            .into_iter()
            .filter(|end| !scene.before.contains_key(end) && !scene.crowded.contains_key(end))
            .collect();
    }
    scene.edges = edges.iter().map(|((a, b), row)| row.edge(a, b)).collect();
    for (identifier, node) in &scene.before {
        if let Some(reason) = node
            .crowded
            .clone()
            .filter(|_| !identifiers.contains(identifier))
        {
            scene.crowded.insert(identifier.clone(), reason);
        }
    }
    scene.seen = scene
        .before
        .iter()
        .map(|(identifier, node)| identity::Node {
            identifier: identifier.clone(),
            first_seen: node.first_seen,
        })
        .collect();
    Ok((components, scene))
}

impl Turn<'_> {
    /// Takes in whose an identifier is.
    pub(super) fn know(&mut self, identifier: &Identifier, node: &Node) {
        let name = identifier.to_string();
        self.people.insert(node.person_id.clone());
        self.person_of.insert(name.clone(), node.person_id.clone());
        self.profile_of.insert(name, node.profile_id.clone());
    }
}

impl Resolved {
    /// Leaves in a turn what later stages have to know.
    pub(super) fn tell(self, space: &Arc<str>, turn: &mut Turn<'_>, cache: &mut Cache) {
        turn.touched.extend(self.touched);
        turn.fresh.extend(self.fresh);
        turn.merged.extend(self.merged);
        turn.people.extend(self.people);
        turn.divided.extend(self.divided);
        for (identifier, node) in self.nodes {
            cache.put(space, identifier.to_string(), node);
        }
    }
}
