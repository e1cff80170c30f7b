//! One matching of a space, in the background.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use cdp_core::identifier::Identifier;
use cdp_matching::{Matching, Refusal, Settings};

use super::records::{MOST_RECORDS, Records};
use super::store::{self, Ended, Found};
use crate::app::App;
use crate::consent::Rules;
use crate::error::{Code, Error, Result};
use crate::{clock, id, priority};

/// Suggestions that are kept, the strongest ones.
const MOST_SUGGESTIONS: usize = 10_000;

/// Spaces that are being matched.
#[derive(Clone, Debug, Default)]
pub(crate) struct Running(Arc<Mutex<HashSet<String>>>);

/// Holds a space until its matching has ended, whatever becomes of it.
struct Held(Running, String);

impl Running {
    fn hold(&self, space_id: &str) -> Option<Held> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running
            .insert(space_id.to_owned())
            .then(|| Held(self.clone(), space_id.to_owned()))
    }

    /// Whether a space is being matched by this process.
    pub(super) fn has(&self, space_id: &str) -> bool {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.contains(space_id)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut running = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.remove(&self.1);
    }
}

/// Starts matching a space and gives the run's id. `threshold` is the least probability of a suggestion.
pub(super) async fn start(app: &Arc<App>, space_id: &str, threshold: f64) -> Result<String> {
    if !(threshold > 0.0 && threshold < 1.0) {
        let say = "\"threshold\" is a probability between 0 and 1, such as 0.9";
        return Err(Error::new(Code::InvalidRequest, say));
    }
    let held = app.matching.hold(space_id).ok_or_else(|| {
        let say = "this space is being matched already: see GET /api/v1/identity/matching";
        Error::new(Code::Conflict, say)
    })?;
    let id = id::dated("mat", clock::now())?;
    store::start(&app.database, space_id, &id, threshold).await?;
    let end = *app.log.end().borrow();
    let task = {
        let (app, id, space_id) = (Arc::clone(app), id.clone(), space_id.to_owned());
        async move {
            let _held = held;
            // What was acknowledged before is matched, however far behind the pipeline is.
            app.pipeline.drained(end).await;
            let done = run(&app, &space_id, &id, threshold).await;
            let ended = done.unwrap_or_else(|error| {
                tracing::error!(%error, run = id, "a matching failed");
                Ended::failed(&error)
            });
            if let Err(error) = store::end(&app.database, &id, ended).await {
                tracing::error!(%error, run = id, "how a matching ended could not be written down");
            }
        }
    };
    // Nobody waits for it: how it ended is written down.
    let _ended = priority::behind("matching", task)
        .map_err(|error| Error::internal(format!("the matching cannot start: {error}")))?;
    Ok(id)
}

/// Matches, and replaces the suggestions of before.
async fn run(app: &App, space_id: &str, run_id: &str, threshold: f64) -> Result<Ended> {
    let rules = Rules::of(&app.sources, space_id);
    let records = Records::read(&app.database, &rules).await?;
    if records.too_many {
        let why = format!(
            "more than {MOST_RECORDS} identifiers have traits: that is more than can be matched"
        );
        return Ok(Ended::refused(why, 0));
    }
    let settings = Settings {
        threshold,
        must_link: records.joined(),
        ..Settings::default()
    };
    let matching = match Matching::new(&records.columns, &records.records, &settings) {
        Ok(matching) => matching,
        Err(Refusal::Records(why)) => return Ok(Ended::refused(why, records.records.len())),
        Err(refusal @ Refusal::Model(_)) => {
            return Ok(Ended::refused(refusal.to_string(), records.records.len()));
        }
    };
    let found = suggestions(&records, &matching)?;
    store::replace(&app.database, &rules, run_id, &found).await?;
    Ok(Ended {
        status: "done",
        reason: String::new(),
        records: records.records.len(),
        compared: matching.compared(),
        suggestions: found.len(),
        model: serde_json::to_string(matching.model())?,
    })
}

/// The strongest pair of each two profiles that may be one person.
fn suggestions(records: &Records, matching: &Matching) -> Result<Vec<Found>> {
    let mut told: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut found = Vec::new();
    let matches = matching
        .pairs()
        .iter()
        .filter(|pair| pair.relationship.is_none());
    for pair in matches {
        let of = |at: usize| Some((records.records.get(at)?, records.profiles.get(at)?.as_str()));
        let (Some((one, first)), Some((other, second))) = (of(pair.one), of(pair.other)) else {
            continue;
        };
        let profiles = (first.min(second), first.max(second));
        let apart = (profiles.0.to_owned(), profiles.1.to_owned());
        if first == second || records.apart.contains(&apart) || !told.insert(profiles) {
            continue;
        }
        let Some(waterfall) = matching.explain(pair.one, pair.other) else {
            continue;
        };
        let read = |text: &str| text.parse::<Identifier>().map_err(Error::internal);
        let (a, b) = (read(&one.id)?, read(&other.id)?);
        let (a, b) = if a < b { (a, b) } else { (b, a) };
        found.push(Found { a, b, waterfall });
        if found.len() == MOST_SUGGESTIONS {
            break;
        }
    }
    Ok(found)
}
