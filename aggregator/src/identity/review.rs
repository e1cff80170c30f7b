//! What people look at to judge who is who: held merges, and the graph around a profile.

use std::collections::BTreeMap;

use cdp_core::identifier::Identifier;
use cdp_core::identity::{Code, Constraint};
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use sqlx::{AnyConnection, Row as _};

use super::store;
use crate::database::Database;
use crate::error::Result;
use crate::http::page::Page;

/// A merge that is held.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HeldMerge")]
pub(super) struct Held {
    pub(super) a: Identifier,
    pub(super) b: Identifier,
    reason: String,
}

/// That nobody has decided about refused evidence `x` of the space `$1`.
macro_rules! is_undecided {
    () => {
        "NOT EXISTS (SELECT 1 FROM identity_constraint c WHERE c.space_id = $1 AND c.a = x.a AND c.b = x.b) \
         AND NOT EXISTS (SELECT 1 FROM identity_constraint c WHERE c.space_id = $1 AND c.a = x.b AND c.b = x.a)"
    };
}

/// How much evidence is blocked, by reason. Of merges that are held, those that nobody has decided yet.
pub(super) async fn counts(database: &Database, space_id: &str) -> Result<BTreeMap<String, i64>> {
    let sql = concat!(
        "SELECT x.code AS code, COUNT(*) AS many FROM identity_blocked x WHERE x.space_id = $1 AND (x.code <> $2 OR ",
        is_undecided!(),
        ") GROUP BY x.code"
    );
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(Code::BlastRadius.as_str())
        .fetch_all(database.reader())
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("code")?, row.try_get("many")?)))
        .collect()
}

/// A page of the merges that are held and that nobody has decided yet, by pair.
pub(super) async fn held(
    database: &Database,
    space_id: &str,
    after: &(String, String),
    limit: i64,
) -> Result<Vec<Held>> {
    let sql = concat!(
        "SELECT x.a AS a, x.b AS b, x.reason AS reason FROM identity_blocked x WHERE x.space_id = $1 AND x.code = $2 AND (x.a, x.b) > ($3, $4) AND ",
        is_undecided!(),
        " ORDER BY x.a, x.b LIMIT $5"
    );
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(Code::BlastRadius.as_str())
        .bind(&after.0)
        .bind(&after.1)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Held {
                a: store::identifier(row, "a")?,
                b: store::identifier(row, "b")?,
                reason: row.try_get("reason")?,
            })
        })
        .collect()
}

/// An identifier of a profile.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "GraphNode")]
struct Node {
    identifier: Identifier,
    first_seen: Timestamp,
    /// Whether it was seen with too many others to name anybody.
    crowded: bool,
}

/// Evidence that joins two identifiers, or is blocked.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "GraphEdge")]
struct Edge {
    a: Identifier,
    b: Identifier,
    /// How many events carried both.
    events: i64,
    first_seen: Timestamp,
    last_seen: Timestamp,
    first_event: String,
    source_id: String,
    /// Why it does not join, in a word.
    blocked: Option<String>,
    /// Why it does not join, for a person to read.
    reason: Option<String>,
}

/// Something in the history of a profile.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "GraphHappened")]
pub(super) enum Happened {
    /// Evidence was seen.
    Evidence {
        at: Timestamp,
        /// `linked` or `blocked`.
        what: &'static str,
        a: Identifier,
        b: Identifier,
        event: String,
        reason: Option<String>,
    },
    /// Something was decided.
    Decided {
        at: Timestamp,
        /// The decision's kind.
        what: String,
        decision: String,
        reason: String,
    },
}

impl Happened {
    fn at(&self) -> Timestamp {
        match self {
            Self::Evidence { at, .. } | Self::Decided { at, .. } => *at,
        }
    }
}

/// A profile's identifiers, what joins them, and how it came to be. Of the evidence it is a page.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ProfileGraph")]
pub(super) struct Graph {
    id: String,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    decisions: Vec<Constraint>,
    /// Of these pieces of evidence, and of all decisions.
    history: Vec<Happened>,
    /// Where the next page of the evidence begins, to be given as `cursor`; null on the last.
    next_cursor: Option<String>,
}

/// Nodes, edges and the history of a profile.
pub(super) async fn graph(
    connection: &mut AnyConnection,
    space_id: &str,
    profile_id: &str,
    page: &Page,
) -> Result<Graph> {
    let own = store::identifiers_of(connection, space_id, profile_id).await?;
    let after = page.place()?.unwrap_or_default();
    let evidence =
        store::evidence_of_profile(connection, space_id, profile_id, &after, page.fetch()).await?;
    let (evidence, next_cursor) = page.cut(evidence, |told| {
        let (a, b) = &told.pair;
        json!([a, b]).to_string()
    });
    let constraints = store::constraints_of(connection, space_id, own.iter()).await?;
    let nodes = store::nodes(connection, space_id, own.iter()).await?;
    let mut history = Vec::new();
    let mut edges = Vec::new();
    for told in evidence {
        let ((a, b), row) = (told.pair, told.evidence);
        let (blocked, reason) = told.refused.unzip();
        history.push(Happened::Evidence {
            at: row.first_seen,
            what: if blocked.is_some() {
                "blocked"
            } else {
                "linked"
            },
            a: a.clone(),
            b: b.clone(),
            event: row.first_event.clone(),
            reason: reason.clone(),
        });
        edges.push(Edge {
            a,
            b,
            events: row.events,
            first_seen: row.first_seen,
            last_seen: row.last_seen,
            first_event: row.first_event,
            source_id: row.source_id.to_string(),
            blocked,
            reason,
        });
    }
    let decisions = store::decisions_of(connection, space_id, own.iter()).await?;
    history.extend(decisions);
    history.sort_by_key(Happened::at);
    let nodes: BTreeMap<Identifier, store::Node> = nodes.into_iter().collect();
    let nodes = nodes
        .into_iter()
        .map(|(identifier, node)| Node {
            identifier,
            first_seen: node.first_seen,
            crowded: node.crowded.is_some(),
        })
        .collect();
    Ok(Graph {
        id: profile_id.to_owned(),
        nodes,
        edges,
        decisions: constraints,
        history,
        next_cursor,
    })
}
