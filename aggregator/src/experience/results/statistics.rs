//! From what people did to what can be said of it: the one place that asks `cdp_core::experiment`.

use cdp_core::experiment::{
    self, Better, Comparison, Mean, Paired, Proportion, Settings, Split, check_split, compare_all,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::Arm;
use super::metric::{self, Kind, Metric, Of};
use crate::error::{Error, Result};

/// The arms, compared.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ComparedArms")]
pub(super) struct Compared {
    /// The arm that the others are compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<String>,
    arms: Vec<Figures>,
    /// Whether people came into the arms in the shares that are set now.
    split: Checked,
}

/// What is shown of an arm.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ArmFigures")]
struct Figures {
    arm: String,
    people: u64,
    /// People with an event that counts.
    converted: u64,
    /// The share, the sum for each person, or the mean of all values.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    /// Compared with the baseline; absent of the baseline itself, and of variants with an audience of
    /// their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<Comparison>,
}

/// Whether the split is as it should be, or why that cannot be said.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "CheckedSplit")]
enum Checked {
    Split(Split),
    Unknown { reason: String },
}

/// Compares the arms: the first that is compared is the baseline.
pub(super) fn compare(metric: &Metric, arms: &[Arm]) -> Result<Compared> {
    let settings = Settings {
        better: match metric.better {
            metric::Better::Higher => Better::Higher,
            metric::Better::Lower => Better::Lower,
        },
        ..Settings::default()
    };
    let mut sums = Vec::with_capacity(arms.len());
    for arm in arms {
        sums.push(sum(metric, &arm.people)?);
    }
    let mut compared = arms.iter().zip(&sums).filter(|(arm, _)| arm.is_compared);
    let baseline = compared.next();
    let (others, of_others): (Vec<&Arm>, Vec<experiment::Arm>) =
        compared.map(|(arm, sum)| (arm, sum.clone())).unzip();
    let comparisons =
        baseline.map_or_else(Vec::new, |(_, sum)| compare_all(sum, &of_others, &settings));
    let mut comparisons: Vec<(&str, Comparison)> = others
        .iter()
        .map(|arm| arm.key.as_str())
        .zip(comparisons)
        .collect();
    let figures = arms.iter().zip(&sums).map(|(arm, sum)| {
        let at = comparisons.iter().position(|(key, _)| *key == arm.key);
        Figures {
            arm: arm.key.clone(),
            people: count(arm.people.len()),
            converted: count(arm.people.iter().filter(|of| of.count > 0).count()),
            value: sum.mean(),
            comparison: at.map(|at| comparisons.swap_remove(at).1),
        }
    });
    let shown =
        |figures: &Figures| figures.arm != cdp_core::decision::HOLDOUT || figures.people > 0;
    let is_baseline = |figures: &Figures| baseline.is_some_and(|(arm, _)| arm.key == figures.arm);
    Ok(Compared {
        arms: figures
            .filter(|figures| shown(figures) || is_baseline(figures))
            .collect(),
        baseline: baseline.map(|(arm, _)| arm.key.clone()),
        split: split(arms),
    })
}

fn split(arms: &[Arm]) -> Checked {
    let compared = || arms.iter().filter(|arm| arm.is_compared);
    let people: Vec<u64> = compared().map(|arm| count(arm.people.len())).collect();
    let shares: Vec<f64> = compared().map(|arm| arm.share).collect();
    match check_split(&people, &shares) {
        Ok(split) => Checked::Split(split),
        Err(reason) => Checked::Unknown {
            reason: reason.to_string(),
        },
    }
}

fn sum(metric: &Metric, people: &[Of]) -> Result<experiment::Arm> {
    match metric.metric {
        Kind::Conversion => {
            let mut sum = Proportion::default();
            people.iter().for_each(|of| sum.observe(of.count > 0));
            Ok(experiment::Arm::Proportion(sum))
        }
        Kind::Sum => {
            let mut sum = Mean::default();
            for of in people {
                sum.observe(of.sum).map_err(Error::internal)?;
            }
            Ok(experiment::Arm::Mean(sum))
        }
        Kind::Mean => {
            let mut sum = Paired::default();
            for of in people {
                sum.observe(of.sum, f64::from(of.count))
                    .map_err(Error::internal)?;
            }
            Ok(experiment::Arm::Ratio(sum))
        }
    }
}

fn count(people: usize) -> u64 {
    u64::try_from(people).unwrap_or(u64::MAX)
}
