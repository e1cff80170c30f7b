//! SQL over a profile's identifiers, events and evidence.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::identifier::Identifier;
use cdp_core::profile_id::{ASKS, bucket_by};
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use crate::database::Database;
use crate::database::rows::Many;
use crate::error::Result;
use crate::identity::store::identifier;

/// The profiles that have these identifiers, by identifier.
pub(crate) async fn of_identifiers(
    connection: &mut AnyConnection,
    space_id: &str,
    identifiers: impl Iterator<Item = &Identifier>,
) -> Result<BTreeMap<String, String>> {
    let query = Many::new(
        "WITH wanted (identifier) AS (VALUES {rows}) SELECT n.identifier AS identifier, n.profile_id AS profile_id \
         FROM wanted w CROSS JOIN identity_node n WHERE n.space_id = $1 AND n.identifier = w.identifier",
        [space_id.into()],
    );
    let rows = identifiers.map(|identifier| [identifier.to_string().into()]);
    let rows = query.rows(rows).fetch(connection).await?;
    rows.iter()
        .map(|row| Ok((row.try_get("identifier")?, row.try_get("profile_id")?)))
        .collect()
}

/// The profile that has this identifier.
pub(super) async fn of_identifier(
    connection: &mut AnyConnection,
    space_id: &str,
    identifier: &Identifier,
) -> Result<Option<String>> {
    let sql = "SELECT profile_id FROM identity_node WHERE space_id = $1 AND identifier = $2";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(identifier.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| row.try_get("profile_id")).transpose()?)
}

/// The profile with this id, or the one that its seed went into.
pub(super) async fn of_id(
    connection: &mut AnyConnection,
    space_id: &str,
    id: &str,
) -> Result<Option<String>> {
    let sql =
        "SELECT profile_id FROM identity_node WHERE space_id = $1 AND profile_id = $2 LIMIT 1";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(id)
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(row) = row {
        return Ok(Some(row.try_get("profile_id")?));
    }
    let sql = "SELECT n.profile_id AS profile_id FROM profile_seed s CROSS JOIN identity_node n WHERE \
        n.space_id = $1 AND n.identifier = s.identifier AND s.space_id = $1 AND s.profile_id = \
        $2";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(id)
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| row.try_get("profile_id")).transpose()?)
}

/// The space's next profiles by id.
pub(super) async fn page(
    connection: &mut AnyConnection,
    space_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT profile_id FROM identity_node WHERE space_id = $1 AND profile_id > $2 ORDER BY profile_id LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(after)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| Ok(row.try_get("profile_id")?))
        .collect()
}

/// The identifiers of profiles.
pub(super) async fn identifiers_of(
    connection: &mut AnyConnection,
    space_id: &str,
    profiles: &[String],
) -> Result<BTreeMap<String, Vec<Identifier>>> {
    let query = Many::new(
        "WITH wanted (profile_id) AS (VALUES {rows}) SELECT n.profile_id AS profile_id, \
         n.identifier AS identifier FROM wanted w CROSS JOIN identity_node n WHERE n.space_id \
         = $1 AND n.profile_id = w.profile_id",
        [space_id.into()],
    );
    let rows = query
        .rows(profiles.iter().map(|profile| [profile.into()]))
        .fetch(connection)
        .await?;
    let mut found: BTreeMap<String, Vec<Identifier>> = BTreeMap::new();
    for row in &rows {
        found
            .entry(row.try_get("profile_id")?)
            .or_default()
            .push(identifier(row, "identifier")?);
    }
    Ok(found)
}

/// By what it is decided between arms that the people of several profiles were never shown, by profile. Of each only those
/// identifiers are read that were seen first: it may have a hundred thousand.
pub(crate) async fn buckets_of(
    connection: &mut AnyConnection,
    space_id: &str,
    profiles: &[String],
) -> Result<BTreeMap<String, String>> {
    let [one, other] = ASKS.map(|kind| format!("{}:%", kind.replace('_', "!_")));
    let query = Many::new(
        "WITH wanted (profile_id) AS (VALUES {rows}), met (profile_id, identifier, first_seen, place) AS (SELECT n.profile_id, \
         n.identifier, n.first_seen, RANK() OVER (PARTITION BY n.profile_id ORDER BY n.first_seen) FROM wanted w CROSS JOIN identity_node n \
         WHERE n.space_id = $1 AND n.profile_id = w.profile_id AND (n.identifier LIKE $2 ESCAPE '!' OR n.identifier LIKE $3 ESCAPE '!')) \
         SELECT m.profile_id AS profile_id, m.identifier AS identifier, m.first_seen AS first_seen FROM met m WHERE m.place = 1",
        [space_id.into(), one.into(), other.into()],
    );
    let rows = query
        .rows(profiles.iter().map(|profile| [profile.into()]))
        .fetch(connection)
        .await?;
    let mut met: BTreeMap<String, Vec<(Timestamp, Identifier)>> = BTreeMap::new();
    for row in &rows {
        let first_seen = Timestamp::from_micros(row.try_get("first_seen")?);
        let of_profile = met.entry(row.try_get("profile_id")?).or_default();
        of_profile.push((first_seen, identifier(row, "identifier")?));
    }
    let bucket = |(profile_id, met)| Some((profile_id, bucket_by(space_id, met)?));
    Ok(met.into_iter().filter_map(bucket).collect())
}

/// The kinds of several profiles' identifiers.
pub(crate) async fn kinds_of(
    connection: &mut AnyConnection,
    space_id: &str,
    profiles: &[String],
) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let found = identifiers_of(connection, space_id, profiles).await?;
    let kinds = |identifiers: Vec<Identifier>| {
        identifiers
            .into_iter()
            .map(|one| one.kind().to_owned())
            .collect()
    };
    Ok(found
        .into_iter()
        .map(|(profile_id, identifiers)| (profile_id, kinds(identifiers)))
        .collect())
}

/// An event's place in a timeline: when it happened, then the tab's own order, then the log's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place(
    pub(super) i64,
    pub(super) String,
    pub(super) i64,
    pub(super) i64,
);

/// An event of a timeline.
pub(super) struct Entry {
    pub(super) place: Place,
    pub(super) source_id: String,
    pub(super) body: Value,
}

/// A page of a profile's events, oldest first.
pub(super) async fn timeline(
    database: &Database,
    space_id: &str,
    profile_id: &str,
    after: &Place,
    limit: i64,
) -> Result<Vec<Entry>> {
    let sql = "SELECT e.timestamp AS timestamp, e.tab AS tab, e.seq AS seq, e.offset_id AS offset_id, \
        e.source_id AS source_id, e.body AS body FROM identity_node n CROSS JOIN event e WHERE e.space_id = $1 AND \
        e.anchor = n.identifier AND n.space_id = $1 AND n.profile_id = $2 AND (e.timestamp, \
        e.tab, e.seq, e.offset_id) > ($3, $4, $5, $6) ORDER BY e.timestamp, e.tab, e.seq, \
        e.offset_id LIMIT $7";
    entries(database, sql, space_id, profile_id, after, limit).await
}

/// A page of a profile's events, youngest first.
pub(super) async fn timeline_backwards(
    database: &Database,
    space_id: &str,
    profile_id: &str,
    before: &Place,
    limit: i64,
) -> Result<Vec<Entry>> {
    let sql = "SELECT e.timestamp AS timestamp, e.tab AS tab, e.seq AS seq, e.offset_id AS offset_id, \
        e.source_id AS source_id, e.body AS body FROM identity_node n CROSS JOIN event e WHERE e.space_id = $1 AND \
        e.anchor = n.identifier AND n.space_id = $1 AND n.profile_id = $2 AND (e.timestamp, \
        e.tab, e.seq, e.offset_id) < ($3, $4, $5, $6) ORDER BY e.timestamp DESC, e.tab DESC, \
        e.seq DESC, e.offset_id DESC LIMIT $7";
    entries(database, sql, space_id, profile_id, before, limit).await
}

async fn entries(
    database: &Database,
    sql: &'static str,
    space_id: &str,
    profile_id: &str,
    from: &Place,
    limit: i64,
) -> Result<Vec<Entry>> {
    let Place(timestamp, tab, seq, offset) = from;
    let query = sqlx::query(sql)
        .bind(space_id)
        .bind(profile_id)
        .bind(*timestamp)
        .bind(tab)
        .bind(*seq)
        .bind(*offset)
        .bind(limit);
    let rows = query.fetch_all(database.reader()).await?;
    rows.iter()
        .map(|row| {
            let body: String = row.try_get("body")?;
            let place = Place(
                row.try_get("timestamp")?,
                row.try_get("tab")?,
                row.try_get("seq")?,
                row.try_get("offset_id")?,
            );
            Ok(Entry {
                place,
                source_id: row.try_get("source_id")?,
                body: serde_json::from_str(&body)?,
            })
        })
        .collect()
}

/// Evidence within a profile, for a person to read.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ProfileLink")]
pub(super) struct Link {
    pub(super) a: Identifier,
    pub(super) b: Identifier,
    rule: &'static str,
    reason: String,
    first_event: String,
    pub(super) source_id: String,
    pub(super) first_seen: Timestamp,
    last_seen: Timestamp,
    /// How many events carried both.
    events: i64,
}

/// Evidence that was refused.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "BlockedMerge")]
pub(super) struct Refusal {
    a: Identifier,
    b: Identifier,
    blocked: String,
    reason: String,
}

/// A part of a profile's evidence: what is behind one pair, up to another.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    pub(super) after: Pair,
    /// Empty for all.
    pub(super) until: Pair,
}

/// Two identifiers, in the order of which evidence is told page by page.
pub(super) type Pair = (String, String);

/// A page of the pairs of which there is evidence that joins a profile's identifiers, or was refused.
pub(super) async fn pairs(
    connection: &mut AnyConnection,
    space_id: &str,
    profile_id: &str,
    after: &Pair,
    limit: i64,
) -> Result<Vec<Pair>> {
    let sql = "SELECT e.a AS a, e.b AS b FROM identity_node n CROSS JOIN identity_edge e CROSS JOIN identity_node other WHERE e.space_id = $1 AND \
        e.a = n.identifier AND other.space_id = $1 AND other.identifier = e.b AND other.profile_id = n.profile_id AND n.space_id = $1 \
        AND n.profile_id = $2 AND (e.a, e.b) > ($3, $4) \
        UNION SELECT x.a AS a, x.b AS b FROM identity_node n CROSS JOIN identity_blocked x \
        WHERE x.space_id = $1 AND x.a = n.identifier AND n.space_id = $1 AND n.profile_id = $2 AND (x.a, x.b) > ($3, $4) \
        UNION SELECT x.a AS a, x.b AS b FROM identity_node n CROSS JOIN identity_blocked x \
        WHERE x.space_id = $1 AND x.b = n.identifier AND n.space_id = $1 AND n.profile_id = $2 AND (x.a, x.b) > ($3, $4) ORDER BY 1, 2 LIMIT $5";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(profile_id)
        .bind(&after.0)
        .bind(&after.1)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("a")?, row.try_get("b")?)))
        .collect()
}

/// The evidence that joins a profile's identifiers, the oldest first.
pub(super) async fn links(
    connection: &mut AnyConnection,
    space_id: &str,
    profile_id: &str,
    part: &Part,
) -> Result<Vec<Link>> {
    let sql = "SELECT e.a AS a, e.b AS b, e.first_event AS first_event, e.source_id AS source_id, \
        e.first_seen AS first_seen, e.last_seen AS last_seen, e.events AS events, v.kind AS kind FROM \
        identity_node n CROSS JOIN identity_edge e CROSS JOIN identity_node other LEFT JOIN \
        event v ON v.space_id = $1 AND v.message_id = e.first_event WHERE e.space_id = $1 AND \
        e.a = n.identifier AND other.space_id = $1 AND other.identifier = e.b AND \
        other.profile_id = n.profile_id AND n.space_id = $1 AND n.profile_id = $2 AND \
        (e.a, e.b) > ($3, $4) AND ($5 = '' OR (e.a, e.b) <= ($5, $6)) AND NOT EXISTS \
        (SELECT 1 FROM identity_blocked x WHERE x.space_id = $1 AND x.a = e.a AND x.b = e.b) ORDER BY \
        e.first_seen, e.a, e.b";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(profile_id)
        .bind(&part.after.0)
        .bind(&part.after.1)
        .bind(&part.until.0)
        .bind(&part.until.1)
        .fetch_all(connection)
        .await?;
    rows.iter().map(link).collect()
}

fn link(row: &AnyRow) -> Result<Link> {
    let (a, b) = (identifier(row, "a")?, identifier(row, "b")?);
    let kind: Option<String> = row.try_get("kind")?;
    let kind = kind.unwrap_or_default();
    let (rule, reason) = match kind.as_str() {
        "alias" => (
            "alias",
            format!(
                "an alias event said that the {} and the {} are one person",
                a.kind(),
                b.kind()
            ),
        ),
        _ => (
            "same_event",
            format!(
                "one {kind} event carried both the {} and the {}",
                a.kind(),
                b.kind()
            ),
        ),
    };
    Ok(Link {
        a,
        b,
        rule,
        reason,
        first_event: row.try_get("first_event")?,
        source_id: row.try_get("source_id")?,
        first_seen: Timestamp::from_micros(row.try_get("first_seen")?),
        last_seen: Timestamp::from_micros(row.try_get("last_seen")?),
        events: row.try_get("events")?,
    })
}

/// The evidence that would have joined a profile with another, and was refused.
pub(super) async fn refusals(
    connection: &mut AnyConnection,
    space_id: &str,
    profile_id: &str,
    part: &Part,
) -> Result<Vec<Refusal>> {
    // UNION takes away what both ends give.
    let sql = "SELECT x.a AS a, x.b AS b, x.code AS code, x.reason AS reason FROM identity_node n CROSS JOIN identity_blocked x \
        WHERE x.space_id = $1 AND x.a = n.identifier AND n.space_id = $1 AND n.profile_id = $2 AND (x.a, x.b) > ($3, $4) AND ($5 = '' OR (x.a, x.b) <= ($5, $6)) \
        UNION SELECT x.a AS a, x.b AS b, x.code AS code, x.reason AS reason FROM identity_node n CROSS JOIN identity_blocked x \
        WHERE x.space_id = $1 AND x.b = n.identifier AND n.space_id = $1 AND n.profile_id = $2 AND (x.a, x.b) > ($3, $4) AND ($5 = '' OR (x.a, x.b) <= ($5, $6)) ORDER BY 1, 2";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(profile_id)
        .bind(&part.after.0)
        .bind(&part.after.1)
        .bind(&part.until.0)
        .bind(&part.until.1)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Refusal {
                a: identifier(row, "a")?,
                b: identifier(row, "b")?,
                blocked: row.try_get("code")?,
                reason: row.try_get("reason")?,
            })
        })
        .collect()
}

/// What decisions joined within a profile.
pub(super) async fn merges(
    connection: &mut AnyConnection,
    space_id: &str,
    profile_id: &str,
) -> Result<Vec<Link>> {
    let sql = "SELECT c.a AS a, c.b AS b, d.id AS id, d.reason AS reason, d.automatic AS automatic, d.decided_at AS decided_at FROM identity_node n \
        CROSS JOIN identity_constraint c CROSS JOIN identity_node other CROSS JOIN identity_decision d WHERE c.space_id = $1 AND \
        c.a = n.identifier AND c.decision = 'must_link' AND other.space_id = $1 AND other.identifier = c.b AND \
        other.profile_id = n.profile_id AND d.id = c.decision_id AND n.space_id = $1 AND n.profile_id = $2 ORDER BY c.a, c.b";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(profile_id)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let decided_at = Timestamp::from_micros(row.try_get("decided_at")?);
            let reason: String = row.try_get("reason")?;
            let (rule, who) = if row.try_get::<i64, _>("automatic")? == 0 {
                ("merged_by_hand", "somebody")
            } else {
                ("merged_by_matching", "matching")
            };
            Ok(Link {
                a: identifier(row, "a")?,
                b: identifier(row, "b")?,
                rule,
                reason: format!("{who} decided that they are one person: {reason}"),
                first_event: row.try_get("id")?,
                source_id: String::new(),
                first_seen: decided_at,
                last_seen: decided_at,
                events: 0,
            })
        })
        .collect()
}

/// Ids that the profile had before merges: every id once made from one of its identifiers.
pub(super) async fn former_ids(
    connection: &mut AnyConnection,
    space_id: &str,
    profile_id: &str,
) -> Result<Vec<String>> {
    let sql = "SELECT s.profile_id AS profile_id FROM identity_node n CROSS JOIN profile_seed s WHERE \
        s.space_id = $1 AND s.identifier = n.identifier AND n.space_id = $1 AND n.profile_id = \
        $2 AND s.profile_id <> $2 ORDER BY s.profile_id";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(profile_id)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| Ok(row.try_get("profile_id")?))
        .collect()
}
