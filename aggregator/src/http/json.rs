//! JSON in and out, with the error envelope when it cannot be read.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Code, Error, Result};

/// Bytes that a body of the server API may have.
const MOST: usize = 1024 * 1024;

/// A body in JSON.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

/// Something that was made.
pub(crate) type Created<T> = (StatusCode, Json<T>);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        let bytes = body(request).await?;
        let read = serde_json::from_slice(&bytes);
        read.map(Self).map_err(|error| {
            Error::new(
                Code::InvalidRequest,
                format!("the body cannot be read as this operation's JSON: {error}"),
            )
        })
    }
}

/// The whole body, if it is not too large.
pub(super) async fn body(request: Request) -> Result<axum::body::Bytes> {
    let too_large = |_| {
        Error::new(
            Code::PayloadTooLarge,
            format!("a body may have {MOST} bytes here: send less at a time"),
        )
    };
    to_bytes(request.into_body(), MOST).await.map_err(too_large)
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}
