//! SQL of the identity graph.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::consent::Scope;
use cdp_core::identifier::Identifier;
use cdp_core::identity::{self, Constraint, Decision, Edge, Pair, Reason};
use cdp_core::time::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::link::Links;
use super::review::Happened;
use crate::database::Database;
use crate::database::rows::Many;
use crate::error::{Error, Result};

/// That a node `n` is of a person. Nearly everybody is one profile of the person's own name, which its index finds; the index of
/// people has only those whom consent divides.
macro_rules! is_person {
    ($person:literal) => {
        concat!(
            "(n.profile_id = ",
            $person,
            " AND n.person_id = n.profile_id OR n.person_id = ",
            $person,
            " AND n.person_id <> n.profile_id)"
        )
    };
}
pub(crate) use is_person;

/// An identifier's place in the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(super) component: i64,
    /// Whom the evidence says that it is, whatever consent says.
    pub(super) person_id: String,
    pub(super) profile_id: String,
    pub(super) first_seen: Timestamp,
    /// Why it was seen with too many others to name anybody.
    pub(super) crowded: Option<Reason>,
}

/// What is kept of a pair's evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EdgeRow {
    pub(super) first_seen: Timestamp,
    pub(super) last_seen: Timestamp,
    /// The earliest event; between equal times the smaller message id.
    pub(super) first_event: String,
    pub(super) source_id: String,
    /// How many events carried both.
    pub(super) events: i64,
}

impl EdgeRow {
    /// As the core has it.
    pub(super) fn edge(&self, a: &Identifier, b: &Identifier) -> Edge {
        Edge {
            a: a.clone(),
            b: b.clone(),
            first_seen: self.first_seen,
            last_seen: self.last_seen,
        }
    }

    /// Takes in further evidence of the same pair.
    pub(super) fn merge(&mut self, other: &Self) {
        self.last_seen = other.last_seen.max(self.last_seen);
        self.events += other.events;
        if (other.first_seen, &other.first_event) < (self.first_seen, &self.first_event) {
            self.first_seen = other.first_seen;
            self.first_event.clone_from(&other.first_event);
            self.source_id.clone_from(&other.source_id);
        }
    }

    /// Both together.
    pub(super) fn merged(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.merge(other);
        both
    }
}

/// Evidence that the rules refused.
#[derive(Clone, Debug)]
pub(super) struct Blocked {
    pub(super) component: i64,
    pub(super) code: &'static str,
    pub(super) reason: String,
}

/// These identifiers, as far as they are known.
pub(super) async fn nodes(
    connection: &mut AnyConnection,
    space_id: &str,
    identifiers: impl Iterator<Item = String>,
) -> Result<Vec<(Identifier, Node)>> {
    let query = Many::new(
        "WITH wanted (identifier) AS (VALUES {rows}) SELECT n.identifier AS identifier, \
         n.component AS component, n.person_id AS person_id, n.profile_id AS profile_id, n.first_seen AS first_seen, n.crowded AS crowded FROM \
         wanted w CROSS JOIN identity_node n WHERE n.space_id = $1 AND n.identifier = \
         w.identifier",
        [space_id.into()],
    );
    let rows = query
        .rows(identifiers.map(|identifier| [identifier.into()]))
        .fetch(connection)
        .await?;
    rows.iter().map(node).collect()
}

/// Every identifier of these components.
pub(super) async fn nodes_of_components(
    connection: &mut AnyConnection,
    space_id: &str,
    components: &BTreeSet<i64>,
) -> Result<BTreeMap<i64, BTreeMap<Identifier, Node>>> {
    let query = Many::new(
        "WITH wanted (component) AS (VALUES {rows}) SELECT n.identifier AS identifier, \
         n.component AS component, n.person_id AS person_id, n.profile_id AS profile_id, n.first_seen AS first_seen, n.crowded AS crowded FROM \
         wanted w CROSS JOIN identity_node n WHERE n.space_id = $1 AND n.component = \
         w.component",
        [space_id.into()],
    );
    let rows = query
        .rows(components.iter().map(|component| [(*component).into()]))
        .fetch(connection)
        .await?;
    let mut found: BTreeMap<i64, BTreeMap<Identifier, Node>> = BTreeMap::new();
    for row in &rows {
        let (identifier, node) = node(row)?;
        found
            .entry(node.component)
            .or_default()
            .insert(identifier, node);
    }
    Ok(found)
}

/// The evidence that is known of these pairs.
pub(super) async fn edges(
    connection: &mut AnyConnection,
    space_id: &str,
    pairs: impl Iterator<Item = &Pair>,
) -> Result<BTreeMap<Pair, EdgeRow>> {
    let query = Many::new(
        "WITH wanted (a, b) AS (VALUES {rows}) SELECT e.a AS a, e.b AS b, e.first_seen AS \
         first_seen, e.last_seen AS last_seen, e.first_event AS first_event, e.source_id AS \
         source_id, e.events AS events FROM wanted w CROSS JOIN identity_edge e WHERE e.space_id = $1 AND e.a = \
         w.a AND e.b = w.b",
        [space_id.into()],
    );
    let rows = query
        .rows(pairs.map(|(a, b)| [a.to_string().into(), b.to_string().into()]))
        .fetch(connection)
        .await?;
    rows.iter().map(edge_row).collect()
}

/// Evidence as the core has it.
fn edge(row: &AnyRow) -> Result<Edge> {
    Ok(Edge {
        a: identifier(row, "a")?,
        b: identifier(row, "b")?,
        first_seen: time(row, "first_seen")?,
        last_seen: time(row, "last_seen")?,
    })
}

fn edge_row(row: &AnyRow) -> Result<(Pair, EdgeRow)> {
    let found = EdgeRow {
        first_seen: time(row, "first_seen")?,
        last_seen: time(row, "last_seen")?,
        first_event: row.try_get("first_event")?,
        source_id: row.try_get("source_id")?,
        events: row.try_get("events")?,
    };
    Ok(((identifier(row, "a")?, identifier(row, "b")?), found))
}

/// The evidence of a component.
#[derive(Debug, Default)]
pub(super) struct Around {
    pub(super) edges: Vec<Edge>,
    /// The ends that were seen with too many others.
    pub(super) crowded: BTreeMap<Identifier, Reason>,
}

/// Every piece of evidence that an identifier of these components has. What one that was seen with too many others was seen
/// with is not of its component, but for such as are too many themselves.
pub(super) async fn edges_of_components(
    connection: &mut AnyConnection,
    space_id: &str,
    components: &BTreeSet<i64>,
) -> Result<BTreeMap<i64, Around>> {
    let mut found: BTreeMap<i64, Around> = BTreeMap::new();
    for sql in [
        "WITH wanted (component) AS (VALUES {rows}) SELECT n.component AS component, e.a AS a, e.b AS b, \
         e.first_seen AS first_seen, e.last_seen AS last_seen, o.crowded AS crowded, e.b AS other FROM wanted w \
         CROSS JOIN identity_node n CROSS JOIN identity_edge e CROSS JOIN identity_node o WHERE n.space_id = $1 AND \
         n.component = w.component AND n.crowded = '' AND e.space_id = $1 AND e.a = n.identifier AND o.space_id = $1 AND \
         o.identifier = e.b",
        // From the other end only what the first does not give.
        "WITH wanted (component) AS (VALUES {rows}) SELECT n.component AS component, e.a AS a, e.b AS b, \
         e.first_seen AS first_seen, e.last_seen AS last_seen, o.crowded AS crowded, e.a AS other FROM wanted w \
         CROSS JOIN identity_node n CROSS JOIN identity_edge e CROSS JOIN identity_node o WHERE n.space_id = $1 AND \
         n.component = w.component AND n.crowded = '' AND e.space_id = $1 AND e.b = n.identifier AND o.space_id = $1 AND \
         o.identifier = e.a AND (o.component <> n.component OR o.crowded <> '')",
    ] {
        let query = Many::new(sql, [space_id.into()]);
        let rows = query
            .rows(components.iter().map(|component| [(*component).into()]))
            .fetch(connection)
            .await?;
        for row in &rows {
            let around = found.entry(row.try_get("component")?).or_default();
            if let Some(reason) = crowded(row, "crowded")? {
                around.crowded.insert(identifier(row, "other")?, reason);
            }
            around.edges.push(edge(row)?);
        }
    }
    for (component, among) in edges_among_crowded(connection, space_id, components).await? {
        let around = found.entry(component).or_default();
        around.edges.extend(among.edges);
        around.crowded.extend(among.crowded);
    }
    Ok(found)
}

/// The evidence between identifiers that were both seen with too many others, as far as it is kept with these components why it
/// joins nobody. No component leads to it otherwise.
pub(super) async fn edges_among_crowded(
    connection: &mut AnyConnection,
    space_id: &str,
    components: &BTreeSet<i64>,
) -> Result<BTreeMap<i64, Around>> {
    // Nearly always nothing was refused, and then nothing else is to be looked at.
    let refused = Many::new(
        "WITH wanted (component) AS (VALUES {rows}) SELECT DISTINCT x.component AS component FROM wanted w CROSS JOIN identity_blocked x \
         WHERE x.space_id = $1 AND x.component = w.component",
        [space_id.into()],
    );
    let refused = refused
        .rows(components.iter().map(|component| [(*component).into()]))
        .fetch(connection)
        .await?;
    let mut having = BTreeSet::new();
    for row in &refused {
        having.insert(row.try_get::<i64, _>("component")?);
    }
    if having.is_empty() {
        return Ok(BTreeMap::new());
    }
    let query = Many::new(
        "WITH wanted (component) AS (VALUES {rows}) SELECT x.component AS component, e.a AS a, e.b AS b, e.first_seen AS first_seen, \
         e.last_seen AS last_seen, na.crowded AS crowded_a, nb.crowded AS crowded_b FROM wanted w CROSS JOIN identity_blocked x \
         CROSS JOIN identity_edge e CROSS JOIN identity_node na CROSS JOIN identity_node nb WHERE x.space_id = $1 AND \
         x.component = w.component AND e.space_id = $1 AND e.a = x.a AND e.b = x.b AND na.space_id = $1 AND na.identifier = x.a AND \
         na.crowded <> '' AND nb.space_id = $1 AND nb.identifier = x.b AND nb.crowded <> ''",
        [space_id.into()],
    );
    let rows = query
        .rows(having.iter().map(|component| [(*component).into()]))
        .fetch(connection)
        .await?;
    let mut found: BTreeMap<i64, Around> = BTreeMap::new();
    for row in &rows {
        let around = found.entry(row.try_get("component")?).or_default();
        let edge = edge(row)?;
        for (end, column) in [(&edge.a, "crowded_a"), (&edge.b, "crowded_b")] {
            let reason = crowded(row, column)?;
            around
                .crowded
                .extend(reason.map(|reason| (end.clone(), reason)));
        }
        around.edges.push(edge);
    }
    Ok(found)
}

/// With whom an identifier was seen, by name: those of stronger kinds and its own, or those of weaker kinds and its own.
pub(super) async fn seen_with(
    connection: &mut AnyConnection,
    space_id: &str,
    identifier: &str,
    stronger: bool,
    after: &str,
    limit: i64,
) -> Result<Vec<Identifier>> {
    let sql = if stronger {
        "SELECT a AS other FROM identity_edge WHERE space_id = $1 AND b = $2 AND a > $3 ORDER BY a LIMIT $4"
    } else {
        "SELECT b AS other FROM identity_edge WHERE space_id = $1 AND a = $2 AND b > $3 ORDER BY b LIMIT $4"
    };
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(identifier)
        .bind(after)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| self::identifier(row, "other"))
        .collect()
}

/// How many identifiers these components have.
pub(super) async fn size_of_components(
    connection: &mut AnyConnection,
    space_id: &str,
    components: &BTreeSet<i64>,
) -> Result<usize> {
    let query = Many::new(
        "WITH wanted (component) AS (VALUES {rows}) SELECT COUNT(*) AS many FROM wanted w CROSS JOIN identity_node n \
         WHERE n.space_id = $1 AND n.component = w.component",
        [space_id.into()],
    );
    let rows = query
        .rows(components.iter().map(|component| [(*component).into()]))
        .fetch(connection)
        .await?;
    let mut size = 0;
    for row in &rows {
        size += row.try_get::<i64, _>("many")?;
    }
    Ok(usize::try_from(size).unwrap_or(usize::MAX))
}

/// The rows that two statements give of these identifiers, the one by either end of a pair.
async fn by_either_end(
    connection: &mut AnyConnection,
    space_id: &str,
    sqls: [&'static str; 2],
    identifiers: impl Iterator<Item = &Identifier> + Clone,
) -> Result<Vec<AnyRow>> {
    let mut found = Vec::new();
    for sql in sqls {
        let query = Many::new(sql, [space_id.into()]);
        let rows = identifiers.clone().map(|one| [one.to_string().into()]);
        found.extend(query.rows(rows).fetch(connection).await?);
    }
    Ok(found)
}

/// Every piece of evidence that these identifiers have.
pub(super) async fn edges_beside(
    connection: &mut AnyConnection,
    space_id: &str,
    identifiers: impl Iterator<Item = &Identifier> + Clone,
) -> Result<BTreeMap<Pair, EdgeRow>> {
    let mut found = BTreeMap::new();
    let sqls = [
        "WITH wanted (identifier) AS (VALUES {rows}) SELECT e.a AS a, e.b AS b, e.first_seen AS first_seen, \
         e.last_seen AS last_seen, e.first_event AS first_event, e.source_id AS source_id, e.events AS events FROM \
         wanted w CROSS JOIN identity_edge e WHERE e.space_id = $1 AND e.a = w.identifier",
        "WITH wanted (identifier) AS (VALUES {rows}) SELECT e.a AS a, e.b AS b, e.first_seen AS first_seen, \
         e.last_seen AS last_seen, e.first_event AS first_event, e.source_id AS source_id, e.events AS events FROM \
         wanted w CROSS JOIN identity_edge e WHERE e.space_id = $1 AND e.b = w.identifier",
    ];
    for row in by_either_end(connection, space_id, sqls, identifiers).await? {
        let (pair, edge) = edge_row(&row)?;
        found.insert(pair, edge);
    }
    Ok(found)
}

/// Whether anybody has decided anything of a space's identifiers that holds.
pub(super) async fn decides(connection: &mut AnyConnection, space_id: &str) -> Result<bool> {
    let row = sqlx::query("SELECT a FROM identity_constraint WHERE space_id = $1 LIMIT 1")
        .bind(space_id)
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

/// What was decided of these identifiers.
pub(super) async fn constraints_of(
    connection: &mut AnyConnection,
    space_id: &str,
    identifiers: impl Iterator<Item = &Identifier> + Clone,
) -> Result<Vec<Constraint>> {
    let mut found = BTreeSet::new();
    let sqls = [
        "WITH wanted (identifier) AS (VALUES {rows}) SELECT c.a AS a, c.b AS b, c.decision AS decision FROM wanted w \
         CROSS JOIN identity_constraint c WHERE c.space_id = $1 AND c.a = w.identifier",
        "WITH wanted (identifier) AS (VALUES {rows}) SELECT c.a AS a, c.b AS b, c.decision AS decision FROM wanted w \
         CROSS JOIN identity_constraint c WHERE c.space_id = $1 AND c.b = w.identifier",
    ];
    for row in by_either_end(connection, space_id, sqls, identifiers).await? {
        let word: String = row.try_get("decision")?;
        let decision: Decision = serde_json::from_value(word.into())?;
        let (a, b) = (identifier(&row, "a")?, identifier(&row, "b")?);
        found.insert(Constraint { a, b, decision });
    }
    Ok(found.into_iter().collect())
}

/// The ids of the decisions that say something of a pair.
pub(super) async fn decisions_that_say(
    connection: &mut AnyConnection,
    space_id: &str,
    pair: &Constraint,
) -> Result<Vec<String>> {
    let sql = "SELECT decision_id FROM identity_constraint WHERE space_id = $1 AND a = $2 AND b = $3 AND decision = $4 ORDER BY decision_id";
    let word = serde_json::to_value(pair.decision)?;
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(pair.a.to_string())
        .bind(pair.b.to_string())
        .bind(word.as_str().unwrap_or_default())
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| Ok(row.try_get("decision_id")?))
        .collect()
}

/// Remembers what a decision says of pairs.
pub(super) async fn put_constraints(
    connection: &mut AnyConnection,
    space_id: &str,
    decision_id: &str,
    pairs: &[Constraint],
) -> Result<()> {
    let mut insert = Many::new(
        "INSERT INTO identity_constraint (space_id, a, b, decision, decision_id) VALUES {rows} ON CONFLICT (space_id, a, b, decision_id) DO NOTHING",
        [],
    );
    for pair in pairs {
        let word = serde_json::to_value(pair.decision)?;
        insert.push([
            space_id.into(),
            pair.a.to_string().into(),
            pair.b.to_string().into(),
            word.as_str().unwrap_or_default().into(),
            decision_id.into(),
        ]);
    }
    insert.execute(connection).await?;
    Ok(())
}

/// Forgets what a decision said, and gives the identifiers of which it did.
pub(super) async fn take_constraints(
    connection: &mut AnyConnection,
    space_id: &str,
    decision_id: &str,
) -> Result<BTreeSet<Identifier>> {
    let sql =
        "DELETE FROM identity_constraint WHERE space_id = $1 AND decision_id = $2 RETURNING a, b";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(decision_id)
        .fetch_all(connection)
        .await?;
    ends(&rows)
}

/// The same of all that matching decided by itself.
pub(super) async fn take_automatic(
    connection: &mut AnyConnection,
    space_id: &str,
) -> Result<BTreeSet<Identifier>> {
    let sql = "DELETE FROM identity_constraint WHERE space_id = $1 AND decision_id IN \
               (SELECT d.id FROM identity_decision d WHERE d.space_id = $1 AND d.automatic = 1) RETURNING a, b";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .fetch_all(connection)
        .await?;
    ends(&rows)
}

/// The identifiers of pairs.
fn ends(rows: &[AnyRow]) -> Result<BTreeSet<Identifier>> {
    let mut ends = BTreeSet::new();
    for row in rows {
        ends.extend([identifier(row, "a")?, identifier(row, "b")?]);
    }
    Ok(ends)
}

/// Forgets what was decided in a space.
pub(super) async fn forget_constraints(
    connection: &mut AnyConnection,
    space_id: &str,
) -> Result<()> {
    sqlx::query("DELETE FROM identity_constraint WHERE space_id = $1")
        .bind(space_id)
        .execute(connection)
        .await?;
    Ok(())
}

/// The identifiers that somebody joined with these by hand.
pub(super) async fn merged_with(
    connection: &mut AnyConnection,
    space_id: &str,
    identifiers: impl Iterator<Item = &Identifier> + Clone,
) -> Result<Vec<Identifier>> {
    let constraints = constraints_of(connection, space_id, identifiers).await?;
    let merges = constraints
        .into_iter()
        .filter(|one| one.decision == Decision::MustLink);
    Ok(merges.flat_map(|one| [one.a, one.b]).collect())
}

/// What was decided of these people's identifiers, by person.
pub(super) async fn constraints_of_people(
    connection: &mut AnyConnection,
    space_id: &str,
    people: &BTreeMap<String, BTreeMap<Identifier, Node>>,
) -> Result<BTreeMap<String, Vec<Constraint>>> {
    let mut found = BTreeMap::new();
    if !decides(connection, space_id).await? {
        return Ok(found);
    }
    for (person, nodes) in people {
        let mut constraints = constraints_of(connection, space_id, nodes.keys()).await?;
        constraints.retain(|one| nodes.contains_key(&one.a) && nodes.contains_key(&one.b));
        found.insert(person.clone(), constraints);
    }
    Ok(found)
}

/// Has the components of these identifiers resolved again, in the background.
pub(super) async fn put_again<'a>(
    connection: &mut AnyConnection,
    space_id: &str,
    identifiers: impl Iterator<Item = &'a Identifier>,
) -> Result<()> {
    let insert = Many::new(
        "INSERT INTO identity_again (space_id, identifier) VALUES {rows} ON CONFLICT (space_id, identifier) DO NOTHING",
        [],
    );
    let rows = identifiers.map(|one| [space_id.into(), one.to_string().into()]);
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

/// Every identifier of these people, by person.
pub(super) async fn nodes_of_people(
    connection: &mut AnyConnection,
    space_id: &str,
    people: &BTreeSet<String>,
) -> Result<BTreeMap<String, BTreeMap<Identifier, Node>>> {
    let query = Many::new(
        concat!(
            "WITH wanted (person_id) AS (VALUES {rows}) SELECT n.identifier AS identifier, n.component AS component, \
             n.person_id AS person_id, n.profile_id AS profile_id, n.first_seen AS first_seen, n.crowded AS crowded FROM wanted w CROSS JOIN \
             identity_node n WHERE n.space_id = $1 AND ",
            is_person!("w.person_id")
        ),
        [space_id.into()],
    );
    let rows = query
        .rows(people.iter().map(|person| [person.into()]))
        .fetch(connection)
        .await?;
    let mut found: BTreeMap<String, BTreeMap<Identifier, Node>> = BTreeMap::new();
    for row in &rows {
        let (identifier, node) = node(row)?;
        let person = found.entry(node.person_id.clone()).or_default();
        person.insert(identifier, node);
    }
    Ok(found)
}

/// The links that start from identifiers of these people, by person.
pub(super) async fn links_of_people(
    connection: &mut AnyConnection,
    space_id: &str,
    people: &BTreeSet<String>,
) -> Result<BTreeMap<String, Vec<(Pair, Scope)>>> {
    let query = Many::new(
        concat!(
            "WITH wanted (person_id) AS (VALUES {rows}) SELECT w.person_id AS person_id, l.a AS a, l.b AS b, l.scope AS scope \
             FROM wanted w CROSS JOIN identity_node n CROSS JOIN identity_link l WHERE n.space_id = $1 AND ",
            is_person!("w.person_id"),
            " AND l.space_id = $1 AND l.a = n.identifier"
        ),
        [space_id.into()],
    );
    let rows = query
        .rows(people.iter().map(|person| [person.into()]))
        .fetch(connection)
        .await?;
    let mut found: BTreeMap<String, Vec<(Pair, Scope)>> = BTreeMap::new();
    for row in &rows {
        let pair = (identifier(row, "a")?, identifier(row, "b")?);
        let scope = Scope::from_text(row.try_get("scope")?);
        let person = found.entry(row.try_get("person_id")?).or_default();
        person.push((pair, scope));
    }
    Ok(found)
}

/// Writes links.
pub(crate) async fn put_links(
    connection: &mut AnyConnection,
    space_id: &str,
    links: Links,
) -> Result<()> {
    let insert = Many::new(
        "INSERT INTO identity_link (space_id, a, b, scope) VALUES {rows} ON CONFLICT (space_id, a, b, scope) DO NOTHING",
        [],
    );
    let rows = links.0.into_iter().map(|((a, b), scope)| {
        [
            space_id.into(),
            a.to_string().into(),
            b.to_string().into(),
            scope.as_str().into(),
        ]
    });
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

/// The greatest number of a component, 0 when there is none.
pub(super) async fn last_component(connection: &mut AnyConnection) -> Result<i64> {
    let row = sqlx::query("SELECT COALESCE(MAX(component), 0) AS last FROM identity_node")
        .fetch_one(connection)
        .await?;
    Ok(row.try_get("last")?)
}

/// An identifier of each of the components that are the newest.
pub(super) async fn newest_components(
    connection: &mut AnyConnection,
    space_id: &str,
    limit: usize,
) -> Result<Vec<Identifier>> {
    let sql = "SELECT MIN(identifier) AS identifier FROM identity_node WHERE space_id = $1 GROUP BY component ORDER BY component DESC LIMIT $2";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| identifier(row, "identifier"))
        .collect()
}

/// Writes evidence.
pub(super) async fn put_edges(
    connection: &mut AnyConnection,
    space_id: &str,
    pairs: &BTreeMap<Pair, EdgeRow>,
) -> Result<()> {
    let insert = Many::new(
        "INSERT INTO identity_edge (space_id, a, b, first_seen, last_seen, first_event, source_id, events) VALUES {rows} \
         ON CONFLICT (space_id, a, b) DO UPDATE SET first_seen = excluded.first_seen, last_seen = excluded.last_seen, \
         first_event = excluded.first_event, source_id = excluded.source_id, events = excluded.events",
        [],
    );
    let rows = pairs.iter().map(|((a, b), row)| {
        let (first, last) = (row.first_seen.as_micros(), row.last_seen.as_micros());
        [
            space_id.into(),
            a.to_string().into(),
            b.to_string().into(),
            first.into(),
            last.into(),
            (&row.first_event).into(),
            (&row.source_id).into(),
            row.events.into(),
        ]
    });
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

/// Writes identifiers' places.
pub(super) async fn put_nodes(
    connection: &mut AnyConnection,
    space_id: &str,
    nodes: &BTreeMap<Identifier, Node>,
) -> Result<()> {
    let insert = Many::new(
        "INSERT INTO identity_node (space_id, identifier, component, person_id, profile_id, first_seen, crowded) VALUES {rows} \
         ON CONFLICT (space_id, identifier) DO UPDATE \
         SET component = excluded.component, person_id = excluded.person_id, profile_id = excluded.profile_id, first_seen = excluded.first_seen, crowded = excluded.crowded",
        [],
    );
    let mut rows = Vec::with_capacity(nodes.len());
    for (identifier, node) in nodes {
        let first_seen = node.first_seen.as_micros();
        let crowded = node
            .crowded
            .as_ref()
            .map(serde_json::to_string)
            .transpose()?;
        rows.push([
            space_id.into(),
            identifier.to_string().into(),
            node.component.into(),
            (&node.person_id).into(),
            (&node.profile_id).into(),
            first_seen.into(),
            crowded.unwrap_or_default().into(),
        ]);
    }
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

/// The id that a profile had of this identifier, where a change takes it away: from then on the identifier leads from that id
/// to wherever it is now. While the id is the identifier's own, its node says so.
pub(super) fn former(
    space_id: &str,
    identifier: &Identifier,
    old: &Node,
    profile_id: &str,
) -> Option<(String, Identifier)> {
    let is_former = old.profile_id != profile_id
        && old.profile_id == identity::profile_id(space_id, identifier);
    is_former.then(|| (old.profile_id.clone(), identifier.clone()))
}

/// Remembers from which identifiers profile ids were made that are no more.
pub(super) async fn put_seeds(
    connection: &mut AnyConnection,
    space_id: &str,
    seeds: Vec<(String, Identifier)>,
) -> Result<()> {
    let insert = Many::new(
        "INSERT INTO profile_seed (space_id, profile_id, identifier) VALUES {rows} ON CONFLICT (space_id, profile_id) DO NOTHING",
        [],
    );
    let rows = seeds
        .into_iter()
        .map(|(profile_id, seed)| [space_id.into(), profile_id.into(), seed.to_string().into()]);
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

/// Forgets which evidence of these components was refused; it is found again.
pub(super) async fn forget_blocked(
    connection: &mut AnyConnection,
    space_id: &str,
    components: &BTreeSet<i64>,
) -> Result<()> {
    let delete = Many::new(
        "DELETE FROM identity_blocked WHERE space_id = $1 AND component IN (VALUES {rows})",
        [space_id.into()],
    );
    delete
        .rows(components.iter().map(|component| [(*component).into()]))
        .execute(connection)
        .await?;
    Ok(())
}

/// Remembers refused evidence.
pub(super) async fn put_blocked(
    connection: &mut AnyConnection,
    space_id: &str,
    blocked: BTreeMap<Pair, Blocked>,
) -> Result<()> {
    let insert = Many::new(
        "INSERT INTO identity_blocked (space_id, component, a, b, code, reason) VALUES {rows} \
         ON CONFLICT (space_id, a, b) DO UPDATE SET component = excluded.component, code = excluded.code, reason = excluded.reason",
        [],
    );
    let rows = blocked.into_iter().map(|((a, b), blocked)| {
        [
            space_id.into(),
            blocked.component.into(),
            a.to_string().into(),
            b.to_string().into(),
            blocked.code.into(),
            blocked.reason.into(),
        ]
    });
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

fn node(row: &AnyRow) -> Result<(Identifier, Node)> {
    let node = Node {
        crowded: crowded(row, "crowded")?,
        component: row.try_get("component")?,
        person_id: row.try_get("person_id")?,
        profile_id: row.try_get("profile_id")?,
        first_seen: time(row, "first_seen")?,
    };
    Ok((identifier(row, "identifier")?, node))
}

/// Why an identifier was seen with too many others.
fn crowded(row: &AnyRow, column: &str) -> Result<Option<Reason>> {
    let text: String = row.try_get(column)?;
    let reason = (!text.is_empty()).then(|| serde_json::from_str(&text));
    Ok(reason.transpose()?)
}

/// Reads an identifier as it was written: it is in normal form already.
pub(crate) fn identifier(row: &AnyRow, column: &str) -> Result<Identifier> {
    let text: String = row.try_get(column)?;
    text.parse()
        .map_err(|message: String| Error::internal(message))
}

fn time(row: &AnyRow, column: &str) -> Result<Timestamp> {
    Ok(Timestamp::from_micros(row.try_get(column)?))
}

/// A profile's identifiers.
pub(super) async fn identifiers_of(
    connection: &mut AnyConnection,
    space_id: &str,
    profile_id: &str,
) -> Result<BTreeSet<Identifier>> {
    let sql = "SELECT identifier FROM identity_node WHERE space_id = $1 AND profile_id = $2";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(profile_id)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| identifier(row, "identifier"))
        .collect()
}

/// Whether one of these identifiers has to be resolved again.
pub(super) async fn is_waiting_for(
    database: &Database,
    space_id: &str,
    identifiers: &BTreeSet<Identifier>,
) -> Result<bool> {
    let mut connection = database.reader().acquire().await?;
    let query = Many::new(
        "WITH wanted (identifier) AS (VALUES {rows}) SELECT x.identifier AS identifier FROM wanted w \
         CROSS JOIN identity_again x WHERE x.space_id = $1 AND x.identifier = w.identifier",
        [space_id.into()],
    );
    let rows = query
        .rows(identifiers.iter().map(|one| [one.to_string().into()]))
        .fetch(&mut connection)
        .await?;
    Ok(!rows.is_empty())
}

/// A pair's evidence, and why it was refused: in a word, and for a person.
pub(super) struct Told {
    pub(super) pair: Pair,
    pub(super) evidence: EdgeRow,
    pub(super) refused: Option<(String, String)>,
}

/// A page of the evidence that a profile's identifiers have, joining or not, by pair.
pub(super) async fn evidence_of_profile(
    connection: &mut AnyConnection,
    space_id: &str,
    profile_id: &str,
    after: &(String, String),
    limit: i64,
) -> Result<Vec<Told>> {
    // UNION takes away what both ends give.
    let sql = "SELECT p.a AS a, p.b AS b, p.first_seen AS first_seen, p.last_seen AS last_seen, p.first_event AS first_event, \
        p.source_id AS source_id, p.events AS events, COALESCE(x.code, '') AS code, COALESCE(x.reason, '') AS reason FROM \
        (SELECT e.a AS a, e.b AS b, e.first_seen AS first_seen, e.last_seen AS last_seen, e.first_event AS first_event, e.source_id AS source_id, \
        e.events AS events FROM identity_node n CROSS JOIN identity_edge e WHERE n.space_id = $1 AND n.profile_id = $2 AND e.space_id = $1 \
        AND e.a = n.identifier AND (e.a, e.b) > ($3, $4) \
        UNION SELECT e.a AS a, e.b AS b, e.first_seen AS first_seen, e.last_seen AS last_seen, e.first_event AS first_event, e.source_id AS source_id, \
        e.events AS events FROM identity_node n CROSS JOIN identity_edge e WHERE n.space_id = $1 AND n.profile_id = $2 AND e.space_id = $1 \
        AND e.b = n.identifier AND (e.a, e.b) > ($3, $4) ORDER BY 1, 2 LIMIT $5) p \
        LEFT JOIN identity_blocked x ON x.space_id = $1 AND x.a = p.a AND x.b = p.b ORDER BY p.a, p.b";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(profile_id)
        .bind(&after.0)
        .bind(&after.1)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let (pair, evidence) = edge_row(row)?;
            let code: String = row.try_get("code")?;
            let reason = row.try_get("reason")?;
            Ok(Told {
                pair,
                evidence,
                refused: (!code.is_empty()).then_some((code, reason)),
            })
        })
        .collect()
}

/// What was decided of these identifiers and holds, with its time.
pub(super) async fn decisions_of(
    connection: &mut AnyConnection,
    space_id: &str,
    identifiers: impl Iterator<Item = &Identifier> + Clone,
) -> Result<Vec<Happened>> {
    let mut found = BTreeMap::new();
    let sqls = [
        "WITH wanted (identifier) AS (VALUES {rows}) SELECT d.id AS id, d.kind AS kind, d.reason AS reason, d.decided_at AS decided_at \
         FROM wanted w CROSS JOIN identity_constraint c CROSS JOIN identity_decision d WHERE c.space_id = $1 AND c.a = w.identifier AND d.id = c.decision_id",
        "WITH wanted (identifier) AS (VALUES {rows}) SELECT d.id AS id, d.kind AS kind, d.reason AS reason, d.decided_at AS decided_at \
         FROM wanted w CROSS JOIN identity_constraint c CROSS JOIN identity_decision d WHERE c.space_id = $1 AND c.b = w.identifier AND d.id = c.decision_id",
    ];
    for row in by_either_end(connection, space_id, sqls, identifiers).await? {
        let id: String = row.try_get("id")?;
        let kind: String = row.try_get("kind")?;
        let reason: String = row.try_get("reason")?;
        let at = time(&row, "decided_at")?;
        let decided = Happened::Decided {
            at,
            what: kind,
            decision: id.clone(),
            reason,
        };
        found.insert(id, decided);
    }
    Ok(found.into_values().collect())
}
