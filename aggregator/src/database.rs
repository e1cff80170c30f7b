//! The database: SQLite inside the data folder, or Postgres. One SQL text serves both.

use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, Connection as _, Executor, Row as _, Transaction};
use tokio::sync::OwnedMutexGuard;

use crate::priority;
use crate::vault::Vault;
use journal::Journal;

pub(crate) mod journal;
mod migrations;
pub(crate) mod rows;

/// How many connections read at the same time.
const READERS: u32 = 8;
/// The same for the pipeline alone.
const PIPELINE_READERS: u32 = 2;

/// Set on every SQLite connection. `FULL` makes a commit wait for the disk: `ok` means durable. A commit makes a checkpoint
/// itself only where [`Database::fold`] does not keep up. What is deleted is overwritten with zeros: see
/// `docs/adr/0022-erasure.md`.
const SQLITE_PRAGMAS: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 16000; \
     PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32000; PRAGMA secure_delete = ON";

/// Postgres is set up by whoever runs it.
const NO_PRAGMAS: &str = "";

/// Pools of connections. A SQLite file has one writer, so whoever writes there waits for a turn: waiting
/// happens in our queue, where it is bounded, instead of in SQLite's busy loop.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    write: AnyPool,
    /// On SQLite: a connection that writes on a thread behind others, and whether it is the one that does. One at a time:
    /// each forgets what it has in memory when the other has written.
    write_behind: AnyPool,
    writes_behind: Arc<AtomicBool>,
    /// On SQLite: held by whoever writes.
    turn: Option<Arc<tokio::sync::Mutex<()>>>,
    read: AnyPool,
    /// Connections that read for the pipeline, so that its next turn does not stand in line behind requests.
    read_for_pipeline: AnyPool,
    /// The log's entries.
    journal: Journal,
    /// What opens the secrets that are in it.
    vault: Arc<Vault>,
    /// On Postgres: the connection whose lock keeps a second headwater away.
    lock: Arc<Mutex<Option<Lock>>>,
}

impl Database {
    /// Opens (or makes) what is in a data folder and brings its tables up to date.
    pub(crate) async fn open_folder(folder: &Path) -> Result<Self, OpenError> {
        // The file is made by one connection before others come.
        let database = Self::sqlite(folder, "rwc").await?.migrate().await?;
        let tidied = database.journal.tidy();
        tidied.map_err(|error| log_unopened(folder, &error))?;
        let many = pool(&url(folder, "rwc")?, READERS, SQLITE_PRAGMAS, false).await?;
        let few = pool(
            &url(folder, "rwc")?,
            PIPELINE_READERS,
            SQLITE_PRAGMAS,
            false,
        )
        .await?;
        Ok(Self {
            read: many,
            read_for_pipeline: few,
            ..database
        })
    }

    async fn sqlite(folder: &Path, mode: &str) -> Result<Self, OpenError> {
        let write = pool(&url(folder, mode)?, 1, SQLITE_PRAGMAS, true).await?;
        let write_behind = pool_behind(url(folder, mode)?).await?;
        let journal = Journal::open(folder).map_err(|error| log_unopened(folder, &error))?;
        Ok(Self {
            read: write.clone(),
            read_for_pipeline: write.clone(),
            write,
            write_behind,
            writes_behind: Arc::default(),
            turn: Some(Arc::default()),
            journal,
            vault: Arc::default(),
            lock: Arc::default(),
        })
    }

    /// Connects to a Postgres and brings its tables up to date.
    pub(crate) async fn open_url(url: &str) -> Result<Self, OpenError> {
        let both = postgres(url).await?;
        let lock = take_lock(&both).await?;
        Self::of_pool(url, both, Some(lock)).await?.migrate().await
    }

    async fn of_pool(url: &str, both: AnyPool, lock: Option<Lock>) -> Result<Self, OpenError> {
        Ok(Self {
            journal: Journal::of_table(both.clone()).await.map_err(|error| {
                OpenError(format!("the log's table could not be made: {error}"))
            })?,
            read_for_pipeline: pool(url, PIPELINE_READERS, NO_PRAGMAS, true).await?,
            write: both.clone(),
            write_behind: both.clone(),
            writes_behind: Arc::default(),
            turn: None,
            read: both,
            vault: Arc::default(),
            lock: Arc::new(Mutex::new(lock)),
        })
    }

    /// Opens a folder that another headwater may be using, to look at it.
    pub(crate) async fn look(folder: &Path) -> Result<Self, OpenError> {
        Self::sqlite(folder, "rw").await
    }

    /// Connects to a Postgres that another headwater may be using, to look at it.
    pub(crate) async fn look_url(url: &str) -> Result<Self, OpenError> {
        Self::of_pool(url, postgres(url).await?, None).await
    }

    /// Makes the database of a folder that has none, without tables.
    pub(crate) async fn new_folder(folder: &Path) -> Result<Self, OpenError> {
        Self::sqlite(folder, "rwc").await
    }

    /// Connects to a Postgres that has no tables.
    pub(crate) async fn new_url(url: &str) -> Result<Self, OpenError> {
        let both = postgres(url).await?;
        let lock = take_lock(&both).await?;
        let tables = sqlx::query("SELECT COUNT(*) AS tables FROM information_schema.tables WHERE table_schema = current_schema()")
            .fetch_one(&both)
            .await
            .and_then(|row| row.try_get::<i64, _>("tables"));
        match tables {
            Ok(0) => Self::of_pool(url, both, Some(lock)).await,
            Ok(_) => Err(OpenError(
                "the database is not empty: make a new one with CREATE DATABASE, and give that with --database-url".to_owned(),
            )),
            Err(error) => Err(OpenError(format!("the database could not be looked at: {error}"))),
        }
    }

    /// Whether it is a Postgres.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.journal, Journal::Table(_))
    }

    /// The last migration that it had, and whether all of a backup is there that was being put back.
    pub(crate) async fn state(&self) -> sqlx::Result<(i64, bool)> {
        let sql = "SELECT (SELECT MAX(version) FROM _sqlx_migrations) AS version, (SELECT COUNT(*) FROM setting WHERE name = 'restoring') AS restoring";
        let row = sqlx::query(sql).fetch_one(&self.read).await?;
        Ok((
            row.try_get("version")?,
            row.try_get::<i64, _>("restoring")? == 0,
        ))
    }

    /// Makes the tables that a version had, and says that what comes into them is not all there.
    pub(crate) async fn begin_restore(&self, version: i64) -> Result<(), OpenError> {
        let until = migrations::until(version, !self.is_postgres()).ok_or_else(|| {
            OpenError(format!(
                "the backup has migration {version}, which this headwater does not know: use the newer version"
            ))
        })?;
        self.run(until).await?;
        self.execute("INSERT INTO setting (name, value) VALUES ('restoring', '')")
            .await
    }

    /// Brings the tables up to date.
    pub(crate) async fn bring_up_to_date(&self) -> Result<(), OpenError> {
        self.run(migrations::all(!self.is_postgres())).await
    }

    /// Says that all is there.
    pub(crate) async fn end_restore(&self) -> Result<(), OpenError> {
        self.execute("DELETE FROM setting WHERE name = 'restoring'")
            .await
    }

    async fn execute(&self, sql: &'static str) -> Result<(), OpenError> {
        let run = async {
            let mut transaction = self.begin().await?;
            transaction.execute(sql).await?;
            transaction.commit().await
        };
        let done: sqlx::Result<()> = run.await;
        done.map_err(|error| OpenError(format!("the database could not be written to: {error}")))
    }

    async fn migrate(self) -> Result<Self, OpenError> {
        self.bring_up_to_date().await?;
        match self.state().await {
            Ok((_, true)) => Ok(self),
            Ok(_) => Err(OpenError(NOT_ALL_THERE.to_owned())),
            Err(error) => Err(OpenError(format!(
                "the database could not be looked at: {error}"
            ))),
        }
    }

    async fn run(&self, migrations: Migrator) -> Result<(), OpenError> {
        let explain = |error: sqlx::migrate::MigrateError| match error {
            sqlx::migrate::MigrateError::VersionMissing(version) => OpenError(format!(
                "the database has migration {version}, which this headwater does not know: use the newer version"
            )),
            other => OpenError(format!(
                "the database's tables could not be brought up to date: {other}"
            )),
        };
        migrations.run(&self.write).await.map_err(explain)
    }

    /// The same database with what opens its secrets.
    pub(crate) fn unlocked(self, vault: Vault) -> Self {
        let vault = Arc::new(vault);
        Self { vault, ..self }
    }

    /// What seals and opens its secrets.
    pub(crate) fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The same database with readers that nobody but the pipeline uses.
    pub(crate) fn for_pipeline(&self) -> Self {
        Self {
            read: self.read_for_pipeline.clone(),
            ..self.clone()
        }
    }

    /// For reading.
    pub(crate) fn reader(&self) -> &AnyPool {
        &self.read
    }

    /// Starts a transaction that may write. What it commits is durable then.
    pub(crate) async fn begin(&self) -> sqlx::Result<Write> {
        let turn = self.turn().await?;
        let transaction = self.writer().begin().await?;
        Ok(Write {
            transaction,
            _turn: turn,
        })
    }

    /// Waits until nobody else writes, where only one can.
    async fn turn(&self) -> sqlx::Result<Option<Turn>> {
        let Some(turn) = &self.turn else {
            return Ok(None);
        };
        let turn = tokio::time::timeout(QUEUE, Arc::clone(turn).lock_owned());
        let turn = turn.await.map_err(|_| sqlx::Error::PoolTimedOut)?;
        Ok(Some(turn))
    }

    /// Connections that write. On SQLite only for who has the turn.
    fn writer(&self) -> &AnyPool {
        if self.writes_behind.load(Ordering::Relaxed) {
            &self.write_behind
        } else {
            &self.write
        }
    }

    /// Says whether what is written from now on is written behind others, as the pipeline is (see [`crate::priority`]).
    pub(crate) fn write_behind(&self, is_behind: bool) {
        self.writes_behind.store(is_behind, Ordering::Relaxed);
    }

    /// A connection for transactions whose effects follow from the log: after a power cut they may be gone
    /// from some point on, and are found again from entries that are still there. See [`Self::settle`].
    pub(crate) async fn begin_derived(&self) -> sqlx::Result<Derived> {
        let turn = self.turn().await?;
        let mut connection = self.writer().acquire().await?;
        let sqlite = matches!(self.journal, Journal::Files(_));
        if sqlite {
            connection.execute("PRAGMA synchronous = NORMAL").await?;
        }
        Ok(Derived {
            connection,
            sqlite,
            _turn: turn,
        })
    }

    /// Makes durable what was committed before, so that nobody needs the log's entries for it any more.
    pub(crate) async fn settle(&self) -> sqlx::Result<()> {
        // A commit that waits for the disk takes everything along that was written before it.
        let mut transaction = self.begin().await?;
        sqlx::query("UPDATE consumer_position SET position = position")
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// Folds SQLite's write-ahead log into the file as long as the database is open, a little at a time: the log's entries
    /// wait at the same disk. It does so beside whoever writes, so that a reply need not wait until a commit has done it.
    pub(crate) async fn fold(self) {
        if !matches!(self.journal, Journal::Files(_)) {
            return;
        }
        loop {
            tokio::time::sleep(FOLD).await;
            let folded = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
                .fetch_all(&self.read_for_pipeline)
                .await;
            if matches!(folded, Err(sqlx::Error::PoolClosed)) {
                return;
            }
        }
    }

    /// Sees to it that nothing of what was deleted can be read from the database's files; false when somebody who reads is in
    /// the way. A large SQLite file is not written anew: deleted rows are zeros there already.
    pub(crate) async fn tidy_up(&self) -> sqlx::Result<bool> {
        if self.is_postgres() {
            let row = sqlx::query(BACKUPS).fetch_one(&self.write).await?;
            if row.try_get::<i64, _>("backups")? > 0 {
                return Ok(false);
            }
            for table in TIDIED {
                self.write.execute(*table).await?;
            }
            return Ok(true);
        }
        let _turn = self.turn().await?;
        let mut connection = self.write.acquire().await?;
        if !fold_all(&mut connection).await? {
            // Nor would what is written anew be folded in.
            return Ok(false);
        }
        let row = sqlx::query(
            "SELECT page_count * page_size AS size FROM pragma_page_count(), pragma_page_size()",
        )
        .fetch_one(&mut *connection)
        .await?;
        if row.try_get::<i64, _>("size")? <= WRITTEN_ANEW {
            connection.execute("VACUUM").await?;
        }
        fold_all(&mut connection).await
    }

    /// The log's entries.
    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Holds on to the lock on Postgres, which goes with its connection: when that breaks, takes it
    /// again. Ends only when another headwater has it, for then this one must not write any more.
    pub(crate) async fn hold(&self) -> OpenError {
        loop {
            tokio::time::sleep(WATCH).await;
            let held = self
                .lock
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            let Some(mut held) = held else {
                // SQLite's folder has a lock of its own.
                return std::future::pending().await;
            };
            let lost = held.connection.execute("SELECT 1").await.is_err();
            let held = if lost {
                tracing::warn!("the connection with the database's lock broke; it is taken again");
                let backend = held.backend;
                // Closed, and not given back to the pool.
                drop(held.connection.detach());
                match self.lock_again(backend).await {
                    Ok(held) => held,
                    Err(error) => return error,
                }
            } else {
                held
            };
            *self.lock.lock().unwrap_or_else(PoisonError::into_inner) = Some(held);
        }
    }

    /// Takes the lock when the database answers again; an error when somebody else has it. `backend`
    /// is who had it for us: Postgres may not have noticed yet that nobody talks to it any more.
    async fn lock_again(&self, backend: i32) -> Result<Lock, OpenError> {
        let mut refused = 0;
        while refused < PATIENT_TRIES {
            tokio::time::sleep(WATCH).await;
            let Ok(mut connection) = self.write.acquire().await else {
                continue;
            };
            match try_lock(&mut connection).await {
                Ok(Some(backend)) => {
                    return Ok(Lock {
                        connection,
                        backend,
                    });
                }
                Ok(None) => {
                    refused += 1;
                    // An error shows as the next try's.
                    let _ = sqlx::query(END_BACKEND)
                        .bind(backend)
                        .fetch_all(&mut *connection)
                        .await;
                }
                Err(_) => {}
            }
        }
        Err(OpenError("another headwater has taken the database over while its connection was broken: this one stops, so that only one writes".to_owned()))
    }

    /// Closes every connection; SQLite folds its write-ahead log into the file.
    pub(crate) async fn close(&self) {
        // A pool waits for its connections, and the lock's would never come back by itself.
        drop(
            self.lock
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let pools = [
            &self.read,
            &self.read_for_pipeline,
            &self.write_behind,
            &self.write,
        ];
        for pool in pools {
            pool.close().await;
        }
    }
}

/// Nobody else writes while it lives.
type Turn = OwnedMutexGuard<()>;

/// A transaction that may write.
#[derive(Debug)]
pub(crate) struct Write {
    transaction: Transaction<'static, Any>,
    _turn: Option<Turn>,
}

impl Write {
    /// Makes what it did count.
    pub(crate) async fn commit(self) -> sqlx::Result<()> {
        self.transaction.commit().await
    }

    /// Takes back what it did.
    pub(crate) async fn rollback(self) -> sqlx::Result<()> {
        self.transaction.rollback().await
    }
}

impl Deref for Write {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.transaction
    }
}

impl DerefMut for Write {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }
}

/// A connection whose commits do not wait for the disk.
#[derive(Debug)]
pub(crate) struct Derived {
    connection: PoolConnection<Any>,
    sqlite: bool,
    _turn: Option<Turn>,
}

impl Derived {
    /// Starts a transaction.
    pub(crate) async fn begin(&mut self) -> sqlx::Result<Transaction<'_, Any>> {
        let mut transaction = self.connection.begin().await?;
        if !self.sqlite {
            transaction
                .execute("SET LOCAL synchronous_commit = off")
                .await?;
        }
        Ok(transaction)
    }
}

/// Folds all of SQLite's write-ahead log into the file and cuts it to nothing; false when somebody who reads is in the way.
async fn fold_all(connection: &mut AnyConnection) -> sqlx::Result<bool> {
    let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
        .fetch_one(connection)
        .await?;
    Ok(row.try_get::<i64, _>(0)? == 0)
}

/// A pool of connections to a Postgres.
async fn postgres(url: &str) -> Result<AnyPool, OpenError> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(OpenError(
            "--database-url must start with postgres://; for SQLite give --data-dir instead"
                .to_owned(),
        ));
    }
    pool(url, READERS + 4, NO_PRAGMAS, true).await
}

/// The last migration of this version.
pub(crate) fn latest() -> i64 {
    migrations::all(true)
        .iter()
        .map(|step| step.version)
        .max()
        .unwrap_or(0)
}

/// The SQLite file of a data folder.
pub(crate) fn file(folder: &Path) -> PathBuf {
    folder.join("headwater.sqlite")
}

fn log_unopened(folder: &Path, error: &std::io::Error) -> OpenError {
    OpenError(format!(
        "the log in {} could not be opened: {error}",
        folder.display()
    ))
}

fn url(folder: &Path, mode: &str) -> Result<String, OpenError> {
    let file = file(folder);
    let path = file
        .to_str()
        .ok_or_else(|| OpenError(format!("{}: the path is not UTF-8", file.display())))?;
    Ok(format!("sqlite://{}?mode={mode}", percent_encode(path)))
}

/// A connection to SQLite that writes behind others.
async fn pool_behind(url: String) -> Result<AnyPool, OpenError> {
    let fail = |error: &dyn std::fmt::Display| {
        OpenError(format!("the database could not be opened: {error}"))
    };
    let open = async move { pool(&url, 1, SQLITE_PRAGMAS, true).await };
    let opened = priority::behind("headwater-open", open).map_err(|error| fail(&error))?;
    opened.await.map_err(|error| fail(&error))?
}

/// `derives` says whether the connections are taken for what need not wait for the disk, too.
async fn pool(
    url: &str,
    connections: u32,
    pragmas: &'static str,
    derives: bool,
) -> Result<AnyPool, OpenError> {
    let sqlite = !pragmas.is_empty();
    sqlx::any::install_default_drivers();
    let options = AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(if sqlite { QUEUE } else { AWAY })
        .test_before_acquire(!sqlite);
    let options = options.after_connect(move |connection: &mut AnyConnection, _| {
        Box::pin(async move {
            if sqlite {
                connection.execute(pragmas).await?;
            }
            Ok(())
        })
    });
    // When the disk is full, SQLite may roll back by itself, and then sqlx takes everything that follows on the connection
    // for a part of the transaction that is gone: it is answered, but never committed. Such a connection is closed.
    let options = options.after_release(move |connection: &mut AnyConnection, _| {
        let left_over = connection.is_in_transaction();
        Box::pin(async move {
            if sqlite && derives && !left_over {
                // It may have been taken for what need not wait for the disk.
                connection.execute("PRAGMA synchronous = FULL").await?;
            }
            Ok(!left_over)
        })
    });
    options
        .connect(url)
        .await
        .map_err(|error| OpenError(format!("the database could not be opened: {error}")))
}

/// How long somebody may stand in line for SQLite's only writer.
const QUEUE: Duration = Duration::from_secs(10);
/// After which time without a connection Postgres counts as away: whoever waits behind one that waits
/// already should hear of it before giving up.
const AWAY: Duration = Duration::from_secs(5);

/// How long the lock of a process that has just ended may stay: Postgres notices a closed connection
/// a moment later.
const LINGER: Duration = Duration::from_secs(5);

/// Bytes up to which a SQLite file is written anew after an erasure: it is copied in memory.
const WRITTEN_ANEW: i64 = 256 * 1024 * 1024;
/// Backups that are being made see what was deleted since they began, and nothing takes it out of the tables until they end.
const BACKUPS: &str = "SELECT COUNT(*) AS backups FROM pg_locks WHERE locktype = 'advisory' AND objid = 1214597985 \
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
/// What is said where a backup was put back and the process ended before it was all there.
pub(crate) const NOT_ALL_THERE: &str = "a restore into this database did not come to its end, and a part of the backup is missing: \
     empty the folder (or drop the database), and run headwater restore again";
/// Takes the dead rows out of Postgres's tables that may have had some of a person's.
const TIDIED: &[&str] = &[
    "VACUUM event",
    "VACUUM quarantine",
    "VACUUM ledger_entry",
    "VACUUM violation_sample",
    "VACUUM trait_value",
    "VACUUM computed_value",
    "VACUUM exposure",
    "VACUUM consent_state",
    "VACUUM consent_entry",
    "VACUUM consent_refold",
    "VACUUM consent_news",
    "VACUUM audience_member",
    "VACUUM audience_change",
    "VACUUM profile_due",
    "VACUUM identity_node",
    "VACUUM identity_edge",
    "VACUUM identity_link",
    "VACUUM identity_blocked",
    "VACUUM identity_constraint",
    "VACUUM identity_decision",
    "VACUUM identity_again",
    "VACUUM identity_gone",
    "VACUUM identity_read",
    "VACUUM profile_seed",
    "VACUUM identity_suggestion",
    "VACUUM device_word",
    "VACUUM device_person",
    "VACUUM device_event",
    "VACUUM idempotency",
    "VACUUM privacy_request",
    "VACUUM privacy_restriction",
    "VACUUM log_entry",
    "VACUUM setting",
    "VACUUM user_token_key",
    "VACUUM sign_in_provider",
];
/// How often SQLite's write-ahead log is folded into the file.
const FOLD: Duration = Duration::from_millis(250);
/// How often the connection with the lock is looked at.
const WATCH: Duration = Duration::from_secs(1);
/// How often the lock may be refused before it is somebody else's.
const PATIENT_TRIES: u32 = 5;

/// Ends one process of Postgres, if it has the lock.
const END_BACKEND: &str = "SELECT CAST(pg_terminate_backend(pid) AS INTEGER) AS ended FROM pg_locks \
     WHERE locktype = 'advisory' AND objid = 1214597984 AND pid = $1";

/// The lock and who has it.
#[derive(Debug)]
struct Lock {
    connection: PoolConnection<Any>,
    /// Postgres's process behind the connection.
    backend: i32,
}

/// There is one writer of the log: on Postgres an advisory lock, held by a connection, sees to it.
async fn take_lock(pool: &AnyPool) -> Result<Lock, OpenError> {
    let explain =
        |error: sqlx::Error| OpenError(format!("the database could not be locked: {error}"));
    let mut connection = pool.acquire().await.map_err(explain)?;
    let give_up = tokio::time::Instant::now() + LINGER;
    loop {
        if let Some(backend) = try_lock(&mut connection).await.map_err(explain)? {
            return Ok(Lock {
                connection,
                backend,
            });
        }
        if tokio::time::Instant::now() > give_up {
            return Err(OpenError("the database is in use by another headwater. Stop that one first, or give another database".to_owned()));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Takes the lock; the process of Postgres that has it for us, or `None` when somebody else has it.
async fn try_lock(connection: &mut AnyConnection) -> sqlx::Result<Option<i32>> {
    let row = sqlx::query("SELECT CAST(pg_try_advisory_lock(1214597984) AS INTEGER) AS taken, pg_backend_pid() AS backend")
        .fetch_one(connection)
        .await?;
    let taken: i32 = row.try_get("taken")?;
    let backend: i32 = row.try_get("backend")?;
    Ok((taken == 1).then_some(backend))
}

/// SQLite's URL gives `?`, `#` and `%` a meaning that a path does not have.
fn percent_encode(path: &str) -> String {
    path.replace('%', "%25")
        .replace('?', "%3F")
        .replace('#', "%23")
        .replace(' ', "%20")
}

/// The database could not be opened.
#[derive(Debug)]
pub(crate) struct OpenError(pub(crate) String);

impl std::fmt::Display for OpenError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for OpenError {}
