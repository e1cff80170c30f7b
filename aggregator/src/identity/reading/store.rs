//! SQL of reading events again.

use cdp_core::identifier::Identifier;
use cdp_core::identity::{self, Rules};
use sqlx::{AnyConnection, Row as _};

use crate::database::Database;
use crate::database::rows::Many;
use crate::error::{Error, Result};
use crate::identity::store::put_seeds;

/// Rules that are to come into force.
#[derive(Debug)]
pub(in crate::identity) struct Reading {
    pub(super) space_id: String,
    pub(in crate::identity) version: i64,
    pub(super) rules: Rules,
    /// The last event that has been read.
    pub(in crate::identity) position: i64,
}

impl Reading {
    /// Under which name what was read is kept, in the place of a space's id. No space has it.
    pub(super) fn apart(&self) -> String {
        apart(&self.space_id, self.version)
    }

    /// The rules as JSON.
    pub(in crate::identity) fn body(&self) -> Result<serde_json::Value> {
        Ok(serde_json::to_value(&self.rules)?)
    }
}

fn apart(space_id: &str, version: i64) -> String {
    format!("{space_id}/reading/{version}")
}

/// Under which name the words of a space's events are kept that are read again by rules which are to come into force.
pub(crate) async fn read_apart(
    connection: &mut AnyConnection,
    space_id: &str,
) -> Result<Option<String>> {
    let row = sqlx::query("SELECT version FROM identity_reading WHERE space_id = $1")
        .bind(space_id)
        .fetch_optional(connection)
        .await?;
    row.map(|row| Ok(apart(space_id, row.try_get("version")?)))
        .transpose()
}

/// Begins to read.
pub(in crate::identity) async fn begin(
    connection: &mut AnyConnection,
    space_id: &str,
    rules: &Rules,
) -> Result<()> {
    let sql =
        "INSERT INTO identity_reading (space_id, version, body, position) VALUES ($1, $2, $3, 0)";
    sqlx::query(sql)
        .bind(space_id)
        .bind(i64::from(rules.version))
        .bind(serde_json::to_string(rules)?)
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets what was read for rules that will not come into force.
pub(in crate::identity) async fn give_up(
    connection: &mut AnyConnection,
    reading: &Reading,
) -> Result<()> {
    let apart = reading.apart();
    for sql in [
        "DELETE FROM identity_edge WHERE space_id = $1",
        "DELETE FROM identity_node WHERE space_id = $1",
        "DELETE FROM consent_state WHERE space_id = $1",
        "DELETE FROM device_word WHERE space_id = $1",
        "DELETE FROM device_person WHERE space_id = $1",
        "DELETE FROM device_event WHERE space_id = $1",
    ] {
        sqlx::query(sql)
            .bind(&apart)
            .execute(&mut *connection)
            .await?;
    }
    end(connection, &reading.space_id).await
}

/// There is nothing to read any more.
async fn end(connection: &mut AnyConnection, space_id: &str) -> Result<()> {
    for sql in [
        "DELETE FROM identity_read WHERE space_id = $1",
        "DELETE FROM identity_reading WHERE space_id = $1",
    ] {
        sqlx::query(sql)
            .bind(space_id)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

macro_rules! readings {
    ($rest:literal) => {
        concat!(
            "SELECT space_id, version, body, position FROM identity_reading ",
            $rest
        )
    };
}

/// What is read for some space.
pub(super) async fn next(database: &Database) -> Result<Option<Reading>> {
    let row = sqlx::query(readings!("ORDER BY space_id LIMIT 1"))
        .fetch_optional(database.reader())
        .await?;
    row.as_ref().map(reading).transpose()
}

/// What is read for a space.
pub(in crate::identity) async fn of_space(
    database: &Database,
    space_id: &str,
) -> Result<Option<Reading>> {
    let row = sqlx::query(readings!("WHERE space_id = $1"))
        .bind(space_id)
        .fetch_optional(database.reader())
        .await?;
    row.as_ref().map(reading).transpose()
}

fn reading(row: &sqlx::any::AnyRow) -> Result<Reading> {
    let body: String = row.try_get("body")?;
    let rules = Rules::read(&body).map_err(|errors| {
        let first = errors.first().map(ToString::to_string).unwrap_or_default();
        Error::internal(format!("stored identity rules cannot be read: {first}"))
    })?;
    Ok(Reading {
        space_id: row.try_get("space_id")?,
        version: row.try_get("version")?,
        rules,
        position: row.try_get("position")?,
    })
}

/// Remembers how far has been read.
pub(super) async fn advance(
    connection: &mut AnyConnection,
    space_id: &str,
    position: i64,
) -> Result<()> {
    sqlx::query("UPDATE identity_reading SET position = $2 WHERE space_id = $1")
        .bind(space_id)
        .bind(position)
        .execute(connection)
        .await?;
    Ok(())
}

/// Remembers events that name others, and whose they then are.
pub(super) async fn put_read(
    connection: &mut AnyConnection,
    space_id: &str,
    differ: Vec<(i64, String)>,
) -> Result<()> {
    let insert = Many::new(
        "INSERT INTO identity_read (space_id, offset_id, anchor) VALUES {rows}",
        [],
    );
    let rows = differ
        .into_iter()
        .map(|(offset, anchor)| [space_id.into(), offset.into(), anchor.into()]);
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

/// Puts what was read in the place of what there was. Components have numbers up to `last`.
pub(super) async fn replace(
    connection: &mut AnyConnection,
    reading: &Reading,
    last: i64,
) -> Result<()> {
    let (space_id, apart) = (&reading.space_id, reading.apart());
    // Whose events were, and whose they are now, is folded again; and whoever is new is looked at.
    let before = "INSERT INTO consent_refold (space_id, identifier) SELECT DISTINCT e.space_id, e.anchor FROM identity_read r \
                  CROSS JOIN event e WHERE r.space_id = $1 AND e.offset_id = r.offset_id AND e.anchor <> '' ON CONFLICT (space_id, identifier) DO NOTHING";
    let after = "INSERT INTO consent_refold (space_id, identifier) SELECT DISTINCT r.space_id, r.anchor FROM identity_read r \
                 WHERE r.space_id = $1 AND r.anchor <> '' ON CONFLICT (space_id, identifier) DO NOTHING";
    let gone = "INSERT INTO identity_gone (space_id, identifier, profile_id, heir) SELECT n.space_id, n.identifier, n.profile_id, \
                COALESCE((SELECT MIN(r.anchor) FROM event e CROSS JOIN identity_read r WHERE e.space_id = n.space_id AND e.anchor = n.identifier \
                AND r.space_id = n.space_id AND r.offset_id = e.offset_id AND r.anchor <> ''), '') FROM identity_node n WHERE n.space_id = $1 AND NOT EXISTS \
                (SELECT 1 FROM identity_node x WHERE x.space_id = $2 AND x.identifier = n.identifier)";
    let new = "INSERT INTO consent_refold (space_id, identifier) SELECT n.space_id, n.identifier FROM identity_node n \
               WHERE n.space_id = $1 AND n.component > $2 ON CONFLICT (space_id, identifier) DO NOTHING";
    let named = "INSERT INTO profile_seed (space_id, profile_id, identifier) SELECT n.space_id, n.profile_id, n.identifier FROM identity_node n \
                 WHERE n.space_id = $1 AND n.component > $2 ON CONFLICT (space_id, profile_id) DO UPDATE SET identifier = excluded.identifier";
    let seeds = "UPDATE profile_seed SET identifier = (SELECT g.heir FROM identity_gone g WHERE g.space_id = $1 AND g.identifier = profile_seed.identifier) \
                 WHERE space_id = $1 AND identifier IN (SELECT g.identifier FROM identity_gone g WHERE g.space_id = $1 AND g.heir <> '')";
    let anchors = "UPDATE event SET anchor = (SELECT r.anchor FROM identity_read r WHERE r.space_id = $1 AND r.offset_id = event.offset_id) \
                   WHERE offset_id IN (SELECT r.offset_id FROM identity_read r WHERE r.space_id = $1)";
    let nodes = "INSERT INTO identity_node (space_id, identifier, component, person_id, profile_id, first_seen, crowded) \
                 SELECT $1, x.identifier, $3 + ROW_NUMBER() OVER (ORDER BY x.identifier), x.person_id, x.profile_id, x.first_seen, '' \
                 FROM identity_node x WHERE x.space_id = $2 AND NOT EXISTS \
                 (SELECT 1 FROM identity_node n WHERE n.space_id = $1 AND n.identifier = x.identifier)";
    let one = |sql| (sql, vec![space_id.as_str()]);
    let both = |sql| (sql, vec![space_id.as_str(), apart.as_str()]);
    let first = [one(before), both(gone)];
    run(connection, first).await?;
    name_heirs(connection, space_id).await?;
    let rest = [
        one(seeds),
        one(anchors),
        one(after),
        one("DELETE FROM identity_edge WHERE space_id = $1"),
        both("UPDATE identity_edge SET space_id = $1 WHERE space_id = $2"),
        // What was refused is found anew with each component; only this leads to evidence between two that were seen with too
        // many others.
        one(
            "UPDATE identity_blocked SET a = b, b = a WHERE space_id = $1 AND EXISTS \
              (SELECT 1 FROM identity_edge e WHERE e.space_id = $1 AND e.a = identity_blocked.b AND e.b = identity_blocked.a)",
        ),
        one(
            "DELETE FROM identity_blocked WHERE space_id = $1 AND NOT EXISTS \
              (SELECT 1 FROM identity_edge e WHERE e.space_id = $1 AND e.a = identity_blocked.a AND e.b = identity_blocked.b)",
        ),
        one("DELETE FROM device_word WHERE space_id = $1"),
        both("UPDATE device_word SET space_id = $1 WHERE space_id = $2"),
        one("DELETE FROM device_person WHERE space_id = $1"),
        both("UPDATE device_person SET space_id = $1 WHERE space_id = $2"),
        one("DELETE FROM device_event WHERE space_id = $1"),
        both("UPDATE device_event SET space_id = $1 WHERE space_id = $2"),
        both(
            "DELETE FROM identity_node WHERE space_id = $1 AND NOT EXISTS (SELECT 1 FROM identity_node x WHERE x.space_id = $2 AND x.identifier = identity_node.identifier)",
        ),
        both(
            "UPDATE identity_node SET first_seen = (SELECT x.first_seen FROM identity_node x WHERE x.space_id = $2 AND x.identifier = identity_node.identifier) \
              WHERE space_id = $1",
        ),
        one(
            "DELETE FROM consent_state WHERE space_id = $1 AND anchor IN (SELECT g.identifier FROM identity_gone g WHERE g.space_id = $1)",
        ),
        both(
            "UPDATE consent_state SET state = COALESCE((SELECT x.state FROM consent_state x WHERE x.space_id = $2 AND x.anchor = consent_state.anchor), '{}'), \
              refuses = COALESCE((SELECT x.refuses FROM consent_state x WHERE x.space_id = $2 AND x.anchor = consent_state.anchor), 0) \
              WHERE space_id = $1",
        ),
        both(
            "INSERT INTO consent_state (space_id, anchor, state, folded, refuses) SELECT $1, x.anchor, x.state, '{}', x.refuses FROM consent_state x WHERE x.space_id = $2 \
              AND NOT EXISTS (SELECT 1 FROM consent_state c WHERE c.space_id = $1 AND c.anchor = x.anchor)",
        ),
        (
            "DELETE FROM consent_state WHERE space_id = $1",
            vec![apart.as_str()],
        ),
    ];
    run(connection, rest).await?;
    sqlx::query(nodes)
        .bind(space_id)
        .bind(&apart)
        .bind(last)
        .execute(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM identity_node WHERE space_id = $1")
        .bind(&apart)
        .execute(&mut *connection)
        .await?;
    for sql in [new, named] {
        sqlx::query(sql)
            .bind(space_id)
            .bind(last)
            .execute(&mut *connection)
            .await?;
    }
    end(connection, space_id).await
}

/// Runs statements with what they are given.
async fn run<const LENGTH: usize>(
    connection: &mut AnyConnection,
    statements: [(&'static str, Vec<&str>); LENGTH],
) -> Result<()> {
    for (sql, values) in statements {
        let mut query = sqlx::query(sql);
        for value in values {
            query = query.bind(value);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Remembers the ids of profiles that were made from identifiers which have an heir now: nobody's node says them any more.
async fn name_heirs(connection: &mut AnyConnection, space_id: &str) -> Result<()> {
    let sql = "SELECT identifier, profile_id FROM identity_gone WHERE space_id = $1 AND heir <> ''";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .fetch_all(&mut *connection)
        .await?;
    let mut seeds = Vec::new();
    for row in &rows {
        let seed: Identifier = row
            .try_get::<String, _>("identifier")?
            .parse()
            .map_err(|text: String| Error::internal(text))?;
        let profile_id: String = row.try_get("profile_id")?;
        if profile_id == identity::profile_id(space_id, &seed) {
            seeds.push((profile_id, seed));
        }
    }
    put_seeds(connection, space_id, seeds).await
}

/// An identifier that nobody names any more.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) identifier: String,
    pub(super) profile_id: String,
    pub(super) heir: String,
}

/// Takes the next out, of one space.
pub(super) async fn next_gone(
    connection: &mut AnyConnection,
    limit: i64,
) -> Result<Option<(String, Vec<Row>)>> {
    let sql = "DELETE FROM identity_gone WHERE space_id = (SELECT MIN(space_id) FROM identity_gone) AND identifier IN (SELECT identifier FROM identity_gone \
               WHERE space_id = (SELECT MIN(space_id) FROM identity_gone) ORDER BY identifier LIMIT $1) RETURNING space_id, identifier, profile_id, heir";
    let rows = sqlx::query(sql).bind(limit).fetch_all(connection).await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let gone = rows.iter().map(|row| {
        Ok(Row {
            identifier: row.try_get("identifier")?,
            profile_id: row.try_get("profile_id")?,
            heir: row.try_get("heir")?,
        })
    });
    Ok(Some((
        first.try_get("space_id")?,
        gone.collect::<Result<_>>()?,
    )))
}

/// How many of a space are still to be cleared away.
pub(super) async fn count_gone(database: &Database, space_id: &str) -> Result<i64> {
    let row = sqlx::query("SELECT COUNT(*) AS waiting FROM identity_gone WHERE space_id = $1")
        .bind(space_id)
        .fetch_one(database.reader())
        .await?;
    Ok(row.try_get("waiting")?)
}

/// Whether any are.
pub(crate) async fn any_gone(database: &Database) -> Result<bool> {
    let row = sqlx::query("SELECT identifier FROM identity_gone LIMIT 1")
        .fetch_optional(database.reader())
        .await?;
    Ok(row.is_some())
}
