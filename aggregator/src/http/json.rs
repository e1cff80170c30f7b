//! JSON in and out, with the error envelope when it cannot be read.

use std::marker::PhantomData;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::body::{self, Whole};
use super::context::Shared;
use crate::error::{Code, Error, Result};

/// Bytes that a body of the server API may have.
const MOST: usize = 1024 * 1024;

/// A body in JSON.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

/// Something that was made.
pub(crate) type Created<T> = (StatusCode, Json<T>);

/// Something that was begun and goes on in the background.
#[derive(Debug)]
pub(crate) struct Accepted<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        (StatusCode::ACCEPTED, Json(self.0)).into_response()
    }
}

impl<T: DeserializeOwned> FromRequest<Shared> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &Shared) -> Result<Self> {
        let whole = whole(app, request.into_body()).await?;
        // Otherwise a list would be taken for an object's members in the order of our code.
        if whole.bytes.trim_ascii_start().first() == Some(&b'[') {
            return Err(Error::new(
                Code::InvalidRequest,
                "the body is a list: send an object, such as the example that GET /api/openapi.json shows",
            ));
        }
        let read = serde_json::from_slice(&whole.bytes);
        read.map(Self).map_err(|error| {
            Error::new(
                Code::InvalidRequest,
                format!("the body cannot be read as this operation's JSON: {error}"),
            )
        })
    }
}

/// A body that is read as the text that it is, so that mistakes have the lines that it has; `T` is its shape.
#[derive(Debug)]
pub(crate) struct Text<T>(pub(crate) String, pub(crate) PhantomData<fn() -> T>);

impl<T> FromRequest<Shared> for Text<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &Shared) -> Result<Self> {
        let whole = whole(app, request.into_body()).await?;
        let text = String::from_utf8(whole.bytes.to_vec());
        text.map(|text| Self(text, PhantomData)).map_err(|error| {
            Error::new(
                Code::InvalidRequest,
                format!("the body is no UTF-8: {error}"),
            )
        })
    }
}

/// The whole body, if it is not too large.
pub(super) async fn whole(app: &Shared, body: Body) -> Result<Whole> {
    body::read(body, MOST, &app.room).await
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}
