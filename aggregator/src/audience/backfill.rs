//! A new definition looks at everybody once, a piece at a time. Where it is the new definition of an audience
//! that there is, it takes its place then; until then the old one serves.

use std::collections::BTreeMap;

use super::changes::{self, Cause};
use super::evaluate::{Occasion, evaluate};
use super::news::News;
use super::plan::Plan;
use super::store;
use crate::clock;
use crate::computed_trait::Counted;
use crate::consent::Rules;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::live::{LAG, Live};
use crate::source::Directory;

/// Profiles in one step.
const STEP: i64 = 2_000;

/// Does one step of the oldest audience that is not done; false when there is none.
pub(crate) async fn step(database: &Database, sources: &Directory, live: &Live) -> Result<bool> {
    let mut reader = database.reader().acquire().await?;
    let building = store::building(&mut reader).await?;
    drop(reader);
    let Some(building) = building else {
        return Ok(false);
    };
    let (space_id, now) = (&building.space_id, clock::now());
    let mut reader = database.reader().acquire().await?;
    let plan = Plan::load(&mut reader, space_id, now).await?;
    drop(reader);
    let after = building.cursor.as_str();
    let (profiles, reached) = match plan.looks_at(&building.id) {
        Some(places) => store::profiles_with(database, space_id, after, &places, STEP).await?,
        None => {
            let profiles = store::profiles_after(database, space_id, after, STEP).await?;
            let whole = i64::try_from(profiles.len()).unwrap_or(i64::MAX) < STEP;
            let last = profiles.last().cloned();
            (profiles, last.filter(|_| !whole))
        }
    };
    let (done, cursor) = (reached.is_none(), reached.unwrap_or_default());
    let profiles = profiles
        .into_iter()
        .map(|id| (id, News::Definition(building.id.clone())))
        .collect();
    let mut transaction = database.begin().await?;
    let occasion = Occasion {
        merged: &BTreeMap::new(),
        cause: &|_| Cause::Definition,
        counted: &Counted::default(),
        first_look_of: Some(building.id.as_str()).filter(|_| building.is_new),
        now,
    };
    let rules = Rules::of(sources, space_id);
    let mut changes = evaluate(&mut transaction, &rules, &plan, &profiles, &occasion)
        .await?
        .changes;
    store::advance(&mut transaction, &building, &cursor, done).await?;
    let replaced = done && !building.replaces.is_empty();
    if replaced {
        store::replace(&mut transaction, &building, now).await?;
        let changed = &building.replaces;
        // Whoever looks at the audience sees others in it now.
        for audience in plan.audiences() {
            if audience.rule.reads().audiences.contains(changed) {
                store::look_again(&mut transaction, space_id, &audience.id, now).await?;
            }
        }
    }
    transaction.commit().await.map_err(Error::from)?;
    if replaced && live.is_watched() {
        // Those of everybody who differs are written without being read. A watcher keeps up with so many.
        let limit = i64::try_from(LAG).unwrap_or(i64::MAX);
        let changed = &building.replaces;
        changes.retain(|change| change.audience_id() != changed);
        changes.extend(changes::since(database, space_id, changed, now, limit).await?);
    }
    live.changed(&changes);
    if done {
        // Edges know the rules of audiences that are ready.
        sources.reload(database).await?;
    }
    Ok(true)
}
