//! HTTP of consent policies. A policy is the whole body, so that a mistake's line and column are those of
//! the file that somebody wrote.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::attempt::{Attempt, attempt};
use super::store::{self, Version};
use super::{publish, read};
use crate::error::{Code, Error, Result};
use crate::history;
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::json::{Created, Json, Text};
use crate::http::page::Page;
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
    )
    .post_to_read(
        "/consent/policy/try",
        "What a consent policy would have done with the events of the last days, and what would change",
        json!({"days": 7, "policy": policy}),
        try_out,
    )
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

async fn current(reader: Reader, State(app): State<Shared>) -> Result<Response> {
    let version = store::current(&app.database, reader.space_id()).await?;
    let tag = format!("\"{}\"", version.version);
    // Whether what there is is still being counted by an older version.
    let refolding = identity::REFOLD
        .count(&app.database, reader.space_id())
        .await?
        > 0;
    let mut answer = serde_json::to_value(version)?;
    answer["refolding"] = refolding.into();
    Ok(([(header::ETAG, tag)], Json(answer)).into_response())
}

async fn check(_reader: Reader, Text(document): Text) -> Result<Json<Value>> {
    Ok(Json(json!({"policy": read(&document)?})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trial {
    days: Option<i64>,
    /// Its text, so that mistakes have the lines that it has.
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
    headers: HeaderMap,
    Text(document): Text,
) -> Result<Created<Version>> {
    let policy = read(&document)?;
    let from_version = if_match(&headers)?.unwrap_or(policy.version);
    if from_version == 0 {
        let say = "say which version this policy was written from, so that nobody's change is lost: \"version\": 1 in the policy, or the header If-Match: \"1\"";
        return Err(Error::new(Code::InvalidRequest, say));
    }
    let version = publish(&app, writer.space_id(), policy, from_version).await?;
    Ok((StatusCode::CREATED, Json(version)))
}

/// The version that the header names.
fn if_match(headers: &HeaderMap) -> Result<Option<u32>> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(None);
    };
    let version = value
        .to_str()
        .ok()
        .and_then(|tag| tag.trim().trim_matches('"').parse().ok());
    let wrong = || {
        Error::new(
            Code::InvalidRequest,
            "If-Match names the version that the policy was written from, such as \"1\"",
        )
    };
    version.ok_or_else(wrong).map(Some)
}

async fn list(reader: Reader, State(app): State<Shared>, page: Page) -> Result<Json<Value>> {
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
