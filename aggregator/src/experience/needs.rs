//! What experiences need of others.

use sqlx::Row as _;

use crate::app::App;
use crate::error::Result;

/// The name of an experience that is for an audience, if there is one.
pub(crate) async fn that_needs(
    app: &App,
    space_id: &str,
    audience_id: &str,
) -> Result<Option<String>> {
    let sql =
        "SELECT body FROM experience WHERE space_id = $1 AND body LIKE $2 ORDER BY id LIMIT 1";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(format!("%\"{audience_id}\"%"))
        .fetch_optional(app.database.reader())
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let body: serde_json::Value = serde_json::from_str(&row.try_get::<String, _>("body")?)?;
    let name = body.get("name").and_then(|name| name.as_str());
    Ok(Some(name.unwrap_or_default().to_owned()))
}
