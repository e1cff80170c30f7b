//! SQL of `token`.

use cdp_core::time::Timestamp;
use sqlx::{AnyConnection, Row as _};

use super::{Scope, Token};
use crate::database::Database;
use crate::error::Result;
use crate::id;

/// The token with this secret.
pub(crate) async fn find(database: &Database, secret: &str) -> Result<Option<Token>> {
    let sql = "SELECT space_id, scopes FROM token WHERE hash = $1";
    let Some(row) = sqlx::query(sql)
        .bind(id::digest(secret))
        .fetch_optional(database.reader())
        .await?
    else {
        return Ok(None);
    };
    let words: String = row.try_get("scopes")?;
    let scopes = Scope::ALL
        .into_iter()
        .filter(|scope| words.split(' ').any(|word| word == scope.as_str()))
        .collect();
    Ok(Some(Token {
        space_id: row.try_get("space_id")?,
        scopes,
    }))
}

/// Writes a token's digest.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    space_id: &str,
    name: &str,
    secret: &str,
    scopes: &[Scope],
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO token (id, space_id, name, hash, scopes, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    let words: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    let query = sqlx::query(sql)
        .bind(id::fresh("tok")?)
        .bind(space_id)
        .bind(name)
        .bind(id::digest(secret))
        .bind(words.join(" "));
    query.bind(now.as_micros()).execute(connection).await?;
    Ok(())
}
