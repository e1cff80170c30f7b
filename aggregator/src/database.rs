//! The database: SQLite inside the data folder, or Postgres. One SQL text serves both.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, Connection as _, Executor, Row as _, Transaction};

pub(crate) mod rows;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// How many connections read at the same time.
const READERS: u32 = 8;

/// Set on every SQLite connection. `FULL` makes a commit wait for the disk: `ok` means durable.
const SQLITE_PRAGMAS: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32000";

/// Pools of connections. SQLite has one writer, so writes have a pool of one there: waiting happens
/// in our queue, where it is bounded, instead of in SQLite's busy loop.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    write: AnyPool,
    read: AnyPool,
    /// On Postgres: the connection whose lock keeps a second headwater away.
    lock: Arc<Mutex<Option<PoolConnection<Any>>>>,
}

impl Database {
    /// Opens (or makes) the SQLite file of a data folder and brings its tables up to date.
    pub(crate) async fn open_file(file: &Path) -> Result<Self, OpenError> {
        let path = file
            .to_str()
            .ok_or_else(|| OpenError(format!("{}: the path is not UTF-8", file.display())))?;
        let url = format!("sqlite://{}?mode=rwc", percent_encode(path));
        let write = pool(&url, 1, true).await?;
        let database = Self {
            write: write.clone(),
            read: write,
            lock: Arc::default(),
        }
        .migrate()
        .await?;
        Ok(Self {
            read: pool(&url, READERS, true).await?,
            ..database
        })
    }

    /// Connects to a Postgres and brings its tables up to date.
    pub(crate) async fn open_url(url: &str) -> Result<Self, OpenError> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(OpenError(
                "--database-url must start with postgres://; for SQLite give --data-dir instead"
                    .to_owned(),
            ));
        }
        let both = pool(url, READERS + 4, false).await?;
        let lock = take_lock(&both).await?;
        Self {
            write: both.clone(),
            read: both,
            lock: Arc::new(Mutex::new(Some(lock))),
        }
        .migrate()
        .await
    }

    /// Opens the SQLite file of a folder that another headwater may be using, to look at it.
    pub(crate) async fn look(file: &Path) -> Result<Self, OpenError> {
        let path = file
            .to_str()
            .ok_or_else(|| OpenError(format!("{}: the path is not UTF-8", file.display())))?;
        let both = pool(
            &format!("sqlite://{}?mode=rw", percent_encode(path)),
            1,
            true,
        )
        .await?;
        Ok(Self {
            write: both.clone(),
            read: both,
            lock: Arc::default(),
        })
    }

    async fn migrate(self) -> Result<Self, OpenError> {
        let explain = |error: sqlx::migrate::MigrateError| match error {
            sqlx::migrate::MigrateError::VersionMissing(version) => OpenError(format!(
                "the database has migration {version}, which this headwater does not know: use the newer version"
            )),
            other => OpenError(format!(
                "the database's tables could not be brought up to date: {other}"
            )),
        };
        MIGRATIONS.run(&self.write).await.map_err(explain)?;
        Ok(self)
    }

    /// For reading.
    pub(crate) fn reader(&self) -> &AnyPool {
        &self.read
    }

    /// Starts a transaction that may write.
    pub(crate) async fn begin(&self) -> sqlx::Result<Transaction<'static, Any>> {
        self.write.begin().await
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
        self.write.close().await;
    }
}

async fn pool(url: &str, connections: u32, sqlite: bool) -> Result<AnyPool, OpenError> {
    sqlx::any::install_default_drivers();
    let options = AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(10))
        .test_before_acquire(!sqlite);
    let options = options.after_connect(move |connection: &mut AnyConnection, _| {
        Box::pin(async move {
            if sqlite {
                connection.execute(SQLITE_PRAGMAS).await?;
            }
            Ok(())
        })
    });
    // When the disk is full, SQLite may roll back by itself, and then sqlx takes everything that follows on the connection
    // for a part of the transaction that is gone: it is answered, but never committed. Such a connection is closed.
    let options = options.after_release(|connection: &mut AnyConnection, _| {
        let left_over = connection.is_in_transaction();
        Box::pin(async move { Ok(!left_over) })
    });
    options
        .connect(url)
        .await
        .map_err(|error| OpenError(format!("the database could not be opened: {error}")))
}

/// There is one writer of the log: on Postgres an advisory lock, held by a connection, sees to it.
async fn take_lock(pool: &AnyPool) -> Result<PoolConnection<Any>, OpenError> {
    let explain =
        |error: sqlx::Error| OpenError(format!("the database could not be locked: {error}"));
    let mut connection = pool.acquire().await.map_err(explain)?;
    let row = sqlx::query("SELECT CAST(pg_try_advisory_lock(1214597984) AS INTEGER) AS taken")
        .fetch_one(&mut *connection)
        .await
        .map_err(explain)?;
    let taken: i32 = row.try_get("taken").map_err(explain)?;
    if taken == 0 {
        return Err(OpenError("the database is in use by another headwater. Stop that one first, or give another database".to_owned()));
    }
    Ok(connection)
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
