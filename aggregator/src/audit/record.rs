//! What of a request is written down, and when: of a change that it begins, before the handler, and how it ended, before its
//! answer. So no change is without an entry, and none that was made is answered with an error.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use serde_json::{Value, json};

use super::Entry;
use super::writer::Fate;
use crate::access::{Action, Actor, Area, Caller};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::http::api::{Access, Operation};
use crate::http::caller;
use crate::http::context::Shared;
use crate::http::error::drain;
use crate::{clock, profile, workspace};

/// Bytes of an answer that tells the id of what was made.
const MOST: usize = 1024 * 1024;
/// Characters of an id.
const LONGEST_ID: usize = 128;

/// The stream that is asked for again and again while somebody looks at it: one entry an hour says so.
const LIVE: &str = "/events/live";
/// Operations that show people's data, though they are of an area that is about something else.
const LOOKS: [&str; 5] = [
    LIVE,
    "/quarantine",
    "/identity/suggestions",
    "/identity/preview",
    "/audit/export",
];

/// Whether an operation is written down: every change, and every look at people's data.
fn is_told(operation: &Operation) -> bool {
    let personal = match operation.access {
        Access::Scope(scope) => matches!(scope.area, Area::People | Area::Privacy),
        Access::SignedIn | Access::Everybody => false,
    };
    operation.action == Action::Write || personal || LOOKS.contains(&operation.path)
}

/// Writes down what a request does.
pub(crate) async fn record(
    State(app): State<Shared>,
    request: Request,
    next: Next,
) -> Result<Response> {
    let operation = request.extensions().get::<Arc<Operation>>().cloned();
    let Some(operation) = operation.filter(|operation| is_told(operation)) else {
        return Ok(next.run(request).await);
    };
    let (parts, body) = request.into_parts();
    let mut entry = begin(&app, &parts, &operation).await?;
    if operation.path == LIVE && !app.audit.is_first_look(&entry) {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    }
    let address = caller::of(&parts);
    let is_anybodys = operation.access == Access::Everybody && operation.action == Action::Write;
    if is_anybodys && let Err(error) = app.throttle.may_try(address, clock::now()) {
        // Nothing is done, and nothing fills the log.
        drain(Request::from_parts(parts, body)).await;
        return Err(error);
    }
    let failures = app.throttle.failures(address, clock::now());
    if operation.action == Action::Write {
        let begun = app.audit.begin(entry.clone()).await;
        entry.begun = match begun {
            Ok(number) => number,
            Err(error) => {
                drain(Request::from_parts(parts, body)).await;
                return Err(undone(&error));
            }
        };
    }
    let response = next.run(Request::from_parts(parts, body)).await;
    let now = clock::now();
    let is_counted = app.throttle.failures(address, now) > failures;
    if is_anybodys && !response.status().is_success() && !is_counted {
        // Whatever somebody fails with whom nobody knows, the next tries have to wait: each is two entries.
        app.throttle.failed(address, now);
    }
    if let Some(actor) = response.extensions().get::<Actor>() {
        entry.actor = actor.clone();
    }
    entry.status = i64::from(response.status().as_u16());
    let (response, made) = made(response).await?;
    if let Some(id) = made {
        let mut ids: Vec<String> = serde_json::from_str(&entry.about).unwrap_or_default();
        ids.push(id);
        entry.about = json!(ids).to_string();
    }
    match app.audit.write(entry).await {
        Fate::Written(_) | Fate::Kept(_) => Ok(response),
        // That it was begun is written.
        Fate::Lost(_) if operation.action == Action::Write => Ok(response),
        Fate::Lost(error) => Err(unwritten(&error)),
    }
}

/// What is told of a change that is not made.
fn undone(error: &Error) -> Error {
    let code = match error.code {
        Code::StorageFull => Code::StorageFull,
        _ => Code::Unavailable,
    };
    Error::new(
        code,
        "this could not be written into the audit log, so it was not done: free some space or bring the database back, then send it again",
    )
}

fn unwritten(error: &Error) -> Error {
    Error::new(
        error.code,
        "this look could not be written into the audit log, so it is not answered: free some space or bring the database back, then ask again",
    )
}

/// The entry as far as it is known before the handler runs.
async fn begin(app: &App, parts: &Parts, operation: &Operation) -> Result<Entry> {
    let caller = parts.extensions.get::<Caller>();
    let space_id = match caller {
        Some(caller) => caller.space_id.clone(),
        None => workspace::first_space(&app.database).await?,
    };
    let (ids, person) = subject(app, &space_id, operation.path, parts.uri.path()).await;
    Ok(Entry {
        space_id,
        at: clock::now(),
        actor: caller.map_or_else(Actor::nobody, |caller| caller.actor.clone()),
        address: kept(caller::of(parts)),
        operation: name(operation),
        about: json!(ids).to_string(),
        person,
        status: 0,
        begun: 0,
    })
}

fn name(operation: &Operation) -> String {
    let method = operation.method.to_uppercase();
    format!("{method} /api/v1{}", operation.path)
}

fn kept(address: Option<IpAddr>) -> String {
    address.map_or_else(String::new, |address| {
        cdp_core::address::truncated(address).to_string()
    })
}

/// The ids in a path, and the profile of the person whom it names, however it does.
async fn subject(app: &App, space_id: &str, template: &str, path: &str) -> (Vec<String>, String) {
    let mut ids = Vec::new();
    let mut person = String::new();
    // The path may stand below `/api/v1`, or not.
    let places = template.rsplit('/').zip(path.rsplit('/'));
    for (place, text) in places.filter(|(place, _)| place.starts_with('{')) {
        if place == "{reference}" {
            let decoded = percent_encoding::percent_decode_str(text).decode_utf8_lossy();
            // Who is not there cannot be named.
            person = profile::find(app, space_id, &decoded)
                .await
                .unwrap_or_default();
        } else if text.len() <= LONGEST_ID {
            ids.push(text.to_owned());
        }
    }
    ids.reverse();
    (ids, person)
}

/// The id of what an answer says was made.
async fn made(response: Response) -> Result<(Response, Option<String>)> {
    if response.status() != StatusCode::CREATED {
        return Ok((response, None));
    }
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, MOST).await.map_err(Error::internal)?;
    let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let id = answer["id"].as_str().map(str::to_owned);
    Ok((Response::from_parts(parts, Body::from(bytes)), id))
}

/// Writes down that somebody asked for what they may not.
pub(crate) async fn refused(app: &App, parts: &Parts, operation: &Operation, caller: &Caller) {
    if !is_told(operation) {
        return;
    }
    let entry = Entry {
        space_id: caller.space_id.clone(),
        at: clock::now(),
        actor: caller.actor.clone(),
        address: kept(caller::of(parts)),
        operation: name(operation),
        about: "[]".to_owned(),
        person: String::new(),
        status: i64::from(StatusCode::FORBIDDEN.as_u16()),
        begun: 0,
    };
    // Nothing was done: the refusal is told whatever becomes of its entry.
    let _ = app.audit.write(entry).await;
}

/// Writes down a look at a person that does not come by the server API.
///
/// # Errors
/// When it cannot be kept even in memory.
pub(crate) async fn looked(
    app: &App,
    caller: &Caller,
    address: Option<IpAddr>,
    (operation, person): (&str, &str),
) -> Result<()> {
    let entry = Entry {
        space_id: caller.space_id.clone(),
        at: clock::now(),
        actor: caller.actor.clone(),
        address: kept(address),
        operation: operation.to_owned(),
        about: "[]".to_owned(),
        person: person.to_owned(),
        status: 200,
        begun: 0,
    };
    match app.audit.write(entry).await {
        Fate::Written(_) | Fate::Kept(_) => Ok(()),
        Fate::Lost(error) => Err(unwritten(&error)),
    }
}
