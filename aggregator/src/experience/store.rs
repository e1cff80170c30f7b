//! SQL of `experience`.

use std::collections::HashMap;

use cdp_core::decision::Experience;
use cdp_core::time::Timestamp;
use sqlx::Row as _;

use crate::database::Database;
use crate::error::{Error, Result};

/// Writes an experience.
pub(super) async fn insert(
    database: &Database,
    space_id: &str,
    experience: &Experience,
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO experience (id, space_id, body, created_at) VALUES ($1, $2, $3, $4)";
    let body = serde_json::to_string(experience)?;
    let mut transaction = database.begin().await?;
    sqlx::query(sql)
        .bind(&experience.id)
        .bind(space_id)
        .bind(body)
        .bind(now.as_micros())
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

/// A page of the space's experiences.
pub(super) async fn page(
    database: &Database,
    space_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Experience>> {
    let sql = "SELECT body FROM experience WHERE space_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(after)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    rows.iter()
        .map(|row| Ok(serde_json::from_str(&row.try_get::<String, _>("body")?)?))
        .collect()
}

/// One experience.
pub(super) async fn one(database: &Database, space_id: &str, id: &str) -> Result<Experience> {
    let sql = "SELECT body FROM experience WHERE space_id = $1 AND id = $2";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(id)
        .fetch_optional(database.reader())
        .await?;
    let row = row.ok_or_else(|| Error::not_found("experience"))?;
    Ok(serde_json::from_str(&row.try_get::<String, _>("body")?)?)
}

/// The experiences of all spaces as the edge needs them: of one that is switched off, that it is there.
pub(crate) async fn of_spaces(database: &Database) -> Result<HashMap<String, Vec<Experience>>> {
    let rows = sqlx::query("SELECT space_id, body FROM experience ORDER BY id")
        .fetch_all(database.reader())
        .await?;
    let mut spaces: HashMap<String, Vec<Experience>> = HashMap::new();
    for row in &rows {
        let mut experience: Experience = serde_json::from_str(&row.try_get::<String, _>("body")?)?;
        if !experience.enabled {
            experience.variants.clear();
        }
        spaces
            .entry(row.try_get("space_id")?)
            .or_default()
            .push(experience);
    }
    Ok(spaces)
}
