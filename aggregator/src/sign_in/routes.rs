//! HTTP of signing in through a provider, and of its settings.

use axum::extract::{FromRequestParts, State};
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::attempt::{Attempt, JAR};
use super::provider::{Answer, plain};
use super::settings::{self, Settings, View, Wanted};
use super::{account, store};
use crate::access::Area;
use crate::app::App;
use crate::clock;
use crate::error::{Code, Error, Result};
use crate::http::api::Api;
use crate::http::caller;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::contract::{Answers, Description, Takes};
use crate::http::json::Json;
use crate::session::routes::{Begun, Browser, Welcome, welcome};

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    api.get(
        "/sign-in/settings",
        "The provider through which members sign in, and whom it lets in; its secret is told to nobody",
        read,
    )
    .put(
        "/sign-in/settings",
        "Let members sign in through a provider (OpenID Connect). Who the provider is, an owner says",
        json!({"name": "Example", "issuer": "https://login.example.com", "client_id": "headwater", "client_secret": "…", "domains": ["example.com"], "join_role": null, "passwords": true}),
        write,
    )
    .fails(&[Code::InvalidDefinition, Code::Conflict])
    .secret()
    .within(Area::Ownership)
    .delete(
        "/sign-in/settings",
        "Take the provider away; members come in by password",
        remove,
    )
    .fails(&[Code::NotFound])
    .for_everybody()
    .get("/sign-in", "The ways to sign in", ways)
    .post_to_read(
        "/sign-in/begin",
        "Where a browser goes to sign in with the provider; the answer sets a cookie, with which it comes back",
        json!({}),
        begin,
    )
    .fails(&[Code::NotFound, Code::TooManyRequests])
    .post(
        "/sign-in/finish",
        "Sign in with what the provider's answer brought in the address; the answer sets a cookie",
        json!({"code": "…", "state": "…", "iss": "https://login.example.com"}),
        finish,
    )
    .fails(&[Code::InvalidDefinition, Code::NotFound, Code::TooManyRequests])
    .secret()
}

/// The settings, where there are any, and what has to be told to the provider.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SignInSettings")]
struct SettingsView {
    provider: Option<View>,
    /// The address that has to be registered with the provider; `null` where the server does not know its own.
    redirect_url: Option<String>,
}

async fn read(_: Reader, State(app): State<Shared>) -> Result<Json<SettingsView>> {
    let settings = store::settings(&app.database).await?;
    Ok(Json(SettingsView {
        provider: settings.as_ref().map(View::from),
        redirect_url: app.public_url.as_ref().map(super::PublicUrl::callback),
    }))
}

async fn write(
    writer: Writer,
    State(app): State<Shared>,
    Json(wanted): Json<Wanted>,
) -> Result<Json<View>> {
    settings::write(&app, writer.scopes(), wanted)
        .await
        .map(Json)
}

async fn remove(_: Writer, State(app): State<Shared>) -> Result<StatusCode> {
    settings::remove(&app).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the door shows.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WaysIn")]
struct Ways {
    /// Whether members who are no owners may come in by password.
    passwords: bool,
    provider: Option<Named>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NamedProvider")]
struct Named {
    name: String,
}

async fn ways(State(app): State<Shared>) -> Result<Json<Ways>> {
    let settings = store::settings(&app.database).await?;
    let passwords = settings.as_ref().is_none_or(|settings| settings.passwords);
    let usable = settings.filter(|_| app.public_url.is_some());
    Ok(Json(Ways {
        passwords,
        provider: usable.map(|settings| Named {
            name: settings.name,
        }),
    }))
}

/// What it takes to use the provider.
async fn usable(app: &App) -> Result<(Settings, String)> {
    let settings = store::settings(&app.database).await?;
    let settings = settings.ok_or_else(|| {
        Error::new(
            Code::NotFound,
            "no provider is set up here: sign in with email and password",
        )
    })?;
    let callback = app.public_url.as_ref().map(super::PublicUrl::callback);
    let callback = callback.ok_or_else(|| {
        Error::new(
            Code::NotFound,
            "the server does not know its own address: whoever runs it has to start headwater serve with --public-url",
        )
    })?;
    Ok((settings, callback))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SignInBeginning")]
struct Beginning {}

/// Where to go.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SignInBegun")]
struct Place {
    url: String,
}

/// The answer with which a browser leaves for the provider.
struct Leaving {
    cookie: HeaderValue,
    place: Place,
}

impl IntoResponse for Leaving {
    fn into_response(self) -> Response {
        ([(SET_COOKIE, self.cookie)], Json(self.place)).into_response()
    }
}

impl Answers for Leaving {
    fn answers(description: &mut Description<'_>) {
        description.answer::<Place>(200);
        if let Some(answered) = description.answers.last_mut() {
            answered.header = Some(("Set-Cookie", "The sign-in that has begun."));
        }
    }
}

async fn begin(
    State(app): State<Shared>,
    browser: Browser,
    Json(Beginning {}): Json<Beginning>,
) -> Result<Leaving> {
    let (settings, callback) = usable(&app).await?;
    let attempt = Attempt::begin(&settings.issuer)?;
    let url = app
        .providers
        .authorization(&app.outbound, &settings, &attempt, &callback)
        .await?;
    Ok(Leaving {
        cookie: attempt.cookie(app.database.vault(), browser.secure)?,
        place: Place {
            url: url.to_string(),
        },
    })
}

/// What a browser has kept of the sign-in that it began.
struct Kept(Option<String>);

impl<S: Sync> FromRequestParts<S> for Kept {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        Ok(Self(JAR.read(parts, caller::is_secure(parts))))
    }
}

impl Takes for Kept {
    fn takes(_: &mut Description<'_>) {}
}

/// What the provider's answer brought in the address.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SignInAnswer")]
struct Brought {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    /// Who says that it has answered (RFC 9207).
    iss: Option<String>,
    /// Why it lets nobody in.
    error: Option<String>,
}

async fn finish(
    State(app): State<Shared>,
    browser: Browser,
    Kept(kept): Kept,
    Json(brought): Json<Brought>,
) -> Result<Begun<Welcome>> {
    app.throttle
        .attempt(browser.address, &brought.state, clock::now())?;
    let (settings, callback) = usable(&app).await?;
    let attempt = Attempt::resume(app.database.vault(), kept.as_deref(), &brought.state)?;
    app.sign_ins.is_new(&attempt)?;
    if attempt.issuer != settings.issuer {
        return Err(Error::new(
            Code::Forbidden,
            "the provider was changed meanwhile: begin again",
        ));
    }
    if let Some(error) = &brought.error {
        let words = format!("{} let nobody in ({})", settings.name, plain(error));
        return Err(Error::new(Code::Forbidden, words));
    }
    let answer = Answer {
        code: &brought.code,
        issuer: brought.iss.as_deref(),
    };
    let identity = app
        .providers
        .identify(&app.outbound, &settings, &attempt, (answer, &callback))
        .await?;
    // Only now: whoever merely begins and comes back with anything takes nobody's place.
    app.sign_ins.take(&attempt, clock::now())?;
    let (member, session) = account::enter(&app, &settings, &identity, &browser.origin).await?;
    app.throttle.succeeded(browser.address, &brought.state);
    welcome(&member, &session, &browser)
}
