//! Identifiers whose people have something done again in the background; a table for each reason.

use std::collections::BTreeSet;

use cdp_core::identifier::Identifier;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::store::identifier;
use crate::database::Database;
use crate::error::Result;

/// Identifiers that are taken in one step.
const STEP: i64 = 100;

/// A queue: the name of a table of spaces and identifiers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting(&'static str);

/// Who has to be resolved again.
pub(crate) const RESOLVE: Waiting = Waiting("identity_again");
/// Who has to be folded again.
pub(crate) const REFOLD: Waiting = Waiting("consent_refold");

impl Waiting {
    /// Puts a whole space in: an identifier of each component.
    pub(crate) async fn everybody(
        self,
        connection: &mut AnyConnection,
        space_id: &str,
    ) -> Result<()> {
        let sql = format!(
            "INSERT INTO {} (space_id, identifier) SELECT space_id, MIN(identifier) FROM identity_node \
             WHERE space_id = $1 GROUP BY space_id, component ON CONFLICT (space_id, identifier) DO NOTHING",
            self.0
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(space_id)
            .execute(connection)
            .await?;
        Ok(())
    }

    /// Whether somebody waits.
    pub(crate) async fn any(self, database: &Database) -> Result<bool> {
        let sql = format!("SELECT identifier FROM {} LIMIT 1", self.0);
        let row = sqlx::query(AssertSqlSafe(sql))
            .fetch_optional(database.reader())
            .await?;
        Ok(row.is_some())
    }

    /// Whether somebody of a space waits, as whoever writes sees it.
    pub(super) async fn any_of(
        self,
        connection: &mut AnyConnection,
        space_id: &str,
    ) -> Result<bool> {
        let sql = format!(
            "SELECT identifier FROM {} WHERE space_id = $1 LIMIT 1",
            self.0
        );
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(space_id)
            .fetch_optional(connection)
            .await?;
        Ok(row.is_some())
    }

    /// How many of a space wait.
    pub(crate) async fn count(self, database: &Database, space_id: &str) -> Result<i64> {
        let sql = format!(
            "SELECT COUNT(*) AS waiting FROM {} WHERE space_id = $1",
            self.0
        );
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(space_id)
            .fetch_one(database.reader())
            .await?;
        Ok(row.try_get("waiting")?)
    }

    /// Takes the next out: a space and some of its identifiers.
    pub(crate) async fn next(
        self,
        connection: &mut AnyConnection,
    ) -> Result<Option<(String, BTreeSet<Identifier>)>> {
        let sql = format!(
            "DELETE FROM {0} WHERE space_id = (SELECT MIN(space_id) FROM {0}) AND identifier IN (SELECT identifier FROM {0} \
             WHERE space_id = (SELECT MIN(space_id) FROM {0}) ORDER BY identifier LIMIT $1) RETURNING space_id, identifier",
            self.0
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(STEP)
            .fetch_all(connection)
            .await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let identifiers = rows.iter().map(|row| identifier(row, "identifier"));
        Ok(Some((
            first.try_get("space_id")?,
            identifiers.collect::<Result<_>>()?,
        )))
    }
}
