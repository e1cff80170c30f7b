//! SQL of matchings and suggestions.

use std::collections::BTreeSet;

use cdp_core::identifier::Identifier;
use cdp_core::time::Timestamp;
use cdp_matching::{Reviewed, Waterfall};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use crate::clock;
use crate::database::Database;
use crate::database::rows::Many;
use crate::error::{Error, Result};
use crate::id;

/// A pair that may be one person, and why.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) a: Identifier,
    pub(super) b: Identifier,
    pub(super) waterfall: Waterfall,
}

/// How a matching ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: &'static str,
    pub(super) reason: String,
    pub(super) records: usize,
    pub(super) compared: u64,
    pub(super) suggestions: usize,
    /// JSON.
    pub(super) model: String,
    /// The model's name.
    pub(super) model_version: String,
    /// What was merged by itself, JSON; empty where nothing may be.
    pub(super) automatic: String,
}

impl Ended {
    /// Nothing that can be answered for was learned.
    pub(super) fn refused(reason: String, records: usize) -> Self {
        Self {
            status: "refused",
            reason,
            records,
            compared: 0,
            suggestions: 0,
            model: String::new(),
            model_version: String::new(),
            automatic: String::new(),
        }
    }

    /// Something went wrong.
    pub(super) fn failed(error: &Error) -> Self {
        Self {
            status: "failed",
            ..Self::refused(error.to_string(), 0)
        }
    }
}

/// A matching as callers see it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MatchingRun")]
pub(super) struct Run {
    pub(super) id: String,
    pub(super) status: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    threshold: f64,
    /// Identifiers of which enough is known.
    records: i64,
    /// Pairs that were compared.
    compared: i64,
    suggestions: i64,
    /// What was learned; `None` until it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<Value>,
    #[serde(skip_serializing_if = "String::is_empty")]
    model_version: String,
    /// What was merged by itself; `None` where the space does not want that.
    #[serde(skip_serializing_if = "Option::is_none")]
    automatic: Option<Value>,
    started_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Timestamp>,
}

/// A suggestion as callers see it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Suggestion {
    pub(super) id: String,
    pub(super) a: Identifier,
    pub(super) b: Identifier,
    /// The profiles that they are of now.
    profiles: [String; 2],
    pub(super) status: String,
    /// The decision that answered it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) decision_id: Option<String>,
    /// Bits, field by field.
    waterfall: Value,
    matching_id: String,
    /// The model that weighed it.
    model_version: String,
    #[serde(skip)]
    pub(super) weight: i64,
}

/// Thousandths, as weights and probabilities are stored.
#[expect(
    clippy::cast_possible_truncation,
    reason = "it saturates, and no weight is near that"
)]
fn thousandths(number: f64) -> i64 {
    (number * 1_000.0).round() as i64
}

/// Writes down that a matching runs.
pub(super) async fn start(
    database: &Database,
    space_id: &str,
    id: &str,
    threshold: f64,
) -> Result<()> {
    let mut transaction = database.begin().await?;
    let sql = "INSERT INTO identity_matching (id, space_id, status, reason, threshold, records, compared, suggestions, model, started_at, ended_at) \
               VALUES ($1, $2, 'running', '', $3, 0, 0, 0, '', $4, 0)";
    sqlx::query(sql)
        .bind(id)
        .bind(space_id)
        .bind(thousandths(threshold))
        .bind(clock::now().as_micros())
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

/// Writes down how it ended.
pub(super) async fn end(database: &Database, id: &str, ended: Ended) -> Result<()> {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let mut transaction = database.begin().await?;
    let sql = "UPDATE identity_matching SET status = $2, reason = $3, records = $4, compared = $5, suggestions = $6, model = $7, ended_at = $8, model_version = $9, automatic = $10 WHERE id = $1";
    sqlx::query(sql)
        .bind(id)
        .bind(ended.status)
        .bind(ended.reason)
        .bind(number(ended.records))
        .bind(i64::try_from(ended.compared).unwrap_or(i64::MAX))
        .bind(number(ended.suggestions))
        .bind(ended.model)
        .bind(clock::now().as_micros())
        .bind(ended.model_version)
        .bind(ended.automatic)
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

/// A page of the matchings, the youngest first.
pub(super) async fn runs(
    database: &Database,
    space_id: &str,
    before: &str,
    limit: i64,
) -> Result<Vec<Run>> {
    let sql = "SELECT id, status, reason, threshold, records, compared, suggestions, model, model_version, automatic, started_at, ended_at FROM identity_matching \
               WHERE space_id = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(before)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    rows.iter().map(run).collect()
}

fn run(row: &AnyRow) -> Result<Run> {
    let read = |column: &str| -> Result<Option<Value>> {
        let text: String = row.try_get(column)?;
        let value = (!text.is_empty()).then(|| serde_json::from_str(&text));
        Ok(value.transpose()?)
    };
    let ended_at: i64 = row.try_get("ended_at")?;
    let threshold: i64 = row.try_get("threshold")?;
    Ok(Run {
        id: row.try_get("id")?,
        status: row.try_get("status")?,
        reason: row.try_get("reason")?,
        threshold: threshold as f64 / 1_000.0,
        records: row.try_get("records")?,
        compared: row.try_get("compared")?,
        suggestions: row.try_get("suggestions")?,
        model: read("model")?,
        model_version: row.try_get("model_version")?,
        automatic: read("automatic")?,
        started_at: Timestamp::from_micros(row.try_get("started_at")?),
        ended_at: (ended_at != 0).then(|| Timestamp::from_micros(ended_at)),
    })
}

/// Pairs of profiles, the smaller id first, of which somebody said that they are two people.
pub(super) async fn apart(
    connection: &mut AnyConnection,
    space_id: &str,
) -> Result<BTreeSet<(String, String)>> {
    let sql = "SELECT a.profile_id AS one, b.profile_id AS other FROM identity_constraint c \
               CROSS JOIN identity_node a CROSS JOIN identity_node b WHERE c.space_id = $1 AND c.decision = 'cannot_link' \
               AND a.space_id = $1 AND a.identifier = c.a AND b.space_id = $1 AND b.identifier = c.b";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let (one, other): (String, String) = (row.try_get("one")?, row.try_get("other")?);
            Ok(if one < other {
                (one, other)
            } else {
                (other, one)
            })
        })
        .collect()
}

/// Puts suggestions in the place of those that nobody has answered.
pub(super) async fn replace(
    connection: &mut AnyConnection,
    space_id: &str,
    (run_id, version): (&str, &str),
    found: &[Found],
) -> Result<()> {
    let sql = "DELETE FROM identity_suggestion WHERE space_id = $1 AND NOT EXISTS (SELECT 1 FROM identity_constraint c \
               WHERE c.space_id = $1 AND c.a = identity_suggestion.a AND c.b = identity_suggestion.b)";
    sqlx::query(sql)
        .bind(space_id)
        .execute(&mut *connection)
        .await?;
    let mut insert = Many::new(
        "INSERT INTO identity_suggestion (id, space_id, a, b, weight, waterfall, run_id, model_version) VALUES {rows} \
         ON CONFLICT (space_id, a, b) DO UPDATE SET weight = excluded.weight, waterfall = excluded.waterfall, run_id = excluded.run_id, \
         model_version = excluded.model_version",
        [],
    );
    for Found { a, b, waterfall } in found {
        insert.push([
            id::fresh("sug")?.into(),
            space_id.into(),
            a.to_string().into(),
            b.to_string().into(),
            thousandths(waterfall.weight).into(),
            serde_json::to_string(waterfall)?.into(),
            run_id.into(),
            version.into(),
        ]);
    }
    insert.execute(connection).await?;
    Ok(())
}

/// The share of right pairs from which matching merges by itself; `None` where it does not.
pub(super) async fn automatic(
    connection: &mut AnyConnection,
    space_id: &str,
) -> Result<Option<f64>> {
    let row = sqlx::query("SELECT share FROM identity_automatic WHERE space_id = $1")
        .bind(space_id)
        .fetch_optional(connection)
        .await?;
    let share = row.map(|row| row.try_get::<i64, _>("share")).transpose()?;
    Ok(share.map(|share| share as f64 / 1_000.0))
}

/// Has matching merge by itself from a share of right pairs on, or not at all.
pub(super) async fn set_automatic(
    connection: &mut AnyConnection,
    space_id: &str,
    share: Option<f64>,
) -> Result<()> {
    sqlx::query("DELETE FROM identity_automatic WHERE space_id = $1")
        .bind(space_id)
        .execute(&mut *connection)
        .await?;
    if let Some(share) = share {
        sqlx::query("INSERT INTO identity_automatic (space_id, share) VALUES ($1, $2)")
            .bind(space_id)
            .bind(thousandths(share))
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// The suggestions that somebody accepted or rejected by hand.
macro_rules! by_hand {
    () => {
        "SELECT s.a AS a, s.b AS b, s.weight AS weight, d.kind AS kind FROM identity_suggestion s JOIN identity_decision d ON d.id = \
         (SELECT MAX(c.decision_id) FROM identity_constraint c WHERE c.space_id = s.space_id AND c.a = s.a AND c.b = s.b AND c.decision <> 'cut') \
         WHERE s.space_id = $1 AND d.automatic = 0"
    };
}

/// What people answered, by the weights that they saw.
pub(super) async fn reviewed(
    connection: &mut AnyConnection,
    space_id: &str,
) -> Result<Vec<Reviewed>> {
    let rows = sqlx::query(by_hand!())
        .bind(space_id)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Reviewed {
                weight: row.try_get::<i64, _>("weight")? as f64 / 1_000.0,
                accepted: is_merge(row)?,
            })
        })
        .collect()
}

/// The pairs that people answered, and whether they accepted them.
pub(super) async fn reviewed_pairs(
    connection: &mut AnyConnection,
    space_id: &str,
) -> Result<Vec<(String, String, bool)>> {
    let rows = sqlx::query(by_hand!())
        .bind(space_id)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("a")?, row.try_get("b")?, is_merge(row)?)))
        .collect()
}

fn is_merge(row: &AnyRow) -> Result<bool> {
    Ok(row.try_get::<String, _>("kind")? == "merge")
}

/// Takes away what was suggested of these identifiers: it rests on what is not allowed any more.
pub(crate) async fn forget(
    connection: &mut AnyConnection,
    space_id: &str,
    anchors: impl Iterator<Item = &String> + Clone,
) -> Result<()> {
    for sql in [
        "DELETE FROM identity_suggestion WHERE space_id = $1 AND a IN (VALUES {rows})",
        "DELETE FROM identity_suggestion WHERE space_id = $1 AND b IN (VALUES {rows})",
    ] {
        let delete = Many::new(sql, [space_id.into()]);
        let rows = anchors.clone().map(|anchor| [anchor.into()]);
        delete.rows(rows).execute(connection).await?;
    }
    Ok(())
}

/// Suggestions with the profiles that their identifiers are of, and the decision that holds of the pair.
macro_rules! suggestions {
    ($rest:literal) => {
        concat!(
            "SELECT s.id AS id, s.a AS a, s.b AS b, s.weight AS weight, s.waterfall AS waterfall, s.run_id AS run_id, s.model_version AS model_version, na.profile_id AS one, \
             nb.profile_id AS other, d.id AS decision_id, d.kind AS kind FROM identity_suggestion s \
             JOIN identity_node na ON na.space_id = s.space_id AND na.identifier = s.a \
             JOIN identity_node nb ON nb.space_id = s.space_id AND nb.identifier = s.b \
             LEFT JOIN identity_decision d ON d.id = (SELECT MAX(c.decision_id) FROM identity_constraint c \
             WHERE c.space_id = s.space_id AND c.a = s.a AND c.b = s.b AND c.decision <> 'cut') WHERE s.space_id = $1 ",
            $rest
        )
    };
}

/// A page of the suggestions of a status, the strongest first, behind a weight and an id.
pub(super) async fn page(
    database: &Database,
    space_id: &str,
    status: &str,
    behind: &(i64, String),
    limit: i64,
) -> Result<Vec<Suggestion>> {
    let sql = suggestions!(
        "AND (($2 = 'open' AND d.id IS NULL AND na.profile_id <> nb.profile_id) OR ($2 = 'accepted' AND d.kind = 'merge') \
         OR ($2 = 'rejected' AND d.kind = 'keep_apart')) AND (s.weight, s.id) < ($3, $4) ORDER BY s.weight DESC, s.id DESC LIMIT $5"
    );
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(status)
        .bind(behind.0)
        .bind(&behind.1)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    rows.iter().map(suggestion).collect()
}

/// One of them.
pub(super) async fn one(database: &Database, space_id: &str, id: &str) -> Result<Suggestion> {
    let row = sqlx::query(suggestions!("AND s.id = $2"))
        .bind(space_id)
        .bind(id)
        .fetch_optional(database.reader())
        .await?;
    suggestion(&row.ok_or_else(|| Error::not_found("suggestion"))?)
}

fn suggestion(row: &AnyRow) -> Result<Suggestion> {
    let kind: Option<String> = row.try_get("kind")?;
    let profiles: [String; 2] = [row.try_get("one")?, row.try_get("other")?];
    let status = match kind.as_deref() {
        Some("keep_apart") => "rejected",
        Some(_) => "accepted",
        // Evidence that has come since joins them.
        None if profiles[0] == profiles[1] => "joined",
        None => "open",
    };
    let read = |column: &str| -> Result<Identifier> {
        let text: String = row.try_get(column)?;
        text.parse()
            .map_err(|message: String| Error::internal(message))
    };
    Ok(Suggestion {
        id: row.try_get("id")?,
        a: read("a")?,
        b: read("b")?,
        profiles,
        status: status.to_owned(),
        decision_id: row.try_get("decision_id")?,
        waterfall: serde_json::from_str(&row.try_get::<String, _>("waterfall")?)?,
        matching_id: row.try_get("run_id")?,
        model_version: row.try_get("model_version")?,
        weight: row.try_get("weight")?,
    })
}
