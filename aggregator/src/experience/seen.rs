//! SQL of `exposure`.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::consent::Scope;
use cdp_core::decision::{Exposed, SPACE_HOLDOUT};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::stage::{Exposures, Place};
use crate::database::rows::Many;
use crate::error::Result;

/// What is kept at these places.
pub(super) async fn at(
    connection: &mut AnyConnection,
    space_id: &str,
    places: impl Iterator<Item = &Place>,
) -> Result<Vec<(Place, Exposed)>> {
    let query = Many::new(
        "WITH wanted (experience_id, anchor, scope) AS (VALUES {rows}) SELECT x.experience_id AS experience_id, \
         x.anchor AS anchor, x.scope AS scope, x.state AS state FROM wanted w CROSS JOIN exposure x \
         WHERE x.space_id = $1 AND x.experience_id = w.experience_id AND x.anchor = w.anchor AND x.scope = w.scope",
        [space_id.into()],
    );
    let rows = query
        .rows(places.map(|(id, anchor, scope)| [id.into(), anchor.into(), scope.as_str().into()]))
        .fetch(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let place = (
                row.try_get("experience_id")?,
                row.try_get("anchor")?,
                scope(row)?,
            );
            Ok((place, exposed(row)?))
        })
        .collect()
}

/// Keeps exposures to experiences that exist; anybody may write about others into an event.
pub(crate) async fn keep(
    connection: &mut AnyConnection,
    space_id: &str,
    exposures: Exposures,
) -> Result<()> {
    let named: BTreeSet<&String> = exposures.0.keys().map(|(id, _, _)| id).collect();
    let query = Many::new(
        "WITH wanted (id) AS (VALUES {rows}) SELECT e.id AS id FROM wanted w CROSS JOIN experience e \
         WHERE e.space_id = $1 AND e.id = w.id",
        [space_id.into()],
    );
    let rows = query
        .rows(named.into_iter().map(|id| [id.into()]))
        .fetch(&mut *connection)
        .await?;
    let mut known = BTreeSet::from([SPACE_HOLDOUT.to_owned()]);
    for row in &rows {
        known.insert(row.try_get("id")?);
    }
    let mut insert = Many::new(
        "INSERT INTO exposure (space_id, experience_id, anchor, scope, state) VALUES {rows} \
         ON CONFLICT (space_id, experience_id, anchor, scope) DO UPDATE SET state = excluded.state",
        [],
    );
    for ((id, anchor, scope), state) in exposures.0 {
        if known.contains(&id) {
            let state = serde_json::to_string(&state)?;
            insert.push([
                space_id.into(),
                id.into(),
                anchor.into(),
                scope.as_str().into(),
                state.into(),
            ]);
        }
    }
    insert.execute(connection).await?;
    Ok(())
}

/// What profiles were shown, by profile and experience, as far as the evidence counts for these purposes.
pub(crate) async fn of_profiles(
    connection: &mut AnyConnection,
    space_id: &str,
    profiles: &[String],
    needed: &[String],
) -> Result<BTreeMap<String, BTreeMap<String, Exposed>>> {
    let query = Many::new(
        "WITH wanted (profile_id) AS (VALUES {rows}) SELECT w.profile_id AS profile_id, x.experience_id AS experience_id, \
         x.scope AS scope, x.state AS state FROM wanted w CROSS JOIN identity_node n CROSS JOIN exposure x WHERE \
         n.space_id = $1 AND n.profile_id = w.profile_id AND x.space_id = $1 AND x.anchor = n.identifier",
        [space_id.into()],
    );
    let rows = query.rows(profiles.iter().map(|profile| [profile.into()]));
    let mut found: BTreeMap<String, BTreeMap<String, Exposed>> = BTreeMap::new();
    for row in &rows.fetch(connection).await? {
        if scope(row)?.serves(needed) {
            let of_profile = found.entry(row.try_get("profile_id")?).or_default();
            let of_experience = of_profile.entry(row.try_get("experience_id")?);
            of_experience.or_default().merge(&exposed(row)?);
        }
    }
    Ok(found)
}

/// Everybody who was shown an experience, by profile, likewise.
pub(super) async fn of_experience(
    connection: &mut AnyConnection,
    space_id: &str,
    experience_id: &str,
    needed: &[String],
) -> Result<BTreeMap<String, Exposed>> {
    let sql = "SELECT n.profile_id AS owner, x.scope AS scope, x.state AS state FROM exposure x CROSS JOIN identity_node n \
               WHERE x.space_id = $1 AND x.experience_id = $2 AND n.space_id = $1 AND n.identifier = x.anchor";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(experience_id)
        .fetch_all(connection)
        .await?;
    let mut found: BTreeMap<String, Exposed> = BTreeMap::new();
    for row in &rows {
        if scope(row)?.serves(needed) {
            let owner = row.try_get("owner")?;
            found.entry(owner).or_default().merge(&exposed(row)?);
        }
    }
    Ok(found)
}

fn scope(row: &AnyRow) -> Result<Scope> {
    Ok(Scope::from_text(row.try_get("scope")?))
}

fn exposed(row: &AnyRow) -> Result<Exposed> {
    Ok(serde_json::from_str(&row.try_get::<String, _>("state")?)?)
}
