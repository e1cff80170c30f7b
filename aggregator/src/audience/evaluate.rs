//! Evaluating profiles and writing down what changed.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::consent::Scope;
use cdp_core::time::Timestamp;
use sqlx::AnyConnection;

use super::changes::{self, Cause};
use super::store::Audience;
use super::{facts, members};
use crate::consent::{self, Folded, Rules};
use crate::error::Result;

/// Profiles whose facts are in memory at the same time.
const PART: usize = 200;

/// Why profiles are looked at.
pub(super) struct Occasion<'a> {
    /// Which profiles went into which, so that a membership keeps the time since which it holds.
    pub(super) merged: &'a BTreeMap<String, String>,
    /// What happened to a profile.
    pub(super) cause: &'a (dyn Fn(&str) -> Cause + Sync),
    /// Whether a new definition looks at everybody for the first time: nobody enters it then, they are in it.
    pub(super) first_look_of: Option<&'a str>,
    /// Now.
    pub(super) now: Timestamp,
}

/// Evaluates all audiences of the space for these profiles, except those that wait until all that they
/// count is counted: they look at everybody then. Gives the memberships that ended, by audience and profile.
pub(super) async fn evaluate(
    connection: &mut AnyConnection,
    rules: &Rules,
    audiences: &[Audience],
    profiles: &BTreeSet<String>,
    occasion: &Occasion<'_>,
) -> Result<Vec<(String, String)>> {
    let (space_id, now) = (rules.space_id(), occasion.now);
    let profiles: Vec<String> = profiles.iter().cloned().collect();
    let known = members::memberships(connection, space_id, &profiles).await?;
    let mut since: BTreeMap<(&str, &str), Timestamp> = BTreeMap::new();
    for (place, (time, _)) in &known {
        if let Some(into) = occasion.merged.get(&place.1) {
            let earliest = since.entry((&place.0, into)).or_insert(*time);
            *earliest = time.min(earliest).to_owned();
        }
    }
    // Those that nobody sees yet change in silence.
    let visible: BTreeSet<&str> = audiences
        .iter()
        .filter(|audience| audience.is_visible())
        .map(|audience| audience.id.as_str())
        .collect();
    let is_told = |place: &(String, String)| {
        visible.contains(place.0.as_str()) && occasion.first_look_of != Some(&place.0)
    };
    let mut left = Vec::new();
    for part in profiles.chunks(PART) {
        let found = memberships(connection, rules, audiences, part, now).await?;
        let mut joins = Vec::new();
        let mut leaves = Vec::new();
        let mut told = Vec::new();
        for (place, scope) in found.members {
            match (known.get(&place), scope) {
                (None, Some(scope)) => {
                    let earliest = since.get(&(place.0.as_str(), place.1.as_str())).copied();
                    // Who was in it before the profiles became one does not enter.
                    if earliest.is_none() && is_told(&place) {
                        told.push((place.clone(), true));
                    }
                    joins.push((place, earliest.unwrap_or(now), scope));
                }
                (Some((time, known)), Some(scope)) if *known != scope => {
                    joins.push((place, *time, scope));
                }
                (Some(_), None) => {
                    if !occasion.merged.contains_key(&place.1) && is_told(&place) {
                        told.push((place.clone(), false));
                    }
                    leaves.push(place);
                }
                _ => {}
            }
        }
        let causes: Vec<Cause> = told
            .iter()
            .map(|((_, profile), _)| (occasion.cause)(profile))
            .collect();
        let told: Vec<changes::New<'_>> = told
            .iter()
            .zip(&causes)
            .map(|((place, entered), cause)| (place, *entered, cause))
            .collect();
        changes::write(connection, space_id, &told, now).await?;
        members::join(connection, space_id, joins).await?;
        members::leave(connection, space_id, &leaves).await?;
        members::set_due(connection, space_id, part, found.due).await?;
        leaves.retain(|place| visible.contains(place.0.as_str()));
        left.append(&mut leaves);
    }
    Ok(left)
}

struct Found {
    /// For which purposes each membership holds, by audience and profile; `None` where there is none.
    members: BTreeMap<(String, String), Option<Scope>>,
    due: BTreeMap<String, Timestamp>,
}

async fn memberships(
    connection: &mut AnyConnection,
    rules: &Rules,
    audiences: &[Audience],
    profiles: &[String],
    now: Timestamp,
) -> Result<Found> {
    let space_id = rules.space_id();
    let definitions = audiences.iter().map(|audience| &audience.rule);
    let facts = facts::load(connection, space_id, definitions, profiles, now).await?;
    let audiences: Vec<&Audience> = in_order(audiences)
        .into_iter()
        .filter(|audience| facts.are_ready_for(&audience.rule))
        .collect();
    // A profile that went into another belongs nowhere, and neither does one that never agreed to it,
    // whatever a rule says of somebody without facts.
    let folded = consent::folded_of_profiles(connection, space_id, profiles).await?;
    let (narrow, wide) = (rules.for_audiences(), rules.for_decisions());
    let scope = |needed: &[String]| Scope::listing(needed.iter().map(String::as_str));
    let (narrow_scope, wide_scope) = (scope(narrow), scope(wide));
    let agreed = |profile_id: &String, needed: &[String]| {
        let of_profile = folded.get(profile_id).into_iter().flatten();
        of_profile
            .into_iter()
            .any(|folded: &Folded| folded.serves(needed))
    };
    let mut found = Found {
        members: BTreeMap::new(),
        due: BTreeMap::new(),
    };
    for profile_id in profiles {
        let lives = agreed(profile_id, narrow);
        let decides = lives && agreed(profile_id, wide);
        let mut seen = facts.seen_for(profile_id, narrow);
        let mut for_decisions = (decides && !facts.are_the_same(profile_id, narrow, wide))
            .then(|| facts.seen_for(profile_id, wide));
        for audience in &audiences {
            let evaluation = audience.rule.evaluate(&seen.facts(), now);
            let wide = for_decisions
                .as_ref()
                .map(|seen| audience.rule.evaluate(&seen.facts(), now));
            let holds = wide.as_ref().map_or(evaluation.member, |wide| wide.member);
            let scope = match (lives && evaluation.member, decides && holds) {
                (false, _) => None,
                (true, false) => Some(narrow_scope.clone()),
                (true, true) => Some(wide_scope.clone()),
            };
            // Rules that look at this audience come later.
            if scope.is_some() {
                seen.audiences.insert(audience.id.clone());
            }
            if decides
                && holds
                && let Some(seen) = &mut for_decisions
            {
                seen.audiences.insert(audience.id.clone());
            }
            found
                .members
                .insert((audience.id.clone(), profile_id.clone()), scope);
            let changes = [evaluation.changes_at, wide.and_then(|wide| wide.changes_at)];
            if let Some(change) = changes.into_iter().flatten().min().filter(|_| lives) {
                let due = found.due.entry(profile_id.clone()).or_insert(change);
                *due = change.min(*due);
            }
        }
    }
    Ok(found)
}

/// The audiences, each behind those that its rule looks at. There are no circles: none is saved.
fn in_order(audiences: &[Audience]) -> Vec<&Audience> {
    let mut placed: BTreeSet<&str> = BTreeSet::new();
    let mut waiting: Vec<(&Audience, BTreeSet<String>)> = audiences
        .iter()
        .map(|audience| (audience, audience.rule.reads().audiences))
        .collect();
    let known: BTreeSet<&str> = audiences
        .iter()
        .map(|audience| audience.id.as_str())
        .collect();
    let mut ordered = Vec::new();
    while !waiting.is_empty() {
        let before = ordered.len();
        waiting.retain(|(audience, reads)| {
            let ready = reads
                .iter()
                .all(|id| placed.contains(id.as_str()) || !known.contains(id.as_str()));
            if ready {
                placed.insert(&audience.id);
                ordered.push(*audience);
            }
            !ready
        });
        if ordered.len() == before {
            // A circle, which cannot be saved: whoever looks first sees nobody.
            ordered.extend(waiting.drain(..).map(|(audience, _)| audience));
        }
    }
    ordered
}
