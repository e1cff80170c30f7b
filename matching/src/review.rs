//! From which weight pairs may be joined without being looked at, as far as pairs that people looked at can tell.

use serde::Serialize;

/// Pairs above a threshold that somebody has looked at, at the least.
pub const LEAST_REVIEWED: usize = 50;

/// A pair that somebody has looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reviewed {
    /// What the model weighs it, in bits.
    pub weight: f64,
    /// Whether it was accepted.
    pub accepted: bool,
}

/// A weight, and what reviewed pairs say of those that weigh as much.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "MatchingThreshold"))]
pub struct Threshold {
    /// Bits.
    pub weight: f64,
    /// Reviewed pairs of this weight and above.
    pub reviewed: usize,
    /// Those of them that were accepted.
    pub accepted: usize,
    /// The share of right pairs is at least this, with 97.5 % confidence: Wilson's lower bound.
    pub precision_at_least: f64,
}

/// The least weight from which the share of right pairs is at least `precision`, by [`LEAST_REVIEWED`] pairs or more.
///
/// # Errors
/// What the best weight comes to, or that too few were reviewed, in a sentence.
pub fn threshold(mut reviewed: Vec<Reviewed>, precision: f64) -> Result<Threshold, String> {
    let total = reviewed.len();
    if total < LEAST_REVIEWED {
        return Err(format!(
            "{total} suggestions have been accepted or rejected by hand: at least {LEAST_REVIEWED} are needed to know from which weight they are right"
        ));
    }
    reviewed.sort_by(|one, other| other.weight.total_cmp(&one.weight));
    let mut best: Option<Threshold> = None;
    let mut least: Option<Threshold> = None;
    let mut accepted = 0;
    for (at, pair) in reviewed.iter().enumerate() {
        accepted += usize::from(pair.accepted);
        // Pairs of one weight are above a threshold together.
        let next = reviewed.get(at + 1);
        if at + 1 < LEAST_REVIEWED || next.is_some_and(|next| next.weight >= pair.weight) {
            continue;
        }
        let found = Threshold {
            weight: pair.weight,
            reviewed: at + 1,
            accepted,
            precision_at_least: wilson(accepted, at + 1),
        };
        if found.precision_at_least >= precision {
            least = Some(found);
        }
        if best.is_none_or(|best| found.precision_at_least > best.precision_at_least) {
            best = Some(found);
        }
    }
    least.ok_or_else(|| {
        let best = best.map_or_else(String::new, |best| {
            format!(
                ": the best is {:.1} bits, with {} of {} accepted, which is at least {:.3}",
                best.weight, best.accepted, best.reviewed, best.precision_at_least
            )
        });
        format!(
            "from no weight on are the {total} reviewed pairs known to be right in a share of {precision}{best}; accept and reject more suggestions"
        )
    })
}

/// The lower end of Wilson's interval for a share, at 1.96 standard deviations.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn wilson(right: usize, all: usize) -> f64 {
    let (n, z) = (all as f64, 1.96_f64);
    let share = right as f64 / n;
    let middle = share + z * z / (2.0 * n);
    let spread = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    (middle - spread) / (1.0 + z * z / n)
}

#[cfg(test)]
mod tests {
    use super::{LEAST_REVIEWED, Reviewed, Threshold, threshold, wilson};

    fn pairs(list: &[(usize, f64, bool)]) -> Vec<Reviewed> {
        let pairs = list.iter().flat_map(|(many, weight, accepted)| {
            let pair = Reviewed {
                weight: *weight,
                accepted: *accepted,
            };
            std::iter::repeat_n(pair, *many)
        });
        pairs.collect()
    }

    #[test]
    fn wilsons_bound_is_that_of_the_tables() {
        for (right, all, expected) in [(10, 10, 0.7225), (0, 10, 0.0), (95, 100, 0.8882)] {
            assert!(
                (wilson(right, all) - expected).abs() < 1e-3,
                "{right} {all}"
            );
        }
    }

    #[test]
    fn the_least_weight_that_is_good_enough_and_a_reason_where_none_is() {
        let few = threshold(pairs(&[(LEAST_REVIEWED - 1, 12.0, true)]), 0.5);
        let says = |why: &Result<Threshold, String>, text: &str| {
            why.as_ref().is_err_and(|why| why.contains(text))
        };
        assert!(says(&few, "49 suggestions"), "{few:?}");
        let good = threshold(
            pairs(&[(80, 12.0, true), (40, 9.0, true), (40, 5.0, false)]),
            0.95,
        );
        let found = good.map(|good| {
            let is_enough = good.precision_at_least > 0.95;
            (good.weight, good.reviewed, good.accepted, is_enough)
        });
        assert_eq!(found, Ok((9.0, 120, 120, true)));
        // Above the few that were rejected there are too few to know.
        let bad = threshold(
            pairs(&[(20, 12.0, true), (5, 11.0, false), (60, 9.0, true)]),
            0.95,
        );
        assert!(says(&bad, "80 of 85"), "{bad:?}");
        // A weight that half of the pairs have is no weight between them.
        let tied = threshold(pairs(&[(60, 9.0, true), (60, 9.0, false)]), 0.9);
        assert!(says(&tied, "60 of 120"), "{tied:?}");
    }
}
