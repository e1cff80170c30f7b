//! What the edge needs of a profile to decide: memberships, exposures and consent, from memory where nothing has
//! changed since they were read.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cdp_core::audience::Rules;
use cdp_core::decision::{Experience, SPACE_HOLDOUT};
use cdp_core::forward::{Snapshot, SnapshotQuery, Subject};
use cdp_core::identifier::Identifier;
use cdp_core::time::Timestamp;
use sqlx::AnyConnection;
use tokio::sync::oneshot::{self, error::TryRecvError};

use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::User;
use crate::{audience, clock, consent, experience, identity, profile};

/// The answer to an edge, which may have what there is to say.
pub(crate) async fn unless_known(app: &App, query: &SnapshotQuery) -> Result<Option<Snapshot>> {
    let snapshot = of(app, &query.space_id, &query.of).await?;
    let known = query.known.filter(|version| *version != 0);
    Ok(Some(snapshot).filter(|snapshot| known != Some(snapshot.version)))
}

/// The snapshot of whoever has this id; empty for a stranger.
pub(crate) async fn of(app: &App, space_id: &str, subject: &Subject) -> Result<Snapshot> {
    // What is in memory holds until the pipeline says otherwise, so it is of now.
    let as_of = Some(clock::now());
    let rules = app.sources.identity(space_id);
    let Ok(identifier) = rules.identifier(subject.kind(), subject.id()) else {
        return Ok(Snapshot::default());
    };
    let snapshot = match identity::user_of(app, &rules, space_id, identifier, clock::now()).await? {
        User::Own(identifier) if is_restricted(app, space_id, &identifier) => {
            refused(app, space_id)
        }
        User::Own(identifier) => known(app, space_id, identifier).await?,
        User::Shared { whose, said } => {
            let mut snapshot = match whose {
                Some(person) if is_restricted(app, space_id, &person) => refused(app, space_id),
                Some(person) => known(app, space_id, person).await?,
                None => Snapshot::default(),
            };
            // A no that was said with the device holds for whoever uses it.
            let denied = said.into_iter().filter(|(_, granted)| !granted);
            snapshot.choices.extend(denied);
            Snapshot {
                passing: true,
                version: app.snapshots.stamp(clock::now()),
                ..snapshot
            }
        }
    };
    Ok(Snapshot { as_of, ..snapshot })
}

/// Whether somebody asked that what is known under an identifier is not used.
fn is_restricted(app: &App, space_id: &str, identifier: &Identifier) -> bool {
    let restricted = app.sources.restricted(space_id);
    restricted.is_some_and(|identifiers| identifiers.contains(&identifier.to_string()))
}

/// The snapshot of whoever wants nothing of theirs to be used: every purpose is denied.
fn refused(app: &App, space_id: &str) -> Snapshot {
    let rules = consent::Rules::of(&app.sources, space_id);
    let purposes = rules.policy().purposes.iter();
    Snapshot {
        choices: purposes
            .map(|purpose| (purpose.name.clone(), false))
            .collect(),
        passing: true,
        version: app.snapshots.stamp(clock::now()),
        ..Snapshot::default()
    }
}

/// The snapshot of whoever has an identifier, from memory or read; empty for a stranger.
async fn known(app: &App, space_id: &str, identifier: Identifier) -> Result<Snapshot> {
    if let Some(snapshot) = app.snapshots.get(space_id, &identifier) {
        return Ok(Snapshot::clone(&snapshot));
    }
    let place = (space_id.to_owned(), identifier);
    let snapshot = app.snapshots.wait(app, place).await?;
    Ok(snapshot.unwrap_or_default())
}

/// Reads the snapshots of whoever has these ids, by identifier; strangers have none.
async fn read(
    app: &App,
    space_id: &str,
    identifiers: &BTreeSet<Identifier>,
) -> Result<BTreeMap<String, Snapshot>> {
    // All sources of a space have the same experiences.
    let sources = app.sources.of_space(space_id);
    let Some(config) = sources.first() else {
        return Ok(BTreeMap::new());
    };
    let mut moment = app.database.moment().await?;
    let found = profile::of_identifiers(&mut moment, space_id, identifiers.iter()).await?;
    let profiles: BTreeSet<&String> = found.values().collect();
    let profiles: Vec<String> = profiles.into_iter().cloned().collect();
    let (experiences, audiences) = (&config.experiences, &config.audiences);
    let rules = consent::Rules::of(&app.sources, space_id);
    let snapshots = of_profiles(&mut moment, &rules, &profiles, experiences, audiences).await?;
    moment.commit().await?;
    let of_identifier = |(identifier, profile_id): (String, String)| {
        let snapshot = snapshots.get(&profile_id)?;
        Some((identifier, snapshot.clone()))
    };
    Ok(found.into_iter().filter_map(of_identifier).collect())
}

/// What decisions between these experiences need of profiles, by profile, as one connection sees it.
pub(crate) async fn of_profiles(
    connection: &mut AnyConnection,
    rules: &consent::Rules,
    profiles: &[String],
    experiences: &[Experience],
    audiences_for_edges: &Rules,
) -> Result<BTreeMap<String, Snapshot>> {
    let space_id = rules.space_id();
    let needed = rules.for_decisions();
    let mut audiences = audience::for_decisions(connection, space_id, profiles, needed).await?;
    let mut exposures = experience::exposures_of(connection, space_id, profiles, needed).await?;
    let mut bases =
        audience::bases(connection, space_id, profiles, needed, audiences_for_edges).await?;
    let mut choices = consent::of_profiles(connection, space_id, profiles).await?;
    let mut buckets = profile::buckets_of(connection, space_id, profiles).await?;
    let counts: BTreeMap<&str, usize> = experiences
        .iter()
        .map(|experience| (experience.id.as_str(), experience.counts()))
        .chain([(SPACE_HOLDOUT, 0)])
        .collect();
    let as_of = Some(clock::now());
    let snapshot = |profile_id: &String| {
        let mut exposures = exposures.remove(profile_id).unwrap_or_default();
        exposures.retain(|id, _| counts.contains_key(id.as_str()));
        for (id, exposed) in &mut exposures {
            *exposed = exposed.for_snapshot(counts.get(id.as_str()).copied().unwrap_or(0));
        }
        let snapshot = Snapshot {
            audiences: audiences.remove(profile_id).unwrap_or_default(),
            basis: bases.remove(profile_id),
            exposures,
            choices: choices.remove(profile_id).unwrap_or_default(),
            bucket_by: buckets.remove(profile_id),
            profile_id: Some(profile_id.clone()),
            as_of,
            version: 0,
            passing: false,
        };
        (profile_id.clone(), snapshot)
    };
    Ok(profiles.iter().map(snapshot).collect())
}

/// Snapshots in memory; beyond this many it starts anew.
const MOST: usize = 50_000;

/// The snapshots that were asked for last. Only the pipeline changes what a snapshot says, and it
/// calls [`Snapshots::forget`] between committing a change and saying that the change is there.
///
/// Those that are not in memory are read together: after a turn of the pipeline many requests want theirs at once, and
/// reading all of them takes hardly more statements than reading one.
#[derive(Debug, Default)]
pub(crate) struct Snapshots {
    known: Mutex<Known>,
    waiting: Mutex<Vec<Waiting>>,
    /// Held by who reads for all that wait.
    reading: tokio::sync::Mutex<()>,
}

/// Whose snapshot somebody waits for, and where it is to go.
type Waiting = (Place, oneshot::Sender<Result<Option<Snapshot>>>);

#[derive(Debug, Default)]
struct Known {
    /// How often something was forgotten: what was read before that may be stale.
    version: u64,
    /// The youngest snapshot's version.
    stamp: i64,
    /// By space and identifier.
    snapshots: HashMap<Place, Arc<Snapshot>>,
    /// Which of them are of a profile.
    of_profile: HashMap<String, HashSet<Place>>,
}

type Place = (String, Identifier);

impl Snapshots {
    /// A version for what is read from now on: the time in microseconds, so that it grows over restarts,
    /// and never the same twice.
    fn stamp(&self, now: Timestamp) -> i64 {
        let mut known = self.known();
        known.stamp = now.as_micros().max(known.stamp + 1);
        known.stamp
    }

    /// The snapshot, if it is in memory.
    fn get(&self, space_id: &str, identifier: &Identifier) -> Option<Arc<Snapshot>> {
        let place = (space_id.to_owned(), identifier.clone());
        self.known().snapshots.get(&place).cloned()
    }

    /// Waits until the snapshot is read, by this caller or by another one that reads for all; nothing for a stranger.
    async fn wait(&self, app: &App, place: Place) -> Result<Option<Snapshot>> {
        loop {
            let (answer, mut answered) = oneshot::channel();
            let waiting = || self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting().push((place.clone(), answer));
            let _reading = self.reading.lock().await;
            // Who had the turn before may have read this one along. Where its caller has gone meanwhile, it is asked for anew.
            match answered.try_recv() {
                Ok(snapshot) => return snapshot,
                Err(TryRecvError::Closed) => continue,
                Err(TryRecvError::Empty) => {}
            }
            let all = std::mem::take(&mut *waiting());
            self.read(app, all).await;
            if let Ok(snapshot) = answered.try_recv() {
                return snapshot;
            }
        }
    }

    /// Reads the snapshots that these wait for. When that fails, it fails for those of the space.
    async fn read(&self, app: &App, all: Vec<Waiting>) {
        let mut spaces: BTreeMap<String, Vec<(Identifier, oneshot::Sender<_>)>> = BTreeMap::new();
        for ((space_id, identifier), answer) in all {
            spaces
                .entry(space_id)
                .or_default()
                .push((identifier, answer));
        }
        for (space_id, wanted) in spaces {
            let version = self.known().version;
            let stamp = self.stamp(clock::now());
            let identifiers = wanted.iter().map(|(identifier, _)| identifier.clone());
            let found = read(app, &space_id, &identifiers.collect()).await;
            if let Err(error) = &found {
                tracing::error!(%error, "snapshots cannot be read");
            }
            for (identifier, answer) in wanted {
                let snapshot = found.as_ref().map(|found| {
                    let snapshot = found.get(&identifier.to_string()).cloned();
                    snapshot.map(|snapshot| Snapshot {
                        version: stamp,
                        ..snapshot
                    })
                });
                if let Ok(Some(snapshot)) = &snapshot {
                    self.put(version, &space_id, &identifier, snapshot.clone());
                }
                // Whoever has gone needs it no more.
                let _ = answer.send(snapshot.map_err(Error::told_again));
            }
        }
    }

    /// Keeps what was read, unless something has changed since.
    fn put(&self, version: u64, space_id: &str, identifier: &Identifier, snapshot: Snapshot) {
        let mut known = self.known();
        let Some(profile_id) = snapshot.profile_id.clone() else {
            return;
        };
        if known.version != version {
            return;
        }
        if known.snapshots.len() >= MOST {
            known.snapshots.clear();
            known.of_profile.clear();
        }
        let place = (space_id.to_owned(), identifier.clone());
        known
            .of_profile
            .entry(profile_id)
            .or_default()
            .insert(place.clone());
        known.snapshots.insert(place, Arc::new(snapshot));
    }

    /// Forgets what is known of these profiles.
    pub(crate) fn forget<'a>(&self, profiles: impl Iterator<Item = &'a String>) {
        let mut known = self.known();
        known.version += 1;
        for profile_id in profiles {
            for place in known.of_profile.remove(profile_id).unwrap_or_default() {
                known.snapshots.remove(&place);
            }
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        let mut known = self.known();
        known.version += 1;
        known.snapshots.clear();
        known.of_profile.clear();
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
