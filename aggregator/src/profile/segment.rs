//! Segment's Profile API, for programs that read profiles there: its paths, its answers.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::Uri;
use axum::routing::get;
use cdp_core::identifier::Identifier;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::store::{self, Entry, Part, Place};
use super::{find, names_at, view};
use crate::app::App;
use crate::audit;
use crate::consent::Rules;
use crate::error::{Code, Error, Result};
use crate::http::context::{BasicReader, Shared};
use crate::http::json::Json;
use crate::http::page::{decode, encode};

/// Rows of an answer when the caller does not say, and at most.
const USUAL: usize = 10;
const MOST: usize = 200;
/// Events that are looked at in one go, and goes of one answer: a name that is rare must not read a
/// whole life.
const CHUNK: i64 = 200;
const MOST_CHUNKS: usize = 20;

const PATH: &str = "/v1/spaces/{space_id}/collections/users/profiles/{external_id}/{part}";
/// As the audit log calls it.
const OPERATION: &str = "GET /v1/spaces/{space_id}/collections/users/profiles/{external_id}/{part}";

/// The one path, whose last part says what of a profile is wanted.
pub(crate) fn routes() -> Router<Shared> {
    Router::new().route(PATH, get(read))
}

#[derive(Deserialize)]
struct Asked {
    limit: Option<usize>,
    next: Option<String>,
    include: Option<String>,
    class: Option<String>,
    sort: Option<String>,
}

/// The part of a list that is asked for.
struct Window {
    url: String,
    limit: usize,
    /// Behind which row it begins.
    after: Option<String>,
    /// The only names that are wanted.
    include: Option<Vec<String>>,
}

impl Window {
    fn new(asked: &Asked, uri: &Uri) -> Result<Self> {
        let limit = asked.limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(Error::new(
                Code::InvalidRequest,
                format!("\"limit\" is a number from 1 to {MOST}"),
            ));
        }
        let next = asked.next.as_deref().filter(|next| !next.is_empty());
        let list = |names: &String| names.split(',').map(str::to_owned).collect();
        Ok(Self {
            url: uri.to_string(),
            limit,
            after: next.map(decode).transpose()?,
            include: asked.include.as_ref().map(list),
        })
    }

    fn wants(&self, name: &str) -> bool {
        let include = self.include.as_ref();
        include.is_none_or(|names| names.iter().any(|known| known == name))
    }

    /// What stands beside every answer; `next` is the row behind which the next one begins.
    fn cursor(&self, next: Option<&str>) -> Value {
        json!({
            "url": self.url, "has_more": next.is_some(), "limit": self.limit,
            "next": next.map(encode).unwrap_or_default()
        })
    }

    /// The rows of the window, and its cursor.
    fn cut<T>(&self, rows: BTreeMap<String, T>) -> (Vec<(String, T)>, Value) {
        let behind = |key: &String| self.after.as_ref().is_none_or(|after| key > after);
        let mut rows: Vec<(String, T)> = rows.into_iter().filter(|(key, _)| behind(key)).collect();
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let last = rows.last().filter(|_| more).map(|(key, _)| key.as_str());
        let cursor = self.cursor(last);
        (rows, cursor)
    }
}

async fn read(
    reader: BasicReader,
    State(app): State<Shared>,
    uri: Uri,
    Path((space_id, external_id, part)): Path<(String, String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>> {
    if reader.caller.space_id != space_id {
        return Err(Error::not_found("space"));
    }
    let window = Window::new(&asked, &uri)?;
    let id = find(&app, &space_id, &external_id).await?;
    let look = (OPERATION, id.as_str());
    audit::looked(&app, &reader.caller, reader.address, look).await?;
    let answer = match part.as_str() {
        "traits" => traits(&app, &space_id, id, &window, asked.class.as_deref()).await?,
        "external_ids" => external_ids(&app, &space_id, &id, &window).await?,
        "events" => {
            let oldest_first = asked.sort.as_deref() == Some("asc");
            events(&app, &space_id, &id, &window, oldest_first).await?
        }
        "metadata" => metadata(&app, &space_id, &id, &window).await?,
        _ => return Err(Error::not_found("collection")),
    };
    Ok(Json(answer))
}

/// Traits, computed traits, and `true` for each audience in which the person is.
async fn traits(
    app: &App,
    space_id: &str,
    id: String,
    window: &Window,
    class: Option<&str>,
) -> Result<Value> {
    let rules = Rules::of(&app.sources, space_id);
    let mut moment = app.database.moment().await?;
    let profile = view::one(&mut moment, &rules, id, None).await?;
    moment.commit().await?;
    let profile = serde_json::to_value(profile)?;
    let facts = |part: &str| profile[part].as_object().cloned().unwrap_or_default();
    let audiences = profile["audiences"].as_array().into_iter().flatten();
    let member = |audience: &Value| Some((key_of(audience["name"].as_str()?), Value::Bool(true)));
    let audiences: Map<String, Value> = audiences.filter_map(member).collect();
    let classes = match class {
        None => vec![audiences, facts("computed_traits"), facts("traits")],
        Some("audience") => vec![audiences],
        Some("computed_trait") => vec![facts("computed_traits")],
        Some(_) => {
            return Err(Error::new(
                Code::InvalidRequest,
                "\"class\" is audience or computed_trait",
            ));
        }
    };
    let all = classes.into_iter().flatten();
    let (rows, cursor) = window.cut(all.filter(|(name, _)| window.wants(name)).collect());
    Ok(json!({"traits": rows.into_iter().collect::<Map<String, Value>>(), "cursor": cursor}))
}

/// An audience's name as a trait has it: `Sneaker fans` is `sneaker_fans`.
fn key_of(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_alphanumeric());
    let words: Vec<String> = words
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join("_")
}

/// Identifiers, each with where and when it was first seen beside another.
async fn external_ids(app: &App, space_id: &str, id: &str, window: &Window) -> Result<Value> {
    let mut moment = app.database.moment().await?;
    let names = names_at(&mut moment, space_id, id).await?;
    let links = store::links(&mut moment, space_id, id, &Part::default()).await?;
    moment.commit().await?;
    let row = |identifier: Identifier| {
        let first = links
            .iter()
            .find(|link| link.a == identifier || link.b == identifier);
        let mut row = external_id(&identifier);
        row["source_id"] = first.map(|link| link.source_id.as_str()).into();
        row["created_at"] = first.map(|link| link.first_seen.to_string()).into();
        (identifier.to_string(), row)
    };
    let wanted = names
        .into_iter()
        .filter(|identifier| window.wants(identifier.kind()));
    let (rows, cursor) = window.cut(wanted.map(row).collect());
    let rows: Vec<Value> = rows.into_iter().map(|(_, row)| row).collect();
    Ok(json!({"data": rows, "cursor": cursor}))
}

fn external_id(identifier: &Identifier) -> Value {
    json!({"collection": "users", "type": identifier.kind(), "id": identifier.value(), "encoding": "none"})
}

/// Events, the youngest first unless the caller wants it otherwise.
async fn events(
    app: &App,
    space_id: &str,
    id: &str,
    window: &Window,
    oldest_first: bool,
) -> Result<Value> {
    let external_ids: Vec<Value> = view::names(app, space_id, id)
        .await?
        .iter()
        .map(external_id)
        .collect();
    let mut place = match &window.after {
        Some(after) => serde_json::from_str(after).map_err(|_| {
            Error::new(Code::InvalidCursor, "no such answer gave out this \"next\"")
        })?,
        None => end(!oldest_first),
    };
    let mut shown = Vec::new();
    let mut more = true;
    for _ in 0..MOST_CHUNKS {
        let entries = chunk(app, space_id, id, &place, oldest_first).await?;
        more = i64::try_from(entries.len()).is_ok_and(|read| read == CHUNK);
        let full = |shown: &Vec<Value>| shown.len() >= window.limit;
        for entry in entries {
            if full(&shown) {
                more = true;
                break;
            }
            place = entry.place.clone();
            if window.wants(name(&entry)) {
                shown.push(event(entry, &external_ids));
            }
        }
        if !more || full(&shown) {
            break;
        }
    }
    let next = more.then(|| serde_json::to_string(&place)).transpose()?;
    Ok(json!({"data": shown, "cursor": window.cursor(next.as_deref())}))
}

/// The place before every event, or behind.
fn end(last: bool) -> Place {
    let moment = if last { i64::MAX } else { i64::MIN };
    Place(moment, String::new(), 0, 0)
}

async fn chunk(
    app: &App,
    space_id: &str,
    id: &str,
    from: &Place,
    oldest_first: bool,
) -> Result<Vec<Entry>> {
    if oldest_first {
        store::timeline(&app.database, space_id, id, from, CHUNK).await
    } else {
        store::timeline_backwards(&app.database, space_id, id, from, CHUNK).await
    }
}

/// What `include` names: the event's own name, or its kind where it has none.
fn name(entry: &Entry) -> &str {
    let body = &entry.body;
    let name = body["event"].as_str().or_else(|| body["type"].as_str());
    name.unwrap_or_default()
}

fn event(entry: Entry, external_ids: &[Value]) -> Value {
    let Entry {
        source_id, body, ..
    } = entry;
    let mut event = json!({
        "external_ids": external_ids, "source_id": source_id, "type": body["type"],
        "message_id": body["messageId"], "timestamp": body["timestamp"], "related": {}
    });
    for part in [
        "event",
        "name",
        "category",
        "properties",
        "traits",
        "context",
    ] {
        if !body[part].is_null() {
            event[part] = body[part].clone();
        }
    }
    event
}

/// When and from where a profile was first and last heard of.
async fn metadata(app: &App, space_id: &str, id: &str, window: &Window) -> Result<Value> {
    let one = |entries: Vec<Entry>| entries.into_iter().next();
    let database = &app.database;
    let first = one(store::timeline(database, space_id, id, &end(false), 1).await?);
    let last = one(store::timeline_backwards(database, space_id, id, &end(true), 1).await?);
    let said = |entry: &Option<Entry>, part: &str| {
        entry
            .as_ref()
            .map_or(Value::Null, |entry| entry.body[part].clone())
    };
    let source = |entry: &Option<Entry>| entry.as_ref().map(|entry| entry.source_id.clone());
    let metadata = json!({
        "created_at": said(&first, "timestamp"), "expires_at": null,
        "first_message_id": said(&first, "messageId"), "first_source_id": source(&first),
        "last_message_id": said(&last, "messageId"), "last_source_id": source(&last)
    });
    Ok(json!({"metadata": metadata, "cursor": window.cursor(None)}))
}
