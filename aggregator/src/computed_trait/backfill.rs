//! A new definition counts the events that were there before it, a piece at a time.

use std::collections::BTreeSet;

use sqlx::AnyConnection;

use super::definitions::Definitions;
use super::stage::{self, Tally};
use super::store;
use crate::audience::Change;
use crate::consent::{self, Rules};
use crate::database::Database;
use crate::error::{Error, Result};
use crate::live::Live;
use crate::pipeline::{self, Logged, Turn};
use crate::source::Directory;
use crate::{audience, clock};

/// Events in one step.
const STEP: i64 = 1_000;

/// Does one step of the oldest backfill that is not done; false when there is none.
pub(crate) async fn step(database: &Database, sources: &Directory, live: &Live) -> Result<bool> {
    let Some(building) = store::building(database).await? else {
        return Ok(false);
    };
    let mut transaction = database.begin().await?;
    let (space_id, name) = (&building.space_id, &building.stored.definition.event);
    let events = pipeline::read_between(
        &mut transaction,
        space_id,
        name,
        building.position,
        building.until,
        STEP,
    )
    .await?;
    let definitions = Definitions::of(vec![building.stored.clone()]);
    let rules = Rules::of(sources, space_id);
    let scopes = consent::scopes(&mut transaction, &rules, &events).await?;
    let mut tally = Tally::default();
    for (logged, scope) in events.iter().zip(&scopes) {
        if rules.keeps(scope) {
            tally.add(&definitions, logged, scope);
        }
    }
    stage::add(
        &mut transaction,
        space_id,
        &definitions,
        tally,
        clock::now(),
    )
    .await?;

    // An audience that waits for a count looks at everybody when the count is there.
    let is_hidden = building.stored.definition.is_hidden();
    let changes = if is_hidden || building.stored.is_next() {
        Vec::new()
    } else {
        evaluate(&mut transaction, &rules, &events).await?
    };

    let reached = events.last().map_or(building.until, |last| last.offset);
    let done = reached >= building.until;
    store::advance(
        &mut transaction,
        space_id,
        &building.stored.id,
        reached,
        done,
    )
    .await?;
    if done && building.stored.is_next() {
        store::replace(&mut transaction, space_id, &building.stored).await?;
        let key = &building.stored.definition.key;
        audience::look_again_at(&mut transaction, space_id, key).await?;
    }
    transaction.commit().await.map_err(Error::from)?;
    live.changed(&changes);
    if done && building.stored.is_next() {
        // Edges know what the audiences of experiences look at.
        sources.reload(database).await?;
    }
    Ok(true)
}

/// Evaluates the audiences of the people whose events these are; gives who entered and who left.
async fn evaluate(
    connection: &mut AnyConnection,
    rules: &Rules,
    events: &[Logged],
) -> Result<Vec<Change>> {
    let anchors: BTreeSet<String> = events.iter().map(|logged| logged.anchor.clone()).collect();
    let touched = store::profiles_of(connection, rules.space_id(), anchors).await?;
    let mut turn = Turn::over(rules, events);
    turn.touched = touched;
    audience::apply(connection, &mut turn, clock::now()).await?;
    Ok(turn.changes)
}
