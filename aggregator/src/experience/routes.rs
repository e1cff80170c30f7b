//! HTTP of experiences.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use cdp_core::decision::{Experience, Variant};
use serde::Deserialize;
use serde_json::{Value, json};

use super::store;
use crate::error::{Code, Error, Result};
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::json::{Created, Json};
use crate::http::page::Page;
use crate::{audience, clock, id};

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    let example = json!({
        "name": "Sneaker hero", "placement": "home-hero", "audience_id": "aud_…", "holdout": 0.1, "priority": 0, "enabled": true,
        "variants": [{"key": "sneakers", "weight": 1, "value": {"title": "New sneakers"}}]
    });
    api.get("/experiences", "List experiences", list)
        .get("/experiences/{id}", "Read an experience", read)
        .post("/experiences", "Make an experience", example, create)
}

/// The body of a new experience.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    name: String,
    placement: String,
    #[serde(default)]
    audience_id: Option<String>,
    #[serde(default)]
    holdout: f64,
    #[serde(default)]
    priority: i64,
    enabled: Option<bool>,
    variants: Vec<Variant>,
}

async fn list(reader: Reader, State(app): State<Shared>, page: Page) -> Result<Json<Value>> {
    let experiences =
        store::page(&app.database, reader.space_id(), page.after(), page.fetch()).await?;
    page.answer(experiences, |experience| experience.id.clone())
}

async fn read(
    reader: Reader,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Experience>> {
    store::one(&app.database, reader.space_id(), &id)
        .await
        .map(Json)
}

async fn create(
    writer: Writer,
    State(app): State<Shared>,
    Json(new): Json<New>,
) -> Result<Created<Experience>> {
    let space_id = writer.space_id();
    let New {
        name,
        placement,
        audience_id,
        holdout,
        priority,
        enabled,
        variants,
    } = new;
    if let Some(audience_id) = &audience_id {
        audience::must_exist(&app, space_id, audience_id).await?;
    }
    let enabled = enabled.unwrap_or(true);
    let experience = Experience {
        id: id::dated("exp", clock::now())?,
        name,
        placement,
        enabled,
        priority,
        audience_id,
        holdout,
        variants,
    };
    experience
        .check()
        .map_err(|message| Error::new(Code::InvalidDefinition, message))?;
    store::insert(&app.database, space_id, &experience, clock::now()).await?;
    app.sources.reload(&app.database).await?;
    Ok((StatusCode::CREATED, Json(experience)))
}
