//! Folding an anchor's events again, under the words that hold now.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;

use cdp_core::consent::Standing;
use cdp_core::time::Timestamp;
use futures_util::TryStreamExt as _;
use sqlx::AnyConnection;

use super::{news, store};
use crate::consent::{self, Folded};
use crate::error::Result;
use crate::identity::{self, Links};
use crate::pipeline::{self, Turn};
use crate::{audience, computed_trait, experience, traits};

/// Replaces what is kept of the turn's anchors that have to be folded again by what their events come to.
pub(crate) async fn fold_again(connection: &mut AnyConnection, turn: &mut Turn<'_>) -> Result<()> {
    if turn.again.is_empty() {
        return Ok(());
    }
    let (space_id, rules) = (turn.space_id, turn.rules);
    let definitions = computed_trait::all(connection, space_id).await?;
    let mut writes = traits::Writes::default();
    let mut tally = computed_trait::Tally::default();
    let mut exposures = experience::Exposures::default();
    let mut links = Links::default();
    let mut folded: BTreeMap<String, Folded> = BTreeMap::new();
    let devices = consent::Devices::of_anchors(connection, rules, turn.again.keys()).await?;
    for (anchor, standing) in &turn.again {
        let of_anchor = folded.entry(anchor.clone()).or_default();
        let mut events = pin!(pipeline::events_of_anchor(connection, space_id, anchor));
        while let Some(logged) = events.try_next().await? {
            let Some(grants) = rules.grants(&logged) else {
                continue;
            };
            let scope = rules.scope(&logged, &grants, standing, &devices);
            of_anchor.add(&grants, &scope, standing);
            links.add(rules.links_of(&logged), &scope, &rules.policy().uses.link);
            if rules.keeps(&scope) {
                writes.add(&logged, &scope);
                tally.add_again(&definitions, &logged, &scope);
                exposures.add(&logged, &scope);
            }
        }
    }
    store::clear(connection, space_id, turn.again.keys()).await?;
    traits::keep(connection, space_id, writes).await?;
    computed_trait::keep(connection, space_id, &tally).await?;
    experience::keep(connection, space_id, exposures).await?;
    identity::put_links(connection, space_id, links).await?;
    consent::put_folded(connection, space_id, &folded).await?;
    turn.touched
        .extend(store::profiles_of(connection, space_id, turn.again.keys()).await?);
    Ok(())
}

/// Folds some people again by the turn's rules, with all that follows from it. No event of theirs is new.
pub(crate) async fn refold(
    connection: &mut AnyConnection,
    turn: &mut Turn<'_>,
    people: BTreeMap<String, String>,
    cache: &mut identity::Cache,
    now: Timestamp,
) -> Result<()> {
    fold_people_again(connection, turn, people).await?;
    identity::link(connection, turn, cache).await?;
    let left = audience::apply(connection, turn, now).await?;
    news::tell_all(connection, turn.space_id, &left, now).await
}

/// The same for all anchors of some people.
async fn fold_people_again(
    connection: &mut AnyConnection,
    turn: &mut Turn<'_>,
    people: BTreeMap<String, String>,
) -> Result<()> {
    let ids: BTreeSet<String> = people.values().cloned().collect();
    let standings = consent::standings_of_people(connection, turn.space_id, ids.iter()).await?;
    for (anchor, person) in people {
        let standing = standings.get(&person).cloned();
        turn.again
            .insert(anchor, standing.unwrap_or_else(Standing::default));
    }
    turn.divided.extend(ids);
    fold_again(connection, turn).await
}
