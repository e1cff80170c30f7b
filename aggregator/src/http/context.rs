//! Who calls: from the token to the space, once, before any handler.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::token::{self, Scope, Token};

/// What handlers share.
pub(crate) type Shared = Arc<App>;

/// The one path where the token may stand in the address, because browsers' `EventSource` cannot
/// send headers.
const LIVE: &str = "/events/live";

/// Finds the token of a request; without one nothing of the API answers.
pub(super) async fn authenticate(
    State(app): State<Shared>,
    mut request: Request,
    next: Next,
) -> Result<Response> {
    let secret = bearer(&request).or_else(|| in_query(&request));
    match token_of(&app, secret).await {
        Ok(token) => {
            request.extensions_mut().insert(token);
            Ok(next.run(request).await)
        }
        Err(error) => {
            super::error::drain(request).await;
            Err(error)
        }
    }
}

/// How long a call of the API waits for earlier events to take effect.
const PATIENCE: Duration = Duration::from_millis(500);

/// Lets a caller see what was acknowledged before it called: whoever sends an event and then asks
/// for the profile, the quarantine or the ledger finds it there, unless the pipeline is far behind.
pub(super) async fn see_what_was_acknowledged(
    State(app): State<Shared>,
    request: Request,
    next: Next,
) -> Response {
    let end = *app.log.end().borrow();
    app.pipeline.passed(end, PATIENCE).await;
    next.run(request).await
}

async fn token_of(app: &App, secret: Option<String>) -> Result<Token> {
    let refused = |message: &str| Error::new(Code::Unauthenticated, message);
    let missing = || {
        refused(
            "this needs a token: send \"Authorization: Bearer hwt_…\", the token that headwater init printed (to /v1/spaces as the user of Basic auth)",
        )
    };
    let token = token::find(&app.database, &secret.ok_or_else(missing)?).await?;
    token.ok_or_else(|| refused("this token is not known here: check that it was copied whole"))
}

fn bearer(request: &Request) -> Option<String> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    header
        .strip_prefix("Bearer ")
        .map(|secret| secret.trim().to_owned())
}

fn in_query(request: &Request) -> Option<String> {
    if !request.uri().path().ends_with(LIVE) {
        return None;
    }
    request
        .uri()
        .query()?
        .split('&')
        .find_map(|pair| pair.strip_prefix("access_token="))
        .map(str::to_owned)
}

/// The space of a caller who may read.
#[derive(Debug)]
pub(crate) struct Reader(Token);

/// The space of a caller who may make and change.
#[derive(Debug)]
pub(crate) struct Writer(Token);

/// The space of a caller who may read and gives the token as Segment's clients do: as the user of Basic
/// auth.
#[derive(Debug)]
pub(crate) struct BasicReader(Token);

impl BasicReader {
    /// Whose data.
    pub(crate) fn space_id(&self) -> &str {
        &self.0.space_id
    }
}

impl FromRequestParts<Shared> for BasicReader {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self> {
        let token = token_of(app, basic_user(parts)).await?;
        parts.extensions.insert(token);
        with_scope(parts, Scope::Read).map(Self)
    }
}

fn basic_user(parts: &Parts) -> Option<String> {
    let header = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let decoded = STANDARD
        .decode(header.strip_prefix("Basic ")?.trim())
        .ok()?;
    let user = decoded.split(|byte| *byte == b':').next()?;
    String::from_utf8(user.to_vec()).ok()
}

impl Reader {
    /// Whose data.
    pub(crate) fn space_id(&self) -> &str {
        &self.0.space_id
    }
}

impl Writer {
    /// Whose data.
    pub(crate) fn space_id(&self) -> &str {
        &self.0.space_id
    }
}

impl<S: Sync> FromRequestParts<S> for Reader {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        with_scope(parts, Scope::Read).map(Self)
    }
}

impl<S: Sync> FromRequestParts<S> for Writer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        with_scope(parts, Scope::Write).map(Self)
    }
}

fn with_scope(parts: &Parts, scope: Scope) -> Result<Token> {
    let token = parts
        .extensions
        .get::<Token>()
        .ok_or_else(|| Error::internal("a handler runs outside of authentication"))?;
    if token.scopes.contains(&scope) {
        return Ok(token.clone());
    }
    Err(Error::new(
        Code::Forbidden,
        format!("this token lacks the scope \"{scope}\": use one that has it"),
    ))
}
