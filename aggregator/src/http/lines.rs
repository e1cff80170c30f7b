//! An answer in JSON, or as the same things line by line to take along.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use super::contract::{Answers, Description};
use super::json::Json;
use crate::error::Error;

/// `T` in JSON, or one `L` in JSON on each line.
#[derive(Debug)]
pub(crate) enum JsonOrLines<T, L> {
    Json(T),
    Lines(Vec<L>),
}

impl<T: Serialize, L: Serialize> IntoResponse for JsonOrLines<T, L> {
    fn into_response(self) -> Response {
        let lines = match self {
            Self::Json(document) => return Json(document).into_response(),
            Self::Lines(lines) => lines,
        };
        let mut text = String::new();
        for line in &lines {
            match serde_json::to_string(line) {
                Ok(line) => text.push_str(&line),
                Err(error) => return Error::from(error).into_response(),
            }
            text.push('\n');
        }
        ([(header::CONTENT_TYPE, "application/x-ndjson")], text).into_response()
    }
}

impl<T: JsonSchema, L> Answers for JsonOrLines<T, L> {
    fn answers(description: &mut Description<'_>) {
        description.answer::<T>(200);
        if let Some(answered) = description.answers.last_mut() {
            let lines =
                serde_json::json!({"type": "string", "description": "One JSON text on each line."});
            answered.content.push(("application/x-ndjson", lines));
        }
    }
}
