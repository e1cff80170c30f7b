//! HTTP of the news of withdrawals.

use axum::extract::State;

use super::store;
use crate::error::Result;
use crate::http::api::Api;
use crate::http::context::{Reader, Shared};
use crate::http::json::Json;
use crate::http::page::{List, Page};

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    api.get(
        "/consent/news",
        "What people took back and which audiences they left with it, oldest first: what destinations have to hear",
        list,
    )
}

async fn list(
    reader: Reader,
    State(app): State<Shared>,
    page: Page,
) -> Result<Json<List<store::News>>> {
    let (after, limit) = (page.after(), page.fetch());
    let news = store::news(&app.database, reader.space_id(), after, limit).await?;
    page.answer(news, |one| one.id.clone())
}
