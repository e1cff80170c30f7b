//! SQL of `user_token_key`.

use std::collections::HashMap;

use cdp_core::source::UserTokenKey;
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::database::Database;
use crate::error::Result;
use crate::vault::Place;

/// Where the secret of a key is; `row` is of [`row`].
const fn place(row: &str) -> Place<'_> {
    Place {
        table: "user_token_key",
        column: "secret",
        row,
    }
}

/// What names a key among those of all spaces.
fn row(space_id: &str, id: &str) -> String {
    format!("{space_id}/{id}")
}

/// What may be told of a key: everything but its secret.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "UserTokenKey")]
pub(super) struct Facts {
    /// `utk_…`, by the time it was made.
    pub(super) id: String,
    created_at: Timestamp,
    /// Null while no other has taken its place.
    valid_until: Option<Timestamp>,
}

/// A page of the space's keys that hold now.
pub(super) async fn page(
    database: &Database,
    space_id: &str,
    now: Timestamp,
    after: &str,
    limit: i64,
) -> Result<Vec<Facts>> {
    let sql = "SELECT id, created_at, valid_until FROM user_token_key WHERE space_id = $1 AND id > $2 AND (valid_until IS NULL OR valid_until > $3) ORDER BY id LIMIT $4";
    let query = sqlx::query(sql)
        .bind(space_id)
        .bind(after)
        .bind(now.as_micros())
        .bind(limit);
    let rows = query.fetch_all(database.reader()).await?;
    let facts = |row: &AnyRow| {
        Ok(Facts {
            id: row.try_get("id")?,
            created_at: Timestamp::from_micros(row.try_get("created_at")?),
            valid_until: valid_until(row)?,
        })
    };
    rows.iter().map(facts).collect()
}

/// Adds a key. Those before it hold until `until` at the latest; those that ended are deleted.
pub(super) async fn rotate(
    database: &Database,
    space_id: &str,
    (id, secret): (&str, &str),
    now: Timestamp,
    until: Timestamp,
) -> Result<()> {
    let sealed = database.vault().seal(place(&row(space_id, id)), secret)?;
    let mut transaction = database.begin().await?;
    let sql = "UPDATE user_token_key SET valid_until = $2 WHERE space_id = $1 AND (valid_until IS NULL OR valid_until > $2)";
    sqlx::query(sql)
        .bind(space_id)
        .bind(until.as_micros())
        .execute(&mut *transaction)
        .await?;
    let sql = "DELETE FROM user_token_key WHERE space_id = $1 AND valid_until <= $2";
    sqlx::query(sql)
        .bind(space_id)
        .bind(now.as_micros())
        .execute(&mut *transaction)
        .await?;
    let sql =
        "INSERT INTO user_token_key (space_id, id, secret, created_at) VALUES ($1, $2, $3, $4)";
    sqlx::query(sql)
        .bind(space_id)
        .bind(id)
        .bind(sealed)
        .bind(now.as_micros())
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

/// The keys of all spaces, as the edge needs them.
pub(crate) async fn of_spaces(database: &Database) -> Result<HashMap<String, Vec<UserTokenKey>>> {
    let sql = "SELECT space_id, id, secret, valid_until FROM user_token_key ORDER BY id DESC";
    let mut spaces: HashMap<String, Vec<UserTokenKey>> = HashMap::new();
    for found in &sqlx::query(sql).fetch_all(database.reader()).await? {
        let space_id: String = found.try_get("space_id")?;
        let name = row(&space_id, &found.try_get::<String, _>("id")?);
        let sealed: String = found.try_get("secret")?;
        let key = UserTokenKey {
            secret: database.vault().open(place(&name), &sealed)?,
            valid_until: valid_until(found)?,
        };
        spaces.entry(space_id).or_default().push(key);
    }
    Ok(spaces)
}

fn valid_until(row: &AnyRow) -> Result<Option<Timestamp>> {
    let micros: Option<i64> = row.try_get("valid_until")?;
    Ok(micros.map(Timestamp::from_micros))
}
