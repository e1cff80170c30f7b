//! Given names and their short forms: Robert and Bob are one name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// The list of the `nicknames` package: a given name, then its known short forms, a line.
const LIST: &str = include_str!("nickname/list.txt");

/// Each name with those that it may stand for or be shortened to, in both directions.
static KNOWN: LazyLock<BTreeMap<&'static str, BTreeSet<&'static str>>> = LazyLock::new(|| {
    let mut known: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in LIST.lines().filter(|line| !line.starts_with('#')) {
        let mut names = line.split(' ');
        let Some(full) = names.next() else { continue };
        for short in names {
            known.entry(full).or_default().insert(short);
            known.entry(short).or_default().insert(full);
        }
    }
    known
});

/// Whether one of the two (lower case) is a known short form of the other, or both are of the same name.
pub(crate) fn related(one: &str, other: &str) -> bool {
    let (Some(of_one), Some(of_other)) = (KNOWN.get(one), KNOWN.get(other)) else {
        return false;
    };
    of_one.contains(other) || of_one.intersection(of_other).next().is_some_and(|full| full.len() > one.len().min(other.len()))
}

/// Whether somebody could be called so: the (lower case) word is in the list.
pub(crate) fn is_given_name(word: &str) -> bool {
    KNOWN.contains_key(word)
}

#[cfg(test)]
mod tests {
    use super::related;

    #[test]
    fn short_forms_are_related_in_both_directions() {
        assert!(related("robert", "bob"));
        assert!(related("bob", "robert"));
        assert!(related("bob", "rob"));
        assert!(!related("robert", "edward"));
        assert!(!related("unheard", "bob"));
    }
}
