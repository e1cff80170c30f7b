//! The pipeline's first stage: whose events these are.

use std::collections::HashMap;
use std::sync::Arc;

use cdp_core::identifier::Identifier;
use cdp_core::identity::Pair;
use sqlx::AnyConnection;

use super::cache::Cache;
use super::evidence::Evidence;
use super::resolve;
use super::store::{self, Node};
use crate::error::Result;
use crate::pipeline::Turn;

/// Takes the events' evidence into the graph, resolves what changed, and says whose each event is.
pub(crate) async fn apply(
    connection: &mut AnyConnection,
    turn: &mut Turn<'_>,
    cache: &mut Cache,
) -> Result<()> {
    let space: Arc<str> = Arc::from(turn.space_id);
    let evidence = Evidence::of(turn);
    let rules = turn.rules.identity();
    let given = turn.given()?;
    let beside = given.iter().filter(|one| !evidence.seen.contains_key(one));
    let identifiers = evidence.seen.keys().chain(beside);
    let mut nodes = known_nodes(connection, &space, identifiers, cache).await?;
    // Who is new was seen with nobody before.
    let known = |(a, b): &&Pair| nodes.contains_key(a) && nodes.contains_key(b);
    let pairs = evidence.pairs.keys().filter(known);
    let pairs = store::edges(connection, &space, pairs).await?;
    let changes = evidence.changes(rules, &nodes, &pairs);
    let (again, new): (Vec<_>, Vec<_>) =
        (changes.pairs.iter()).partition(|(pair, _)| pairs.contains_key(pair));
    store::put_edges(connection, &space, again.into_iter()).await?;
    store::put_new_edges(connection, &space, new.into_iter()).await?;
    if !changes.dirty.is_empty() {
        let resolved = resolve::again(
            connection, &space, rules, &evidence, &changes, &nodes, cache,
        )
        .await?;
        for (identifier, node) in &resolved.nodes {
            nodes.insert(identifier.clone(), node.clone());
        }
        resolved.tell(&space, turn, cache);
    }
    turn.whose.reserve(nodes.len());
    for (identifier, node) in nodes {
        if node.person_id != node.profile_id {
            turn.divided.insert(node.person_id.to_string());
        }
        turn.know(&identifier, &node);
    }
    Ok(())
}

async fn known_nodes(
    connection: &mut AnyConnection,
    space: &Arc<str>,
    identifiers: impl Iterator<Item = &Identifier>,
    cache: &mut Cache,
) -> Result<HashMap<Identifier, Node>> {
    let mut nodes = HashMap::new();
    let mut unknown = Vec::new();
    for identifier in identifiers {
        match cache.get(space, identifier) {
            Some(node) => {
                nodes.insert(identifier.clone(), node);
            }
            None => unknown.push(identifier),
        }
    }
    // Neighbours are on the same page.
    unknown.sort_unstable();
    for (identifier, node) in store::nodes(connection, space, unknown.into_iter()).await? {
        cache.put(space, identifier.clone(), node.clone());
        nodes.insert(identifier, node);
    }
    Ok(nodes)
}
