//! HTTP of quarantine.

use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::replay::replay as try_again;
use super::store;
use crate::error::{Code, Error, Result};
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::json::Json;
use crate::http::page::Page;

/// Messages tried again in one request.
const MOST: usize = 500;

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    api.get(
        "/quarantine",
        "List refused messages with their reasons, youngest first",
        list,
    )
    .post(
        "/quarantine/replay",
        "Try refused messages again",
        json!({"ids": ["qrn_…"]}),
        replay,
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    ids: Vec<String>,
}

async fn list(reader: Reader, State(app): State<Shared>, page: Page) -> Result<Json<Value>> {
    let refused = store::page(&app.database, reader.space_id(), page.after(), page.fetch()).await?;
    page.answer(refused, |one| one.id.clone())
}

async fn replay(
    writer: Writer,
    State(app): State<Shared>,
    Json(which): Json<Which>,
) -> Result<Json<Value>> {
    if which.ids.is_empty() || which.ids.len() > MOST {
        return Err(Error::new(
            Code::InvalidRequest,
            format!("\"ids\" takes 1 to {MOST} ids from GET /api/v1/quarantine"),
        ));
    }
    let outcomes = try_again(&app, writer.space_id(), &which.ids).await?;
    Ok(Json(json!({"outcomes": outcomes})))
}
