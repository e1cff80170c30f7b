//! SQL of the events that a metric looks at.

use sqlx::{AnyConnection, Row as _};

use crate::database::rows::Many;
use crate::error::Result;
use crate::pipeline::{Logged, logged};

/// The events of a name that these profiles have, each with its profile.
pub(super) async fn of(
    connection: &mut AnyConnection,
    space_id: &str,
    name: &str,
    profiles: &[String],
) -> Result<Vec<(String, Logged)>> {
    let query = Many::new(
        "WITH wanted (profile_id) AS (VALUES {rows}) SELECT w.profile_id AS profile_id, \
         e.offset_id AS offset_id, e.space_id AS space_id, e.source_id AS source_id, e.anchor AS anchor, e.body AS body \
         FROM wanted w CROSS JOIN identity_node n CROSS JOIN event e WHERE n.space_id = $1 AND n.profile_id = w.profile_id \
         AND e.space_id = $1 AND e.anchor = n.identifier AND e.name = $2",
        [space_id.into(), name.into()],
    );
    let rows = query
        .rows(profiles.iter().map(|profile| [profile.into()]))
        .fetch(connection)
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("profile_id")?, logged(row)?)))
        .collect()
}
