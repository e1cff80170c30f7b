//! HTTP of sources.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::json;

use super::change::{self, Change, Wanted};
use super::store::{self, Source};
use crate::error::{Code, Result};
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::json::{Created, Json};
use crate::http::page::{List, Page};

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    let api = api.get("/sources", "List sources with their write keys", list);
    let api = api.post(
        "/sources",
        "Make a source (kind: website, app, server, import); the answer has its write key",
        json!({
            "name": "Shop", "kind": "website", "allowed_origins": ["https://*.example.org"],
            "collection": {"bots": "drop", "ip": "truncate", "rate_limits": {"address": {"events_per_second": 100, "burst": 1000}}}
        }),
        make,
    ).fails(&[Code::InvalidDefinition]);
    let api = api.get("/sources/{id}", "A source", read);
    let api = api.patch(
        "/sources/{id}",
        "Change a source: name, enabled, allowed_origins, consent_basis, and what it collects; what is absent stays",
        json!({"enabled": true, "allowed_origins": ["https://shop.example"], "collection": {"bots": "flag", "ip": "drop"}}),
        update,
    ).fails(&[Code::InvalidDefinition]);
    api.post(
        "/sources/{id}/rotate",
        "Give a source another write key; the one before is refused from now on",
        json!({}),
        rotate,
    )
}

async fn list(reader: Reader, State(app): State<Shared>, page: Page) -> Result<Json<List<Source>>> {
    let sources = store::page(&app.database, reader.space_id(), page.after(), page.fetch()).await?;
    page.answer(sources, |source| source.id.clone())
}

async fn make(
    writer: Writer,
    State(app): State<Shared>,
    Json(wanted): Json<Wanted>,
) -> Result<Created<Source>> {
    let source = change::make(&app, writer.space_id(), wanted).await?;
    Ok((StatusCode::CREATED, Json(source)))
}

async fn read(
    reader: Reader,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Source>> {
    change::one(&app, reader.space_id(), &id).await.map(Json)
}

async fn update(
    writer: Writer,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Json(change): Json<Change>,
) -> Result<Json<Source>> {
    change::change(&app, writer.space_id(), &id, change)
        .await
        .map(Json)
}

async fn rotate(
    writer: Writer,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Source>> {
    change::rotate(&app, writer.space_id(), &id).await.map(Json)
}
