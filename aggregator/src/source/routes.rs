//! HTTP of sources.

use axum::extract::State;
use serde_json::Value;

use super::store;
use crate::error::Result;
use crate::http::api::Api;
use crate::http::context::{Reader, Shared};
use crate::http::json::Json;
use crate::http::page::Page;

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    api.get("/sources", "List sources with their write keys", list)
}

async fn list(reader: Reader, State(app): State<Shared>, page: Page) -> Result<Json<Value>> {
    let sources = store::page(&app.database, reader.space_id(), page.after(), page.fetch()).await?;
    page.answer(sources, |source| source.id.clone())
}
