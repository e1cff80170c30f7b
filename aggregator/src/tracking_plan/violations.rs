//! SQL of `violation`, `violation_count` and `violation_sample`.

use std::collections::{BTreeMap, HashMap, HashSet};

use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::counts::{SAMPLES, Tallies};
use crate::database::Database;
use crate::database::rows::Many;
use crate::error::Result;

/// A kind of violation with its count, for a person.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Violation {
    pub(super) id: String,
    plan_version: i64,
    #[serde(rename = "type")]
    kind: String,
    event: Option<String>,
    path: String,
    rule: String,
    action: String,
    expected: String,
    /// Events.
    pub(super) count: i64,
    /// The beginning of the first hour that is counted.
    first_seen: Timestamp,
    last_seen: Timestamp,
    /// The youngest first.
    samples: Vec<Sample>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ViolationSample")]
struct Sample {
    message_id: String,
    source_id: String,
    path: String,
    found: String,
    seen_at: Timestamp,
}

/// Which violations are asked for; 0 and '' ask for all.
#[derive(Debug)]
pub(super) struct Filter<'a> {
    pub(super) since: Timestamp,
    pub(super) version: i64,
    pub(super) kind: &'a str,
    pub(super) event: &'a str,
}

/// Ids of the kinds that each space has.
pub(super) async fn known(database: &Database) -> Result<HashMap<String, HashSet<String>>> {
    let rows = sqlx::query("SELECT space_id, id FROM violation")
        .fetch_all(database.reader())
        .await?;
    let mut known: HashMap<String, HashSet<String>> = HashMap::new();
    for row in &rows {
        let of_space = known.entry(row.try_get("space_id")?).or_default();
        of_space.insert(row.try_get("id")?);
    }
    Ok(known)
}

/// Adds counts and samples.
pub(super) async fn write(database: &Database, tallies: &Tallies) -> Result<()> {
    let mut kinds = Many::new(
        "INSERT INTO violation (space_id, id, plan_version, kind, event, path, rule, action, expected, last_seen) VALUES {rows} \
         ON CONFLICT (space_id, id) DO UPDATE SET last_seen = excluded.last_seen WHERE excluded.last_seen > violation.last_seen",
        [],
    );
    let mut counts = Many::new(
        "INSERT INTO violation_count (space_id, id, hour, count) VALUES {rows} \
         ON CONFLICT (space_id, id, hour) DO UPDATE SET count = violation_count.count + excluded.count",
        [],
    );
    let mut samples = Many::new(
        "INSERT INTO violation_sample (space_id, id, message_id, source_id, path, found, seen_at) VALUES {rows} \
         ON CONFLICT (space_id, id, message_id) DO NOTHING",
        [],
    );
    for ((space_id, id), tally) in tallies {
        kinds.push([
            space_id.into(),
            id.into(),
            tally.kind.plan_version.into(),
            tally.kind.kind.as_str().into(),
            (&tally.kind.event).into(),
            (&tally.kind.path).into(),
            (&tally.kind.rule).into(),
            tally.kind.action.as_str().into(),
            (&tally.expected).into(),
            tally.last_seen.as_micros().into(),
        ]);
        for (hour, count) in &tally.hours {
            counts.push([space_id.into(), id.into(), (*hour).into(), (*count).into()]);
        }
        for sample in &tally.samples {
            samples.push([
                space_id.into(),
                id.into(),
                (&sample.message_id).into(),
                (&sample.source_id).into(),
                (&sample.path).into(),
                (&sample.found).into(),
                sample.seen_at.as_micros().into(),
            ]);
        }
    }
    let mut transaction = database.begin().await?;
    kinds.execute(&mut transaction).await?;
    counts.execute(&mut transaction).await?;
    samples.execute(&mut transaction).await?;
    for (space_id, id) in tallies.keys() {
        keep_youngest(&mut transaction, space_id, id).await?;
    }
    Ok(transaction.commit().await?)
}

async fn keep_youngest(connection: &mut AnyConnection, space_id: &str, id: &str) -> Result<()> {
    let sql = "DELETE FROM violation_sample WHERE space_id = $1 AND id = $2 AND message_id NOT IN \
               (SELECT message_id FROM violation_sample WHERE space_id = $1 AND id = $2 ORDER BY seen_at DESC, message_id LIMIT $3)";
    sqlx::query(sql)
        .bind(space_id)
        .bind(id)
        .bind(i64::try_from(SAMPLES).unwrap_or(i64::MAX))
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes counts and samples from before these times; whether kinds went with them.
pub(super) async fn purge(
    database: &Database,
    counts: Timestamp,
    samples: Timestamp,
) -> Result<bool> {
    let mut transaction = database.begin().await?;
    sqlx::query("DELETE FROM violation_sample WHERE seen_at < $1")
        .bind(samples.as_micros())
        .execute(&mut *transaction)
        .await?;
    sqlx::query("DELETE FROM violation_count WHERE hour < $1")
        .bind(counts.as_micros())
        .execute(&mut *transaction)
        .await?;
    let kinds = sqlx::query("DELETE FROM violation WHERE last_seen < $1")
        .bind(counts.as_micros())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(kinds.rows_affected() > 0)
}

/// A page of the violations, the commonest first, behind a count and an id.
pub(super) async fn page(
    database: &Database,
    space_id: &str,
    filter: &Filter<'_>,
    (count, id): (i64, &str),
    limit: i64,
) -> Result<Vec<Violation>> {
    let sql = "SELECT v.id AS id, v.plan_version AS plan_version, v.kind AS kind, v.event AS event, v.path AS path, \
               v.rule AS rule, v.action AS action, v.expected AS expected, v.last_seen AS last_seen, \
               CAST(SUM(c.count) AS BIGINT) AS events, MIN(c.hour) AS first_seen \
               FROM violation v CROSS JOIN violation_count c \
               WHERE v.space_id = $1 AND c.space_id = $1 AND c.id = v.id AND c.hour >= $2 \
               AND ($3 = 0 OR v.plan_version = $3) AND ($4 = '' OR v.kind = $4) AND ($5 = '' OR v.event = $5) \
               GROUP BY v.id, v.plan_version, v.kind, v.event, v.path, v.rule, v.action, v.expected, v.last_seen \
               HAVING SUM(c.count) < $6 OR (SUM(c.count) = $6 AND v.id > $7) \
               ORDER BY 10 DESC, 1 LIMIT $8";
    let query = sqlx::query(sql)
        .bind(space_id)
        .bind(filter.since.as_micros())
        .bind(filter.version)
        .bind(filter.kind)
        .bind(filter.event)
        .bind(count)
        .bind(id)
        .bind(limit);
    let mut connection = database.reader().acquire().await?;
    let rows = query.fetch_all(&mut *connection).await?;
    let mut found = rows.iter().map(violation).collect::<Result<Vec<_>>>()?;
    let mut samples = samples_of(&mut connection, space_id, &found).await?;
    for violation in &mut found {
        violation.samples = samples.remove(&violation.id).unwrap_or_default();
    }
    Ok(found)
}

async fn samples_of(
    connection: &mut AnyConnection,
    space_id: &str,
    of: &[Violation],
) -> Result<BTreeMap<String, Vec<Sample>>> {
    let query = Many::new(
        "WITH wanted (id) AS (VALUES {rows}) SELECT s.id AS id, s.message_id AS message_id, s.source_id AS source_id, \
         s.path AS path, s.found AS found, s.seen_at AS seen_at FROM wanted w CROSS JOIN violation_sample s \
         WHERE s.space_id = $1 AND s.id = w.id ORDER BY s.seen_at DESC, s.message_id",
        [space_id.into()],
    );
    let ids = of.iter().map(|violation| [(&violation.id).into()]);
    let mut samples: BTreeMap<String, Vec<Sample>> = BTreeMap::new();
    for row in query.rows(ids).fetch(connection).await? {
        let sample = Sample {
            message_id: row.try_get("message_id")?,
            source_id: row.try_get("source_id")?,
            path: row.try_get("path")?,
            found: row.try_get("found")?,
            seen_at: Timestamp::from_micros(row.try_get("seen_at")?),
        };
        samples.entry(row.try_get("id")?).or_default().push(sample);
    }
    Ok(samples)
}

fn violation(row: &AnyRow) -> Result<Violation> {
    let event: String = row.try_get("event")?;
    Ok(Violation {
        id: row.try_get("id")?,
        plan_version: row.try_get("plan_version")?,
        kind: row.try_get("kind")?,
        event: Some(event).filter(|event| !event.is_empty()),
        path: row.try_get("path")?,
        rule: row.try_get("rule")?,
        action: row.try_get("action")?,
        expected: row.try_get("expected")?,
        count: row.try_get("events")?,
        first_seen: Timestamp::from_micros(row.try_get("first_seen")?),
        last_seen: Timestamp::from_micros(row.try_get("last_seen")?),
        samples: Vec::new(),
    })
}
