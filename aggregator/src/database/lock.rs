//! The lock on a Postgres: one headwater writes there. On SQLite the data folder has one of its own.

use std::sync::PoisonError;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, Executor as _, Row as _};

use super::{Database, OpenError};

/// How long the lock of a process that has just ended may stay: Postgres notices a closed connection
/// a moment later.
const LINGER: Duration = Duration::from_secs(5);

/// How often the connection with the lock is looked at.
const WATCH: Duration = Duration::from_secs(1);
/// How often the lock may be refused before it is somebody else's.
const PATIENT_TRIES: u32 = 5;

/// Ends one process of Postgres, if it has the lock.
const END_BACKEND: &str = "SELECT CAST(pg_terminate_backend(pid) AS INTEGER) AS ended FROM pg_locks \
     WHERE locktype = 'advisory' AND objid = 1214597984 AND pid = $1";

/// The lock and who has it.
#[derive(Debug)]
pub(super) struct Lock {
    connection: PoolConnection<Any>,
    /// Postgres's process behind the connection.
    backend: i32,
}

/// There is one writer of the log: on Postgres an advisory lock, held by a connection, sees to it.
pub(super) async fn take_lock(pool: &AnyPool) -> Result<Lock, OpenError> {
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

impl Database {
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
            let Ok(mut connection) = self.writer.ordinary().acquire().await else {
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
}
