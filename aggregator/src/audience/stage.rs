//! The pipeline's last stage, and its clock.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::time::Timestamp;
use sqlx::AnyConnection;

use super::evaluate::evaluate;
use super::{members, store};
use crate::consent::Rules;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::pipeline::Turn;
use crate::source::Directory;

/// Profiles whose time has come, in one step.
const STEP: i64 = 200;

/// Evaluates the audiences of the profiles that the turn touched; gives the memberships that ended, by
/// audience and profile.
pub(crate) async fn apply(
    connection: &mut AnyConnection,
    turn: &mut Turn<'_>,
    now: Timestamp,
) -> Result<Vec<(String, String)>> {
    let audiences = store::all(connection, turn.space_id).await?;
    if audiences.is_empty() {
        return Ok(Vec::new());
    }
    evaluate(
        connection,
        turn.rules,
        &audiences,
        &turn.touched,
        &turn.merged,
        now,
    )
    .await
}

/// Evaluates the profiles whose answer may have changed because time has passed, and says which.
pub(crate) async fn follow_the_clock(
    database: &Database,
    sources: &Directory,
    now: Timestamp,
) -> Result<BTreeSet<String>> {
    let due = members::due(database, now, STEP).await?;
    if due.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut spaces: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (space_id, profile_id) in due {
        spaces.entry(space_id).or_default().insert(profile_id);
    }
    let mut transaction = database.begin().await?;
    for (space_id, profiles) in &spaces {
        let audiences = store::all(&mut transaction, space_id).await?;
        evaluate(
            &mut transaction,
            &Rules::of(sources, space_id),
            &audiences,
            profiles,
            &BTreeMap::new(),
            now,
        )
        .await?;
    }
    transaction.commit().await.map_err(Error::from)?;
    Ok(spaces.into_values().flatten().collect())
}
