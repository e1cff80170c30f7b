//! A map that forgets: memory for what was used lately, however many keys a stranger makes up.

use std::collections::BTreeMap;

/// Values by key, of the keys used most recently. When the young ones are half of what may be
/// remembered, they become the old ones and the old ones are forgotten; one that is used becomes
/// young again. So between half and all of the allowed number are remembered, and nothing is searched.
#[derive(Clone, Debug)]
pub struct Recent<K, V> {
    young: BTreeMap<K, V>,
    old: BTreeMap<K, V>,
    most: usize,
}

impl<K: Ord, V: Default> Recent<K, V> {
    /// An empty one that remembers at most so many.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            young: BTreeMap::new(),
            old: BTreeMap::new(),
            most,
        }
    }

    /// Whether a key is remembered.
    #[must_use]
    pub fn knows(&self, key: &K) -> bool {
        self.young.contains_key(key) || self.old.contains_key(key)
    }

    /// The value of a key; the default when it is not remembered.
    pub fn of(&mut self, key: K) -> &mut V {
        if !self.young.contains_key(&key) && self.young.len() >= self.most / 2 {
            // The key itself may be among those that are about to be forgotten.
            let kept = self.old.remove(&key);
            self.old = std::mem::take(&mut self.young);
            return self.young.entry(key).or_insert(kept.unwrap_or_default());
        }
        let known = self.old.remove(&key);
        self.young
            .entry(key)
            .or_insert_with(|| known.unwrap_or_default())
    }

    /// How many are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded_and_what_is_used_stays() {
        let mut recent: Recent<u32, u32> = Recent::new(100);
        *recent.of(0) = 7;
        for other in 1..10_000 {
            *recent.of(other) = other;
            assert!(recent.len() <= 100);
            assert_eq!(*recent.of(0), 7, "{other}");
            assert!(recent.knows(&other));
        }
        assert!(!recent.knows(&1));
        assert_eq!(*recent.of(1), 0, "forgotten");
    }

    #[test]
    fn one_that_is_used_when_the_young_are_full_is_not_forgotten() {
        let mut recent: Recent<u32, u32> = Recent::new(4);
        for key in 0..4 {
            *recent.of(key) = key + 7;
        }
        assert_eq!(*recent.of(0), 7);
        assert!(recent.len() <= 4);
    }
}
