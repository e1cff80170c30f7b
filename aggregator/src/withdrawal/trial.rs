//! What folding people again by other rules would change: it is done, looked at, and undone.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Serialize;
use sqlx::AnyConnection;

use super::store;
use crate::app::App;
use crate::consent::Rules;
use crate::error::{Error, Result};
use crate::pipeline::Turn;
use crate::{audience, clock, identity};

/// Identifiers whose people one question folds at most.
const MOST: usize = 1_000;
/// Identifiers whose people are folded in one step; the pipeline waits for a step.
const STEP: usize = 20;
/// How long one question folds.
const MOST_TIME: Duration = Duration::from_secs(10);
/// Profiles that are named for each change.
const SAMPLES: usize = 5;

/// What would change for the people that were tried.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "ConsentTrialPeople")]
pub(crate) struct Trial {
    /// People that were tried.
    people: usize,
    /// Whether these are all that had events; otherwise they are those with the youngest.
    complete: bool,
    /// Profiles that they are.
    profiles: Shift,
    /// Pairs of identifiers that evidence links.
    links: Shift,
    /// By the audience's id.
    memberships: BTreeMap<String, Audience>,
    deliveries: Deliveries,
}

/// How a number changes.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "ConsentTrialShift")]
struct Shift {
    now: usize,
    then: usize,
    gained: usize,
    lost: usize,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "ConsentTrialAudience")]
struct Audience {
    name: String,
    #[serde(flatten)]
    members: Shift,
    /// Profiles that come or go.
    samples: Vec<String>,
}

/// What destinations would hear.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "ConsentTrialDeliveries")]
struct Deliveries {
    /// Profiles that left an audience.
    audience_left: usize,
    /// Profiles that came into one.
    audience_joined: usize,
}

impl Trial {
    /// Says that there may be others where not all events were read.
    pub(crate) fn limit(&mut self, complete: bool) {
        self.complete &= complete;
    }
}

impl Shift {
    fn add<T: Ord>(&mut self, before: &BTreeSet<T>, after: &BTreeSet<T>) {
        self.now += before.len();
        self.then += after.len();
        self.gained += after.difference(before).count();
        self.lost += before.difference(after).count();
    }
}

/// Folds the people of these identifiers again by other rules and says what has changed. Nothing stays.
pub(crate) async fn would_change(
    app: &App,
    rules: &Rules,
    identifiers: &[String],
) -> Result<Trial> {
    let started = Instant::now();
    let mut trial = Trial {
        complete: identifiers.len() <= MOST,
        ..Trial::default()
    };
    let mut tried: HashSet<String> = HashSet::new();
    for step in identifiers
        .iter()
        .take(MOST)
        .collect::<Vec<_>>()
        .chunks(STEP)
    {
        if started.elapsed() > MOST_TIME {
            trial.complete = false;
            break;
        }
        let step: Vec<String> = step
            .iter()
            .filter(|identifier| !tried.contains(**identifier))
            .map(|identifier| (*identifier).clone())
            .collect();
        // Else a turn could see what is about to be undone.
        let _guard = app.pipeline.between_turns().await;
        let mut transaction = app.database.begin().await?;
        let people = store::connected(&mut transaction, rules.space_id(), &step).await?;
        tried.extend(people.keys().cloned());
        try_out(&mut transaction, rules, people, &mut trial).await?;
        transaction.rollback().await.map_err(Error::from)?;
    }
    Ok(trial)
}

/// What is kept of some people.
struct Kept {
    profiles: BTreeSet<String>,
    links: BTreeSet<(String, String)>,
    /// Profiles by audience, with its name.
    members: BTreeMap<String, (String, BTreeSet<String>)>,
}

async fn try_out(
    connection: &mut AnyConnection,
    rules: &Rules,
    people: BTreeMap<String, String>,
    trial: &mut Trial,
) -> Result<()> {
    let anchors: Vec<String> = people.keys().cloned().collect();
    trial.people += people.values().collect::<BTreeSet<_>>().len();
    let before = kept(connection, rules.space_id(), &anchors).await?;
    let mut turn = Turn::over(rules, &[]);
    let mut cache = identity::Cache::default();
    super::refold(connection, &mut turn, people, &mut cache, clock::now()).await?;
    let after = kept(connection, rules.space_id(), &anchors).await?;
    trial.profiles.add(&before.profiles, &after.profiles);
    trial.links.add(&before.links, &after.links);
    let none = (String::new(), BTreeSet::new());
    let mut audiences = before.members;
    for (id, (name, _)) in &after.members {
        audiences
            .entry(id.clone())
            .or_insert_with(|| (name.clone(), BTreeSet::new()));
    }
    for (id, (name, was)) in audiences {
        let (_, is) = after.members.get(&id).unwrap_or(&none);
        let audience = trial.memberships.entry(id).or_default();
        audience.name = name;
        audience.members.add(&was, is);
        trial.deliveries.audience_left += was.difference(is).count();
        trial.deliveries.audience_joined += is.difference(&was).count();
        let room = SAMPLES.saturating_sub(audience.samples.len());
        let changed = was.symmetric_difference(is).take(room).cloned();
        audience.samples.extend(changed);
    }
    Ok(())
}

async fn kept(connection: &mut AnyConnection, space_id: &str, anchors: &[String]) -> Result<Kept> {
    let profiles = store::profiles_of(connection, space_id, anchors.iter()).await?;
    let listed: Vec<String> = profiles.iter().cloned().collect();
    let mut members: BTreeMap<String, (String, BTreeSet<String>)> = BTreeMap::new();
    for (profile_id, belongs) in audience::memberships_of(connection, space_id, &listed).await? {
        for one in belongs {
            let (id, name) = one.audience();
            let (_, profiles) = members
                .entry(id.to_owned())
                .or_insert_with(|| (name.to_owned(), BTreeSet::new()));
            profiles.insert(profile_id.clone());
        }
    }
    Ok(Kept {
        profiles,
        links: store::links_of(connection, space_id, anchors.iter()).await?,
        members,
    })
}
