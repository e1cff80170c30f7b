//! SQL of `token`.

use cdp_core::time::Timestamp;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::{SHOWN, Token};
use crate::access::Scopes;
use crate::database::Database;
use crate::error::Result;
use crate::id;

/// A token as lists show it.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    pub(crate) id: String,
    pub(crate) name: String,
    /// How its secret begins; `null` of tokens that were made before this was kept.
    pub(crate) prefix: Option<String>,
    pub(crate) scopes: Scopes,
    /// The name of who made it.
    pub(crate) created_by: Option<String>,
    pub(crate) created_at: Timestamp,
    /// To the minute.
    pub(crate) last_used_at: Option<Timestamp>,
    pub(crate) ends_at: Option<Timestamp>,
}

/// A token to write.
#[derive(Debug)]
pub(crate) struct NewToken<'a> {
    pub(crate) id: &'a str,
    pub(crate) space_id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) secret: &'a str,
    pub(crate) scopes: Scopes,
    pub(crate) created_by: Option<&'a str>,
    pub(crate) ends_at: Option<Timestamp>,
}

fn time(row: &AnyRow, column: &str) -> Result<Option<Timestamp>> {
    let micros: Option<i64> = row.try_get(column)?;
    Ok(micros.map(Timestamp::from_micros))
}

fn token(row: &AnyRow) -> Result<Token> {
    let words: String = row.try_get("scopes")?;
    Ok(Token {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        space_id: row.try_get("space_id")?,
        scopes: Scopes::from_words(&words),
        last_used_at: time(row, "last_used_at")?,
    })
}

/// The token with this secret, if it has not ended.
pub(crate) async fn find(
    database: &Database,
    secret: &str,
    now: Timestamp,
) -> Result<Option<Token>> {
    let sql = "SELECT id, name, space_id, scopes, last_used_at FROM token WHERE hash = $1 AND (ends_at IS NULL OR ends_at > $2)";
    let row = sqlx::query(sql)
        .bind(id::digest(secret))
        .bind(now.as_micros())
        .fetch_optional(database.reader())
        .await?;
    row.as_ref().map(token).transpose()
}

/// A token by its id, if it has not ended.
pub(crate) async fn of_id(database: &Database, id: &str, now: Timestamp) -> Result<Option<Token>> {
    let sql = "SELECT id, name, space_id, scopes, last_used_at FROM token WHERE id = $1 AND (ends_at IS NULL OR ends_at > $2)";
    let row = sqlx::query(sql)
        .bind(id)
        .bind(now.as_micros())
        .fetch_optional(database.reader())
        .await?;
    row.as_ref().map(token).transpose()
}

/// Writes a token's digest.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    token: &NewToken<'_>,
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO token (id, space_id, name, hash, scopes, created_at, prefix, created_by, ends_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let query = sqlx::query(sql)
        .bind(token.id)
        .bind(token.space_id)
        .bind(token.name)
        .bind(id::digest(token.secret))
        .bind(token.scopes.words())
        .bind(now.as_micros());
    query
        .bind(token.secret.get(..SHOWN))
        .bind(token.created_by)
        .bind(token.ends_at.map(Timestamp::as_micros))
        .execute(connection)
        .await?;
    Ok(())
}

/// A page of a space's tokens, by id.
pub(super) async fn page(
    database: &Database,
    space_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Listed>> {
    let sql = "SELECT id, name, prefix, scopes, created_by, created_at, last_used_at, ends_at FROM token WHERE space_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(after)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    let listed = |row: &AnyRow| {
        let words: String = row.try_get("scopes")?;
        Ok(Listed {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            prefix: row.try_get("prefix")?,
            scopes: Scopes::from_words(&words),
            created_by: row.try_get("created_by")?,
            created_at: Timestamp::from_micros(row.try_get("created_at")?),
            last_used_at: time(row, "last_used_at")?,
            ends_at: time(row, "ends_at")?,
        })
    };
    rows.iter().map(listed).collect()
}

/// What a token of a space may; `None` when there is none with this id.
pub(super) async fn scopes(
    database: &Database,
    space_id: &str,
    id: &str,
) -> Result<Option<Scopes>> {
    let row = sqlx::query("SELECT scopes FROM token WHERE id = $1 AND space_id = $2")
        .bind(id)
        .bind(space_id)
        .fetch_optional(database.reader())
        .await?;
    row.map(|row| Ok(Scopes::from_words(&row.try_get::<String, _>("scopes")?)))
        .transpose()
}

/// Takes a token of a space away.
pub(super) async fn delete(connection: &mut AnyConnection, space_id: &str, id: &str) -> Result<()> {
    sqlx::query("DELETE FROM token WHERE id = $1 AND space_id = $2")
        .bind(id)
        .bind(space_id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes when a token was last used.
pub(crate) async fn used(connection: &mut AnyConnection, id: &str, now: Timestamp) -> Result<()> {
    sqlx::query("UPDATE token SET last_used_at = $1 WHERE id = $2")
        .bind(now.as_micros())
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}
