//! SQL of `consent_entry`.

use std::collections::BTreeMap;

use sqlx::{AnyConnection, Row as _};

use super::entry::{Kept, Tip};
use crate::database::rows::Many;
use crate::error::Result;

/// The ends of these anchors' chains; anchors without entries are not in it.
pub(super) async fn tips(
    connection: &mut AnyConnection,
    space_id: &str,
    anchors: impl Iterator<Item = &String>,
) -> Result<BTreeMap<String, Tip>> {
    let query = Many::new(
        "WITH wanted (anchor) AS (VALUES {rows}) SELECT e.anchor AS anchor, e.seq AS seq, e.hash AS hash \
         FROM wanted w CROSS JOIN consent_entry e WHERE e.space_id = $1 AND e.anchor = w.anchor AND e.seq = \
         (SELECT MAX(l.seq) FROM consent_entry l WHERE l.space_id = $1 AND l.anchor = w.anchor)",
        [space_id.into()],
    );
    let rows = query
        .rows(anchors.map(|anchor| [anchor.into()]))
        .fetch(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let tip = Tip {
                seq: row.try_get("seq")?,
                hash: row.try_get("hash")?,
            };
            Ok((row.try_get("anchor")?, tip))
        })
        .collect()
}

/// Appends entries. There is no statement that changes one, and none that deletes one but for the erasure of the whole person.
pub(super) async fn append(
    connection: &mut AnyConnection,
    space_id: &str,
    entries: Vec<Kept>,
) -> Result<()> {
    let insert = Many::new(
        "INSERT INTO consent_entry (space_id, anchor, seq, body, hash) VALUES {rows}",
        [],
    );
    let rows = entries.into_iter().map(|kept| {
        [
            space_id.into(),
            kept.anchor.into(),
            kept.seq.into(),
            kept.body.into(),
            kept.hash.into(),
        ]
    });
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

/// The entries of these anchors, anchor by anchor in the order of each chain.
pub(super) async fn of_anchors(
    connection: &mut AnyConnection,
    space_id: &str,
    anchors: &[String],
) -> Result<BTreeMap<String, Vec<Kept>>> {
    let query = Many::new(
        "WITH wanted (anchor) AS (VALUES {rows}) SELECT e.anchor AS anchor, e.seq AS seq, e.body AS body, e.hash AS hash \
         FROM wanted w CROSS JOIN consent_entry e WHERE e.space_id = $1 AND e.anchor = w.anchor ORDER BY e.anchor, e.seq",
        [space_id.into()],
    );
    let rows = query
        .rows(anchors.iter().map(|anchor| [anchor.into()]))
        .fetch(connection)
        .await?;
    let mut found: BTreeMap<String, Vec<Kept>> = BTreeMap::new();
    for row in &rows {
        let kept = Kept {
            anchor: row.try_get("anchor")?,
            seq: row.try_get("seq")?,
            body: row.try_get("body")?,
            hash: row.try_get("hash")?,
        };
        found.entry(kept.anchor.clone()).or_default().push(kept);
    }
    Ok(found)
}
