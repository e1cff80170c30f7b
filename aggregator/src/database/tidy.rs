//! Keeping the database's files small and free of what was deleted, and what it knows of them true.

use std::time::Duration;

use sqlx::{AnyConnection, Executor as _, Row as _};

use super::Database;

/// How often SQLite's write-ahead log is folded into the file.
const FOLD: Duration = Duration::from_millis(250);
/// How often Postgres is asked whether its statistics are out of date.
const LOOK: Duration = Duration::from_secs(2);
/// Counts the rows of each table of which 500 rows and as many as it had when it was last counted were changed since. Autovacuum
/// does so within a minute, and until then takes a table of thousands of rows for an empty one: while a new database fills, joins are planned badly.
const ANALYZE_GROWN: &str = "DO $$ DECLARE grown RECORD; BEGIN \
     FOR grown IN SELECT s.relid::regclass AS name FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid \
     WHERE s.schemaname = current_schema() AND s.n_mod_since_analyze > 500 + c.reltuples \
     LOOP EXECUTE format('ANALYZE (SKIP_LOCKED) %s', grown.name); END LOOP; END $$";
/// Bytes up to which a SQLite file is written anew after an erasure: it is copied in memory.
const WRITTEN_ANEW: i64 = 256 * 1024 * 1024;
/// Backups that are being made see what was deleted since they began, and nothing takes it out of the tables until they end.
const BACKUPS: &str = "SELECT COUNT(*) AS backups FROM pg_locks WHERE locktype = 'advisory' AND objid = 1214597985 \
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
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

impl Database {
    /// Keeps the database in shape as long as it is open.
    pub(crate) async fn keep_in_shape(self) {
        if self.is_postgres() {
            self.keep_analyzed().await;
        } else {
            self.fold().await;
        }
    }

    /// Keeps Postgres's statistics near the truth while tables grow fast.
    async fn keep_analyzed(&self) {
        let pool = self.writer.ordinary();
        loop {
            tokio::time::sleep(LOOK).await;
            match pool.execute(ANALYZE_GROWN).await {
                Ok(_) => {}
                Err(sqlx::Error::PoolClosed) => return,
                Err(error) => tracing::warn!(%error, "tables that grew are not counted anew"),
            }
        }
    }

    /// Has Postgres count the rows of some tables, with an `ANALYZE` of these: before statements about many rows of a space that
    /// came to be since they were counted, of which it would expect none.
    pub(crate) async fn analyze(
        &self,
        connection: &mut AnyConnection,
        statement: &'static str,
    ) -> sqlx::Result<()> {
        if self.is_postgres() {
            connection.execute(statement).await?;
        }
        Ok(())
    }

    /// Folds SQLite's write-ahead log into the file, a little at a time: the log's entries wait at the same disk. It does so
    /// beside whoever writes, so that a reply need not wait until a commit has done it.
    async fn fold(&self) {
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
        let pool = self.writer.ordinary();
        if self.is_postgres() {
            let row = sqlx::query(BACKUPS).fetch_one(pool).await?;
            if row.try_get::<i64, _>("backups")? > 0 {
                return Ok(false);
            }
            for table in TIDIED {
                pool.execute(*table).await?;
            }
            return Ok(true);
        }
        let _only = self.writer.only_one().await?;
        let mut connection = pool.acquire().await?;
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
}

/// Folds all of SQLite's write-ahead log into the file and cuts it to nothing; false when somebody who reads is in the way.
async fn fold_all(connection: &mut AnyConnection) -> sqlx::Result<bool> {
    let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
        .fetch_one(connection)
        .await?;
    Ok(row.try_get::<i64, _>(0)? == 0)
}
