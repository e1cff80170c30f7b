//! What a decision or other rules would do, before it is done.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::identifier::Identifier;
use cdp_core::identity::{Parts, Rules as IdentityRules};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::AnyConnection;

use super::cache::Cache;
use super::decision::{Decided, Wish};
use super::{again, store};
use crate::app::App;
use crate::consent::Rules;
use crate::error::{Code, Error, Result};
use crate::pipeline::{self, Turn};
use crate::profile::{self, Profile};

/// Identifiers that a preview looks at in whole, at most.
const MOST_IDENTIFIERS: usize = 5_000;
/// Components that a preview of rules looks at, at most.
const MOST_COMPONENTS: usize = 2_000;
/// Profiles that are shown of what other rules would change.
const SAMPLES: usize = 10;

/// Profiles as they are, and as they would be; only those that differ.
#[derive(Debug, Serialize)]
struct Changes {
    before: Vec<Profile>,
    after: Vec<Profile>,
}

/// What a decision would do.
#[derive(Debug, Serialize)]
pub(super) struct Preview {
    /// What would be decided.
    decision: Decided,
    #[serde(flatten)]
    changes: Changes,
}

/// Does what is wished, looks at what comes of it, and undoes it all: what is shown is what would be.
pub(super) async fn of_wish(app: &App, space_id: &str, wish: Wish) -> Result<Preview> {
    // Nothing else is written meanwhile.
    let _guard = app.pipeline.between_turns().await;
    let mut transaction = app.database.begin().await?;
    let decision = Decided::of(&mut transaction, app, space_id, wish).await?;
    let (_, scene) = again::around(&mut transaction, space_id, decision.ends()).await?;
    if scene.seen.len() > MOST_IDENTIFIERS {
        let say = format!(
            "this would concern {} identifiers, too many to show beforehand",
            scene.seen.len()
        );
        return Err(Error::new(Code::InvalidRequest, say));
    }
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
    let names = names.iter().map(ToString::to_string);
    let nodes = store::nodes(connection, rules.space_id(), names).await?;
    let ids: BTreeSet<String> = nodes.into_iter().map(|(_, node)| node.profile_id).collect();
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
pub(super) async fn of_rules(app: &App, space_id: &str, draft: &IdentityRules) -> Result<Value> {
    let now = app.sources.identity(space_id);
    let mut connection = app.database.reader().acquire().await?;
    let mut components =
        store::newest_components(&mut connection, space_id, MOST_COMPONENTS + 1).await?;
    let complete = components.len() <= MOST_COMPONENTS;
    components.truncate(MOST_COMPONENTS);
    let mut shift = Shift::default();
    let mut seen: BTreeSet<Identifier> = BTreeSet::new();
    let mut sample: BTreeSet<Identifier> = BTreeSet::new();
    for one in components {
        if seen.contains(&one) {
            continue;
        }
        let (_, mut scene) =
            again::around(&mut connection, space_id, BTreeSet::from([one])).await?;
        let named = scene.seen.iter().map(|node| &node.identifier);
        scene.constraints = store::constraints_of(&mut connection, space_id, named).await?;
        let names = || scene.seen.iter().map(|node| node.identifier.clone());
        seen.extend(names());
        let changed = shift.add(scene.resolve(&now), scene.resolve(draft));
        if changed > 0
            && shift.shown < SAMPLES
            && sample.len() + scene.seen.len() <= MOST_IDENTIFIERS
        {
            shift.shown += changed;
            sample.extend(names());
        }
    }
    drop(connection);
    let changes = of_sample(app, space_id, draft, &sample).await?;
    Ok(json!({
        "complete": complete,
        "limit": MOST_COMPONENTS,
        "identifiers": seen.len(),
        "profiles": {"now": shift.now.profiles, "then": shift.then.profiles},
        "blocked": {"now": shift.now.blocked, "then": shift.then.blocked},
        "largest": {"now": shift.now.largest, "then": shift.then.largest},
        "changed": {"profiles": shift.changed, "merged": shift.merged, "split": shift.split},
        "sample": changes,
    }))
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

/// What there is by some rules.
#[derive(Default)]
struct Tally {
    profiles: usize,
    largest: usize,
    blocked: BTreeMap<&'static str, usize>,
}

impl Tally {
    /// Takes in what is connected, and gives its profiles.
    fn add(&mut self, parts: Parts) -> BTreeSet<Vec<Identifier>> {
        for refused in &parts.blocked {
            let code = refused.reason.code().as_str();
            *self.blocked.entry(code).or_default() += 1;
        }
        let groups = parts.components.into_iter().flatten();
        let groups: BTreeSet<_> = groups.map(|group| group.members).collect();
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
    /// Takes in what is connected, and says how many of its profiles would not stay as they are.
    fn add(&mut self, before: Parts, after: Parts) -> usize {
        let (before, after) = (self.now.add(before), self.then.add(after));
        let mut group_of: BTreeMap<&Identifier, usize> = BTreeMap::new();
        for (at, group) in after.iter().enumerate() {
            group_of.extend(group.iter().map(|member| (member, at)));
        }
        let sizes: Vec<usize> = after.iter().map(Vec::len).collect();
        let mut changed = 0;
        for group in before.difference(&after) {
            let mut parts: BTreeMap<usize, usize> = BTreeMap::new();
            for at in group.iter().filter_map(|member| group_of.get(member)) {
                *parts.entry(*at).or_default() += 1;
            }
            let grown = |(at, own): (&usize, &usize)| sizes.get(*at).is_some_and(|all| all > own);
            changed += 1;
            self.split += usize::from(parts.len() > 1);
            self.merged += usize::from(parts.iter().any(grown));
        }
        self.changed += changed;
        changed
    }
}
