//! HTTP of audiences.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use cdp_core::audience::Expr;
use cdp_core::schema::WrittenRule;
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::define::{change, define, read as read_rule, remove};
use super::preview::{Preview, preview as look};
use super::progress::{Builds, Progress};
use super::store::{self, Audience};
use super::why::{Why, why as explain};
use super::{changes, members};
use crate::access::Area;
use crate::app::App;
use crate::error::{Code, Result};
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::json::{Created, Json};
use crate::http::page::{List, Page};
use crate::memo;
use crate::profile;
use crate::profile::IdentifierView;

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    let rule = json!({"event": "Product Viewed", "where": {"category": {"eq": "sneakers"}}, "count": {"gte": 3}, "within": "30d"});
    api.get("/audiences", "List audiences", list)
        .get("/audiences/{id}", "Read an audience", read)
        .patch(
            "/audiences/{id}",
            "Change an audience: its name, or its definition, which serves once it has looked at everybody",
            json!({"name": "Sneaker fans", "definition": rule}),
            update,
        ).fails(&[Code::InvalidDefinition])
        .delete("/audiences/{id}", "Take an audience away", delete).fails(&[Code::Conflict])
        .post(
            "/audiences",
            "Make an audience; the definition is a tree or its text form",
            json!({"name": "Sneaker fans", "definition": rule}),
            create,
        ).fails(&[Code::InvalidDefinition])
        // What follows tells of people one by one.
        .within(Area::People)
        .get(
            "/audiences/{id}/members",
            "List an audience's members",
            members,
        )
        .get(
            "/audiences/{id}/changes",
            "Who entered an audience and who left it, and what did it, oldest first; ?order=desc for youngest first",
            changes_of,
        )
        .get(
            "/audiences/{id}/members/{reference}",
            "Why a profile belongs to an audience, or does not: each rule with what it saw",
            why,
        )
        .get(
            "/profiles/{reference}/audience_changes",
            "Which audiences a profile entered and left, and what did it, oldest first; ?order=desc for youngest first",
            changes_of_profile,
        )
        .post_to_read(
            "/audiences/preview",
            "How many a definition would reach",
            json!({"definition": rule}),
            preview,
        ).fails(&[Code::InvalidDefinition])
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewAudience")]
struct New {
    name: String,
    #[schemars(with = "WrittenRule")]
    definition: Value,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AudienceUpdate")]
struct Update {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    #[schemars(with = "Option<WrittenRule>")]
    definition: Option<Value>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AudienceQuestion")]
struct Question {
    #[schemars(with = "WrittenRule")]
    definition: Value,
}

/// An audience, how many are in it, and how far it is.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Audience")]
struct View {
    #[serde(flatten)]
    audience: Audience,
    text: String,
    members: i64,
    #[serde(flatten)]
    progress: Progress,
    /// The definition that is to take the place of this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Next>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AudienceToCome")]
struct Next {
    version: i64,
    #[serde(serialize_with = "memo::shared")]
    definition: Arc<Expr>,
    text: String,
    status: String,
    #[serde(flatten)]
    progress: Progress,
}

impl View {
    fn new(audience: Audience, members: i64, next: Option<Audience>, builds: &Builds) -> Self {
        Self {
            text: audience.rule.to_string(),
            members,
            progress: builds.progress(&audience),
            audience,
            next: next.map(|next| Next {
                version: next.version,
                text: next.rule.to_string(),
                progress: builds.progress(&next),
                definition: next.rule,
                status: next.status,
            }),
        }
    }
}

async fn list(reader: Reader, State(app): State<Shared>, page: Page) -> Result<Json<List<View>>> {
    let space_id = reader.space_id();
    let audiences = store::page(&app.database, space_id, page.after(), page.fetch()).await?;
    let mut connection = app.database.reader().acquire().await?;
    let mut nexts = store::nexts(&mut connection, space_id).await?;
    let all = audiences.iter().map(|(audience, _)| audience);
    let builds = Builds::load(&mut connection, space_id, all.chain(nexts.values())).await?;
    let views = audiences
        .into_iter()
        .map(|(audience, members)| {
            let next = nexts.remove(&audience.id);
            View::new(audience, members, next, &builds)
        })
        .collect();
    page.answer(views, |view: &View| view.audience.id.clone())
}

async fn one(app: &App, space_id: &str, id: &str) -> Result<View> {
    let audience = store::one(&app.database, space_id, id).await?;
    let next = store::next(&app.database, space_id, id).await?;
    let members = store::size(&app.database, space_id, id).await?;
    let mut connection = app.database.reader().acquire().await?;
    let both = std::iter::once(&audience).chain(&next);
    let builds = Builds::load(&mut connection, space_id, both).await?;
    Ok(View::new(audience, members, next, &builds))
}

async fn read(
    reader: Reader,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<View>> {
    one(&app, reader.space_id(), &id).await.map(Json)
}

/// Somebody in an audience.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AudienceMember")]
struct Member {
    /// The profile's.
    id: String,
    since: Timestamp,
    identifiers: Option<Vec<IdentifierView>>,
}

async fn members(
    reader: Reader,
    State(app): State<Shared>,
    Path(id): Path<String>,
    page: Page,
) -> Result<Json<List<Member>>> {
    let space_id = reader.space_id();
    store::one(&app.database, space_id, &id).await?;
    let members =
        members::members(&app.database, space_id, &id, page.after(), page.fetch()).await?;
    let ids: Vec<String> = members
        .iter()
        .map(|member| member.profile_id.clone())
        .collect();
    let mut identifiers = profile::identifiers(&app, space_id, &ids).await?;
    let views = members
        .into_iter()
        .map(|member| Member {
            identifiers: identifiers.remove(&member.profile_id),
            id: member.profile_id,
            since: member.since,
        })
        .collect();
    page.answer_at(views, |index| ids.get(index).cloned().unwrap_or_default())
}

async fn create(
    writer: Writer,
    State(app): State<Shared>,
    Json(new): Json<New>,
) -> Result<Created<View>> {
    let audience = define(&app, writer.space_id(), &new.name, &new.definition).await?;
    Ok((
        StatusCode::CREATED,
        Json(one(&app, writer.space_id(), &audience.id).await?),
    ))
}

async fn update(
    writer: Writer,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Json(update): Json<Update>,
) -> Result<Json<View>> {
    let space_id = writer.space_id();
    let (name, definition) = (update.name.as_deref(), update.definition.as_ref());
    change(&app, space_id, &id, name, definition).await?;
    one(&app, space_id, &id).await.map(Json)
}

async fn delete(
    writer: Writer,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    remove(&app, writer.space_id(), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn changes_of(
    reader: Reader,
    State(app): State<Shared>,
    Path(id): Path<String>,
    page: Page,
) -> Result<Json<List<changes::Change>>> {
    let space_id = reader.space_id();
    store::one(&app.database, space_id, &id).await?;
    let (order, after, limit) = (page.order(), page.after(), page.fetch());
    let found = changes::of_audience(&app.database, space_id, &id, order, after, limit).await?;
    page.answer(found, |change| change.id().to_owned())
}

async fn changes_of_profile(
    reader: Reader,
    State(app): State<Shared>,
    Path(reference): Path<String>,
    page: Page,
) -> Result<Json<List<changes::Change>>> {
    let space_id = reader.space_id();
    let id = profile::find(&app, space_id, &reference).await?;
    let (order, after, limit) = (page.order(), page.after(), page.fetch());
    let found = changes::of_profile(&app.database, space_id, &id, order, after, limit).await?;
    page.answer(found, |change| change.id().to_owned())
}

async fn why(
    reader: Reader,
    State(app): State<Shared>,
    Path((id, reference)): Path<(String, String)>,
) -> Result<Json<Why>> {
    let space_id = reader.space_id();
    let profile_id = profile::find(&app, space_id, &reference).await?;
    explain(&app, space_id, &id, &profile_id).await.map(Json)
}

async fn preview(
    reader: Reader,
    State(app): State<Shared>,
    Json(question): Json<Question>,
) -> Result<Json<Preview>> {
    let rule = read_rule(&app, reader.space_id(), &question.definition).await?;
    look(&app, reader.space_id(), &rule).await.map(Json)
}
