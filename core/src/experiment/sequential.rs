//! A test that may be looked at at any time: the asymptotic confidence sequence of I. Waudby-Smith, D. Arbour, R. Sinha,
//! E. H. Kennedy and A. Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences" (arXiv 2103.06476v7).

use super::effect::Effect;
use super::settings::{Better, Sides};

/// The interval's half width at `alpha`, and the p value. Both hold at all times at once, for any `tuning`.
///
/// Two-sided: equations 9 and 155. One-sided: equation 134, and the p value that is its inverse, the reciprocal of the bound on
/// the half-normal mixture that the equation comes from.
pub(super) fn sequential(
    effect: &Effect,
    tuning: f64,
    alpha: f64,
    sides: Sides,
    better: Better,
) -> (f64, f64) {
    let rho_squared = match sides {
        Sides::Two => rho_squared(alpha, tuning),
        // The half of the normal mixture has the width of a two-sided one at twice the level.
        Sides::One => rho_squared(2.0 * alpha, tuning),
    };
    // tρ² + 1, with as many people as time.
    let scale = effect.n * rho_squared + 1.0;
    let bound = match sides {
        Sides::Two => (scale.sqrt() / alpha).ln(),
        Sides::One => (scale.sqrt() / (2.0 * alpha)).ln_1p(),
    };
    let half_width = (effect.variance * 2.0 * scale * bound / (effect.n * rho_squared)).sqrt();
    // The exponent of the e-value.
    let exponent = effect.estimate / effect.variance * effect.estimate * effect.n * rho_squared
        / (2.0 * scale);
    let p_value = match sides {
        Sides::Two => scale.sqrt() * (-exponent).exp(),
        Sides::One if effect.estimate * better.sign() <= 0.0 => 1.0,
        Sides::One => scale.sqrt() / (2.0 * exponent.exp_m1()),
    };
    (half_width, p_value.min(1.0))
}

/// Equation 161: the ρ² with which the interval is narrowest at about `tuning` people.
fn rho_squared(alpha: f64, tuning: f64) -> f64 {
    let level = -2.0 * alpha.ln();
    (level + level.ln_1p()) / tuning
}
