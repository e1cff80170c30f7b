//! Resolving people again whom no event but a decision or new rules concern.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cdp_core::identifier::Identifier;
use cdp_core::identity::{self, Crowd, Decision, Edge, Pair, Reason, Rules};
use sqlx::AnyConnection;

use super::attribution::attribute_again;
use super::cache::Cache;
use super::resolve::{self, Resolved, Scene};
use super::store::{self, Node};
use crate::error::{Code, Error, Result};
use crate::pipeline::{Turn, Whose};

/// Identifiers of which it is read at a time that another was seen with them.
const PAGE: i64 = 1_000;

/// Resolves everything again that some identifiers belong to or may come to belong to.
pub(crate) async fn resolve_again(
    connection: &mut AnyConnection,
    turn: &mut Turn<'_>,
    cache: &mut Cache,
    identifiers: BTreeSet<Identifier>,
) -> Result<()> {
    let space: Arc<str> = Arc::from(turn.space_id);
    let rules = turn.rules.identity();
    let (components, mut scene) = Search::of(rules)
        .around(connection, &space, identifiers)
        .await?;
    // Their words may have changed with the evidence, also where they are together as before.
    let known = scene.before.values();
    turn.people
        .extend(known.map(|node| node.person_id.to_string()));
    let named = || scene.seen.iter().map(|node| &node.identifier);
    turn.moved = attribute_again(connection, turn.rules, named()).await?;
    scene.constraints = store::constraints_of(connection, &space, named()).await?;
    let mut resolved = Resolved::default();
    let scenes = vec![(components.clone(), scene)];
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

/// Looks for what belongs together by the evidence and decisions that are stored now: also whether an identifier was seen with
/// too many others is counted, and not only taken from when it was last looked at.
pub(super) struct Search<'r> {
    rules: Vec<&'r Rules>,
    /// How many identifiers may be looked at.
    most: Option<usize>,
    /// Whether also those are counted anew that only evidence leads to; otherwise what is kept of them holds.
    everywhere: bool,
    /// Why, by each of the rules; `None` of such as are too many by all rules no more.
    found: BTreeMap<Identifier, Option<Vec<Reason>>>,
}

impl<'r> Search<'r> {
    /// By the rules in force, where identifiers are resolved.
    pub(super) fn of(rules: &'r Rules) -> Self {
        Self {
            rules: vec![rules],
            most: None,
            everywhere: false,
            found: BTreeMap::new(),
        }
    }

    /// By several rules, to compare what they make of the same identifiers.
    pub(super) fn everywhere(rules: Vec<&'r Rules>) -> Self {
        Self {
            rules,
            most: None,
            everywhere: true,
            found: BTreeMap::new(),
        }
    }

    /// The same over so many identifiers at most, where that is bounded.
    pub(super) fn at_most(self, most: Option<usize>) -> Self {
        Self { most, ..self }
    }

    /// All that has to be looked at together to say what becomes of some identifiers: their components, and those that any
    /// evidence of theirs leads to, whether it joins now or not. What one was seen with that was seen with too many is not loaded.
    ///
    /// # Errors
    /// [`Code::InvalidRequest`] where these are more than may be looked at.
    pub(super) async fn around(
        &mut self,
        connection: &mut AnyConnection,
        space: &str,
        identifiers: BTreeSet<Identifier>,
    ) -> Result<(BTreeSet<i64>, Scene)> {
        let mut scene = Scene::default();
        let mut components = BTreeSet::new();
        let mut wanted = identifiers.clone();
        let mut edges = BTreeMap::new();
        while !wanted.is_empty() {
            let mut new = BTreeSet::new();
            for (identifier, node) in store::nodes(connection, space, wanted.iter()).await? {
                let outside = !identifiers.contains(&identifier);
                if outside && let Some(known) = node.crowded {
                    let reason = if self.everywhere {
                        self.reason(connection, space, &identifier, known).await?
                    } else {
                        Some(known)
                    };
                    if let Some(reason) = reason {
                        scene.crowded.insert(identifier, reason);
                        continue;
                    }
                }
                if components.insert(node.component) {
                    new.insert(node.component);
                }
            }
            if let Some(most) = self.most {
                let size = store::size_of_components(connection, space, &new).await?;
                if scene.before.len().saturating_add(size) > most {
                    let say = format!(
                        "this would concern more than {most} identifiers, too many to look at"
                    );
                    return Err(Error::new(Code::InvalidRequest, say));
                }
            }
            let nodes = store::nodes_of_components(connection, space, &new).await?;
            let added: BTreeMap<_, _> = nodes.into_values().flatten().collect();
            for (identifier, node) in &added {
                if let Some(known) = node.crowded.clone()
                    && let Some(reason) = self.reason(connection, space, identifier, known).await?
                {
                    scene.crowded.insert(identifier.clone(), reason);
                }
            }
            let joined = store::merged_with(connection, space, added.keys()).await?;
            let open = added.keys().filter(|one| !scene.crowded.contains_key(*one));
            let evidence = store::edges_beside(connection, space, open).await?;
            let mut evidence: BTreeMap<Pair, Edge> = evidence
                .into_iter()
                .map(|((a, b), row)| {
                    let edge = row.edge(&a, &b);
                    ((a, b), edge)
                })
                .collect();
            let among = store::edges_among_crowded(connection, space, &new).await?;
            let among = among.into_values().flat_map(|around| around.edges);
            evidence.extend(among.map(|edge| ((edge.a.clone(), edge.b.clone()), edge)));
            let beside = evidence
                .keys()
                .flat_map(|(a, b)| [a.clone(), b.clone()])
                .chain(joined);
            let beside: BTreeSet<Identifier> = beside.collect();
            scene.before.extend(added);
            edges.extend(evidence);
            wanted = beside
                .into_iter()
                .filter(|end| !scene.before.contains_key(end) && !scene.crowded.contains_key(end))
                .collect();
        }
        scene.edges = edges.into_values().collect();
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

    /// Why an identifier that is known as one that was seen with too many others names nobody by the rule that is asked for; as
    /// far as it was asked for already.
    pub(super) fn by(&self, rules: usize, identifier: &Identifier) -> Option<Reason> {
        let found = self.found.get(identifier)?.as_ref()?;
        found.get(rules).cloned()
    }

    /// Why an identifier names nobody by the first of the rules; `None` where all that it was seen with has to be looked at.
    async fn reason(
        &mut self,
        connection: &mut AnyConnection,
        space: &str,
        identifier: &Identifier,
        known: Reason,
    ) -> Result<Option<Reason>> {
        if !self.found.contains_key(identifier) {
            let mut reasons = Vec::with_capacity(self.rules.len());
            for rules in &self.rules {
                reasons.extend(crowded(connection, space, rules, identifier, &known).await?);
            }
            let all = (reasons.len() == self.rules.len()).then_some(reasons);
            self.found.insert(identifier.clone(), all);
        }
        Ok(self.by(0, identifier))
    }
}

/// Why an identifier names nobody. No more of those that it was seen with are read than it takes to tell.
async fn crowded(
    connection: &mut AnyConnection,
    space: &str,
    rules: &Rules,
    identifier: &Identifier,
    known: &Reason,
) -> Result<Option<Reason>> {
    let mut crowd = Crowd::of(rules, identifier);
    if !crowd.is_fit() {
        // None of its evidence counts, so that there is nothing to find with it.
        return Ok(Some(known.clone()));
    }
    let decided = store::constraints_of(connection, space, [identifier].into_iter()).await?;
    let cut: BTreeSet<Identifier> = decided
        .into_iter()
        .filter(|one| one.decision == Decision::Cut)
        .flat_map(|one| [one.a, one.b])
        .collect();
    let name = identifier.to_string();
    for stronger in [true, false] {
        let mut after = String::new();
        while !crowd.is_settled(!stronger) {
            let page = store::seen_with(connection, space, &name, stronger, &after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.to_string();
            for other in page.iter().filter(|other| !cut.contains(*other)) {
                crowd.add(other);
            }
        }
    }
    Ok(crowd.reason())
}

impl Turn<'_> {
    /// Takes in whose an identifier is.
    pub(super) fn know(&mut self, identifier: &Identifier, node: &Node) {
        if !self.people.contains(&*node.person_id) {
            self.people.insert(node.person_id.to_string());
        }
        let whose = Whose {
            person_id: Arc::clone(&node.person_id),
            profile_id: Arc::clone(&node.profile_id),
        };
        self.whose.insert(identifier.shared(), whose);
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
            cache.put(space, identifier, node);
        }
    }
}
