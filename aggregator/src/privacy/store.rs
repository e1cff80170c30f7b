//! SQL of `privacy_request`.

use cdp_core::time::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::request::{Kind, Request, State};
use crate::database::Database;
use crate::error::{Code, Error, Result};

macro_rules! requests {
    ($rest:literal) => {
        concat!(
            "SELECT id, space_id, kind, state, subject, subject_hash, regime, note, verification, changes, progress, reason, receipt, \
             created_at, due_at, extended, started_at, ended_at FROM privacy_request ",
            $rest
        )
    };
}

/// Writes a request.
pub(super) async fn insert(database: &Database, request: &Request) -> Result<()> {
    let mut transaction = database.begin().await?;
    insert_in(&mut transaction, request).await?;
    Ok(transaction.commit().await?)
}

/// The same in somebody's transaction.
pub(super) async fn insert_in(connection: &mut AnyConnection, request: &Request) -> Result<()> {
    let sql = "INSERT INTO privacy_request (id, space_id, kind, state, subject, subject_hash, regime, note, verification, changes, work, progress, \
               reason, receipt, created_at, due_at, extended, started_at, ended_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', '[]', '', '', $11, $12, 0, 0, 0)";
    let subject = request.subject.as_ref().map(ToString::to_string);
    sqlx::query(sql)
        .bind(&request.id)
        .bind(&request.space_id)
        .bind(word(request.kind)?)
        .bind(request.state.as_str())
        .bind(subject.unwrap_or_default())
        .bind(&request.subject_hash)
        .bind(word(request.regime)?)
        .bind(request.note.replace('\0', "\u{fffd}"))
        .bind(json(request.verification.as_ref())?)
        .bind(serde_json::to_string(&request.changes)?)
        .bind(request.created_at.as_micros())
        .bind(request.due_at.as_micros())
        .execute(connection)
        .await?;
    Ok(())
}

fn word(value: impl serde::Serialize) -> Result<String> {
    let value = serde_json::to_value(value)?;
    Ok(value.as_str().unwrap_or_default().to_owned())
}

fn json(value: Option<impl serde::Serialize>) -> Result<String> {
    let text = value
        .map(|value| serde_json::to_string(&value))
        .transpose()?;
    Ok(text.unwrap_or_default())
}

fn moment(time: Option<Timestamp>) -> i64 {
    time.map_or(0, Timestamp::as_micros)
}

/// Writes what has become of a request that was in a state till then.
pub(super) async fn update(database: &Database, request: &Request, before: State) -> Result<()> {
    let mut transaction = database.begin().await?;
    update_in(&mut transaction, request, before).await?;
    Ok(transaction.commit().await?)
}

/// The same in somebody's transaction.
pub(super) async fn update_in(
    connection: &mut AnyConnection,
    request: &Request,
    before: State,
) -> Result<()> {
    let sql = "UPDATE privacy_request SET state = $2, subject = $3, note = $4, verification = $5, changes = $6, progress = $7, reason = $8, receipt = $9, \
               due_at = $10, extended = $11, started_at = $12, ended_at = $13 WHERE id = $1 AND state = $14";
    let subject = request.subject.as_ref().map(ToString::to_string);
    let written = sqlx::query(sql)
        .bind(&request.id)
        .bind(request.state.as_str())
        .bind(subject.unwrap_or_default())
        .bind(&request.note)
        .bind(json(request.verification.as_ref())?)
        .bind(serde_json::to_string(&request.changes)?)
        .bind(serde_json::to_string(&request.progress)?)
        .bind(request.reason.replace('\0', "\u{fffd}"))
        .bind(json(request.receipt.as_ref())?)
        .bind(request.due_at.as_micros())
        .bind(i64::from(request.extended))
        .bind(moment(request.started_at))
        .bind(moment(request.ended_at))
        .bind(before.as_str())
        .execute(connection)
        .await?;
    if written.rows_affected() == 0 {
        return Err(Error::new(
            Code::Conflict,
            "somebody else has just changed this request: read it again",
        ));
    }
    Ok(())
}

/// Writes that an erasure was begun.
pub(super) async fn begin(database: &Database, request: &Request) -> Result<()> {
    update(database, request, State::Verified).await
}

/// What an erasure works with; empty before its first step.
pub(super) async fn work_of(connection: &mut AnyConnection, id: &str) -> Result<String> {
    let row = sqlx::query("SELECT work FROM privacy_request WHERE id = $1")
        .bind(id)
        .fetch_one(connection)
        .await?;
    Ok(row.try_get("work")?)
}

/// Writes what an erasure works with, and how far it is.
pub(super) async fn put_work(
    connection: &mut AnyConnection,
    request: &Request,
    work: &str,
) -> Result<()> {
    sqlx::query("UPDATE privacy_request SET work = $2, progress = $3 WHERE id = $1")
        .bind(&request.id)
        .bind(work)
        .bind(serde_json::to_string(&request.progress)?)
        .execute(connection)
        .await?;
    Ok(())
}

/// The oldest request that is running.
pub(super) async fn running(database: &Database) -> Result<Option<Request>> {
    let row = sqlx::query(requests!("WHERE state = 'running' ORDER BY id LIMIT 1"))
        .fetch_optional(database.reader())
        .await?;
    row.as_ref().map(request).transpose()
}

/// A request of a space.
pub(super) async fn find(database: &Database, space_id: &str, id: &str) -> Result<Option<Request>> {
    let row = sqlx::query(requests!("WHERE space_id = $1 AND id = $2"))
        .bind(space_id)
        .bind(id)
        .fetch_optional(database.reader())
        .await?;
    row.as_ref().map(request).transpose()
}

/// A page of a space's requests, the youngest first; empty words for any kind and state.
pub(super) async fn page(
    database: &Database,
    space_id: &str,
    (kind, state): (&str, &str),
    before: &str,
    limit: i64,
) -> Result<Vec<Request>> {
    let sql = requests!(
        "WHERE space_id = $1 AND ($2 = '' OR kind = $2) AND ($3 = '' OR state = $3) AND ($4 = '' OR id < $4) ORDER BY id DESC LIMIT $5"
    );
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(kind)
        .bind(state)
        .bind(before)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    rows.iter().map(request).collect()
}

fn request(row: &AnyRow) -> Result<Request> {
    let text = |column: &str| row.try_get::<String, _>(column);
    let number = |column: &str| row.try_get::<i64, _>(column);
    let time = |column: &str| -> Result<Option<Timestamp>> {
        let micros = number(column)?;
        Ok((micros != 0).then(|| Timestamp::from_micros(micros)))
    };
    let subject = text("subject")?;
    let kind: Kind = read_word(text("kind")?)?;
    let state: State = read_word(text("state")?)?;
    // From the moment that it is being erased nothing tells who it is about.
    let is_erased = kind == Kind::Erasure && state == State::Running;
    let is_told = !subject.is_empty() && !is_erased;
    let subject = is_told.then(|| {
        subject
            .parse()
            .map_err(|text: String| Error::internal(text))
    });
    Ok(Request {
        id: text("id")?,
        space_id: text("space_id")?,
        kind,
        state,
        subject: subject.transpose()?,
        subject_hash: text("subject_hash")?,
        regime: read_word(text("regime")?)?,
        note: text("note")?,
        verification: read(&text("verification")?)?,
        changes: serde_json::from_str(&text("changes")?)?,
        progress: serde_json::from_str(&text("progress")?)?,
        reason: text("reason")?,
        receipt: read(&text("receipt")?)?,
        created_at: Timestamp::from_micros(number("created_at")?),
        due_at: Timestamp::from_micros(number("due_at")?),
        extended: number("extended")? != 0,
        started_at: time("started_at")?,
        ended_at: time("ended_at")?,
    })
}

fn read_word<T: DeserializeOwned>(word: String) -> Result<T> {
    Ok(serde_json::from_value(Value::String(word))?)
}

fn read<T: DeserializeOwned>(text: &str) -> Result<Option<T>> {
    let value = (!text.is_empty()).then(|| serde_json::from_str(text));
    Ok(value.transpose()?)
}

/// The identifier of a request that is being erased, which nobody is told any more.
pub(super) async fn subject_of(connection: &mut AnyConnection, id: &str) -> Result<String> {
    let row = sqlx::query("SELECT subject FROM privacy_request WHERE id = $1")
        .bind(id)
        .fetch_one(connection)
        .await?;
    Ok(row.try_get("subject")?)
}
