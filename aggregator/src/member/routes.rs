//! HTTP of members, their invitations, and roles.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::link::Made;
use super::{View, account, store};
use crate::access::Role;
use crate::clock;
use crate::error::Result;
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::json::{Created, Json};
use crate::http::page::Page;

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    api.get("/members", "List members with their roles", list)
        .patch(
            "/members/{id}",
            "Give a member another role; their sessions end",
            json!({"role": "marketer"}),
            change,
        )
        .delete(
            "/members/{id}",
            "Take a member away; their sessions end at once",
            remove,
        )
        .post(
            "/members/{id}/reset",
            "Make a link by which a member takes a new password; it is told this once, is used once, and ends after a day",
            json!({}),
            reset,
        )
        .secret()
        .get("/invitations", "List the invitations that wait", invitations)
        .post(
            "/invitations",
            "Invite somebody: the answer has a link that is told this once, is used once, and ends after 7 days",
            json!({"email": "ada@example.com", "role": "marketer"}),
            invite,
        )
        .secret()
        .delete("/invitations/{id}", "Take an invitation back", uninvite)
        .for_signed_in()
        .get("/roles", "The roles, each with what its members may do", roles)
}

async fn list(_: Reader, State(app): State<Shared>, page: Page) -> Result<Json<Value>> {
    let members = store::page(&app.database, page.after(), page.fetch()).await?;
    page.answer(members, |member| member.id.clone())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    role: String,
}

async fn change(
    writer: Writer,
    State(app): State<Shared>,
    Path(id): Path<String>,
    Json(change): Json<Change>,
) -> Result<Json<View>> {
    let member = account::change_role(&app, writer.scopes(), &id, &change.role).await?;
    Ok(Json(View::from(&member)))
}

async fn remove(
    writer: Writer,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    account::remove(&app, writer.scopes(), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn reset(
    writer: Writer,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Created<Made>> {
    let who = (writer.actor(), writer.scopes());
    let made = account::reset(&app, who, &id).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

async fn invitations(_: Reader, State(app): State<Shared>, page: Page) -> Result<Json<Value>> {
    let now = clock::now();
    let waiting = store::invitations(&app.database, now, page.after(), page.fetch()).await?;
    page.answer(waiting, |invitation| invitation.id.clone())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Invited {
    email: String,
    role: String,
}

async fn invite(
    writer: Writer,
    State(app): State<Shared>,
    Json(invited): Json<Invited>,
) -> Result<Created<Made>> {
    let who = (writer.actor(), writer.scopes());
    let made = account::invite(&app, who, (&invited.email, &invited.role)).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

async fn uninvite(
    writer: Writer,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    account::uninvite(&app, writer.scopes(), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn roles() -> Json<Value> {
    let roles = Role::ALL.map(|role| {
        let scopes = role.scopes();
        let may: Vec<Value> = scopes
            .list()
            .map(|scope| {
                json!({"scope": scope.to_string(), "area": scope.area.as_str(), "action": scope.action.as_str(), "words": scope.area.words()})
            })
            .collect();
        json!({"role": role.as_str(), "words": role.words(), "scopes": scopes, "may": may})
    });
    Json(json!({"data": roles, "next_cursor": null}))
}
