//! Evaluating profiles and writing down what changed.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::consent::Scope;
use cdp_core::time::Timestamp;
use sqlx::AnyConnection;

use super::store::Audience;
use super::{facts, members};
use crate::consent::{self, Folded, Rules};
use crate::error::Result;

/// Profiles whose facts are in memory at the same time.
const PART: usize = 200;

/// Evaluates all audiences of the space for these profiles, except those that wait until all that they
/// count is counted: they look at everybody then. `merged` says which profiles went into
/// which, so that a membership keeps the time since which it holds. Gives the memberships that ended, by
/// audience and profile.
pub(super) async fn evaluate(
    connection: &mut AnyConnection,
    rules: &Rules,
    audiences: &[Audience],
    profiles: &BTreeSet<String>,
    merged: &BTreeMap<String, String>,
    now: Timestamp,
) -> Result<Vec<(String, String)>> {
    let space_id = rules.space_id();
    let profiles: Vec<String> = profiles.iter().cloned().collect();
    let known = members::memberships(connection, space_id, &profiles).await?;
    let mut since: BTreeMap<(&str, &str), Timestamp> = BTreeMap::new();
    for (place, (time, _)) in &known {
        if let Some(into) = merged.get(&place.1) {
            let earliest = since.entry((&place.0, into)).or_insert(*time);
            *earliest = time.min(earliest).to_owned();
        }
    }
    let mut left = Vec::new();
    for part in profiles.chunks(PART) {
        let found = memberships(connection, rules, audiences, part, now).await?;
        let mut joins = Vec::new();
        let mut leaves = Vec::new();
        for (place, scope) in found.members {
            match (known.get(&place), scope) {
                (None, Some(scope)) => {
                    let earliest = since.get(&(place.0.as_str(), place.1.as_str())).copied();
                    joins.push((place, earliest.unwrap_or(now), scope));
                }
                (Some((time, known)), Some(scope)) if *known != scope => {
                    joins.push((place, *time, scope));
                }
                (Some(_), None) => leaves.push(place),
                _ => {}
            }
        }
        members::join(connection, space_id, joins).await?;
        members::leave(connection, space_id, &leaves).await?;
        members::set_due(connection, space_id, part, found.due).await?;
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
    let facts = facts::load(connection, space_id, profiles).await?;
    let audiences: Vec<&Audience> = audiences
        .iter()
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
        let seen = facts.seen_for(profile_id, narrow);
        let for_decisions = (decides && !facts.are_the_same(profile_id, narrow, wide))
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
