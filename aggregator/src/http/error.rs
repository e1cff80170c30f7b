//! How a failure is answered.

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::time::timeout;

use crate::error::{Code, Error};

/// How long a body that nobody wants may take.
const DRAIN: Duration = Duration::from_secs(2);

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match self.code {
            Code::Internal => {
                tracing::error!(error.code = self.code.as_str(), error = %self, "a request failed");
            }
            Code::StorageFull | Code::Overloaded | Code::Unavailable => {
                tracing::warn!(error.code = self.code.as_str(), error = %self, "a request was put off");
            }
            _ => tracing::debug!(error.code = self.code.as_str(), "a request was refused"),
        }
        let status =
            StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(self.envelope())).into_response();
        let told = self.details.get("retry_after").and_then(Value::as_u64);
        let usual = self.code.retry_after().map(u64::from);
        if let Some(seconds) = told.or(usual) {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == Code::Unauthenticated {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Reads a small body that nobody wants: a connection with unread bytes in it is closed, and a
/// client that goes on using it sees an error instead of our answer.
pub(crate) async fn drain(request: Request) {
    // An error means that the body is large or slow; then the connection is closed.
    let _ = timeout(DRAIN, to_bytes(request.into_body(), 64 * 1024)).await;
}

/// The refusals of the framework's own readers (of paths, of queries) in our envelope.
pub(super) async fn in_envelope(response: Response) -> Response {
    let is_text = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if response.status() != StatusCode::BAD_REQUEST || !is_text {
        return response;
    }
    let words = to_bytes(response.into_body(), 4096)
        .await
        .unwrap_or_default();
    let words = String::from_utf8_lossy(&words).into_owned();
    Error::new(Code::InvalidRequest, words).into_response()
}

/// No operation has this path.
pub(super) async fn not_found(request: Request) -> Error {
    drain(request).await;
    Error::new(
        Code::NotFound,
        "there is nothing at this path: GET /api/openapi.json lists every operation",
    )
}

/// The path exists with another method.
pub(super) async fn method_not_allowed(request: Request) -> Error {
    drain(request).await;
    Error::new(
        Code::MethodNotAllowed,
        "this path takes another method: GET /api/openapi.json lists every operation",
    )
}
