//! HTTP of the audit log.

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use cdp_core::time::Timestamp;
use futures_util::stream;
use serde::Deserialize;
use serde_json::Value;

use super::store::{self, Filter, View};
use super::verify::{self, Verdict};
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::api::Api;
use crate::http::context::{Reader, Shared};
use crate::http::json::Json;
use crate::http::page::{Order, Page};
use crate::profile;

/// Entries that are read at a time for an export.
const CHUNK: i64 = 1000;

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    api.get(
        "/audit",
        "Who did what: ?member= (a member's or token's id), operation= (such as POST /api/v1/tokens), person= (a profile), since=, until=, order=desc for youngest first",
        list,
    )
    .get(
        "/audit/export",
        "The same as lines of JSON, the oldest first, whole",
        export,
    )
    .get(
        "/audit/verify",
        "Whether the log is as it was written; the first entry that is not",
        check,
    )
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    member: String,
    #[serde(default)]
    operation: String,
    #[serde(default)]
    person: String,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Asked {
    async fn filter(self, app: &App, space_id: &str) -> Result<Filter> {
        // A profile that is gone may still be asked for by its id.
        let person = if self.person.is_empty() || self.person.starts_with("prf_") {
            self.person
        } else {
            profile::find(app, space_id, &self.person).await?
        };
        Ok(Filter {
            actor: self.member,
            operation: self.operation,
            person,
            since: self.since.map_or(i64::MIN, Timestamp::as_micros),
            until: self.until.map_or(i64::MAX, Timestamp::as_micros),
        })
    }
}

async fn list(
    reader: Reader,
    State(app): State<Shared>,
    Query(asked): Query<Asked>,
    page: Page,
) -> Result<Json<Value>> {
    let filter = asked.filter(&app, reader.space_id()).await?;
    let window = (page.place()?, page.order(), page.fetch());
    let entries = store::page(&app.database, reader.space_id(), &filter, window).await?;
    let entries: Vec<View> = entries.into_iter().map(View::from).collect();
    page.answer(entries, |entry| entry.number.to_string())
}

async fn export(
    reader: Reader,
    State(app): State<Shared>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let space_id = reader.space_id().to_owned();
    let filter = asked.filter(&app, &space_id).await?;
    let lines = stream::try_unfold(Some(None), move |after: Option<Option<i64>>| {
        let (app, space_id, filter) = (Shared::clone(&app), space_id.clone(), filter.clone());
        async move {
            let Some(after) = after else {
                return Ok::<_, Error>(None);
            };
            let window = (after, Order::Asc, CHUNK);
            let entries = store::page(&app.database, &space_id, &filter, window).await?;
            let Some(last) = entries.last().map(|chained| chained.number) else {
                return Ok(None);
            };
            let mut text = String::new();
            for chained in entries {
                text.push_str(&serde_json::to_string(&View::from(chained))?);
                text.push('\n');
            }
            Ok(Some((text, Some(Some(last)))))
        }
    });
    let headers = [
        (CONTENT_TYPE, "application/x-ndjson"),
        (CONTENT_DISPOSITION, "attachment; filename=\"audit.ndjson\""),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}

async fn check(_: Reader, State(app): State<Shared>) -> Result<Json<Verdict>> {
    verify::verify(&app.database).await.map(Json)
}
