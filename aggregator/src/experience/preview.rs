//! What each placement would show somebody, and why.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::audience::Rules;
use cdp_core::decision::{Asker, Cause, Decision, Experience, decide};
use cdp_core::forward::Snapshot;
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::store;
use crate::app::App;
use crate::error::Result;
use crate::{audience, clock, consent, profile, snapshot};

/// The question.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ExperienceQuestion")]
pub(super) struct Question {
    /// `kind:value` or `prf_…`.
    profile: String,
    /// Which placements; all that experiences fill when absent.
    #[serde(default)]
    placements: Vec<String>,
    /// When; now when absent. Of a later time, audiences are asked as they are then if nothing happens before; of an
    /// earlier one, they are those of now.
    at: Option<Timestamp>,
}

/// The answer.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ExperiencePreview")]
pub(super) struct Preview {
    profile_id: String,
    at: Timestamp,
    decisions: BTreeMap<String, Decision>,
}

/// Decides among all experiences that are not archived: those that are off are told as such. Nothing is
/// recorded.
pub(super) async fn preview(app: &App, space_id: &str, question: Question) -> Result<Preview> {
    let profile_id = profile::find(app, space_id, &question.profile).await?;
    let experiences = store::unarchived(&app.database, space_id).await?;
    let rules = consent::Rules::of(&app.sources, space_id);
    let snapshot = at_time(app, &rules, &profile_id, &experiences, question.at).await?;
    let sources = app.sources.of_space(space_id);
    let config = sources.first();
    let at = question.at.unwrap_or_else(clock::now);
    let asker = Asker {
        snapshot: &snapshot,
        bucket_by: snapshot.bucket_by.as_deref().unwrap_or(&profile_id),
        holdout: config.map_or(0.0, |config| config.holdout),
        now: at,
    };
    let denied = |purpose: &&String| snapshot.choices.get(*purpose) == Some(&false);
    let withdrawn = rules.policy().uses.decisions.iter().find(denied);
    let mut placements: BTreeSet<String> = question.placements.into_iter().collect();
    if placements.is_empty() {
        placements.extend(
            experiences
                .iter()
                .map(|experience| experience.placement.clone()),
        );
    }
    let decide = |placement: String| {
        let mut decision = match withdrawn {
            Some(purpose) => Decision::refused(
                &placement,
                Cause::Consent,
                format!("the person has withdrawn consent to {purpose}"),
            ),
            None => decide(&experiences, &placement, &asker),
        };
        decision.fill(config.and_then(|config| config.defaults.get(&placement)));
        (placement, decision)
    };
    Ok(Preview {
        decisions: placements.into_iter().map(decide).collect(),
        profile_id,
        at,
    })
}

/// What will be known of somebody at a time when nothing happens until then. Of a time that is over, what is known now.
async fn at_time(
    app: &App,
    rules: &consent::Rules,
    profile_id: &str,
    experiences: &[Experience],
    at: Option<Timestamp>,
) -> Result<Snapshot> {
    let space_id = rules.space_id();
    let ahead = at.filter(|at| *at > clock::now());
    let audiences = match ahead {
        Some(_) => audience::rules_for(&app.database, space_id, experiences).await?,
        None => Rules::default(),
    };
    let profiles = [profile_id.to_owned()];
    let mut moment = app.database.moment().await?;
    let snapshots = snapshot::of_profiles(&mut moment, rules, &profiles, experiences, &audiences);
    let mut snapshot = snapshots.await?.remove(profile_id).unwrap_or_default();
    if let Some(at) = ahead {
        let folded = consent::folded_of_profiles(&mut moment, space_id, &profiles).await?;
        let mut folded = folded.values().flat_map(BTreeMap::values);
        // Whoever agreed to nothing is in no audience, whatever its rule says.
        let found = (folded.any(|folded| folded.serves(rules.for_decisions())))
            .then(|| snapshot.memberships(&audiences, std::iter::empty(), at, None));
        if let Some(found) = found.flatten() {
            snapshot.audiences = found;
        }
    }
    moment.commit().await?;
    Ok(snapshot)
}
