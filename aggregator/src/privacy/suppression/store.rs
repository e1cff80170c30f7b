//! SQL of `privacy_suppression`.

use cdp_core::time::Timestamp;
use sqlx::{AnyConnection, Row as _};

use super::{Suppressed, Suppression};
use crate::database::Database;
use crate::database::rows::Many;
use crate::error::Result;
use crate::id;
use crate::vault::{Place, Vault};

/// The setting with the key of the hashes.
const KEY: &str = "suppression_key";
const PLACE: Place<'static> = Place::setting(KEY);

/// The key of the hashes. Where the database has no hash that was made with its own, a known one takes its place; where it has
/// none at all, one is made.
pub(super) async fn key(
    connection: &mut AnyConnection,
    vault: &Vault,
    known: Option<String>,
) -> Result<String> {
    if let Some(known) = known {
        let known = vault.seal(PLACE, &known)?;
        let sql = "UPDATE setting SET value = $2 WHERE name = $1 AND NOT EXISTS (SELECT 1 FROM privacy_suppression)";
        sqlx::query(sql)
            .bind(KEY)
            .bind(&known)
            .execute(&mut *connection)
            .await?;
        insert_key(connection, known).await?;
    } else {
        let fresh = vault.seal(PLACE, &id::secret("")?)?;
        insert_key(connection, fresh).await?;
    }
    let row = sqlx::query("SELECT value FROM setting WHERE name = $1")
        .bind(KEY)
        .fetch_one(connection)
        .await?;
    vault.open(PLACE, &row.try_get::<String, _>("value")?)
}

async fn insert_key(connection: &mut AnyConnection, key: String) -> Result<()> {
    sqlx::query("INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(KEY)
        .bind(key)
        .execute(connection)
        .await?;
    Ok(())
}

/// Every suppression, in order.
pub(super) async fn all(database: &Database) -> Result<Vec<Suppressed>> {
    let sql = "SELECT space_id, hash, kind, shared, request_id, created_at FROM privacy_suppression ORDER BY space_id, hash";
    let rows = sqlx::query(sql).fetch_all(database.reader()).await?;
    rows.iter()
        .map(|row| {
            let shared: i64 = row.try_get("shared")?;
            Ok(Suppressed {
                space_id: row.try_get("space_id")?,
                hash: row.try_get("hash")?,
                kind: row.try_get("kind")?,
                shared: shared != 0,
                request_id: row.try_get("request_id")?,
                created_at: row.try_get("created_at")?,
            })
        })
        .collect()
}

/// Adds suppressions; how many are new.
pub(super) async fn put(
    connection: &mut AnyConnection,
    suppressed: Vec<Suppressed>,
) -> Result<u64> {
    let insert = Many::new(
        "INSERT INTO privacy_suppression (space_id, hash, kind, shared, request_id, refused, created_at) VALUES {rows} \
         ON CONFLICT (space_id, hash) DO NOTHING",
        [],
    );
    let rows = suppressed.into_iter().map(|one| {
        [
            one.space_id.into(),
            one.hash.into(),
            one.kind.into(),
            i64::from(one.shared).into(),
            one.request_id.into(),
            0.into(),
            one.created_at.into(),
        ]
    });
    Ok(insert.rows(rows).execute(connection).await?)
}

/// A page of a space's suppressions.
pub(in crate::privacy) async fn page(
    database: &Database,
    space_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Suppression>> {
    let sql = "SELECT hash, kind, shared, request_id, refused, created_at FROM privacy_suppression WHERE space_id = $1 AND hash > $2 ORDER BY hash LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(after)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    let suppression = |row: &sqlx::any::AnyRow| {
        let shared: i64 = row.try_get("shared")?;
        Ok(Suppression {
            id: row.try_get("hash")?,
            kind: row.try_get("kind")?,
            shared: shared != 0,
            request_id: row.try_get("request_id")?,
            refused: row.try_get("refused")?,
            created_at: Timestamp::from_micros(row.try_get("created_at")?),
        })
    };
    rows.iter().map(suppression).collect()
}
