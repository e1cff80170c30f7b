//! What a request to the edge can fail with: one closed list, each with its status and its words.

use cdp_core::wire::{MAX_BATCH_BYTES, WireError};
use serde_json::json;

use crate::http::Response;

/// The aggregator cannot take it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    /// Seconds after which to try again.
    pub retry_after: u32,
    /// A short word: `aggregator_unreachable`, `overloaded`, `storage_full`.
    pub code: &'static str,
}

/// Why a request as a whole is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EdgeError {
    /// No such path.
    NotFound,
    /// The path takes another method.
    MethodNotAllowed,
    /// No write key anywhere in the request.
    NoWriteKey,
    /// No source has this write key.
    UnknownWriteKey,
    /// The user token does not show who asks.
    UserToken(String),
    /// The source does not take events from this origin.
    OriginNotAllowed(String),
    /// The body, decompressed, is larger than a batch may be.
    TooLarge,
    /// The body cannot be decompressed.
    BadCompression(String),
    /// The body cannot be read.
    BadBody(WireError),
    /// The body asks for something that cannot be answered.
    BadRequest(String),
    /// The source is switched off.
    SourceDisabled,
    /// Too many events in too short a time.
    RateLimited {
        /// Seconds after which to try again.
        retry_after: u32,
    },
    /// Not now.
    Unavailable(Unavailable),
    /// The site whose pages this edge passes on gives no answer.
    NoPage {
        /// Whether it was waited for.
        late: bool,
    },
    /// How the site is named cannot be.
    PagesNotSetUp(String),
}

impl From<Unavailable> for EdgeError {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

impl From<WireError> for EdgeError {
    fn from(error: WireError) -> Self {
        Self::BadBody(error)
    }
}

impl EdgeError {
    pub(crate) fn parts(&self) -> (u16, &'static str, String) {
        match self {
            Self::NotFound => (404, "not_found", "there is nothing at this path: events go to POST /v1/batch".to_owned()),
            Self::MethodNotAllowed => (405, "method_not_allowed", "this path takes POST".to_owned()),
            Self::NoWriteKey => (
                401,
                "no_write_key",
                "the request has no write key: send it as \"writeKey\" in the body, as the user of Basic auth, as a bearer token for OFREP, or as ?writeKey=".to_owned(),
            ),
            Self::UnknownWriteKey => {
                (401, "unknown_write_key", "no source has this write key: copy it from the source's page in the dashboard".to_owned())
            }
            Self::UserToken(message) => (401, "invalid_user_token", message.clone()),
            Self::OriginNotAllowed(origin) => (
                403,
                "origin_not_allowed",
                format!("the source does not take events from {origin}: add it to the source's allowed origins"),
            ),
            Self::TooLarge => (413, "too_large", format!("a batch may have {MAX_BATCH_BYTES} bytes after decompression: send fewer events at a time")),
            Self::BadCompression(detail) => (400, "bad_compression", format!("the body cannot be decompressed ({detail}): send gzip, deflate, br, zstd or plain JSON")),
            Self::BadBody(error @ (WireError::TooMany(_) | WireError::TooMuchInCommon { .. })) => (413, "too_large", error.to_string()),
            Self::BadBody(error) => (400, "bad_body", error.to_string()),
            Self::BadRequest(message) => (400, "bad_request", message.clone()),
            Self::SourceDisabled => {
                (403, "source_disabled", "the source is switched off: switch it on with PATCH /api/v1/sources/{id} {\"enabled\":true}".to_owned())
            }
            Self::RateLimited { retry_after } => (
                429,
                "rate_limited",
                format!("more events than the source takes in this time: send this again after {retry_after} seconds, nothing was lost; the source's rate_limits say how many"),
            ),
            Self::Unavailable(unavailable) => {
                (503, unavailable.code, format!("not taken: send it again after {} seconds, nothing was lost", unavailable.retry_after))
            }
            Self::NoPage { late: false } => (502, "no_page", "the site behind this address cannot be reached: try again in a moment".to_owned()),
            Self::NoPage { late: true } => (504, "no_page", "the site behind this address takes too long to answer: try again in a moment".to_owned()),
            Self::PagesNotSetUp(message) => (500, "pages_not_set_up", message.clone()),
        }
    }

    /// The answer that says so.
    #[must_use]
    pub fn response(&self) -> Response {
        let (status, code, message) = self.parts();
        // Python clients read code and message where Segment's own API has them, and take an answer
        // without them for a broken network: they would send again what can never be taken.
        let body = json!({"error": {"code": code, "message": message, "details": {}}, "code": code, "message": message});
        self.with_headers(Response::json(status, &body))
    }

    /// An answer that says so in other words, with the headers that belong to it.
    pub(crate) fn with_headers(&self, response: Response) -> Response {
        match self {
            Self::Unavailable(Unavailable { retry_after, .. })
            | Self::RateLimited { retry_after } => {
                response.with("retry-after", retry_after.to_string())
            }
            Self::NoWriteKey | Self::UnknownWriteKey => {
                // A scheme that no browser knows: for Basic, a page's visitors would be asked for a password.
                response.with("www-authenticate", "WriteKey")
            }
            _ => response,
        }
    }
}
