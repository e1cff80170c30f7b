//! Identifiers and their places.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cdp_core::identifier::Identifier;
use cdp_core::identity::{self, Reason};
use cdp_core::time::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::{crowded, identifier, is_person, time};
use crate::database::Database;
use crate::database::rows::{Cell, Many};
use crate::error::Result;

/// An identifier's place in the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(in crate::identity) component: i64,
    /// Whom the evidence says that it is, whatever consent says.
    pub(in crate::identity) person_id: Arc<str>,
    pub(in crate::identity) profile_id: Arc<str>,
    pub(in crate::identity) first_seen: Timestamp,
    /// Why it was seen with too many others to name anybody.
    pub(in crate::identity) crowded: Option<Reason>,
}

/// These identifiers, as far as they are known.
pub(in crate::identity) async fn nodes(
    connection: &mut AnyConnection,
    space_id: &str,
    identifiers: impl Iterator<Item = impl Into<Cell>>,
) -> Result<Vec<(Identifier, Node)>> {
    let query = Many::new(
        "WITH wanted (identifier) AS (VALUES {rows}) SELECT n.identifier AS identifier, \
         n.component AS component, NULLIF(n.person_id, n.profile_id) AS person_id, n.profile_id AS profile_id, n.first_seen AS first_seen, \
         NULLIF(n.crowded, '') AS crowded FROM \
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
pub(in crate::identity) async fn nodes_of_components(
    connection: &mut AnyConnection,
    space_id: &str,
    components: &BTreeSet<i64>,
) -> Result<BTreeMap<i64, BTreeMap<Identifier, Node>>> {
    let query = Many::new(
        "WITH wanted (component) AS (VALUES {rows}) SELECT n.identifier AS identifier, \
         n.component AS component, NULLIF(n.person_id, n.profile_id) AS person_id, n.profile_id AS profile_id, n.first_seen AS first_seen, \
         NULLIF(n.crowded, '') AS crowded FROM \
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

/// How many identifiers these components have.
pub(in crate::identity) async fn size_of_components(
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

/// Has the components of these identifiers resolved again, in the background.
pub(in crate::identity) async fn put_again<'a>(
    connection: &mut AnyConnection,
    space_id: &str,
    identifiers: impl Iterator<Item = &'a Identifier>,
) -> Result<()> {
    let insert = Many::new(
        "INSERT INTO identity_again (space_id, identifier) VALUES {rows} ON CONFLICT (space_id, identifier) DO NOTHING",
        [],
    );
    let rows = identifiers.map(|one| [space_id.into(), one.into()]);
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

/// The components that have some of these identifiers.
pub(crate) async fn components_of(
    connection: &mut AnyConnection,
    space_id: &str,
    identifiers: &BTreeSet<String>,
) -> Result<BTreeSet<i64>> {
    let found = nodes(connection, space_id, identifiers.iter()).await?;
    Ok(found.into_iter().map(|(_, node)| node.component).collect())
}

/// Has whatever there is of these components resolved again: an identifier of each leads to the others.
pub(crate) async fn put_components_again(
    connection: &mut AnyConnection,
    space_id: &str,
    components: &BTreeSet<i64>,
) -> Result<()> {
    let query = Many::new(
        "WITH wanted (component) AS (VALUES {rows}) SELECT MIN(n.identifier) AS identifier FROM wanted w CROSS JOIN \
         identity_node n WHERE n.space_id = $1 AND n.component = w.component GROUP BY n.component",
        [space_id.into()],
    );
    let rows = query
        .rows(components.iter().map(|component| [(*component).into()]))
        .fetch(&mut *connection)
        .await?;
    let found = rows.iter().map(|row| identifier(row, "identifier"));
    let found: Vec<Identifier> = found.collect::<Result<_>>()?;
    put_again(connection, space_id, found.iter()).await
}

/// Every identifier of these people, by person.
pub(in crate::identity) async fn nodes_of_people(
    connection: &mut AnyConnection,
    space_id: &str,
    people: &BTreeSet<String>,
) -> Result<BTreeMap<String, BTreeMap<Identifier, Node>>> {
    let query = Many::new(
        concat!(
            "WITH wanted (person_id) AS (VALUES {rows}) SELECT n.identifier AS identifier, n.component AS component, \
             NULLIF(n.person_id, n.profile_id) AS person_id, n.profile_id AS profile_id, n.first_seen AS first_seen, \
             NULLIF(n.crowded, '') AS crowded FROM wanted w CROSS JOIN \
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
        let person = found.entry(node.person_id.to_string()).or_default();
        person.insert(identifier, node);
    }
    Ok(found)
}

/// The greatest number of a component, 0 when there is none.
pub(in crate::identity) async fn last_component(connection: &mut AnyConnection) -> Result<i64> {
    let row = sqlx::query("SELECT COALESCE(MAX(component), 0) AS last FROM identity_node")
        .fetch_one(connection)
        .await?;
    Ok(row.try_get("last")?)
}

/// An identifier of each of the components that are the newest.
pub(in crate::identity) async fn newest_components(
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

/// The statement that writes identifiers' places, and what it does where one has a place. Nearly everybody is one profile of the
/// person's own name, which is not given twice.
macro_rules! insert_nodes {
    ($conflict:literal) => {
        concat!(
            "INSERT INTO identity_node (space_id, identifier, component, profile_id, person_id, first_seen, crowded) \
             SELECT $1, column1, column2, column3, COALESCE(column4, column3), column5, COALESCE(column6, '') \
             FROM (VALUES {rows}) AS added WHERE column1 IS NOT NULL",
            $conflict
        )
    };
}

/// Writes the places of identifiers that have none yet.
pub(in crate::identity) async fn put_new_nodes<'a>(
    connection: &mut AnyConnection,
    space_id: &str,
    nodes: impl Iterator<Item = (&'a Identifier, &'a Node)>,
) -> Result<()> {
    let mut insert = Many::new(insert_nodes!(""), [space_id.into()]);
    for (identifier, node) in nodes {
        insert.push(cells(identifier, node)?);
    }
    Ok(insert.execute_whole(connection).await?)
}

/// Writes identifiers' places.
pub(in crate::identity) async fn put_nodes<'a>(
    connection: &mut AnyConnection,
    space_id: &str,
    nodes: impl Iterator<Item = (&'a Identifier, &'a Node)>,
) -> Result<()> {
    let mut insert = Many::new(
        insert_nodes!(
            " ON CONFLICT (space_id, identifier) DO UPDATE SET component = excluded.component, person_id = excluded.person_id, \
             profile_id = excluded.profile_id, first_seen = excluded.first_seen, crowded = excluded.crowded"
        ),
        [space_id.into()],
    );
    for (identifier, node) in nodes {
        insert.push(cells(identifier, node)?);
    }
    insert.execute(connection).await?;
    Ok(())
}

fn cells(identifier: &Identifier, node: &Node) -> Result<[Cell; 6]> {
    let person_id = (node.person_id != node.profile_id).then(|| node.person_id.to_string());
    let crowded = node
        .crowded
        .as_ref()
        .map(serde_json::to_string)
        .transpose()?;
    Ok([
        identifier.into(),
        node.component.into(),
        (&*node.profile_id).into(),
        person_id.into(),
        node.first_seen.as_micros().into(),
        crowded.into(),
    ])
}

/// The id that a profile had of this identifier, where a change takes it away: from then on the identifier leads from that id
/// to wherever it is now. While the id is the identifier's own, its node says so.
pub(in crate::identity) fn former(
    space_id: &str,
    identifier: &Identifier,
    old: &Node,
    profile_id: &str,
) -> Option<(String, Identifier)> {
    let is_former = *old.profile_id != *profile_id
        && *old.profile_id == *identity::profile_id(space_id, identifier);
    is_former.then(|| (old.profile_id.to_string(), identifier.clone()))
}

/// Remembers from which identifiers profile ids were made that are no more.
pub(in crate::identity) async fn put_seeds(
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
        .map(|(profile_id, seed)| [space_id.into(), profile_id.into(), (&seed).into()]);
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

fn node(row: &AnyRow) -> Result<(Identifier, Node)> {
    let person_id: Option<&str> = row.try_get("person_id")?;
    let profile_id: Arc<str> = row.try_get::<&str, _>("profile_id")?.into();
    let node = Node {
        crowded: crowded(row)?,
        component: row.try_get("component")?,
        person_id: person_id.map_or_else(|| Arc::clone(&profile_id), Into::into),
        profile_id,
        first_seen: time(row, "first_seen")?,
    };
    Ok((identifier(row, "identifier")?, node))
}

/// A profile's identifiers.
pub(in crate::identity) async fn identifiers_of(
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
pub(in crate::identity) async fn is_waiting_for(
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
        .rows(identifiers.iter().map(|one| [one.into()]))
        .fetch(&mut connection)
        .await?;
    Ok(!rows.is_empty())
}
