//! HTTP of tokens.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::make::{self, Made, Wanted};
use super::store;
use crate::error::Result;
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::json::{Created, Json};
use crate::http::page::Page;

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    api.get(
        "/tokens",
        "List tokens: name, how the secret begins, scopes, who made it, when it was last used, when it ends",
        list,
    )
    .post(
        "/tokens",
        "Make a token with scopes that you hold yourself; its secret is told this once",
        json!({"name": "Nightly import", "scopes": ["people:read", "audiences:read"], "ends_in_days": 90}),
        create,
    )
    .secret()
    .delete("/tokens/{id}", "Take a token away; it is refused from now on", delete)
}

async fn list(reader: Reader, State(app): State<Shared>, page: Page) -> Result<Json<Value>> {
    let tokens = store::page(&app.database, reader.space_id(), page.after(), page.fetch()).await?;
    page.answer(tokens, |token| token.id.clone())
}

async fn create(
    writer: Writer,
    State(app): State<Shared>,
    Json(wanted): Json<Wanted>,
) -> Result<Created<Made>> {
    let who = (writer.actor(), writer.scopes());
    let made = make::make(&app, writer.space_id(), who, wanted).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

async fn delete(
    writer: Writer,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    make::revoke(&app, writer.space_id(), writer.scopes(), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
