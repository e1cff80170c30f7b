//! Whether the log is as it was written.

use serde::Serialize;

use super::store;
use crate::database::Database;
use crate::error::Result;

/// Entries that are read at a time.
const CHUNK: i64 = 1000;

/// What looking through the whole log gave.
#[derive(Debug, Serialize)]
pub(super) struct Verdict {
    /// Whether nothing was changed, moved, put between or taken away.
    intact: bool,
    /// Entries that were looked at.
    entries: i64,
    /// The first that is not as it was written.
    first_bad: Option<Bad>,
    /// The digest at the end. Who keeps it elsewhere can tell later that nobody wrote the log anew.
    head: String,
}

#[derive(Debug, Serialize)]
struct Bad {
    number: i64,
    reason: &'static str,
}

/// Looks through the log of the whole installation, as far as it goes now.
pub(super) async fn verify(database: &Database) -> Result<Verdict> {
    let mut connection = database.reader().acquire().await?;
    let (end, head) = store::head(&mut connection).await?;
    drop(connection);
    let mut last = String::new();
    let mut number = 0;
    let mut first_bad = None;
    'chain: loop {
        let chunk = store::chain(database, number, end, CHUNK).await?;
        if chunk.is_empty() {
            break;
        }
        for chained in chunk {
            let reason = if chained.number != number + 1 {
                Some("it is missing")
            } else if chained.hash != chained.entry.hash(chained.number, &chained.previous) {
                Some("it was changed after it was written")
            } else if chained.previous != last {
                Some("it does not follow the entry before it: one of them was changed or moved")
            } else {
                None
            };
            if let Some(reason) = reason {
                first_bad = Some(Bad {
                    number: number + 1,
                    reason,
                });
                break 'chain;
            }
            number += 1;
            last = chained.hash;
        }
    }
    if first_bad.is_none() && number != end {
        first_bad = Some(Bad {
            number: number + 1,
            reason: "it is missing",
        });
    } else if first_bad.is_none() && last != head {
        first_bad = Some(Bad {
            number,
            reason: "it is not the entry with which the log ended",
        });
    }
    Ok(Verdict {
        intact: first_bad.is_none(),
        entries: number,
        first_bad,
        head,
    })
}
