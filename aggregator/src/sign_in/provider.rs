//! Talking with the provider: what it says of itself, its keys, and what it gives for a code. What it says is kept for an
//! hour; its keys are read again where a token names one that is not known.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderValue, Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::attempt::Attempt;
use super::jws::{self, Doubt, Key};
use super::settings::Settings;
use super::token::{self, Expected, Identity, Person};
use crate::clock;
use crate::error::{Code, Error, Result};
use crate::outbound::Outbound;

/// How long what the provider says of itself is believed.
const FRESH: Duration = Duration::from_secs(3600);
/// How long nobody asks again who has not answered: anybody may begin to sign in, and should not ask others through us.
const AWAY: Duration = Duration::from_secs(10);
/// Characters of a word of the provider's that is told.
const LONGEST_WORD: usize = 60;

/// What a provider says of itself.
#[derive(Clone, Debug, Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    userinfo_endpoint: Option<Url>,
    jwks_uri: Url,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Whether its answers always name it.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// A provider as it was known a while ago.
#[derive(Clone, Debug)]
struct Known {
    document: Document,
    keys: Arc<Vec<Key>>,
    at: Instant,
}

/// The provider that was asked last.
#[derive(Debug, Default)]
pub(crate) struct Providers {
    known: Mutex<Option<Known>>,
    /// Held by whoever asks; how it failed the last time.
    asking: Mutex<Option<Failed>>,
}

/// A provider that could not be used.
#[derive(Debug)]
struct Failed {
    issuer: String,
    at: Instant,
    why: String,
}

/// What the provider's answer brings in the browser's address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer<'a> {
    pub(super) code: &'a str,
    /// Who says that it has answered (RFC 9207).
    pub(super) issuer: Option<&'a str>,
}

#[derive(Deserialize)]
struct Granted {
    id_token: String,
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct Refusal {
    error: Option<String>,
}

#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    #[serde(flatten)]
    person: Person,
}

/// The provider does not answer as it should.
fn away(issuer: &str, why: &dyn std::fmt::Display) -> Error {
    tracing::warn!(why = %why, "the provider of identities cannot be used");
    Error::new(
        Code::Unavailable,
        format!(
            "the provider {issuer} cannot be used at the moment: {why}. Try again later; owners can come in by password"
        ),
    )
}

/// What it says is not believed.
fn doubted(why: &str) -> Error {
    tracing::warn!(
        why,
        "an answer of the provider of identities is not believed"
    );
    Error::new(
        Code::Forbidden,
        format!(
            "the provider's answer is not believed: {why}. Begin again, and tell an owner if it stays so"
        ),
    )
}

/// A word of the provider's, if it is one.
pub(super) fn plain(word: &str) -> &str {
    let fits = word.len() <= LONGEST_WORD
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-. ".contains(&byte));
    if fits { word } else { "an error" }
}

impl Providers {
    /// Where a browser goes to sign in.
    ///
    /// # Errors
    /// Where the provider does not answer.
    pub(super) async fn authorization(
        &self,
        outbound: &Outbound,
        settings: &Settings,
        attempt: &Attempt,
        callback: &str,
    ) -> Result<Url> {
        let known = self.known(outbound, &settings.issuer).await?;
        let mut url = known.document.authorization_endpoint;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &settings.client_id)
            .append_pair("redirect_uri", callback)
            .append_pair("scope", "openid email profile")
            .append_pair("state", &attempt.state)
            .append_pair("nonce", &attempt.nonce)
            .append_pair("code_challenge", &attempt.challenge())
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Who somebody is, by the code that the provider's answer brought.
    ///
    /// # Errors
    /// Where the provider does not answer, or is not believed.
    pub(super) async fn identify(
        &self,
        outbound: &Outbound,
        settings: &Settings,
        attempt: &Attempt,
        (answer, callback): (Answer<'_>, &str),
    ) -> Result<Identity> {
        let known = self.known(outbound, &settings.issuer).await?;
        let document = &known.document;
        let named = answer.issuer;
        let must = document.authorization_response_iss_parameter_supported;
        if named.map_or(must, |named| named != settings.issuer) {
            return Err(doubted("it does not come from the provider that was asked"));
        }
        let request = exchanging(document, settings, attempt, (answer.code, callback))?;
        let granted = exchange(outbound, document, settings, request).await?;
        let claims = match jws::verified(&granted.id_token, &known.keys) {
            Err(Doubt::UnknownKey) => {
                let renewed = self.renew(outbound, &settings.issuer).await;
                let renewed = renewed.map_err(|why| away(&settings.issuer, &why))?;
                jws::verified(&granted.id_token, &renewed.keys)
            }
            other => other,
        };
        let claims = claims.map_err(|doubt| doubted(doubt.words()))?;
        let expected = Expected {
            issuer: &settings.issuer,
            client_id: &settings.client_id,
            nonce: &attempt.nonce,
            now: clock::now(),
        };
        let mut identity = token::identity(&claims, expected).map_err(doubted)?;
        let told = identity.person.email.is_some() && identity.person.email_verified.is_some();
        if let (false, Some(url), Some(access)) =
            (told, &document.userinfo_endpoint, &granted.access_token)
        {
            identity.person = person(outbound, settings, url, (access, &identity)).await?;
        }
        Ok(identity)
    }

    /// Sees that a provider can be used.
    ///
    /// # Errors
    /// Says why not.
    pub(super) async fn check(
        &self,
        outbound: &Outbound,
        issuer: &str,
    ) -> std::result::Result<(), String> {
        self.renew(outbound, issuer).await.map(drop)
    }

    async fn known(&self, outbound: &Outbound, issuer: &str) -> Result<Known> {
        if let Some(known) = self.fresh(issuer).await {
            return Ok(known);
        }
        let mut failed = self.asking.lock().await;
        // Somebody else may have asked while this one waited.
        if let Some(known) = self.fresh(issuer).await {
            return Ok(known);
        }
        let lately = |failed: &&Failed| failed.issuer == issuer && failed.at.elapsed() < AWAY;
        if let Some(failed) = failed.as_ref().filter(lately) {
            return Err(away(issuer, &failed.why));
        }
        match self.renew(outbound, issuer).await {
            Ok(known) => {
                *failed = None;
                Ok(known)
            }
            Err(why) => {
                let error = away(issuer, &why);
                *failed = Some(Failed {
                    issuer: issuer.to_owned(),
                    at: Instant::now(),
                    why,
                });
                Err(error)
            }
        }
    }

    /// What is known of it, if that is not too old.
    async fn fresh(&self, issuer: &str) -> Option<Known> {
        let known = self.known.lock().await.clone();
        known.filter(|known| known.document.issuer == issuer && known.at.elapsed() < FRESH)
    }

    /// Asks the provider what it says of itself, and for its keys.
    async fn renew(&self, outbound: &Outbound, issuer: &str) -> std::result::Result<Known, String> {
        let text = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let url = Url::parse(&text).map_err(|error| error.to_string())?;
        let document: Document = read(outbound, &url).await?;
        if document.issuer != issuer {
            return Err(format!(
                "it calls itself {}: write the issuer exactly so",
                document.issuer.chars().take(200).collect::<String>()
            ));
        }
        // A browser is sent there: it has to be a page of the web.
        let page = outbound.check(&document.authorization_endpoint);
        page.map_err(|error| error.to_string())?;
        let body = fetch(outbound, &document.jwks_uri).await?;
        let keys = jws::keys(&body).map_err(|error| format!("its keys cannot be read: {error}"))?;
        let known = Known {
            document,
            keys: Arc::new(keys),
            at: Instant::now(),
        };
        *self.known.lock().await = Some(known.clone());
        Ok(known)
    }
}

/// The request that exchanges a code for tokens.
fn exchanging(
    document: &Document,
    settings: &Settings,
    attempt: &Attempt,
    (code, callback): (&str, &str),
) -> Result<Request<Bytes>> {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", callback)
        .append_pair("code_verifier", &attempt.verifier);
    let mut request = Request::builder()
        .method("POST")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(ACCEPT, "application/json");
    let methods = document.token_endpoint_auth_methods_supported.as_deref();
    let takes = |method: &str| methods.is_some_and(|all| all.iter().any(|one| one == method));
    if settings.client_secret.is_empty() {
        form.append_pair("client_id", &settings.client_id);
    } else if takes("client_secret_post") && !takes("client_secret_basic") {
        form.append_pair("client_id", &settings.client_id)
            .append_pair("client_secret", &settings.client_secret);
    } else {
        let escape = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!(
            "{}:{}",
            escape(&settings.client_id),
            escape(&settings.client_secret)
        );
        request = request.header(AUTHORIZATION, format!("Basic {}", STANDARD.encode(pair)));
    }
    let body = Bytes::from(form.finish());
    request.body(body).map_err(Error::internal)
}

/// Exchanges a code for tokens.
async fn exchange(
    outbound: &Outbound,
    document: &Document,
    settings: &Settings,
    request: Request<Bytes>,
) -> Result<Granted> {
    let why = |error: &dyn std::fmt::Display| away(&settings.issuer, error);
    let reply = outbound
        .ask(&document.token_endpoint, request)
        .await
        .map_err(|error| why(&error))?;
    if reply.status == StatusCode::OK {
        return serde_json::from_slice(&reply.body).map_err(|_| doubted("it gave no token"));
    }
    if reply.status.is_client_error() {
        let told = serde_json::from_slice(&reply.body).ok();
        let word = told.and_then(|told: Refusal| told.error);
        let word = word.as_deref().map_or("no reason", plain);
        return Err(doubted(&format!(
            "it took our code for none of its own ({word})"
        )));
    }
    Err(why(&format!("it answers {}", reply.status.as_u16())))
}

/// What the provider tells of somebody beside the token.
async fn person(
    outbound: &Outbound,
    settings: &Settings,
    url: &Url,
    (access, identity): (&str, &Identity),
) -> Result<Person> {
    let bearer = HeaderValue::try_from(format!("Bearer {access}"))
        .map_err(|_| doubted("its token cannot be sent"))?;
    let request = Request::builder()
        .header(AUTHORIZATION, bearer)
        .header(ACCEPT, "application/json")
        .body(Bytes::new())
        .map_err(Error::internal)?;
    let reply = outbound.ask(url, request).await;
    let reply = reply.map_err(|error| away(&settings.issuer, &error))?;
    if reply.status != StatusCode::OK {
        let words = format!("it answers {} when asked who came", reply.status.as_u16());
        return Err(away(&settings.issuer, &words));
    }
    let known = &identity.person;
    let told: UserInfo =
        serde_json::from_slice(&reply.body).map_err(|_| doubted("it does not say who came"))?;
    if told.sub != identity.subject {
        return Err(doubted("it speaks of two different people"));
    }
    // An address and whether it is verified are told by the same voice.
    let told = told.person;
    let name = told.name.clone().or_else(|| known.name.clone());
    let person = if told.email.is_some() {
        told
    } else {
        known.clone()
    };
    Ok(Person { name, ..person })
}

async fn fetch(outbound: &Outbound, url: &Url) -> std::result::Result<Bytes, String> {
    let request = Request::builder()
        .header(ACCEPT, "application/json")
        .body(Bytes::new())
        .map_err(|error| error.to_string())?;
    let reply = outbound.ask(url, request).await;
    let reply = reply.map_err(|error| error.to_string())?;
    if reply.status != StatusCode::OK {
        let more = if reply.status.is_redirection() {
            ", and redirects are not followed"
        } else {
            ""
        };
        return Err(format!("{url} answers {}{more}", reply.status.as_u16()));
    }
    Ok(reply.body)
}

async fn read<T: DeserializeOwned>(
    outbound: &Outbound,
    url: &Url,
) -> std::result::Result<T, String> {
    let body = fetch(outbound, url).await?;
    serde_json::from_slice(&body).map_err(|error| format!("{url} cannot be read: {error}"))
}
