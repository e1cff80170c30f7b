//! HTTP of who is who.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use cdp_core::identifier::Identifier;
use cdp_core::identity::Rules;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::decision::{self, Decided, Wish};
use super::{preview, reading, review, rules};
use crate::error::{Code, Error, Result};
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::json::{Created, Json, Text};
use crate::http::page::{List, Page, Wide};
use crate::http::version::{IfMatch, Tagged};
use crate::profile;

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    let rules = json!({
        "version": 1,
        "country": "FR",
        "kinds": [
            {"kind": "user_id", "unique": true},
            {"kind": "crm_id", "unique": true},
            {"kind": "email", "form": "email", "most": 5, "shared_above": 3},
            {"kind": "phone", "form": "phone", "most": 5, "shared_above": 3},
            {"kind": "anonymous_id", "period": {"most": 20, "days": 7}, "shared_above": 3}
        ],
        "blocked": {"defaults": true, "values": ["kiosk"], "patterns": ["*@shop.example"]},
        "conflict": "first_owner",
        "blast_radius": 1000
    });
    let pair = json!({"kind": "merge", "identifiers": ["user_id:ada", "user_id:ada.old"], "reason": "one person, two accounts"});
    api.get(
        "/identity/rules",
        "Read the identity rules in force, with their version, how many groups of identifiers are still to be resolved by them, and how far events have been read by rules that come into force after them",
        current,
    )
    .put(
        "/identity/rules",
        "Publish identity rules; \"version\" in them, or If-Match, names the newest, from which they were written. Rules that read events otherwise come into force when all have been read by them; everybody is resolved again in the background",
        rules.clone(),
        publish,
    ).fails(&[Code::Conflict])
    .post_to_read(
        "/identity/rules/check",
        "Check identity rules as a whole; every mistake is told with its line and column",
        rules,
        check,
    )
    .get(
        "/identity/rules/versions",
        "List the published identity rules, youngest first",
        versions,
    )
    .post_to_read(
        "/identity/preview",
        "What a merge, an unmerge or other rules would do: profiles with traits and audiences, before and after",
        json!({"decision": pair}),
        show,
    ).fails(&[Code::InvalidDefinition, Code::NotFound, Code::Conflict])
    .post(
        "/identity/decisions",
        "Merge two identifiers by hand, or keep them apart; this also answers a merge that is held for review",
        pair,
        decide,
    ).fails(&[Code::NotFound, Code::Conflict])
    .get(
        "/identity/decisions",
        "List what was decided of who is who, youngest first; ?automatic=true only what matching merged by itself, false only what people decided",
        list,
    )
    .delete(
        "/identity/decisions/{id}",
        "Undo a decision",
        undo,
    )
    .get(
        "/identity/quarantine",
        "Merges that are held for review because they would concern too many identifiers, with counts of all blocked evidence by reason",
        quarantine,
    )
    .post(
        "/profiles/{reference}/unmerge",
        "Part identifiers from a profile: the evidence that joins them is cut, and stays cut",
        json!({"identifiers": ["anonymous_id:a1"], "reason": "a shared tablet"}),
        unmerge,
    )
    .get(
        "/profiles/{reference}/graph",
        "A profile's identifiers, the evidence around them with counts and whether it joins, page by page, and what happened when",
        graph,
    )
}

/// The rules in force.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CurrentIdentityRules")]
struct Current {
    #[serde(flatten)]
    version: rules::Version,
    /// How many groups of identifiers are still to be resolved by them.
    resolving: i64,
}

async fn current(reader: Reader, State(app): State<Shared>) -> Result<Tagged<Current>> {
    let version = rules::current(&app.database, reader.space_id()).await?;
    let resolving = reading::resolving(&app.database, reader.space_id()).await?;
    Ok(Tagged {
        version: version.version,
        document: Current { version, resolving },
    })
}

/// Rules that may be published.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CheckedIdentityRules")]
struct Checked {
    rules: Rules,
}

async fn check(_reader: Reader, Text(document, _): Text<Rules>) -> Result<Json<Checked>> {
    let rules = rules::read(&document)?;
    Ok(Json(Checked { rules }))
}

async fn publish(
    writer: Writer,
    State(app): State<Shared>,
    IfMatch(named): IfMatch,
    Text(document, _): Text<Rules>,
) -> Result<Created<rules::Version>> {
    let draft = rules::read(&document)?;
    let from_version = named.unwrap_or(draft.version);
    let version = rules::publish(&app, writer.space_id(), draft, from_version).await?;
    Ok((StatusCode::CREATED, Json(version)))
}

async fn versions(
    reader: Reader,
    State(app): State<Shared>,
    page: Page,
) -> Result<Json<List<rules::Version>>> {
    let before = page.place()?.unwrap_or(i64::MAX);
    let found = rules::versions(&app.database, reader.space_id(), before, page.fetch()).await?;
    page.answer(found, |version| version.version.to_string())
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "IdentityQuestion")]
struct Asked {
    decision: Option<Wish>,
    /// Their text, so that mistakes have the lines that it has.
    #[schemars(with = "Option<Rules>")]
    rules: Option<Box<RawValue>>,
}

/// What would be.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "IdentityPreviewShown")]
enum Shown {
    /// By a decision.
    Decision(preview::Preview),
    /// By other rules.
    Rules(preview::OfRules),
}

async fn show(
    reader: Reader,
    State(app): State<Shared>,
    Json(asked): Json<Asked>,
) -> Result<Json<Shown>> {
    let shown = match (asked.decision, asked.rules) {
        (Some(wish), None) => {
            Shown::Decision(preview::of_wish(&app, reader.space_id(), wish).await?)
        }
        (None, Some(draft)) => {
            let draft = rules::read(draft.get())?;
            Shown::Rules(preview::of_rules(&app, reader.space_id(), &draft).await?)
        }
        _ => {
            let say = "write either {\"decision\":{\"kind\":\"unmerge\",\"profile\":\"user_id:ada\",\"identifiers\":[\"anonymous_id:a1\"]}} or {\"rules\":{…}}";
            return Err(Error::new(Code::InvalidRequest, say));
        }
    };
    Ok(Json(shown))
}

async fn decide(
    writer: Writer,
    State(app): State<Shared>,
    Json(wish): Json<Wish>,
) -> Result<Created<Decided>> {
    let decided = decision::decide(&app, writer.space_id(), wish).await?;
    Ok((StatusCode::CREATED, Json(decided)))
}

#[derive(Deserialize, JsonSchema)]
struct Which {
    automatic: Option<bool>,
}

async fn list(
    reader: Reader,
    State(app): State<Shared>,
    Query(which): Query<Which>,
    page: Page,
) -> Result<Json<List<Decided>>> {
    let (before, most) = (page.after(), page.fetch());
    let space_id = reader.space_id();
    let decisions = decision::page(&app.database, space_id, before, which.automatic, most).await?;
    page.answer(decisions, |decided| decided.id.clone())
}

async fn undo(
    writer: Writer,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Decided>> {
    decision::undo(&app, writer.space_id(), &id).await.map(Json)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "UnmergeWish")]
struct Parting {
    identifiers: Vec<Identifier>,
    #[serde(default)]
    reason: String,
}

async fn unmerge(
    writer: Writer,
    State(app): State<Shared>,
    Path(reference): Path<String>,
    Json(parting): Json<Parting>,
) -> Result<Json<Decided>> {
    let wish = Wish::Unmerge {
        profile: reference,
        identifiers: parting.identifiers,
        reason: parting.reason,
    };
    decision::decide(&app, writer.space_id(), wish)
        .await
        .map(Json)
}

/// A page of the merges that are held, and how much evidence is blocked in all.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "IdentityQuarantine")]
struct Quarantine {
    #[serde(flatten)]
    list: List<review::Held>,
    /// By reason.
    blocked: BTreeMap<String, i64>,
}

async fn quarantine(
    reader: Reader,
    State(app): State<Shared>,
    page: Page,
) -> Result<Json<Quarantine>> {
    let space_id = reader.space_id();
    let blocked = review::counts(&app.database, space_id).await?;
    let after = page.place()?.unwrap_or_default();
    let held = review::held(&app.database, space_id, &after, page.fetch()).await?;
    let Json(list) = page.answer(held, |held| json!([held.a, held.b]).to_string())?;
    Ok(Json(Quarantine { list, blocked }))
}

async fn graph(
    reader: Reader,
    State(app): State<Shared>,
    Path(reference): Path<String>,
    Wide(page): Wide,
) -> Result<Json<review::Graph>> {
    let space_id = reader.space_id();
    let mut moment = app.database.moment().await?;
    let id = profile::find_at(&mut moment, &app, space_id, &reference).await?;
    let graph = review::graph(&mut moment, space_id, &id, &page).await?;
    moment.commit().await?;
    Ok(Json(graph))
}
