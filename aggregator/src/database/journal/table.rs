//! SQL of `log_entry`.

use sqlx::{AnyPool, Executor as _, Row as _};

use super::{Portion, Record};
use crate::database::rows::Many;
use crate::error::Result;

/// The table is no migration's: in a data folder there is none.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS log_entry (\
     entry_id BIGINT PRIMARY KEY, messages BIGINT NOT NULL, bytes BIGINT NOT NULL, body TEXT NOT NULL)";

/// An entry is read once, soon: compressing it would cost more than writing it.
const PLAIN: &str = "ALTER TABLE log_entry ALTER COLUMN body SET STORAGE EXTERNAL";

pub(super) async fn make(pool: &AnyPool) -> sqlx::Result<()> {
    pool.execute(TABLE).await?;
    pool.execute(PLAIN).await?;
    Ok(())
}

pub(super) async fn last(pool: &AnyPool) -> Result<i64> {
    let row = sqlx::query("SELECT COALESCE(MAX(entry_id), 0) AS last FROM log_entry")
        .fetch_one(pool)
        .await?;
    Ok(row.try_get("last")?)
}

pub(super) async fn append(pool: &AnyPool, records: Vec<Record>) -> Result<()> {
    let insert = Many::new(
        "INSERT INTO log_entry (entry_id, messages, bytes, body) VALUES {rows}",
        [],
    );
    let rows = records.into_iter().map(|record| {
        [
            record.id.into(),
            i64::from(record.messages).into(),
            i64::try_from(record.body.len()).unwrap_or(i64::MAX).into(),
            record.body.into(),
        ]
    });
    let mut transaction = pool.begin().await?;
    insert.rows(rows).execute(&mut transaction).await?;
    Ok(transaction.commit().await?)
}

pub(super) async fn forget(pool: &AnyPool, position: i64) -> Result<()> {
    sqlx::query("DELETE FROM log_entry WHERE entry_id <= $1")
        .bind(position)
        .execute(pool)
        .await?;
    Ok(())
}

pub(super) async fn read_after(
    pool: &AnyPool,
    position: i64,
    end: i64,
    portion: Portion,
) -> Result<Vec<Record>> {
    let sizes = sqlx::query(
        "SELECT entry_id, messages, bytes FROM log_entry WHERE entry_id > $1 AND entry_id <= $2 ORDER BY entry_id LIMIT $3",
    )
    .bind(position)
    .bind(end)
    .bind(i64::try_from(portion.entries).unwrap_or(i64::MAX))
    .fetch_all(pool)
    .await?;
    let most = |most: usize| i64::try_from(most).unwrap_or(i64::MAX);
    let (mut until, mut messages, mut bytes) = (position, 0, 0);
    for row in &sizes {
        if until > position && (messages >= most(portion.messages) || bytes >= most(portion.bytes))
        {
            break;
        }
        until = row.try_get("entry_id")?;
        messages += row.try_get::<i64, _>("messages")?;
        bytes += row.try_get::<i64, _>("bytes")?;
    }
    let rows = sqlx::query(
        "SELECT entry_id, messages, body FROM log_entry WHERE entry_id > $1 AND entry_id <= $2 ORDER BY entry_id",
    )
    .bind(position)
    .bind(until)
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            let messages: i64 = row.try_get("messages")?;
            Ok(Record {
                id: row.try_get("entry_id")?,
                messages: u32::try_from(messages).unwrap_or(u32::MAX),
                body: row.try_get("body")?,
            })
        })
        .collect()
}
