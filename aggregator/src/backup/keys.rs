//! The keys that open backups: a SQLite file of its own in the data folder, in no backup.
//!
//! Whose a key is says a keyed hash of the identifier, and a backup names a key by its number alone. Numbers are given once.
//! A secret that is destroyed is overwritten where it lies: rows are only ever added behind the others, so that no tree of
//! the file has moved one and left a copy.
//!
//! A backup under way reads the database as it was when it began. Somebody who is erased meanwhile must not get a new key
//! then, so an erasure also leaves the mark of a key that is destroyed where there was none. The marks go when the next
//! backup begins.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cdp_core::hex::hex;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _};

use super::block::say;
use super::seal::{Secret, keyed_hash};
use crate::error::{Error, Result};
use crate::{clock, id};

/// A keyed hash that says whose a key is.
pub(super) type Name = [u8; 16];

/// Keys that are kept in memory; some 100 bytes each.
const REMEMBERED: usize = 400_000;
/// Names or numbers asked for at once.
const AT_ONCE: usize = 4_096;

const TABLES: &str = "\
    CREATE TABLE IF NOT EXISTS store (id TEXT NOT NULL, naming BLOB NOT NULL, everything BLOB NOT NULL); \
    CREATE TABLE IF NOT EXISTS secret (number INTEGER PRIMARY KEY AUTOINCREMENT, name BLOB NOT NULL UNIQUE, secret BLOB NOT NULL); \
    CREATE TABLE IF NOT EXISTS of_text (number INTEGER PRIMARY KEY, place BLOB NOT NULL); \
    CREATE INDEX IF NOT EXISTS of_text_by_place ON of_text (place, number); \
    CREATE TABLE IF NOT EXISTS destroyed (number INTEGER PRIMARY KEY); \
    CREATE TABLE IF NOT EXISTS looked_through (place BLOB PRIMARY KEY); \
    CREATE TABLE IF NOT EXISTS backup (number INTEGER PRIMARY KEY AUTOINCREMENT, began_at INTEGER NOT NULL, ended_at INTEGER NOT NULL)";

/// The file of a data folder.
pub(crate) fn file(folder: &Path) -> PathBuf {
    folder.join("backup-keys.sqlite")
}

/// A key with its number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    pub(super) number: u64,
    pub(super) secret: Secret,
}

/// Somebody, or a text, whose key is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Wanted {
    pub(super) name: Name,
    /// Of a text: where it stands.
    pub(super) place: Option<Name>,
}

/// The store of keys.
pub(crate) struct Keys {
    connection: SqliteConnection,
    id: String,
    naming: Secret,
    pub(super) everything: Secret,
    remembered: HashMap<Name, Option<Key>>,
    /// The backup that is being made.
    backup: i64,
}

impl Keys {
    /// Opens the store of a data folder, which is made where there is none.
    pub(crate) async fn open_or_make(path: &Path) -> Result<Self> {
        private(path)?;
        let mut connection = connect(path).await?;
        connection.execute(TABLES).await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("INSERT INTO store (id, naming, everything) SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT 1 FROM store)")
            .bind(hex(&id::random::<8>()?))
            .bind(id::random::<32>()?.to_vec())
            .bind(id::random::<32>()?.to_vec())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Self::read(connection).await
    }

    /// Opens a store that is there.
    ///
    /// # Errors
    /// With what to do, when the file is none.
    pub(crate) async fn open(path: &Path) -> Result<Self> {
        let shown = path.display();
        if !path.exists() {
            return Err(say(format!(
                "there are no keys in {shown}: give the backup-keys.sqlite of the data folder that was backed up, or the copy that --keys-out made of it"
            )));
        }
        let connection = connect(path).await;
        let read = match connection {
            Ok(connection) => Self::read(connection).await,
            Err(error) => Err(error),
        };
        read.map_err(|error| {
            let cause = error.cause.map_or(error.message, |cause| cause.to_string());
            say(format!("{shown} holds no keys of backups ({cause}): give the backup-keys.sqlite of the data folder that was backed up, or the copy that --keys-out made of it"))
        })
    }

    async fn read(mut connection: SqliteConnection) -> Result<Self> {
        let row = sqlx::query("SELECT id, naming, everything FROM store")
            .fetch_one(&mut connection)
            .await?;
        let secret = |column: &str| secret(row.try_get(column)?);
        Ok(Self {
            id: row.try_get("id")?,
            naming: secret("naming")?,
            everything: secret("everything")?,
            connection,
            remembered: HashMap::new(),
            backup: 0,
        })
    }

    /// Which store it is.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// What the key of somebody in a space is called. What is read by rules that are to come into force belongs to the space.
    pub(super) fn name(&self, space_id: &str, whom: &str) -> Name {
        let space_id = space_id.split('/').next().unwrap_or(space_id);
        self.hashed(&[space_id.as_bytes(), &[0], whom.as_bytes()])
    }

    /// What the place of texts is called, and the key of a text there.
    pub(super) fn name_of_text(&self, space_id: &str, table: &str, text: &str) -> Wanted {
        let place = [space_id.as_bytes(), &[1], table.as_bytes(), &[1]];
        let [a, b, c, d] = place;
        Wanted {
            name: self.hashed(&[a, b, c, d, text.as_bytes()]),
            place: Some(self.hashed(&place)),
        }
    }

    fn hashed(&self, parts: &[&[u8]]) -> Name {
        let hash = keyed_hash(&self.naming, parts);
        let mut name = [0; 16];
        name.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        name
    }

    /// Begins a backup: the marks that erasures left for an earlier one go.
    pub(super) async fn begin(&mut self) -> Result<()> {
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        // Their names no longer say whose they were, and are free for whoever comes back.
        for sql in [
            "UPDATE secret SET name = randomblob(16) WHERE number IN (SELECT number FROM destroyed)",
            "DELETE FROM of_text WHERE number IN (SELECT number FROM destroyed)",
            "DELETE FROM destroyed",
            "DELETE FROM looked_through",
        ] {
            sqlx::query(sql).execute(&mut *transaction).await?;
        }
        let began = sqlx::query("INSERT INTO backup (began_at, ended_at) VALUES ($1, 0)")
            .bind(clock::now().as_micros())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        self.backup = began.last_insert_rowid();
        Ok(())
    }

    /// Writes down that the backup is there.
    pub(super) async fn end(&mut self) -> Result<()> {
        sqlx::query("UPDATE backup SET ended_at = $2 WHERE number = $1")
            .bind(self.backup)
            .bind(clock::now().as_micros())
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    /// When the last backup that came to its end began, in microseconds since 1970.
    pub(crate) async fn last_backup(&mut self) -> Result<Option<i64>> {
        let row = sqlx::query("SELECT MAX(began_at) AS began_at FROM backup WHERE ended_at > 0")
            .fetch_one(&mut self.connection)
            .await?;
        Ok(row.try_get("began_at")?)
    }

    /// The keys of these, made where there are none; `None` for whoever was erased since the backup began.
    pub(super) async fn obtain(
        &mut self,
        wanted: &BTreeSet<Wanted>,
    ) -> Result<HashMap<Name, Option<Key>>> {
        if self.remembered.len() > REMEMBERED {
            self.remembered.clear();
        }
        let mut keys = HashMap::new();
        let mut missing = Vec::new();
        for one in wanted {
            match self.remembered.get(&one.name) {
                Some(key) => {
                    keys.insert(one.name, *key);
                }
                None => missing.push(*one),
            }
        }
        for part in missing.chunks(AT_ONCE) {
            let found = obtain(&mut self.connection, part).await?;
            self.remembered.extend(&found);
            keys.extend(found);
        }
        Ok(keys)
    }

    /// The secrets of these numbers that are not destroyed.
    pub(super) async fn secrets(
        &mut self,
        numbers: &BTreeSet<u64>,
    ) -> Result<BTreeMap<u64, Secret>> {
        let numbers: Vec<u64> = numbers.iter().copied().collect();
        let mut secrets = BTreeMap::new();
        for part in numbers.chunks(AT_ONCE) {
            let sql = format!(
                "SELECT number, secret FROM secret WHERE number IN ({}) AND secret <> zeroblob(32)",
                marks(part.len())
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for number in part {
                query = query.bind(number.cast_signed());
            }
            for row in query.fetch_all(&mut self.connection).await? {
                let number: i64 = row.try_get("number")?;
                secrets.insert(number.cast_unsigned(), secret(row.try_get("secret")?)?);
            }
        }
        Ok(secrets)
    }

    /// Destroys the keys of these, and the keys of texts of a place that are not among those that are there; how many.
    pub(super) async fn destroy(
        &mut self,
        names: &[Name],
        places: &[(Name, HashSet<Name>)],
    ) -> Result<u64> {
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        let mut count = 0;
        for name in names {
            // Where there was none yet, a backup that is being made shall not make one.
            sqlx::query("INSERT INTO secret (name, secret) VALUES ($1, zeroblob(32)) ON CONFLICT (name) DO NOTHING")
                .bind(name.to_vec())
                .execute(&mut *transaction)
                .await?;
            let row = sqlx::query("SELECT number FROM secret WHERE name = $1")
                .bind(name.to_vec())
                .fetch_one(&mut *transaction)
                .await?;
            count += overwrite(&mut transaction, row.try_get("number")?).await?;
        }
        for (place, there) in places {
            sqlx::query(
                "INSERT INTO looked_through (place) VALUES ($1) ON CONFLICT (place) DO NOTHING",
            )
            .bind(place.to_vec())
            .execute(&mut *transaction)
            .await?;
            let mut after = 0_i64;
            loop {
                let rows = sqlx::query("SELECT s.number AS number, s.name AS name FROM of_text t JOIN secret s ON s.number = t.number WHERE t.place = $1 AND t.number > $2 ORDER BY t.number LIMIT 5000")
                    .bind(place.to_vec())
                    .bind(after)
                    .fetch_all(&mut *transaction)
                    .await?;
                let Some(last) = rows.last() else { break };
                after = last.try_get("number")?;
                for row in &rows {
                    if !there.contains(&name(row.try_get("name")?)?) {
                        count += overwrite(&mut transaction, row.try_get("number")?).await?;
                    }
                }
            }
        }
        transaction.commit().await?;
        Ok(count)
    }

    /// Copies the store to another file, which takes the place of one that is there.
    pub(crate) async fn copy_to(&mut self, path: &Path) -> Result<()> {
        let shown = path.display().to_string();
        let unwritten =
            |error: std::io::Error| say(format!("the keys cannot be copied to {shown}: {error}"));
        let new = path.with_extension("new");
        match std::fs::remove_file(&new) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(unwritten(error));
            }
            _ => {}
        }
        private(&new)?;
        sqlx::query("VACUUM INTO $1")
            .bind(new.display().to_string())
            .execute(&mut self.connection)
            .await?;
        let synced = std::fs::File::open(&new).and_then(|file| file.sync_all());
        synced
            .and_then(|()| std::fs::rename(&new, path))
            .map_err(unwritten)
    }

    /// Closes the file.
    pub(crate) async fn close(self) -> Result<()> {
        Ok(self.connection.close().await?)
    }
}

/// Makes the file so that only its owner reads it.
fn private(path: &Path) -> Result<()> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map(drop)
        .map_err(|error| {
            say(format!(
                "the keys of backups cannot be written to {}: {error}",
                path.display()
            ))
        })
}

async fn connect(path: &Path) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        // What is overwritten must not lie in a log beside the file.
        .journal_mode(SqliteJournalMode::Delete)
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "ON")
        .pragma("temp_store", "MEMORY")
        .pragma("cache_size", "-65536")
        .busy_timeout(Duration::from_secs(30));
    Ok(SqliteConnection::connect_with(&options).await?)
}

/// Finds keys, and makes those that are not there.
async fn obtain(
    connection: &mut SqliteConnection,
    wanted: &[Wanted],
) -> Result<HashMap<Name, Option<Key>>> {
    let mut keys = find(connection, wanted).await?;
    if keys.len() == wanted.len() {
        return Ok(keys);
    }
    // An erasure destroys before this or after it, and never between looking and making.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    keys.extend(find(&mut transaction, wanted).await?);
    let mut looked_through = HashSet::new();
    for row in sqlx::query("SELECT place FROM looked_through")
        .fetch_all(&mut *transaction)
        .await?
    {
        looked_through.insert(name(row.try_get("place")?)?);
    }
    for one in wanted {
        if keys.contains_key(&one.name) {
            continue;
        }
        // Whether this text was deleted for somebody nobody can tell any more.
        if one
            .place
            .is_some_and(|place| looked_through.contains(&place))
        {
            keys.insert(one.name, None);
            continue;
        }
        let secret: Secret = id::random()?;
        let made = sqlx::query("INSERT INTO secret (name, secret) VALUES ($1, $2)")
            .bind(one.name.to_vec())
            .bind(secret.to_vec())
            .execute(&mut *transaction)
            .await?
            .last_insert_rowid();
        if let Some(place) = one.place {
            sqlx::query("INSERT INTO of_text (number, place) VALUES ($1, $2)")
                .bind(made)
                .bind(place.to_vec())
                .execute(&mut *transaction)
                .await?;
        }
        let number = made.cast_unsigned();
        keys.insert(one.name, Some(Key { number, secret }));
    }
    transaction.commit().await?;
    Ok(keys)
}

async fn find(
    connection: &mut SqliteConnection,
    wanted: &[Wanted],
) -> Result<HashMap<Name, Option<Key>>> {
    let sql = format!(
        "SELECT number, name, secret, secret = zeroblob(32) AS gone FROM secret WHERE name IN ({})",
        marks(wanted.len())
    );
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for one in wanted {
        query = query.bind(one.name.to_vec());
    }
    let rows = query.fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let number: i64 = row.try_get("number")?;
            let key = Key {
                number: number.cast_unsigned(),
                secret: secret(row.try_get("secret")?)?,
            };
            let gone: bool = row.try_get("gone")?;
            Ok((name(row.try_get("name")?)?, (!gone).then_some(key)))
        })
        .collect()
}

/// Overwrites a secret; 1 if there was one.
async fn overwrite(connection: &mut SqliteConnection, number: i64) -> Result<u64> {
    sqlx::query("INSERT INTO destroyed (number) VALUES ($1) ON CONFLICT (number) DO NOTHING")
        .bind(number)
        .execute(&mut *connection)
        .await?;
    let gone = sqlx::query(
        "UPDATE secret SET secret = zeroblob(32) WHERE number = $1 AND secret <> zeroblob(32)",
    )
    .bind(number)
    .execute(connection)
    .await?;
    Ok(gone.rows_affected())
}

fn marks(count: usize) -> String {
    vec!["?"; count].join(",")
}

fn secret(bytes: Vec<u8>) -> Result<Secret> {
    bytes
        .try_into()
        .map_err(|_| Error::internal("a key of backups has a wrong length"))
}

fn name(bytes: Vec<u8>) -> Result<Name> {
    bytes
        .try_into()
        .map_err(|_| Error::internal("a key of backups has a wrong name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn store(folder: &Path) -> Keys {
        Keys::open_or_make(&file(folder)).await.unwrap()
    }

    fn of(name: Name) -> BTreeSet<Wanted> {
        BTreeSet::from([Wanted { name, place: None }])
    }

    fn holds(folder: &Path, bytes: &[u8]) -> bool {
        let files = std::fs::read_dir(folder).unwrap();
        files
            .map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .any(|file| file.windows(bytes.len()).any(|window| window == bytes))
    }

    #[tokio::test]
    async fn a_destroyed_key_is_in_no_file_and_its_number_is_never_anothers() {
        let folder = tempfile::tempdir().unwrap();
        let mut keys = store(folder.path()).await;
        keys.begin().await.unwrap();
        let names: Vec<Name> = (0..3_000)
            .map(|at| keys.name("spc_1", &format!("user_id:{at}")))
            .collect();
        let wanted: BTreeSet<Wanted> = names.iter().flat_map(|name| of(*name)).collect();
        let made = keys.obtain(&wanted).await.unwrap();
        let key = made[&names[1_234]].unwrap();
        assert!(holds(folder.path(), &key.secret));
        let again = store(folder.path()).await.obtain(&wanted).await.unwrap();
        assert_eq!(
            again[&names[7]].unwrap().secret,
            made[&names[7]].unwrap().secret
        );
        let mut eraser = store(folder.path()).await;
        assert_eq!(eraser.destroy(&[names[1_234]], &[]).await.unwrap(), 1);
        assert_eq!(eraser.destroy(&[names[1_234]], &[]).await.unwrap(), 0);
        assert!(!holds(folder.path(), &key.secret));
        let others: BTreeSet<u64> = made.values().map(|key| key.unwrap().number).collect();
        let left = eraser.secrets(&others).await.unwrap();
        assert_eq!(left.len(), others.len() - 1);
        assert!(!left.contains_key(&key.number));
        // Whoever comes back gets a new one with the next backup.
        eraser.begin().await.unwrap();
        let anew = eraser.obtain(&of(names[1_234])).await.unwrap();
        assert!(anew[&names[1_234]].unwrap().number > 3_000);
    }

    #[tokio::test]
    async fn whoever_is_erased_while_a_backup_is_made_gets_no_key_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let (mut keys, mut eraser) = (store(folder.path()).await, store(folder.path()).await);
        let name = keys.name("spc_1", "user_id:ada");
        let text = keys.name_of_text("spc_1", "quarantine", "ada wrote this");
        let elsewhere = keys.name_of_text("spc_2", "quarantine", "ada wrote this");
        keys.begin().await.unwrap();
        // Before the backup comes to what they have.
        let place = (text.place.unwrap(), HashSet::new());
        assert_eq!(eraser.destroy(&[name], &[place]).await.unwrap(), 0);
        let wanted = BTreeSet::from([text, elsewhere, Wanted { name, place: None }]);
        let obtained = keys.obtain(&wanted).await.unwrap();
        assert!(obtained[&name].is_none());
        assert!(obtained[&text.name].is_none());
        assert!(obtained[&elsewhere.name].is_some());
        // What the next backup has of that name came later.
        let mut next = store(folder.path()).await;
        next.begin().await.unwrap();
        let obtained = next.obtain(&wanted).await.unwrap();
        assert!(obtained.values().all(Option::is_some));
    }

    #[tokio::test]
    async fn texts_that_are_gone_lose_their_keys_and_others_keep_theirs() {
        let folder = tempfile::tempdir().unwrap();
        let mut keys = store(folder.path()).await;
        keys.begin().await.unwrap();
        let texts =
            ["one", "two", "three"].map(|text| keys.name_of_text("spc_1", "quarantine", text));
        let made = keys.obtain(&BTreeSet::from(texts)).await.unwrap();
        let there = HashSet::from([texts[0].name, texts[2].name]);
        let place = (texts[0].place.unwrap(), there);
        assert_eq!(keys.destroy(&[], &[place]).await.unwrap(), 1);
        let numbers = made.values().map(|key| key.unwrap().number).collect();
        let left = keys.secrets(&numbers).await.unwrap();
        assert!(!left.contains_key(&made[&texts[1].name].unwrap().number));
        assert_eq!(left.len(), 2);
    }
}
