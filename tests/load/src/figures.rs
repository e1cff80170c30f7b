//! Figures, and the statistics they are made with.

use std::time::Duration;

use serde_json::{Value, json};

/// What a figure has to be.
pub(crate) enum Goal {
    /// Not more than this.
    AtMost(f64),
    /// Not less than this.
    AtLeast(f64),
    /// Shown for comparison.
    None,
}

/// Prints a figure's line.
#[expect(clippy::print_stdout, reason = "the lines are what the program is for")]
pub(crate) fn print(name: &str, value: f64, unit: &str, goal: &Goal) {
    let mut line = json!({"name": name, "value": value, "unit": unit});
    match goal {
        Goal::AtMost(limit) => line["at_most"] = Value::from(*limit),
        Goal::AtLeast(limit) => line["at_least"] = Value::from(*limit),
        Goal::None => {}
    }
    println!("{line}");
}

/// The middle value; the lower one of two. Zero when there is none.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values
        .get(values.len().saturating_sub(1) / 2)
        .copied()
        .unwrap_or(0.0)
}

/// The value below which a share (0 to 1) of the durations lies, in milliseconds.
pub(crate) fn percentile(durations: &mut [Duration], share: f64) -> f64 {
    durations.sort_unstable();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place in a list of some thousands"
    )]
    let at = (durations.len().saturating_sub(1) as f64 * share) as usize;
    durations
        .get(at)
        .map_or(0.0, |duration| duration.as_secs_f64() * 1_000.0)
}
