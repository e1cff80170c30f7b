//! How many a definition would reach, before it is saved.

use std::collections::BTreeMap;
use std::time::Duration;

use cdp_core::audience::Expr;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::Instant;

use super::{facts, store};
use crate::app::App;
use crate::clock;
use crate::consent::{self, Rules};
use crate::error::Result;
use crate::profile::{self, IdentifierView};

/// Profiles in memory at the same time.
const PART: i64 = 200;
/// Profiles shown as examples.
const SAMPLE: usize = 10;
/// How long a preview looks; what it has not seen by then is estimated.
const PATIENCE: Duration = Duration::from_millis(700);

/// The answer of a preview.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AudiencePreview")]
pub(super) struct Preview {
    /// How many it reaches.
    count: u64,
    /// Whether everybody was looked at. If not, `count` is an estimate and `looked_at` says from how many.
    exact: bool,
    looked_at: u64,
    /// Between these the count is in 95 of 100 such estimates.
    count_at_least: u64,
    count_at_most: u64,
    sample: Vec<Example>,
    /// The definition as a tree, and as a text.
    definition: Expr,
    text: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AudienceExample")]
struct Example {
    id: String,
    identifiers: Vec<IdentifierView>,
}

/// Looks at profiles and writes nothing. Where there are too many, those that it comes to in time are as good as
/// drawn by lot, since a profile's id is a hash: the rest is estimated from them.
pub(super) async fn preview(app: &App, space_id: &str, rule: &Expr) -> Result<Preview> {
    let (now, started) = (clock::now(), Instant::now());
    let rules = Rules::of(&app.sources, space_id);
    let needed = rules.for_audiences();
    let (mut count, mut looked_at) = (0_u64, 0_u64);
    let mut members = Vec::new();
    let mut cursor = String::new();
    let all = loop {
        let profiles = store::profiles_after(&app.database, space_id, &cursor, PART).await?;
        let Some(last) = profiles.last() else {
            break true;
        };
        cursor.clone_from(last);
        let is_last = i64::try_from(profiles.len()).is_ok_and(|seen| seen < PART);
        let mut connection = app.database.reader().acquire().await?;
        let loaded = facts::load_and_count(&mut connection, &rules, rule, &profiles, now);
        let (facts, mut audiences) = loaded.await?;
        let folded = consent::folded_of_profiles(&mut connection, space_id, &profiles).await?;
        for id in profiles {
            looked_at += 1;
            let mut of_profile = folded.get(&id).into_iter().flat_map(BTreeMap::values);
            let agreed = of_profile.any(|folded| folded.serves(needed));
            let mut seen = facts.seen_for(&id, needed);
            seen.audiences = audiences.remove(&id).unwrap_or_default();
            if agreed && rule.evaluate(&seen.facts(), now).member {
                count += 1;
                if members.len() < SAMPLE {
                    members.push(id);
                }
            }
        }
        if is_last {
            break true;
        }
        if started.elapsed() > PATIENCE {
            break false;
        }
    };
    let mut identifiers = profile::identifiers(app, space_id, &members).await?;
    let example = |id: String| Example {
        identifiers: identifiers.remove(&id).unwrap_or_default(),
        id,
    };
    let seen = if all { 1.0 } else { share_before(&cursor) };
    let [low, middle, high] = estimate(count, looked_at, seen);
    Ok(Preview {
        count: middle,
        exact: all,
        looked_at,
        count_at_least: low,
        count_at_most: high,
        sample: members.into_iter().map(example).collect(),
        definition: rule.clone(),
        text: rule.to_string(),
    })
}

/// Which part of all possible ids comes before one.
pub(super) fn share_before(profile_id: &str) -> f64 {
    let digits = profile_id.rsplit('_').next().unwrap_or_default();
    let leading = digits.get(..8).unwrap_or_default();
    let place = u32::from_str_radix(leading, 16).unwrap_or(u32::MAX);
    f64::from(place).max(1.0) / f64::from(u32::MAX)
}

/// A lower bound, an estimate and an upper bound of how many there are, when `count` of `looked_at` were found in
/// that share of all. Bounds after Wilson's interval for the part of members.
fn estimate(count: u64, looked_at: u64, share: f64) -> [u64; 3] {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of profiles fit a double"
    )]
    let (members, sample) = (count as f64, looked_at as f64);
    if share >= 1.0 || looked_at == 0 {
        return [count; 3];
    }
    const Z: f64 = 1.96;
    let part = members / sample;
    let centre = part + Z * Z / (2.0 * sample);
    let spread = Z * (part * (1.0 - part) / sample + Z * Z / (4.0 * sample * sample)).sqrt();
    let scale = 1.0 + Z * Z / sample;
    let all = sample / share;
    [(centre - spread) / scale, part, (centre + spread) / scale].map(|part| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a part of a count is a count"
        )]
        let number = (part * all).round().max(0.0) as u64;
        number
    })
}
