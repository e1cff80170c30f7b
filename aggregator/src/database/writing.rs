//! Who writes. A SQLite file has one writer, so whoever writes there waits until nobody else does: waiting happens in our queue,
//! where it is bounded, instead of in SQLite's busy loop.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, Connection as _, Executor as _, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::Database;

/// Takes SQLite's lock at once. Whoever has read in a transaction already is refused without waiting when it comes to write, and a
/// transaction that was dropped may not have ended yet when the next one, on the other connection, begins.
const SQLITE_BEGIN: &str = "BEGIN IMMEDIATE";

/// How long somebody may stand in line for SQLite's only writer.
pub(super) const QUEUE: Duration = Duration::from_secs(10);

/// Connections that write.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    ordinary: AnyPool,
    /// On SQLite: a connection whose thread is behind others, and whether it is the one that writes. Never one after the other
    /// without need: each forgets what it has in memory when the other has written.
    behind: AnyPool,
    is_behind: Arc<AtomicBool>,
    /// On SQLite: held by whoever writes.
    only: Option<Arc<Mutex<()>>>,
}

impl Writer {
    /// Of a SQLite file.
    pub(super) fn of_file(ordinary: AnyPool, behind: AnyPool) -> Self {
        Self {
            ordinary,
            behind,
            is_behind: Arc::default(),
            only: Some(Arc::default()),
        }
    }

    /// Of a Postgres, where many can write.
    pub(super) fn of_server(pool: AnyPool) -> Self {
        Self {
            behind: pool.clone(),
            ordinary: pool,
            is_behind: Arc::default(),
            only: None,
        }
    }

    /// The connections that are behind nobody. On SQLite only for who is the [`Self::only_one`].
    pub(super) fn ordinary(&self) -> &AnyPool {
        &self.ordinary
    }

    /// Waits until nobody else writes, where only one can.
    pub(super) async fn only_one(&self) -> sqlx::Result<Option<OnlyOne>> {
        let Some(only) = &self.only else {
            return Ok(None);
        };
        let guard = tokio::time::timeout(QUEUE, Arc::clone(only).lock_owned()).await;
        Ok(Some(guard.map_err(|_| sqlx::Error::PoolTimedOut)?))
    }

    /// The connections that are in use. On SQLite only for who is the [`Self::only_one`].
    fn in_use(&self) -> &AnyPool {
        if self.is_behind.load(Ordering::Relaxed) {
            &self.behind
        } else {
            &self.ordinary
        }
    }

    pub(super) async fn close(&self) {
        self.behind.close().await;
        self.ordinary.close().await;
    }
}

/// Nobody else writes while it lives.
type OnlyOne = OwnedMutexGuard<()>;

impl Database {
    /// Starts a transaction that may write. What it commits is durable then.
    pub(crate) async fn begin(&self) -> sqlx::Result<Write> {
        let only = self.writer.only_one().await?;
        let pool = self.writer.in_use();
        let transaction = if self.is_postgres() {
            pool.begin().await?
        } else {
            pool.begin_with(SQLITE_BEGIN).await?
        };
        Ok(Write {
            transaction,
            _only: only,
        })
    }

    /// A connection for transactions whose effects follow from the log: after a power cut they may be gone
    /// from some point on, and are found again from entries that are still there. See [`Self::settle`].
    pub(crate) async fn begin_derived(&self) -> sqlx::Result<Derived> {
        let only = self.writer.only_one().await?;
        let mut connection = self.writer.in_use().acquire().await?;
        let sqlite = !self.is_postgres();
        if sqlite {
            connection.execute("PRAGMA synchronous = NORMAL").await?;
        }
        Ok(Derived {
            connection,
            sqlite,
            _only: only,
        })
    }

    /// Says whether whatever is written from now on is written behind others, as the pipeline is (see [`crate::priority`]).
    pub(crate) fn set_behind(&self, is_behind: bool) {
        self.writer.is_behind.store(is_behind, Ordering::Relaxed);
    }
}

/// A transaction that may write.
#[derive(Debug)]
pub(crate) struct Write {
    transaction: Transaction<'static, Any>,
    _only: Option<OnlyOne>,
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
    _only: Option<OnlyOne>,
}

impl Derived {
    /// Starts a transaction.
    pub(crate) async fn begin(&mut self) -> sqlx::Result<Transaction<'_, Any>> {
        if self.sqlite {
            return self.connection.begin_with(SQLITE_BEGIN).await;
        }
        let mut transaction = self.connection.begin().await?;
        transaction
            .execute("SET LOCAL synchronous_commit = off")
            .await?;
        Ok(transaction)
    }
}

#[cfg(test)]
mod tests {
    use sqlx::Row as _;

    use super::*;

    /// Adds one to a number that it read before, and leaves the transaction without commit where `gives_up`.
    async fn count_on(database: &Database, gives_up: bool) -> sqlx::Result<()> {
        let mut write = database.begin().await?;
        let row = sqlx::query("SELECT value FROM setting WHERE name = 'count'")
            .fetch_one(&mut *write)
            .await?;
        let count: String = row.try_get("value")?;
        let next = count.parse::<u32>().unwrap_or_default() + 1;
        sqlx::query("UPDATE setting SET value = $1 WHERE name = 'count'")
            .bind(next.to_string())
            .execute(&mut *write)
            .await?;
        if gives_up {
            return Ok(());
        }
        write.commit().await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn one_writes_at_a_time_whichever_connection_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open_folder(folder.path()).await.unwrap();
        let mut write = database.begin().await.unwrap();
        write
            .execute("INSERT INTO setting (name, value) VALUES ('count', '0')")
            .await
            .unwrap();
        write.commit().await.unwrap();
        let writers = (0..4).map(|writer| {
            let database = database.clone();
            tokio::spawn(async move {
                for turn in 0..50 {
                    database.set_behind((writer + turn) % 3 == 0);
                    count_on(&database, turn % 10 == 9).await.unwrap();
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        let row = sqlx::query("SELECT value FROM setting WHERE name = 'count'")
            .fetch_one(database.reader())
            .await
            .unwrap();
        assert_eq!(row.get::<String, _>("value"), "180");
        database.close().await;
    }
}
