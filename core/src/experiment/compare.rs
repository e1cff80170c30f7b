//! Arms in, comparisons out.

use super::arm::Arm;
use super::bayesian::bayesian;
use super::effect::{Effect, effect};
use super::finding::{
    Comparison, Conclusion, Evidence, Finding, Interval, Level, Outcome, Unready,
};
use super::holm;
use super::sequential::sequential;
use super::settings::{Better, Difference, LEAST_ALPHA, Method, Settings, Sides};
use super::welch::welch;

/// A variant compared with the baseline.
#[must_use]
pub fn compare(baseline: &Arm, variant: &Arm, settings: &Settings) -> Comparison {
    judged(baseline, variant, settings, settings.alpha)
}

/// Each of several variants compared with the baseline, in their order, and corrected for their number: p values by Holm's method, the
/// tests' intervals by Bonferroni's (each at `alpha` divided by the number of variants), which is a little more cautious, so that
/// a variant can be better though its interval just holds zero. A variant without data counts too. Bayesian
/// figures are not corrected.
#[must_use]
pub fn compare_all(baseline: &Arm, variants: &[Arm], settings: &Settings) -> Vec<Comparison> {
    let alpha = match settings.method {
        Method::Bayesian { .. } => settings.alpha,
        Method::Sequential { .. } | Method::FixedHorizon => {
            (settings.alpha / variants.len().max(1) as f64).max(LEAST_ALPHA)
        }
    };
    let mut comparisons: Vec<Comparison> = variants
        .iter()
        .map(|variant| judged(baseline, variant, settings, alpha))
        .collect();
    let uncorrected: Vec<f64> = comparisons
        .iter_mut()
        .filter_map(tested)
        .map(|test| test.uncorrected)
        .collect();
    let corrected = holm::adjusted(&uncorrected, variants.len());
    let tests = comparisons.iter_mut().filter_map(tested);
    for (test, adjusted_p_value) in tests.zip(corrected) {
        test.finding.evidence = Evidence::Test {
            p_value: test.p_value,
            adjusted_p_value,
        };
        *test.finding = test.finding.concluded(settings.alpha, settings.better);
    }
    comparisons
}

/// A finding that came of a test.
struct Tested<'a> {
    finding: &'a mut Finding,
    p_value: f64,
    /// The adjusted p value before it is corrected for the number of variants.
    uncorrected: f64,
}

/// The test of a comparison that has one.
fn tested(comparison: &mut Comparison) -> Option<Tested<'_>> {
    match &mut comparison.outcome {
        Outcome::Ready(finding) => match finding.evidence {
            Evidence::Test {
                p_value,
                adjusted_p_value: uncorrected,
            } => Some(Tested {
                finding,
                p_value,
                uncorrected,
            }),
            Evidence::Belief { .. } => None,
        },
        Outcome::NotReady { .. } => None,
    }
}

fn judged(baseline: &Arm, variant: &Arm, settings: &Settings, alpha: f64) -> Comparison {
    let level = |arm: &Arm| Level {
        n: arm.n(),
        mean: arm.mean(),
    };
    Comparison {
        baseline: level(baseline),
        variant: level(variant),
        outcome: match finding(baseline, variant, settings, alpha) {
            Ok(finding) => Outcome::Ready(finding),
            Err(reason) => Outcome::NotReady { reason },
        },
    }
}

fn finding(
    baseline: &Arm,
    variant: &Arm,
    settings: &Settings,
    alpha: f64,
) -> Result<Finding, Unready> {
    settings.check().map_err(Unready::Settings)?;
    let found = |difference| {
        let settings = Settings {
            difference,
            ..*settings
        };
        one_difference(baseline, variant, &settings, alpha)
    };
    let finding = found(settings.difference)?;
    match settings.difference {
        Difference::Absolute => Ok(finding),
        Difference::Relative => {
            let finding = finding.no_surer_than(&found(Difference::Absolute)?);
            Ok(finding.concluded(alpha, settings.better))
        }
    }
}

fn one_difference(
    baseline: &Arm,
    variant: &Arm,
    settings: &Settings,
    alpha: f64,
) -> Result<Finding, Unready> {
    let effect = effect(baseline, variant, settings.difference)?;
    let (sides, better) = (settings.sides, settings.better);
    let finding = match settings.method {
        Method::Sequential { tuning } => {
            let (half_width, p_value) = sequential(&effect, tuning, alpha, sides, better);
            test(&effect, half_width, p_value, settings)
        }
        Method::FixedHorizon => {
            let (half_width, p_value) = welch(&effect, alpha, sides, better);
            test(&effect, half_width, p_value, settings)
        }
        Method::Bayesian { prior } => {
            let belief = bayesian(&effect, prior, alpha, sides, better)?;
            Finding {
                estimate: belief.mean,
                standard_error: belief.deviation,
                interval: interval(belief.mean, belief.half_width, settings),
                evidence: Evidence::Belief {
                    chance_to_win: belief.chance_to_win,
                    risk: belief.risk,
                },
                conclusion: Conclusion::Unclear,
            }
        }
    };
    if finding.is_finite() {
        Ok(finding.concluded(alpha, better))
    } else {
        Err(Unready::OutOfRange)
    }
}

fn test(effect: &Effect, half_width: f64, p_value: f64, settings: &Settings) -> Finding {
    Finding {
        estimate: effect.estimate,
        standard_error: effect.variance.sqrt(),
        interval: interval(effect.estimate, half_width, settings),
        evidence: Evidence::Test {
            p_value,
            adjusted_p_value: p_value,
        },
        conclusion: Conclusion::Unclear,
    }
}

/// Around the estimate; open towards the better side where only that is looked for.
fn interval(estimate: f64, half_width: f64, settings: &Settings) -> Interval {
    let (lower, upper) = (estimate - half_width, estimate + half_width);
    let (lower, upper) = match (settings.sides, settings.better) {
        (Sides::Two, _) => (Some(lower), Some(upper)),
        (Sides::One, Better::Higher) => (Some(lower), None),
        (Sides::One, Better::Lower) => (None, Some(upper)),
    };
    Interval { lower, upper }
}
