//! Reading stored events again, by rules under which they name others than before.
//!
//! What they say of who is who is kept apart, under a name that no request can give, until every event has been read; till
//! then the rules that were in force stay so, with all that follows from them. Then the new rules and what was read come
//! into force in one transaction, and everybody is resolved and folded again. A step is a transaction, too: whenever the
//! process ends, reading goes on behind the last one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cdp_core::identifier::Identifier;
use cdp_core::identity::{self, Rules};
use sqlx::AnyConnection;

use super::attribution::Usage;
use super::evidence::Evidence;
use super::store::{self as graph, Node};
use super::waiting::{REFOLD, RESOLVE};
use crate::consent;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::pipeline::{self, Turn};
use crate::source::Directory;
use crate::withdrawal;

mod store;

pub(super) use store::{Reading, begin, give_up, of_space};
pub(crate) use store::{any_gone, read_apart};

/// Places of the log that are read in one step: few, since whoever waits for the pipeline waits for a step, too.
const STEP: i64 = 2_000;
/// The same while the log goes on: more than a turn takes of it, so that reading comes to its end.
const LONG_STEP: i64 = 6_000;
/// Identifiers that are cleared away in one step.
const GONE: i64 = 200;
/// Has what was read counted.
const ANALYZE_READ: &str = "ANALYZE identity_read, identity_node, identity_edge, consent_state";

/// What a step has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Read some events.
    Read,
    /// Brought rules into force.
    InForce,
}

/// Reads the next events for some space whose new rules wait for it, or brings these into force; `None` where no rules
/// wait. `log_goes_on` says whether events wait to be taken in.
pub(crate) async fn read_again(
    database: &Database,
    sources: &Directory,
    log_goes_on: bool,
) -> Result<Option<Step>> {
    let Some(reading) = store::next(database).await? else {
        return Ok(None);
    };
    let end = pipeline::last_offset(database).await?;
    let mut transaction = database.begin().await?;
    let step = if reading.position < end {
        let most = if log_goes_on { LONG_STEP } else { STEP };
        let until = end.min(reading.position + most);
        let now = sources.identity(&reading.space_id);
        reading.read(&mut transaction, &now, until).await?;
        Step::Read
    } else {
        database.analyze(&mut transaction, ANALYZE_READ).await?;
        reading.come_into_force(&mut transaction).await?;
        Step::InForce
    };
    transaction.commit().await.map_err(Error::from)?;
    Ok(Some(step))
}

/// How much of a space has still to be resolved, folded or cleared away before everything is as its rules say.
pub(super) async fn resolving(database: &Database, space_id: &str) -> Result<i64> {
    let waiting = RESOLVE.count(database, space_id).await?;
    let folding = REFOLD.count(database, space_id).await?;
    Ok(waiting + folding + store::count_gone(database, space_id).await?)
}

impl Reading {
    /// Reads events up to a place.
    async fn read(&self, connection: &mut AnyConnection, now: &Rules, until: i64) -> Result<()> {
        let events = pipeline::read_until(connection, &self.space_id, self.position, until).await?;
        let mut evidence = Evidence::default();
        let mut differ = Vec::new();
        let mut named = Vec::with_capacity(events.len());
        let mut usage = Usage::default();
        for logged in &events {
            let then = self.rules.identifiers_of(&logged.event);
            evidence.add(&self.rules, logged, &then);
            usage.add(&self.rules, logged, &then);
            let before = now.identifiers_of(&logged.event);
            let anchor = then.first().map(ToString::to_string).unwrap_or_default();
            if anchor != logged.anchor || then != before {
                differ.push((logged.offset, anchor));
            }
            let new: BTreeSet<Identifier> = then
                .iter()
                .filter(|one| !before.contains(one))
                .cloned()
                .collect();
            named.push((then, new));
        }
        let apart = self.apart();
        keep(connection, &self.space_id, &apart, evidence).await?;
        usage.put(connection, &apart).await?;
        let heard = events.iter().zip(named);
        let heard = heard.map(|(logged, (then, new))| (logged, then, new));
        consent::hear_apart(connection, &self.space_id, &apart, heard.collect()).await?;
        store::put_read(connection, &self.space_id, differ).await?;
        store::advance(connection, &self.space_id, until).await
    }

    /// Puts what was read in the place of what there was.
    async fn come_into_force(&self, connection: &mut AnyConnection) -> Result<()> {
        let last = graph::last_component(connection).await?;
        store::replace(connection, self, last).await?;
        super::decision::decide_anew(connection, &self.space_id, &self.rules).await?;
        super::rules::put(connection, &self.space_id, &self.rules).await?;
        RESOLVE.everybody(connection, &self.space_id).await
    }
}

/// Adds evidence to what was read before.
async fn keep(
    connection: &mut AnyConnection,
    space_id: &str,
    apart: &str,
    evidence: Evidence,
) -> Result<()> {
    let known = graph::edges(connection, apart, evidence.pairs.keys()).await?;
    let mut pairs = evidence.pairs;
    for (pair, row) in known {
        pairs.entry(pair).and_modify(|read| read.merge(&row));
    }
    graph::put_edges(connection, apart, pairs.iter()).await?;
    let known: BTreeMap<Identifier, Node> = graph::nodes(connection, apart, evidence.seen.keys())
        .await?
        .into_iter()
        .collect();
    let is_news =
        |(one, seen): &(Identifier, _)| known.get(one).is_none_or(|known| *seen < known.first_seen);
    // Until everybody is resolved by the new rules, whoever is new is one alone.
    let alone = |(one, first_seen): (Identifier, _)| {
        let profile_id: Arc<str> = identity::profile_id(space_id, &one).into();
        let node = Node {
            component: 0,
            person_id: Arc::clone(&profile_id),
            profile_id,
            first_seen,
            crowded: None,
        };
        (one, node)
    };
    let nodes = evidence.seen.into_iter().filter(is_news).map(alone);
    let nodes: BTreeMap<Identifier, Node> = nodes.collect();
    graph::put_nodes(connection, apart, nodes.iter()).await
}

/// Clears away what is kept of the next identifiers that nobody names any more, and has their profiles looked at again:
/// the space and what has to be followed up; `None` where there are none.
pub(crate) async fn next_gone(connection: &mut AnyConnection) -> Result<Option<Gone>> {
    let Some((space_id, gone)) = store::next_gone(connection, GONE).await? else {
        return Ok(None);
    };
    let anchors: Vec<String> = gone.iter().map(|gone| gone.identifier.clone()).collect();
    withdrawal::clear(connection, &space_id, anchors.iter()).await?;
    let heirs = gone.iter().map(|gone| gone.heir.clone());
    let heirs = graph::nodes(connection, &space_id, heirs.filter(|heir| !heir.is_empty())).await?;
    let heirs: BTreeMap<String, String> = heirs
        .into_iter()
        .map(|(one, node)| (one.to_string(), node.profile_id.to_string()))
        .collect();
    let mut followed = Gone {
        space_id,
        profiles: BTreeSet::new(),
        merged: BTreeMap::new(),
    };
    for store::Row {
        profile_id, heir, ..
    } in gone
    {
        if let Some(into) = heirs.get(&heir).filter(|into| **into != profile_id) {
            followed.merged.insert(profile_id.clone(), into.clone());
        }
        followed.profiles.insert(profile_id);
    }
    Ok(Some(followed))
}

/// Profiles that had identifiers which are no more.
#[derive(Debug)]
pub(crate) struct Gone {
    pub(crate) space_id: String,
    profiles: BTreeSet<String>,
    /// Whose their events are now.
    merged: BTreeMap<String, String>,
}

impl Gone {
    /// Leaves in a turn what later stages have to know.
    pub(crate) fn tell(self, turn: &mut Turn<'_>) {
        turn.touched.extend(self.profiles);
        turn.touched.extend(self.merged.values().cloned());
        turn.merged.extend(self.merged);
    }
}
