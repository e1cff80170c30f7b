//! An answer in JSON, or as the same things line by line to take along.

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::contract::{Answered, Answers, Description};
use super::json::Json;
use crate::error::Error;

/// The content type of lines of JSON.
const LINES: &str = "application/x-ndjson";

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
        ([(header::CONTENT_TYPE, LINES)], text).into_response()
    }
}

/// Lines of JSON that a browser keeps as a file.
#[derive(Debug)]
pub(crate) struct Download {
    /// The file's name.
    pub(crate) name: &'static str,
    pub(crate) lines: Body,
}

impl IntoResponse for Download {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, LINES.to_owned()),
            (
                header::CONTENT_DISPOSITION,
                format!("attachment; filename=\"{}\"", self.name),
            ),
        ];
        (headers, self.lines).into_response()
    }
}

impl Answers for Download {
    fn answers(description: &mut Description<'_>) {
        description.answers.push(Answered {
            status: 200,
            content: vec![lines()],
            header: None,
        });
    }
}

/// How lines are described.
fn lines() -> (&'static str, serde_json::Value) {
    let shape = json!({"type": "string", "description": "One JSON text on each line."});
    (LINES, shape)
}

impl<T: JsonSchema, L> Answers for JsonOrLines<T, L> {
    fn answers(description: &mut Description<'_>) {
        description.answer::<T>(200);
        if let Some(answered) = description.answers.last_mut() {
            answered.content.push(lines());
        }
    }
}
