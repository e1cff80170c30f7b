//! What people decided of pairs.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::identifier::Identifier;
use cdp_core::identity::{Constraint, Decision};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::{Node, by_either_end, identifier, time};
use crate::database::rows::Many;
use crate::error::Result;
use crate::identity::review::Happened;

/// Whether anybody has decided anything of a space's identifiers that holds.
pub(in crate::identity) async fn decides(
    connection: &mut AnyConnection,
    space_id: &str,
) -> Result<bool> {
    let row = sqlx::query("SELECT a FROM identity_constraint WHERE space_id = $1 LIMIT 1")
        .bind(space_id)
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

/// What was decided of these identifiers.
pub(in crate::identity) async fn constraints_of(
    connection: &mut AnyConnection,
    space_id: &str,
    identifiers: impl Iterator<Item = &Identifier> + Clone,
) -> Result<Vec<Constraint>> {
    let mut found = BTreeSet::new();
    let sqls = [
        "WITH wanted (identifier) AS (VALUES {rows}) SELECT c.a AS a, c.b AS b, c.decision AS decision FROM wanted w \
         CROSS JOIN identity_constraint c WHERE c.space_id = $1 AND c.a = w.identifier",
        "WITH wanted (identifier) AS (VALUES {rows}) SELECT c.a AS a, c.b AS b, c.decision AS decision FROM wanted w \
         CROSS JOIN identity_constraint c WHERE c.space_id = $1 AND c.b = w.identifier",
    ];
    for row in by_either_end(connection, space_id, sqls, identifiers).await? {
        let word: String = row.try_get("decision")?;
        let decision: Decision = serde_json::from_value(word.into())?;
        let (a, b) = (identifier(&row, "a")?, identifier(&row, "b")?);
        found.insert(Constraint { a, b, decision });
    }
    Ok(found.into_iter().collect())
}

/// The ids of the decisions that say something of a pair.
pub(in crate::identity) async fn decisions_that_say(
    connection: &mut AnyConnection,
    space_id: &str,
    pair: &Constraint,
) -> Result<Vec<String>> {
    let sql = "SELECT decision_id FROM identity_constraint WHERE space_id = $1 AND a = $2 AND b = $3 AND decision = $4 ORDER BY decision_id";
    let word = serde_json::to_value(pair.decision)?;
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(pair.a.to_string())
        .bind(pair.b.to_string())
        .bind(word.as_str().unwrap_or_default())
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| Ok(row.try_get("decision_id")?))
        .collect()
}

/// Remembers what a decision says of pairs.
pub(in crate::identity) async fn put_constraints(
    connection: &mut AnyConnection,
    space_id: &str,
    decision_id: &str,
    pairs: &[Constraint],
) -> Result<()> {
    let mut insert = Many::new(
        "INSERT INTO identity_constraint (space_id, a, b, decision, decision_id) VALUES {rows} ON CONFLICT (space_id, a, b, decision_id) DO NOTHING",
        [],
    );
    for pair in pairs {
        let word = serde_json::to_value(pair.decision)?;
        insert.push([
            space_id.into(),
            (&pair.a).into(),
            (&pair.b).into(),
            word.as_str().unwrap_or_default().into(),
            decision_id.into(),
        ]);
    }
    insert.execute(connection).await?;
    Ok(())
}

/// Forgets what a decision said, and gives the identifiers of which it did.
pub(in crate::identity) async fn take_constraints(
    connection: &mut AnyConnection,
    space_id: &str,
    decision_id: &str,
) -> Result<BTreeSet<Identifier>> {
    let sql =
        "DELETE FROM identity_constraint WHERE space_id = $1 AND decision_id = $2 RETURNING a, b";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(decision_id)
        .fetch_all(connection)
        .await?;
    ends(&rows)
}

/// The same of all that matching decided by itself.
pub(in crate::identity) async fn take_automatic(
    connection: &mut AnyConnection,
    space_id: &str,
) -> Result<BTreeSet<Identifier>> {
    let sql = "DELETE FROM identity_constraint WHERE space_id = $1 AND decision_id IN \
               (SELECT d.id FROM identity_decision d WHERE d.space_id = $1 AND d.automatic = 1) RETURNING a, b";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .fetch_all(connection)
        .await?;
    ends(&rows)
}

/// The identifiers of pairs.
fn ends(rows: &[AnyRow]) -> Result<BTreeSet<Identifier>> {
    let mut ends = BTreeSet::new();
    for row in rows {
        ends.extend([identifier(row, "a")?, identifier(row, "b")?]);
    }
    Ok(ends)
}

/// Forgets what was decided in a space.
pub(in crate::identity) async fn forget_constraints(
    connection: &mut AnyConnection,
    space_id: &str,
) -> Result<()> {
    sqlx::query("DELETE FROM identity_constraint WHERE space_id = $1")
        .bind(space_id)
        .execute(connection)
        .await?;
    Ok(())
}

/// The identifiers that somebody joined with these by hand.
pub(in crate::identity) async fn merged_with(
    connection: &mut AnyConnection,
    space_id: &str,
    identifiers: impl Iterator<Item = &Identifier> + Clone,
) -> Result<Vec<Identifier>> {
    let constraints = constraints_of(connection, space_id, identifiers).await?;
    let merges = constraints
        .into_iter()
        .filter(|one| one.decision == Decision::MustLink);
    Ok(merges.flat_map(|one| [one.a, one.b]).collect())
}

/// What was decided of these people's identifiers, by person.
pub(in crate::identity) async fn constraints_of_people(
    connection: &mut AnyConnection,
    space_id: &str,
    people: &BTreeMap<String, BTreeMap<Identifier, Node>>,
) -> Result<BTreeMap<String, Vec<Constraint>>> {
    let mut found = BTreeMap::new();
    if !decides(connection, space_id).await? {
        return Ok(found);
    }
    for (person, nodes) in people {
        let mut constraints = constraints_of(connection, space_id, nodes.keys()).await?;
        constraints.retain(|one| nodes.contains_key(&one.a) && nodes.contains_key(&one.b));
        found.insert(person.clone(), constraints);
    }
    Ok(found)
}

/// What was decided of these identifiers and holds, with its time.
pub(in crate::identity) async fn decisions_of(
    connection: &mut AnyConnection,
    space_id: &str,
    identifiers: impl Iterator<Item = &Identifier> + Clone,
) -> Result<Vec<Happened>> {
    let mut found = BTreeMap::new();
    let sqls = [
        "WITH wanted (identifier) AS (VALUES {rows}) SELECT d.id AS id, d.kind AS kind, d.reason AS reason, d.decided_at AS decided_at \
         FROM wanted w CROSS JOIN identity_constraint c CROSS JOIN identity_decision d WHERE c.space_id = $1 AND c.a = w.identifier AND d.id = c.decision_id",
        "WITH wanted (identifier) AS (VALUES {rows}) SELECT d.id AS id, d.kind AS kind, d.reason AS reason, d.decided_at AS decided_at \
         FROM wanted w CROSS JOIN identity_constraint c CROSS JOIN identity_decision d WHERE c.space_id = $1 AND c.b = w.identifier AND d.id = c.decision_id",
    ];
    for row in by_either_end(connection, space_id, sqls, identifiers).await? {
        let id: String = row.try_get("id")?;
        let kind: String = row.try_get("kind")?;
        let reason: String = row.try_get("reason")?;
        let at = time(&row, "decided_at")?;
        let decided = Happened::Decided {
            at,
            what: kind,
            decision: id.clone(),
            reason,
        };
        found.insert(id, decided);
    }
    Ok(found.into_values().collect())
}
