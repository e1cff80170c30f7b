//! Putting a backup back into a new database.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

use cdp_core::identity::Constraint;
use flate2::{Decompress, FlushDecompress, Status};
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::block::{Block, Header, Reader, Table, say};
use super::keys::Keys;
use super::make::end_hash;
use super::row;
use super::seal::{self, Place, Secret};
use crate::database::rows::{self, Cell, Many};
use crate::database::{Database, Derived, OpenError};
use crate::error::{Error, Result};
use crate::privacy;

/// Rows that are put in by one transaction, about.
const ROWS: usize = 50_000;
/// Bytes that a group may hold when it is unpacked.
const LARGEST: u64 = 1024 * 1024 * 1024;
/// Settings that migrations have made give way to those of the backup, but for the one that says that it is not all there.
const FIRST_SETTINGS: &str = "DELETE FROM setting WHERE name <> 'restoring'";

/// A backup whose every byte was looked at.
#[derive(Debug)]
pub(crate) struct Checked {
    header: Header,
    rows: u64,
}

/// What was put back.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Restored {
    pub(crate) rows: u64,
    /// Rows whose keys are destroyed.
    pub(crate) gone: u64,
}

/// Reads a backup from its beginning to its end.
///
/// # Errors
/// Names the place that is damaged, or says that the end is missing, or that the keys are others'.
pub(crate) fn check(path: &Path, keys: &Keys) -> Result<Checked> {
    let (mut reader, header) = begin(path)?;
    if header.keys != keys.id() {
        return Err(say(format!(
            "the keys are those of another installation: {} was sealed with the keys {}, and these are {}",
            path.display(),
            header.keys,
            keys.id()
        )));
    }
    loop {
        let so_far = reader.so_far();
        match reader.next()? {
            Block::End(end) => {
                if end.hash != end_hash(keys, header.backup.as_bytes(), so_far) {
                    return Err(say(format!(
                        "{} is not as it was written: take another backup",
                        path.display()
                    )));
                }
                let rows = end.rows;
                return Ok(Checked { header, rows });
            }
            Block::Header(_) | Block::Table(_) | Block::Rows(..) => {}
        }
    }
}

fn begin(path: &Path) -> Result<(Reader, Header)> {
    let shown = path.display().to_string();
    let file =
        File::open(path).map_err(|error| say(format!("{shown} cannot be opened: {error}")))?;
    Reader::begin(file, &shown)
}

/// Puts everything that can be opened into a database without tables, and brings it up to date.
pub(crate) async fn restore(
    database: &Database,
    path: &Path,
    checked: Checked,
    keys: &mut Keys,
) -> Result<Restored> {
    let told = |error: OpenError| say(error.to_string());
    database
        .begin_restore(checked.header.schema)
        .await
        .map_err(told)?;
    let (mut reader, header) = begin(path)?;
    let mut restorer = Restorer {
        connection: database.begin_derived().await?,
        keys,
        backup: header.backup.into_bytes(),
        table: None,
        waiting: Vec::new(),
        bereaved: BTreeSet::new(),
        again: BTreeSet::new(),
        restored: Restored::default(),
    };
    loop {
        let at = reader.at();
        match reader.next()? {
            Block::Header(_) => return Err(reader.damaged(at)),
            Block::Table(table) => {
                restorer.flush().await?;
                restorer.begin(table).await?;
            }
            Block::Rows(number, groups) => {
                let done = restorer.rows(number, &groups).await?;
                done.ok_or_else(|| reader.damaged(at))?;
            }
            Block::End(_) => break,
        }
    }
    restorer.flush().await?;
    let Restorer {
        connection,
        restored,
        again,
        ..
    } = restorer;
    drop(connection);
    if restored.rows + restored.gone != checked.rows {
        return Err(say(format!(
            "{} says that it has {} rows, and has {}",
            path.display(),
            checked.rows,
            restored.rows + restored.gone
        )));
    }
    database.bring_up_to_date().await.map_err(told)?;
    let mut transaction = database.begin().await?;
    settle(&mut transaction, &again).await?;
    transaction.commit().await.map_err(Error::from)?;
    super::destroy::name_store(database, keys).await?;
    database.end_restore().await.map_err(told)?;
    Ok(restored)
}

struct Restorer<'k> {
    connection: Derived,
    keys: &'k mut Keys,
    backup: Vec<u8>,
    table: Option<Table>,
    waiting: Vec<Vec<Cell>>,
    /// The keys of whoever was seen with somebody whose keys are destroyed.
    bereaved: BTreeSet<u64>,
    /// Their spaces and identifiers: who is who has to be found out again.
    again: BTreeSet<(String, String)>,
    restored: Restored,
}

/// A group of rows as it is in a block.
struct Group<'b> {
    numbers: Vec<u64>,
    rows: u64,
    /// How long it is unpacked; 0 where it is not packed.
    unpacked: u64,
    sealed: &'b [u8],
}

fn groups(mut bytes: &[u8]) -> Option<Vec<Group<'_>>> {
    let mut groups = Vec::new();
    while !bytes.is_empty() {
        let count = row::take_number(&mut bytes)?;
        let mut numbers = Vec::new();
        for _ in 0..count {
            numbers.push(row::take_number(&mut bytes)?);
        }
        let rows = row::take_number(&mut bytes)?;
        let unpacked = row::take_number(&mut bytes)?;
        let length = row::take_number(&mut bytes)?;
        groups.push(Group {
            numbers,
            rows,
            unpacked,
            sealed: row::take(&mut bytes, length)?,
        });
    }
    Some(groups)
}

impl Restorer<'_> {
    async fn begin(&mut self, table: Table) -> Result<()> {
        let is_word = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let mut names = table.columns.iter().map(|column| column.name.as_str());
        if !is_word(&table.table) || !names.all(is_word) {
            return Err(say(
                "the backup names a table or a column that can be none".to_owned()
            ));
        }
        if !table.completes {
            // Migrations have put rows into some.
            let mut transaction = self.connection.begin().await?;
            let sql = match table.table.as_str() {
                "setting" => FIRST_SETTINGS.to_owned(),
                other => format!("DELETE FROM {other}"),
            };
            // The name was looked at above.
            sqlx::query(AssertSqlSafe(sql))
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
        }
        self.table = Some(table);
        Ok(())
    }

    /// Takes the rows of a block; `None` where it is not what it should be.
    async fn rows(&mut self, number: u64, bytes: &[u8]) -> Result<Option<()>> {
        let (Some(groups), Some(table)) = (groups(bytes), self.table.clone()) else {
            return Ok(None);
        };
        let wanted: BTreeSet<u64> = groups
            .iter()
            .flat_map(|group| group.numbers.iter().copied())
            .collect();
        let secrets = self.keys.secrets(&wanted).await?;
        let mut found = Vec::new();
        for (at, group) in groups.iter().enumerate() {
            let Some(known) = self.secrets(group, &secrets) else {
                self.restored.gone += group.rows;
                let left = group.numbers.iter().copied();
                self.bereaved
                    .extend(left.filter(|number| secrets.contains_key(number)));
                continue;
            };
            let place = Place {
                block: number,
                group: u32::try_from(at).map_err(Error::internal)?,
            };
            let key = seal::joint(&self.backup, &known);
            let opened = seal::open(&key, place, group.sealed);
            let Some(bytes) = opened.and_then(|bytes| unpack(bytes, group.unpacked)) else {
                return Ok(None);
            };
            let mut rest = bytes.as_slice();
            let is_bereaved = group
                .numbers
                .iter()
                .any(|number| self.bereaved.contains(number));
            for _ in 0..group.rows {
                let place = row::take_number(&mut rest);
                let row = row::take_row(&mut rest, &table.columns);
                let (Some(place), Some(row)) = (place, row) else {
                    return Ok(None);
                };
                if is_bereaved && table.table == "identity_node" {
                    self.look_again(&table, &row);
                }
                found.push((place, row));
            }
            self.restored.rows += group.rows;
        }
        found.sort_by_key(|(place, _)| *place);
        self.waiting.extend(found.into_iter().map(|(_, row)| row));
        if self.waiting.len() >= ROWS {
            self.flush().await?;
        }
        Ok(Some(()))
    }

    fn secrets(&self, group: &Group<'_>, secrets: &BTreeMap<u64, Secret>) -> Option<Vec<Secret>> {
        if group.numbers.is_empty() {
            return Some(vec![self.keys.everything]);
        }
        let numbers = group.numbers.iter();
        numbers.map(|number| secrets.get(number).copied()).collect()
    }

    fn look_again(&mut self, table: &Table, row: &[Cell]) {
        let text = |name: &str| {
            let at = table
                .columns
                .iter()
                .position(|column| column.name == name)?;
            match row.get(at)? {
                Cell::Text(text) => Some(text.clone()),
                _ => None,
            }
        };
        if let (Some(space_id), Some(identifier)) = (text("space_id"), text("identifier")) {
            // What is read by rules that are to come into force is resolved when they do.
            if !space_id.contains('/') {
                self.again.insert((space_id, identifier));
            }
        }
    }

    /// Puts the rows that wait into their table.
    async fn flush(&mut self) -> Result<()> {
        let Some(table) = &self.table else {
            return Ok(());
        };
        let waiting = std::mem::take(&mut self.waiting);
        if waiting.is_empty() {
            return Ok(());
        }
        let columns: Vec<&str> = table
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        let mut transaction = self.connection.begin().await?;
        if table.completes {
            for row in waiting {
                rows::complete(&mut transaction, &table.table, &columns, row).await?;
            }
        } else {
            rows::insert(&mut transaction, &table.table, &columns, waiting).await?;
        }
        Ok(transaction.commit().await?)
    }
}

/// The bytes as they were before they were made fewer.
fn unpack(bytes: Vec<u8>, length: u64) -> Option<Vec<u8>> {
    if length == 0 {
        return Some(bytes);
    }
    if length > LARGEST {
        return None;
    }
    let mut unpacked = Vec::with_capacity(usize::try_from(length).ok()?);
    let status = Decompress::new(false)
        .decompress_vec(&bytes, &mut unpacked, FlushDecompress::Finish)
        .ok()?;
    let is_whole = status == Status::StreamEnd && u64::try_from(unpacked.len()) == Ok(length);
    is_whole.then_some(unpacked)
}

/// What an erasure does beside deleting: what hung on rows that are gone goes, and others are found out about again.
async fn settle(connection: &mut AnyConnection, again: &BTreeSet<(String, String)>) -> Result<()> {
    for sql in [
        "DELETE FROM device_event WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.offset_id = device_event.offset_id)",
        "DELETE FROM identity_read WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.offset_id = identity_read.offset_id)",
        "DELETE FROM audience_size",
        "INSERT INTO audience_size (space_id, audience_id, members) SELECT space_id, audience_id, COUNT(*) FROM audience_member GROUP BY space_id, audience_id",
    ] {
        sqlx::query(sql).execute(&mut *connection).await?;
    }
    // One that still knows whom it is about begins anew.
    let sql = "UPDATE privacy_request SET work = $1 WHERE kind = 'erasure' AND state = 'running' AND subject = ''";
    sqlx::query(sql)
        .bind(privacy::work_that_is_left()?)
        .execute(&mut *connection)
        .await?;
    decisions(connection).await?;
    for sql in [
        "INSERT INTO identity_again (space_id, identifier) VALUES {rows} ON CONFLICT (space_id, identifier) DO NOTHING",
        "INSERT INTO consent_refold (space_id, identifier) VALUES {rows} ON CONFLICT (space_id, identifier) DO NOTHING",
    ] {
        let rows = again
            .iter()
            .map(|(space_id, one)| [space_id.into(), one.into()]);
        let insert = Many::new(sql, []).rows(rows);
        insert.execute(connection).await?;
    }
    Ok(())
}

/// A decision that was about somebody who is gone keeps the pairs that are of others. Without any it is about nobody.
async fn decisions(connection: &mut AnyConnection) -> Result<()> {
    let found = sqlx::query("SELECT id FROM identity_decision WHERE pairs = ''")
        .fetch_all(&mut *connection)
        .await?;
    for row in found {
        let id: String = row.try_get("id")?;
        let rows = sqlx::query(
            "SELECT a, b, decision FROM identity_constraint WHERE decision_id = $1 ORDER BY a, b",
        )
        .bind(&id)
        .fetch_all(&mut *connection)
        .await?;
        let mut pairs: Vec<Constraint> = Vec::new();
        for row in &rows {
            let text = |column: &str| row.try_get::<String, _>(column);
            let end = |column: &str| -> Result<_> {
                text(column)?
                    .parse()
                    .map_err(|why: String| Error::internal(why))
            };
            pairs.push(Constraint {
                a: end("a")?,
                b: end("b")?,
                decision: serde_json::from_value(text("decision")?.into())?,
            });
        }
        if pairs.is_empty() {
            sqlx::query("DELETE FROM identity_decision WHERE id = $1")
                .bind(&id)
                .execute(&mut *connection)
                .await?;
        } else {
            sqlx::query("UPDATE identity_decision SET pairs = $2 WHERE id = $1")
                .bind(&id)
                .bind(serde_json::to_string(&pairs)?)
                .execute(&mut *connection)
                .await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::block::{End, FORMAT, Writer};
    use super::super::keys::file;
    use super::super::row::{Column, Kind};
    use super::*;

    /// The tables of an earlier version, as that version would have written them.
    fn earlier(keys: &Keys, path: &Path) {
        let header = Header {
            format: FORMAT,
            schema: 3,
            made_at: 0,
            backup: "b".to_owned(),
            keys: keys.id().to_owned(),
        };
        let mut writer = Writer::begin(File::create(path).unwrap(), &header).unwrap();
        let column = |name: &str, kind| Column {
            name: name.to_owned(),
            kind,
        };
        let tables = [
            (
                "workspace",
                vec![
                    column("id", Kind::Text),
                    column("name", Kind::Text),
                    column("created_at", Kind::Number),
                ],
                vec![Cell::from("wsp_1"), "Shop".into(), 1.into()],
            ),
            (
                "space",
                vec![
                    column("id", Kind::Text),
                    column("workspace_id", Kind::Text),
                    column("name", Kind::Text),
                    column("consent_policy", Kind::Text),
                    column("created_at", Kind::Number),
                ],
                vec![
                    Cell::from("spc_1"),
                    "wsp_1".into(),
                    "Shop".into(),
                    "{}".into(),
                    1.into(),
                ],
            ),
        ];
        for (table, columns, row) in tables {
            let table = table.to_owned();
            writer
                .table(&Table {
                    table,
                    columns,
                    completes: false,
                })
                .unwrap();
            let mut bytes = vec![0];
            row.iter().for_each(|value| row::put(&mut bytes, value));
            let place = Place {
                block: writer.number,
                group: 0,
            };
            let key = seal::joint(b"b", &[keys.everything]);
            let sealed = seal::seal(&key, place, &bytes).unwrap();
            let mut group = Vec::new();
            for number in [0, 1, 0, u64::try_from(sealed.len()).unwrap()] {
                row::put_number(&mut group, number);
            }
            group.extend(sealed);
            writer.rows(&group).unwrap();
        }
        let hash = end_hash(keys, b"b", writer.so_far());
        writer.end(&End { rows: 2, hash }).unwrap();
    }

    #[tokio::test]
    async fn a_backup_of_an_earlier_version_is_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let mut keys = Keys::open_or_make(&file(folder.path())).await.unwrap();
        let path = folder.path().join("earlier.backup");
        earlier(&keys, &path);
        let checked = check(&path, &keys).unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let database = Database::new_folder(&data).await.unwrap();
        let restored = restore(&database, &path, checked, &mut keys).await.unwrap();
        assert_eq!((restored.rows, restored.gone), (2, 0));
        assert_eq!(
            database.state().await.unwrap(),
            (crate::database::latest(), true)
        );
        // A later migration makes the first policy out of the space's.
        let row =
            sqlx::query("SELECT COUNT(*) AS policies FROM consent_policy WHERE space_id = 'spc_1'")
                .fetch_one(database.reader())
                .await
                .unwrap();
        assert_eq!(row.get::<i64, _>("policies"), 1);
        database.close().await;
    }
}
