//! HTTP of audiences.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use cdp_core::audience::Expr;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::define::{change, define, read as read_rule, remove};
use super::preview::preview as look;
use super::progress::{Builds, Progress};
use super::store::{self, Audience};
use super::why::why as explain;
use super::{changes, members};
use crate::access::Area;
use crate::app::App;
use crate::error::Result;
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::json::{Created, Json};
use crate::http::page::Page;
use crate::profile;

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
        )
        .delete("/audiences/{id}", "Take an audience away", delete)
        .post(
            "/audiences",
            "Make an audience; the definition is a tree or its text form",
            json!({"name": "Sneaker fans", "definition": rule}),
            create,
        )
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
        )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    name: String,
    definition: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Update {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    definition: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    definition: Value,
}

/// An audience, how many are in it, and how far it is.
#[derive(Serialize)]
struct View<'a> {
    #[serde(flatten)]
    audience: &'a Audience,
    text: String,
    members: i64,
    #[serde(flatten)]
    progress: Progress,
    /// The definition that is to take the place of this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Next<'a>>,
}

#[derive(Serialize)]
struct Next<'a> {
    version: i64,
    definition: &'a Expr,
    text: String,
    status: &'a str,
    #[serde(flatten)]
    progress: Progress,
}

impl<'a> View<'a> {
    fn new(
        audience: &'a Audience,
        members: i64,
        next: Option<&'a Audience>,
        builds: &Builds,
    ) -> Self {
        Self {
            audience,
            text: audience.rule.to_string(),
            members,
            progress: builds.progress(audience),
            next: next.map(|next| Next {
                version: next.version,
                definition: &next.rule,
                text: next.rule.to_string(),
                status: &next.status,
                progress: builds.progress(next),
            }),
        }
    }
}

async fn list(reader: Reader, State(app): State<Shared>, page: Page) -> Result<Json<Value>> {
    let space_id = reader.space_id();
    let audiences = store::page(&app.database, space_id, page.after(), page.fetch()).await?;
    let mut connection = app.database.reader().acquire().await?;
    let nexts = store::nexts(&mut connection, space_id).await?;
    let all = audiences.iter().map(|(audience, _)| audience);
    let builds = Builds::load(&mut connection, space_id, all.chain(nexts.values())).await?;
    let views = audiences
        .iter()
        .map(|(audience, members)| {
            let next = nexts.get(&audience.id);
            View::new(audience, *members, next, &builds)
        })
        .collect();
    page.answer(views, |view: &View<'_>| view.audience.id.clone())
}

async fn one(app: &App, space_id: &str, id: &str) -> Result<Value> {
    let audience = store::one(&app.database, space_id, id).await?;
    let next = store::next(&app.database, space_id, id).await?;
    let members = store::size(&app.database, space_id, id).await?;
    let mut connection = app.database.reader().acquire().await?;
    let both = std::iter::once(&audience).chain(&next);
    let builds = Builds::load(&mut connection, space_id, both).await?;
    let view = View::new(&audience, members, next.as_ref(), &builds);
    Ok(serde_json::to_value(view)?)
}

async fn read(
    reader: Reader,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Value>> {
    one(&app, reader.space_id(), &id).await.map(Json)
}

async fn members(
    reader: Reader,
    State(app): State<Shared>,
    Path(id): Path<String>,
    page: Page,
) -> Result<Json<Value>> {
    let space_id = reader.space_id();
    store::one(&app.database, space_id, &id).await?;
    let members =
        members::members(&app.database, space_id, &id, page.after(), page.fetch()).await?;
    let ids: Vec<String> = members
        .iter()
        .map(|member| member.profile_id.clone())
        .collect();
    let mut identifiers = profile::identifiers(&app, space_id, &ids).await?;
    let views: Vec<Value> = members
        .iter()
        .map(|member| json!({"id": member.profile_id, "since": member.since, "identifiers": identifiers.remove(&member.profile_id)}))
        .collect();
    page.answer_at(views, |index| ids.get(index).cloned().unwrap_or_default())
}

async fn create(
    writer: Writer,
    State(app): State<Shared>,
    Json(new): Json<New>,
) -> Result<Created<Value>> {
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
) -> Result<Json<Value>> {
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
) -> Result<Json<Value>> {
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
) -> Result<Json<Value>> {
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
) -> Result<Json<Value>> {
    let space_id = reader.space_id();
    let profile_id = profile::find(&app, space_id, &reference).await?;
    let why = explain(&app, space_id, &id, &profile_id).await?;
    Ok(Json(serde_json::to_value(why)?))
}

async fn preview(
    reader: Reader,
    State(app): State<Shared>,
    Json(question): Json<Question>,
) -> Result<Json<Value>> {
    let rule = read_rule(&app, reader.space_id(), &question.definition).await?;
    let answer = look(&app, reader.space_id(), &rule).await?;
    Ok(Json(serde_json::to_value(answer)?))
}
