//! `Idempotency-Key`: the same write sent twice happens once, and both callers read the same answer.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sqlx::Row as _;

use super::api::Operation;
use super::context::Shared;
use super::json;
use crate::access::Caller;
use crate::clock;
use crate::database::Database;
use crate::error::{Code, Error, Result};
use crate::id;

/// Bytes of an answer that is remembered.
const MOST: usize = 1024 * 1024;
/// Characters of a key.
const LONGEST: usize = 255;

type Place = (String, String);

/// Keys whose first request is still running.
#[derive(Clone, Debug, Default)]
pub(crate) struct Running(Arc<Mutex<HashSet<Place>>>);

/// Holds a key until the request is answered, whatever happens to it.
struct Held(Running, Place);

impl Running {
    fn hold(&self, place: Place) -> Option<Held> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running
            .insert(place.clone())
            .then(|| Held(self.clone(), place))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.1);
    }
}

/// Answers a repeated write from memory; runs any other request.
pub(super) async fn remember(
    State(app): State<Shared>,
    request: Request,
    next: Next,
) -> Result<Response> {
    let key = request
        .headers()
        .get("idempotency-key")
        .and_then(|key| key.to_str().ok())
        .map(str::to_owned);
    let (Some(key), Method::POST) = (key, request.method().clone()) else {
        return Ok(next.run(request).await);
    };
    // The ways in make their own sense of a repeat: a link is used once, and a sign-in is anew each time.
    let Some(caller) = request.extensions().get::<Caller>() else {
        return Ok(next.run(request).await);
    };
    let space_id = caller.space_id.clone();
    let operation = request.extensions().get::<Arc<Operation>>();
    let secret = operation.is_none_or(|operation| operation.secret);
    if key.is_empty() || key.len() > LONGEST {
        return Err(Error::new(
            Code::InvalidRequest,
            format!("an Idempotency-Key has 1 to {LONGEST} characters"),
        ));
    }
    let conflict = |message: &str| Error::new(Code::IdempotencyConflict, message);
    let place = (space_id, key);
    let Some(_held) = app.idempotency.hold(place.clone()) else {
        return Err(conflict(
            "the first request with this Idempotency-Key is still running: wait for its answer",
        ));
    };
    let path = request.uri().path().to_owned();
    let (parts, body) = request.into_parts();
    let whole = json::whole(&app, body).await?;
    // A digest of a password could be guessed at.
    let body: &[u8] = if secret { b"" } else { &whole.bytes };
    let hash = id::digest([path.as_bytes(), b"\n", body].concat());
    match find(&app.database, &place).await? {
        Some((known, ..)) if known != hash => Err(conflict(
            "this Idempotency-Key was used with another request: use a new key",
        )),
        Some(_) if secret => Err(conflict(
            "this was done with this Idempotency-Key already, and its answer held a secret, which is not kept: look at the list, or use a new key",
        )),
        Some((_, status, body)) => Ok(answer(status, body)),
        None => {
            let response = next
                .run(Request::from_parts(parts, Body::from(whole.bytes)))
                .await;
            keep(&app.database, &place, (&hash, secret), response).await
        }
    }
}

fn answer(status: i64, body: String) -> Response {
    let status = u16::try_from(status)
        .ok()
        .and_then(|status| StatusCode::from_u16(status).ok())
        .unwrap_or(StatusCode::OK);
    let json = (
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    (
        status,
        [
            json,
            (
                header::HeaderName::from_static("idempotency-replayed"),
                HeaderValue::from_static("true"),
            ),
        ],
        body,
    )
        .into_response()
}

async fn find(
    database: &Database,
    (space_id, key): &Place,
) -> Result<Option<(String, i64, String)>> {
    let sql = "SELECT request_hash, status, body FROM idempotency WHERE space_id = $1 AND idempotency_key = $2";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(key)
        .fetch_optional(database.reader())
        .await?;
    row.map(|row| {
        Ok((
            row.try_get("request_hash")?,
            row.try_get("status")?,
            row.try_get("body")?,
        ))
    })
    .transpose()
}

/// Only what was done is remembered: a refusal may be mended and sent again under the same key.
async fn keep(
    database: &Database,
    (space_id, key): &Place,
    (hash, secret): (&str, bool),
    response: Response,
) -> Result<Response> {
    if !response.status().is_success() {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, MOST).await.map_err(Error::internal)?;
    let sql = "INSERT INTO idempotency (space_id, idempotency_key, request_hash, status, body, created_at) VALUES ($1, $2, $3, $4, $5, $6) \
               ON CONFLICT (space_id, idempotency_key) DO NOTHING";
    let text = if secret {
        String::new()
    } else {
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let mut transaction = database.begin().await?;
    let query = sqlx::query(sql)
        .bind(space_id)
        .bind(key)
        .bind(hash)
        .bind(i64::from(parts.status.as_u16()))
        .bind(text);
    query
        .bind(clock::now().as_micros())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(Response::from_parts(parts, Body::from(bytes)))
}
