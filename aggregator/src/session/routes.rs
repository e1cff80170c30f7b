//! HTTP of sessions: the ways in, who one is, and the way out.

use axum::Extension;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::header::{SET_COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::net::IpAddr;

use cdp_core::time::Timestamp;

use super::{NewSession, Origin, cookie, store};
use crate::access::{Actor, Caller, Scopes};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::http::api::Api;
use crate::http::caller;
use crate::http::context::Shared;
use crate::http::contract::{Answered, Answers, Description, Takes};
use crate::http::json::Json;
use crate::http::page::{List, Page};
use crate::member::{Member, View, account, link};
use crate::workspace::Space;
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
        .fails(&[Code::InvalidDefinition, Code::TooManyRequests])
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
    ).fails(&[Code::TooManyRequests])
    .secret()
    .post(
        "/session/token",
        "Begin a browser's session that acts as a token",
        json!({"token": "hwt_…"}),
        sign_in_as_token,
    ).fails(&[Code::TooManyRequests])
    .secret()
    .post(
        "/setup",
        "Make the first owner, with the link that the first start prints",
        json!({"token": "hwl_…", "name": "Ada", "email": "ada@example.com", "password": "some words in a row"}),
        set_up,
    ).fails(&[Code::InvalidDefinition, Code::Conflict, Code::TooManyRequests])
    .secret()
    .post(
        "/join",
        "Become a member by an invitation's link, or take a new password by a reset link",
        json!({"token": "hwl_…", "name": "Ada", "password": "some words in a row"}),
        join,
    ).fails(&[Code::InvalidDefinition, Code::Conflict, Code::TooManyRequests])
    .secret()
    .post_to_read(
        "/join/check",
        "For whom a link is, before it is used",
        json!({"token": "hwl_…"}),
        check,
    ).fails(&[Code::TooManyRequests])
    .secret()
}

/// From where a browser calls.
pub(crate) struct Browser {
    pub(crate) secure: bool,
    pub(crate) address: Option<IpAddr>,
    pub(crate) origin: Origin,
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

impl Takes for Browser {
    fn takes(_: &mut Description<'_>) {}
}

/// The answer that begins a session; the audit log hears who came.
pub(crate) struct Begun<T> {
    actor: Actor,
    cookie: HeaderValue,
    body: T,
}

impl<T: Serialize> IntoResponse for Begun<T> {
    fn into_response(self) -> Response {
        let headers = [(SET_COOKIE, self.cookie)];
        (Extension(self.actor), headers, Json(self.body)).into_response()
    }
}

impl<T: JsonSchema> Answers for Begun<T> {
    fn answers(description: &mut Description<'_>) {
        description.answer::<T>(200);
        if let Some(answered) = description.answers.last_mut() {
            answered.header = Some(("Set-Cookie", "The session."));
        }
    }
}

/// The answer that ends a session.
struct Ended {
    cookie: HeaderValue,
}

impl IntoResponse for Ended {
    fn into_response(self) -> Response {
        (StatusCode::NO_CONTENT, [(SET_COOKIE, self.cookie)]).into_response()
    }
}

impl Answers for Ended {
    fn answers(description: &mut Description<'_>) {
        description.answers.push(Answered {
            status: StatusCode::NO_CONTENT.as_u16(),
            content: Vec::new(),
            header: Some(("Set-Cookie", "Takes the session away.")),
        });
    }
}

/// Who has signed in.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Welcome {
    member: View,
}

/// The answer to somebody whose session has begun.
pub(crate) fn welcome(
    member: &Member,
    session: &NewSession,
    browser: &Browser,
) -> Result<Begun<Welcome>> {
    Ok(Begun {
        actor: Actor::member(member),
        cookie: cookie::give(&session.secret, browser.secure)?,
        body: Welcome {
            member: View::from(member),
        },
    })
}

/// A token without its secret.
#[derive(Serialize, JsonSchema)]
struct NamedToken {
    id: String,
    name: String,
}

impl From<&Actor> for NamedToken {
    fn from(actor: &Actor) -> Self {
        Self {
            id: actor.id.clone(),
            name: actor.name.clone(),
        }
    }
}

/// The token as which a session acts.
#[derive(Serialize, JsonSchema)]
struct AsToken {
    token: NamedToken,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Credentials {
    email: String,
    password: String,
}

async fn sign_in(
    State(app): State<Shared>,
    browser: Browser,
    Json(given): Json<Credentials>,
) -> Result<Begun<Welcome>> {
    let credentials = (given.email.as_str(), given.password.as_str());
    let (member, session) =
        account::sign_in(&app, credentials, browser.address, &browser.origin).await?;
    welcome(&member, &session, &browser)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LinkSecret")]
struct Secret {
    token: String,
}

async fn sign_in_as_token(
    State(app): State<Shared>,
    browser: Browser,
    Json(given): Json<Secret>,
) -> Result<Begun<AsToken>> {
    let (actor, session) = account::sign_in_as_token(&app, &given.token, &browser.origin).await?;
    let token = NamedToken::from(&actor);
    Ok(Begun {
        actor,
        cookie: cookie::give(&session.secret, browser.secure)?,
        body: AsToken { token },
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FirstOwner")]
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
) -> Result<Begun<Welcome>> {
    let who = (
        given.name.as_str(),
        given.email.as_str(),
        given.password.as_str(),
    );
    let (member, session) = account::set_up(&app, &given.token, who, &browser.origin).await?;
    welcome(&member, &session, &browser)
}

#[derive(Deserialize, JsonSchema)]
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
) -> Result<Begun<Welcome>> {
    let who = (given.name.as_str(), given.password.as_str());
    let (member, session) = account::join(&app, &given.token, who, &browser.origin).await?;
    welcome(&member, &session, &browser)
}

/// For whom a link is.
#[derive(Serialize, JsonSchema)]
struct LinkView {
    kind: String,
    email: String,
    role: &'static str,
    ends_at: Timestamp,
}

async fn check(State(app): State<Shared>, Json(given): Json<Secret>) -> Result<Json<LinkView>> {
    let link = link::find(&app.database, &given.token).await?;
    Ok(Json(LinkView {
        kind: link.kind,
        email: link.email,
        role: link.role.as_str(),
        ends_at: link.ends_at,
    }))
}

/// Who calls, and what they may do.
#[derive(Serialize, JsonSchema)]
struct Who {
    member: Option<View>,
    token: Option<NamedToken>,
    scopes: Scopes,
    space_id: String,
    spaces: Vec<Space>,
}

async fn who(caller: Caller, State(app): State<Shared>) -> Result<Json<Who>> {
    let spaces = workspace::routes::of(&app, &caller).await?;
    let token = caller.member.is_none().then_some(&caller.actor);
    Ok(Json(Who {
        member: caller.member.as_ref().map(View::from),
        token: token.map(NamedToken::from),
        scopes: caller.scopes,
        space_id: caller.space_id,
        spaces,
    }))
}

async fn sign_out(caller: Caller, State(app): State<Shared>, browser: Browser) -> Result<Ended> {
    if let Some(id) = &caller.session_id {
        let mut transaction = app.database.begin().await?;
        store::end(&mut transaction, id).await?;
        transaction.commit().await?;
        app.shown_out.tell();
    }
    Ok(Ended {
        cookie: cookie::take(browser.secure)?,
    })
}

fn member_of(caller: &Caller) -> Result<&Member> {
    caller.member.as_ref().ok_or_else(|| {
        Error::new(
            Code::Forbidden,
            "this is for members: a token has no password and no sessions of its own",
        )
    })
}

#[derive(Deserialize, JsonSchema)]
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
) -> Result<Begun<Welcome>> {
    let member = member_of(&caller)?;
    let passwords = (given.current.as_str(), given.new.as_str());
    let from = (browser.address, &browser.origin);
    let session = account::change_password(&app, member, passwords, from).await?;
    welcome(member, &session, &browser)
}

async fn list(
    caller: Caller,
    State(app): State<Shared>,
    page: Page,
) -> Result<Json<List<store::Listed>>> {
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
