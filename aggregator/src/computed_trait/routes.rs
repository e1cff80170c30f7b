//! HTTP of computed traits.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use cdp_core::computed_trait::Definition;
use serde_json::{Value, json};

use super::define::define;
use super::store::{self, Stored};
use crate::error::Result;
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::json::{Created, Json};
use crate::http::page::Page;

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    let example = json!({"key": "revenue", "event": "Order Completed", "aggregate": "sum", "of": "properties.revenue"});
    api.get("/computed_traits", "List computed traits", list)
        .get("/computed_traits/{id}", "Read a computed trait", read)
        .post(
            "/computed_traits",
            "Make a computed trait; events that are stored already are counted too",
            example,
            create,
        )
}

async fn list(reader: Reader, State(app): State<Shared>, page: Page) -> Result<Json<Value>> {
    let definitions =
        store::page(&app.database, reader.space_id(), page.after(), page.fetch()).await?;
    page.answer(definitions, |stored| stored.id.clone())
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
    Json(definition): Json<Definition>,
) -> Result<Created<Stored>> {
    let stored = define(&app, writer.space_id(), definition).await?;
    Ok((StatusCode::CREATED, Json(stored)))
}
