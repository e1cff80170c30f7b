//! SQL of `audit_entry` and `audit_head`. Entries are added and read, and nothing else.

use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::Entry;
use crate::access::Actor;
use crate::database::Database;
use crate::error::Result;
use crate::http::page::Order;

/// An entry with its place in the chain.
#[derive(Debug)]
pub(super) struct Chained {
    pub(super) number: i64,
    pub(super) entry: Entry,
    pub(super) previous: String,
    pub(super) hash: String,
}

/// An entry as the API shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuditEntry")]
pub(super) struct View {
    pub(super) number: i64,
    at: Timestamp,
    actor: Actor,
    address: String,
    operation: String,
    about: Value,
    person: Option<String>,
    /// 0 of a change that has begun and whose end is not written yet.
    status: i64,
    hash: String,
}

impl From<Chained> for View {
    fn from(chained: Chained) -> Self {
        let Chained {
            number,
            entry,
            hash,
            ..
        } = chained;
        Self {
            number,
            at: entry.at,
            actor: entry.actor,
            address: entry.address,
            operation: entry.operation,
            about: serde_json::from_str(&entry.about).unwrap_or(Value::Null),
            person: Some(entry.person).filter(|person| !person.is_empty()),
            status: entry.status,
            hash,
        }
    }
}

/// Which entries of a space are asked for. What is empty does not narrow.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    pub(super) actor: String,
    pub(super) operation: String,
    pub(super) person: String,
    pub(super) since: i64,
    pub(super) until: i64,
}

/// Where the chain ends: the last number and its digest.
pub(super) async fn head(connection: &mut AnyConnection) -> Result<(i64, String)> {
    let row = sqlx::query("SELECT number, hash FROM audit_head WHERE id = 1")
        .fetch_one(connection)
        .await?;
    Ok((row.try_get("number")?, row.try_get("hash")?))
}

/// Adds an entry to the chain.
pub(super) async fn insert(
    connection: &mut AnyConnection,
    number: i64,
    entry: &Entry,
    (previous, hash): (&str, &str),
) -> Result<()> {
    let sql = "INSERT INTO audit_entry (number, space_id, at, actor_kind, actor_id, actor_name, address, operation, about, person, status, begun, previous, hash) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let query = sqlx::query(sql)
        .bind(number)
        .bind(&entry.space_id)
        .bind(entry.at.as_micros())
        .bind(entry.actor.kind)
        .bind(&entry.actor.id)
        .bind(&entry.actor.name)
        .bind(&entry.address)
        .bind(&entry.operation);
    let query = query
        .bind(&entry.about)
        .bind(&entry.person)
        .bind(entry.status)
        .bind(entry.begun);
    query.bind(previous).bind(hash).execute(connection).await?;
    Ok(())
}

/// Says where the chain ends now.
pub(super) async fn set_head(
    connection: &mut AnyConnection,
    number: i64,
    hash: &str,
) -> Result<()> {
    sqlx::query("UPDATE audit_head SET number = $1, hash = $2 WHERE id = 1")
        .bind(number)
        .bind(hash)
        .execute(connection)
        .await?;
    Ok(())
}

const COLUMNS: &str = "number, space_id, at, actor_kind, actor_id, actor_name, address, operation, about, person, status, begun, previous, hash";

fn read(row: &AnyRow) -> Result<Chained> {
    let kind: String = row.try_get("actor_kind")?;
    // A word that is none of ours has been written by somebody else; the chain shows it.
    let kind = ["member", "token", "nobody"]
        .into_iter()
        .find(|known| *known == kind)
        .unwrap_or("unknown");
    Ok(Chained {
        number: row.try_get("number")?,
        entry: Entry {
            space_id: row.try_get("space_id")?,
            at: Timestamp::from_micros(row.try_get("at")?),
            actor: Actor {
                kind,
                id: row.try_get("actor_id")?,
                name: row.try_get("actor_name")?,
            },
            address: row.try_get("address")?,
            operation: row.try_get("operation")?,
            about: row.try_get("about")?,
            person: row.try_get("person")?,
            status: row.try_get("status")?,
            begun: row.try_get("begun")?,
        },
        previous: row.try_get("previous")?,
        hash: row.try_get("hash")?,
    })
}

/// A part of the whole chain, in order, behind a number and up to another.
pub(super) async fn chain(
    database: &Database,
    after: i64,
    to: i64,
    limit: i64,
) -> Result<Vec<Chained>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM audit_entry WHERE number > $1 AND number <= $2 ORDER BY number LIMIT $3"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(after)
        .bind(to)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    rows.iter().map(read).collect()
}

/// A page of a space's entries; that a change had begun is left out where it is told how it ended.
pub(super) async fn page(
    database: &Database,
    space_id: &str,
    filter: &Filter,
    (after, order, limit): (Option<i64>, Order, i64),
) -> Result<Vec<Chained>> {
    let (compare, direction, first) = match order {
        Order::Asc => (">", "ASC", i64::MIN),
        Order::Desc => ("<", "DESC", i64::MAX),
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM audit_entry WHERE space_id = $1 AND number {compare} $2 \
         AND ($3 = '' OR actor_id = $3) AND ($4 = '' OR operation = $4) AND ($5 = '' OR person = $5) \
         AND at >= $6 AND at < $7 \
         AND NOT (status = 0 AND EXISTS (SELECT 1 FROM audit_entry ended WHERE ended.begun = audit_entry.number)) ORDER BY number {direction} LIMIT $8"
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(space_id)
        .bind(after.unwrap_or(first))
        .bind(&filter.actor)
        .bind(&filter.operation)
        .bind(&filter.person);
    let rows = query
        .bind(filter.since)
        .bind(filter.until)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    rows.iter().map(read).collect()
}
