//! The database as it is at one moment, read while others go on writing.

use sqlx::{AnyConnection, Connection as _, Executor as _};

use crate::database::Database;
use crate::error::Result;

/// A connection that sees the database as it was when it was made.
pub(super) struct Snapshot {
    connection: AnyConnection,
}

impl Snapshot {
    /// Of now.
    pub(super) async fn of(database: &Database) -> Result<Self> {
        let mut connection = database.reader().acquire().await?;
        if database.is_postgres() {
            connection.execute(HELD).await?;
            connection
                .execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                .await?;
        } else {
            connection.execute("BEGIN").await?;
        }
        // The first look makes it.
        connection.execute("SELECT 1 FROM setting").await?;
        // It never comes back to the pool.
        Ok(Self {
            connection: connection.detach(),
        })
    }

    /// To read from.
    pub(super) fn connection(&mut self) -> &mut AnyConnection {
        &mut self.connection
    }

    /// Lets go of it.
    pub(super) async fn close(self) -> Result<()> {
        Ok(self.connection.close().await?)
    }
}

/// As long as it is held, an erasure does not take the database for tidied up: Postgres keeps what a snapshot still sees.
const HELD: &str = "SELECT pg_advisory_lock_shared(1214597985)";
