//! Destroying the keys of somebody: what every backup that was ever made has of them cannot be read any more.

use std::collections::HashSet;
use std::path::Path;

use futures_util::TryStreamExt as _;
use sqlx::{AnyConnection, Row as _};

use super::keys::Keys;
use super::parts::{PARTS, Whose};
use crate::database::Database;
use crate::error::{Error, Result};

/// The setting that says in which store the keys of the database's backups are, for they are in a file beside it.
const SETTING: &str = "backup_keys";

/// Whose keys.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whom<'a> {
    pub(crate) space_id: &'a str,
    /// Identifiers and profiles' ids.
    pub(crate) names: &'a [String],
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Destroyed {
    /// That many keys are gone.
    Keys(u64),
    /// There are backups, and their keys are not in the data folder.
    Elsewhere,
}

/// Destroys somebody's keys, and those of texts that the database has no more. For when it has nothing of them any more.
pub(crate) async fn destroy(
    database: &Database,
    file: Option<&Path>,
    whom: Whom<'_>,
) -> Result<Destroyed> {
    let wanted = store_of(database).await?;
    let mut keys = match file.filter(|file| file.exists()) {
        Some(file) => Keys::open(file).await?,
        None if wanted.is_none() => return Ok(Destroyed::Keys(0)),
        None => return Ok(Destroyed::Elsewhere),
    };
    if wanted.is_some_and(|wanted| wanted != keys.id()) {
        return Ok(Destroyed::Elsewhere);
    }
    let names = whom.names.iter();
    let names: Vec<_> = names.map(|one| keys.name(whom.space_id, one)).collect();
    let mut places = Vec::new();
    let mut connection = database.reader().acquire().await?;
    for part in PARTS {
        let (Whose::Texts(column) | Whose::Pairs(column)) = part.whose else {
            continue;
        };
        let there = texts(&mut connection, &keys, whom.space_id, (part.table, column)).await?;
        let place = keys.name_of_text(whom.space_id, part.table, "").place;
        places.extend(place.map(|place| (place, there)));
    }
    let count = keys.destroy(&names, &places).await?;
    keys.close().await?;
    Ok(Destroyed::Keys(count))
}

/// What the keys of the texts are called that a table has now.
async fn texts(
    connection: &mut AnyConnection,
    keys: &Keys,
    space_id: &str,
    (table, column): (&str, &str),
) -> Result<HashSet<[u8; 16]>> {
    let sql = format!("SELECT {column} AS texts FROM {table} WHERE space_id = $1");
    // Both names are of the list of parts.
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(space_id);
    let mut rows = query.fetch(connection);
    let mut there = HashSet::new();
    while let Some(row) = rows.try_next().await? {
        let text: String = row.try_get("texts")?;
        there.insert(keys.name_of_text(space_id, table, &text).name);
    }
    Ok(there)
}

/// In which store the keys of the database's backups are; `None` before the first one.
pub(super) async fn store_of(database: &Database) -> Result<Option<String>> {
    let row = sqlx::query("SELECT value FROM setting WHERE name = $1")
        .bind(SETTING)
        .fetch_optional(database.reader())
        .await?;
    Ok(row.map(|row| row.try_get("value")).transpose()?)
}

/// Writes down in which store the keys of the database's backups are.
///
/// # Errors
/// When they are in another one.
pub(super) async fn name_store(database: &Database, keys: &Keys) -> Result<()> {
    let mut transaction = database.begin().await?;
    sqlx::query("INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(SETTING)
        .bind(keys.id())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await.map_err(Error::from)?;
    match store_of(database).await? {
        Some(id) if id == keys.id() => Ok(()),
        _ => Err(super::block::say(
            "the keys of this database's backups are elsewhere: with --data-dir give the folder that headwater serve has, and put backup-keys.sqlite back into it, or its newest copy, if you moved it".to_owned(),
        )),
    }
}
