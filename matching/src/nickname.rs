//! Given names and their short forms: Robert and Bob are one name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::table::narrow;

/// The list of the `nicknames` package: a given name, then its known short forms, a line.
const LIST: &str = include_str!("nickname/list.txt");

/// Each name of the list with its number.
static NAMES: LazyLock<BTreeMap<&'static str, u32>> = LazyLock::new(|| {
    let mut names = BTreeMap::new();
    for name in lines().flatten() {
        let next = names.len();
        names.entry(name).or_insert_with(|| narrow(next));
    }
    names
});

/// Each name of the list with the numbers of itself and of the full names that it is short for, sorted.
static STANDS_FOR: LazyLock<BTreeMap<&'static str, BTreeSet<u32>>> = LazyLock::new(|| {
    let mut stands_for: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    for line in lines() {
        let mut names = line.into_iter();
        let Some(full) = names.next().and_then(|full| NAMES.get_key_value(full)) else {
            continue;
        };
        stands_for.entry(full.0).or_default().insert(*full.1);
        for short in names {
            let known = stands_for.entry(short).or_default();
            known.extend(NAMES.get(short));
            known.insert(*full.1);
        }
    }
    stands_for
});

fn lines() -> impl Iterator<Item = Vec<&'static str>> {
    LIST.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split(' ').collect())
}

/// The numbers of the names that a (lower case) given name may stand for, sorted: two names are related if they share one.
pub(crate) fn stands_for(name: &str) -> Vec<u32> {
    STANDS_FOR
        .get(name)
        .map(|numbers| numbers.iter().copied().collect())
        .unwrap_or_default()
}

/// Whether somebody could be called so: the (lower case) word is in the list.
pub(crate) fn is_given_name(word: &str) -> bool {
    NAMES.contains_key(word)
}

#[cfg(test)]
mod tests {
    use super::stands_for;

    fn related(one: &str, other: &str) -> bool {
        stands_for(one)
            .iter()
            .any(|name| stands_for(other).contains(name))
    }

    #[test]
    fn short_forms_are_related_in_both_directions() {
        assert!(related("robert", "bob"));
        assert!(related("bob", "robert"));
        assert!(related("bob", "rob"));
        assert!(!related("robert", "edward"));
        assert!(!related("unheard", "bob"));
    }
}
