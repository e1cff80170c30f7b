//! What an experience did: its arms compared by a metric over the people who were shown it.

use std::collections::BTreeMap;

use cdp_core::decision::{Exposed, HOLDOUT};
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::store::Stored;
use super::{seen, store};
use crate::app::App;
use crate::consent::{self, Rules};
use crate::error::Result;
use crate::{clock, pipeline};

mod metric;
mod statistics;

pub(super) use metric::Question;

use metric::{Metric, Of};
use statistics::Compared;

/// People whose events are in memory at the same time.
const PART: usize = 500;

/// The answer.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ExperienceResults")]
pub(super) struct Results {
    experience: String,
    metric: Metric,
    as_of: Timestamp,
    /// People who were shown exactly one arm.
    people: u64,
    excluded: Excluded,
    #[serde(flatten)]
    compared: Compared,
}

/// People who were shown the experience and do not count.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "ExcludedPeople")]
struct Excluded {
    /// They were shown several arms.
    crossed: u64,
    /// They were shown a variant that is not there any more.
    unknown_arm: u64,
}

/// One arm: whether it is compared with others, and what its people did.
#[derive(Debug)]
struct Arm {
    key: String,
    /// Its share of the people among the arms that are compared; 0 of those that are not.
    share: f64,
    is_compared: bool,
    people: Vec<Of>,
}

/// Compares the arms of an experience. Only people count of whom all that is needed for a decision may be
/// known, now.
pub(super) async fn results(
    app: &App,
    space_id: &str,
    id: &str,
    question: Question,
) -> Result<Results> {
    let metric = Metric::read(question)?;
    let stored = store::one(&app.database, space_id, id).await?;
    let rules = Rules::of(&app.sources, space_id);
    let mut connection = app.database.reader().acquire().await?;
    let shown = seen::of_experience(&mut connection, space_id, id, rules.for_decisions()).await?;
    let mut arms = arms(&stored);
    let (people, excluded) = sort(&arms, shown);
    let as_of = clock::now();
    for part in people.chunks(PART) {
        let ids: Vec<String> = part.iter().map(|person| person.id.clone()).collect();
        let found =
            pipeline::events_of_profiles(&mut connection, space_id, metric.event(), &ids).await?;
        let (owners, logged): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        let scopes = consent::scopes(&mut connection, &rules, &logged).await?;
        let mut did: BTreeMap<String, Of> = BTreeMap::new();
        let first: BTreeMap<&str, Timestamp> = part
            .iter()
            .map(|person| (person.id.as_str(), person.since))
            .collect();
        for ((owner, logged), scope) in owners.into_iter().zip(&logged).zip(&scopes) {
            let Some(since) = first.get(owner.as_str()) else {
                continue;
            };
            if rules.keeps(scope) && metric.counts(&logged.event, *since) {
                let of = did.entry(owner).or_default();
                metric.add(of, &logged.event);
            }
        }
        for person in part {
            if let Some(arm) = arms.get_mut(person.arm) {
                arm.people.push(did.remove(&person.id).unwrap_or_default());
            }
        }
    }
    Ok(Results {
        experience: id.to_owned(),
        as_of,
        people: u64::try_from(people.len()).unwrap_or(u64::MAX),
        excluded,
        compared: statistics::compare(&metric, &arms)?,
        metric,
    })
}

/// Somebody who was shown one arm, and since when.
struct Person {
    id: String,
    arm: usize,
    since: Timestamp,
}

fn sort(arms: &[Arm], shown: BTreeMap<String, Exposed>) -> (Vec<Person>, Excluded) {
    let mut people = Vec::with_capacity(shown.len());
    let mut excluded = Excluded::default();
    for (id, exposed) in shown {
        let known = |arm: &&String| arms.iter().any(|known| known.key == **arm);
        let mut seen = exposed.arms.keys().filter(known);
        match (seen.next(), seen.next()) {
            (None, _) => excluded.unknown_arm += 1,
            (Some(_), Some(_)) => excluded.crossed += 1,
            (Some(key), None) => {
                let arm = arms.iter().position(|arm| arm.key == *key);
                let since = exposed.arms.get(key).copied();
                if let (Some(arm), Some(since)) = (arm, since) {
                    people.push(Person { id, arm, since });
                }
            }
        }
    }
    (people, excluded)
}

/// The arms of an experience, the baseline first. Where variants have audiences of their own, the people
/// in the holdout are not like those of any one variant, and neither are the people of those variants:
/// only the variants that share people by chance are compared.
fn arms(stored: &Stored) -> Vec<Arm> {
    let experience = &stored.experience;
    let targets = experience
        .variants
        .iter()
        .any(|variant| variant.audience_id.is_some());
    let total: f64 = experience.split().map(|variant| variant.weight).sum();
    let rest = 1.0 - experience.holdout;
    let holdout = Arm {
        key: HOLDOUT.to_owned(),
        share: if targets { 0.0 } else { experience.holdout },
        is_compared: !targets && experience.holdout > 0.0,
        people: Vec::new(),
    };
    let variants = experience.variants.iter().map(|variant| {
        let is_compared = variant.audience_id.is_none();
        let share = if is_compared && variant.enabled && total > 0.0 {
            variant.weight / total * rest
        } else {
            0.0
        };
        Arm {
            key: variant.key.clone(),
            share,
            is_compared,
            people: Vec::new(),
        }
    });
    std::iter::once(holdout).chain(variants).collect()
}
