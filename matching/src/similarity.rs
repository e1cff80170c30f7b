//! How alike two texts are. The metrics are strsim's; what is here says how they are used.

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

/// Whether the texts are at most `limit` edits apart; lengths that cannot be are not compared.
pub(crate) fn within(one: &str, other: &str, limit: usize) -> bool {
    one.len().abs_diff(other.len()) <= limit * 4
        && one.chars().count().abs_diff(other.chars().count()) <= limit
        && damerau_levenshtein(one, other) <= limit
}

/// The part of an address before the @.
pub(crate) fn user_part(email: &str) -> &str {
    email.split('@').next().unwrap_or(email)
}
