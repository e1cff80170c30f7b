//! SQL of `consent_state`.

use std::collections::BTreeMap;

use cdp_core::consent::Choices;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::state::State;
use crate::database::rows::Many;
use crate::error::Result;

/// What is kept for these anchors themselves.
pub(super) async fn kept(
    connection: &mut AnyConnection,
    space_id: &str,
    anchors: impl Iterator<Item = String>,
) -> Result<BTreeMap<String, State>> {
    let query = Many::new(
        "WITH wanted (anchor) AS (VALUES {rows}) SELECT c.anchor AS anchor, c.state AS state \
         FROM wanted w CROSS JOIN consent_state c WHERE c.space_id = $1 AND c.anchor = \
         w.anchor",
        [space_id.into()],
    );
    let rows = query
        .rows(anchors.map(|anchor| [anchor.into()]))
        .fetch(connection)
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("anchor")?, state(row)?)))
        .collect()
}

/// Keeps what anchors have come to.
pub(super) async fn keep(
    connection: &mut AnyConnection,
    space_id: &str,
    states: BTreeMap<String, State>,
) -> Result<()> {
    let mut insert = Many::new(
        "INSERT INTO consent_state (space_id, anchor, state) VALUES {rows} \
         ON CONFLICT (space_id, anchor) DO UPDATE SET state = excluded.state",
        [],
    );
    for (anchor, state) in states {
        insert.push([
            space_id.into(),
            anchor.into(),
            serde_json::to_string(&state)?.into(),
        ]);
    }
    insert.execute(connection).await?;
    Ok(())
}

/// The choices of the people behind these anchors, by anchor.
pub(super) async fn of_anchors(
    connection: &mut AnyConnection,
    space_id: &str,
    anchors: impl Iterator<Item = String>,
) -> Result<BTreeMap<String, State>> {
    let query = Many::new(
        "WITH wanted (anchor) AS (VALUES {rows}) SELECT w.anchor AS person, c.state AS state \
         FROM wanted w CROSS JOIN identity_node mine CROSS JOIN identity_node n CROSS JOIN \
         consent_state c WHERE mine.space_id = $1 AND mine.identifier = w.anchor AND \
         n.space_id = $1 AND n.profile_id = mine.profile_id AND c.space_id = $1 AND c.anchor = \
         n.identifier",
        [space_id.into()],
    );
    people(
        &query
            .rows(anchors.map(|anchor| [anchor.into()]))
            .fetch(connection)
            .await?,
    )
}

/// The choices of profiles, by profile id.
pub(crate) async fn of_profiles(
    connection: &mut AnyConnection,
    space_id: &str,
    profiles: &[String],
) -> Result<BTreeMap<String, Choices>> {
    let states = states_of_profiles(connection, space_id, profiles).await?;
    Ok(states
        .into_iter()
        .map(|(profile, state)| (profile, state.choices()))
        .collect())
}

/// What profiles have come to, by profile id.
pub(super) async fn states_of_profiles(
    connection: &mut AnyConnection,
    space_id: &str,
    profiles: &[String],
) -> Result<BTreeMap<String, State>> {
    let query = Many::new(
        "WITH wanted (profile_id) AS (VALUES {rows}) SELECT w.profile_id AS person, c.state AS \
         state FROM wanted w CROSS JOIN identity_node n CROSS JOIN consent_state c WHERE \
         n.space_id = $1 AND n.profile_id = w.profile_id AND c.space_id = $1 AND c.anchor = \
         n.identifier",
        [space_id.into()],
    );
    people(
        &query
            .rows(profiles.iter().map(|profile| [profile.into()]))
            .fetch(connection)
            .await?,
    )
}

/// All identifiers of these profiles.
pub(super) async fn identifiers_of(
    connection: &mut AnyConnection,
    space_id: &str,
    profiles: impl Iterator<Item = String>,
) -> Result<Vec<String>> {
    let query = Many::new(
        "WITH wanted (profile_id) AS (VALUES {rows}) SELECT n.identifier AS identifier FROM wanted w \
         CROSS JOIN identity_node n WHERE n.space_id = $1 AND n.profile_id = w.profile_id",
        [space_id.into()],
    );
    let rows = query
        .rows(profiles.map(|profile| [profile.into()]))
        .fetch(connection)
        .await?;
    rows.iter()
        .map(|row| Ok(row.try_get("identifier")?))
        .collect()
}

/// All identifiers of the person behind one of them.
pub(super) async fn identifiers_beside(
    connection: &mut AnyConnection,
    space_id: &str,
    identifier: &str,
) -> Result<Vec<String>> {
    let sql = "SELECT n.identifier AS identifier FROM identity_node mine CROSS JOIN identity_node n \
               WHERE mine.space_id = $1 AND mine.identifier = $2 AND n.space_id = $1 AND n.profile_id = mine.profile_id";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(identifier)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| Ok(row.try_get("identifier")?))
        .collect()
}

/// An anchor whose events refused something.
pub(super) struct Refusing {
    pub(super) space_id: String,
    pub(super) anchor: String,
    pub(super) state: State,
}

/// The next anchors whose events ever refused anything, in order.
pub(super) async fn refusing_after(
    connection: &mut AnyConnection,
    space_id: &str,
    anchor: &str,
) -> Result<Vec<Refusing>> {
    // How the state is written: see `State`.
    let sql = "SELECT space_id, anchor, state FROM consent_state \
               WHERE (space_id > $1 OR (space_id = $1 AND anchor > $2)) AND (state LIKE '%{\"granted\":false%' OR state LIKE '%\"denied_at\"%') \
               ORDER BY space_id, anchor LIMIT 1000";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(anchor)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Refusing {
                space_id: row.try_get("space_id")?,
                anchor: row.try_get("anchor")?,
                state: state(row)?,
            })
        })
        .collect()
}

/// Merges the states of each person's anchors.
fn people(rows: &[AnyRow]) -> Result<BTreeMap<String, State>> {
    let mut merged: BTreeMap<String, State> = BTreeMap::new();
    for row in rows {
        merged
            .entry(row.try_get("person")?)
            .or_default()
            .merge(state(row)?);
    }
    Ok(merged)
}

fn state(row: &AnyRow) -> Result<State> {
    let text: String = row.try_get("state")?;
    Ok(serde_json::from_str(&text)?)
}
