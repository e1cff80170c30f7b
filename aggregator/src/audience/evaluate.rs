//! Evaluating profiles and writing down what changed.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::time::Timestamp;
use sqlx::AnyConnection;

use super::store::Audience;
use super::{facts, members};
use crate::error::Result;

/// Profiles whose facts are in memory at the same time.
const PART: usize = 200;

/// Evaluates all audiences of the space for these profiles, except those that wait until all that they
/// count is counted: they look at everybody then. `merged` says which profiles went into
/// which, so that a membership keeps the time since which it holds.
pub(super) async fn evaluate(
    connection: &mut AnyConnection,
    space_id: &str,
    audiences: &[Audience],
    profiles: &BTreeSet<String>,
    merged: &BTreeMap<String, String>,
    now: Timestamp,
) -> Result<()> {
    let profiles: Vec<String> = profiles.iter().cloned().collect();
    let known = members::memberships(connection, space_id, &profiles).await?;
    let mut since: BTreeMap<(&str, &str), Timestamp> = BTreeMap::new();
    for (place, time) in &known {
        if let Some(into) = merged.get(&place.1) {
            let earliest = since.entry((&place.0, into)).or_insert(*time);
            *earliest = time.min(earliest).to_owned();
        }
    }
    for part in profiles.chunks(PART) {
        let found = memberships(connection, space_id, audiences, part, now).await?;
        let mut joins = Vec::new();
        let mut leaves = Vec::new();
        for ((audience_id, profile_id), member) in found.members {
            match (
                known.contains_key(&(audience_id.clone(), profile_id.clone())),
                member,
            ) {
                (false, true) => {
                    let time = since
                        .get(&(audience_id.as_str(), profile_id.as_str()))
                        .copied()
                        .unwrap_or(now);
                    joins.push((audience_id, profile_id, time));
                }
                (true, false) => leaves.push((audience_id, profile_id)),
                _ => {}
            }
        }
        members::join(connection, space_id, joins).await?;
        members::leave(connection, space_id, leaves).await?;
        members::set_due(connection, space_id, part, found.due).await?;
    }
    Ok(())
}

struct Found {
    members: BTreeMap<(String, String), bool>,
    due: BTreeMap<String, Timestamp>,
}

async fn memberships(
    connection: &mut AnyConnection,
    space_id: &str,
    audiences: &[Audience],
    profiles: &[String],
    now: Timestamp,
) -> Result<Found> {
    let facts = facts::load(connection, space_id, profiles).await?;
    let audiences: Vec<&Audience> = audiences
        .iter()
        .filter(|audience| facts.are_ready_for(&audience.rule))
        .collect();
    // A profile that went into another belongs nowhere, whatever a rule says of somebody without facts.
    let alive = members::alive(connection, space_id, profiles).await?;
    let mut found = Found {
        members: BTreeMap::new(),
        due: BTreeMap::new(),
    };
    for profile_id in profiles {
        for audience in &audiences {
            let evaluation = audience.rule.evaluate(&facts.of(profile_id), now);
            let lives = alive.contains(profile_id);
            found.members.insert(
                (audience.id.clone(), profile_id.clone()),
                lives && evaluation.member,
            );
            if let Some(change) = evaluation.changes_at.filter(|_| lives) {
                let due = found.due.entry(profile_id.clone()).or_insert(change);
                *due = change.min(*due);
            }
        }
    }
    Ok(found)
}
