//! SQL of `session`.

use cdp_core::time::Timestamp;
use serde::Serialize;
use sqlx::{AnyConnection, Row as _};

use super::{IDLE, LONGEST, NewSession, Session};
use crate::database::Database;
use crate::error::Result;
use crate::id;

/// A session in the list of one's own.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    pub(crate) id: String,
    /// What the browser says of itself.
    pub(crate) agent: String,
    /// From where it began, truncated.
    pub(crate) address: String,
    pub(crate) created_at: Timestamp,
    pub(crate) last_seen_at: Timestamp,
    /// Whether it is the one that asks.
    pub(crate) current: bool,
}

/// Writes a session; those that have ended go.
pub(crate) async fn insert(connection: &mut AnyConnection, session: &NewSession) -> Result<()> {
    let now = session.created_at;
    sqlx::query("DELETE FROM session WHERE ends_at <= $1 OR seen_at <= $2")
        .bind(now.as_micros())
        .bind(now.plus(IDLE.negated()).as_micros())
        .execute(&mut *connection)
        .await?;
    let sql = "INSERT INTO session (id, hash, member_id, token_id, agent, address, created_at, seen_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)";
    let query = sqlx::query(sql)
        .bind(&session.id)
        .bind(id::digest(&session.secret))
        .bind(session.member_id.as_deref())
        .bind(session.token_id.as_deref())
        .bind(&session.agent)
        .bind(&session.address);
    query
        .bind(now.as_micros())
        .bind(now.plus(LONGEST).as_micros())
        .execute(connection)
        .await?;
    Ok(())
}

/// The session of a secret, if it has not ended.
pub(crate) async fn find(
    database: &Database,
    secret: &str,
    now: Timestamp,
) -> Result<Option<Session>> {
    let sql = "SELECT id, member_id, token_id, seen_at FROM session WHERE hash = $1 AND ends_at > $2 AND seen_at > $3";
    let row = sqlx::query(sql)
        .bind(id::digest(secret))
        .bind(now.as_micros())
        .bind(now.plus(IDLE.negated()).as_micros())
        .fetch_optional(database.reader())
        .await?;
    row.map(|row| {
        Ok(Session {
            id: row.try_get("id")?,
            member_id: row.try_get("member_id")?,
            token_id: row.try_get("token_id")?,
            seen_at: Timestamp::from_micros(row.try_get("seen_at")?),
        })
    })
    .transpose()
}

/// Writes when a session was last used.
pub(crate) async fn seen(connection: &mut AnyConnection, id: &str, now: Timestamp) -> Result<()> {
    sqlx::query("UPDATE session SET seen_at = $1 WHERE id = $2")
        .bind(now.as_micros())
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

/// A page of a member's sessions; `current` is the one that asks.
pub(crate) async fn page(
    database: &Database,
    member_id: &str,
    current: &str,
    now: Timestamp,
    (after, limit): (&str, i64),
) -> Result<Vec<Listed>> {
    let sql = "SELECT id, agent, address, created_at, seen_at FROM session WHERE member_id = $1 AND ends_at > $2 AND seen_at > $3 AND id > $4 ORDER BY id LIMIT $5";
    let query = sqlx::query(sql)
        .bind(member_id)
        .bind(now.as_micros())
        .bind(now.plus(IDLE.negated()).as_micros());
    let rows = query
        .bind(after)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    let listed = |row: &sqlx::any::AnyRow| {
        let id: String = row.try_get("id")?;
        Ok(Listed {
            current: id == current,
            id,
            agent: row.try_get("agent")?,
            address: row.try_get("address")?,
            created_at: Timestamp::from_micros(row.try_get("created_at")?),
            last_seen_at: Timestamp::from_micros(row.try_get("seen_at")?),
        })
    };
    rows.iter().map(listed).collect()
}

/// Ends one session; whether it was there.
pub(crate) async fn end(connection: &mut AnyConnection, id: &str) -> Result<bool> {
    let done = sqlx::query("DELETE FROM session WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Ends one of a member's sessions; whether it was there.
pub(crate) async fn end_own(
    connection: &mut AnyConnection,
    member_id: &str,
    id: &str,
) -> Result<bool> {
    let done = sqlx::query("DELETE FROM session WHERE id = $1 AND member_id = $2")
        .bind(id)
        .bind(member_id)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Ends a member's sessions, but for one.
pub(crate) async fn end_of_member(
    connection: &mut AnyConnection,
    member_id: &str,
    but: &str,
) -> Result<()> {
    sqlx::query("DELETE FROM session WHERE member_id = $1 AND id <> $2")
        .bind(member_id)
        .bind(but)
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends the sessions that act as a token.
pub(crate) async fn end_of_token(connection: &mut AnyConnection, token_id: &str) -> Result<()> {
    sqlx::query("DELETE FROM session WHERE token_id = $1")
        .bind(token_id)
        .execute(connection)
        .await?;
    Ok(())
}
