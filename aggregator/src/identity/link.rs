//! What of a person may be linked: the identifiers that are connected by evidence whose scope has the
//! purposes of linking. Without consent to it a person is several profiles.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cdp_core::consent::Scope;
use cdp_core::identifier::Identifier;
use cdp_core::identity::{self, Constraint, Decision, Edge, Pair};
use sqlx::AnyConnection;

use super::cache::Cache;
use super::store::{self, Node};
use crate::consent;
use crate::error::Result;
use crate::pipeline::Turn;

/// Pairs whose evidence allows linking, by scope.
#[derive(Debug, Default)]
pub(crate) struct Links(pub(super) BTreeSet<(Pair, Scope)>);

impl Links {
    /// Takes in an event's evidence, if it may link, and says whether it may.
    pub(crate) fn add<S: AsRef<str>>(
        &mut self,
        pairs: Vec<Pair>,
        scope: &Scope,
        needed: &[S],
    ) -> bool {
        let allowed = scope.serves(needed);
        let none = pairs.is_empty();
        if allowed {
            self.0
                .extend(pairs.into_iter().map(|pair| (pair, scope.clone())));
        }
        allowed || none
    }
}

/// Keeps the links of the turn's events, and divides the people whose links do not reach everywhere.
pub(crate) async fn link(
    connection: &mut AnyConnection,
    turn: &mut Turn<'_>,
    cache: &mut Cache,
) -> Result<()> {
    let needed = &turn.rules.policy().uses.link;
    let mut links = Links::default();
    let mut divided = Vec::new();
    let evidence = turn.events.iter().zip(&turn.named).zip(&turn.scopes);
    let counted = evidence.filter(|((logged, _), _)| !turn.again.contains_key(&logged.anchor));
    for ((logged, named), scope) in counted {
        let rules = turn.rules.identity();
        let pairs = rules.evidence_among(&logged.event, named);
        // What was given to whoever was signed in is no evidence of whose its devices are.
        let allowed = if turn.rules.is_given(logged) {
            pairs.is_empty()
        } else {
            links.add(pairs, scope, needed)
        };
        if !allowed {
            let device = named.first().map(ToString::to_string).unwrap_or_default();
            let people = [&logged.anchor, &device].map(|name| turn.person_of(name));
            divided.extend(people.into_iter().flatten().map(ToOwned::to_owned));
        }
    }
    turn.divided.extend(divided);
    store::put_links(connection, turn.space_id, links).await?;
    if turn.divided.is_empty() {
        return Ok(());
    }
    let space: Arc<str> = Arc::from(turn.space_id);
    let people = store::nodes_of_people(connection, &space, &turn.divided).await?;
    let mut links = store::links_of_people(connection, &space, &turn.divided).await?;
    let mut decided = store::constraints_of_people(connection, &space, &people).await?;
    let standings = consent::standings_of_people(connection, &space, decided.keys()).await?;
    for (person, constraints) in &mut decided {
        let denied = standings.get(person).is_some_and(|standing| {
            let said = |purpose: &String| standing.0.get(purpose).is_some_and(|said| said.denies());
            needed.iter().any(said)
        });
        // What somebody joined by hand stays one as long as the person does not say no.
        constraints.retain(|constraint| !denied || constraint.decision != Decision::MustLink);
    }
    let mut changed = BTreeMap::new();
    let mut former = Vec::new();
    let mut alive = BTreeSet::new();
    for (person, nodes) in &people {
        let edges = links.remove(person).unwrap_or_default();
        let edges = edges
            .into_iter()
            .filter(|(_, scope)| scope.serves(needed))
            .map(|((a, b), _)| (a, b));
        for group in profiles(turn.rules.identity(), nodes, edges, decided.remove(person)) {
            let profile_id = identity::profile_id(&space, &group.seed);
            for member in group.members {
                let Some(node) = nodes.get(&member) else {
                    continue;
                };
                former.extend(store::former(&space, &member, node, &profile_id));
                if *node.profile_id != *profile_id {
                    turn.touched
                        .extend([node.profile_id.to_string(), profile_id.clone()]);
                    let profile_id = profile_id.as_str().into();
                    let moved = Node {
                        profile_id,
                        ..node.clone()
                    };
                    changed.insert(member, moved);
                }
            }
            alive.insert(profile_id);
        }
    }
    turn.merged.retain(|from, _| !alive.contains(from));
    store::put_nodes(connection, &space, changed.iter()).await?;
    store::put_seeds(connection, &space, former).await?;
    for (identifier, node) in changed {
        if let Some(whose) = turn.whose.get_mut(identifier.as_str()) {
            whose.profile_id = Arc::clone(&node.profile_id);
        }
        cache.put(&space, identifier, node);
    }
    turn.touched.extend(alive);
    Ok(())
}

/// The profiles of one person. The rules have been minded where the person was found: what is a part of
/// an allowed group is allowed.
fn profiles(
    rules: &identity::Rules,
    nodes: &BTreeMap<Identifier, Node>,
    links: impl Iterator<Item = Pair>,
    decided: Option<Vec<Constraint>>,
) -> Vec<identity::Group> {
    let seen: Vec<identity::Node> = nodes
        .iter()
        .map(|(identifier, node)| identity::Node {
            identifier: identifier.clone(),
            first_seen: node.first_seen,
        })
        .collect();
    let first_seen = |(a, b): &Pair| {
        let ends = (nodes.get(a)?, nodes.get(b)?);
        Some(ends.0.first_seen.max(ends.1.first_seen))
    };
    let edges: Vec<Edge> = links
        .filter_map(|pair| {
            let first_seen = first_seen(&pair)?;
            let (a, b) = pair;
            Some(Edge {
                a,
                b,
                first_seen,
                last_seen: first_seen,
            })
        })
        .collect();
    identity::resolve(rules, &seen, &edges, &decided.unwrap_or_default()).groups
}
