//! The audiences of a space as they are asked: in order, and who has to be asked about what is new.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};

use cdp_core::audience::{Expr, Reads};
use cdp_core::time::Timestamp;
use sqlx::AnyConnection;

use super::facts::Wanted;
use super::news::{self, Interest, News};
use super::store::{self, Audience};
use crate::computed_trait::{self, Definitions, Stored};
use crate::error::Result;
use crate::version::{self, Made};

/// The plans of each space.
static PLANS: LazyLock<Made<Plan>> = LazyLock::new(Made::default);

/// An audience that can be asked, with what it looks at.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) audience: Arc<Audience>,
    pub(super) interest: Interest,
    pub(super) reads: Reads,
}

/// Where something is kept that a definition looks at.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Audiences, by id.
    pub(super) audiences: BTreeSet<String>,
    /// Names of traits.
    pub(super) traits: BTreeSet<String>,
    /// Ids of what is counted.
    pub(super) definitions: BTreeSet<String>,
}

/// A space's audiences, sorted by what they look at, so that an event finds those that it concerns without going through
/// the others.
#[derive(Debug, Default)]
pub(super) struct Plan {
    audiences: HashMap<String, Arc<Audience>>,
    definitions: Arc<Definitions>,
    /// Those that can be asked, each behind those that its rule looks at. Below they are places in this list.
    ready: Vec<Ready>,
    by_event: HashMap<String, Vec<usize>>,
    by_trait: HashMap<String, Vec<usize>>,
    by_id: HashMap<String, usize>,
    /// Whose rules look at each of them.
    followers: Vec<Vec<usize>>,
    /// Those that have to be asked about anybody new.
    about_anybody: Vec<usize>,
    /// What any of them looks at.
    wanted: Wanted,
    /// From when on this holds.
    made_at: Timestamp,
}

impl Plan {
    /// The space's audiences and definitions, as this connection sees them.
    pub(super) async fn load(
        connection: &mut AnyConnection,
        space_id: &str,
        now: Timestamp,
    ) -> Result<Arc<Self>> {
        let version = version::of(connection, space_id).await?;
        let known = PLANS.of(space_id, &version);
        if let Some(known) = known.filter(|known| known.made_at <= now) {
            return Ok(known);
        }
        let audiences = store::all(connection, space_id).await?;
        let definitions = computed_trait::all(connection, space_id).await?;
        Ok(PLANS.keep(space_id, version, Self::of(audiences, definitions, now)))
    }

    fn of(audiences: Vec<Audience>, definitions: Arc<Definitions>, now: Timestamp) -> Self {
        let audiences: Vec<Arc<Audience>> = audiences.into_iter().map(Arc::new).collect();
        let counted = counted(&definitions);
        let ready: Vec<Ready> = in_order(&audiences)
            .into_iter()
            .filter(|audience| is_counted(&audience.rule, &counted))
            .map(|audience| Ready {
                interest: Interest::of(audience, &definitions),
                reads: audience.rule.reads(),
                audience: Arc::clone(audience),
            })
            .collect();
        let by_id = (ready.iter().enumerate())
            .map(|(place, ready)| (ready.audience.id.clone(), place))
            .collect();
        let mut plan = Self {
            by_id,
            followers: vec![Vec::new(); ready.len()],
            wanted: Wanted::by(ready.iter().map(|ready| &ready.reads)),
            made_at: now,
            ..Self::default()
        };
        for (
            place,
            Ready {
                audience, interest, ..
            },
        ) in ready.iter().enumerate()
        {
            for event in interest.events() {
                plan.by_event.entry(event.clone()).or_default().push(place);
            }
            for key in interest.traits() {
                plan.by_trait.entry(key.clone()).or_default().push(place);
            }
            for id in interest.audiences() {
                let looked_at = plan.by_id.get(id).copied();
                if let Some(followers) = looked_at.and_then(|at| plan.followers.get_mut(at)) {
                    followers.push(place);
                }
            }
            // Who takes in nobody now, and nobody when time passes, never does.
            if news::is_about_anybody(&audience.rule, now) {
                plan.about_anybody.push(place);
            }
        }
        plan.audiences = (audiences.into_iter())
            .map(|audience| (audience.id.clone(), audience))
            .collect();
        plan.ready = ready;
        plan.definitions = definitions;
        plan
    }

    /// Whether the space has no audience.
    pub(super) fn is_empty(&self) -> bool {
        self.audiences.is_empty()
    }

    /// The space's definitions.
    pub(super) fn definitions(&self) -> &Arc<Definitions> {
        &self.definitions
    }

    /// The audiences, also those that cannot be asked yet.
    pub(super) fn audiences(&self) -> impl Iterator<Item = &Audience> {
        self.audiences.values().map(|audience| &**audience)
    }

    /// One of them.
    pub(super) fn audience(&self, id: &str) -> Option<&Audience> {
        self.audiences.get(id).map(|audience| &**audience)
    }

    /// Those that can be asked, each behind those that its rule looks at.
    pub(super) fn ready(&self) -> &[Ready] {
        &self.ready
    }

    /// What any of them looks at.
    pub(super) fn wanted(&self) -> Wanted {
        self.wanted
    }

    /// Whom a definition can take in that looks at everybody: those of whom it finds something there, and who is in it.
    /// Nothing when that may be anybody.
    pub(super) fn looks_at(&self, audience_id: &str) -> Option<Places> {
        let mut places = Places::default();
        places.audiences.insert(audience_id.to_owned());
        if let Some(place) = self.by_id.get(audience_id) {
            if self.about_anybody.contains(place) {
                return None;
            }
            if let Some(Ready { interest, .. }) = self.ready.get(*place) {
                places.audiences.extend(interest.audiences().cloned());
                places.traits.extend(interest.traits().cloned());
                places
                    .definitions
                    .extend(interest.definitions.iter().cloned());
            }
        }
        Some(places)
    }

    /// Those whose answer the news may change, each behind those that its rule looks at.
    pub(super) fn concerned(&self, news: &News) -> Vec<&Ready> {
        let (events, traits, new) = match news {
            News::Anything => return self.ready.iter().collect(),
            News::Definition(id) => return self.with_followers(self.by_id.get(id).copied()),
            News::Said {
                events,
                traits,
                new,
            } => (events, traits, *new),
        };
        let of_events = events.iter().filter_map(|name| self.by_event.get(name));
        let of_traits = traits.iter().filter_map(|key| self.by_trait.get(key));
        let anybody = Some(&self.about_anybody).filter(|_| new);
        let directly = of_events.chain(of_traits).chain(anybody).flatten();
        self.with_followers(directly.copied())
    }

    /// These places, and whose rules look at them, by whatever way.
    fn with_followers(&self, first: impl IntoIterator<Item = usize>) -> Vec<&Ready> {
        let mut next: Vec<usize> = first.into_iter().collect();
        let mut places: BTreeSet<usize> = BTreeSet::new();
        while let Some(place) = next.pop() {
            if places.insert(place) {
                next.extend(self.followers.get(place).into_iter().flatten());
            }
        }
        let ready = places.into_iter().filter_map(|place| self.ready.get(place));
        ready.collect()
    }
}

/// The keys of what is counted for audiences, all earlier events included.
pub(super) fn counted(definitions: &Definitions) -> BTreeSet<&str> {
    let ready = definitions
        .iter()
        .filter(|stored| stored.is_ready_counter());
    ready.map(Stored::key).collect()
}

/// Whether all that a rule counts is counted.
pub(super) fn is_counted(rule: &Expr, counted: &BTreeSet<&str>) -> bool {
    let counters = rule.counters();
    counters
        .iter()
        .all(|counter| counted.contains(counter.key.as_str()))
}

/// The audiences, each behind those that its rule looks at. There are no circles: none is saved.
fn in_order(audiences: &[Arc<Audience>]) -> Vec<&Arc<Audience>> {
    let known: BTreeSet<&str> = audiences
        .iter()
        .map(|audience| audience.id.as_str())
        .collect();
    let mut waiting: Vec<(&Arc<Audience>, BTreeSet<String>)> = audiences
        .iter()
        .map(|audience| {
            let mut reads = audience.rule.reads().audiences;
            reads.retain(|id| known.contains(id.as_str()));
            (audience, reads)
        })
        .collect();
    let mut placed: BTreeSet<&str> = BTreeSet::new();
    let mut ordered = Vec::new();
    loop {
        let before = ordered.len();
        waiting.retain(|(audience, reads)| {
            let ready = reads.iter().all(|id| placed.contains(id.as_str()));
            if ready {
                placed.insert(&audience.id);
                ordered.push(*audience);
            }
            !ready
        });
        if ordered.len() == before {
            return ordered;
        }
    }
}
