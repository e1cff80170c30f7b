//! HTTP of experiences.

use std::borrow::Cow;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use cdp_core::decision::Experience;
use cdp_core::event::Object;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde_json::json;

use super::holdout::{self, Holdout};
use super::preview::{self, Preview};
use super::results::{self, Question, Results};
use super::store::{self, Stored};
use super::{define, fields};
use crate::error::{Code, Error, Result};
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::contract::{Nothing, Unread, without};
use crate::http::json::{Created, Json};
use crate::http::page::{List, Page};

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    let example = json!({
        "name": "Sneaker hero", "placement": "home-hero", "audience_id": "aud_…", "holdout": 0.1, "priority": 0, "enabled": true,
        "starts_at": "2026-02-01T00:00:00Z", "ends_at": "2026-03-01T00:00:00Z", "frequency_caps": [{"exposures": 3, "within": "7d"}],
        "variants": [{"key": "sneakers", "weight": 1, "value": {"title": "New sneakers"}}]
    });
    let api = api
        .get(
            "/experiences",
            "List experiences; ?archived=true for those that are archived",
            list,
        )
        .get("/experiences/{id}", "Read an experience", read)
        .post("/experiences", "Make an experience", example, create)
        .patch(
            "/experiences/{id}",
            "Change an experience; \"version\" is the one that was read, what is absent stays, null takes away",
            json!({"version": 1, "enabled": false}),
            update,
        ).fails(&[Code::Conflict])
        .post(
            "/experiences/{id}/archive",
            "End an experience for good; what was measured stays",
            json!({}),
            archive,
        ).fails(&[Code::Conflict]);
    api.post_to_read(
        "/experiences/preview",
        "What each placement would show somebody, and why",
        json!({"profile": "email:ada@example.com", "placements": ["home-hero"], "at": "2026-02-01T00:00:00Z"}),
        preview,
    ).fails(&[Code::NotFound])
    .get(
        "/experiences/{id}/results",
        "Compare an experience's arms: ?metric=conversion, sum or mean, &event=, &where= (JSON), &of=properties.revenue, &within=14d, &better=higher or lower",
        compare,
    ).fails(&[Code::InvalidDefinition])
    .get(
        "/experiences/holdout",
        "The share of all people who see the default everywhere",
        read_holdout,
    )
    .put(
        "/experiences/holdout",
        "Set the share of all people who see the default everywhere",
        json!({"share": 0.05}),
        set_holdout,
    )
}

#[derive(Deserialize, JsonSchema)]
struct Which {
    #[serde(default)]
    archived: bool,
}

/// The shape of a new experience.
struct New;

impl JsonSchema for New {
    fn schema_name() -> Cow<'static, str> {
        "NewExperience".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        without::<Experience>(generator, &["id"], false)
    }
}

/// The shape of a change.
struct Change;

impl JsonSchema for Change {
    fn schema_name() -> Cow<'static, str> {
        "ExperienceChange".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        without::<Experience>(generator, &["id"], true)
    }
}

async fn list(
    reader: Reader,
    State(app): State<Shared>,
    Query(which): Query<Which>,
    page: Page,
) -> Result<Json<List<Stored>>> {
    let space_id = reader.space_id();
    let (after, fetch) = (page.after(), page.fetch());
    let found = store::page(&app.database, space_id, which.archived, after, fetch).await?;
    page.answer(found, |stored| stored.experience.id.clone())
}

async fn read(
    reader: Reader,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Stored>> {
    store::one(&app.database, reader.space_id(), &id)
        .await
        .map(Json)
}

async fn create(
    writer: Writer,
    State(app): State<Shared>,
    Unread(body, _): Unread<Object, New>,
) -> Result<Created<Stored>> {
    let stored = define::create(&app, writer.space_id(), body).await?;
    Ok((StatusCode::CREATED, Json(stored)))
}

async fn update(
    writer: Writer,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Unread(body, _): Unread<Object, Change>,
) -> Result<Json<Stored>> {
    define::change(&app, writer.space_id(), &id, body)
        .await
        .map(Json)
}

async fn archive(
    writer: Writer,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Unread(body, _): Unread<Object, Nothing>,
) -> Result<Json<Stored>> {
    fields::none(&fields::unknown(&body, &[], ""))?;
    define::archive(&app, writer.space_id(), &id)
        .await
        .map(Json)
}

async fn preview(
    reader: Reader,
    State(app): State<Shared>,
    Json(question): Json<preview::Question>,
) -> Result<Json<Preview>> {
    preview::preview(&app, reader.space_id(), question)
        .await
        .map(Json)
}

async fn compare(
    reader: Reader,
    State(app): State<Shared>,
    Path(id): Path<String>,
    question: Result<Query<Question>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Results>> {
    let Query(question) = question.map_err(|error| {
        Error::new(
            Code::InvalidRequest,
            format!("the query cannot be read: {error}"),
        )
    })?;
    results::results(&app, reader.space_id(), &id, question)
        .await
        .map(Json)
}

async fn read_holdout(reader: Reader, State(app): State<Shared>) -> Result<Json<Holdout>> {
    holdout::read(&app, reader.space_id()).await.map(Json)
}

async fn set_holdout(
    writer: Writer,
    State(app): State<Shared>,
    Unread(body, _): Unread<Object, Holdout>,
) -> Result<Json<Holdout>> {
    holdout::set(&app, writer.space_id(), body).await.map(Json)
}
