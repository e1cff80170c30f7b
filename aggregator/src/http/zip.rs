//! An answer that is a ZIP file.

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::contract::{Answered, Answers, Description};

/// The content type.
const ZIP: &str = "application/zip";

/// A ZIP file that nobody on the way keeps.
#[derive(Debug)]
pub(crate) struct Zip {
    /// The file's name.
    pub(crate) name: &'static str,
    pub(crate) body: Body,
}

impl IntoResponse for Zip {
    fn into_response(self) -> Response {
        let name = format!("attachment; filename=\"{}\"", self.name);
        let headers = [
            (header::CONTENT_TYPE, ZIP.to_owned()),
            (header::CONTENT_DISPOSITION, name),
            (header::CACHE_CONTROL, "no-store".to_owned()),
        ];
        (headers, self.body).into_response()
    }
}

impl Answers for Zip {
    fn answers(description: &mut Description<'_>) {
        let shape = serde_json::json!({"type": "string", "contentMediaType": ZIP});
        description.answers.push(Answered {
            status: 200,
            content: vec![(ZIP, shape)],
            header: None,
        });
    }
}
