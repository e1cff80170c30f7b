//! One matching of a space, in the background.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use cdp_core::identifier::Identifier;
use cdp_matching::{Matching, Refusal, Settings};

use super::automatic::{self, Merged};
use super::records::{MOST_RECORDS, Records};
use super::store::{self, Ended, Found};
use crate::app::App;
use crate::consent::Rules;
use crate::error::{Code, Error, Result};
use crate::{clock, id, priority, traits};

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
    let model = serde_json::to_string(matching.model())?;
    let version = version(&model);
    let (found, merged) = keep(app, &rules, (run_id, &version), &records, &matching).await?;
    app.pipeline.wake();
    Ok(Ended {
        status: "done",
        reason: String::new(),
        records: records.records.len(),
        compared: matching.compared(),
        suggestions: found,
        model,
        model_version: version,
        automatic: merged.map_or(Ok(String::new()), |merged| serde_json::to_string(&merged))?,
    })
}

/// A model's name, which follows from what it has learned.
fn version(model: &str) -> String {
    let digest = id::digest(model);
    format!("mdl_{}", digest.get(..16).unwrap_or(&digest))
}

/// Keeps suggestions in the place of those of before, and says how many and what was merged by itself. What people decided and
/// took back while the matching ran is minded.
async fn keep(
    app: &App,
    rules: &Rules,
    (run_id, version): (&str, &str),
    records: &Records,
    matching: &Matching,
) -> Result<(usize, Option<Merged>)> {
    // Nobody takes anything back meanwhile.
    let _turn = app.pipeline.between_turns().await;
    let mut transaction = app.database.begin().await?;
    let apart = store::apart(&mut transaction, rules.space_id()).await?;
    let pairs = pairs(records, matching, &apart);
    let ends = pairs.iter().flat_map(|(one, other)| [*one, *other]);
    let names = ends.filter_map(|at| Some(records.records.get(at)?.id.clone()));
    let now = traits::of_anchors(&mut transaction, rules.space_id(), names).await?;
    let mut found = Vec::new();
    for (one, other) in pairs {
        if !records.holds(one, rules, &now) || !records.holds(other, rules, &now) {
            continue;
        }
        let read = |at: usize| {
            let id = records.records.get(at).map(|record| record.id.as_str());
            let id = id.unwrap_or_default().parse::<Identifier>();
            id.map_err(Error::internal)
        };
        let (a, b) = (read(one)?, read(other)?);
        let (a, b) = if a < b { (a, b) } else { (b, a) };
        let waterfall = matching.explain(one, other);
        found.extend(waterfall.map(|waterfall| Found { a, b, waterfall }));
    }
    let space_id = rules.space_id();
    store::replace(&mut transaction, space_id, (run_id, version), &found).await?;
    let merged = automatic::merge(
        app,
        &mut transaction,
        rules,
        records,
        matching,
        &found,
        run_id,
    )
    .await?;
    transaction.commit().await?;
    Ok((found.len(), merged))
}

/// The strongest pair of each two profiles that may be one person and of whom nobody said that they are two.
fn pairs(
    records: &Records,
    matching: &Matching,
    apart: &BTreeSet<(String, String)>,
) -> Vec<(usize, usize)> {
    let mut told: BTreeSet<(&str, &str)> = BTreeSet::new();
    let matches = matching
        .pairs()
        .iter()
        .filter(|pair| pair.relationship.is_none());
    let new = matches.filter(|pair| {
        let of = |at: usize| records.profiles.get(at).map_or("", String::as_str);
        let (one, other) = (of(pair.one), of(pair.other));
        let profiles = (one.min(other), one.max(other));
        let is_apart = apart.contains(&(profiles.0.to_owned(), profiles.1.to_owned()));
        one != other && !is_apart && told.insert(profiles)
    });
    let new = new.map(|pair| (pair.one, pair.other));
    new.take(MOST_SUGGESTIONS).collect()
}
