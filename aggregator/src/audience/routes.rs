//! HTTP of audiences.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::define::{define, read as read_rule};
use super::members;
use super::preview::preview as look;
use super::store::{self, Audience};
use crate::app::App;
use crate::error::Result;
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::json::{Created, Json};
use crate::http::page::Page;
use crate::profile;

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    let rule = json!({"event": "Product Viewed", "where": {"category": {"eq": "sneakers"}}, "count": {"gte": 3}, "within": "30d"});
    api.get("/audiences", "List audiences", list)
        .get("/audiences/{id}", "Read an audience", read)
        .get(
            "/audiences/{id}/members",
            "List an audience's members",
            members,
        )
        .post(
            "/audiences",
            "Make an audience",
            json!({"name": "Sneaker fans", "definition": rule}),
            create,
        )
        .post_to_read(
            "/audiences/preview",
            "How many a definition would reach",
            json!({"definition": rule}),
            preview,
        )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    name: String,
    definition: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    definition: Value,
}

fn view(audience: &Audience, members: i64) -> Result<Value> {
    let mut view = serde_json::to_value(audience)?;
    view["members"] = members.into();
    Ok(view)
}

async fn list(reader: Reader, State(app): State<Shared>, page: Page) -> Result<Json<Value>> {
    let audiences =
        store::page(&app.database, reader.space_id(), page.after(), page.fetch()).await?;
    let views = audiences
        .iter()
        .map(|(audience, members)| view(audience, *members))
        .collect::<Result<Vec<Value>>>()?;
    page.answer_at(views, |index| {
        audiences
            .get(index)
            .map(|(audience, _)| audience.id.clone())
            .unwrap_or_default()
    })
}

async fn one(app: &App, space_id: &str, id: &str) -> Result<Value> {
    let audience = store::one(&app.database, space_id, id).await?;
    view(&audience, store::size(&app.database, space_id, id).await?)
}

async fn read(
    reader: Reader,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Value>> {
    one(&app, reader.space_id(), &id).await.map(Json)
}

async fn members(
    reader: Reader,
    State(app): State<Shared>,
    Path(id): Path<String>,
    page: Page,
) -> Result<Json<Value>> {
    let space_id = reader.space_id();
    store::one(&app.database, space_id, &id).await?;
    let members =
        members::members(&app.database, space_id, &id, page.after(), page.fetch()).await?;
    let ids: Vec<String> = members
        .iter()
        .map(|member| member.profile_id.clone())
        .collect();
    let mut identifiers = profile::identifiers(&app, space_id, &ids).await?;
    let views: Vec<Value> = members
        .iter()
        .map(|member| json!({"id": member.profile_id, "since": member.since, "identifiers": identifiers.remove(&member.profile_id)}))
        .collect();
    page.answer_at(views, |index| ids.get(index).cloned().unwrap_or_default())
}

async fn create(
    writer: Writer,
    State(app): State<Shared>,
    Json(new): Json<New>,
) -> Result<Created<Value>> {
    let audience = define(&app, writer.space_id(), &new.name, &new.definition).await?;
    Ok((
        StatusCode::CREATED,
        Json(one(&app, writer.space_id(), &audience.id).await?),
    ))
}

async fn preview(
    reader: Reader,
    State(app): State<Shared>,
    Json(question): Json<Question>,
) -> Result<Json<Value>> {
    let rule = read_rule(&question.definition)?;
    let answer = look(&app, reader.space_id(), &rule).await?;
    Ok(Json(serde_json::to_value(answer)?))
}
