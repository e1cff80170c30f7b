//! For how long events are kept. What is derived of people follows their events, so it is folded again when some of them go: a
//! trait that only an old event said goes with it. Who is who stays, and so do the ledger's numbers and what people said of consent.

use std::collections::BTreeSet;

use cdp_core::time::{Span, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::database::Database;
use crate::error::{Code, Error, Result};
use crate::report::Happened;
use crate::{clock, id, pipeline};

mod store;

pub(super) use store::{Run, in_force, last_run};

/// Rules of a space at most.
const MOST: usize = 200;
/// Places of the log that are looked at in one step.
const STEP: i64 = 5_000;
/// How often what is too old goes by itself.
const DAILY: Span = Span::from_seconds(86_400);
/// Types of events.
const TYPES: &[&str] = &["track", "identify", "page", "screen", "group", "alias"];

/// For how long some events are kept. The most exact rule counts: of name and type, of the name, of the type, of everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RetentionRule")]
pub(super) struct Rule {
    /// `track`, `page`, …; missing for every type.
    #[serde(default, rename = "type", skip_serializing_if = "String::is_empty")]
    event_type: String,
    /// Missing for every name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    event: String,
    days: i64,
}

/// The rules of a space.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RetentionRules")]
pub(super) struct Rules {
    pub(super) rules: Vec<Rule>,
}

/// An event as far as rules look at it.
struct Kept {
    offset: i64,
    kind: String,
    name: String,
    anchor: String,
    timestamp: Timestamp,
}

impl Rules {
    /// Finds what is wrong with them.
    pub(super) fn check(&self) -> Result<()> {
        let wrong = |say: String| Err(Error::new(Code::InvalidDefinition, say));
        if self.rules.len() > MOST {
            return wrong(format!("a space has {MOST} rules at most"));
        }
        let mut seen = BTreeSet::new();
        for (at, rule) in self.rules.iter().enumerate() {
            if !(1..=36_500).contains(&rule.days) {
                return wrong(format!("rules[{at}]: \"days\" is a number from 1 to 36500"));
            }
            if !rule.event_type.is_empty() && !TYPES.contains(&rule.event_type.as_str()) {
                return wrong(format!(
                    "rules[{at}]: \"type\" is one of {}, or is left away",
                    TYPES.join(", ")
                ));
            }
            if !seen.insert((&rule.event_type, &rule.event)) {
                return wrong(format!(
                    "rules[{at}]: another rule is about the same events already"
                ));
            }
        }
        Ok(())
    }

    /// Whether an event is too old. What people say of consent is kept whatever the rules are.
    fn lets_go(&self, event: &Kept, now: Timestamp) -> bool {
        let about = |rule: &&Rule| {
            (rule.event_type.is_empty() || rule.event_type == event.kind)
                && (rule.event.is_empty() || rule.event == event.name)
        };
        let exact = |rule: &&Rule| (!rule.event.is_empty(), !rule.event_type.is_empty());
        let rule = self.rules.iter().filter(about).max_by_key(exact);
        event.kind != "consent"
            && rule.is_some_and(|rule| {
                event.timestamp.plus(Span::from_seconds(rule.days * 86_400)) < now
            })
    }
}

/// Writes the rules of a space.
pub(super) async fn publish(app: &App, space_id: &str, rules: &Rules) -> Result<()> {
    rules.check()?;
    store::replace(&app.database, space_id, rules).await
}

/// How many events would go now by some rules: of those that were looked at, which may be only the youngest.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RetentionPreview")]
pub(super) struct Preview {
    events: usize,
    looked_at: i64,
    complete: bool,
}

/// Places that a preview looks at.
const PREVIEWED: i64 = 1_000_000;

/// Counts what would go.
pub(super) async fn preview(app: &App, space_id: &str, rules: &Rules) -> Result<Preview> {
    rules.check()?;
    let last = pipeline::last_offset(&app.database).await?;
    let first = last.saturating_sub(PREVIEWED).max(0);
    let now = clock::now();
    let (mut after, mut events) = (first, 0);
    let mut connection = app.database.reader().acquire().await?;
    while after < last {
        let until = last.min(after + STEP);
        let kept = store::events(&mut connection, space_id, after, until).await?;
        events += kept
            .iter()
            .filter(|event| rules.lets_go(event, now))
            .count();
        after = until;
    }
    Ok(Preview {
        events,
        looked_at: last - first,
        complete: first == 0,
    })
}

/// Begins to delete what is too old, unless that is being done.
pub(super) async fn run(app: &App, space_id: &str) -> Result<Run> {
    let last = pipeline::last_offset(&app.database).await?;
    let run = store::begin(
        &app.database,
        space_id,
        &id::dated("prr", clock::now())?,
        last,
    )
    .await?;
    app.pipeline.wake();
    Ok(run)
}

/// Begins to delete what is too old in the spaces where that was done longer than a day ago; whether there are any.
pub(crate) async fn begin_daily(database: &Database, now: Timestamp) -> Result<bool> {
    let due = store::due(database, now.plus(DAILY.negated())).await?;
    for space_id in &due {
        let last = pipeline::last_offset(database).await?;
        store::begin(database, space_id, &id::dated("prr", now)?, last).await?;
    }
    Ok(!due.is_empty())
}

/// Deletes some of what is too old: of which space, and what. Nothing where no deletion is under way.
pub(crate) async fn trim(database: &Database) -> Result<Option<(String, Vec<Happened>)>> {
    let now = clock::now();
    let Some(mut run) = store::running(database).await? else {
        return Ok(None);
    };
    let rules = in_force(database, &run.space_id).await?;
    let mut transaction = database.begin().await?;
    let until = run.until.min(run.position + STEP);
    let events = store::events(&mut transaction, &run.space_id, run.position, until).await?;
    let gone: Vec<Kept> = events
        .into_iter()
        .filter(|event| rules.lets_go(event, now))
        .collect();
    store::forget(&mut transaction, &run.space_id, &gone).await?;
    run.position = until;
    run.deleted += i64::try_from(gone.len()).unwrap_or(i64::MAX);
    store::advance(&mut transaction, &run, now).await?;
    transaction.commit().await.map_err(Error::from)?;
    let happened = gone.into_iter().map(|event| Happened {
        name: event.name,
        anchor: event.anchor,
        at: event.timestamp,
    });
    Ok(Some((run.space_id, happened.collect())))
}
