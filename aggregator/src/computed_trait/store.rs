//! SQL of `computed_trait` and `computed_value`.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::computed_trait::{Definition, State};
use cdp_core::consent::Scope;
use cdp_core::event::Object;
use cdp_core::time::Timestamp;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::stage::{Place, Tally};
use crate::app::App;
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
    /// How far the events before it are counted, and up to where they are to be.
    #[serde(skip)]
    backfill: (i64, i64),
}

impl Stored {
    /// Whether an event that is stored has been counted.
    pub(super) fn has_counted(&self, offset: i64) -> bool {
        let (position, until) = self.backfill;
        offset <= position || offset > until
    }
}

/// A definition whose earlier events are still being counted.
pub(super) struct Building {
    pub(super) space_id: String,
    pub(super) stored: Stored,
    pub(super) position: i64,
    pub(super) until: i64,
}

/// The space's definitions.
pub(crate) async fn all(connection: &mut AnyConnection, space_id: &str) -> Result<Vec<Stored>> {
    let sql = "SELECT id, definition, status, created_at, backfill_position, backfill_until FROM computed_trait WHERE space_id = $1 ORDER BY trait_key";
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
    let sql = "SELECT id, definition, status, created_at, backfill_position, backfill_until FROM computed_trait \
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
    let sql = "SELECT id, definition, status, created_at, backfill_position, backfill_until FROM computed_trait \
               WHERE space_id = $1 AND id = $2 AND trait_key NOT LIKE '#%'";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(id)
        .fetch_optional(database.reader())
        .await?;
    stored(&row.ok_or_else(|| Error::not_found("computed trait"))?)
}

/// The definition of a computed trait, by its key.
pub(crate) async fn by_key(app: &App, space_id: &str, key: &str) -> Result<Definition> {
    let mut connection = app.database.reader().acquire().await?;
    let definitions = all(&mut connection, space_id).await?.into_iter();
    definitions
        .map(|stored| stored.definition)
        .find(|definition| definition.key == key && !definition.is_hidden())
        .ok_or_else(|| Error::not_found("computed trait"))
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

/// The states at these places.
pub(super) async fn states(
    connection: &mut AnyConnection,
    space_id: &str,
    places: impl Iterator<Item = &Place>,
) -> Result<Vec<(Place, State)>> {
    let query = Many::new(
        "WITH wanted (definition_id, anchor, scope) AS (VALUES {rows}) SELECT c.definition_id AS \
         definition_id, c.anchor AS anchor, c.scope AS scope, c.state AS state FROM wanted w CROSS JOIN \
         computed_value c WHERE c.space_id = $1 AND c.definition_id = w.definition_id AND \
         c.anchor = w.anchor AND c.scope = w.scope",
        [space_id.into()],
    );
    let rows = query
        .rows(places.map(|(definition, anchor, scope)| {
            [definition.into(), anchor.into(), scope.as_str().into()]
        }))
        .fetch(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let place = (
                row.try_get("definition_id")?,
                row.try_get("anchor")?,
                Scope::from_text(row.try_get("scope")?),
            );
            Ok((place, state(row)?))
        })
        .collect()
}

/// Keeps states.
pub(crate) async fn keep(
    connection: &mut AnyConnection,
    space_id: &str,
    tally: Tally,
) -> Result<()> {
    let mut insert = Many::new(
        "INSERT INTO computed_value (space_id, definition_id, anchor, scope, state) VALUES {rows} \
         ON CONFLICT (space_id, definition_id, anchor, scope) DO UPDATE SET state = excluded.state",
        [],
    );
    for ((definition, anchor, scope), state) in tally.0 {
        insert.push([
            space_id.into(),
            definition.into(),
            anchor.into(),
            scope.as_str().into(),
            serde_json::to_string(&state)?.into(),
        ]);
    }
    insert.execute(connection).await?;
    Ok(())
}

/// What is kept of what is computed of profiles, of every scope.
#[derive(Debug, Default)]
pub(crate) struct Known {
    definitions: BTreeMap<String, Stored>,
    states: BTreeMap<String, Vec<(String, Scope, State)>>,
}

/// What is computed of a profile, seen for some purposes.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Computed traits.
    pub(crate) values: Object,
    /// What audiences count, by key.
    pub(crate) counts: BTreeMap<String, State>,
    /// On what each computed trait rests.
    pub(crate) scopes: BTreeMap<String, Scope>,
}

impl Known {
    /// The keys of what audiences count, as far as earlier events are counted too.
    pub(crate) fn ready(&self) -> BTreeSet<&str> {
        let definitions = self.definitions.values();
        let ready =
            definitions.filter(|stored| stored.definition.is_hidden() && stored.status == READY);
        ready.map(|stored| stored.definition.key.as_str()).collect()
    }

    /// What the evidence of a profile for all of these purposes comes to.
    pub(crate) fn seen_for<S: AsRef<str>>(&self, profile_id: &str, needed: &[S]) -> Seen {
        let mut merged: BTreeMap<&str, (Scope, State)> = BTreeMap::new();
        for (definition_id, scope, state) in self.states.get(profile_id).into_iter().flatten() {
            if !scope.serves(needed) {
                continue;
            }
            let (known, sum) = merged
                .entry(definition_id)
                .or_insert_with(|| (scope.clone(), State::default()));
            *known = known.common(scope);
            sum.merge(state);
        }
        let mut seen = Seen::default();
        for (definition_id, (scope, state)) in merged {
            let Some(Stored { definition, .. }) = self.definitions.get(definition_id) else {
                continue;
            };
            let key = definition.key.clone();
            if definition.is_hidden() {
                seen.counts.insert(key, state);
            } else if let Some(value) = state.value(definition) {
                seen.scopes.insert(key.clone(), scope);
                seen.values.insert(key, value);
            }
        }
        seen
    }

    /// The scopes of what is kept of a profile.
    pub(crate) fn scopes(&self, profile_id: &str) -> impl Iterator<Item = &Scope> {
        let kept = self.states.get(profile_id).into_iter().flatten();
        kept.map(|(_, scope, _)| scope)
    }
}

/// What is computed of these profiles, over each profile's identifiers.
pub(crate) async fn of_profiles(
    connection: &mut AnyConnection,
    space_id: &str,
    profiles: &[String],
) -> Result<Known> {
    let definitions = all(&mut *connection, space_id).await?.into_iter();
    let mut known = Known {
        definitions: definitions
            .map(|stored| (stored.id.clone(), stored))
            .collect(),
        ..Known::default()
    };
    if known.definitions.is_empty() {
        return Ok(known);
    }
    let query = Many::new(
        "WITH wanted (profile_id) AS (VALUES {rows}) SELECT w.profile_id AS profile_id, \
         c.definition_id AS definition_id, c.scope AS scope, c.state AS state FROM wanted w CROSS JOIN \
         identity_node n CROSS JOIN computed_value c WHERE n.space_id = $1 AND n.profile_id = \
         w.profile_id AND c.space_id = $1 AND c.anchor = n.identifier",
        [space_id.into()],
    );
    let rows = query
        .rows(profiles.iter().map(|profile| [profile.into()]))
        .fetch(connection)
        .await?;
    for row in &rows {
        let kept = (
            row.try_get("definition_id")?,
            Scope::from_text(row.try_get("scope")?),
            state(row)?,
        );
        known
            .states
            .entry(row.try_get("profile_id")?)
            .or_default()
            .push(kept);
    }
    Ok(known)
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
        backfill: (
            row.try_get("backfill_position")?,
            row.try_get("backfill_until")?,
        ),
    })
}
