//! SQL of every column that has secrets: which they are, sealing what is not, and sealing anew.

use sqlx::{AssertSqlSafe, Row as _};

use super::key_file::{KeyError, KeySource};
use super::{Place, Vault, is_sealed, key_of};
use crate::database::Database;
use crate::error::Result;

/// A column with secrets.
struct Column {
    table: &'static str,
    column: &'static str,
    /// An expression that names the row.
    row: &'static str,
    /// Which rows have one.
    with: &'static str,
}

/// Every column with secrets. A new one is added here, and nowhere written unsealed.
const COLUMNS: &[Column] = &[
    Column {
        table: "setting",
        column: "value",
        row: "name",
        with: "name IN ('edge_secret', 'suppression_key')",
    },
    Column {
        table: "user_token_key",
        column: "secret",
        row: "space_id || '/' || id",
        with: "1 = 1",
    },
    Column {
        table: "sign_in_provider",
        column: "client_secret",
        row: "workspace_id",
        with: "client_secret <> ''",
    },
];

/// A secret as it is kept.
struct Kept {
    row: String,
    text: String,
}

impl Column {
    async fn kept(&self, database: &Database) -> Result<Vec<Kept>> {
        let Self {
            table,
            column,
            row,
            with,
        } = self;
        let sql = format!("SELECT {row} AS place, {column} AS kept FROM {table} WHERE {with}");
        let rows = sqlx::query(AssertSqlSafe(sql))
            .fetch_all(database.reader())
            .await?;
        let kept = |row: &sqlx::any::AnyRow| {
            Ok(Kept {
                row: row.try_get("place")?,
                text: row.try_get("kept")?,
            })
        };
        rows.iter().map(kept).collect()
    }

    fn place<'a>(&'a self, row: &'a str) -> Place<'a> {
        Place {
            table: self.table,
            column: self.column,
            row,
        }
    }
}

/// The keys for a database. Where nothing is sealed yet and there is no key, one is made.
///
/// # Errors
/// Says where the key is missed, or that it is not the one that sealed what is there.
pub(crate) async fn keys(database: &Database, source: &KeySource) -> Result<Vault, KeyError> {
    let told = |error: crate::error::Error| KeyError(error.to_string());
    let mut sealed = Vec::new();
    for column in COLUMNS {
        let kept = column.kept(database).await.map_err(told)?;
        sealed.extend(kept.into_iter().filter(|kept| is_sealed(&kept.text)));
    }
    let vault = match source.read()? {
        Some(vault) => vault,
        None if sealed.is_empty() => {
            source.make()?;
            let made = source.read()?;
            made.ok_or_else(|| KeyError(format!("{} was made and is gone", source.name())))?
        }
        None => {
            let id = sealed
                .first()
                .and_then(|kept| key_of(&kept.text))
                .unwrap_or_default();
            return Err(KeyError(format!(
                "the secrets in the database are sealed with the key {id}, and {} is not there: put it back from where you keep its copy, name it with --secret-key-file, or give it in HEADWATER_SECRET_KEY",
                source.name()
            )));
        }
    };
    if let Some(kept) = sealed.iter().find(|kept| !vault.has_key_of(&kept.text)) {
        let id = key_of(&kept.text).unwrap_or_default();
        return Err(KeyError(format!(
            "{} has not the key {id}, with which secrets in the database are sealed: give the key that this database was used with, by --secret-key-file or HEADWATER_SECRET_KEY",
            source.name()
        )));
    }
    if let Some(words) = source.exposed() {
        tracing::warn!("{words}");
    }
    Ok(vault)
}

/// Seals what is not sealed, or not with the key that seals now; how many secrets that were. All of them, or none: whoever
/// is interrupted does it again.
///
/// # Errors
/// Where something does not open, or the database does not take it.
pub(crate) async fn seal_all(database: &Database, vault: &Vault) -> Result<u64> {
    let mut transaction = database.begin().await?;
    let mut sealed = 0;
    for column in COLUMNS {
        for kept in column.kept(database).await? {
            if vault.is_current(&kept.text) {
                continue;
            }
            let place = column.place(&kept.row);
            let secret = if is_sealed(&kept.text) {
                vault.open(place, &kept.text)?
            } else {
                kept.text.clone()
            };
            let Column {
                table, column, row, ..
            } = column;
            let sql =
                format!("UPDATE {table} SET {column} = $1 WHERE {row} = $2 AND {column} = $3");
            let done = sqlx::query(AssertSqlSafe(sql))
                .bind(vault.seal(place, &secret)?)
                .bind(&kept.row)
                .bind(&kept.text)
                .execute(&mut *transaction)
                .await?;
            sealed += done.rows_affected();
        }
    }
    transaction.commit().await?;
    if sealed > 0 && !database.tidy_up().await? {
        tracing::warn!(
            "what secrets were before they were sealed may stand in the database's log until it is folded; the next start does so"
        );
    }
    Ok(sealed)
}

/// Sees that everything opens that is kept.
///
/// # Errors
/// Names the first secret that does not.
pub(crate) async fn check(database: &Database, vault: &Vault) -> Result<usize> {
    let mut opened = 0;
    for column in COLUMNS {
        for kept in column.kept(database).await? {
            vault.open(column.place(&kept.row), &kept.text)?;
            opened += 1;
        }
    }
    Ok(opened)
}
