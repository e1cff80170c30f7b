//! What people say of consent now: the latest choice per purpose, over all identifiers of a person.

use std::collections::BTreeMap;

use cdp_core::consent::Standing;
use cdp_core::identifier::Identifier;
use sqlx::AnyConnection;

use crate::app::App;
use crate::error::Result;

mod entries;
mod entry;
mod folded;
pub(crate) mod policy;
mod refusals;
pub(crate) mod routes;
mod rules;
mod stage;
mod state;
mod statement;
mod store;
mod why;

pub(crate) use folded::Folded;
pub(crate) use refusals::Refusals;
pub(crate) use rules::{Devices, Rules};
pub(crate) use stage::{Withdrawal, apply, hear_apart, scopes};
pub(crate) use store::{
    folded_of_profiles, of_profiles, put_folded, standings_of_people, standings_of_refusing,
};

/// What the people that own these anchors have said. Nobody who is unknown, or who never refused, need be in the answer.
pub(crate) async fn current_of_people<'a>(
    app: &App,
    space_id: &str,
    anchors: impl Iterator<Item = &'a Identifier>,
) -> Result<BTreeMap<Identifier, Standing>> {
    let mut anchors: Vec<&Identifier> = anchors
        .filter(|anchor| app.refusals.may_have(space_id, anchor))
        .collect();
    anchors.sort_unstable();
    anchors.dedup();
    if anchors.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut connection = app.database.reader().acquire().await?;
    let found = store::of_anchors(
        &mut connection,
        space_id,
        anchors.iter().map(ToString::to_string),
    )
    .await?;
    Ok(anchors
        .into_iter()
        .filter_map(|anchor| {
            let state = found.get(&anchor.to_string())?;
            Some((anchor.clone(), state.standing()))
        })
        .collect())
}

/// What the person behind an identifier has said.
pub(crate) async fn said_by(
    connection: &mut AnyConnection,
    space_id: &str,
    identifier: &Identifier,
) -> Result<Standing> {
    let anchors = std::iter::once(identifier.to_string());
    let states = store::of_anchors(connection, space_id, anchors).await?;
    Ok(states.into_values().next().unwrap_or_default().standing())
}

/// What was said with an identifier, whoever has it.
pub(crate) async fn said_with(
    connection: &mut AnyConnection,
    space_id: &str,
    identifier: &Identifier,
) -> Result<Standing> {
    let anchors = std::iter::once(identifier.to_string());
    let states = store::states(connection, space_id, anchors).await?;
    Ok(states.into_values().next().unwrap_or_default().standing())
}
