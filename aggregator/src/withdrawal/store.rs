//! SQL over what is folded, and of `consent_news`.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::{AnyConnection, Row as _};

use crate::consent::Rules;
use crate::database::Database;
use crate::database::rows::Many;
use crate::error::Result;
use crate::identity::store::is_person;
use crate::source::Directory;
use crate::{identity, matching};

/// Takes away what is kept of these anchors' events.
pub(crate) async fn clear(
    connection: &mut AnyConnection,
    space_id: &str,
    anchors: impl Iterator<Item = &String> + Clone,
) -> Result<()> {
    for sql in [
        "DELETE FROM trait_value WHERE space_id = $1 AND anchor IN (VALUES {rows})",
        "DELETE FROM computed_value WHERE space_id = $1 AND anchor IN (VALUES {rows})",
        "DELETE FROM exposure WHERE space_id = $1 AND anchor IN (VALUES {rows})",
        "DELETE FROM identity_link WHERE space_id = $1 AND a IN (VALUES {rows})",
    ] {
        let delete = Many::new(sql, [space_id.into()]);
        let rows = anchors.clone().map(|anchor| [anchor.into()]);
        delete.rows(rows).execute(connection).await?;
    }
    matching::forget(connection, space_id, anchors).await
}

/// The profiles that have these anchors.
pub(super) async fn profiles_of(
    connection: &mut AnyConnection,
    space_id: &str,
    anchors: impl Iterator<Item = &String>,
) -> Result<BTreeSet<String>> {
    let query = Many::new(
        "WITH wanted (anchor) AS (VALUES {rows}) SELECT n.profile_id AS profile_id FROM wanted w \
         CROSS JOIN identity_node n WHERE n.space_id = $1 AND n.identifier = w.anchor",
        [space_id.into()],
    );
    let rows = query
        .rows(anchors.map(|anchor| [anchor.into()]))
        .fetch(connection)
        .await?;
    rows.iter()
        .map(|row| Ok(row.try_get("profile_id")?))
        .collect()
}

/// Takes the next tasks: the rules of a space, and all anchors connected with those that have to be
/// folded again, each with its person.
pub(crate) async fn next(
    connection: &mut AnyConnection,
    sources: &Directory,
) -> Result<Option<(Rules, BTreeMap<String, String>)>> {
    let Some((space_id, identifiers)) = identity::REFOLD.next(connection).await? else {
        return Ok(None);
    };
    let identifiers: Vec<String> = identifiers.iter().map(ToString::to_string).collect();
    let people = connected(connection, &space_id, &identifiers).await?;
    // They need not be folded once for each of their identifiers.
    let delete = Many::new(
        "DELETE FROM consent_refold WHERE space_id = $1 AND identifier IN (VALUES {rows})",
        [space_id.as_str().into()],
    );
    let rows = people.keys().map(|anchor| [anchor.into()]);
    delete.rows(rows).execute(connection).await?;
    Ok(Some((Rules::of(sources, &space_id), people)))
}

/// All anchors that are connected with these, each with its person.
pub(super) async fn connected(
    connection: &mut AnyConnection,
    space_id: &str,
    identifiers: &[String],
) -> Result<BTreeMap<String, String>> {
    let query = Many::new(
        "WITH wanted (identifier) AS (VALUES {rows}) SELECT n.identifier AS identifier, n.person_id AS person_id FROM wanted w \
         CROSS JOIN identity_node one CROSS JOIN identity_node n WHERE one.space_id = $1 AND one.identifier = w.identifier \
         AND n.space_id = $1 AND n.component = one.component",
        [space_id.into()],
    );
    let found = query
        .rows(identifiers.iter().map(|identifier| [identifier.into()]))
        .fetch(connection)
        .await?;
    found
        .iter()
        .map(|row| Ok((row.try_get("identifier")?, row.try_get("person_id")?)))
        .collect()
}

/// Pairs of these anchors and others whose evidence may link now.
pub(super) async fn links_of(
    connection: &mut AnyConnection,
    space_id: &str,
    anchors: impl Iterator<Item = &String>,
) -> Result<BTreeSet<(String, String)>> {
    let query = Many::new(
        "WITH wanted (anchor) AS (VALUES {rows}) SELECT DISTINCT l.a AS a, l.b AS b FROM wanted w CROSS JOIN identity_link l \
         WHERE l.space_id = $1 AND l.a = w.anchor",
        [space_id.into()],
    );
    let rows = query
        .rows(anchors.map(|anchor| [anchor.into()]))
        .fetch(connection)
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("a")?, row.try_get("b")?)))
        .collect()
}

/// A piece of news as callers see it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WithdrawalNews")]
pub(super) struct News {
    pub(super) id: String,
    kind: String,
    profile_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    audience_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    purpose: String,
    happened_at: Timestamp,
}

/// The space's next news.
pub(super) async fn news(
    database: &Database,
    space_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<News>> {
    let sql = "SELECT id, kind, profile_id, audience_id, purpose, happened_at FROM consent_news \
               WHERE space_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(after)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    rows.iter()
        .map(|row| {
            Ok(News {
                id: row.try_get("id")?,
                kind: row.try_get("kind")?,
                profile_id: row.try_get("profile_id")?,
                audience_id: row.try_get("audience_id")?,
                purpose: row.try_get("purpose")?,
                happened_at: Timestamp::from_micros(row.try_get("happened_at")?),
            })
        })
        .collect()
}

/// One piece of news: id, kind, profile, audience, purpose.
pub(super) type Piece = [String; 5];

/// Writes news.
pub(super) async fn tell(
    connection: &mut AnyConnection,
    space_id: &str,
    news: Vec<Piece>,
    happened_at: i64,
) -> Result<()> {
    let mut insert = Many::new(
        "INSERT INTO consent_news (id, space_id, kind, profile_id, audience_id, purpose, happened_at) VALUES {rows}",
        [],
    );
    for [id, kind, profile_id, audience_id, purpose] in news {
        insert.push([
            id.into(),
            space_id.into(),
            kind.into(),
            profile_id.into(),
            audience_id.into(),
            purpose.into(),
            happened_at.into(),
        ]);
    }
    insert.execute(connection).await?;
    Ok(())
}

/// The profiles of these people, by person.
pub(super) async fn profiles_of_people(
    connection: &mut AnyConnection,
    space_id: &str,
    people: impl Iterator<Item = &String>,
) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let query = Many::new(
        concat!(
            "WITH wanted (person_id) AS (VALUES {rows}) SELECT n.person_id AS person_id, n.profile_id AS profile_id FROM wanted w \
             CROSS JOIN identity_node n WHERE n.space_id = $1 AND ",
            is_person!("w.person_id")
        ),
        [space_id.into()],
    );
    let rows = query
        .rows(people.map(|person| [person.into()]))
        .fetch(connection)
        .await?;
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in &rows {
        let profiles = found.entry(row.try_get("person_id")?).or_default();
        profiles.insert(row.try_get("profile_id")?);
    }
    Ok(found)
}
