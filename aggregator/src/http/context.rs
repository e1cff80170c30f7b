//! The door of the server API: who calls, in which space, and whether the operation's scope is held. It is decided here,
//! once, before any handler.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::api::{Access, Operation};
use super::caller::is_secure;
use crate::access::{Action, Actor, Area, Caller, Scope, Scopes};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::session::cookie;
use crate::{audit, clock, member, session, token, workspace};

/// What handlers share.
pub(crate) type Shared = Arc<App>;

/// The one path where the token may stand in the address, because browsers' `EventSource` cannot
/// send headers.
const LIVE: &str = "/events/live";

/// The header with which a member picks one of the workspace's spaces.
const SPACE: &str = "headwater-space";

/// What it takes to see the data of single people.
const PEOPLE: Scope = Scope {
    area: Area::People,
    action: Action::Read,
};

/// Every operation, by method and path.
#[derive(Debug)]
pub(super) struct Operations(HashMap<(String, String), Arc<Operation>>);

impl Operations {
    /// From the list that the router was made of.
    pub(super) fn new(operations: Vec<Operation>) -> Self {
        let key = |operation: &Operation| {
            let path = format!("/api/v1{}", operation.path);
            (operation.method.to_uppercase(), path)
        };
        let pairs = operations.into_iter();
        Self(
            pairs
                .map(|operation| (key(&operation), Arc::new(operation)))
                .collect(),
        )
    }

    /// Which operation a request is.
    ///
    /// # Errors
    /// When the router knows a path that the list does not have: nobody is let in there.
    fn of(&self, parts: &Parts) -> Result<Arc<Operation>> {
        let method = match &parts.method {
            &Method::HEAD => Method::GET,
            method => method.clone(),
        };
        let path = parts.extensions.get::<MatchedPath>();
        let path = path.map(MatchedPath::as_str).unwrap_or_default();
        let found = self.0.get(&(method.to_string(), path.to_owned()));
        if let Some(operation) = found {
            return Ok(Arc::clone(operation));
        }
        if self.0.keys().any(|(_, known)| known == path) {
            return Err(Error::new(
                Code::MethodNotAllowed,
                "this path takes another method: GET /api/openapi.json lists every operation",
            ));
        }
        Err(Error::internal(format!("no operation is listed at {path}")))
    }
}

/// Lets a request in, or says why not.
pub(super) async fn let_in(
    State((app, operations)): State<(Shared, Arc<Operations>)>,
    request: Request,
    next: Next,
) -> Result<Response> {
    let (mut parts, body) = request.into_parts();
    match admit(&app, &operations, &mut parts).await {
        Ok(()) => Ok(next.run(Request::from_parts(parts, body)).await),
        Err(error) => {
            super::error::drain(Request::from_parts(parts, body)).await;
            Err(error)
        }
    }
}

/// Decides who calls which operation, and whether they may.
async fn admit(app: &App, operations: &Operations, parts: &mut Parts) -> Result<()> {
    let operation = operations.of(parts)?;
    parts.extensions.insert(Arc::clone(&operation));
    if operation.access == Access::Everybody {
        return not_from_another_site(&parts.headers, false);
    }
    let caller = caller_of(app, parts).await?;
    if let Access::Scope(scope) = operation.access {
        let held = demand(&caller, scope);
        if held.is_err() {
            audit::refused(app, parts, &operation, &caller).await;
        }
        held?;
    }
    parts.extensions.insert(caller);
    Ok(())
}

/// Who calls: with a token in a header, else with a session in a cookie.
async fn caller_of(app: &App, parts: &Parts) -> Result<Caller> {
    let bearer = bearer(&parts.headers).or_else(|| in_query(parts));
    let caller = match bearer {
        Some(secret) => with_token(app, &secret).await?,
        None => with_cookie(app, parts).await?,
    };
    in_space(app, caller, parts.headers.get(SPACE)).await
}

fn refused(message: &str) -> Error {
    Error::new(Code::Unauthenticated, message)
}

async fn with_token(app: &App, secret: &str) -> Result<Caller> {
    let found = token::find(&app.database, secret, clock::now()).await?;
    let found = found.ok_or_else(|| {
        refused("this token is not known here, or has ended: check that it was copied whole")
    })?;
    app.used.token(&app.database, &found.id, found.last_used_at);
    Ok(found.caller(None))
}

async fn with_cookie(app: &App, parts: &Parts) -> Result<Caller> {
    let Some(secret) = cookie::read(parts, is_secure(parts)) else {
        return Err(refused(
            "this needs a sign-in or a token: send \"Authorization: Bearer hwt_…\" (to /v1/spaces as the user of Basic auth)",
        ));
    };
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        not_from_another_site(&parts.headers, true)?;
    }
    let ended = || refused("this session has ended: sign in again");
    let found = session::store::find(&app.database, &secret, clock::now()).await?;
    let found = found.ok_or_else(ended)?;
    app.used.session(&app.database, &found);
    if let Some(id) = &found.token_id {
        let token = token::of_id(&app.database, id, clock::now()).await?;
        return Ok(token.ok_or_else(ended)?.caller(Some(found.id)));
    }
    let id = found.member_id.as_deref().unwrap_or_default();
    let member = member::store::of_id(&app.database, id).await?;
    let member = member.ok_or_else(ended)?;
    Ok(Caller {
        actor: Actor::member(&member),
        scopes: member.role.scopes(),
        member: Some(member),
        session_id: Some(found.id),
        space_id: String::new(),
    })
}

/// Puts a caller into a space: a token is of one, a member picks one. Another's is as if it were not there.
async fn in_space(
    app: &App,
    caller: Caller,
    wanted: Option<&axum::http::HeaderValue>,
) -> Result<Caller> {
    let wanted = wanted.map(|wanted| wanted.to_str().unwrap_or("?").to_owned());
    let missing = || Error::new(Code::NotFound, "there is no such space for you");
    if caller.member.is_none() {
        return match wanted {
            Some(wanted) if wanted != caller.space_id => Err(missing()),
            _ => Ok(caller),
        };
    }
    let space_id = match wanted {
        Some(wanted) => {
            workspace::space(&app.database, &wanted)
                .await?
                .ok_or_else(missing)?
                .id
        }
        None => workspace::first_space(&app.database).await?,
    };
    Ok(Caller { space_id, ..caller })
}

/// Refuses what a page of another site has its visitor's browser send. What no browser sends names no site: where a
/// cookie is what lets in, that is refused too.
fn not_from_another_site(headers: &HeaderMap, with_cookie: bool) -> Result<()> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let own = match (text("sec-fetch-site"), text(ORIGIN.as_str())) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => {
            let host = text(HOST.as_str()).unwrap_or_default();
            let origin = origin
                .strip_prefix("https://")
                .or(origin.strip_prefix("http://"));
            origin.is_some_and(|origin| origin.eq_ignore_ascii_case(host))
        }
        (None, None) => !with_cookie,
    };
    if own {
        return Ok(());
    }
    Err(Error::new(
        Code::Forbidden,
        "this change does not come from a page of this server: open the dashboard itself, or send a token",
    ))
}

fn demand(caller: &Caller, scope: Scope) -> Result<()> {
    if caller.scopes.contains(scope) {
        return Ok(());
    }
    let words = scope.area.words();
    let what = match scope.action {
        Action::Read => "look at",
        Action::Write => "change",
    };
    let message = format!(
        "this needs the scope \"{scope}\", to {what} {words}: ask somebody who manages members and tokens for it"
    );
    Err(Error::new(Code::Forbidden, message).with("scope", scope.to_string()))
}

/// How long a call waits for earlier events to take effect.
const PATIENCE: Duration = Duration::from_millis(500);

/// Lets a caller see what was acknowledged before it called: whoever sends an event and then asks
/// for the profile, the quarantine or the ledger finds it there, unless the pipeline is far behind.
pub(super) async fn see_what_was_acknowledged(
    State(app): State<Shared>,
    request: Request,
    next: Next,
) -> Response {
    until_acknowledged_is_seen(&app).await;
    next.run(request).await
}

/// Waits until all that was acknowledged by now has taken effect, but no longer than callers wait.
pub(super) async fn until_acknowledged_is_seen(app: &App) {
    let end = *app.log.end().borrow();
    app.pipeline.passed(end, PATIENCE).await;
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let header = headers.get(AUTHORIZATION)?.to_str().ok()?;
    header
        .strip_prefix("Bearer ")
        .map(|secret| secret.trim().to_owned())
}

fn in_query(parts: &Parts) -> Option<String> {
    if !parts.uri.path().ends_with(LIVE) {
        return None;
    }
    parts
        .uri
        .query()?
        .split('&')
        .find_map(|pair| pair.strip_prefix("access_token="))
        .map(str::to_owned)
}

/// The space of a caller who was let in to read.
#[derive(Debug)]
pub(crate) struct Reader(Caller);

/// The space of a caller who was let in to make and change.
#[derive(Debug)]
pub(crate) struct Writer(Caller);

/// The space of a caller who may look at people and gives the token as Segment's clients do: as the user of Basic
/// auth.
#[derive(Debug)]
pub(crate) struct BasicReader {
    /// Who asks.
    pub(crate) caller: Caller,
    /// From where.
    pub(crate) address: Option<IpAddr>,
}

impl FromRequestParts<Shared> for BasicReader {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self> {
        let secret = basic_user(parts).unwrap_or_default();
        let caller = with_token(app, &secret).await?;
        demand(&caller, PEOPLE)?;
        let address = super::caller::of(parts);
        Ok(Self { caller, address })
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

    /// Whether the data of single people may be shown, too.
    pub(crate) fn sees_people(&self) -> bool {
        self.0.scopes.contains(PEOPLE)
    }
}

impl Writer {
    /// Whose data.
    pub(crate) fn space_id(&self) -> &str {
        &self.0.space_id
    }

    /// What the caller may: nobody gives away more.
    pub(crate) fn scopes(&self) -> Scopes {
        self.0.scopes
    }

    /// Who changes something.
    pub(crate) fn actor(&self) -> &Actor {
        &self.0.actor
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Error::internal("a handler runs behind no door"))
    }
}

impl<S: Sync> FromRequestParts<S> for Reader {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        Caller::from_request_parts(parts, state).await.map(Self)
    }
}

impl<S: Sync> FromRequestParts<S> for Writer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        Caller::from_request_parts(parts, state).await.map(Self)
    }
}
