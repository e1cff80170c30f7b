//! Versions such as `v1.2.3-rc.1+build9`, in the order that GrowthBook's spec gives them, which agrees with
//! Semantic Versioning 2.0.0 (<https://semver.org>, section 11) where that speaks. Every text is a version.

use std::cmp::Ordering;

/// Which version is the older one.
pub(super) fn order(left: &str, right: &str) -> Ordering {
    let (left, right) = (parts(left), parts(right));
    let unequal = left
        .iter()
        .zip(&right)
        .map(|(left, right)| part_order(left, right))
        .find(|order| order.is_ne());
    unequal.unwrap_or_else(|| left.len().cmp(&right.len()))
}

/// What stands between `.` and `-`, without a leading `v` and what comes after `+`. No text is version 0.
fn parts(version: &str) -> Vec<&str> {
    let version = if version.is_empty() { "0" } else { version };
    let version = version.strip_prefix('v').unwrap_or(version);
    let (version, _build) = version.split_once('+').unwrap_or((version, ""));
    let mut parts: Vec<&str> = version.split(['.', '-']).collect();
    if parts.len() == 3 {
        // A release is younger than its pre-releases, and no ASCII letter comes after this character.
        parts.push("~");
    }
    parts
}

/// Numbers, of any length, by size and before words; words by code point.
fn part_order(left: &str, right: &str) -> Ordering {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match (number(left), number(right)) {
        (true, true) => left.len().cmp(&right.len()).then_with(|| left.cmp(right)),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => left.cmp(right),
    }
}
