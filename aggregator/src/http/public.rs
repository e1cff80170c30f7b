//! The public endpoints: the same edge as on Workers, in this process; every other path is the
//! dashboard's.

use std::sync::{Arc, PoisonError};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use cdp_core::consent::Counts;
use cdp_core::forward::{Forward, SnapshotQuery};
use cdp_core::source::SourceConfig;
use cdp_core::time::Timestamp;
use cdp_core::wire::MAX_BATCH_BYTES;
use edge_worker::{EdgeError, Host, Known, RateLimiter, Room, Taken, Unavailable};

use super::body;
use super::context::{Shared, until_acknowledged_is_seen};
use super::{caller, dashboard};
use crate::app::App;
use crate::error::{Code, Error};
use crate::{clock, id, ingest, snapshot};

/// Answers a public path, or a file of the dashboard.
pub(super) async fn or_dashboard(State(app): State<Shared>, request: Request) -> Response {
    if !edge_worker::is_public_path(request.uri().path()) {
        return dashboard::file(&request);
    }
    let (parts, body) = request.into_parts();
    let headers: Vec<(String, String)> = parts
        .headers
        .iter()
        .filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        })
        .collect();
    let secure = headers
        .iter()
        .any(|(name, value)| name == "x-forwarded-proto" && value == "https");
    let origin = parts.headers.get(header::ORIGIN).cloned();
    let whole = match body::read(body, MAX_BATCH_BYTES, &app.room).await {
        Ok(whole) => whole,
        Err(error) => return unread(error, origin),
    };
    let request = edge_worker::Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers,
        body: whole.bytes.into(),
        jurisdiction: None,
        secure,
        address: caller::of(&parts),
    };
    let answer = response(edge_worker::serve(&InProcess(app), request).await);
    drop(whole.room);
    answer
}

/// A body that was not read to its end; pages may read the answer all the same.
fn unread(error: Error, origin: Option<HeaderValue>) -> Response {
    let mut answer = if error.code == Code::PayloadTooLarge {
        response(EdgeError::TooLarge.response())
    } else {
        error.into_response()
    };
    if let Some(origin) = origin {
        answer
            .headers_mut()
            .insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        answer.headers_mut().insert(
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
    }
    answer
}

fn response(from: edge_worker::Response) -> Response {
    let mut answer = Response::new(Body::from(from.body));
    *answer.status_mut() =
        StatusCode::from_u16(from.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in from.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            answer.headers_mut().append(name, value);
        }
    }
    answer
}

/// The edge's host inside this process: no network between edge and aggregator.
struct InProcess(Arc<App>);

impl Host for InProcess {
    fn now(&self) -> Timestamp {
        clock::now()
    }

    fn random(&self) -> [u8; 16] {
        id::random().unwrap_or_else(|error| {
            // Only message ids are made of this here; without randomness the clock has to do.
            tracing::error!(%error, "the operating system gives no random bytes");
            i128::from(clock::now().as_micros()).to_le_bytes()
        })
    }

    fn limiter<T>(&self, run: impl FnOnce(&mut RateLimiter) -> T) -> T {
        run(&mut self
            .0
            .limiter
            .lock()
            .unwrap_or_else(PoisonError::into_inner))
    }

    fn room(&self, bytes: usize) -> Result<Option<Room>, Unavailable> {
        let taken = self.0.room.take(bytes);
        taken
            .map(|taken| Some(Box::new(taken) as Room))
            .map_err(|error| unavailable(&error))
    }

    async fn source(&self, write_key: &str) -> Result<Option<Arc<SourceConfig>>, Unavailable> {
        Ok(self.0.sources.by_key(write_key))
    }

    async fn forward(&self, batch: Forward) -> Result<Taken, Unavailable> {
        ingest::accept(&self.0, batch)
            .await
            .map(Taken::from)
            .map_err(|error| unavailable(&error))
    }

    async fn snapshot(&self, query: SnapshotQuery) -> Result<Known, Unavailable> {
        // Who was told that an exposure is stored is not shown the same beyond its cap.
        until_acknowledged_is_seen(&self.0).await;
        snapshot::of(&self.0, &query.space_id, &query.of)
            .await
            .map(Known::now)
            .map_err(|error| unavailable(&error))
    }

    async fn count(&self, counts: Counts) -> Result<(), Unavailable> {
        self.0
            .counting
            .add(&counts)
            .map_err(|error| unavailable(&error))
    }
}

/// To a client, a defect of ours is a reason to keep its events and to come back.
fn unavailable(error: &Error) -> Unavailable {
    if error.code == Code::Internal {
        tracing::error!(error.code = error.code.as_str(), %error, "a public request failed");
    }
    Unavailable {
        retry_after: error.code.retry_after().unwrap_or(5),
        code: error.code.as_str(),
    }
}
