//! SQL of `consent_count`.

use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::Row as _;

use super::Tallies;
use crate::database::Database;
use crate::database::rows::Many;
use crate::error::Result;

/// A group that is large enough to be shown.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RefusalCount")]
pub(super) struct Shown {
    #[serde(skip)]
    pub(super) id: String,
    source_id: String,
    day: Timestamp,
    /// Unknown where absent.
    #[serde(skip_serializing_if = "String::is_empty")]
    country: String,
    kind: String,
    name: String,
    count: i64,
}

/// Adds counts.
pub(super) async fn write(database: &Database, tallies: &Tallies) -> Result<()> {
    let mut rows = Many::new(
        "INSERT INTO consent_count (space_id, id, source_id, day, country, kind, name, count, minimum_group) VALUES {rows} \
         ON CONFLICT (space_id, id) DO UPDATE SET count = consent_count.count + excluded.count, \
         minimum_group = CASE WHEN excluded.minimum_group > consent_count.minimum_group \
                         THEN excluded.minimum_group ELSE consent_count.minimum_group END",
        [],
    );
    for (group, tally) in tallies {
        let day = group.day.to_string();
        let (date, _) = day.split_once('T').unwrap_or((&day, ""));
        let id = [
            date,
            &group.source_id,
            &group.country,
            group.kind,
            &group.name,
        ]
        .join(" ");
        rows.push([
            (&group.space_id).into(),
            id.into(),
            (&group.source_id).into(),
            group.day.as_micros().into(),
            (&group.country).into(),
            group.kind.into(),
            (&group.name).into(),
            tally.count.into(),
            tally.minimum_group.into(),
        ]);
    }
    let mut transaction = database.begin().await?;
    rows.execute(&mut transaction).await?;
    Ok(transaction.commit().await?)
}

/// The groups of days from `since` to before `until` that may be shown, behind `after`, in the order of days.
pub(super) async fn shown(
    database: &Database,
    space_id: &str,
    (since, until): (Timestamp, Timestamp),
    (minimum_group, after, limit): (i64, &str, i64),
) -> Result<Vec<Shown>> {
    let rows = sqlx::query(
        "SELECT id, source_id, day, country, kind, name, count FROM consent_count \
         WHERE space_id = $1 AND day >= $2 AND day < $3 AND count >= minimum_group AND count >= $4 AND id > $5 ORDER BY id LIMIT $6",
    )
    .bind(space_id)
    .bind(since.as_micros())
    .bind(until.as_micros())
    .bind(minimum_group)
    .bind(after)
    .bind(limit)
    .fetch_all(database.reader())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Shown {
                id: row.try_get("id")?,
                source_id: row.try_get("source_id")?,
                day: Timestamp::from_micros(row.try_get("day")?),
                country: row.try_get("country")?,
                kind: row.try_get("kind")?,
                name: row.try_get("name")?,
                count: row.try_get("count")?,
            })
        })
        .collect()
}

/// How many groups of these days may not be shown.
pub(super) async fn suppressed(
    database: &Database,
    space_id: &str,
    (since, until): (Timestamp, Timestamp),
    minimum_group: i64,
) -> Result<i64> {
    let sql = "SELECT COUNT(*) AS groups FROM consent_count \
               WHERE space_id = $1 AND day >= $2 AND day < $3 AND (count < minimum_group OR count < $4)";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(since.as_micros())
        .bind(until.as_micros())
        .bind(minimum_group)
        .fetch_one(database.reader())
        .await?;
    Ok(row.try_get("groups")?)
}
