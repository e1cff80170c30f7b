//! Why somebody belongs to an audience now, or does not.

use std::collections::BTreeMap;

use cdp_core::audience::Clause;
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::facts::{self, States, Wanted};
use super::members;
use super::store;
use crate::app::App;
use crate::consent::{self, Rules};
use crate::error::Result;
use crate::{clock, computed_trait};

/// What decides whether somebody belongs.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AudienceWhy")]
pub(super) struct Why {
    audience_id: String,
    profile_id: String,
    member: bool,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    /// Whether what the person said to consent lets audiences look at them at all.
    consent: bool,
    /// As of when.
    evaluated_at: Timestamp,
    /// Each rule with its answer and what it saw.
    why: Clause,
}

/// Evaluates one audience for one profile and says what each rule saw.
pub(super) async fn why(app: &App, space_id: &str, id: &str, profile_id: &str) -> Result<Why> {
    let audience = store::one(&app.database, space_id, id).await?;
    let (now, rules) = (clock::now(), Rules::of(&app.sources, space_id));
    let needed = rules.for_audiences();
    let profiles = [profile_id.to_owned()];
    let mut moment = app.database.moment().await?;
    let known = members::memberships(&mut moment, space_id, &profiles).await?;
    let folded = consent::folded_of_profiles(&mut moment, space_id, &profiles).await?;
    let (reads, definitions) = (
        audience.rule.reads(),
        computed_trait::all(&mut moment, space_id).await?,
    );
    let states = States::All(definitions);
    let facts = facts::load(
        &mut moment,
        space_id,
        Wanted::by([&reads]),
        &profiles,
        states,
        now,
    )
    .await?;
    moment.commit().await?;
    let mut seen = facts.seen_for(profile_id, needed);
    seen.audiences = known.keys().map(|(audience, _)| audience.clone()).collect();
    let place = (audience.id.clone(), profile_id.to_owned());
    let mut of_profile = folded
        .get(profile_id)
        .into_iter()
        .flat_map(BTreeMap::values);
    Ok(Why {
        member: known.contains_key(&place),
        since: known.get(&place).map(|(since, _)| *since),
        consent: of_profile.any(|folded| folded.serves(needed)),
        evaluated_at: now,
        why: audience.rule.explain(&seen.facts(), now),
        audience_id: audience.id,
        profile_id: profile_id.to_owned(),
    })
}
