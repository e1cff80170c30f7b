//! Normal, Student's t and chi-squared: statrs, where it is precise and certain to end.

use statrs::distribution::{ChiSquared, Continuous, ContinuousCDF, Normal, StudentsT};
use statrs::function::beta::checked_beta_reg;

/// With more degrees of freedom statrs' incomplete beta function loses digits, and Wallace's transformation has more of them.
const MANY: f64 = 1e5;
/// Steps of the search for a quantile; halving alone is done after fewer.
const STEPS: usize = 200;

/// The chance that a standard normal number is over `z`.
pub(super) fn normal_over(z: f64) -> f64 {
    Normal::standard().sf(z)
}

/// The density of the standard normal distribution.
pub(super) fn normal_density(z: f64) -> f64 {
    Normal::standard().pdf(z)
}

/// The number that a standard normal number is over with the chance `p`, 0 < p < 1.
pub(super) fn normal_quantile(p: f64) -> f64 {
    if p > 0.0 && p < 1.0 {
        -Normal::standard().inverse_cdf(p)
    } else {
        f64::NAN
    }
}

/// The chance that a number of Student's distribution is over `t`; at least 1 degree of freedom.
pub(super) fn student_over(t: f64, degrees_of_freedom: f64) -> f64 {
    if degrees_of_freedom > MANY {
        return normal_over(as_normal(t, degrees_of_freedom));
    }
    let (half_freedom, square) = (0.5 * degrees_of_freedom, t * t);
    // The small one of the two areas is worked out, the centre or the tails: near zero the tails do not tell one `t` from another.
    let tails = if square < 1.0 {
        let centre = square / (degrees_of_freedom + square);
        checked_beta_reg(0.5, half_freedom, centre).map(|centre| 1.0 - centre)
    } else {
        checked_beta_reg(
            half_freedom,
            0.5,
            degrees_of_freedom / (degrees_of_freedom + square),
        )
    };
    let tail = 0.5 * tails.unwrap_or(f64::NAN);
    if t < 0.0 { 1.0 - tail } else { tail }
}

/// The number that a number of Student's distribution is over with the chance `p`, 0 < p < 0.5; at least 1 degree of freedom.
///
/// statrs' own quantile is found by an algorithm (AS 109) that need not end; this one halves an interval where Newton's step leaves it.
pub(super) fn student_quantile(p: f64, degrees_of_freedom: f64) -> f64 {
    let z = normal_quantile(p);
    if degrees_of_freedom > MANY {
        return from_normal(z, degrees_of_freedom);
    }
    let Ok(student) = StudentsT::new(0.0, 1.0, degrees_of_freedom) else {
        return f64::NAN;
    };
    // Student's tails are the heavier ones.
    let (mut low, mut high) = (z, 2.0 * z + 1.0);
    for _ in 0..STEPS {
        if student_over(high, degrees_of_freedom) <= p {
            break;
        }
        (low, high) = (high, 2.0 * high);
    }
    let mut t = low;
    for _ in 0..STEPS {
        let over = student_over(t, degrees_of_freedom);
        if over > p {
            low = t;
        } else {
            high = t;
        }
        let newton = t + (over - p) / student.pdf(t);
        let next = if low < newton && newton < high {
            newton
        } else {
            0.5 * (low + high)
        };
        if (next - t).abs() <= 4.0 * f64::EPSILON * t.abs() {
            return next;
        }
        t = next;
    }
    t
}

/// The chance that a number of the chi-squared distribution is over `x`.
pub(super) fn chi_squared_over(x: f64, degrees_of_freedom: f64) -> f64 {
    // Half of a smaller number may be zero, which statrs takes for a mistake.
    if x < f64::MIN_POSITIVE {
        return 1.0;
    }
    ChiSquared::new(degrees_of_freedom).map_or(f64::NAN, |chi_squared| chi_squared.sf(x))
}

/// The normal number that is as rare as `t` (D. L. Wallace, "Bounds on Normal Approximations to Student's and the Chi-Square
/// Distributions", 1959): off by about t³ / (48 ν²).
fn as_normal(t: f64, degrees_of_freedom: f64) -> f64 {
    let distance = degrees_of_freedom * (t / degrees_of_freedom * t).ln_1p();
    shrink(degrees_of_freedom) * distance.sqrt().copysign(t)
}

fn from_normal(z: f64, degrees_of_freedom: f64) -> f64 {
    let distance = z / shrink(degrees_of_freedom);
    (degrees_of_freedom * (distance * distance / degrees_of_freedom).exp_m1())
        .sqrt()
        .copysign(z)
}

fn shrink(degrees_of_freedom: f64) -> f64 {
    (8.0 * degrees_of_freedom + 1.0) / (8.0 * degrees_of_freedom + 3.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn near(ours: f64, exact: f64) {
        assert!((ours / exact - 1.0).abs() < 1e-10, "{ours} is not {exact}");
    }

    /// To 40 digits by another program.
    #[test]
    fn as_exact_as_needed() {
        for (t, freedom, exact) in [
            (1.5, 1.0, 0.187_167_041_810_998_8),
            (2.0, 3.5, 0.063_069_261_287_956_76),
            (1.96, 30.0, 0.029_671_156_448_025_24),
            (5.0, 1_000.25, 3.383_490_174_949_92e-7),
            (2.5, 90_000.0, 0.006_210_547_850_951_11),
        ] {
            near(student_over(t, freedom), exact);
        }
        for (p, freedom, exact) in [
            (0.025, 1.0, 12.706_204_736_174_7),
            (0.025, 10.0, 2.228_138_851_986_275),
            (0.05, 6_543.21, 1.645_086_538_048_69),
            (0.005, 1e6, 2.575_834_220_105_334),
        ] {
            near(student_quantile(p, freedom), exact);
        }
        near(chi_squared_over(1.6, 2.0), 0.449_328_964_117_221_6);
        near(chi_squared_over(3.7, 3.0), 0.295_734_032_375_275_9);
        near(normal_over(6.0), 9.865_876_450_376_98e-10);
    }

    #[test]
    fn quantiles_are_the_inverse_and_both_ways_meet() {
        for p in [1e-9, 0.001, 0.025, 0.3, 0.499_999] {
            for freedom in [1.0, 1.5, 7.0, 333.3, 99_999.0, 1e5, 100_001.0, 1e9, 1e19] {
                near(student_over(student_quantile(p, freedom), freedom), p);
            }
            near(student_quantile(p, 1e5), student_quantile(p, 100_000.001));
        }
    }
}
