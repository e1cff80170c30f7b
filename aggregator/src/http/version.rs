//! Documents with versions: `ETag` tells the version that was read, `If-Match` the one that a change was written from.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::contract::{Answers, Description, Takes};
use super::json::Json;
use crate::error::{Code, Error, Result};

/// The version that a change was written from, where a header says so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IfMatch(pub(crate) Option<u32>);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Ok(Self(None));
        };
        let version = value
            .to_str()
            .ok()
            .and_then(|tag| tag.trim().trim_matches('"').parse().ok());
        let wrong = || {
            let say = "If-Match names the version that the change was written from, such as \"1\"";
            Error::new(Code::InvalidRequest, say)
        };
        version.ok_or_else(wrong).map(|version| Self(Some(version)))
    }
}

impl Takes for IfMatch {
    fn takes(description: &mut Description<'_>) {
        description.optional(
            "header",
            "If-Match",
            "The version that the change was written from, as the ETag said; it goes before the one in the body.",
            json!({"type": "string", "examples": ["\"1\""]}),
        );
        description.codes.insert(Code::InvalidRequest);
    }
}

/// A document with its version in the header `ETag`.
#[derive(Debug)]
pub(crate) struct Tagged<T> {
    pub(crate) version: i64,
    pub(crate) document: T,
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let tag = format!("\"{}\"", self.version);
        ([(header::ETAG, tag)], Json(self.document)).into_response()
    }
}

impl<T: JsonSchema> Answers for Tagged<T> {
    fn answers(description: &mut Description<'_>) {
        description.answer::<T>(200);
        if let Some(answered) = description.answers.last_mut() {
            answered.header = Some(("ETag", "The version, for If-Match."));
        }
    }
}
