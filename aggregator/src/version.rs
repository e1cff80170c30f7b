//! In which version the definitions of a space are, its audiences and computed traits. What is made of hundreds of them is
//! made once for a version, and not in every turn of the pipeline and for every snapshot.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::{AnyConnection, Row as _};

use crate::error::Result;
use crate::id;

/// The version of a space's definitions, as this connection sees them.
pub(crate) async fn of(connection: &mut AnyConnection, space_id: &str) -> Result<String> {
    let row = sqlx::query("SELECT version FROM definition_version WHERE space_id = $1")
        .bind(space_id)
        .fetch_optional(connection)
        .await?;
    // Without any there has been no change yet.
    Ok(row
        .map(|row| row.try_get("version"))
        .transpose()?
        .unwrap_or_default())
}

/// Says that the definitions have changed, in the transaction that changes them. A version that is rolled back never comes
/// again, so nobody takes what was made of it for something else.
pub(crate) async fn renew(connection: &mut AnyConnection, space_id: &str) -> Result<()> {
    let sql = "INSERT INTO definition_version (space_id, version) VALUES ($1, $2) \
               ON CONFLICT (space_id) DO UPDATE SET version = excluded.version";
    sqlx::query(sql)
        .bind(space_id)
        .bind(id::fresh("ver")?)
        .execute(connection)
        .await?;
    Ok(())
}

/// What was made of the definitions of each space, and of which version.
#[derive(Debug)]
pub(crate) struct Made<T>(Mutex<HashMap<String, (String, Arc<T>)>>);

impl<T> Default for Made<T> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<T> Made<T> {
    /// What was made of this version, if anything was.
    pub(crate) fn of(&self, space_id: &str, version: &str) -> Option<Arc<T>> {
        let made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, value) = made.get(space_id)?;
        (of == version).then(|| Arc::clone(value))
    }

    /// Keeps what was made of a version. The version has to be read before the definitions are: whatever changes in between
    /// has another one.
    pub(crate) fn keep(&self, space_id: &str, version: String, value: T) -> Arc<T> {
        let value = Arc::new(value);
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.insert(space_id.to_owned(), (version, Arc::clone(&value)));
        value
    }
}
