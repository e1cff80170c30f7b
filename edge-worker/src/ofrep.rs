//! OFREP, so that every OpenFeature client reads experiences as flags: a flag is a placement, its value
//! the decided variant's. <https://openfeature.dev/docs/reference/other-technologies/ofrep/>

use std::borrow::Cow;

use cdp_core::decision::{Decision, Experience};
use cdp_core::forward::Subject;
use cdp_core::hex::hex;
use cdp_core::source::SourceConfig;
use cdp_core::wire::DecideConsent;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::authenticate::{authenticate, bearer};
use crate::decide::{self, Caller, Unknown};
use crate::decompress;
use crate::error::EdgeError;
use crate::host::Host;
use crate::http::{Request, Response};
use crate::rate_limit;

/// Where flags are evaluated; the key of one of them may follow.
const FLAGS: &str = "/ofrep/v1/evaluate/flags";

/// The flag that a path asks for: empty for all of them; `None` when the path is no question for flags.
pub(crate) fn flag(path: &str) -> Option<Cow<'_, str>> {
    let key = path.strip_prefix(FLAGS)?;
    if key.is_empty() {
        return Some(Cow::Borrowed(""));
    }
    Some(percent_decode_str(key.strip_prefix('/')?).decode_utf8_lossy())
}

/// Why there is no evaluation.
enum Failure {
    /// As for every other endpoint.
    Edge(EdgeError),
    /// What OpenFeature has a code of its own for.
    Code(&'static str, String),
}

impl From<EdgeError> for Failure {
    fn from(error: EdgeError) -> Self {
        Self::Edge(error)
    }
}

impl Failure {
    fn context(words: impl Into<String>) -> Self {
        Self::Code("INVALID_CONTEXT", words.into())
    }

    /// The answer as providers read it; that of one flag names it.
    fn response(&self, key: &str) -> Response {
        let (status, code, words) = match self {
            Self::Code(code @ "FLAG_NOT_FOUND", words) => (404, *code, words.clone()),
            Self::Code(code, words) => (400, *code, words.clone()),
            Self::Edge(error) => {
                let (status, _, words) = error.parts();
                let code = match error {
                    EdgeError::BadBody(_) | EdgeError::BadCompression(_) => "PARSE_ERROR",
                    _ => "GENERAL",
                };
                (status, code, words)
            }
        };
        let mut body = json!({"errorCode": code, "errorDetails": words});
        if !key.is_empty() {
            body["key"] = key.into();
        }
        let response = Response::json(status, &body);
        match self {
            Self::Edge(error) => error.with_headers(response),
            Self::Code(..) => response,
        }
    }
}

/// `POST /ofrep/v1/evaluate/flags`, and the same with a key.
pub(crate) async fn answer<H: Host>(host: &H, request: &Request) -> Response {
    let key = flag(&request.path).unwrap_or_default();
    match evaluated(host, request, &key).await {
        Ok(response) => response,
        Err(failure) => failure.response(&key),
    }
}

async fn evaluated<H: Host>(host: &H, request: &Request, key: &str) -> Result<Response, Failure> {
    let (body, _room) = decompress::body(host, request)?;
    let config = authenticate(host, request, bearer(request), None).await?;
    rate_limit::admit(host, request, &config, 1)?;
    let mut context = Context::read(&body)?;
    let choices = &mut context.consent.category_preferences;
    config.policy.map(choices);
    config
        .policy
        .check_choices(choices)
        .map_err(|unknown| Failure::context(format!("context.consent: {unknown}")))?;
    let caller = Caller::new(
        request,
        &config,
        Ok(who(host, request, &config, &context)?),
        &context.consent.category_preferences,
        context.consent.gpc,
    );
    let placements = placements(&config, key)?;
    let decisions = decide::evaluate(host, &config, &caller, &placements).await;
    let mut flags = decisions
        .values()
        .map(|decision| of_decision(&config, decision));
    if key.is_empty() {
        let body = json!({"flags": flags.collect::<Vec<Value>>()});
        let etag = digest(&body);
        return Ok(Response::json(200, &body).tagged(&etag, request));
    }
    Ok(Response::json(200, &flags.next()))
}

/// What the caller says of whom it asks for. Everything else in a context is the caller's own affair.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Context {
    targeting_key: String,
    user_token: Option<String>,
    consent: DecideConsent,
}

impl Context {
    fn read(body: &[u8]) -> Result<Self, Failure> {
        let form = "{\"context\":{\"targetingKey\":\"0b1f6c3e-…\",\"consent\":{\"categoryPreferences\":{\"personalization\":true}}}}";
        let mut asked: Map<String, Value> = serde_json::from_slice(body).map_err(|error| {
            Failure::Code(
                "PARSE_ERROR",
                format!("the body cannot be read ({error}): send {form}"),
            )
        })?;
        match asked.remove("context") {
            None | Some(Value::Null) => Ok(Self::default()),
            Some(Value::Array(_)) => Err(Failure::context(format!(
                "the context is a list: send {form}"
            ))),
            Some(context) => serde_json::from_value(context).map_err(|error| {
                Failure::context(format!("the context cannot be read ({error}): send {form}"))
            }),
        }
    }
}

/// Whom a user token or the context names, or else the browser's cookie.
fn who<H: Host>(
    host: &H,
    request: &Request,
    config: &SourceConfig,
    context: &Context,
) -> Result<Subject, Failure> {
    let id = Some(context.targeting_key.as_str()).filter(|key| !key.is_empty());
    decide::who(host, request, config, context.user_token.as_deref(), id).map_err(|unknown| {
        match unknown {
            Unknown::Token(how) => EdgeError::UserToken(how).into(),
            Unknown::Guessable => Failure::context(format!("context.targetingKey: {unknown}")),
            Unknown::Nobody => Failure::Code(
                "TARGETING_KEY_MISSING",
                "send the browser's anonymous id as context.targetingKey, or a user token"
                    .to_owned(),
            ),
        }
    })
}

/// The placement that a key names, or all that there are.
fn placements(config: &SourceConfig, key: &str) -> Result<Vec<String>, Failure> {
    let mut known: Vec<String> = config
        .experiences
        .iter()
        .map(|experience| experience.placement.clone())
        .filter(|placement| key.is_empty() || placement == key)
        .collect();
    known.sort_unstable();
    known.dedup();
    if known.is_empty() && !key.is_empty() {
        let words = format!(
            "no experience has the placement \"{key}\": GET /api/v1/experiences lists those that there are"
        );
        return Err(Failure::Code("FLAG_NOT_FOUND", words));
    }
    Ok(known)
}

/// A decision as a flag. One without a variant has no value, which tells providers to use the default
/// that the program itself gives; its variant is empty, since there are providers that need the field.
fn of_decision(config: &SourceConfig, decision: &Decision) -> Value {
    let mut metadata = Map::from_iter([("why".to_owned(), decision.reasons.join("; ").into())]);
    let mut flag = Map::from_iter([
        ("key".to_owned(), decision.placement.as_str().into()),
        ("reason".to_owned(), reason(config, decision).into()),
    ]);
    if let Some(exposure) = &decision.exposure {
        // Not the decision's id: it is another one each time, and an answer that says the same is the same.
        let said = exposure.properties().into_iter();
        metadata.extend(said.filter(|(name, value)| name != "decision_id" && !value.is_null()));
    }
    flag.insert("variant".to_owned(), "".into());
    if let (Some(variant), Some(value)) = (&decision.variant, &decision.value) {
        flag.insert("variant".to_owned(), variant.as_str().into());
        // To OpenFeature null is no value: then too the program's default is shown.
        if !value.is_null() {
            flag.insert("value".to_owned(), value.clone());
        }
    }
    flag.insert("metadata".to_owned(), metadata.into());
    flag.into()
}

/// OpenFeature's word for what decided.
fn reason(config: &SourceConfig, decision: &Decision) -> &'static str {
    let mut here = config
        .experiences
        .iter()
        .filter(|experience| experience.placement == decision.placement);
    if decision.variant.is_none() {
        return if here.any(|experience| experience.enabled) {
            "DEFAULT"
        } else {
            "DISABLED"
        };
    }
    let chosen = here.find(|experience| Some(&experience.id) == decision.experience.as_ref());
    match chosen {
        Some(experience) if is_split(experience) => "SPLIT",
        Some(experience) if experience.audience_id.is_some() => "TARGETING_MATCH",
        Some(_) => "STATIC",
        None => "UNKNOWN",
    }
}

/// Whether chance has a part in what is shown.
fn is_split(experience: &Experience) -> bool {
    let weighted = experience
        .variants
        .iter()
        .filter(|variant| variant.weight > 0.0);
    experience.holdout > 0.0 || weighted.count() > 1
}

/// An entity tag that follows from the answer alone.
fn digest(body: &Value) -> String {
    let mut digits = hex(&Sha256::digest(body.to_string()));
    digits.truncate(32);
    digits
}
