//! What people look at to judge who is who: held merges, and the graph around a profile.

use std::collections::BTreeMap;

use cdp_core::identifier::Identifier;
use cdp_core::identity::Code;
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::Row as _;

use super::store;
use crate::database::Database;
use crate::error::Result;

/// A merge that is held.
#[derive(Debug, Serialize)]
pub(super) struct Held {
    pub(super) a: Identifier,
    pub(super) b: Identifier,
    reason: String,
}

/// How much evidence is blocked, by reason.
pub(super) async fn counts(database: &Database, space_id: &str) -> Result<BTreeMap<String, i64>> {
    let sql =
        "SELECT code, COUNT(*) AS many FROM identity_blocked WHERE space_id = $1 GROUP BY code";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .fetch_all(database.reader())
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("code")?, row.try_get("many")?)))
        .collect()
}

/// A page of the merges that are held, by pair.
pub(super) async fn held(
    database: &Database,
    space_id: &str,
    after: &(String, String),
    limit: i64,
) -> Result<Vec<Held>> {
    let sql = "SELECT a, b, reason FROM identity_blocked WHERE space_id = $1 AND code = $2 AND (a, b) > ($3, $4) ORDER BY a, b LIMIT $5";
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

/// Nodes, edges and the history of a profile.
pub(super) async fn graph(database: &Database, space_id: &str, profile_id: &str) -> Result<Value> {
    let mut connection = database.reader().acquire().await?;
    let own = store::identifiers_of(&mut connection, space_id, profile_id).await?;
    let evidence = store::edges_beside(&mut connection, space_id, own.iter()).await?;
    let blocked = store::blocked_beside(&mut connection, space_id, own.iter()).await?;
    let constraints = store::constraints_of(&mut connection, space_id, own.iter()).await?;
    let nodes = store::nodes(
        &mut connection,
        space_id,
        own.iter().map(ToString::to_string),
    )
    .await?;
    let mut history = Vec::new();
    let mut edges = Vec::new();
    for ((a, b), row) in &evidence {
        let why = blocked.get(&(a.clone(), b.clone()));
        let (code, reason) = why.map_or((None, None), |(code, reason)| (Some(code), Some(reason)));
        let what = if why.is_some() { "blocked" } else { "linked" };
        history.push((row.first_seen, json!({
            "at": row.first_seen, "what": what, "a": a, "b": b, "event": row.first_event, "reason": reason,
        })));
        edges.push(json!({
            "a": a, "b": b, "events": row.events, "first_seen": row.first_seen, "last_seen": row.last_seen,
            "first_event": row.first_event, "source_id": row.source_id, "blocked": code, "reason": reason,
        }));
    }
    let decisions = store::decisions_of(&mut connection, space_id, own.iter()).await?;
    history.extend(decisions);
    history.sort_by_key(|(at, _)| *at);
    let history: Vec<Value> = history.into_iter().map(|(_, entry)| entry).collect();
    let nodes: BTreeMap<Identifier, store::Node> = nodes.into_iter().collect();
    let nodes: Vec<Value> = nodes
        .into_iter()
        .map(|(identifier, node)| json!({"identifier": identifier, "first_seen": node.first_seen, "crowded": node.crowded.is_some()}))
        .collect();
    Ok(
        json!({"id": profile_id, "nodes": nodes, "edges": edges, "decisions": constraints, "history": history}),
    )
}
