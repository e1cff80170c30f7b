//! What is to be thought of a difference, from what was thought before and from the data: both normal.

use super::distribution::{normal_density, normal_over, normal_quantile};
use super::effect::Effect;
use super::finding::{Risk, Unready};
use super::settings::{Better, Prior, Sides};

/// What is thought of a difference.
pub(super) struct Belief {
    /// Its mean.
    pub(super) mean: f64,
    /// Its standard deviation.
    pub(super) deviation: f64,
    /// Half the width of the credible interval; for one side, how far its one end is.
    pub(super) half_width: f64,
    /// The chance that the variant is better.
    pub(super) chance_to_win: f64,
    /// What either choice risks.
    pub(super) risk: Risk,
}

/// The conjugate update of a normal prior with known variance (A. Gelman et al., "Bayesian Data Analysis", 3rd edition, section 2.5), and the
/// expected loss of either choice (C. Stucchio, "Bayesian A/B Testing at VWO", 2015).
pub(super) fn bayesian(
    effect: &Effect,
    prior: Option<Prior>,
    alpha: f64,
    sides: Sides,
    better: Better,
) -> Result<Belief, Unready> {
    let (mean, variance) = match prior {
        None => (effect.estimate, effect.variance),
        Some(_) if effect.relative_unit == 0.0 => return Err(Unready::BaselineZero),
        Some(prior) => {
            let before = prior.mean * effect.relative_unit;
            let deviation = prior.standard_deviation * effect.relative_unit;
            // The share of the data in what is thought now.
            let share = 1.0 / (1.0 + effect.variance / deviation / deviation);
            (
                before + share * (effect.estimate - before),
                share * effect.variance,
            )
        }
    };
    let deviation = variance.sqrt();
    let tail = match sides {
        Sides::Two => alpha / 2.0,
        Sides::One => alpha,
    };
    let z = mean / deviation * better.sign();
    Ok(Belief {
        mean,
        deviation,
        half_width: normal_quantile(tail) * deviation,
        chance_to_win: normal_over(-z),
        risk: Risk {
            baseline: deviation * expected_excess(z),
            variant: deviation * expected_excess(-z),
        },
    })
}

/// How far a normal number with mean `z` and standard deviation 1 is over zero on average, where under zero counts as zero.
fn expected_excess(z: f64) -> f64 {
    // Far below zero the two terms take each other's digits; it is never negative.
    (normal_density(z) + z * normal_over(-z)).max(0.0)
}
