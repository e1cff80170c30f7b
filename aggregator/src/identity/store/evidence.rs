//! Pairs that were seen together: which of them join, which were refused, and what consent links.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cdp_core::consent::Scope;
use cdp_core::identifier::Identifier;
use cdp_core::identity::{Edge, Pair, Reason};
use cdp_core::time::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::{by_either_end, crowded, identifier, is_person, nodes, time};
use crate::database::rows::{Cell, Many};
use crate::error::Result;
use crate::identity::link::Links;

/// What is kept of a pair's evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::identity) struct EdgeRow {
    pub(in crate::identity) first_seen: Timestamp,
    pub(in crate::identity) last_seen: Timestamp,
    /// The earliest event; between equal times the smaller message id.
    pub(in crate::identity) first_event: String,
    pub(in crate::identity) source_id: Arc<str>,
    /// How many events carried both.
    pub(in crate::identity) events: i64,
}

impl EdgeRow {
    /// As the core has it.
    pub(in crate::identity) fn edge(&self, a: &Identifier, b: &Identifier) -> Edge {
        Edge {
            a: a.clone(),
            b: b.clone(),
            first_seen: self.first_seen,
            last_seen: self.last_seen,
        }
    }

    /// Takes in further evidence of the same pair.
    pub(in crate::identity) fn merge(&mut self, other: &Self) {
        self.last_seen = other.last_seen.max(self.last_seen);
        self.events += other.events;
        if (other.first_seen, &other.first_event) < (self.first_seen, &self.first_event) {
            self.first_seen = other.first_seen;
            self.first_event.clone_from(&other.first_event);
            self.source_id.clone_from(&other.source_id);
        }
    }

    /// Both together.
    pub(in crate::identity) fn merged(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.merge(other);
        both
    }
}

/// Evidence that the rules refused.
#[derive(Clone, Debug)]
pub(in crate::identity) struct Blocked {
    pub(in crate::identity) component: i64,
    pub(in crate::identity) code: &'static str,
    pub(in crate::identity) reason: String,
}

/// The evidence that is known of these pairs.
pub(in crate::identity) async fn edges(
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
        .rows(pairs.map(|(a, b)| [a.into(), b.into()]))
        .fetch(connection)
        .await?;
    rows.iter().map(edge_row).collect()
}

fn edge_row(row: &AnyRow) -> Result<(Pair, EdgeRow)> {
    let found = EdgeRow {
        first_seen: time(row, "first_seen")?,
        last_seen: time(row, "last_seen")?,
        first_event: row.try_get("first_event")?,
        source_id: row.try_get::<&str, _>("source_id")?.into(),
        events: row.try_get("events")?,
    };
    Ok(((identifier(row, "a")?, identifier(row, "b")?), found))
}

/// The evidence of a component.
#[derive(Debug, Default)]
pub(in crate::identity) struct Around {
    pub(in crate::identity) edges: Vec<Edge>,
    /// The ends that were seen with too many others.
    pub(in crate::identity) crowded: BTreeMap<Identifier, Reason>,
}

/// Every piece of evidence that an identifier of these components has. What one that was seen with too many others was seen
/// with is not of its component, but for such as are too many themselves.
pub(in crate::identity) async fn edges_of_components(
    connection: &mut AnyConnection,
    space_id: &str,
    components: &BTreeSet<i64>,
) -> Result<BTreeMap<i64, Around>> {
    let mut found: BTreeMap<i64, Around> = BTreeMap::new();
    for sql in [
        "WITH wanted (component) AS (VALUES {rows}) SELECT n.component AS component, e.a AS a, e.b AS b, \
         e.first_seen AS first_seen, e.last_seen AS last_seen, NULLIF(o.crowded, '') AS crowded, e.b AS other FROM wanted w \
         CROSS JOIN identity_node n CROSS JOIN identity_edge e CROSS JOIN identity_node o WHERE n.space_id = $1 AND \
         n.component = w.component AND n.crowded = '' AND e.space_id = $1 AND e.a = n.identifier AND o.space_id = $1 AND \
         o.identifier = e.b",
        // From the other end only what the first does not give.
        "WITH wanted (component) AS (VALUES {rows}) SELECT n.component AS component, e.a AS a, e.b AS b, \
         e.first_seen AS first_seen, e.last_seen AS last_seen, NULLIF(o.crowded, '') AS crowded, e.a AS other FROM wanted w \
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
            let edge = Edge {
                a: identifier(row, "a")?,
                b: identifier(row, "b")?,
                first_seen: time(row, "first_seen")?,
                last_seen: time(row, "last_seen")?,
            };
            let around = found.entry(row.try_get("component")?).or_default();
            if let Some(reason) = crowded(row)? {
                around.crowded.insert(identifier(row, "other")?, reason);
            }
            around.edges.push(edge);
        }
    }
    for (component, among) in edges_among_crowded(connection, space_id, components).await? {
        let around = found.entry(component).or_default();
        around.edges.extend(among.edges);
        around.crowded.extend(among.crowded);
    }
    Ok(found)
}

/// Those of these components that have evidence which the rules refused.
pub(in crate::identity) async fn components_with_refused(
    connection: &mut AnyConnection,
    space_id: &str,
    components: &BTreeSet<i64>,
) -> Result<BTreeSet<i64>> {
    let query = Many::new(
        "WITH wanted (component) AS (VALUES {rows}) SELECT w.component AS component FROM wanted w WHERE EXISTS \
         (SELECT 1 FROM identity_blocked x WHERE x.space_id = $1 AND x.component = w.component)",
        [space_id.into()],
    );
    let rows = query
        .rows(components.iter().map(|component| [(*component).into()]))
        .fetch(connection)
        .await?;
    let component = |row: &AnyRow| Ok(row.try_get("component")?);
    rows.iter().map(component).collect()
}

/// The evidence between identifiers that were both seen with too many others, as far as it is kept with these components why it
/// joins nobody. No component leads to it otherwise.
pub(in crate::identity) async fn edges_among_crowded(
    connection: &mut AnyConnection,
    space_id: &str,
    components: &BTreeSet<i64>,
) -> Result<BTreeMap<i64, Around>> {
    let mut found: BTreeMap<i64, Around> = BTreeMap::new();
    let query = Many::new(
        "WITH wanted (component) AS (VALUES {rows}) SELECT x.component AS component, x.a AS a, x.b AS b FROM wanted w \
         CROSS JOIN identity_blocked x WHERE x.space_id = $1 AND x.component = w.component",
        [space_id.into()],
    );
    let rows = query
        .rows(components.iter().map(|component| [(*component).into()]))
        .fetch(connection)
        .await?;
    let mut refused: BTreeMap<Pair, i64> = BTreeMap::new();
    for row in &rows {
        let pair = (identifier(row, "a")?, identifier(row, "b")?);
        refused.insert(pair, row.try_get("component")?);
    }
    if refused.is_empty() {
        return Ok(found);
    }
    let ends: BTreeSet<&Identifier> = refused.keys().flat_map(|(a, b)| [a, b]).collect();
    let ends = nodes(connection, space_id, ends.into_iter()).await?;
    let crowded: BTreeMap<Identifier, Reason> = ends
        .into_iter()
        .filter_map(|(identifier, node)| Some((identifier, node.crowded?)))
        .collect();
    refused.retain(|(a, b), _| crowded.contains_key(a) && crowded.contains_key(b));
    for ((a, b), row) in edges(connection, space_id, refused.keys()).await? {
        let edge = row.edge(&a, &b);
        let component = refused.get(&(a, b)).copied().unwrap_or_default();
        let around = found.entry(component).or_default();
        for end in [&edge.a, &edge.b] {
            let reason = crowded.get(end).cloned();
            around
                .crowded
                .extend(reason.map(|reason| (end.clone(), reason)));
        }
        around.edges.push(edge);
    }
    Ok(found)
}

/// With whom an identifier was seen, by name: those of stronger kinds and its own, or those of weaker kinds and its own.
pub(in crate::identity) async fn seen_with(
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

/// Every piece of evidence that these identifiers have.
pub(in crate::identity) async fn edges_beside(
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

/// The links that start from identifiers of these people, by person.
pub(in crate::identity) async fn links_of_people(
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
    let rows = links
        .0
        .into_iter()
        .map(|((a, b), scope)| [space_id.into(), a.into(), b.into(), scope.as_str().into()]);
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

/// The statement that writes evidence, and what it does where there is some of a pair.
macro_rules! insert_edges {
    ($conflict:literal) => {
        concat!(
            "INSERT INTO identity_edge (space_id, a, b, first_seen, last_seen, first_event, source_id, events) \
             SELECT $1, column1, column2, column3, column4, column5, column6, column7 \
             FROM (VALUES {rows}) AS added WHERE column1 IS NOT NULL",
            $conflict
        )
    };
}

/// Writes the evidence of pairs that have none yet.
pub(in crate::identity) async fn put_new_edges<'a>(
    connection: &mut AnyConnection,
    space_id: &str,
    pairs: impl Iterator<Item = (&'a Pair, &'a EdgeRow)>,
) -> Result<()> {
    let insert = Many::new(insert_edges!(""), [space_id.into()]);
    Ok(insert
        .rows(pairs.map(cells))
        .execute_whole(connection)
        .await?)
}

/// Writes evidence.
pub(in crate::identity) async fn put_edges<'a>(
    connection: &mut AnyConnection,
    space_id: &str,
    pairs: impl Iterator<Item = (&'a Pair, &'a EdgeRow)>,
) -> Result<()> {
    let insert = Many::new(
        insert_edges!(
            " ON CONFLICT (space_id, a, b) DO UPDATE SET first_seen = excluded.first_seen, last_seen = excluded.last_seen, \
             first_event = excluded.first_event, source_id = excluded.source_id, events = excluded.events"
        ),
        [space_id.into()],
    );
    insert.rows(pairs.map(cells)).execute(connection).await?;
    Ok(())
}

fn cells(((a, b), row): (&Pair, &EdgeRow)) -> [Cell; 7] {
    [
        a.into(),
        b.into(),
        row.first_seen.as_micros().into(),
        row.last_seen.as_micros().into(),
        (&row.first_event).into(),
        (&*row.source_id).into(),
        row.events.into(),
    ]
}

/// Forgets which evidence of these components was refused; it is found again.
pub(in crate::identity) async fn forget_blocked(
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
pub(in crate::identity) async fn put_blocked(
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
            a.into(),
            b.into(),
            blocked.code.into(),
            blocked.reason.into(),
        ]
    });
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

/// A pair's evidence, and why it was refused: in a word, and for a person.
pub(in crate::identity) struct Told {
    pub(in crate::identity) pair: Pair,
    pub(in crate::identity) evidence: EdgeRow,
    pub(in crate::identity) refused: Option<(String, String)>,
}

/// A page of the evidence that a profile's identifiers have, joining or not, by pair.
pub(in crate::identity) async fn evidence_of_profile(
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
