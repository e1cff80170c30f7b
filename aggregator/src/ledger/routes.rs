//! HTTP of the ledger.

use std::collections::BTreeMap;

use axum::extract::{Query, State};
use cdp_core::ledger::Cause;
use cdp_core::outcome::Outcome;
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::gaps::{self, Gap, Place};
use super::store::{self, Ended, Tab};
use crate::app::App;
use crate::clock;
use crate::error::{Code, Result};
use crate::http::api::Api;
use crate::http::context::{Reader, Shared};
use crate::http::json::Json;
use crate::http::page::{List, Page};

/// Gaps that the summary shows.
const SHOWN: usize = 100;
/// Gaps whose causes the summary adds up.
const MOST_GAPS: i64 = 1_000;

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    let api = api.get(
        "/ledger",
        "Numbered events by outcome, and the gaps with their likely causes; ?source= for one source",
        read,
    ).fails(&[Code::NotFound]);
    let api = api.get(
        "/ledger/gaps",
        "Every run of numbers without an outcome, by tab, with its likely cause; ?source= for one source",
        list_gaps,
    ).fails(&[Code::NotFound]);
    api.get(
        "/ledger/tabs",
        "Every tab's numbers by outcome; ?source= for one source",
        list_tabs,
    )
    .fails(&[Code::NotFound])
}

#[derive(Deserialize, JsonSchema)]
struct Filter {
    source: Option<String>,
}

impl Filter {
    fn source_id(self, app: &App, space_id: &str) -> Result<Option<String>> {
        self.source
            .map(|source| app.sources.named(space_id, &source))
            .transpose()
    }
}

/// What became of numbered events.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Ledger")]
struct Summary {
    /// The one source that was asked for.
    source_id: Option<String>,
    /// Numbers that clients gave out.
    numbered: i64,
    /// Numbers that arrived.
    received: i64,
    /// How many ended in each outcome.
    outcomes: BTreeMap<&'static str, i64>,
    /// Numbers without an outcome.
    unexplained: i64,
    /// The likely causes of those.
    causes: BTreeMap<&'static str, i64>,
    /// The first of the runs of numbers without an outcome.
    gaps: Vec<Gap>,
}

async fn read(
    reader: Reader,
    State(app): State<Shared>,
    Query(filter): Query<Filter>,
) -> Result<Json<Summary>> {
    let space_id = reader.space_id();
    let source = filter.source_id(&app, space_id)?;
    let mut connection = app.database.reader().acquire().await?;
    let (numbered, ended) = store::totals(&mut connection, space_id, source.as_deref()).await?;
    let place = Place::default();
    let mut gaps = gaps::list(
        &mut connection,
        space_id,
        source.as_deref(),
        place,
        MOST_GAPS,
        clock::now(),
    )
    .await?;
    let mut causes: BTreeMap<&'static str, i64> = Cause::ALL
        .map(|cause| (cause.as_str(), 0))
        .into_iter()
        .collect();
    for gap in &gaps {
        *causes.entry(gap.cause.as_str()).or_default() += gap.len();
    }
    gaps.truncate(SHOWN);
    let Sums {
        outcomes,
        received,
        unexplained,
    } = sums(numbered, &ended);
    Ok(Json(Summary {
        source_id: source,
        numbered,
        received,
        outcomes,
        unexplained,
        causes,
        gaps,
    }))
}

async fn list_gaps(
    reader: Reader,
    State(app): State<Shared>,
    Query(filter): Query<Filter>,
    page: Page,
) -> Result<Json<List<Gap>>> {
    let source = filter.source_id(&app, reader.space_id())?;
    let mut connection = app.database.reader().acquire().await?;
    let after: Place = page.place()?.unwrap_or_default();
    let gaps = gaps::list(
        &mut connection,
        reader.space_id(),
        source.as_deref(),
        after,
        page.fetch(),
        clock::now(),
    )
    .await?;
    let places = gaps
        .iter()
        .map(|gap| serde_json::to_string(&gap.place()))
        .collect::<Result<Vec<_>, _>>()?;
    page.answer_at(gaps, |index| places.get(index).cloned().unwrap_or_default())
}

/// A tab's account.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TabAccount")]
struct Account {
    source_id: String,
    tab: String,
    numbered: i64,
    received: i64,
    outcomes: BTreeMap<&'static str, i64>,
    unexplained: i64,
    heard_at: Timestamp,
}

async fn list_tabs(
    reader: Reader,
    State(app): State<Shared>,
    Query(filter): Query<Filter>,
    page: Page,
) -> Result<Json<List<Account>>> {
    let space_id = reader.space_id();
    let source = filter.source_id(&app, space_id)?;
    let mut connection = app.database.reader().acquire().await?;
    let (after_source, after_tab): (String, String) = page.place()?.unwrap_or_default();
    let after = (after_source.as_str(), after_tab.as_str());
    let tabs = store::tabs(
        &mut connection,
        space_id,
        source.as_deref(),
        after,
        page.fetch(),
    )
    .await?;
    let mut ended = store::outcomes_of_tabs(&mut connection, space_id, &tabs).await?;
    let places = tabs
        .iter()
        .map(|tab| serde_json::to_string(&(&tab.source_id, &tab.tab)))
        .collect::<Result<Vec<_>, _>>()?;
    let accounts = tabs
        .into_iter()
        .map(|tab| account(tab, &mut ended))
        .collect();
    page.answer_at(accounts, |index| {
        places.get(index).cloned().unwrap_or_default()
    })
}

fn account(tab: Tab, ended: &mut BTreeMap<(String, String), BTreeMap<String, Ended>>) -> Account {
    let numbered = tab.next - 1;
    let key = (tab.source_id, tab.tab);
    let ended = ended.remove(&key).unwrap_or_default();
    let Sums {
        outcomes,
        received,
        unexplained,
    } = sums(numbered, &ended);
    Account {
        source_id: key.0,
        tab: key.1,
        numbered,
        received,
        outcomes,
        unexplained,
        heard_at: tab.heard_at,
    }
}

/// What numbers ended in, and what is left without an end.
struct Sums {
    outcomes: BTreeMap<&'static str, i64>,
    received: i64,
    unexplained: i64,
}

fn sums(numbered: i64, ended: &BTreeMap<String, Ended>) -> Sums {
    let of = |word: &str| ended.get(word).copied().unwrap_or_default();
    let outcomes = Outcome::ALL
        .map(Outcome::as_str)
        .map(|word| (word, of(word).count));
    Sums {
        outcomes: outcomes.into_iter().collect(),
        received: ended.values().map(|ended| ended.received).sum(),
        unexplained: numbered - ended.values().map(|ended| ended.count).sum::<i64>(),
    }
}
