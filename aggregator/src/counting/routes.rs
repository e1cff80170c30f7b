//! HTTP of the counts of people who did not agree.

use axum::extract::{Query, State};
use cdp_core::consent::day_of;
use serde::Deserialize;
use serde_json::Value;

use super::store;
use crate::error::Result;
use crate::http::api::Api;
use crate::http::context::{Reader, Shared};
use crate::http::json::Json;
use crate::http::page::Page;
use crate::{clock, history};

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    api.get(
        "/consent/counts",
        "How often what the consent policy names happened to people who did not agree, by day and country; small groups are only counted as suppressed",
        list,
    )
}

#[derive(Deserialize)]
struct Asked {
    days: Option<i64>,
}

async fn list(
    reader: Reader,
    State(app): State<Shared>,
    Query(asked): Query<Asked>,
    page: Page,
) -> Result<Json<Value>> {
    let space_id = reader.space_id();
    // Whole days only: who asks again and again while one goes on would see single people arrive.
    let days = (day_of(history::since(asked.days)?), day_of(clock::now()));
    let sources = app.sources.of_space(space_id);
    let counting = sources
        .first()
        .and_then(|source| source.policy.counting.as_ref());
    let minimum = counting.map(|counting| counting.minimum_group);
    let least = minimum.unwrap_or_default().into();
    let wanted = (least, page.after(), page.fetch());
    let rows = store::shown(&app.database, space_id, days, wanted).await?;
    let Json(mut answer) = page.answer(rows, |row| row.id.clone())?;
    answer["suppressed"] = store::suppressed(&app.database, space_id, days, least)
        .await?
        .into();
    answer["minimum_group"] = minimum.into();
    answer["before"] = serde_json::to_value(days.1)?;
    Ok(Json(answer))
}
