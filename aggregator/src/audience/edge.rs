//! What edges get of audiences: those that experiences are for, so that an edge knows by itself who is in them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use cdp_core::audience::{Basis, Expr, Named, Rules};
use cdp_core::decision::Experience;
use sqlx::AnyConnection;

use super::facts::{self, States, Wanted};
use super::plan::{Plan, Ready};
use crate::database::Database;
use crate::error::Result;
use crate::{clock, computed_trait};

/// The rules of each space's audiences that its experiences are for, and of those that these look at. An audience that
/// waits for a count, or looks at one that does, is left out: the edge takes the aggregator's word for it.
pub(crate) async fn for_edges(
    database: &Database,
    experiences: &HashMap<String, Vec<Experience>>,
) -> Result<BTreeMap<String, Rules>> {
    let mut spaces = BTreeMap::new();
    for (space_id, experiences) in experiences {
        let rules = rules_for(database, space_id, experiences).await?;
        spaces.insert(space_id.clone(), rules);
    }
    spaces.retain(|_, rules| !rules.is_empty());
    Ok(spaces)
}

/// The same of some experiences of one space.
pub(crate) async fn rules_for(
    database: &Database,
    space_id: &str,
    experiences: &[Experience],
) -> Result<Rules> {
    let named = experiences.iter().flat_map(Experience::audiences);
    let wanted: BTreeSet<&str> = named.map(|(_, id)| id).collect();
    if wanted.is_empty() {
        return Ok(Rules::default());
    }
    let mut connection = database.reader().acquire().await?;
    of_space(&mut connection, space_id, &wanted).await
}

async fn of_space(
    connection: &mut AnyConnection,
    space_id: &str,
    wanted: &BTreeSet<&str>,
) -> Result<Rules> {
    let plan = Plan::load(connection, space_id, clock::now()).await?;
    let ready: Vec<&Ready> = (plan.ready().iter())
        .filter(|ready| ready.audience.is_ready() && ready.audience.is_visible())
        .collect();
    // From the last one on: each comes behind those that it looks at.
    let mut needed: BTreeSet<&str> = wanted.clone();
    for Ready {
        audience, interest, ..
    } in ready.iter().rev()
    {
        if needed.contains(audience.id.as_str()) {
            needed.extend(interest.audiences().map(String::as_str));
        }
    }
    let mut there: BTreeSet<&str> = BTreeSet::new();
    let mut rules = Rules::default();
    for Ready {
        audience, interest, ..
    } in &ready
    {
        let looks_at = interest.audiences().all(|id| there.contains(id.as_str()));
        if needed.contains(audience.id.as_str()) && looks_at {
            there.insert(&audience.id);
            rules.audiences.push(Named {
                id: audience.id.clone(),
                name: audience.name.clone(),
                rule: Expr::clone(&audience.rule),
            });
        }
    }
    let reads = rules.reads().computed_traits;
    rules.computed_traits = (plan.definitions().iter())
        .filter(|stored| stored.is_visible() && reads.contains(stored.key()))
        .map(|stored| stored.definition().clone())
        .collect();
    Ok(rules)
}

/// What these rules look at of profiles, as far as their evidence counts for decisions.
pub(crate) async fn bases(
    connection: &mut AnyConnection,
    space_id: &str,
    profiles: &[String],
    needed: &[String],
    rules: &Rules,
) -> Result<BTreeMap<String, Basis>> {
    if rules.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (reads, now) = (rules.reads(), clock::now());
    let definitions = computed_trait::all(connection, space_id).await?;
    let wanted = definitions
        .iter()
        .filter(|stored| reads.has_state(stored.key()));
    let pairs = wanted.flat_map(|stored| {
        let of_each = profiles.iter();
        of_each.map(|profile_id| (profile_id.clone(), stored.row_id().to_owned()))
    });
    let states = States::Pairs(Arc::clone(&definitions), pairs.collect());
    let wanted = Wanted::by([&reads]);
    let loaded = facts::load(connection, space_id, wanted, profiles, states, now).await?;
    let basis = |id: &String| (id.clone(), loaded.basis_for(id, needed, &reads));
    Ok(profiles.iter().map(basis).collect())
}
