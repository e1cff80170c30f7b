//! HTTP of spaces.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{MadeSpace, Space};
use crate::access::Caller;
use crate::app::App;
use crate::error::Result;
use crate::http::api::Api;
use crate::http::context::{Shared, Writer};
use crate::http::json::{Created, Json};

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    api.post(
        "/spaces",
        "Make a space with a website source and a server source",
        json!({"name": "Staging"}),
        make,
    )
    .for_signed_in()
    .get(
        "/spaces",
        "The spaces that you may work in; pick one with the header Headwater-Space",
        list,
    )
}

/// The spaces in which a caller may work: all of them for a member, its own for a token.
pub(crate) async fn of(app: &App, caller: &Caller) -> Result<Vec<Space>> {
    let mut spaces = super::spaces(&app.database).await?;
    spaces.retain(|space| caller.member.is_some() || space.id == caller.space_id);
    Ok(spaces)
}

async fn list(caller: Caller, State(app): State<Shared>) -> Result<Json<Value>> {
    let spaces = of(&app, &caller).await?;
    Ok(Json(json!({"data": spaces, "next_cursor": null})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    name: String,
}

async fn make(
    _: Writer,
    State(app): State<Shared>,
    Json(wanted): Json<Wanted>,
) -> Result<Created<MadeSpace>> {
    let made = super::make_space(&app, &wanted.name).await?;
    Ok((StatusCode::CREATED, Json(made)))
}
