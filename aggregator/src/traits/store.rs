//! SQL of `trait_value`.

use std::collections::BTreeMap;

use cdp_core::event::Object;
use cdp_core::time::Timestamp;
use cdp_core::traits;
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use crate::database::rows::Many;
use crate::error::Result;

/// A trait's value with what decides between values. A null says that the trait was removed.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) value: Value,
    pub(super) timestamp: Timestamp,
    pub(super) message_id: String,
}

impl Written {
    /// The core's rule.
    pub(super) fn beats(&self, other: &Self) -> bool {
        traits::wins(
            (self.timestamp, &self.message_id),
            (other.timestamp, &other.message_id),
        )
    }
}

/// The traits kept for these anchors themselves, by anchor and key.
pub(super) async fn kept(
    connection: &mut AnyConnection,
    space_id: &str,
    anchors: impl Iterator<Item = String>,
) -> Result<BTreeMap<(String, String), Written>> {
    let query = Many::new(
        "WITH wanted (anchor) AS (VALUES {rows}) SELECT t.anchor AS owner, t.trait_key AS \
         trait_key, t.value AS value, t.timestamp AS timestamp, t.message_id AS message_id \
         FROM wanted w CROSS JOIN trait_value t WHERE t.space_id = $1 AND t.anchor = w.anchor",
        [space_id.into()],
    );
    let rows = query
        .rows(anchors.map(|anchor| [anchor.into()]))
        .fetch(connection)
        .await?;
    rows.iter()
        .map(|row| {
            Ok((
                (row.try_get("owner")?, row.try_get("trait_key")?),
                written(row)?,
            ))
        })
        .collect()
}

/// Keeps writes that have won.
pub(super) async fn keep(
    connection: &mut AnyConnection,
    space_id: &str,
    writes: BTreeMap<(String, String), Written>,
) -> Result<()> {
    let insert = Many::new(
        "INSERT INTO trait_value (space_id, anchor, trait_key, value, timestamp, message_id) VALUES {rows} \
         ON CONFLICT (space_id, anchor, trait_key) DO UPDATE \
         SET value = excluded.value, timestamp = excluded.timestamp, message_id = excluded.message_id",
        [],
    );
    let rows = writes.into_iter().map(|((anchor, key), written)| {
        let timestamp = written.timestamp.as_micros();
        [
            space_id.into(),
            anchor.into(),
            key.into(),
            written.value.to_string().into(),
            timestamp.into(),
            written.message_id.into(),
        ]
    });
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

/// The traits of profiles: the merge over each profile's identifiers.
pub(crate) async fn of_profiles(
    connection: &mut AnyConnection,
    space_id: &str,
    profiles: &[String],
) -> Result<BTreeMap<String, Object>> {
    let query = Many::new(
        "WITH wanted (profile_id) AS (VALUES {rows}) SELECT w.profile_id AS owner, t.trait_key \
         AS trait_key, t.value AS value, t.timestamp AS timestamp, t.message_id AS message_id \
         FROM wanted w CROSS JOIN identity_node n CROSS JOIN trait_value t WHERE n.space_id = \
         $1 AND n.profile_id = w.profile_id AND t.space_id = $1 AND t.anchor = n.identifier",
        [space_id.into()],
    );
    let rows = query
        .rows(profiles.iter().map(|profile| [profile.into()]))
        .fetch(connection)
        .await?;
    let mut best: BTreeMap<(String, String), Written> = BTreeMap::new();
    for row in &rows {
        let place = (row.try_get("owner")?, row.try_get("trait_key")?);
        let written = written(row)?;
        if best.get(&place).is_none_or(|known| written.beats(known)) {
            best.insert(place, written);
        }
    }
    let mut found: BTreeMap<String, Object> = BTreeMap::new();
    for ((profile_id, key), written) in best
        .into_iter()
        .filter(|(_, written)| !written.value.is_null())
    {
        found
            .entry(profile_id)
            .or_default()
            .insert(key, written.value);
    }
    Ok(found)
}

fn written(row: &AnyRow) -> Result<Written> {
    let value: String = row.try_get("value")?;
    let timestamp = Timestamp::from_micros(row.try_get("timestamp")?);
    Ok(Written {
        value: serde_json::from_str(&value)?,
        timestamp,
        message_id: row.try_get("message_id")?,
    })
}
