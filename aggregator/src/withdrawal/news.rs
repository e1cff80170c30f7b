//! The news of a withdrawal, for destinations: there are none yet; they will read it from here.

use std::collections::BTreeSet;

use cdp_core::time::Timestamp;
use sqlx::AnyConnection;

use super::store::{self, Piece};
use crate::error::Result;
use crate::id;
use crate::pipeline::Turn;

const WITHDRAWN: &str = "withdrawn";
const AUDIENCE_LEFT: &str = "audience_left";

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
    for (person, purpose) in taken_back {
        for profile_id in profiles.get(person).into_iter().flatten() {
            news.push(piece(now, [WITHDRAWN, profile_id, "", purpose])?);
        }
    }
    let concerned: BTreeSet<&String> = profiles.values().flatten().collect();
    for (audience_id, profile_id) in &left {
        if concerned.contains(profile_id) {
            news.push(piece(now, [AUDIENCE_LEFT, profile_id, audience_id, ""])?);
        }
    }
    store::tell(connection, turn.space_id, news, now.as_micros()).await
}

/// Writes down the memberships that ended because a policy changed: whoever got them has to hear of it as
/// of a withdrawal.
pub(super) async fn tell_all(
    connection: &mut AnyConnection,
    space_id: &str,
    left: &[(String, String)],
    now: Timestamp,
) -> Result<()> {
    let news = left
        .iter()
        .map(|(audience_id, profile_id)| piece(now, [AUDIENCE_LEFT, profile_id, audience_id, ""]))
        .collect::<Result<_>>()?;
    store::tell(connection, space_id, news, now.as_micros()).await
}

/// Kind, profile, audience and purpose of a piece of news.
fn piece(now: Timestamp, parts: [&str; 4]) -> Result<Piece> {
    let [kind, profile_id, audience_id, purpose] = parts.map(str::to_owned);
    Ok([
        id::dated("cnw", now)?,
        kind,
        profile_id,
        audience_id,
        purpose,
    ])
}
