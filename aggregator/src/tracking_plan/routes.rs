//! HTTP of tracking plans.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use cdp_core::time::Timestamp;
use cdp_core::tracking_plan::Plan;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::attempt::{Attempt, attempt};
use super::store::{self, Draft, Version};
use super::violations::{self, Filter};
use super::{define, infer};
use crate::clock;
use crate::error::{Code, Error, Result};
use crate::history::{self, Reading};
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::contract::Unread;
use crate::http::json::{Created, Json};
use crate::http::page::{List, Page};

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    let plan = json!({"unplanned": "flag", "events": [{
        "type": "track", "event": "Order Completed", "on_violation": "quarantine",
        "schema": {"type": "object", "required": ["total"], "properties": {"total": {"type": "number"}}}
    }]});
    api.get(
        "/tracking-plan",
        "Read the published tracking plan and the draft",
        read,
    )
    .put(
        "/tracking-plan/draft",
        "Write the draft, checked as a whole",
        plan.clone(),
        save,
    )
    .delete("/tracking-plan/draft", "Discard the draft", discard)
    .fails(&[Code::NotFound])
    .post(
        "/tracking-plan/infer",
        "Make a draft from the stored events of the last days",
        json!({"days": 7, "replace_draft": false}),
        make_draft,
    )
    .fails(&[Code::Conflict])
    .post_to_read(
        "/tracking-plan/try",
        "What the draft, a version or a plan would have done with the events of the last days",
        json!({"days": 7, "plan": plan}),
        try_out,
    )
    .fails(&[Code::InvalidDefinition, Code::NotFound])
    .post(
        "/tracking-plan/publish",
        "Publish the draft, or bring an older version back",
        json!({"version": 1}),
        publish,
    )
    .fails(&[Code::Conflict, Code::InvalidDefinition, Code::NotFound])
    .get(
        "/tracking-plan/versions",
        "List the published versions, youngest first",
        versions,
    )
    .get(
        "/tracking-plan/versions/{id}",
        "Read a published version",
        version,
    )
    .get(
        "/tracking-plan/violations",
        "List violations with counts and samples, commonest first; ?days=&version=&type=&event=",
        list,
    )
}

/// What holds, and what is being written.
#[derive(Serialize, JsonSchema)]
struct TrackingPlan {
    published: Option<Version>,
    draft: Option<Draft>,
}

async fn read(reader: Reader, State(app): State<Shared>) -> Result<Json<TrackingPlan>> {
    let published = store::published(&app.database, reader.space_id()).await?;
    let draft = store::draft(&app.database, reader.space_id()).await?;
    Ok(Json(TrackingPlan { published, draft }))
}

async fn save(
    writer: Writer,
    State(app): State<Shared>,
    Unread(body, _): Unread<Value, Plan>,
) -> Result<Json<Draft>> {
    // What was read is kept, with every field that a caller left away.
    let plan = define::read(&body)?;
    let draft = Draft {
        updated_at: clock::now(),
        plan: serde_json::to_value(plan)?,
    };
    store::save_draft(&app.database, writer.space_id(), &draft, true).await?;
    Ok(Json(draft))
}

async fn discard(writer: Writer, State(app): State<Shared>) -> Result<StatusCode> {
    match store::discard_draft(&app.database, writer.space_id()).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Error::not_found("draft of a tracking plan")),
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "InferenceWish")]
struct Inference {
    days: Option<i64>,
    #[serde(default)]
    replace_draft: bool,
}

/// A draft that was made from events.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "InferredDraft")]
struct Inferred {
    draft: Draft,
    /// What to look at before it is published.
    notes: Vec<String>,
    /// What it was made from.
    read: Reading,
}

async fn make_draft(
    writer: Writer,
    State(app): State<Shared>,
    Json(asked): Json<Inference>,
) -> Result<Json<Inferred>> {
    let space_id = writer.space_id();
    let there =
        "there is a draft already: publish or discard it first, or send \"replace_draft\": true";
    let occupied = || Error::new(Code::Conflict, there);
    if !asked.replace_draft && store::draft(&app.database, space_id).await?.is_some() {
        return Err(occupied());
    }
    let known = store::published(&app.database, space_id).await?;
    let known = known
        .map(|version| define::read(&version.plan))
        .transpose()?;
    let (inferred, reading) =
        infer::infer(&app, space_id, history::since(asked.days)?, known.as_ref()).await?;
    let draft = Draft {
        updated_at: clock::now(),
        plan: serde_json::to_value(&inferred.plan)?,
    };
    if !store::save_draft(&app.database, space_id, &draft, asked.replace_draft).await? {
        return Err(occupied());
    }
    Ok(Json(Inferred {
        draft,
        notes: inferred.notes,
        read: reading,
    }))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TrackingPlanTrialWish")]
struct Trial {
    days: Option<i64>,
    version: Option<i64>,
    #[schemars(with = "Option<Plan>")]
    plan: Option<Value>,
}

async fn try_out(
    reader: Reader,
    State(app): State<Shared>,
    Json(asked): Json<Trial>,
) -> Result<Json<Attempt>> {
    let space_id = reader.space_id();
    let since = history::since(asked.days)?;
    let (body, version) = match (asked.plan, asked.version) {
        (Some(plan), None) => (plan, 0),
        (None, Some(version)) => {
            let version = store::version(&app.database, space_id, version).await?;
            (version.plan, version.version)
        }
        (None, None) => match store::draft(&app.database, space_id).await? {
            Some(draft) => (draft.plan, 0),
            None => {
                let published = store::published(&app.database, space_id).await?;
                let none =
                    || Error::not_found("tracking plan, neither a draft nor a published one,");
                let published = published.ok_or_else(none)?;
                (published.plan, published.version)
            }
        },
        (Some(_), Some(_)) => {
            let both = "name a \"version\" or send a \"plan\", not both";
            return Err(Error::new(Code::InvalidRequest, both));
        }
    };
    let plan = define::compile(&define::read(&body)?, version)?;
    attempt(&app, space_id, &plan, since).await.map(Json)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TrackingPlanPublication")]
struct Publication {
    version: Option<i64>,
}

async fn publish(
    writer: Writer,
    State(app): State<Shared>,
    Json(asked): Json<Publication>,
) -> Result<Created<Version>> {
    let plans = &app.plans;
    let published = plans.publish(&app.database, writer.space_id(), asked.version);
    Ok((StatusCode::CREATED, Json(published.await?)))
}

async fn versions(
    reader: Reader,
    State(app): State<Shared>,
    page: Page,
) -> Result<Json<List<Summary>>> {
    let before = page.place()?.unwrap_or(i64::MAX);
    let versions = store::versions(&app.database, reader.space_id(), before, page.fetch()).await?;
    let places: Vec<String> = versions
        .iter()
        .map(|version| version.version.to_string())
        .collect();
    let views = versions.iter().map(summary).collect();
    page.answer_at(views, |index| {
        places.get(index).cloned().unwrap_or_default()
    })
}

/// A version without its plan, which may be large.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TrackingPlanSummary")]
struct Summary {
    version: i64,
    /// The version that was brought back with it.
    from_version: Option<i64>,
    published_at: Timestamp,
    /// How many events it plans.
    events: usize,
}

fn summary(version: &Version) -> Summary {
    Summary {
        version: version.version,
        from_version: version.from_version,
        published_at: version.published_at,
        events: version.plan["events"].as_array().map_or(0, Vec::len),
    }
}

async fn version(
    reader: Reader,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Version>> {
    let number: i64 = id
        .parse()
        .map_err(|_| Error::not_found("version of the tracking plan"))?;
    store::version(&app.database, reader.space_id(), number)
        .await
        .map(Json)
}

#[derive(Deserialize, JsonSchema)]
struct Which {
    days: Option<i64>,
    version: Option<i64>,
    r#type: Option<String>,
    event: Option<String>,
}

async fn list(
    reader: Reader,
    State(app): State<Shared>,
    Query(which): Query<Which>,
    page: Page,
) -> Result<Json<List<violations::Violation>>> {
    let filter = Filter {
        since: history::since(which.days)?,
        version: which.version.unwrap_or(0),
        kind: which.r#type.as_deref().unwrap_or_default(),
        event: which.event.as_deref().unwrap_or_default(),
    };
    let (count, id) = page.place()?.unwrap_or((i64::MAX, String::new()));
    // What has happened up to now is in the answer.
    app.violations.flush().await?;
    let space_id = reader.space_id();
    let found =
        violations::page(&app.database, space_id, &filter, (count, &id), page.fetch()).await?;
    let place = |violation: &violations::Violation| {
        serde_json::to_string(&(violation.count, &violation.id)).unwrap_or_default()
    };
    page.answer(found, place)
}
