//! SQL of `computed_trait` and `computed_value`.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::computed_trait::{Definition, State};
use cdp_core::event::Object;
use cdp_core::time::Timestamp;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use crate::database::Database;
use crate::database::rows::Many;
use crate::error::{Error, Result};

/// The status of a definition that has counted all earlier events.
const READY: &str = "ready";

/// A definition with its id and how far its backfill is.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Stored {
    pub(super) id: String,
    #[serde(flatten)]
    pub(super) definition: Definition,
    pub(super) status: String,
    pub(super) created_at: Timestamp,
}

/// A definition whose earlier events are still being counted.
pub(super) struct Building {
    pub(super) space_id: String,
    pub(super) stored: Stored,
    pub(super) position: i64,
    pub(super) until: i64,
}

/// The space's definitions.
pub(super) async fn all(connection: &mut AnyConnection, space_id: &str) -> Result<Vec<Stored>> {
    let sql = "SELECT id, definition, status, created_at FROM computed_trait WHERE space_id = $1 ORDER BY trait_key";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .fetch_all(connection)
        .await?;
    rows.iter().map(stored).collect()
}

/// A page of the space's definitions behind a key.
pub(super) async fn page(
    database: &Database,
    space_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Stored>> {
    let sql = "SELECT id, definition, status, created_at FROM computed_trait \
               WHERE space_id = $1 AND id > $2 AND trait_key NOT LIKE '#%' ORDER BY id LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(after)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    rows.iter().map(stored).collect()
}

/// One definition.
pub(super) async fn one(database: &Database, space_id: &str, id: &str) -> Result<Stored> {
    let sql = "SELECT id, definition, status, created_at FROM computed_trait \
               WHERE space_id = $1 AND id = $2 AND trait_key NOT LIKE '#%'";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(id)
        .fetch_optional(database.reader())
        .await?;
    stored(&row.ok_or_else(|| Error::not_found("computed trait"))?)
}

/// Writes a definition that has to count what is before `until`, unless there is one with its key.
/// Says whether there was none.
pub(super) async fn insert(
    database: &Database,
    space_id: &str,
    id: &str,
    definition: &Definition,
    until: i64,
    now: Timestamp,
) -> Result<bool> {
    let sql = "INSERT INTO computed_trait (id, space_id, trait_key, definition, status, backfill_position, backfill_until, created_at) \
               VALUES ($1, $2, $3, $4, 'building', 0, $5, $6) ON CONFLICT (space_id, trait_key) DO NOTHING";
    let text = serde_json::to_string(definition)?;
    let mut transaction = database.begin().await?;
    let query = sqlx::query(sql)
        .bind(id)
        .bind(space_id)
        .bind(&definition.key)
        .bind(text)
        .bind(until)
        .bind(now.as_micros());
    let inserted = query.execute(&mut *transaction).await?.rows_affected();
    transaction.commit().await?;
    Ok(inserted > 0)
}

/// The oldest definition that is not done.
pub(super) async fn building(database: &Database) -> Result<Option<Building>> {
    let sql = "SELECT id, space_id, definition, status, created_at, backfill_position, backfill_until FROM computed_trait \
               WHERE status = 'building' ORDER BY created_at LIMIT 1";
    let row = sqlx::query(sql).fetch_optional(database.reader()).await?;
    let building = |row: AnyRow| {
        Ok(Building {
            space_id: row.try_get("space_id")?,
            stored: stored(&row)?,
            position: row.try_get("backfill_position")?,
            until: row.try_get("backfill_until")?,
        })
    };
    row.map(building).transpose()
}

/// Moves a backfill on.
pub(super) async fn advance(
    connection: &mut AnyConnection,
    id: &str,
    position: i64,
    done: bool,
) -> Result<()> {
    let status = if done { READY } else { "building" };
    let sql = "UPDATE computed_trait SET backfill_position = $1, status = $2 WHERE id = $3";
    sqlx::query(sql)
        .bind(position)
        .bind(status)
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

/// The profiles that own these anchors.
pub(super) async fn profiles_of(
    connection: &mut AnyConnection,
    space_id: &str,
    anchors: BTreeSet<String>,
) -> Result<BTreeSet<String>> {
    let query = Many::new(
        "WITH wanted (anchor) AS (VALUES {rows}) SELECT DISTINCT n.profile_id AS profile_id \
         FROM wanted w CROSS JOIN identity_node n WHERE n.space_id = $1 AND n.identifier = \
         w.anchor",
        [space_id.into()],
    );
    let rows = query
        .rows(anchors.into_iter().map(|anchor| [anchor.into()]))
        .fetch(connection)
        .await?;
    rows.iter()
        .map(|row| Ok(row.try_get("profile_id")?))
        .collect()
}

/// The states of these definitions and anchors.
pub(super) async fn states(
    connection: &mut AnyConnection,
    space_id: &str,
    places: impl Iterator<Item = &(String, String)>,
) -> Result<Vec<((String, String), State)>> {
    let query = Many::new(
        "WITH wanted (definition_id, anchor) AS (VALUES {rows}) SELECT c.definition_id AS \
         definition_id, c.anchor AS anchor, c.state AS state FROM wanted w CROSS JOIN \
         computed_value c WHERE c.space_id = $1 AND c.definition_id = w.definition_id AND \
         c.anchor = w.anchor",
        [space_id.into()],
    );
    let rows = query
        .rows(places.map(|(definition, anchor)| [definition.into(), anchor.into()]))
        .fetch(connection)
        .await?;
    rows.iter()
        .map(|row| {
            Ok((
                (row.try_get("definition_id")?, row.try_get("anchor")?),
                state(row)?,
            ))
        })
        .collect()
}

/// Keeps states.
pub(super) async fn keep(
    connection: &mut AnyConnection,
    space_id: &str,
    states: BTreeMap<(String, String), State>,
) -> Result<()> {
    let mut insert = Many::new(
        "INSERT INTO computed_value (space_id, definition_id, anchor, state) VALUES {rows} \
         ON CONFLICT (space_id, definition_id, anchor) DO UPDATE SET state = excluded.state",
        [],
    );
    for ((definition, anchor), state) in states {
        insert.push([
            space_id.into(),
            definition.into(),
            anchor.into(),
            serde_json::to_string(&state)?.into(),
        ]);
    }
    insert.execute(connection).await?;
    Ok(())
}

/// What is computed of profiles: the merge over each profile's identifiers.
#[derive(Debug, Default)]
pub(crate) struct Computed {
    /// Computed traits, by profile.
    pub(crate) values: BTreeMap<String, Object>,
    /// What audiences count, by profile and key.
    pub(crate) counts: BTreeMap<String, BTreeMap<String, State>>,
    /// The keys of what audiences count, as far as earlier events are counted too.
    pub(crate) ready: BTreeSet<String>,
}

/// What is computed of these profiles.
pub(crate) async fn of_profiles(
    connection: &mut AnyConnection,
    space_id: &str,
    profiles: &[String],
) -> Result<Computed> {
    let definitions: BTreeMap<String, Stored> = all(&mut *connection, space_id)
        .await?
        .into_iter()
        .map(|stored| (stored.id.clone(), stored))
        .collect();
    let mut computed = Computed::default();
    if definitions.is_empty() {
        return Ok(computed);
    }
    let ready = definitions
        .values()
        .filter(|stored| stored.definition.is_hidden() && stored.status == READY);
    computed.ready = ready.map(|stored| stored.definition.key.clone()).collect();
    let query = Many::new(
        "WITH wanted (profile_id) AS (VALUES {rows}) SELECT w.profile_id AS profile_id, \
         c.definition_id AS definition_id, c.state AS state FROM wanted w CROSS JOIN \
         identity_node n CROSS JOIN computed_value c WHERE n.space_id = $1 AND n.profile_id = \
         w.profile_id AND c.space_id = $1 AND c.anchor = n.identifier",
        [space_id.into()],
    );
    let rows = query
        .rows(profiles.iter().map(|profile| [profile.into()]))
        .fetch(connection)
        .await?;
    let mut merged: BTreeMap<(String, String), State> = BTreeMap::new();
    for row in &rows {
        merged
            .entry((row.try_get("profile_id")?, row.try_get("definition_id")?))
            .or_default()
            .merge(&state(row)?);
    }
    for ((profile_id, definition_id), state) in merged {
        let Some(Stored { definition, .. }) = definitions.get(&definition_id) else {
            continue;
        };
        if definition.is_hidden() {
            let counts = computed.counts.entry(profile_id).or_default();
            counts.insert(definition.key.clone(), state);
        } else if let Some(value) = state.value(definition) {
            let values = computed.values.entry(profile_id).or_default();
            values.insert(definition.key.clone(), value);
        }
    }
    Ok(computed)
}

fn state(row: &AnyRow) -> Result<State> {
    let text: String = row.try_get("state")?;
    Ok(serde_json::from_str(&text)?)
}

fn stored(row: &AnyRow) -> Result<Stored> {
    let definition: String = row.try_get("definition")?;
    Ok(Stored {
        id: row.try_get("id")?,
        definition: serde_json::from_str(&definition)?,
        status: row.try_get("status")?,
        created_at: Timestamp::from_micros(row.try_get("created_at")?),
    })
}
