//! HTTP of privacy requests, suppressions and retention.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::request::{self, Asked, Request, Verification};
use super::retention::{self, Rules};
use super::{archive, restriction, store, suppression};
use crate::error::Result;
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::json::{Created, Json};
use crate::http::page::Page;

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    let verification = json!({"method": "email_link", "by": "Grace", "reference": "ticket 1204"});
    let retention = json!({"rules": [{"days": 730}, {"type": "page", "days": 90}, {"type": "track", "event": "Order Completed", "days": 3650}]});
    api.get(
        "/privacy/requests",
        "List what people asked for of their data, youngest first; ?kind= and ?state= for some of it",
        list,
    )
    .post(
        "/privacy/requests",
        "Take a request in: access, portability, erasure, rectification (with \"set\" and \"remove\") or restriction",
        json!({"kind": "access", "subject": {"kind": "email", "value": "ada@example.com"}, "regime": "gdpr", "note": "asked by letter"}),
        receive,
    )
    .get("/privacy/requests/{id}", "Read a request: how far each store is, when an answer is due, and the receipt", read)
    .post(
        "/privacy/requests/{id}/verify",
        "Write down how the requester's identity was checked: email_link, phone_code, signed_in, document, knowledge or other",
        verification,
        verify,
    )
    .post(
        "/privacy/requests/{id}/start",
        "Begin what was asked for, once the requester's identity was checked. What was erased cannot be brought back",
        json!({}),
        start,
    )
    .post("/privacy/requests/{id}/refuse", "Refuse a request, with the reason that the requester is told", json!({"reason": "the identity could not be checked"}), refuse)
    .post("/privacy/requests/{id}/cancel", "End a request that the requester has taken back and that was not begun", json!({}), cancel)
    .post("/privacy/requests/{id}/extend", "Take more time for a request, once", json!({"reason": "many systems have to be asked"}), extend)
    .post("/privacy/requests/{id}/lift", "Lift a restriction: the person's data is used again", json!({}), lift)
    .get("/privacy/requests/{id}/archive", "Fetch what is held of the person as a ZIP file, for 7 days after the request was answered", fetch)
    .get("/privacy/suppressions", "List hashes of the identifiers that were erased and are not taken in again, and how many events were refused", suppressions)
    .delete("/privacy/suppressions/{id}", "Lift a suppression: whoever comes back by their own wish is taken in again", lift_suppression)
    .get("/privacy/retention", "Read for how long events are kept, and how far the last deletion is", read_retention)
    .put("/privacy/retention", "Say for how many days events are kept; the most exact rule counts", retention.clone(), put_retention)
    .post_to_read("/privacy/retention/preview", "Count the events that would go now by some rules", retention, preview)
    .post("/privacy/retention/run", "Delete now what is too old; it is done every day by itself", json!({}), run)
}

#[derive(Deserialize)]
struct Which {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    state: String,
}

async fn list(
    reader: Reader,
    State(app): State<Shared>,
    Query(which): Query<Which>,
    page: Page,
) -> Result<Json<Value>> {
    let words = (which.kind.as_str(), which.state.as_str());
    let requests = store::page(
        &app.database,
        reader.space_id(),
        words,
        page.after(),
        page.fetch(),
    )
    .await?;
    page.answer(requests, |request| request.id.clone())
}

async fn receive(
    writer: Writer,
    State(app): State<Shared>,
    Json(asked): Json<Asked>,
) -> Result<Created<Request>> {
    let request = request::receive(&app, writer.space_id(), asked).await?;
    Ok((StatusCode::CREATED, Json(request)))
}

async fn read(
    reader: Reader,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Request>> {
    request::find(&app, reader.space_id(), &id).await.map(Json)
}

async fn verify(
    writer: Writer,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Json(verification): Json<Verification>,
) -> Result<Json<Request>> {
    request::verify(&app, writer.space_id(), &id, verification)
        .await
        .map(Json)
}

async fn start(
    writer: Writer,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Request>> {
    request::start(&app, writer.space_id(), &id).await.map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Why {
    #[serde(default)]
    reason: String,
}

async fn refuse(
    writer: Writer,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Json(why): Json<Why>,
) -> Result<Json<Request>> {
    request::end(
        &app,
        writer.space_id(),
        &id,
        request::State::Refused,
        why.reason,
    )
    .await
    .map(Json)
}

async fn cancel(
    writer: Writer,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Request>> {
    request::end(
        &app,
        writer.space_id(),
        &id,
        request::State::Cancelled,
        String::new(),
    )
    .await
    .map(Json)
}

async fn extend(
    writer: Writer,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Json(why): Json<Why>,
) -> Result<Json<Request>> {
    request::extend(&app, writer.space_id(), &id, why.reason)
        .await
        .map(Json)
}

async fn lift(
    writer: Writer,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Value>> {
    let request = request::find(&app, writer.space_id(), &id).await?;
    restriction::lift(&app, &request).await?;
    Ok(Json(json!({"id": id, "lifted": true})))
}

async fn fetch(
    reader: Reader,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response> {
    let request = request::find(&app, reader.space_id(), &id).await?;
    let body = archive::fetch(app, request).await?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/zip"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"what-is-held-of-you.zip\""),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, body).into_response())
}

async fn suppressions(
    reader: Reader,
    State(app): State<Shared>,
    page: Page,
) -> Result<Json<Value>> {
    let found =
        suppression::page(&app.database, reader.space_id(), page.after(), page.fetch()).await?;
    page.answer(found, |one| one.id.clone())
}

async fn lift_suppression(
    writer: Writer,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Value>> {
    app.suppressions
        .lift(&app.database, writer.space_id(), &id)
        .await?;
    Ok(Json(json!({"id": id, "lifted": true})))
}

async fn retention_of(app: &Shared, space_id: &str) -> Result<Json<Value>> {
    let rules = retention::in_force(&app.database, space_id).await?;
    let run = retention::last_run(&app.database, space_id).await?;
    Ok(Json(json!({"rules": rules.rules, "last_run": run})))
}

async fn read_retention(reader: Reader, State(app): State<Shared>) -> Result<Json<Value>> {
    retention_of(&app, reader.space_id()).await
}

async fn put_retention(
    writer: Writer,
    State(app): State<Shared>,
    Json(rules): Json<Rules>,
) -> Result<Json<Value>> {
    retention::publish(&app, writer.space_id(), &rules).await?;
    retention_of(&app, writer.space_id()).await
}

async fn preview(
    reader: Reader,
    State(app): State<Shared>,
    Json(rules): Json<Rules>,
) -> Result<Json<retention::Preview>> {
    retention::preview(&app, reader.space_id(), &rules)
        .await
        .map(Json)
}

async fn run(writer: Writer, State(app): State<Shared>) -> Result<Json<retention::Run>> {
    retention::run(&app, writer.space_id()).await.map(Json)
}
