//! What a decision or other rules would do, before it is done.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;

use cdp_core::identifier::Identifier;
use cdp_core::identity::{self, Pair, Parts, Rules as IdentityRules};
use futures_util::TryStreamExt as _;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sqlx::AnyConnection;

use super::again::Search;
use super::cache::Cache;
use super::decision::{self, Decided, Wish};
use super::evidence::Evidence;
use super::resolve::Scene;
use super::{again, store};
use crate::app::App;
use crate::consent::Rules;
use crate::error::Result;
use crate::pipeline::{self, Turn};
use crate::profile::{self, Profile};

/// Identifiers that a preview looks at in whole, at most.
const MOST_IDENTIFIERS: usize = 5_000;
/// Components that a preview of rules looks at, at most.
const MOST_COMPONENTS: usize = 2_000;
/// Events that a preview of rules which read them otherwise looks at, about.
const MOST_EVENTS: usize = 20_000;
/// Profiles that are shown of what other rules would change.
const SAMPLES: usize = 10;

/// Profiles as they are, and as they would be; only those that differ.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ProfileChanges")]
struct Changes {
    before: Vec<Profile>,
    after: Vec<Profile>,
}

/// What a decision would do.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "IdentityPreview")]
pub(super) struct Preview {
    /// What would be decided.
    decision: Decided,
    #[serde(flatten)]
    changes: Changes,
}

/// Something as it is, and as it would be.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Both<T> {
    now: T,
    then: T,
}

/// How many profiles would not stay as they are.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "IdentityRulesChanged")]
struct Changed {
    profiles: usize,
    /// Those of them that would be one with others.
    merged: usize,
    /// Those of them of which several would be made.
    split: usize,
}

/// A profile that would be.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "IdentifierGroup")]
struct Group {
    identifiers: Vec<Identifier>,
}

/// Some of the profiles that would not stay as they are.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "IdentityRulesSample")]
enum Sample {
    /// With all that would follow.
    Profiles(Changes),
    /// With their identifiers only.
    Identifiers {
        before: Vec<Profile>,
        after: Vec<Group>,
    },
}

/// What other rules would do.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "IdentityRulesPreview")]
pub(super) struct OfRules {
    /// Whether everybody was looked at; otherwise the newest.
    complete: bool,
    /// Groups of identifiers that are looked at, at most.
    limit: usize,
    /// Identifiers that were looked at.
    identifiers: usize,
    profiles: Both<usize>,
    /// Evidence that does not join, by reason.
    blocked: Both<BTreeMap<&'static str, usize>>,
    /// Identifiers of the largest profile.
    largest: Both<usize>,
    changed: Changed,
    /// Events that were read, where the rules read them otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<usize>,
    sample: Sample,
}

/// Does what is wished, looks at what comes of it, and undoes it all: what is shown is what would be.
pub(super) async fn of_wish(app: &App, space_id: &str, wish: Wish) -> Result<Preview> {
    // Nothing else is written meanwhile.
    let _guard = app.pipeline.between_turns().await;
    let mut transaction = app.database.begin().await?;
    let decision = Decided::of(
        &mut transaction,
        app,
        space_id,
        wish,
        Some(MOST_IDENTIFIERS),
    )
    .await?;
    let in_force = app.sources.identity(space_id);
    let mut search = Search::of(&in_force).at_most(Some(MOST_IDENTIFIERS));
    let (_, scene) = search
        .around(&mut transaction, space_id, decision.ends())
        .await?;
    let names: BTreeSet<Identifier> = scene.seen.into_iter().map(|node| node.identifier).collect();
    let rules = Rules::of(&app.sources, space_id);
    let before = profiles(&mut transaction, &rules, &names).await?;
    decision.write(&mut transaction, space_id).await?;
    let after = resolved(&mut transaction, app, &rules, decision.ends(), &names).await?;
    transaction.rollback().await?;
    Ok(Preview {
        decision,
        changes: Changes::between(before, after)?,
    })
}

/// The profiles of these identifiers, by the rules.
async fn profiles(
    connection: &mut AnyConnection,
    rules: &Rules,
    names: &BTreeSet<Identifier>,
) -> Result<Vec<Profile>> {
    let nodes = store::nodes(connection, rules.space_id(), names.iter()).await?;
    let ids: BTreeSet<String> = nodes
        .into_iter()
        .map(|(_, node)| node.profile_id.to_string())
        .collect();
    profile::seen_by(connection, rules, ids.into_iter().collect(), None).await
}

/// The profiles of these identifiers once everything that some belong to is resolved again, with all that follows.
async fn resolved(
    connection: &mut AnyConnection,
    app: &App,
    rules: &Rules,
    again: BTreeSet<Identifier>,
    names: &BTreeSet<Identifier>,
) -> Result<Vec<Profile>> {
    let mut turn = Turn::over(rules, &[]);
    let mut cache = Cache::default();
    again::resolve_again(connection, &mut turn, &mut cache, again).await?;
    pipeline::follow(connection, &mut turn, &mut cache, &app.refusals).await?;
    profiles(connection, rules, names).await
}

impl Changes {
    fn between(before: Vec<Profile>, after: Vec<Profile>) -> Result<Self> {
        let told = |profiles: &[Profile]| -> Result<BTreeMap<String, Value>> {
            profiles
                .iter()
                .map(|profile| Ok((profile.id.clone(), serde_json::to_value(profile)?)))
                .collect()
        };
        let (was, is) = (told(&before)?, told(&after)?);
        let differs = |profile: &Profile| was.get(&profile.id) != is.get(&profile.id);
        Ok(Self {
            before: before.into_iter().filter(differs).collect(),
            after: after.into_iter().filter(differs).collect(),
        })
    }
}

/// What other rules would make of the space's identifiers: how many profiles would become others, and of some of them
/// all that would follow. Nothing stays.
pub(super) async fn of_rules(app: &App, space_id: &str, draft: &IdentityRules) -> Result<OfRules> {
    let now = app.sources.identity(space_id);
    if !draft.reads_like(&now) {
        return of_reading(app, space_id, &now, draft).await;
    }
    let mut connection = app.database.reader().acquire().await?;
    let mut components =
        store::newest_components(&mut connection, space_id, MOST_COMPONENTS + 1).await?;
    let complete = components.len() <= MOST_COMPONENTS;
    components.truncate(MOST_COMPONENTS);
    // Who was seen with too many by the one rules may not be by the other: then all those belong together.
    let mut search = Search::everywhere(vec![&now, draft]);
    let mut shift = Shift::default();
    let mut seen: BTreeSet<Identifier> = BTreeSet::new();
    let mut sample: BTreeSet<Identifier> = BTreeSet::new();
    for one in components {
        if seen.contains(&one) {
            continue;
        }
        let (_, mut scene) = search
            .around(&mut connection, space_id, BTreeSet::from([one]))
            .await?;
        let named = scene.seen.iter().map(|node| &node.identifier);
        scene.constraints = store::constraints_of(&mut connection, space_id, named).await?;
        let names: Vec<Identifier> = scene.before.keys().cloned().collect();
        seen.extend(names.iter().cloned());
        let before = shift.now.add(&scene, scene.resolve(&now));
        // Those that were seen with too many by both are so for other reasons by other rules.
        for (identifier, reason) in &mut scene.crowded {
            if let Some(then) = search.by(1, identifier) {
                *reason = then;
            }
        }
        let after = shift.then.add(&scene, scene.resolve(draft));
        let of = places(&after);
        let flows = flows(&before, |member| of.get(member).copied());
        let changed = shift.add(&before, &after, &flows).len();
        if changed > 0
            && shift.shown < SAMPLES
            && sample.len() + scene.seen.len() <= MOST_IDENTIFIERS
        {
            shift.shown += changed;
            sample.extend(names);
        }
    }
    drop(connection);
    let changes = of_sample(app, space_id, draft, &sample).await?;
    Ok(shift.told(complete, seen.len(), None, Sample::Profiles(changes)))
}

/// The same of rules that read events otherwise: the events of the newest identifiers are read by them. Which profiles
/// then are is shown with their identifiers.
async fn of_reading(
    app: &App,
    space_id: &str,
    now: &IdentityRules,
    draft: &IdentityRules,
) -> Result<OfRules> {
    let mut connection = app.database.reader().acquire().await?;
    let newest = store::newest_components(&mut connection, space_id, MOST_COMPONENTS + 1).await?;
    let mut complete = newest.len() <= MOST_COMPONENTS;
    let mut known = Scene::default();
    let mut evidence = Evidence::default();
    // Whose events come to be whose.
    let mut owners: BTreeSet<(Identifier, Option<Identifier>)> = BTreeSet::new();
    let mut events = 0;
    let mut search = Search::of(now);
    for one in newest.into_iter().take(MOST_COMPONENTS) {
        if known.before.contains_key(&one) {
            continue;
        }
        if events >= MOST_EVENTS {
            complete = false;
            break;
        }
        let (_, scene) = search
            .around(&mut connection, space_id, BTreeSet::from([one]))
            .await?;
        for node in &scene.seen {
            let anchor = node.identifier.to_string();
            let mut of_anchor = pin!(pipeline::events_of_anchor(
                &mut connection,
                space_id,
                &anchor
            ));
            while let Some(logged) = of_anchor.try_next().await? {
                let named = draft.identifiers_of(&logged.event);
                evidence.add(draft, &logged, &named);
                owners.insert((node.identifier.clone(), named.into_iter().next()));
                events += 1;
            }
        }
        known.before.extend(scene.before);
        known.seen.extend(scene.seen);
        known.edges.extend(scene.edges);
        known.crowded.extend(scene.crowded);
    }
    known
        .seen
        .sort_by(|left, right| left.identifier.cmp(&right.identifier));
    let named = known.before.keys();
    known.constraints = store::constraints_of(&mut connection, space_id, named).await?;
    let constraints = known.constraints.iter().cloned();
    let then = Scene {
        constraints: constraints
            .map(|one| decision::read_by(draft, one))
            .filter(|one| one.a != one.b)
            .collect(),
        edges: evidence
            .pairs
            .iter()
            .map(|((a, b), row)| row.edge(a, b))
            .collect(),
        seen: evidence
            .seen
            .into_iter()
            .map(|(identifier, first_seen)| identity::Node {
                identifier,
                first_seen,
            })
            .collect(),
        ..Scene::default()
    };
    let mut shift = Shift::default();
    let before = shift.now.add(&known, known.resolve(now));
    let after = shift.then.add(&then, then.resolve(draft));
    let of = places(&after);
    let mut heirs: BTreeMap<&Identifier, BTreeSet<usize>> = BTreeMap::new();
    for (owner, heir) in &owners {
        let at = heir.as_ref().and_then(|heir| of.get(heir));
        heirs.entry(owner).or_default().extend(at);
    }
    let flows = flows(&before, |member| {
        heirs.get(member).into_iter().flatten().copied()
    });
    let changed = shift.add(&before, &after, &flows);
    let shown: BTreeSet<usize> = changed.into_iter().take(SAMPLES).collect();
    let names = |at: &usize| before.iter().nth(*at).into_iter().flatten();
    let names: BTreeSet<Identifier> = shown.iter().flat_map(names).cloned().collect();
    let rules = Rules::of(&app.sources, space_id);
    let was = profiles(&mut connection, &rules, &names).await?;
    let into = flows.iter().filter(|(from, _)| shown.contains(from));
    let into: BTreeSet<usize> = into.map(|(_, into)| *into).collect();
    let is = into.iter().filter_map(|at| after.iter().nth(*at));
    let is = is.map(|group| Group {
        identifiers: group.clone(),
    });
    let sample = Sample::Identifiers {
        before: was,
        after: is.collect(),
    };
    Ok(shift.told(complete, known.before.len(), Some(events), sample))
}

/// The place of each identifier among groups.
fn places(groups: &Groups) -> BTreeMap<&Identifier, usize> {
    let places = groups.iter().enumerate();
    let places = places.flat_map(|(at, group)| group.iter().map(move |member| (member, at)));
    places.collect()
}

/// Which group's identifiers come to which.
fn flows<T: IntoIterator<Item = usize>>(
    before: &Groups,
    into: impl Fn(&Identifier) -> T,
) -> BTreeSet<(usize, usize)> {
    let mut flows = BTreeSet::new();
    for (from, group) in before.iter().enumerate() {
        flows.extend(group.iter().flat_map(&into).map(|at| (from, at)));
    }
    flows
}

/// Resolves some identifiers by other rules, looks at what follows, and undoes it.
async fn of_sample(
    app: &App,
    space_id: &str,
    draft: &IdentityRules,
    names: &BTreeSet<Identifier>,
) -> Result<Changes> {
    let now = Rules::of(&app.sources, space_id);
    let then = Rules::of(&app.sources, space_id).with_identity(draft.clone());
    let _guard = app.pipeline.between_turns().await;
    let mut transaction = app.database.begin().await?;
    let before = profiles(&mut transaction, &now, names).await?;
    let after = resolved(&mut transaction, app, &then, names.clone(), names).await?;
    transaction.rollback().await?;
    Changes::between(before, after)
}

/// Profiles as their identifiers.
type Groups = BTreeSet<Vec<Identifier>>;

/// What there is by some rules.
#[derive(Default)]
struct Tally {
    profiles: usize,
    largest: usize,
    blocked: BTreeMap<&'static str, usize>,
    /// The evidence that was counted as blocked. Two scenes may have the same.
    counted: BTreeSet<Pair>,
}

impl Tally {
    /// Takes in what is connected, and gives its profiles. Whom only evidence names is looked at, and counted, elsewhere.
    fn add(&mut self, scene: &Scene, parts: Parts) -> Groups {
        for refused in parts.blocked {
            let code = refused.reason.code().as_str();
            if self.counted.insert((refused.edge.a, refused.edge.b)) {
                *self.blocked.entry(code).or_default() += 1;
            }
        }
        let groups = parts.components.into_iter().flatten();
        let groups = groups.filter(|group| group.members.iter().any(|one| scene.is_own(one)));
        let groups: Groups = groups.map(|group| group.members).collect();
        self.profiles += groups.len();
        let largest = groups.iter().map(Vec::len).max().unwrap_or_default();
        self.largest = self.largest.max(largest);
        groups
    }
}

#[derive(Default)]
struct Shift {
    now: Tally,
    then: Tally,
    /// Profiles that would not stay as they are.
    changed: usize,
    /// Those of them that would be one with others.
    merged: usize,
    /// Those of them of which several would be made.
    split: usize,
    /// Those of them that are shown.
    shown: usize,
}

impl Shift {
    /// Takes in what becomes of profiles, and gives the places of those that would not stay as they are.
    fn add(
        &mut self,
        before: &Groups,
        after: &Groups,
        flows: &BTreeSet<(usize, usize)>,
    ) -> Vec<usize> {
        let mut into: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        let mut from: BTreeMap<usize, usize> = BTreeMap::new();
        for (one, other) in flows {
            into.entry(*one).or_default().insert(*other);
            *from.entry(*other).or_default() += 1;
        }
        let mut changed = Vec::new();
        for (at, _) in before
            .iter()
            .enumerate()
            .filter(|(_, group)| !after.contains(*group))
        {
            let into = into.get(&at);
            let of_many = |other: &usize| from.get(other).is_some_and(|many| *many > 1);
            self.split += usize::from(into.is_some_and(|into| into.len() > 1));
            self.merged += usize::from(into.is_some_and(|into| into.iter().any(of_many)));
            changed.push(at);
        }
        self.changed += changed.len();
        changed
    }

    fn told(
        self,
        complete: bool,
        identifiers: usize,
        events: Option<usize>,
        sample: Sample,
    ) -> OfRules {
        OfRules {
            complete,
            limit: MOST_COMPONENTS,
            identifiers,
            profiles: Both {
                now: self.now.profiles,
                then: self.then.profiles,
            },
            blocked: Both {
                now: self.now.blocked,
                then: self.then.blocked,
            },
            largest: Both {
                now: self.now.largest,
                then: self.then.largest,
            },
            changed: Changed {
                profiles: self.changed,
                merged: self.merged,
                split: self.split,
            },
            events,
            sample,
        }
    }
}
