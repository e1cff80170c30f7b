//! HTTP of quarantine.

use std::collections::BTreeMap;

use axum::extract::{Query, State};
use cdp_core::kept_message::KeptMessage;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::filter::Filter;
use super::replay::{Replayed, replay as try_again};
use super::store::{self, Refused};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::json::Json;
use crate::http::page::{self, List, Page};

/// Messages tried again in one request.
const MOST: usize = 500;

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    api.get(
        "/quarantine",
        "List refused messages with their reasons, youngest first; ?q=&source=&reason=&from=&to=",
        list,
    )
    .fails(&[Code::NotFound])
    .post(
        "/quarantine/replay",
        "Try refused messages again: by id, mended, or by filter up to 500 at a time",
        json!({"ids": ["qrn_…"]}),
        replay,
    )
    .fails(&[Code::NotFound])
}

/// The filter beside `limit` and `cursor`, which the page reads.
#[derive(Deserialize, JsonSchema)]
struct Asked {
    #[serde(flatten)]
    filter: Filter,
}

/// Which messages to try again: these, these as they are written here, or all that a filter finds.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ReplayWish")]
struct Which {
    #[serde(default)]
    ids: Vec<String>,
    #[serde(default)]
    mended: Vec<Mended>,
    filter: Option<Filter>,
    cursor: Option<String>,
}

/// A refused message as it should have been.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MendedMessage")]
struct Mended {
    id: String,
    message: Value,
}

async fn list(
    reader: Reader,
    State(app): State<Shared>,
    Query(asked): Query<Asked>,
    page: Page,
) -> Result<Json<List<Refused>>> {
    let space_id = reader.space_id();
    let terms = asked.filter.terms(&app, space_id)?;
    let (refused, more) =
        store::page(&app.database, space_id, &terms, page.after(), page.limit()).await?;
    let next = refused.last().filter(|_| more).map(|one| one.id.clone());
    Ok(Json(List::ending(refused, next.as_deref())))
}

/// What became of messages that were tried again.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Replay")]
struct Outcomes {
    outcomes: Vec<Replayed>,
    /// Where a filter goes on.
    next_cursor: Option<String>,
}

async fn replay(
    writer: Writer,
    State(app): State<Shared>,
    Json(which): Json<Which>,
) -> Result<Json<Outcomes>> {
    let space_id = writer.space_id();
    let (refused, next_cursor) = match which {
        Which {
            ids,
            mended,
            filter: Some(filter),
            cursor,
        } if ids.is_empty() && mended.is_empty() => {
            found(&app, space_id, filter, cursor.as_deref()).await?
        }
        Which {
            ids,
            mended,
            filter: None,
            cursor: None,
        } => (named(&app, space_id, ids, mended).await?, None),
        _ => {
            let one = "give \"ids\" and \"mended\", or a \"filter\" and its \"cursor\"";
            return Err(Error::new(Code::InvalidRequest, one));
        }
    };
    let outcomes = try_again(&app, space_id, refused).await?;
    Ok(Json(Outcomes {
        outcomes,
        next_cursor,
    }))
}

/// The messages that were named, some of them mended.
async fn named(
    app: &App,
    space_id: &str,
    mut ids: Vec<String>,
    mended: Vec<Mended>,
) -> Result<Vec<Refused>> {
    let mut mended: BTreeMap<String, Value> = mended
        .into_iter()
        .map(|one| (one.id, one.message))
        .collect();
    ids.retain(|id| !mended.contains_key(id));
    ids.extend(mended.keys().cloned());
    if ids.is_empty() || ids.len() > MOST {
        return Err(Error::new(
            Code::InvalidRequest,
            format!(
                "\"ids\" (with \"mended\") takes 1 to {MOST} ids from GET /api/v1/quarantine; \"filter\" takes what that list takes"
            ),
        ));
    }
    let mut connection = app.database.reader().acquire().await?;
    let mut refused = store::by_ids(&mut connection, space_id, &ids).await?;
    for one in &mut refused {
        if let Some(message) = mended.remove(&one.id) {
            one.message = KeptMessage::from(&message);
        }
    }
    Ok(refused)
}

/// The next messages that a filter finds, and where to go on: what is refused again stays in the
/// list, so the next request must not begin with it.
async fn found(
    app: &App,
    space_id: &str,
    filter: Filter,
    cursor: Option<&str>,
) -> Result<(Vec<Refused>, Option<String>)> {
    let terms = filter.terms(app, space_id)?;
    let after = cursor.map(page::decode).transpose()?.unwrap_or_default();
    let (refused, more) = store::page(&app.database, space_id, &terms, &after, MOST).await?;
    let last = refused.last().filter(|_| more);
    let next = last.map(|last| page::encode(&last.id));
    Ok((refused, next))
}
