//! What each placement would show somebody, and why.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::audience::Rules;
use cdp_core::decision::{Asker, Cause, Decision, decide};
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::store;
use crate::app::App;
use crate::error::Result;
use crate::{clock, consent, profile, snapshot};

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
    /// When; now when absent.
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
    let nothing = Rules::default();
    let one = std::slice::from_ref(&profile_id);
    let mut snapshots = snapshot::of_profiles(app, space_id, one, &experiences, &nothing).await?;
    let snapshot = snapshots.remove(&profile_id).unwrap_or_default();
    let rules = consent::Rules::of(&app.sources, space_id);
    let sources = app.sources.of_space(space_id);
    let config = sources.first();
    let at = question.at.unwrap_or_else(clock::now);
    let asker = Asker {
        snapshot: &snapshot,
        bucket_by: &profile_id,
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
