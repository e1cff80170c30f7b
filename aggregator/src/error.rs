//! The one closed list of what can go wrong, and what a caller is told of it.

use std::fmt;

use cdp_core::event::Object;
use serde_json::{Value, json};

/// What went wrong. Each code has one status, one log level and one answer to "send it again?".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Code {
    /// The request cannot be read.
    InvalidRequest,
    /// A cursor that no list gave out.
    InvalidCursor,
    /// A definition (audience, computed trait, experience) that cannot be used.
    InvalidDefinition,
    /// No token, or one that is not known.
    Unauthenticated,
    /// The edge's signature is missing, wrong, too old or was used before.
    WrongSignature,
    /// The caller lacks the scope, or a page of another site calls.
    Forbidden,
    /// Not there, or another space's.
    NotFound,
    /// No source has this write key.
    UnknownWriteKey,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// Something with this name exists already.
    Conflict,
    /// The same `Idempotency-Key` came with another request, or while the first is still running.
    IdempotencyConflict,
    /// The body is larger than allowed.
    PayloadTooLarge,
    /// Somebody tries too often; the details say when to come again.
    TooManyRequests,
    /// The request came too slowly to wait for its end.
    TooSlow,
    /// More is waiting to be stored than fits; nothing of the request was stored.
    Overloaded,
    /// The disk or the database is full; nothing of the request was stored.
    StorageFull,
    /// The database does not answer, or the server is stopping.
    Unavailable,
    /// A defect of ours.
    Internal,
}

impl Code {
    /// Every code, for the description of the API.
    pub(crate) const ALL: [Self; 18] = [
        Self::InvalidRequest,
        Self::InvalidCursor,
        Self::InvalidDefinition,
        Self::Unauthenticated,
        Self::WrongSignature,
        Self::Forbidden,
        Self::NotFound,
        Self::UnknownWriteKey,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::IdempotencyConflict,
        Self::PayloadTooLarge,
        Self::TooManyRequests,
        Self::TooSlow,
        Self::Overloaded,
        Self::StorageFull,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The word on the wire, the HTTP status, and after how many seconds it is worth trying again.
    const fn meaning(self) -> (&'static str, u16, Option<u32>) {
        match self {
            Self::InvalidRequest => ("invalid_request", 400, None),
            Self::InvalidCursor => ("invalid_cursor", 400, None),
            Self::InvalidDefinition => ("invalid_definition", 422, None),
            Self::Unauthenticated => ("unauthenticated", 401, None),
            Self::WrongSignature => ("wrong_signature", 401, None),
            Self::Forbidden => ("forbidden", 403, None),
            Self::NotFound => ("not_found", 404, None),
            Self::UnknownWriteKey => ("unknown_write_key", 404, None),
            Self::MethodNotAllowed => ("method_not_allowed", 405, None),
            Self::Conflict => ("conflict", 409, None),
            Self::IdempotencyConflict => ("idempotency_conflict", 409, None),
            Self::PayloadTooLarge => ("payload_too_large", 413, None),
            Self::TooManyRequests => ("too_many_requests", 429, Some(1)),
            Self::TooSlow => ("request_timeout", 408, Some(1)),
            Self::Overloaded => ("overloaded", 503, Some(1)),
            Self::StorageFull => ("storage_full", 503, Some(30)),
            Self::Unavailable => ("unavailable", 503, Some(5)),
            Self::Internal => ("internal", 500, None),
        }
    }

    /// The word on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        self.meaning().0
    }

    /// The HTTP status.
    pub(crate) const fn status(self) -> u16 {
        self.meaning().1
    }

    /// Seconds until it is worth trying again; `None` when trying again cannot help.
    pub(crate) const fn retry_after(self) -> Option<u32> {
        self.meaning().2
    }
}

/// A failure with its code, what to do about it, and the cause for the log.
#[derive(Debug)]
pub(crate) struct Error {
    /// Which.
    pub(crate) code: Code,
    /// For a person: what is wrong and what to do.
    pub(crate) message: String,
    /// For a program.
    pub(crate) details: Object,
    /// For the log only.
    pub(crate) cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What most functions of the server give.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failure without details.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            details: Object::new(),
            cause: None,
        }
    }

    /// The same for somebody else whom it stopped; the log has its cause already.
    pub(crate) fn told_again(&self) -> Self {
        Self {
            details: self.details.clone(),
            ..Self::new(self.code, self.message.clone())
        }
    }

    /// Not there, or another space's; both look the same on purpose.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(
            Code::NotFound,
            format!("there is no such {what} in this space"),
        )
    }

    /// A defect of ours.
    pub(crate) fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let message = "something went wrong on our side; the server's log has the details";
        Self {
            cause: Some(cause.into()),
            ..Self::new(Code::Internal, message)
        }
    }

    /// Adds a detail for programs.
    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.details.insert(key.to_owned(), value.into());
        self
    }

    /// The error envelope of the API.
    pub(crate) fn envelope(&self) -> Value {
        json!({"error": {"code": self.code.as_str(), "message": self.message, "details": self.details}})
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code.as_str(), self.message)?;
        self.cause
            .as_ref()
            .map_or(Ok(()), |cause| write!(formatter, " ({cause})"))
    }
}

impl std::error::Error for Error {}

impl From<getrandom::Error> for Error {
    fn from(error: getrandom::Error) -> Self {
        Self::internal(error)
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error)
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let (code, message) = match &error {
            sqlx::Error::Database(database) if is_full(database.code().as_deref()) => (
                Code::StorageFull,
                "the disk or the database is full: free some space; what is already stored is safe, send this again later",
            ),
            sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Io(_)
            | sqlx::Error::Tls(_) => (
                Code::Unavailable,
                "the database does not answer; nothing of this request was stored, send it again later",
            ),
            sqlx::Error::Database(database) if is_busy(database.code().as_deref()) => (
                Code::Unavailable,
                "the database is busy; nothing of this request was stored, send it again later",
            ),
            _ => return Self::internal(error),
        };
        Self {
            cause: Some(Box::new(error)),
            ..Self::new(code, message)
        }
    }
}

/// SQLite's `SQLITE_FULL`, Postgres's `disk_full`.
fn is_full(code: Option<&str>) -> bool {
    matches!(code, Some("13" | "53100"))
}

/// SQLite's `SQLITE_BUSY`; Postgres's shutdown, too many connections and serialization classes.
fn is_busy(code: Option<&str>) -> bool {
    matches!(
        code,
        Some("5" | "517" | "57P01" | "57P02" | "57P03" | "53300" | "40001" | "40P01")
    )
}
