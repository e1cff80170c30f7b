//! What a decision or other rules would do, before it is done.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::identifier::Identifier;
use cdp_core::identity::Rules as IdentityRules;
use serde::Serialize;
use serde_json::{Value, json};

use super::cache::Cache;
use super::decision::{Decided, Wish};
use super::{again, store};
use crate::app::App;
use crate::consent::Rules;
use crate::error::{Code, Error, Result};
use crate::pipeline::{self, Turn};
use crate::profile::{self, Profile};

/// Identifiers that a preview of a decision looks at, at most.
const MOST_IDENTIFIERS: usize = 5_000;
/// Components that a preview of rules looks at, at most.
const MOST_COMPONENTS: i64 = 2_000;
/// Profiles that are shown for each kind of change.
const SAMPLES: usize = 10;

/// Profiles as they are, and as they would be.
#[derive(Debug, Serialize)]
pub(super) struct Preview {
    /// What would be decided.
    decision: Decided,
    before: Vec<Profile>,
    after: Vec<Profile>,
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
    let names: Vec<String> = scene
        .seen
        .iter()
        .map(|node| node.identifier.to_string())
        .collect();
    let rules = Rules::of(&app.sources, space_id);
    let of_names = async |transaction: &mut sqlx::AnyConnection| -> Result<Vec<Profile>> {
        let ids = store::nodes(transaction, space_id, names.iter().cloned()).await?;
        let ids: BTreeSet<String> = ids.into_iter().map(|(_, node)| node.profile_id).collect();
        profile::seen_by(transaction, &rules, ids.into_iter().collect(), None).await
    };
    let before = of_names(&mut transaction).await?;
    decision.write(&mut transaction, space_id).await?;
    let mut turn = Turn::over(&rules, &[]);
    let mut cache = Cache::default();
    again::resolve_again(&mut transaction, &mut turn, &mut cache, decision.ends()).await?;
    pipeline::follow(&mut transaction, &mut turn, &mut cache, &app.refusals).await?;
    let after = of_names(&mut transaction).await?;
    transaction.rollback().await?;
    // Only what changes is shown.
    let told = |profiles: &[Profile]| -> Result<BTreeMap<String, Value>> {
        profiles
            .iter()
            .map(|profile| Ok((profile.id.clone(), serde_json::to_value(profile)?)))
            .collect()
    };
    let (was, is) = (told(&before)?, told(&after)?);
    let differs = |profile: &Profile| was.get(&profile.id) != is.get(&profile.id);
    Ok(Preview {
        decision,
        before: before.into_iter().filter(differs).collect(),
        after: after.into_iter().filter(differs).collect(),
    })
}

/// What other rules would make of the space's identifiers. Nothing is written.
pub(super) async fn of_rules(app: &App, space_id: &str, draft: &IdentityRules) -> Result<Value> {
    let now = app.sources.identity(space_id);
    let mut connection = app.database.reader().acquire().await?;
    let sql = "SELECT MIN(identifier) AS identifier FROM identity_node WHERE space_id = $1 GROUP BY component ORDER BY component DESC LIMIT $2";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(MOST_COMPONENTS + 1)
        .fetch_all(&mut *connection)
        .await?;
    let complete = i64::try_from(rows.len()).is_ok_and(|found| found <= MOST_COMPONENTS);
    let mut shift = Shift::default();
    let mut seen: BTreeSet<Identifier> = BTreeSet::new();
    for row in rows
        .iter()
        .take(usize::try_from(MOST_COMPONENTS).unwrap_or(usize::MAX))
    {
        let one = store::identifier(row, "identifier")?;
        if seen.contains(&one) {
            continue;
        }
        let (_, mut scene) =
            again::around(&mut connection, space_id, BTreeSet::from([one])).await?;
        let named = scene.seen.iter().map(|node| &node.identifier);
        scene.constraints = store::constraints_of(&mut connection, space_id, named).await?;
        seen.extend(scene.seen.iter().map(|node| node.identifier.clone()));
        let (before, after) = (scene.resolve(&now), scene.resolve(draft));
        let groups = |parts: cdp_core::identity::Parts| -> BTreeSet<Vec<Identifier>> {
            parts
                .components
                .into_iter()
                .flatten()
                .map(|group| group.members)
                .collect()
        };
        for (parts, blocked) in [
            (&before, &mut shift.blocked_now),
            (&after, &mut shift.blocked_then),
        ] {
            for refused in &parts.blocked {
                *blocked.entry(refused.reason.code().as_str()).or_default() += 1;
            }
        }
        shift.add(&groups(before), &groups(after));
    }
    Ok(json!({
        "complete": complete,
        "limit": MOST_COMPONENTS,
        "identifiers": seen.len(),
        "profiles": {"now": shift.now, "then": shift.then},
        "blocked": {"now": shift.blocked_now, "then": shift.blocked_then},
        "largest": {"now": shift.largest_now, "then": shift.largest_then},
        "changed": {"profiles": shift.changed, "samples": shift.samples},
    }))
}

#[derive(Default)]
struct Shift {
    now: usize,
    then: usize,
    largest_now: usize,
    largest_then: usize,
    blocked_now: BTreeMap<&'static str, usize>,
    blocked_then: BTreeMap<&'static str, usize>,
    changed: usize,
    samples: Vec<Value>,
}

impl Shift {
    fn add(&mut self, before: &BTreeSet<Vec<Identifier>>, after: &BTreeSet<Vec<Identifier>>) {
        let largest = |groups: &BTreeSet<Vec<Identifier>>| {
            groups.iter().map(Vec::len).max().unwrap_or_default()
        };
        self.now += before.len();
        self.then += after.len();
        self.largest_now = self.largest_now.max(largest(before));
        self.largest_then = self.largest_then.max(largest(after));
        let changed: Vec<_> = before.difference(after).collect();
        self.changed += changed.len();
        for group in changed {
            if self.samples.len() < SAMPLES {
                let into: Vec<_> = after
                    .iter()
                    .filter(|other| other.iter().any(|member| group.contains(member)))
                    .collect();
                self.samples.push(json!({"now": group, "then": into}));
            }
        }
    }
}
