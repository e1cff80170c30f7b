//! HTTP of reports.

use axum::extract::State;
use serde_json::json;

use super::ask::{
    self, Asked, Funnel, FunnelAsked, Known, PathsAnswer, PathsAsked, Retention, RetentionAsked,
    Trends, TrendsAsked,
};
use crate::error::{Code, Result};
use crate::http::api::Api;
use crate::http::context::{Reader, Shared};
use crate::http::json::Json;
use crate::http::page::List;

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    let api = api.get(
        "/reports/events",
        "List the events that reports know, the commonest first",
        events,
    );
    let api = api.post_to_read(
        "/reports/trends",
        "How often events happened, and to how many people, in each hour, day, week or month",
        json!({"series": [{"event": "Order Completed"}], "interval": "day", "days": 30, "timezone": "Europe/Berlin"}),
        trends,
    ).fails(&[Code::InvalidDefinition]);
    let api = api.post_to_read(
        "/reports/funnels",
        "How many people do one thing after the other within a time",
        json!({"steps": [{"event": "Product Viewed"}, {"event": "Product Added"}, {"event": "Order Completed"}], "window_days": 7, "days": 30}),
        funnel,
    ).fails(&[Code::InvalidDefinition]);
    let api = api.post_to_read(
        "/reports/retention",
        "Of those who began in a day, week or month, how many were back in each later one",
        json!({"start": {"event": "Signed Up"}, "return": {}, "interval": "week", "days": 84, "periods": 12}),
        retention,
    ).fails(&[Code::InvalidDefinition]);
    api.post_to_read(
        "/reports/paths",
        "What people do next, or with \"to\" what they did before",
        json!({"from": "Product Viewed", "steps": 5, "days": 30}),
        paths,
    )
    .fails(&[Code::InvalidDefinition])
}

async fn events(reader: Reader, State(app): State<Shared>) -> Result<Json<List<Known>>> {
    let known = ask::known(&app, reader.space_id()).await?;
    Ok(Json(List::whole(known)))
}

async fn trends(
    reader: Reader,
    State(app): State<Shared>,
    Json(asked): Json<Asked<TrendsAsked>>,
) -> Result<Json<Trends>> {
    asked
        .answer(&app, reader.space_id(), reader.sees_people())
        .await
        .map(Json)
}

async fn funnel(
    reader: Reader,
    State(app): State<Shared>,
    Json(asked): Json<Asked<FunnelAsked>>,
) -> Result<Json<Funnel>> {
    asked.answer(&app, reader.space_id()).await.map(Json)
}

async fn retention(
    reader: Reader,
    State(app): State<Shared>,
    Json(asked): Json<Asked<RetentionAsked>>,
) -> Result<Json<Retention>> {
    asked.answer(&app, reader.space_id()).await.map(Json)
}

async fn paths(
    reader: Reader,
    State(app): State<Shared>,
    Json(asked): Json<Asked<PathsAsked>>,
) -> Result<Json<PathsAnswer>> {
    asked.answer(&app, reader.space_id()).await.map(Json)
}
