//! SQL of `trait_value`.

use std::collections::BTreeMap;

use cdp_core::consent::Scope;
use cdp_core::event::Object;
use cdp_core::time::Timestamp;
use cdp_core::traits;
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::stage::{Place, Writes};
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

/// The traits kept for these anchors themselves.
pub(super) async fn kept(
    connection: &mut AnyConnection,
    space_id: &str,
    anchors: impl Iterator<Item = String>,
) -> Result<BTreeMap<Place, Written>> {
    let rows = rows_of_anchors(connection, space_id, anchors).await?;
    rows.iter()
        .map(|row| {
            let place = (
                row.try_get("owner")?,
                row.try_get("trait_key")?,
                Scope::from_text(row.try_get("scope")?),
            );
            Ok((place, written(row)?))
        })
        .collect()
}

/// The same, each under its own name.
pub(crate) async fn of_anchors(
    connection: &mut AnyConnection,
    space_id: &str,
    anchors: impl Iterator<Item = String>,
) -> Result<Known> {
    known(&rows_of_anchors(connection, space_id, anchors).await?)
}

async fn rows_of_anchors(
    connection: &mut AnyConnection,
    space_id: &str,
    anchors: impl Iterator<Item = String>,
) -> Result<Vec<AnyRow>> {
    let query = Many::new(
        "WITH wanted (anchor) AS (VALUES {rows}) SELECT t.anchor AS owner, t.trait_key AS \
         trait_key, t.scope AS scope, t.value AS value, t.timestamp AS timestamp, t.message_id AS message_id \
         FROM wanted w CROSS JOIN trait_value t WHERE t.space_id = $1 AND t.anchor = w.anchor",
        [space_id.into()],
    );
    let rows = anchors.map(|anchor| [anchor.into()]);
    Ok(query.rows(rows).fetch(connection).await?)
}

/// The next anchors of which anything is kept, in the order of their texts, each with its profile.
pub(crate) async fn anchors_after(
    connection: &mut AnyConnection,
    space_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<(String, String)>> {
    let sql = "SELECT DISTINCT t.anchor AS anchor, n.profile_id AS profile_id FROM trait_value t CROSS JOIN identity_node n \
               WHERE t.space_id = $1 AND t.anchor > $2 AND n.space_id = $1 AND n.identifier = t.anchor ORDER BY t.anchor LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(after)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("anchor")?, row.try_get("profile_id")?)))
        .collect()
}

/// Keeps writes that have won.
pub(crate) async fn keep(
    connection: &mut AnyConnection,
    space_id: &str,
    writes: Writes,
) -> Result<()> {
    let insert = Many::new(
        "INSERT INTO trait_value (space_id, anchor, trait_key, scope, value, timestamp, message_id) VALUES {rows} \
         ON CONFLICT (space_id, anchor, trait_key, scope) DO UPDATE \
         SET value = excluded.value, timestamp = excluded.timestamp, message_id = excluded.message_id",
        [],
    );
    let rows = writes.0.into_iter().map(|((anchor, key, scope), written)| {
        let timestamp = written.timestamp.as_micros();
        [
            space_id.into(),
            anchor.into(),
            key.into(),
            scope.as_str().into(),
            written.value.to_string().into(),
            timestamp.into(),
            written.message_id.into(),
        ]
    });
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

/// What is kept of profiles' traits, of every scope.
#[derive(Debug, Default)]
pub(crate) struct Known(BTreeMap<String, Vec<(String, Scope, Written)>>);

/// Traits that are seen for some purposes, with the scope of the evidence of each.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) values: Object,
    pub(crate) scopes: BTreeMap<String, Scope>,
    /// The message that says it.
    pub(crate) messages: BTreeMap<String, String>,
}

impl Known {
    /// The traits of a profile that evidence for all of these purposes tells.
    pub(crate) fn seen_for<S: AsRef<str>>(&self, profile_id: &str, needed: &[S]) -> Seen {
        let mut best: BTreeMap<&str, (&Scope, &Written)> = BTreeMap::new();
        for (key, scope, written) in self.0.get(profile_id).into_iter().flatten() {
            if scope.serves(needed)
                && best
                    .get(key.as_str())
                    .is_none_or(|(_, known)| written.beats(known))
            {
                best.insert(key, (scope, written));
            }
        }
        let mut seen = Seen::default();
        for (key, (scope, written)) in best {
            if !written.value.is_null() {
                seen.values.insert(key.to_owned(), written.value.clone());
                seen.scopes.insert(key.to_owned(), scope.clone());
                seen.messages
                    .insert(key.to_owned(), written.message_id.clone());
            }
        }
        seen
    }

    /// The scopes of what is kept of a profile.
    pub(crate) fn scopes(&self, profile_id: &str) -> impl Iterator<Item = &Scope> {
        let kept = self.0.get(profile_id).into_iter().flatten();
        kept.map(|(_, scope, _)| scope)
    }
}

/// The traits of profiles, over each profile's identifiers.
pub(crate) async fn of_profiles(
    connection: &mut AnyConnection,
    space_id: &str,
    profiles: &[String],
) -> Result<Known> {
    let query = Many::new(
        "WITH wanted (profile_id) AS (VALUES {rows}) SELECT w.profile_id AS owner, t.trait_key \
         AS trait_key, t.scope AS scope, t.value AS value, t.timestamp AS timestamp, t.message_id AS message_id \
         FROM wanted w CROSS JOIN identity_node n CROSS JOIN trait_value t WHERE n.space_id = \
         $1 AND n.profile_id = w.profile_id AND t.space_id = $1 AND t.anchor = n.identifier",
        [space_id.into()],
    );
    let rows = query
        .rows(profiles.iter().map(|profile| [profile.into()]))
        .fetch(connection)
        .await?;
    known(&rows)
}

fn known(rows: &[AnyRow]) -> Result<Known> {
    let mut known = Known::default();
    for row in rows {
        let kept = (
            row.try_get("trait_key")?,
            Scope::from_text(row.try_get("scope")?),
            written(row)?,
        );
        known.0.entry(row.try_get("owner")?).or_default().push(kept);
    }
    Ok(known)
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
