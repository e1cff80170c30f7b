//! HTTP of the keys of user tokens.

use axum::extract::State;
use axum::http::StatusCode;
use cdp_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::store;
use crate::error::{Code, Error, Result};
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::json::{Created, Json};
use crate::http::page::Page;
use crate::{clock, id};

/// How long keys hold that another replaces, unless the call says.
const USUAL_SECONDS: i64 = 24 * 3_600;
const MOST_SECONDS: i64 = 30 * 24 * 3_600;

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    api.get(
        "/user-token-keys",
        "List the keys that user tokens may be signed with, without their secrets",
        list,
    )
    .post(
        "/user-token-keys",
        "Make a key that signs user tokens; its secret is told this once, and the keys before it end after the time that is given",
        json!({"previous_valid_seconds": USUAL_SECONDS}),
        rotate,
    )
    .secret()
}

async fn list(reader: Reader, State(app): State<Shared>, page: Page) -> Result<Json<Value>> {
    let (space_id, now) = (reader.space_id(), clock::now());
    let keys = store::page(&app.database, space_id, now, page.after(), page.fetch()).await?;
    page.answer(keys, |key| key.id.clone())
}

/// What a rotation may say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    previous_valid_seconds: Option<i64>,
}

/// A key as it is told once.
#[derive(Serialize)]
struct Made {
    id: String,
    secret: String,
    created_at: Timestamp,
    /// When the keys before it end.
    previous_valid_until: Timestamp,
}

async fn rotate(
    writer: Writer,
    State(app): State<Shared>,
    Json(rotation): Json<Rotation>,
) -> Result<Created<Made>> {
    let seconds = rotation.previous_valid_seconds.unwrap_or(USUAL_SECONDS);
    if !(0..=MOST_SECONDS).contains(&seconds) {
        let words = format!(
            "\"previous_valid_seconds\" is a number of seconds from 0 to {MOST_SECONDS} (30 days)"
        );
        return Err(Error::new(Code::InvalidDefinition, words));
    }
    let now = clock::now();
    let made = Made {
        id: id::dated("utk", now)?,
        secret: id::secret("hws_")?,
        created_at: now,
        previous_valid_until: now.plus(Span::from_seconds(seconds)),
    };
    let until = made.previous_valid_until;
    let key = (made.id.as_str(), made.secret.as_str());
    store::rotate(&app.database, writer.space_id(), key, now, until).await?;
    app.sources.reload(&app.database).await?;
    Ok((StatusCode::CREATED, Json(made)))
}
