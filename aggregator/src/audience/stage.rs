//! The pipeline's last stage, and its clock.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::time::Timestamp;
use sqlx::AnyConnection;

use super::changes::Cause;
use super::evaluate::{Occasion, evaluate};
use super::members;
use super::news::News;
use super::plan::Plan;
use crate::computed_trait::Counted;
use crate::consent::Rules;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::live::Live;
use crate::pipeline::{Logged, Turn};
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
    let plan = Plan::load(connection, turn.space_id, now).await?;
    if plan.is_empty() {
        return Ok(Vec::new());
    }
    let mut latest: BTreeMap<&str, &Logged> = BTreeMap::new();
    for logged in turn.events {
        if let Some(profile_id) = turn.profile_of(&logged.anchor) {
            latest.insert(profile_id, logged);
        }
    }
    let joined: BTreeSet<&String> = turn.merged.values().collect();
    let cause = |profile_id: &str| match latest.get(profile_id) {
        Some(logged) => Cause::Event {
            message_id: logged.event.message_id.clone(),
            event: logged.event.event_name().map(str::to_owned),
        },
        None if joined.iter().any(|into| *into == profile_id) => Cause::Identity,
        None => Cause::Recount,
    };
    let occasion = Occasion {
        merged: &turn.merged,
        cause: &cause,
        counted: &turn.counted,
        first_look_of: None,
        now,
    };
    let news = News::of_turn(turn);
    let outcome = evaluate(connection, turn.rules, &plan, &news, &occasion).await?;
    turn.changes.extend(outcome.changes);
    Ok(outcome.left)
}

/// Evaluates the profiles whose answer may have changed because time has passed, and says which.
pub(crate) async fn follow_the_clock(
    database: &Database,
    sources: &Directory,
    live: &Live,
    now: Timestamp,
) -> Result<BTreeSet<String>> {
    let due = members::due(database, now, STEP).await?;
    if due.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut spaces: BTreeMap<String, BTreeMap<String, News>> = BTreeMap::new();
    for (space_id, profile_id) in due {
        let profiles = spaces.entry(space_id).or_default();
        profiles.insert(profile_id, News::Anything);
    }
    let occasion = Occasion {
        merged: &BTreeMap::new(),
        cause: &|_| Cause::Time,
        counted: &Counted::default(),
        first_look_of: None,
        now,
    };
    let mut changes = Vec::new();
    let mut transaction = database.begin().await?;
    for (space_id, profiles) in &spaces {
        let plan = Plan::load(&mut transaction, space_id, now).await?;
        let rules = Rules::of(sources, space_id);
        let outcome = evaluate(&mut transaction, &rules, &plan, profiles, &occasion).await?;
        changes.extend(outcome.changes);
    }
    transaction.commit().await.map_err(Error::from)?;
    live.changed(&changes);
    Ok(spaces.into_values().flat_map(BTreeMap::into_keys).collect())
}
