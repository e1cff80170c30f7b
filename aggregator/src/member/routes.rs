//! HTTP of members, their invitations, and roles.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::link::Made;
use super::{View, account, store};
use crate::access::{Role, Scopes};
use crate::clock;
use crate::error::{Code, Result};
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::json::{Created, Json};
use crate::http::page::{List, Page};

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    api.get("/members", "List members with their roles", list)
        .patch(
            "/members/{id}",
            "Give a member another role; their sessions end",
            json!({"role": "marketer"}),
            change,
        ).fails(&[Code::InvalidDefinition, Code::Conflict])
        .delete(
            "/members/{id}",
            "Take a member away; their sessions end at once",
            remove,
        ).fails(&[Code::Conflict])
        .post(
            "/members/{id}/reset",
            "Make a link by which a member takes a new password; it is told this once, is used once, and ends after a day",
            json!({}),
            reset,
        ).fails(&[Code::InvalidDefinition])
        .secret()
        .get("/invitations", "List the invitations that wait", invitations)
        .post(
            "/invitations",
            "Invite somebody: the answer has a link that is told this once, is used once, and ends after 7 days",
            json!({"email": "ada@example.com", "role": "marketer"}),
            invite,
        ).fails(&[Code::InvalidDefinition, Code::Conflict])
        .secret()
        .delete("/invitations/{id}", "Take an invitation back", uninvite)
        .for_signed_in()
        .get("/roles", "The roles, each with what its members may do", roles)
}

async fn list(
    _: Reader,
    State(app): State<Shared>,
    page: Page,
) -> Result<Json<List<store::Listed>>> {
    let members = store::page(&app.database, page.after(), page.fetch()).await?;
    page.answer(members, |member| member.id.clone())
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MemberChange")]
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

async fn invitations(
    _: Reader,
    State(app): State<Shared>,
    page: Page,
) -> Result<Json<List<store::Invitation>>> {
    let now = clock::now();
    let waiting = store::invitations(&app.database, now, page.after(), page.fetch()).await?;
    page.answer(waiting, |invitation| invitation.id.clone())
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewInvitation")]
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

/// A role and what its members may do.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Role")]
struct RoleView {
    role: &'static str,
    words: &'static str,
    scopes: Scopes,
    may: Vec<May>,
}

/// A scope in words.
#[derive(Serialize, JsonSchema)]
struct May {
    scope: String,
    area: &'static str,
    action: &'static str,
    words: &'static str,
}

async fn roles() -> Json<List<RoleView>> {
    let roles = Role::ALL.map(|role| {
        let scopes = role.scopes();
        let may = scopes.list().map(|scope| May {
            scope: scope.to_string(),
            area: scope.area.as_str(),
            action: scope.action.as_str(),
            words: scope.area.words(),
        });
        RoleView {
            role: role.as_str(),
            words: role.words(),
            may: may.collect(),
            scopes,
        }
    });
    Json(List::whole(roles.into()))
}
