//! Welch's t-test, at a time that was fixed before.

use super::distribution::{student_over, student_quantile};
use super::effect::Effect;
use super::settings::{Better, Sides};

/// The interval's half width at `alpha`, and the p value (B. L. Welch, "The Generalization of Student's Problem when Several Different
/// Population Variances are Involved", 1947).
pub(super) fn welch(effect: &Effect, alpha: f64, sides: Sides, better: Better) -> (f64, f64) {
    let error = effect.variance.sqrt();
    let t = effect.estimate / error;
    let freedom = effect.degrees_of_freedom;
    let (tail, p_value) = match sides {
        Sides::Two => (alpha / 2.0, 2.0 * student_over(t.abs(), freedom)),
        Sides::One => (alpha, student_over(t * better.sign(), freedom)),
    };
    (student_quantile(tail, freedom) * error, p_value.min(1.0))
}
