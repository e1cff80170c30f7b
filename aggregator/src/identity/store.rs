//! SQL of the identity graph.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::consent::Scope;
use cdp_core::identifier::Identifier;
use cdp_core::identity::Edge;
use cdp_core::time::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::evidence::Pair;
use super::link::Links;
use crate::database::rows::Many;
use crate::error::{Error, Result};

/// An identifier's place in the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(super) component: i64,
    /// Whom the evidence says that it is, whatever consent says.
    pub(super) person_id: String,
    pub(super) profile_id: String,
    pub(super) first_seen: Timestamp,
}

/// What is kept of a pair's evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EdgeRow {
    pub(super) first_seen: Timestamp,
    pub(super) last_seen: Timestamp,
    /// The earliest event; between equal times the smaller message id.
    pub(super) first_event: String,
    pub(super) source_id: String,
}

impl EdgeRow {
    /// Takes in further evidence of the same pair.
    pub(super) fn merge(&mut self, other: &Self) {
        self.last_seen = other.last_seen.max(self.last_seen);
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
    pub(super) edge: Edge,
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
         n.component AS component, n.person_id AS person_id, n.profile_id AS profile_id, n.first_seen AS first_seen FROM \
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
         n.component AS component, n.person_id AS person_id, n.profile_id AS profile_id, n.first_seen AS first_seen FROM \
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
         source_id FROM wanted w CROSS JOIN identity_edge e WHERE e.space_id = $1 AND e.a = \
         w.a AND e.b = w.b",
        [space_id.into()],
    );
    let rows = query
        .rows(pairs.map(|(a, b)| [a.to_string().into(), b.to_string().into()]))
        .fetch(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let found = EdgeRow {
                first_seen: time(row, "first_seen")?,
                last_seen: time(row, "last_seen")?,
                first_event: row.try_get("first_event")?,
                source_id: row.try_get("source_id")?,
            };
            Ok(((identifier(row, "a")?, identifier(row, "b")?), found))
        })
        .collect()
}

/// Every piece of evidence within these components.
pub(super) async fn edges_of_components(
    connection: &mut AnyConnection,
    space_id: &str,
    components: &BTreeSet<i64>,
) -> Result<BTreeMap<i64, Vec<Edge>>> {
    let query = Many::new(
        "WITH wanted (component) AS (VALUES {rows}) SELECT n.component AS component, e.a AS a, \
         e.b AS b, e.first_seen AS first_seen FROM wanted w CROSS JOIN identity_node n CROSS \
         JOIN identity_edge e WHERE n.space_id = $1 AND n.component = w.component AND \
         e.space_id = $1 AND e.a = n.identifier",
        [space_id.into()],
    );
    let rows = query
        .rows(components.iter().map(|component| [(*component).into()]))
        .fetch(connection)
        .await?;
    let mut found: BTreeMap<i64, Vec<Edge>> = BTreeMap::new();
    for row in &rows {
        let edge = Edge {
            a: identifier(row, "a")?,
            b: identifier(row, "b")?,
            first_seen: time(row, "first_seen")?,
        };
        found
            .entry(row.try_get("component")?)
            .or_default()
            .push(edge);
    }
    Ok(found)
}

/// Every identifier of these people, by person.
pub(super) async fn nodes_of_people(
    connection: &mut AnyConnection,
    space_id: &str,
    people: &BTreeSet<String>,
) -> Result<BTreeMap<String, BTreeMap<Identifier, Node>>> {
    let query = Many::new(
        "WITH wanted (person_id) AS (VALUES {rows}) SELECT n.identifier AS identifier, n.component AS component, \
         n.person_id AS person_id, n.profile_id AS profile_id, n.first_seen AS first_seen FROM wanted w CROSS JOIN \
         identity_node n WHERE n.space_id = $1 AND n.person_id = w.person_id",
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
        "WITH wanted (person_id) AS (VALUES {rows}) SELECT w.person_id AS person_id, l.a AS a, l.b AS b, l.scope AS scope \
         FROM wanted w CROSS JOIN identity_node n CROSS JOIN identity_link l WHERE n.space_id = $1 AND n.person_id = \
         w.person_id AND l.space_id = $1 AND l.a = n.identifier",
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

/// Writes evidence.
pub(super) async fn put_edges(
    connection: &mut AnyConnection,
    space_id: &str,
    pairs: &BTreeMap<Pair, EdgeRow>,
) -> Result<()> {
    let insert = Many::new(
        "INSERT INTO identity_edge (space_id, a, b, first_seen, last_seen, first_event, source_id) VALUES {rows} \
         ON CONFLICT (space_id, a, b) DO UPDATE SET first_seen = excluded.first_seen, last_seen = excluded.last_seen, \
         first_event = excluded.first_event, source_id = excluded.source_id",
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
        "INSERT INTO identity_node (space_id, identifier, component, person_id, profile_id, first_seen) VALUES {rows} \
         ON CONFLICT (space_id, identifier) DO UPDATE \
         SET component = excluded.component, person_id = excluded.person_id, profile_id = excluded.profile_id, first_seen = excluded.first_seen",
        [],
    );
    let rows = nodes.iter().map(|(identifier, node)| {
        let first_seen = node.first_seen.as_micros();
        [
            space_id.into(),
            identifier.to_string().into(),
            node.component.into(),
            (&node.person_id).into(),
            (&node.profile_id).into(),
            first_seen.into(),
        ]
    });
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

/// Remembers from which identifiers profile ids were made.
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
    blocked: Vec<Blocked>,
) -> Result<()> {
    let insert = Many::new(
        "INSERT INTO identity_blocked (space_id, component, a, b, reason) VALUES {rows} \
         ON CONFLICT (space_id, a, b) DO UPDATE SET component = excluded.component, reason = excluded.reason",
        [],
    );
    let rows = blocked.into_iter().map(
        |Blocked {
             component,
             edge,
             reason,
         }| {
            [
                space_id.into(),
                component.into(),
                edge.a.to_string().into(),
                edge.b.to_string().into(),
                reason.into(),
            ]
        },
    );
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

fn node(row: &AnyRow) -> Result<(Identifier, Node)> {
    let node = Node {
        component: row.try_get("component")?,
        person_id: row.try_get("person_id")?,
        profile_id: row.try_get("profile_id")?,
        first_seen: time(row, "first_seen")?,
    };
    Ok((identifier(row, "identifier")?, node))
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
