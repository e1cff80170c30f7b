//! HTTP of consent policies. A policy is the whole body, so that a mistake's line and column are those of
//! the file that somebody wrote.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use cdp_core::consent::Policy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::attempt::{Attempt, attempt};
use super::store::{self, Version};
use super::{publish, read};
use crate::error::{Code, Error, Result};
use crate::history;
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::json::{Created, Json, Text};
use crate::http::page::{List, Page};
use crate::http::version::{IfMatch, Tagged};
use crate::identity;

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    let policy = json!({
        "version": 1,
        "purposes": ["necessary", {"name": "analytics", "label": "Analytics", "description": "Recording what visitors do."}, "advertising"],
        "uses": {
            "store": ["analytics"], "send": ["analytics"], "link": ["analytics"], "traits": ["analytics"],
            "audiences": ["analytics"], "decisions": ["analytics"], "destinations": ["advertising"]
        },
        "gpc_denies": ["advertising"],
        "default": "opt_in",
        "unknown": "opt_in",
        "jurisdictions": {"US-CA": {"regime": "opt_out", "purposes": {"advertising": "opt_in"}}},
        "categories": {"C0002": ["analytics"]}
    });
    api.get(
        "/consent/policy",
        "Read the consent policy in force, with its version",
        current,
    )
    .post_to_read(
        "/consent/policy/check",
        "Check a consent policy as a whole; every mistake is told with its line and column",
        policy.clone(),
        check,
    )
    .post(
        "/consent/policy",
        "Publish a consent policy; \"version\" in it, or If-Match, names the one it was written from",
        policy.clone(),
        make,
    ).fails(&[Code::Conflict])
    .post_to_read(
        "/consent/policy/try",
        "What a consent policy would have done with the events of the last days, and what would change",
        json!({"days": 7, "policy": policy}),
        try_out,
    ).fails(&[Code::InvalidDefinition])
    .get(
        "/consent/policies",
        "List the published consent policies, youngest first",
        list,
    )
    .get(
        "/consent/policies/{id}",
        "Read a published consent policy by its version",
        one,
    )
}

/// The policy in force.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CurrentConsentPolicy")]
struct Current {
    #[serde(flatten)]
    version: Version,
    /// Whether what there is is still being counted by an older version.
    refolding: bool,
}

/// A policy that may be published.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CheckedConsentPolicy")]
struct Checked {
    policy: Policy,
}

async fn current(reader: Reader, State(app): State<Shared>) -> Result<Tagged<Current>> {
    let version = store::current(&app.database, reader.space_id()).await?;
    // Whether what there is is still being counted by an older version.
    let refolding = identity::REFOLD
        .count(&app.database, reader.space_id())
        .await?
        > 0;
    Ok(Tagged {
        version: version.version,
        document: Current { version, refolding },
    })
}

async fn check(_reader: Reader, Text(document, _): Text<Policy>) -> Result<Json<Checked>> {
    let policy = read(&document)?;
    Ok(Json(Checked { policy }))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ConsentTrialWish")]
struct Trial {
    days: Option<i64>,
    /// Its text, so that mistakes have the lines that it has.
    #[schemars(with = "Policy")]
    policy: Box<RawValue>,
}

async fn try_out(
    reader: Reader,
    State(app): State<Shared>,
    Json(asked): Json<Trial>,
) -> Result<Json<Attempt>> {
    let draft = read(asked.policy.get())?;
    let since = history::since(asked.days)?;
    attempt(&app, reader.space_id(), draft, since)
        .await
        .map(Json)
}

async fn make(
    writer: Writer,
    State(app): State<Shared>,
    IfMatch(named): IfMatch,
    Text(document, _): Text<Policy>,
) -> Result<Created<Version>> {
    let policy = read(&document)?;
    let from_version = named.unwrap_or(policy.version);
    if from_version == 0 {
        let say = "say which version this policy was written from, so that nobody's change is lost: \"version\": 1 in the policy, or the header If-Match: \"1\"";
        return Err(Error::new(Code::InvalidRequest, say));
    }
    let version = publish(&app, writer.space_id(), policy, from_version).await?;
    Ok((StatusCode::CREATED, Json(version)))
}

async fn list(
    reader: Reader,
    State(app): State<Shared>,
    page: Page,
) -> Result<Json<List<Version>>> {
    let before = page.place()?.unwrap_or(i64::MAX);
    let versions = store::versions(&app.database, reader.space_id(), before, page.fetch()).await?;
    page.answer(versions, |version| version.version.to_string())
}

async fn one(
    reader: Reader,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Version>> {
    let number: i64 = id
        .parse()
        .map_err(|_| Error::not_found("version of the consent policy"))?;
    store::version(&app.database, reader.space_id(), number)
        .await
        .map(Json)
}
