//! HTTP of the counts of people who did not agree.

use axum::extract::{Query, State};
use cdp_core::consent::day_of;
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::store;
use crate::error::Result;
use crate::http::api::Api;
use crate::http::context::{Reader, Shared};
use crate::http::json::Json;
use crate::http::page::{List, Page};
use crate::{clock, history};

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    api.get(
        "/consent/counts",
        "How often what the consent policy names happened to people who did not agree, by day and country; small groups are only counted as suppressed",
        list,
    )
}

#[derive(Deserialize, JsonSchema)]
struct Asked {
    days: Option<i64>,
}

/// A page of counts, and what is not shown.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RefusalCounts")]
struct Counts {
    #[serde(flatten)]
    list: List<store::Shown>,
    /// How many groups are too small to be shown.
    suppressed: i64,
    /// How many a group has at least; null where nothing is counted.
    minimum_group: Option<u32>,
    /// The day that is not over yet.
    before: Timestamp,
}

async fn list(
    reader: Reader,
    State(app): State<Shared>,
    Query(asked): Query<Asked>,
    page: Page,
) -> Result<Json<Counts>> {
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
    let Json(list) = page.answer(rows, |row| row.id.clone())?;
    Ok(Json(Counts {
        list,
        suppressed: store::suppressed(&app.database, space_id, days, least).await?,
        minimum_group: minimum,
        before: days.1,
    }))
}
