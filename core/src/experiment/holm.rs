//! Several variants, one baseline.

/// p values corrected for `tests` tests, of which some may have none: among those without effect, at most `alpha` of the experiences have
/// one at or under `alpha`, whatever the tests have to do with each other (S. Holm, "A Simple Sequentially Rejective
/// Multiple Test Procedure", 1979). In the order given.
pub(super) fn adjusted(p_values: &[f64], tests: usize) -> Vec<f64> {
    let mut ranked: Vec<(usize, f64)> = p_values.iter().copied().enumerate().collect();
    ranked.sort_by(|one, other| one.1.total_cmp(&other.1));
    let mut least = 0.0_f64;
    let mut corrected: Vec<(usize, f64)> = ranked
        .into_iter()
        .enumerate()
        .map(|(rank, (at, p_value))| {
            let left = tests.saturating_sub(rank).max(1) as f64;
            least = least.max((p_value * left).min(1.0));
            (at, least)
        })
        .collect();
    corrected.sort_unstable_by_key(|(at, _)| *at);
    corrected.into_iter().map(|(_, p_value)| p_value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_is_multiplied_by_all_and_the_order_stays() {
        let corrected = adjusted(&[0.04, 0.01, 0.03], 3);
        for (one, other) in corrected.iter().zip([0.06, 0.03, 0.06]) {
            assert!((one - other).abs() < 1e-12, "{corrected:?}");
        }
        assert_eq!(adjusted(&[0.5, 0.75], 3), [1.0, 1.0]);
        assert_eq!(adjusted(&[0.25], 1), [0.25]);
    }
}
