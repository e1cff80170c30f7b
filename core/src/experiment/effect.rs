//! The difference of two arms with its variance, whatever they count.

use super::arm::{Arm, Paired, count};
use super::finding::{Unready, Which};
use super::settings::Difference;

/// A baseline this many standard errors from zero or less may be zero: no part of it can be told, and the variance of a quotient
/// below is no longer near the truth.
const UNCERTAIN: f64 = 3.0;

/// A difference, not yet judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effect {
    /// The difference.
    pub(super) estimate: f64,
    /// The estimate's variance, over 0.
    pub(super) variance: f64,
    /// People of both arms.
    pub(super) n: f64,
    /// Welch's degrees of freedom (the Welch–Satterthwaite equation), at least 1.
    pub(super) degrees_of_freedom: f64,
    /// What one relative unit is in the unit of the difference.
    pub(super) relative_unit: f64,
}

/// One arm: people, mean, what the mean was before it was adjusted, variance of one person's value.
#[derive(Clone, Copy)]
struct Moments {
    n: f64,
    mean: f64,
    unadjusted: f64,
    variance: f64,
}

impl Moments {
    /// Variance of the mean.
    fn error(self) -> f64 {
        self.variance / self.n
    }
}

/// The difference of two arms. The variance of a relative difference is by the delta method (Deng, Knoblich, Lu, "Applying the
/// Delta Method in Metric Analytics", 2018).
pub(super) fn effect(
    baseline: &Arm,
    variant: &Arm,
    difference: Difference,
) -> Result<Effect, Unready> {
    let theta = theta(baseline, variant)?;
    let base = moments(baseline, theta, Which::Baseline)?;
    let other = moments(variant, theta, Which::Variant)?;
    let (base_error, other_error) = (base.error(), other.error());
    let unit = base.unadjusted.abs();
    let (estimate, variance, relative_unit) = match difference {
        Difference::Absolute => (other.mean - base.mean, base_error + other_error, unit),
        Difference::Relative => {
            if unit == 0.0 {
                return Err(Unready::BaselineZero);
            }
            if unit <= UNCERTAIN * base_error.sqrt() {
                return Err(Unready::BaselineUncertain);
            }
            let quotient = other.unadjusted / unit;
            (
                (other.mean - base.mean) / unit,
                (other_error + base_error * quotient * quotient) / unit / unit,
                1.0,
            )
        }
    };
    let total = base_error + other_error;
    // As shares of the total, so that no square of a variance can run out of range.
    let (base_share, other_share) = (base_error / total, other_error / total);
    let degrees_of_freedom = 1.0
        / (base_share * base_share / (base.n - 1.0) + other_share * other_share / (other.n - 1.0));
    let effect = Effect {
        estimate,
        variance,
        n: base.n + other.n,
        degrees_of_freedom: degrees_of_freedom.max(1.0),
        relative_unit,
    };
    if estimate.is_finite() && variance.is_normal() && degrees_of_freedom.is_finite() {
        Ok(effect)
    } else {
        Err(Unready::OutOfRange)
    }
}

/// How much of a difference from before is taken off (CUPED): the slope of the values on those from before, over both arms. 0 for
/// metrics that are not adjusted, and where either does not vary.
fn theta(baseline: &Arm, variant: &Arm) -> Result<f64, Unready> {
    match (baseline, variant) {
        (Arm::Adjusted(one), Arm::Adjusted(other)) => {
            let mut both: Paired = one.clone();
            both.merge(other);
            let before = both.other_variance();
            if before <= 0.0 || both.variance() <= 0.0 {
                return Ok(0.0);
            }
            Ok(both.covariance() / before)
        }
        (Arm::Proportion(_), Arm::Proportion(_))
        | (Arm::Mean(_), Arm::Mean(_))
        | (Arm::Ratio(_), Arm::Ratio(_)) => Ok(0.0),
        _ => Err(Unready::OtherMetric),
    }
}

fn moments(arm: &Arm, theta: f64, which: Which) -> Result<Moments, Unready> {
    if arm.n() < 2 {
        return Err(Unready::TooFew(which));
    }
    let n = count(arm.n());
    let none = match arm {
        Arm::Ratio(_) => Unready::NoDenominator(which),
        _ => Unready::OutOfRange,
    };
    let unadjusted = arm.mean().ok_or(none)?;
    let (mean, variance) = match arm {
        Arm::Proportion(kept) => {
            if kept.conversions > kept.n {
                return Err(Unready::TooManyConversions(which));
            }
            (unadjusted, unadjusted * (1.0 - unadjusted))
        }
        Arm::Mean(kept) => (unadjusted, kept.variance()),
        Arm::Ratio(kept) => (unadjusted, ratio_variance(kept, unadjusted)?),
        Arm::Adjusted(kept) => {
            let before = kept.other_mean().ok_or(Unready::OutOfRange)?;
            let variance = kept.variance() + theta * theta * kept.other_variance()
                - 2.0 * theta * kept.covariance();
            (unadjusted - theta * before, variance)
        }
    };
    if variance <= 0.0 {
        return Err(Unready::NoVariance(which));
    }
    Ok(Moments {
        n,
        mean,
        unadjusted,
        variance,
    })
}

/// The variance of a ratio of two means, times the number of people, by the delta method.
fn ratio_variance(kept: &Paired, ratio: f64) -> Result<f64, Unready> {
    let denominator = kept.other_mean().ok_or(Unready::OutOfRange)?;
    let spread =
        kept.variance() - 2.0 * ratio * kept.covariance() + ratio * ratio * kept.other_variance();
    Ok(spread / denominator / denominator)
}
