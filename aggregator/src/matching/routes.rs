//! HTTP of matchings and of the suggestions that they leave.

use axum::extract::{Path, Query, State};
use cdp_core::identity::Decision;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::automatic::{self, Setting};
use super::{run, store};
use crate::error::{Code, Error, Result};
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::json::{Accepted, Json};
use crate::http::page::{List, Page};
use crate::identity::{self, Decided};

/// The least probability of a suggestion when nobody says.
const THRESHOLD: f64 = 0.9;

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    let reason = json!({"reason": "the same birthday and street"});
    api.post(
        "/identity/matching",
        "Compare what is known of people who share no identifier, in the background; pairs that reach the probability become suggestions in the place of those that nobody has answered",
        json!({"threshold": 0.9}),
        start,
    ).fails(&[Code::Conflict])
    .get(
        "/identity/matching",
        "List the matchings with how they ended and the model that was learned, youngest first",
        runs,
    )
    .get(
        "/identity/matching/automatic",
        "Whether matching merges by itself, and from which weight on the space's reviewed pairs are known to be right",
        automatic,
    )
    .put(
        "/identity/matching/automatic",
        "Have matching merge by itself from the weight on from which at least this share of pairs is right, by the pairs that were accepted and rejected; or not any more, and with \"take_back\" undo all that it merged",
        json!({"on": true, "precision": 0.95}),
        set_automatic,
    ).fails(&[Code::Conflict])
    .get(
        "/identity/suggestions",
        "List pairs that may be one person, strongest first, each with its weight field by field; ?status= is open, accepted or rejected",
        list,
    )
    .post(
        "/identity/suggestions/{id}/accept",
        "Merge the two people of a suggestion. The decision is undone like any other",
        reason.clone(),
        accept,
    ).fails(&[Code::Conflict])
    .post(
        "/identity/suggestions/{id}/reject",
        "Keep the two people of a suggestion apart, whatever evidence comes. The decision is undone like any other",
        reason,
        reject,
    ).fails(&[Code::Conflict])
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MatchingWish")]
struct Asked {
    #[serde(default = "usual")]
    threshold: f64,
}

fn usual() -> f64 {
    THRESHOLD
}

/// A matching that has begun.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MatchingStarted")]
struct Started {
    id: String,
    status: &'static str,
}

async fn start(
    writer: Writer,
    State(app): State<Shared>,
    Json(asked): Json<Asked>,
) -> Result<Accepted<Started>> {
    let id = run::start(&app, writer.space_id(), asked.threshold).await?;
    Ok(Accepted(Started {
        id,
        status: "running",
    }))
}

async fn runs(
    reader: Reader,
    State(app): State<Shared>,
    page: Page,
) -> Result<Json<List<store::Run>>> {
    // Asked first: what ends in between is not taken for interrupted.
    let runs_here = app.matching.has(reader.space_id());
    let mut runs =
        store::runs(&app.database, reader.space_id(), page.after(), page.fetch()).await?;
    for run in &mut runs {
        if run.status == "running" && !runs_here {
            "interrupted".clone_into(&mut run.status);
        }
    }
    page.answer(runs, |run| run.id.clone())
}

async fn automatic(reader: Reader, State(app): State<Shared>) -> Result<Json<Setting>> {
    automatic::setting(&app, reader.space_id()).await.map(Json)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AutomaticMatchingWish")]
struct Wanted {
    on: bool,
    precision: Option<f64>,
    #[serde(default)]
    take_back: bool,
}

async fn set_automatic(
    writer: Writer,
    State(app): State<Shared>,
    Json(wanted): Json<Wanted>,
) -> Result<Json<Setting>> {
    let space_id = writer.space_id();
    let setting = match wanted {
        Wanted {
            on: true,
            precision,
            take_back: false,
        } => automatic::turn_on(&app, space_id, precision).await?,
        Wanted {
            on: false,
            precision: None,
            take_back,
        } => automatic::turn_off(&app, space_id, take_back).await?,
        _ => {
            let say = "write either {\"on\":true,\"precision\":0.95} or {\"on\":false,\"take_back\":true}";
            return Err(Error::new(Code::InvalidRequest, say));
        }
    };
    Ok(Json(setting))
}

#[derive(Deserialize, JsonSchema)]
struct Filter {
    status: Option<String>,
}

async fn list(
    reader: Reader,
    State(app): State<Shared>,
    Query(filter): Query<Filter>,
    page: Page,
) -> Result<Json<List<store::Suggestion>>> {
    let status = filter.status.as_deref().unwrap_or("open");
    if !["open", "accepted", "rejected"].contains(&status) {
        let say = "\"status\" is open, accepted or rejected";
        return Err(Error::new(Code::InvalidRequest, say));
    }
    let behind = page.place()?.unwrap_or_else(|| (i64::MAX, String::new()));
    let found = store::page(
        &app.database,
        reader.space_id(),
        status,
        &behind,
        page.fetch(),
    )
    .await?;
    page.answer(found, |one| json!([one.weight, one.id]).to_string())
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SuggestionAnswer")]
struct Answer {
    #[serde(default)]
    reason: String,
}

async fn accept(
    writer: Writer,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Json(answer): Json<Answer>,
) -> Result<Json<Decided>> {
    decide(&app, &writer, &id, Decision::MustLink, answer.reason).await
}

async fn reject(
    writer: Writer,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Json(answer): Json<Answer>,
) -> Result<Json<Decided>> {
    decide(&app, &writer, &id, Decision::CannotLink, answer.reason).await
}

async fn decide(
    app: &Shared,
    writer: &Writer,
    id: &str,
    decision: Decision,
    reason: String,
) -> Result<Json<Decided>> {
    let suggestion = store::one(&app.database, writer.space_id(), id).await?;
    if let Some(decision_id) = &suggestion.decision_id {
        let say = format!(
            "this suggestion is {} already: undo that decision first (DELETE /api/v1/identity/decisions/{decision_id})",
            suggestion.status
        );
        return Err(Error::new(Code::Conflict, say));
    }
    let pair = [suggestion.a, suggestion.b];
    identity::decide_pair(app, writer.space_id(), pair, decision, reason)
        .await
        .map(Json)
}
