//! HTTP of computed traits.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use cdp_core::computed_trait::Definition;
use serde_json::{Value, json};

use super::define::{change, define, remove};
use super::store::{self, Stored};
use crate::error::{Code, Error, Result};
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::contract::Unread;
use crate::http::json::{Created, Json};
use crate::http::page::{List, Page};

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    let changed = json!({"key": "revenue", "event": "Order Completed", "aggregate": "sum", "of": "properties.revenue", "within": "365d"});
    let example = json!({"key": "revenue", "event": "Order Completed", "aggregate": "sum", "of": "properties.revenue"});
    api.get("/computed_traits", "List computed traits", list)
        .get("/computed_traits/{id}", "Read a computed trait", read)
        .put(
            "/computed_traits/{id}",
            "Change a computed trait; the old definition serves until the new one has counted what is stored",
            changed,
            update,
        ).fails(&[Code::Conflict])
        .delete(
            "/computed_traits/{id}",
            "Take a computed trait away that no audience looks at",
            delete,
        ).fails(&[Code::Conflict])
        .post(
            "/computed_traits",
            "Make a computed trait; events that are stored already are counted too",
            example,
            create,
        ).fails(&[Code::Conflict])
}

async fn list(reader: Reader, State(app): State<Shared>, page: Page) -> Result<Json<List<Stored>>> {
    let definitions =
        store::page(&app.database, reader.space_id(), page.after(), page.fetch()).await?;
    page.answer(definitions, |stored| stored.public_id.clone())
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

/// Reads a definition, or says what is wrong with it.
fn read_definition(definition: Value) -> Result<Definition> {
    serde_json::from_value(definition)
        .map_err(|error| Error::new(Code::InvalidDefinition, error.to_string()))
}

async fn update(
    writer: Writer,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Unread(definition, _): Unread<Value, Definition>,
) -> Result<Json<Stored>> {
    let definition = read_definition(definition)?;
    change(&app, writer.space_id(), &id, definition)
        .await
        .map(Json)
}

async fn delete(
    writer: Writer,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    remove(&app, writer.space_id(), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn create(
    writer: Writer,
    State(app): State<Shared>,
    Unread(definition, _): Unread<Value, Definition>,
) -> Result<Created<Stored>> {
    let definition = read_definition(definition)?;
    let stored = define(&app, writer.space_id(), definition).await?;
    Ok((StatusCode::CREATED, Json(stored)))
}
