//! SQL of `computed_trait`, and of `computed_value` by anchor.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use cdp_core::computed_trait::{Definition, State};
use cdp_core::consent::Scope;
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::definitions::Definitions;
use super::stage::{Place, Tally};
use crate::app::App;
use crate::database::Database;
use crate::database::rows::Many;
use crate::error::{Error, Result};
use crate::memo::{self, Memo};
use crate::version::{self, Made};

/// Definitions as they are read from rows.
static DEFINITIONS: LazyLock<Memo<Definition>> = LazyLock::new(Memo::default);
/// The definitions of each space.
static ALL: LazyLock<Made<Definitions>> = LazyLock::new(Made::default);

/// The status of a definition that has counted all earlier events.
const READY: &str = "ready";

/// A definition with its id and how far its backfill is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ComputedTrait")]
pub(crate) struct Stored {
    /// How people know it; stays when the definition changes.
    #[serde(rename = "id")]
    pub(super) public_id: String,
    /// Under which what is counted is kept.
    #[serde(skip)]
    pub(super) id: String,
    #[serde(flatten, serialize_with = "memo::shared")]
    pub(super) definition: Arc<Definition>,
    pub(super) status: String,
    /// Counts the definitions that it has had.
    version: i64,
    pub(super) created_at: Timestamp,
    /// How much of what was there before it is counted, from 0 to 1.
    progress: f64,
    /// How far the events before it are counted, and up to where they are to be.
    #[serde(skip)]
    backfill: (i64, i64),
    #[serde(skip)]
    is_next: bool,
    /// The definition that is to take the place of this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Next>,
}

/// A definition that counts before it takes the place of another.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ComputedTraitToCome")]
struct Next {
    version: i64,
    #[serde(serialize_with = "memo::shared")]
    definition: Arc<Definition>,
    progress: f64,
    /// Since when it counts.
    started_at: Timestamp,
}

/// How the key of a row begins whose definition is to take the place of another's.
const NEXT: &str = "#next ";

impl Stored {
    /// Whether it is to take the place of another definition.
    pub(super) fn is_next(&self) -> bool {
        self.is_next
    }

    /// The trait's name.
    pub(crate) fn key(&self) -> &str {
        &self.definition.key
    }

    /// Name of the events that count.
    pub(crate) fn event(&self) -> &str {
        &self.definition.event
    }

    /// Whether people see it.
    pub(crate) fn is_visible(&self) -> bool {
        !self.is_next && !self.definition.is_hidden()
    }

    /// What is computed.
    pub(crate) fn definition(&self) -> &Definition {
        &self.definition
    }

    /// Whether audiences count with it, and all earlier events are counted.
    pub(crate) fn is_ready_counter(&self) -> bool {
        self.definition.is_hidden() && self.status == READY
    }

    /// How much of what was there before it is counted, from 0 to 1.
    pub(crate) fn progress(&self) -> f64 {
        self.progress
    }

    /// Under which what is counted is kept.
    pub(crate) fn row_id(&self) -> &str {
        &self.id
    }

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
pub(crate) async fn all(
    connection: &mut AnyConnection,
    space_id: &str,
) -> Result<Arc<Definitions>> {
    let version = version::of(connection, space_id).await?;
    if let Some(known) = ALL.of(space_id, &version) {
        return Ok(known);
    }
    let sql = "SELECT id, public_id, version, trait_key, definition, status, created_at, backfill_position, backfill_until FROM computed_trait WHERE space_id = $1 ORDER BY trait_key";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .fetch_all(connection)
        .await?;
    let all: Result<Vec<Stored>> = rows.iter().map(stored).collect();
    Ok(ALL.keep(space_id, version, Definitions::of(all?)))
}

/// A page of the space's definitions behind a key.
pub(super) async fn page(
    database: &Database,
    space_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Stored>> {
    let sql = "SELECT id, public_id, version, trait_key, definition, status, created_at, backfill_position, backfill_until FROM computed_trait \
               WHERE space_id = $1 AND public_id > $2 AND trait_key NOT LIKE '#%' ORDER BY public_id LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(after)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    let found: Result<Vec<Stored>> = rows.iter().map(stored).collect();
    with_next(database, space_id, found?).await
}

/// Puts what is to take their place beside definitions.
async fn with_next(
    database: &Database,
    space_id: &str,
    mut found: Vec<Stored>,
) -> Result<Vec<Stored>> {
    let mut connection = database.reader().acquire().await?;
    let all = all(&mut connection, space_id).await?;
    for next in all.iter().filter(|stored| stored.is_next) {
        let old = found.iter_mut().find(|old| old.public_id == next.public_id);
        if let Some(old) = old {
            old.next = Some(Next {
                version: next.version,
                definition: Arc::clone(&next.definition),
                progress: next.progress,
                started_at: next.created_at,
            });
        }
    }
    Ok(found)
}

/// One definition.
pub(super) async fn one(database: &Database, space_id: &str, id: &str) -> Result<Stored> {
    let sql = "SELECT id, public_id, version, trait_key, definition, status, created_at, backfill_position, backfill_until FROM computed_trait \
               WHERE space_id = $1 AND public_id = $2 AND trait_key NOT LIKE '#%'";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(id)
        .fetch_optional(database.reader())
        .await?;
    let found = row.as_ref().map(stored).transpose()?;
    let found = with_next(database, space_id, found.into_iter().collect()).await?;
    let one = found.into_iter().next();
    one.ok_or_else(|| Error::not_found("computed trait"))
}

/// The keys of the computed traits that people see.
pub(crate) async fn keys(app: &App, space_id: &str) -> Result<BTreeSet<String>> {
    let mut connection = app.database.reader().acquire().await?;
    let definitions = all(&mut connection, space_id).await?;
    Ok(definitions
        .iter()
        .filter(|stored| stored.is_visible())
        .map(|stored| stored.definition.key.clone())
        .collect())
}

/// The definition of a computed trait, by its key.
pub(crate) async fn by_key(app: &App, space_id: &str, key: &str) -> Result<Definition> {
    let mut connection = app.database.reader().acquire().await?;
    let definitions = all(&mut connection, space_id).await?;
    definitions
        .iter()
        .filter(|stored| !stored.is_next)
        .map(|stored| Definition::clone(&stored.definition))
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
    let mut transaction = database.begin().await?;
    let names = [id, id, space_id, definition.key.as_str()];
    let inserted = put(&mut transaction, names, definition, 1, until, now).await?;
    transaction.commit().await?;
    Ok(inserted)
}

/// Writes a row: its id, the id that people know, space and key.
async fn put(
    connection: &mut AnyConnection,
    [id, public_id, space_id, key]: [&str; 4],
    definition: &Definition,
    version: i64,
    until: i64,
    now: Timestamp,
) -> Result<bool> {
    let sql = "INSERT INTO computed_trait (id, public_id, space_id, trait_key, definition, version, status, backfill_position, \
               backfill_until, created_at) VALUES ($1, $2, $3, $4, $5, $6, 'building', 0, $7, $8) \
               ON CONFLICT (space_id, trait_key) DO NOTHING";
    let query = sqlx::query(sql)
        .bind(id)
        .bind(public_id)
        .bind(space_id)
        .bind(key)
        .bind(serde_json::to_string(definition)?)
        .bind(version)
        .bind(until)
        .bind(now.as_micros());
    let inserted = query.execute(&mut *connection).await?.rows_affected() > 0;
    version::renew(connection, space_id).await?;
    Ok(inserted)
}

/// Writes a definition that takes the place of another one when it has counted what is before `until`. One that
/// was still counting goes.
pub(super) async fn insert_next(
    database: &Database,
    space_id: &str,
    stored: &Stored,
    id: &str,
    definition: &Definition,
    until: i64,
    now: Timestamp,
) -> Result<()> {
    let key = format!("{NEXT}{}", definition.key);
    let mut transaction = database.begin().await?;
    let waiting = all(&mut transaction, space_id).await?;
    for other in waiting
        .iter()
        .filter(|other| other.is_next && other.public_id == stored.public_id)
    {
        erase(&mut transaction, space_id, &other.id).await?;
    }
    let names = [id, &stored.public_id, space_id, &key];
    put(
        &mut transaction,
        names,
        definition,
        stored.version + 1,
        until,
        now,
    )
    .await?;
    Ok(transaction.commit().await?)
}

/// Lets a definition that has counted everything take the place of the one before.
pub(super) async fn replace(
    connection: &mut AnyConnection,
    space_id: &str,
    next: &Stored,
) -> Result<()> {
    let known = all(connection, space_id).await?;
    for old in known
        .iter()
        .filter(|old| !old.is_next && old.public_id == next.public_id)
    {
        erase(connection, space_id, &old.id).await?;
    }
    let sql = "UPDATE computed_trait SET trait_key = $1 WHERE space_id = $2 AND id = $3";
    sqlx::query(sql)
        .bind(&next.definition.key)
        .bind(space_id)
        .bind(&next.id)
        .execute(&mut *connection)
        .await?;
    version::renew(connection, space_id).await
}

/// Takes a definition away that people know by this id, and what is to take its place.
pub(super) async fn remove(database: &Database, space_id: &str, public_id: &str) -> Result<()> {
    let mut transaction = database.begin().await?;
    let known = all(&mut transaction, space_id).await?;
    for stored in known.iter().filter(|stored| stored.public_id == public_id) {
        erase(&mut transaction, space_id, &stored.id).await?;
    }
    Ok(transaction.commit().await?)
}

/// Takes a row away, with what it has counted.
pub(super) async fn erase(connection: &mut AnyConnection, space_id: &str, id: &str) -> Result<()> {
    for sql in [
        "DELETE FROM computed_value WHERE space_id = $1 AND definition_id = $2",
        "DELETE FROM computed_trait WHERE space_id = $1 AND id = $2",
    ] {
        let query = sqlx::query(sql).bind(space_id).bind(id);
        query.execute(&mut *connection).await?;
    }
    version::renew(connection, space_id).await
}

/// The oldest definition that is not done.
pub(super) async fn building(database: &Database) -> Result<Option<Building>> {
    let sql = "SELECT space_id, id, public_id, version, trait_key, definition, status, created_at, backfill_position, backfill_until FROM computed_trait \
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
    space_id: &str,
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
        .execute(&mut *connection)
        .await?;
    version::renew(connection, space_id).await
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

/// The states of these places' anchors and definitions, of every scope.
pub(super) async fn states(
    connection: &mut AnyConnection,
    space_id: &str,
    places: impl Iterator<Item = &Place>,
) -> Result<Vec<(Place, State)>> {
    let mut wanted: Vec<(&String, &String)> = places
        .map(|(anchor, definition, _)| (anchor, definition))
        .collect();
    // Places are in order.
    wanted.dedup();
    let query = Many::new(
        "WITH wanted (anchor, definition_id) AS (VALUES {rows}) SELECT c.anchor AS anchor, c.definition_id AS \
         definition_id, c.scope AS scope, c.state AS state FROM wanted w CROSS JOIN computed_value c WHERE \
         c.space_id = $1 AND c.anchor = w.anchor AND c.definition_id = w.definition_id",
        [space_id.into()],
    );
    let rows = wanted
        .into_iter()
        .map(|(anchor, definition)| [anchor.into(), definition.into()]);
    let rows = query.rows(rows).fetch(connection).await?;
    rows.iter()
        .map(|row| {
            let place = (
                row.try_get("anchor")?,
                row.try_get("definition_id")?,
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
    tally: &Tally,
) -> Result<()> {
    let mut insert = Many::new(
        "INSERT INTO computed_value (space_id, anchor, definition_id, scope, state) VALUES {rows} \
         ON CONFLICT (space_id, anchor, definition_id, scope) DO UPDATE SET state = excluded.state",
        [],
    );
    for ((anchor, definition, scope), state) in &tally.0 {
        insert.push([
            space_id.into(),
            anchor.into(),
            definition.into(),
            scope.as_str().into(),
            serde_json::to_string(state)?.into(),
        ]);
    }
    insert.execute(connection).await?;
    Ok(())
}

/// Reads a state.
pub(super) fn state(row: &AnyRow) -> Result<State> {
    let text: String = row.try_get("state")?;
    Ok(serde_json::from_str(&text)?)
}

fn stored(row: &AnyRow) -> Result<Stored> {
    let definition: String = row.try_get("definition")?;
    let (position, until): (i64, i64) = (
        row.try_get("backfill_position")?,
        row.try_get("backfill_until")?,
    );
    #[expect(clippy::cast_precision_loss, reason = "a share for people to look at")]
    let progress = position as f64 / until.max(1) as f64;
    let status: String = row.try_get("status")?;
    Ok(Stored {
        id: row.try_get("id")?,
        public_id: row.try_get("public_id")?,
        version: row.try_get("version")?,
        is_next: row.try_get::<String, _>("trait_key")?.starts_with(NEXT),
        progress: if status == READY {
            1.0
        } else {
            progress.min(1.0)
        },
        definition: DEFINITIONS.of(&definition, |text| serde_json::from_str(text))?,
        status,
        created_at: Timestamp::from_micros(row.try_get("created_at")?),
        backfill: (position, until),
        next: None,
    })
}
