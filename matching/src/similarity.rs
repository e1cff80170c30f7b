//! How alike two texts are. The metrics are strsim's; what is here says how they are used.

use crate::table::float;

/// Jaro-Winkler similarity from 0 to 1: the prefix of up to four letters counts only where Jaro is above 0.7, as in
/// Winkler's own program, in DuckDB and in rapidfuzz.
#[must_use]
pub fn jaro_winkler(one: &str, other: &str) -> f64 {
    // strsim gives 1 for two empty texts, and for an empty one beside any other 0.
    strsim::jaro_winkler(one, other)
}

/// Damerau-Levenshtein distance, unrestricted: a transposition may have letters inserted between.
#[must_use]
pub fn damerau_levenshtein(one: &str, other: &str) -> usize {
    strsim::damerau_levenshtein(one, other)
}

/// Levenshtein distance.
#[must_use]
pub fn levenshtein(one: &str, other: &str) -> usize {
    strsim::levenshtein(one, other)
}

/// Characters of two texts that both have, each as often as it is in both: no metric finds more in common.
pub(crate) fn common(one: &str, other: &str) -> usize {
    if !(one.is_ascii() && other.is_ascii()) {
        return one.chars().count().min(other.chars().count());
    }
    let mut counts = [0_u8; 128];
    for byte in one.bytes() {
        counts[usize::from(byte & 127)] = counts[usize::from(byte & 127)].saturating_add(1);
    }
    let mut common = 0;
    for byte in other.bytes() {
        let count = &mut counts[usize::from(byte & 127)];
        if *count > 0 {
            *count -= 1;
            common += 1;
        }
    }
    common
}

/// Jaro-Winkler similarity where it may reach `least`, otherwise 0: most pairs have too few letters in common, and the
/// metric need not be computed to know that.
pub(crate) fn jaro_winkler_from(least: f64, one: &str, other: &str) -> f64 {
    let (a, b) = (one.chars().count(), other.chars().count());
    let common = common(one, other);
    if common == 0 {
        return 0.0;
    }
    let prefix = one
        .chars()
        .zip(other.chars())
        .take(4)
        .take_while(|(a, b)| a == b)
        .count();
    // As if the letters in common were all near each other and in order.
    let jaro = (float(common) / float(a) + float(common) / float(b) + 1.0) / 3.0;
    let most = jaro + 0.1 * float(prefix) * (1.0 - jaro);
    if most < least - 1e-9 {
        0.0
    } else {
        jaro_winkler(one, other)
    }
}

/// Whether the texts are at most `limit` edits (Damerau-Levenshtein) apart.
pub(crate) fn within(one: &str, other: &str, limit: usize) -> bool {
    let (a, b) = (one.chars().count(), other.chars().count());
    a.abs_diff(b) <= limit
        && common(one, other) + limit >= a.max(b)
        && damerau_levenshtein(one, other) <= limit
}

/// The part of an address before the @.
pub(crate) fn user_part(email: &str) -> &str {
    email.split('@').next().unwrap_or(email)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{damerau_levenshtein, jaro_winkler, jaro_winkler_from, within};

    proptest! {
        #[test]
        fn short_cuts_change_nothing(one in "[a-dé]{0,9}", other in "[a-dé]{0,9}", limit in 0_usize..4) {
            let alike = jaro_winkler(&one, &other);
            let quick = jaro_winkler_from(0.8, &one, &other);
            let agree = if alike >= 0.8 && !one.is_empty() { (quick - alike).abs() < 1e-12 } else { quick < 0.8 };
            prop_assert!(agree);
            prop_assert_eq!(within(&one, &other, limit), damerau_levenshtein(&one, &other) <= limit);
        }

        #[test]
        fn metrics_are_symmetric(one in ".{0,9}", other in ".{0,9}") {
            prop_assert!((jaro_winkler(&one, &other) - jaro_winkler(&other, &one)).abs() < 1e-12);
            prop_assert_eq!(damerau_levenshtein(&one, &other), damerau_levenshtein(&other, &one));
        }
    }
}
