//! What the tables say of message ids.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::Row as _;

use super::entry::Entry;
use super::seen::Seen;
use crate::database::Database;
use crate::database::journal::Portion;
use crate::database::rows::Many;
use crate::error::Result;

/// Entries that are read at once when the server starts.
const PORTION: Portion = Portion {
    entries: 256,
    messages: 10_000,
    bytes: 8 * 1024 * 1024,
};

/// Which of these message ids, by space, are in the event table.
pub(super) async fn stored<'a>(
    database: &Database,
    ids: BTreeMap<&'a str, Vec<&'a str>>,
) -> Result<BTreeSet<(&'a str, &'a str)>> {
    let mut stored = BTreeSet::new();
    if ids.is_empty() {
        return Ok(stored);
    }
    let mut connection = database.reader().acquire().await?;
    for (space_id, ids) in ids {
        let query = Many::new(
            "WITH wanted (message_id) AS (VALUES {rows}) SELECT e.message_id AS message_id \
             FROM wanted w CROSS JOIN event e WHERE e.space_id = $1 AND e.message_id = w.message_id",
            [space_id.into()],
        );
        let rows = query
            .rows(ids.iter().map(|id| [(*id).into()]))
            .fetch(&mut connection)
            .await?;
        let found: BTreeSet<String> = rows
            .iter()
            .map(|row| row.try_get("message_id"))
            .collect::<Result<_, _>>()?;
        let known = ids.into_iter().filter(|id| found.contains(*id));
        stored.extend(known.map(|id| (space_id, id)));
    }
    Ok(stored)
}

/// Remembers the ids of what was in the log when the server started and has not taken effect yet.
pub(super) async fn waiting(
    database: &Database,
    seen: &Seen,
    position: i64,
    last: i64,
) -> Result<()> {
    let mut position = position;
    loop {
        let records = database
            .journal()
            .read_after(position, last, PORTION)
            .await?;
        if records.is_empty() {
            return Ok(());
        }
        for record in records {
            position = record.id;
            let entry = Entry::read(record.body)?;
            let ids = entry.message_ids();
            seen.remember(ids.map(|id| seen.hash(&entry.space_id, &id)));
        }
    }
}
