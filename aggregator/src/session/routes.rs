//! HTTP of sessions: the ways in, who one is, and the way out.

use axum::Extension;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::header::{SET_COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::IpAddr;

use super::{NewSession, Origin, cookie, store};
use crate::access::{Actor, Caller};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::http::api::Api;
use crate::http::caller;
use crate::http::context::Shared;
use crate::http::json::Json;
use crate::http::page::Page;
use crate::member::{Member, View, account, link};
use crate::{clock, workspace};

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    ways_in(api.for_everybody())
        .for_signed_in()
        .get(
            "/session",
            "Who you are: member or token, what you may do, and the spaces that you may work in",
            who,
        )
        .delete("/session", "Sign out", sign_out)
        .post(
            "/session/password",
            "Take another password; your other sessions end",
            json!({"current": "the password until now", "new": "some words in a row"}),
            change_password,
        )
        .secret()
        .get("/sessions", "Your sessions", list)
        .delete("/sessions/{id}", "End one of your sessions", end)
}

fn ways_in(api: Api) -> Api {
    api.post(
        "/session",
        "Sign in with email and password; the answer sets a cookie",
        json!({"email": "ada@example.com", "password": "some words in a row"}),
        sign_in,
    )
    .secret()
    .post(
        "/session/token",
        "Begin a browser's session that acts as a token",
        json!({"token": "hwt_…"}),
        sign_in_as_token,
    )
    .secret()
    .post(
        "/setup",
        "Make the first owner, with the link that the first start prints",
        json!({"token": "hwl_…", "name": "Ada", "email": "ada@example.com", "password": "some words in a row"}),
        set_up,
    )
    .secret()
    .post(
        "/join",
        "Become a member by an invitation's link, or take a new password by a reset link",
        json!({"token": "hwl_…", "name": "Ada", "password": "some words in a row"}),
        join,
    )
    .secret()
    .post_to_read(
        "/join/check",
        "For whom a link is, before it is used",
        json!({"token": "hwl_…"}),
        check,
    )
    .secret()
}

/// From where a browser calls.
struct Browser {
    secure: bool,
    address: Option<IpAddr>,
    origin: Origin,
}

impl<S: Sync> FromRequestParts<S> for Browser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let agent = parts.headers.get(USER_AGENT);
        let agent = agent.and_then(|agent| agent.to_str().ok());
        let address = caller::of(parts);
        let kept = address.map(|address| cdp_core::address::truncated(address).to_string());
        Ok(Self {
            secure: caller::is_secure(parts),
            address,
            origin: Origin {
                agent: agent.unwrap_or_default().to_owned(),
                address: kept.unwrap_or_default(),
            },
        })
    }
}

/// The answer that begins a session; the audit log hears who came.
fn begun(actor: Actor, session: &NewSession, browser: &Browser, body: Value) -> Result<Response> {
    let mut headers = HeaderMap::new();
    headers.insert(SET_COOKIE, cookie::give(&session.secret, browser.secure)?);
    Ok((Extension(actor), headers, Json(body)).into_response())
}

fn welcome(member: &Member, session: &NewSession, browser: &Browser) -> Result<Response> {
    let body = json!({"member": View::from(member)});
    begun(Actor::member(member), session, browser, body)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    email: String,
    password: String,
}

async fn sign_in(
    State(app): State<Shared>,
    browser: Browser,
    Json(given): Json<Credentials>,
) -> Result<Response> {
    let credentials = (given.email.as_str(), given.password.as_str());
    let (member, session) =
        account::sign_in(&app, credentials, browser.address, &browser.origin).await?;
    welcome(&member, &session, &browser)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Secret {
    token: String,
}

async fn sign_in_as_token(
    State(app): State<Shared>,
    browser: Browser,
    Json(given): Json<Secret>,
) -> Result<Response> {
    let (actor, session) = account::sign_in_as_token(&app, &given.token, &browser.origin).await?;
    let body = json!({"token": {"id": actor.id, "name": actor.name}});
    begun(actor, &session, &browser, body)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Owner {
    token: String,
    name: String,
    email: String,
    password: String,
}

async fn set_up(
    State(app): State<Shared>,
    browser: Browser,
    Json(given): Json<Owner>,
) -> Result<Response> {
    let who = (
        given.name.as_str(),
        given.email.as_str(),
        given.password.as_str(),
    );
    let (member, session) = account::set_up(&app, &given.token, who, &browser.origin).await?;
    welcome(&member, &session, &browser)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Joining {
    token: String,
    #[serde(default)]
    name: String,
    password: String,
}

async fn join(
    State(app): State<Shared>,
    browser: Browser,
    Json(given): Json<Joining>,
) -> Result<Response> {
    let who = (given.name.as_str(), given.password.as_str());
    let (member, session) = account::join(&app, &given.token, who, &browser.origin).await?;
    welcome(&member, &session, &browser)
}

async fn check(State(app): State<Shared>, Json(given): Json<Secret>) -> Result<Json<Value>> {
    let link = link::find(&app.database, &given.token).await?;
    Ok(Json(
        json!({"kind": link.kind, "email": link.email, "role": link.role.as_str(), "ends_at": link.ends_at}),
    ))
}

async fn who(caller: Caller, State(app): State<Shared>) -> Result<Json<Value>> {
    let spaces = workspace::routes::of(&app, &caller).await?;
    let token = caller.member.is_none().then_some(&caller.actor);
    Ok(Json(json!({
        "member": caller.member.as_ref().map(View::from),
        "token": token.map(|token| json!({"id": token.id, "name": token.name})),
        "scopes": caller.scopes,
        "space_id": caller.space_id,
        "spaces": spaces
    })))
}

async fn sign_out(caller: Caller, State(app): State<Shared>, browser: Browser) -> Result<Response> {
    if let Some(id) = &caller.session_id {
        let mut transaction = app.database.begin().await?;
        store::end(&mut transaction, id).await?;
        transaction.commit().await?;
        app.shown_out.tell();
    }
    let mut headers = HeaderMap::new();
    headers.insert(SET_COOKIE, cookie::take(browser.secure)?);
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

fn member_of(caller: &Caller) -> Result<&Member> {
    caller.member.as_ref().ok_or_else(|| {
        Error::new(
            Code::Forbidden,
            "this is for members: a token has no password and no sessions of its own",
        )
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Passwords {
    current: String,
    new: String,
}

async fn change_password(
    caller: Caller,
    State(app): State<Shared>,
    browser: Browser,
    Json(given): Json<Passwords>,
) -> Result<Response> {
    let member = member_of(&caller)?;
    let passwords = (given.current.as_str(), given.new.as_str());
    let from = (browser.address, &browser.origin);
    let session = account::change_password(&app, member, passwords, from).await?;
    welcome(member, &session, &browser)
}

async fn list(caller: Caller, State(app): State<Shared>, page: Page) -> Result<Json<Value>> {
    let member = member_of(&caller)?;
    let current = caller.session_id.as_deref().unwrap_or_default();
    let window = (page.after(), page.fetch());
    let sessions = store::page(&app.database, &member.id, current, clock::now(), window).await?;
    page.answer(sessions, |session| session.id.clone())
}

async fn end(
    caller: Caller,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    let member = member_of(&caller)?;
    end_own(&app, member, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn end_own(app: &App, member: &Member, id: &str) -> Result<()> {
    let mut transaction = app.database.begin().await?;
    let ended = store::end_own(&mut transaction, &member.id, id).await?;
    transaction.commit().await?;
    if ended {
        app.shown_out.tell();
        return Ok(());
    }
    Err(Error::new(Code::NotFound, "you have no such session"))
}
