//! SQL of erasing where a person is not found by a column: events a part at a time, and texts that mention them.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::identity::Constraint;
use sqlx::{AnyConnection, Row as _};

use super::super::held::mentions;
use super::super::person::Person;
use super::super::request::Verification;
use crate::audience;
use crate::database::rows::{Cell, Many};
use crate::error::Result;

/// Erases some of the events of these identifiers, with what is kept of each elsewhere; how many.
pub(super) async fn events(
    connection: &mut AnyConnection,
    space_id: &str,
    identifiers: &BTreeSet<String>,
    most: i64,
) -> Result<u64> {
    let query = Many::new(
        "WITH wanted (anchor) AS (VALUES {rows}) SELECT e.offset_id AS offset_id, e.message_id AS message_id, e.source_id AS source_id, e.tab AS tab, e.seq AS seq \
         FROM wanted w CROSS JOIN event e WHERE e.space_id = $1 AND e.anchor = w.anchor LIMIT $2",
        [space_id.into(), most.into()],
    );
    let found = query
        .rows(identifiers.iter().map(|one| [one.into()]))
        .fetch(connection)
        .await?;
    let (mut offsets, mut messages, mut numbers): (Vec<Cell>, Vec<Cell>, Vec<[Cell; 3]>) =
        Default::default();
    for row in &found {
        let text = |column: &str| row.try_get::<String, _>(column);
        offsets.push(row.try_get::<i64, _>("offset_id")?.into());
        messages.push(text("message_id")?.into());
        let (tab, seq) = (text("tab")?, row.try_get::<i64, _>("seq")?);
        if !tab.is_empty() {
            numbers.push([text("source_id")?.into(), tab.into(), seq.into()]);
        }
    }
    forget_offsets(connection, space_id, offsets).await?;
    forget_numbers(connection, space_id, numbers).await?;
    let samples = Many::new(
        "DELETE FROM violation_sample WHERE space_id = $1 AND message_id IN (VALUES {rows})",
        [space_id.into()],
    );
    samples
        .rows(messages.into_iter().map(|one| [one]))
        .execute(connection)
        .await?;
    Ok(u64::try_from(found.len()).unwrap_or(u64::MAX))
}

/// Deletes events by their numbers, with what is kept of them beside.
pub(in crate::privacy) async fn forget_offsets(
    connection: &mut AnyConnection,
    space_id: &str,
    offsets: Vec<Cell>,
) -> Result<()> {
    for sql in [
        "DELETE FROM device_event WHERE space_id = $1 AND offset_id IN (VALUES {rows})",
        "DELETE FROM identity_read WHERE space_id = $1 AND offset_id IN (VALUES {rows})",
        "DELETE FROM event WHERE space_id = $1 AND offset_id IN (VALUES {rows})",
    ] {
        let delete = Many::new(sql, [space_id.into()]);
        delete
            .rows(offsets.iter().map(|one| [one.clone()]))
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// The ledger keeps that these numbers came to an end, and how, and no more. Of what was refused in the same tabs nobody can say
/// any more whose it was, so it loses its ids as well.
async fn forget_numbers(
    connection: &mut AnyConnection,
    space_id: &str,
    numbers: Vec<[Cell; 3]>,
) -> Result<()> {
    let tabs: Vec<[Cell; 2]> = numbers
        .iter()
        .map(|[source, tab, _]| [source.clone(), tab.clone()])
        .collect();
    let update = Many::new(
        "UPDATE ledger_entry SET message_id = '' WHERE space_id = $1 AND (source_id, tab, seq) IN (VALUES {rows})",
        [space_id.into()],
    );
    update.rows(numbers).execute(connection).await?;
    let update = Many::new(
        "UPDATE ledger_entry SET message_id = '' WHERE space_id = $1 AND outcome <> 'ok' AND message_id <> '' AND (source_id, tab) IN (VALUES {rows})",
        [space_id.into()],
    );
    update.rows(tabs).execute(connection).await?;
    Ok(())
}

/// Erases refused messages that mention the person, of the next rows; how many, and the last row's id, `None` at the end.
pub(super) async fn quarantine(
    connection: &mut AnyConnection,
    space_id: &str,
    values: &BTreeSet<String>,
    after: &str,
    most: i64,
) -> Result<(u64, Option<String>)> {
    let sql = "SELECT id, source_id, message_id, message FROM quarantine WHERE space_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(after)
        .bind(most)
        .fetch_all(&mut *connection)
        .await?;
    let (mut gone, mut numbers) = (Vec::new(), Vec::new());
    let mut last = None;
    for row in &rows {
        let (id, message): (String, String) = (row.try_get("id")?, row.try_get("message")?);
        let message_id: String = row.try_get("message_id")?;
        if mentions(&message, values) || mentions(&message_id, values) {
            gone.push([id.as_str().into()]);
            let message: serde_json::Value = serde_json::from_str(&message).unwrap_or_default();
            let mark = &message["context"]["ledger"];
            if let (Some(tab), Some(seq)) = (mark["tab"].as_str(), mark["seq"].as_i64()) {
                numbers.push([
                    row.try_get::<String, _>("source_id")?.into(),
                    tab.into(),
                    seq.into(),
                ]);
            }
        }
        last = Some(id);
    }
    forget_numbers(connection, space_id, numbers).await?;
    let delete = Many::new(
        "DELETE FROM quarantine WHERE space_id = $1 AND id IN (VALUES {rows})",
        [space_id.into()],
    );
    Ok((delete.rows(gone).execute(connection).await?, last))
}

/// Erases remembered answers of the API that mention the person, of the next rows; as [`quarantine`].
pub(super) async fn answers(
    connection: &mut AnyConnection,
    space_id: &str,
    values: &BTreeSet<String>,
    after: &str,
    most: i64,
) -> Result<(u64, Option<String>)> {
    let sql = "SELECT idempotency_key, body FROM idempotency WHERE space_id = $1 AND idempotency_key > $2 ORDER BY idempotency_key LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(after)
        .bind(most)
        .fetch_all(&mut *connection)
        .await?;
    let mut gone = Vec::new();
    let mut last = None;
    for row in &rows {
        let (key, body): (String, String) = (row.try_get("idempotency_key")?, row.try_get("body")?);
        if mentions(&body, values) || mentions(&key, values) {
            gone.push([key.as_str().into()]);
        }
        last = Some(key);
    }
    let delete = Many::new(
        "DELETE FROM idempotency WHERE space_id = $1 AND idempotency_key IN (VALUES {rows})",
        [space_id.into()],
    );
    Ok((delete.rows(gone).execute(connection).await?, last))
}

/// Takes the person out of what was decided of who is who, of the next rows; as [`quarantine`]. What is then about nobody goes.
pub(super) async fn decisions(
    connection: &mut AnyConnection,
    space_id: &str,
    person: &Person,
    after: &str,
    most: i64,
) -> Result<(u64, Option<String>)> {
    let sql = "SELECT id, pairs, reason FROM identity_decision WHERE space_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(after)
        .bind(most)
        .fetch_all(&mut *connection)
        .await?;
    let values = person.values();
    let mut count = 0;
    let mut last = None;
    for row in &rows {
        let id: String = row.try_get("id")?;
        let (pairs, reason): (String, String) = (row.try_get("pairs")?, row.try_get("reason")?);
        let mut pairs: Vec<Constraint> = serde_json::from_str(&pairs)?;
        let before = pairs.len();
        pairs.retain(|pair| {
            ![&pair.a, &pair.b]
                .into_iter()
                .any(|end| person.identifiers.contains(&end.to_string()))
        });
        let is_told = mentions(&reason, &values);
        if pairs.is_empty() && before > 0 {
            sqlx::query("DELETE FROM identity_decision WHERE id = $1")
                .bind(&id)
                .execute(&mut *connection)
                .await?;
            count += 1;
        } else if pairs.len() < before || is_told {
            let reason = if is_told { "" } else { reason.as_str() };
            sqlx::query("UPDATE identity_decision SET pairs = $2, reason = $3 WHERE id = $1")
                .bind(&id)
                .bind(serde_json::to_string(&pairs)?)
                .bind(reason)
                .execute(&mut *connection)
                .await?;
            count += 1;
        }
        last = Some(id);
    }
    Ok((count, last))
}

/// Takes the person out of their requests, this one included; those that wait are over.
pub(super) async fn requests(
    connection: &mut AnyConnection,
    space_id: &str,
    identifiers: &BTreeSet<String>,
    request_id: &str,
) -> Result<u64> {
    let cancel = Many::new(
        "UPDATE privacy_request SET state = 'cancelled', reason = 'the person was erased' WHERE space_id = $1 AND id <> $2 AND state IN ('received', 'verified') \
         AND subject IN (VALUES {rows})",
        [space_id.into(), request_id.into()],
    );
    let keys = || identifiers.iter().map(|one| [one.into()]);
    cancel.rows(keys()).execute(connection).await?;
    let checked = Many::new(
        "SELECT id, verification FROM privacy_request WHERE space_id = $1 AND verification <> '' AND subject IN (VALUES {rows})",
        [space_id.into()],
    );
    for row in checked.rows(keys()).fetch(connection).await? {
        // A reference may be the number of a passport.
        let verification: String = row.try_get("verification")?;
        let mut verification: Verification = serde_json::from_str(&verification)?;
        verification.reference.clear();
        sqlx::query("UPDATE privacy_request SET verification = $2 WHERE id = $1")
            .bind(row.try_get::<String, _>("id")?)
            .bind(serde_json::to_string(&verification)?)
            .execute(&mut *connection)
            .await?;
    }
    let forget = Many::new(
        "UPDATE privacy_request SET subject = '', note = '', changes = '{}' WHERE space_id = $1 AND subject IN (VALUES {rows})",
        [space_id.into()],
    );
    Ok(forget.rows(keys()).execute(connection).await?)
}

/// Takes profiles out of how many members audiences have, before their memberships go.
pub(super) async fn leave(
    connection: &mut AnyConnection,
    space_id: &str,
    profiles: &BTreeSet<String>,
) -> Result<()> {
    let query = Many::new(
        "WITH wanted (profile_id) AS (VALUES {rows}) SELECT m.audience_id AS audience_id FROM wanted w CROSS JOIN audience_member m \
         WHERE m.space_id = $1 AND m.profile_id = w.profile_id",
        [space_id.into()],
    );
    let rows = query
        .rows(profiles.iter().map(|one| [one.into()]))
        .fetch(connection)
        .await?;
    let mut fewer: BTreeMap<String, i64> = BTreeMap::new();
    for row in &rows {
        *fewer.entry(row.try_get("audience_id")?).or_default() -= 1;
    }
    audience::count(connection, space_id, fewer).await
}

/// Has others resolved and folded again who were seen with the person.
pub(super) async fn look_again(
    connection: &mut AnyConnection,
    space_id: &str,
    others: &BTreeSet<&String>,
) -> Result<()> {
    for sql in [
        "INSERT INTO identity_again (space_id, identifier) VALUES {rows} ON CONFLICT (space_id, identifier) DO NOTHING",
        "INSERT INTO consent_refold (space_id, identifier) VALUES {rows} ON CONFLICT (space_id, identifier) DO NOTHING",
    ] {
        let insert = Many::new(sql, []);
        let rows = others.iter().map(|one| [space_id.into(), (*one).into()]);
        insert.rows(rows).execute(connection).await?;
    }
    Ok(())
}
