//! Evaluating profiles and writing down what changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cdp_core::consent::Scope;
use cdp_core::time::Timestamp;
use sqlx::AnyConnection;

use super::changes::{self, Cause, Change};
use super::facts::{self, Loaded, States, Wanted};
use super::members;
use super::news::News;
use super::plan::{Plan, Ready};
use super::store::Audience;
use crate::computed_trait::Counted;
use crate::consent::{self, Folded, Rules};
use crate::error::Result;

/// Profiles whose facts are in memory at the same time, when all audiences are asked about them.
const PART: usize = 200;
/// The same, when only some are.
const LARGE_PART: usize = 1_000;

/// Why profiles are looked at.
pub(super) struct Occasion<'a> {
    /// Which profiles went into which, so that a membership keeps the time since which it holds.
    pub(super) merged: &'a BTreeMap<String, String>,
    /// What happened to a profile.
    pub(super) cause: &'a (dyn Fn(&str) -> Cause + Sync),
    /// What was counted just now.
    pub(super) counted: &'a Counted,
    /// Whether a new definition looks at everybody for the first time: nobody enters it then, they are in it.
    pub(super) first_look_of: Option<&'a str>,
    /// Now.
    pub(super) now: Timestamp,
}

/// A profile, and the audiences that have to be asked about it.
pub(super) type Asked<'a> = (String, Vec<&'a Ready>);

/// What has changed.
#[derive(Default)]
pub(super) struct Outcome {
    /// The memberships that ended, by audience and profile.
    pub(super) left: Vec<(String, String)>,
    /// Who entered and who left, as it was written down.
    pub(super) changes: Vec<Change>,
}

/// An audience and a profile, whether it entered, and why if that is not what the occasion says.
type Told = ((String, String), bool, Option<Cause>);

/// Where profiles belong, by audience and profile: since when, and for which purposes.
type Known = BTreeMap<(String, String), (Timestamp, Scope)>;

/// Evaluates the audiences of the space for these profiles, as far as they look at what is new, except those that
/// wait until all that they count is counted: they look at everybody then.
pub(super) async fn evaluate(
    connection: &mut AnyConnection,
    rules: &Rules,
    plan: &Plan,
    news: &BTreeMap<String, News>,
    occasion: &Occasion<'_>,
) -> Result<Outcome> {
    let space_id = rules.space_id();
    let (mut wholly, mut partly): (Vec<Asked<'_>>, Vec<Asked<'_>>) = (Vec::new(), Vec::new());
    for (profile_id, news) in news {
        let whom = plan.concerned(news);
        match news {
            News::Anything => wholly.push((profile_id.clone(), whom)),
            _ if whom.is_empty() => {}
            _ => partly.push((profile_id.clone(), whom)),
        }
    }
    let mut known = members::memberships(connection, space_id, &ids(&wholly)).await?;
    known.extend(members::memberships_at(connection, space_id, &partly).await?);
    // A merged profile keeps the earliest time since which one of its parts belonged.
    let mut since: BTreeMap<(String, String), Timestamp> = BTreeMap::new();
    for ((audience, profile), (time, _)) in &known {
        if let Some(into) = occasion.merged.get(profile) {
            let earliest = since
                .entry((audience.clone(), into.clone()))
                .or_insert(*time);
            *earliest = (*earliest).min(*time);
        }
    }
    let mut writer = Writer {
        rules,
        plan,
        occasion,
        known,
        since,
        outcome: Outcome::default(),
    };
    let now = occasion.now;
    for part in wholly.chunks(PART) {
        let ids = ids(part);
        let states = States::All(Arc::clone(plan.definitions()));
        let facts = facts::load(connection, space_id, plan.wanted(), &ids, states, now).await?;
        let folded = consent::folded_of_profiles(connection, space_id, &ids).await?;
        let due = writer.part(connection, &facts, &folded, part).await?;
        members::set_due(connection, space_id, &ids, due).await?;
    }
    for part in partly.chunks(LARGE_PART) {
        let asked = part.iter().flat_map(|(_, asked)| asked);
        let wanted = Wanted::by(asked.map(|ready| &ready.reads));
        let ids = ids(part);
        let folded = consent::folded_of_profiles(connection, space_id, &ids).await?;
        let states = States::of(plan.definitions(), part, &folded, occasion.counted);
        let facts = facts::load(connection, space_id, wanted, &ids, states, now).await?;
        let due = writer.part(connection, &facts, &folded, part).await?;
        // What other audiences wait for stays.
        members::set_due_by(connection, space_id, due).await?;
    }
    Ok(writer.outcome)
}

fn ids(asked: &[Asked<'_>]) -> Vec<String> {
    asked.iter().map(|(id, _)| id.clone()).collect()
}

/// Asks, and writes what has changed.
struct Writer<'a> {
    rules: &'a Rules,
    plan: &'a Plan,
    occasion: &'a Occasion<'a>,
    known: Known,
    since: BTreeMap<(String, String), Timestamp>,
    outcome: Outcome,
}

impl Writer<'_> {
    /// Does so for some profiles; says when they have to be looked at again.
    async fn part(
        &mut self,
        connection: &mut AnyConnection,
        facts: &Loaded,
        folded: &BTreeMap<String, BTreeMap<String, Folded>>,
        asked: &[Asked<'_>],
    ) -> Result<BTreeMap<String, Timestamp>> {
        let (space_id, now) = (self.rules.space_id(), self.occasion.now);
        let found = self.memberships(facts, asked, folded);
        let mut joins = Vec::new();
        let mut leaves = Vec::new();
        let mut told = Vec::new();
        let mut added: BTreeMap<String, i64> = BTreeMap::new();
        for (place, scope) in found.members {
            match (self.known.get(&place), scope) {
                (None, Some(scope)) => {
                    let earliest = self.since.get(&place).copied();
                    // Who was in it before the profiles became one does not enter.
                    if earliest.is_none() {
                        told.push((place.clone(), true, None));
                    }
                    *added.entry(place.0.clone()).or_default() += 1;
                    joins.push((place, earliest.unwrap_or(now), scope));
                }
                (Some((time, known)), Some(scope)) if *known != scope => {
                    joins.push((place, *time, scope));
                }
                (Some(_), None) => {
                    if !self.occasion.merged.contains_key(&place.1) {
                        told.push((place.clone(), false, None));
                    }
                    *added.entry(place.0.clone()).or_default() -= 1;
                    leaves.push(place);
                }
                // One of the profiles that became this one was in it, and together they are not.
                (None, None) if self.since.contains_key(&place) => {
                    told.push((place, false, Some(Cause::Identity)));
                }
                _ => {}
            }
        }
        self.tell(connection, told).await?;
        members::join(connection, space_id, joins).await?;
        members::leave(connection, space_id, &leaves).await?;
        members::count(connection, space_id, added).await?;
        leaves.retain(|place| self.visible(&place.0).is_some());
        self.outcome.left.append(&mut leaves);
        Ok(found.due)
    }

    /// An audience that people see: others change in silence.
    fn visible(&self, audience_id: &str) -> Option<&Audience> {
        let known = self.plan.audience(audience_id);
        known.filter(|known| known.is_visible())
    }

    async fn tell(&mut self, connection: &mut AnyConnection, told: Vec<Told>) -> Result<()> {
        let Occasion { cause, now, .. } = self.occasion;
        let space_id = self.rules.space_id();
        let mut new = Vec::new();
        for ((audience_id, profile_id), entered, because) in told {
            let is_first = self.occasion.first_look_of == Some(audience_id.as_str());
            if let Some(audience) = self.visible(&audience_id).filter(|_| !is_first) {
                let cause = because.unwrap_or_else(|| cause(&profile_id));
                new.push(Change::new(
                    space_id,
                    audience,
                    &profile_id,
                    entered,
                    cause,
                    *now,
                )?);
            }
        }
        changes::write(connection, &new).await?;
        self.outcome.changes.append(&mut new);
        Ok(())
    }

    fn memberships(
        &self,
        facts: &Loaded,
        asked: &[Asked<'_>],
        folded: &BTreeMap<String, BTreeMap<String, Folded>>,
    ) -> Found {
        let (rules, now) = (self.rules, self.occasion.now);
        // A profile that went into another belongs nowhere, and neither does one that never agreed to it,
        // whatever a rule says of somebody without facts.
        let (narrow, wide) = (rules.for_audiences(), rules.for_decisions());
        let scope = |needed: &[String]| Scope::listing(needed.iter().map(String::as_str));
        let (narrow_scope, wide_scope) = (scope(narrow), scope(wide));
        let agreed = |profile_id: &String, needed: &[String]| {
            let of_profile = folded.get(profile_id).into_iter();
            (of_profile.flat_map(BTreeMap::values)).any(|folded| folded.serves(needed))
        };
        let mut found = Found::default();
        for (profile_id, asked) in asked {
            let lives = agreed(profile_id, narrow);
            let decides = lives && agreed(profile_id, wide);
            let mut seen = facts.seen_for(profile_id, narrow);
            let mut for_decisions = (decides && !facts.are_the_same(profile_id, narrow, wide))
                .then(|| facts.seen_for(profile_id, wide));
            // Of those that are not asked, what is known holds.
            for ready in asked {
                for id in ready.interest.audiences() {
                    if let Some((_, scope)) = self.known.get(&(id.clone(), profile_id.clone())) {
                        seen.audiences.insert(id.clone());
                        let serves = scope.serves(wide);
                        if let Some(seen) = for_decisions.as_mut().filter(|_| serves) {
                            seen.audiences.insert(id.clone());
                        }
                    }
                }
            }
            for Ready { audience, .. } in asked.iter().copied() {
                let evaluation = audience.rule.evaluate(&seen.facts(), now);
                let wide = for_decisions
                    .as_ref()
                    .map(|seen| audience.rule.evaluate(&seen.facts(), now));
                let holds = wide.as_ref().map_or(evaluation.member, |wide| wide.member);
                let scope = match (lives && evaluation.member, decides && holds) {
                    (false, _) => None,
                    (true, false) => Some(narrow_scope.clone()),
                    (true, true) => Some(wide_scope.clone()),
                };
                // Rules that look at this audience come later.
                note(&mut seen.audiences, &audience.id, scope.is_some());
                if let Some(seen) = &mut for_decisions {
                    note(&mut seen.audiences, &audience.id, holds);
                }
                found
                    .members
                    .insert((audience.id.clone(), profile_id.clone()), scope);
                let changes = [evaluation.changes_at, wide.and_then(|wide| wide.changes_at)];
                if let Some(change) = changes.into_iter().flatten().min().filter(|_| lives) {
                    let due = found.due.entry(profile_id.clone()).or_insert(change);
                    *due = change.min(*due);
                }
            }
        }
        found
    }
}

fn note(audiences: &mut BTreeSet<String>, id: &str, belongs: bool) {
    if belongs {
        audiences.insert(id.to_owned());
    } else {
        audiences.remove(id);
    }
}

#[derive(Default)]
struct Found {
    /// For which purposes each membership holds, by audience and profile; `None` where there is none.
    members: BTreeMap<(String, String), Option<Scope>>,
    due: BTreeMap<String, Timestamp>,
}
