//! The news of a withdrawal, for destinations: there are none yet; they will read it from here.

use std::collections::BTreeSet;

use cdp_core::time::Timestamp;
use sqlx::AnyConnection;

use super::store::{self, Piece};
use crate::error::Result;
use crate::id;
use crate::pipeline::Turn;

/// Writes down what was taken back, and which memberships went with it. `left` says which profile left
/// which audience in this turn.
pub(crate) async fn tell(
    connection: &mut AnyConnection,
    turn: &Turn<'_>,
    left: Vec<(String, String)>,
    now: Timestamp,
) -> Result<()> {
    let taken_back: BTreeSet<(&String, &String)> = turn
        .withdrawn
        .iter()
        .map(|withdrawal| (&withdrawal.person_id, &withdrawal.purpose))
        .collect();
    if taken_back.is_empty() {
        return Ok(());
    }
    let people: BTreeSet<&String> = taken_back.iter().map(|(person, _)| *person).collect();
    let profiles = store::profiles_of_people(connection, turn.space_id, people.into_iter()).await?;
    let mut news: Vec<Piece> = Vec::new();
    let mut add = |kind: &str, profile_id: &str, audience_id: &str, purpose: &str| -> Result<()> {
        let [kind, profile_id, audience_id, purpose] =
            [kind, profile_id, audience_id, purpose].map(str::to_owned);
        news.push([
            id::dated("cnw", now)?,
            kind,
            profile_id,
            audience_id,
            purpose,
        ]);
        Ok(())
    };
    for (person, purpose) in taken_back {
        for profile_id in profiles.get(person).into_iter().flatten() {
            add("withdrawn", profile_id, "", purpose)?;
        }
    }
    let concerned: BTreeSet<&String> = profiles.values().flatten().collect();
    for (audience_id, profile_id) in &left {
        if concerned.contains(profile_id) {
            add("audience_left", profile_id, audience_id, "")?;
        }
    }
    store::tell(connection, turn.space_id, news, now.as_micros()).await
}
