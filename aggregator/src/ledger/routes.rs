//! HTTP of the ledger.

use axum::extract::{Query, State};
use cdp_core::outcome::Outcome;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::store::{self, Open};
use crate::app::App;
use crate::error::Result;
use crate::http::api::Api;
use crate::http::context::{Reader, Shared};
use crate::http::json::Json;

/// Tabs whose gaps are listed.
const MOST_TABS: i64 = 100;

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    api.get(
        "/ledger",
        "Numbered events by outcome, and the gaps; ?source= for one source",
        read,
    )
}

#[derive(Deserialize)]
struct Filter {
    source: Option<String>,
}

/// Numbers of a tab without an outcome: still on the device, or lost.
#[derive(Debug, Serialize)]
struct Gap {
    source_id: String,
    tab: String,
    from: i64,
    to: i64,
}

async fn read(
    reader: Reader,
    State(app): State<Shared>,
    Query(filter): Query<Filter>,
) -> Result<Json<Value>> {
    let source = filter
        .source
        .map(|source| app.sources.named(reader.space_id(), &source))
        .transpose()?;
    let numbered = store::numbered(&app.database, reader.space_id(), source.as_deref()).await?;
    let found = store::outcomes(&app.database, reader.space_id(), source.as_deref()).await?;
    let settled: i64 = found.values().sum();
    let words = Outcome::ALL.map(Outcome::as_str);
    let outcomes: Map<String, Value> = words
        .into_iter()
        .map(|word| {
            (
                word.to_owned(),
                found.get(word).copied().unwrap_or(0).into(),
            )
        })
        .collect();
    let gaps = gaps(&app, reader.space_id(), source.as_deref()).await?;
    Ok(Json(
        json!({"source_id": source, "numbered": numbered, "outcomes": outcomes, "unexplained": numbered - settled, "gaps": gaps}),
    ))
}

async fn gaps(app: &App, space_id: &str, source_id: Option<&str>) -> Result<Vec<Gap>> {
    let mut gaps = Vec::new();
    for open in store::open_tabs(&app.database, space_id, source_id, MOST_TABS).await? {
        let settled = store::settled(&app.database, space_id, &open).await?;
        gaps.extend(gaps_of(&open, &settled));
    }
    Ok(gaps)
}

/// What is missing between 1 and the tab's next number.
fn gaps_of(open: &Open, settled: &[i64]) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut expected = 1;
    for seq in settled.iter().copied().chain([open.next]) {
        if seq > expected {
            gaps.push(Gap {
                source_id: open.source_id.clone(),
                tab: open.tab.clone(),
                from: expected,
                to: seq - 1,
            });
        }
        expected = seq + 1;
    }
    gaps
}
