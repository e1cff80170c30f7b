//! The database: SQLite inside the data folder, or Postgres. One SQL text serves both.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::migrate::Migrator;
use sqlx::{Any, AnyConnection, AnyPool, Connection as _, Executor, Row as _, Transaction};

use crate::priority;
use crate::vault::Vault;
use journal::Journal;
use lock::{Lock, take_lock};
pub(crate) use writing::{Derived, Write};
use writing::{QUEUE, Writer};

pub(crate) mod journal;
mod lock;
mod migrations;
pub(crate) mod rows;
mod tidy;
mod writing;

/// How many connections read at the same time.
const READERS: u32 = 8;
/// The same for the pipeline alone.
const PIPELINE_READERS: u32 = 2;

/// Set on every SQLite connection. `FULL` makes a commit wait for the disk: `ok` means durable. A commit makes a checkpoint
/// itself only where [`Database::fold`] does not keep up. What is deleted is overwritten with zeros: see
/// `docs/adr/0022-erasure.md`. A cache is so many KiB.
macro_rules! sqlite_pragmas {
    ($cache:literal) => {
        concat!(
            "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 16000; \
             PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON; PRAGMA cache_size = -",
            $cache
        )
    };
}
const SQLITE_PRAGMAS: &str = sqlite_pragmas!("32000");
/// Of those that write: the pages that a long turn of the pipeline changes fit. Those that do not are written early, and the log is
/// read again for their checksums.
const WRITER_PRAGMAS: &str = sqlite_pragmas!("64000");

/// Postgres looks anew with each statement otherwise; a transaction of SQLite never does.
const POSTGRES_MOMENT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Postgres is set up by whoever runs it.
const NO_PRAGMAS: &str = "";

/// Pools of connections.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    writer: Writer,
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
        let write = pool(&url(folder, mode)?, 1, WRITER_PRAGMAS, true).await?;
        let behind = pool_behind(url(folder, mode)?).await?;
        let journal = Journal::open(folder).map_err(|error| log_unopened(folder, &error))?;
        Ok(Self {
            read: write.clone(),
            read_for_pipeline: write.clone(),
            writer: Writer::of_file(write, behind),
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
            writer: Writer::of_server(both.clone()),
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
        migrations
            .run(self.writer.ordinary())
            .await
            .map_err(explain)
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

    /// A connection that sees the database as it is at its first look: of whatever several statements read of a person, nothing is
    /// from before a turn of the pipeline and the rest from after it. To be committed when all is read.
    pub(crate) async fn moment(&self) -> sqlx::Result<Transaction<'static, Any>> {
        if self.is_postgres() {
            self.read.begin_with(POSTGRES_MOMENT).await
        } else {
            self.read.begin().await
        }
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

    /// The log's entries.
    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
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
        self.read.close().await;
        self.read_for_pipeline.close().await;
        self.writer.close().await;
    }
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
    let open = async move { pool(&url, 1, WRITER_PRAGMAS, true).await };
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
        Box::pin(async move {
            if !derives && connection.is_in_transaction() {
                // A moment that was given up: it ends before what the connection is asked next.
                connection.ping().await?;
            }
            let left_over = connection.is_in_transaction();
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

/// After which time without a connection Postgres counts as away: whoever waits behind one that waits
/// already should hear of it before giving up.
const AWAY: Duration = Duration::from_secs(5);

/// What is said where a backup was put back and the process ended before it was all there.
pub(crate) const NOT_ALL_THERE: &str = "a restore into this database did not come to its end, and a part of the backup is missing: \
     empty the folder (or drop the database), and run headwater restore again";
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
