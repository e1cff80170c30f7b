//! How a failure is answered.

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::error::{Code, Error};

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
        if let Some(seconds) = self.code.retry_after() {
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
pub(super) async fn drain(request: Request) {
    // An error means that the body is large; then the connection is closed.
    let _ = to_bytes(request.into_body(), 64 * 1024).await;
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
