//! What the edge needs of a profile to decide: memberships, exposures and consent, from memory where nothing has
//! changed since they were read.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cdp_core::audience::Rules;
use cdp_core::decision::{Experience, SPACE_HOLDOUT};
use cdp_core::forward::{Snapshot, SnapshotQuery, Subject};
use cdp_core::identifier::Identifier;
use cdp_core::time::Timestamp;

use crate::app::App;
use crate::error::Result;
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
    let (known, version) = app.snapshots.get(space_id, &identifier);
    if let Some(snapshot) = known {
        return Ok(Snapshot {
            as_of,
            ..Snapshot::clone(&snapshot)
        });
    }
    let stamp = app.snapshots.stamp(clock::now());
    let user = identity::user_of(app, space_id, &identifier, clock::now()).await?;
    let of_user = match user.identifier(&identifier) {
        Some(identifier) => read(app, space_id, identifier).await?,
        None => None,
    };
    let Some(mut snapshot) = of_user else {
        return Ok(Snapshot {
            as_of,
            ..Snapshot::default()
        });
    };
    snapshot.version = stamp;
    if user.is_lasting() {
        app.snapshots
            .put(version, space_id, &identifier, snapshot.clone());
    }
    Ok(Snapshot { as_of, ..snapshot })
}

async fn read(app: &App, space_id: &str, identifier: &Identifier) -> Result<Option<Snapshot>> {
    let mut connection = app.database.reader().acquire().await?;
    let Some(profile_id) = profile::of_identifier(&mut connection, space_id, identifier).await?
    else {
        return Ok(None);
    };
    drop(connection);
    // All sources of a space have the same experiences.
    let sources = app.sources.of_space(space_id);
    let Some(config) = sources.first() else {
        return Ok(None);
    };
    of_profile(
        app,
        space_id,
        profile_id,
        &config.experiences,
        &config.audiences,
    )
    .await
    .map(Some)
}

/// What a decision between these experiences needs of a profile.
pub(crate) async fn of_profile(
    app: &App,
    space_id: &str,
    profile_id: String,
    experiences: &[Experience],
    audiences_for_edges: &Rules,
) -> Result<Snapshot> {
    let mut connection = app.database.reader().acquire().await?;
    let rules = consent::Rules::of(&app.sources, space_id);
    let needed = rules.for_decisions();
    let audiences = audience::for_decisions(&mut connection, space_id, &profile_id, needed).await?;
    let mut exposures =
        experience::exposures_of(&mut connection, space_id, &profile_id, needed).await?;
    let counts: BTreeMap<&str, usize> = experiences
        .iter()
        .map(|experience| (experience.id.as_str(), experience.counts()))
        .chain([(SPACE_HOLDOUT, 0)])
        .collect();
    exposures.retain(|id, _| counts.contains_key(id.as_str()));
    for (id, exposed) in &mut exposures {
        *exposed = exposed.for_snapshot(counts.get(id.as_str()).copied().unwrap_or(0));
    }
    let basis = audience::basis(
        &mut connection,
        space_id,
        &profile_id,
        needed,
        audiences_for_edges,
    );
    let basis = basis.await?;
    let mut choices =
        consent::of_profiles(&mut connection, space_id, std::slice::from_ref(&profile_id)).await?;
    Ok(Snapshot {
        audiences,
        basis,
        exposures,
        choices: choices.remove(&profile_id).unwrap_or_default(),
        profile_id: Some(profile_id),
        as_of: Some(clock::now()),
        version: 0,
    })
}

/// Snapshots in memory; beyond this many it starts anew.
const MOST: usize = 50_000;

/// The snapshots that were asked for last. Only the pipeline changes what a snapshot says, and it
/// calls [`Snapshots::forget`] between committing a change and saying that the change is there.
#[derive(Debug, Default)]
pub(crate) struct Snapshots(Mutex<Known>);

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

    /// The snapshot, and what [`Snapshots::put`] wants to hear about one that is read now.
    fn get(&self, space_id: &str, identifier: &Identifier) -> (Option<Arc<Snapshot>>, u64) {
        let known = self.known();
        let place = (space_id.to_owned(), identifier.clone());
        (known.snapshots.get(&place).cloned(), known.version)
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
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
