//! A new audience looks at everybody once, a piece at a time.

use std::collections::{BTreeMap, BTreeSet};

use super::evaluate::evaluate;
use super::store;
use crate::clock;
use crate::consent::Rules;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::source::Directory;

/// Profiles in one step.
const STEP: i64 = 200;

/// Does one step of the oldest audience that is not done; false when there is none.
pub(crate) async fn step(database: &Database, sources: &Directory) -> Result<bool> {
    let Some(building) = store::building(database).await? else {
        return Ok(false);
    };
    let space_id = &building.space_id;
    let profiles = store::profiles_after(database, space_id, &building.cursor, STEP).await?;
    let done = i64::try_from(profiles.len()).unwrap_or(i64::MAX) < STEP;
    let cursor = profiles.last().cloned().unwrap_or_default();
    let profiles: BTreeSet<String> = profiles.into_iter().collect();
    let mut transaction = database.begin().await?;
    let audiences = store::all(&mut transaction, space_id).await?;
    evaluate(
        &mut transaction,
        &Rules::of(sources, space_id),
        &audiences,
        &profiles,
        &BTreeMap::new(),
        clock::now(),
    )
    .await?;
    store::advance(&mut transaction, &building.id, &cursor, done).await?;
    transaction.commit().await.map_err(Error::from)?;
    Ok(true)
}
