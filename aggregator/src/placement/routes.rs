//! HTTP of placements.

use std::borrow::Cow;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use cdp_core::event::Object;
use cdp_core::placement::Placement;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::json;

use super::define;
use super::store::{self, Stored};
use crate::error::{Code, Result};
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::contract::{Unread, without};
use crate::http::json::{Created, Json};
use crate::http::page::{List, Page};

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    let schema = json!({"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}});
    api.get("/placements", "List placements", list)
        .get("/placements/{id}", "Read a placement by its key", read)
        .post(
            "/placements",
            "Make a placement: its key, and the JSON Schema of what may stand there",
            json!({"key": "home-hero", "name": "Hero of the home page", "schema": schema, "default": {"title": "Welcome"}}),
            create,
        ).fails(&[Code::Conflict])
        .patch(
            "/placements/{id}",
            "Change a placement; \"version\" is the one that was read, what is absent stays",
            json!({"version": 1, "default": {"title": "Hello"}}),
            update,
        ).fails(&[Code::Conflict])
}

/// The shape of a change.
struct Change;

impl JsonSchema for Change {
    fn schema_name() -> Cow<'static, str> {
        "PlacementChange".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        without::<Placement>(generator, &[], true)
    }
}

async fn list(reader: Reader, State(app): State<Shared>, page: Page) -> Result<Json<List<Stored>>> {
    let found = store::page(&app.database, reader.space_id(), page.after(), page.fetch()).await?;
    page.answer(found, |stored| stored.placement.key.clone())
}

async fn read(
    reader: Reader,
    State(app): State<Shared>,
    Path(key): Path<String>,
) -> Result<Json<Stored>> {
    define::one(&app, reader.space_id(), &key).await.map(Json)
}

async fn create(
    writer: Writer,
    State(app): State<Shared>,
    Unread(body, _): Unread<Object, Placement>,
) -> Result<Created<Stored>> {
    let stored = define::create(&app, writer.space_id(), body).await?;
    Ok((StatusCode::CREATED, Json(stored)))
}

async fn update(
    writer: Writer,
    State(app): State<Shared>,
    Path(key): Path<String>,
    Unread(body, _): Unread<Object, Change>,
) -> Result<Json<Stored>> {
    define::change(&app, writer.space_id(), &key, body)
        .await
        .map(Json)
}
