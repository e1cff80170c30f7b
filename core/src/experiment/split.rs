//! Whether people came into the arms in the shares that were set.

use std::fmt;

use serde::Serialize;

use super::arm::count;
use super::distribution::chi_squared_over;

/// A split rarer than this is not by chance.
pub const THRESHOLD: f64 = 0.001;
/// Each arm has to expect this many people, or the chi-squared distribution is not near the truth.
pub const LEAST_EXPECTED: f64 = 5.0;

/// How people came into the arms.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Split {
    /// How many people each arm should have, by its weight.
    pub expected: Vec<f64>,
    /// The chance of a split at least as uneven if the weights were kept.
    pub p_value: f64,
    /// What is wrong, as a sentence; none where nothing is.
    pub warning: Option<String>,
}

/// Why a split cannot be checked.
#[derive(Clone, Debug, PartialEq)]
pub enum Uncheckable {
    /// The numbers of arms and weights differ.
    Lengths {
        /// Arms.
        arms: usize,
        /// Weights.
        weights: usize,
    },
    /// A weight is no share.
    Weight(f64),
    /// Fewer than two arms have a weight over 0.
    OneArm,
    /// Too few people have come.
    TooFew,
}

impl fmt::Display for Uncheckable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lengths { arms, weights } => {
                write!(
                    out,
                    "give one weight for each of the {arms} arms, not {weights}"
                )
            }
            Self::Weight(weight) => write!(
                out,
                "a weight is a number from 0 to 1e15, such as 0.5, not {weight}"
            ),
            Self::OneArm => out.write_str(
                "a split needs at least two arms with a weight over 0; there is nothing to check",
            ),
            Self::TooFew => write!(
                out,
                "each arm has to expect at least {LEAST_EXPECTED} people: wait for more"
            ),
        }
    }
}

impl std::error::Error for Uncheckable {}

/// Whether people came into the arms in the shares that were set (sample ratio mismatch): Pearson's chi-squared test. `people` and
/// `weights` are in the same order; weights need not add up to 1. An arm of weight 0 that has people is wrong whatever the rest
/// (Fabijan et al., "Diagnosing Sample Ratio Mismatch in Online Controlled Experiments", 2019).
///
/// # Errors
/// If it cannot be checked, or not yet.
pub fn check_split(people: &[u64], weights: &[f64]) -> Result<Split, Uncheckable> {
    if people.len() != weights.len() {
        return Err(Uncheckable::Lengths {
            arms: people.len(),
            weights: weights.len(),
        });
    }
    if let Some(&weight) = weights
        .iter()
        .find(|weight| !(0.0..=1e15).contains(*weight))
    {
        return Err(Uncheckable::Weight(weight));
    }
    let taking_part = weights.iter().filter(|weight| **weight > 0.0).count();
    if taking_part < 2 {
        return Err(Uncheckable::OneArm);
    }
    let all: f64 = people.iter().copied().map(count).sum();
    let weight: f64 = weights.iter().sum();
    let expected: Vec<f64> = weights.iter().map(|one| all * (one / weight)).collect();
    let arms = || people.iter().copied().zip(&expected).zip(weights);
    if arms().any(|((_, expected), weight)| *weight > 0.0 && *expected < LEAST_EXPECTED) {
        return Err(Uncheckable::TooFew);
    }
    let distance: f64 = arms()
        .filter(|(_, weight)| **weight > 0.0)
        .map(|((seen, expected), _)| {
            let off = count(seen) - expected;
            off / expected * off
        })
        .sum();
    let unwanted = arms().any(|((seen, _), weight)| *weight == 0.0 && seen > 0);
    let p_value = if unwanted {
        0.0
    } else {
        chi_squared_over(distance, taking_part as f64 - 1.0).clamp(0.0, 1.0)
    };
    let warning = (p_value < THRESHOLD).then(|| sentence(people, &expected, p_value));
    Ok(Split {
        expected,
        p_value,
        warning,
    })
}

fn sentence(people: &[u64], expected: &[f64], p_value: f64) -> String {
    let seen: Vec<String> = people.iter().map(u64::to_string).collect();
    let wanted: Vec<String> = expected.iter().map(|one| format!("{one:.0}")).collect();
    let chance = if p_value < 1e-6 {
        "less than 0.000001".to_owned()
    } else {
        format!("{p_value:.6}")
    };
    format!(
        "The arms have {} people where {} were expected; by chance that happens with a probability of {chance}. \
         Something keeps people out of an arm or counts them wrongly: do not trust the results before it is found.",
        seen.join(", "),
        wanted.join(", "),
    )
}
