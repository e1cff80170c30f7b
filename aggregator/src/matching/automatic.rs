//! Merging by itself: only in spaces that want it, and only from the weight on from which the space's own reviewed pairs
//! are known to be right. Each matching weighs these pairs by its own model and finds that weight anew.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::identifier::Identifier;
use cdp_matching::{Matching, Reviewed, Threshold, threshold};
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::AnyConnection;

use super::records::Records;
use super::store::{self, Found};
use crate::app::App;
use crate::consent::Rules;
use crate::error::{Code, Error, Result};
use crate::{identity, profile};

/// The share of right pairs that is asked for when nobody says.
const SHARE: f64 = 0.95;
/// The least share that may be asked for.
const LEAST_SHARE: f64 = 0.8;

/// Whether matching merges by itself, as callers see it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AutomaticMatching")]
pub(super) struct Setting {
    on: bool,
    /// The share of right pairs that is asked for.
    precision: f64,
    /// From where on pairs are known to be right, by the weights with which they were reviewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<Threshold>,
    /// Why there is no such weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Automatic merges that hold.
    merged: i64,
    /// Automatic merges that were taken back just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_back: Option<usize>,
}

/// How it is, and how it would be if it were turned on.
pub(super) async fn setting(app: &App, space_id: &str) -> Result<Setting> {
    let mut connection = app.database.reader().acquire().await?;
    let on = store::automatic(&mut connection, space_id).await?;
    let share = on.unwrap_or(SHARE);
    let found = threshold(store::reviewed(&mut connection, space_id).await?, share);
    Ok(Setting {
        on: on.is_some(),
        precision: share,
        reason: found.as_ref().err().cloned(),
        threshold: found.ok(),
        merged: identity::count_automatic(&mut connection, space_id).await?,
        taken_back: None,
    })
}

/// Turns it on, if reviewed pairs say from which weight on it may be.
pub(super) async fn turn_on(app: &App, space_id: &str, share: Option<f64>) -> Result<Setting> {
    let share = share.unwrap_or(SHARE);
    if !(LEAST_SHARE..1.0).contains(&share) {
        let say = format!(
            "\"precision\" is the share of right pairs, from {LEAST_SHARE} to below 1, such as {SHARE}"
        );
        return Err(Error::new(Code::InvalidRequest, say));
    }
    let mut transaction = app.database.begin().await?;
    let reviewed = store::reviewed(&mut transaction, space_id).await?;
    threshold(reviewed, share).map_err(|why| {
        let say = format!("automatic merging stays off: {why}");
        Error::new(Code::Conflict, say)
    })?;
    store::set_automatic(&mut transaction, space_id, Some(share)).await?;
    transaction.commit().await?;
    setting(app, space_id).await
}

/// Turns it off, and takes back what it did if that is wanted.
pub(super) async fn turn_off(app: &App, space_id: &str, take_back: bool) -> Result<Setting> {
    {
        // A matching that ends now has either merged already or does not any more.
        let _turn = app.pipeline.between_turns().await;
        let mut transaction = app.database.begin().await?;
        store::set_automatic(&mut transaction, space_id, None).await?;
        transaction.commit().await?;
    }
    let taken_back = if take_back {
        Some(identity::undo_automatic(app, space_id).await?)
    } else {
        None
    };
    Ok(Setting {
        taken_back,
        ..setting(app, space_id).await?
    })
}

/// What a matching merged by itself.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AutomaticMerged")]
pub(super) struct Merged {
    merged: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<Threshold>,
    /// Why nothing was merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Merges the pairs that weigh enough, if the space wants it. Never whom the rules keep apart, never a pair that was taken
/// back once, and of each profile only the strongest pair: the next matching sees what came of it.
pub(super) async fn merge(
    app: &App,
    connection: &mut AnyConnection,
    rules: &Rules,
    records: &Records,
    matching: &Matching,
    found: &[Found],
    run_id: &str,
) -> Result<Option<Merged>> {
    let space_id = rules.space_id();
    let Some(share) = store::automatic(connection, space_id).await? else {
        return Ok(None);
    };
    let reviewed = reviewed_by(connection, space_id, records, matching).await?;
    let threshold = match threshold(reviewed, share) {
        Ok(threshold) => threshold,
        Err(why) => {
            return Ok(Some(Merged {
                merged: 0,
                threshold: None,
                reason: Some(why),
            }));
        }
    };
    let taken_back = identity::automatic_taken_back(connection, space_id).await?;
    let profile_of = records.profile_of();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    let mut merged = 0;
    let strong = found
        .iter()
        .filter(|one| one.waterfall.weight >= threshold.weight);
    for one in strong {
        let ends = [&one.a, &one.b].map(|end| profile_of.get(&end.to_string()).copied());
        let [Some(mine), Some(other)] = ends else {
            continue;
        };
        let pair = [one.a.clone(), one.b.clone()];
        if taken_back.contains(&pair) || used.contains(mine) || used.contains(other) {
            continue;
        }
        let names = [
            profile::names(app, space_id, mine).await?,
            profile::names(app, space_id, other).await?,
        ];
        // A profile may have gone into another since it was read.
        let gone = names.iter().any(Vec::is_empty);
        let members: BTreeSet<Identifier> = names.into_iter().flatten().collect();
        if gone || !rules.identity().fits(members.iter()) {
            continue;
        }
        used.extend([mine, other]);
        let reason = format!(
            "matching {run_id} weighs this pair {:.1} bits; from {:.1} bits on {} of {} reviewed pairs were right",
            one.waterfall.weight, threshold.weight, threshold.accepted, threshold.reviewed
        );
        identity::merge_automatically(connection, space_id, pair, reason).await?;
        merged += 1;
    }
    Ok(Some(Merged {
        merged,
        threshold: Some(threshold),
        reason: None,
    }))
}

/// The pairs that people reviewed, as a model weighs them.
async fn reviewed_by(
    connection: &mut AnyConnection,
    space_id: &str,
    records: &Records,
    matching: &Matching,
) -> Result<Vec<Reviewed>> {
    let places = records.records.iter().enumerate();
    let places: BTreeMap<&str, usize> = places.map(|(at, record)| (&*record.id, at)).collect();
    let pairs = store::reviewed_pairs(connection, space_id).await?;
    let weighed = pairs.into_iter().filter_map(|(a, b, accepted)| {
        let (one, other) = (places.get(a.as_str())?, places.get(b.as_str())?);
        let weight = matching.explain(*one, *other)?.weight;
        Some(Reviewed { weight, accepted })
    });
    Ok(weighed.collect())
}
