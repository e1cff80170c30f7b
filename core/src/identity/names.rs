//! The identifiers of a graph by name. A look-up reads one line of memory here, or the next one with it, where a table of the usual
//! kind reads two that are far apart, one after the other: with millions of identifiers, each is a wait for memory that is in no cache.

/// No identifier.
const NONE: u32 = u32::MAX;
/// Places at first; a power of two, as every number of places is.
const FIRST: usize = 16;

/// An identifier's number, with what finds it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    /// Of its kind and value. It is kept, so that nothing is hashed again when there come to be more places.
    pub(super) hash: u32,
    pub(super) node: u32,
    /// Where its value begins in the text of all values, which can be read while the identifier is.
    pub(super) start: u32,
}

const NOBODY: Name = Name {
    hash: 0,
    node: NONE,
    start: 0,
};

/// Names in the place that their hash says, or in the next that is free. The hash has to be keyed where strangers choose names.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    places: Vec<Name>,
    taken: usize,
}

impl Names {
    /// The number of the name with this hash that `is_it` accepts.
    pub(super) fn find(&self, hash: u32, is_it: impl Fn(&Name) -> bool) -> Option<u32> {
        let mut place = self.place(hash);
        loop {
            let name = self.places.get(place)?;
            if name.node == NONE {
                return None;
            }
            if name.hash == hash && is_it(name) {
                return Some(name.node);
            }
            place = (place + 1) & (self.places.len() - 1);
        }
    }

    /// Takes in a name that is not there yet.
    pub(super) fn insert(&mut self, name: Name) {
        // A quarter stays free, so that the ways are short.
        if self.taken * 4 >= self.places.len() * 3 {
            let more = (self.places.len() * 2).max(FIRST);
            let before = std::mem::replace(&mut self.places, vec![NOBODY; more]);
            for name in before {
                if name.node != NONE {
                    self.put(name);
                }
            }
        }
        self.put(name);
        self.taken += 1;
    }

    fn put(&mut self, name: Name) {
        let last = self.places.len() - 1;
        let mut place = self.place(name.hash);
        while self.places[place].node != NONE {
            place = (place + 1) & last;
        }
        self.places[place] = name;
    }

    fn place(&self, hash: u32) -> usize {
        hash as usize & self.places.len().saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_whatever_their_hashes_are() {
        // All the same; in turn at the end of the places and at their beginning; each its own.
        let hashes: [fn(u32) -> u32; 3] = [
            |_| 7,
            |node| u32::MAX - node % 3,
            |node| node.wrapping_mul(2_654_435_769),
        ];
        for hash_of in hashes {
            let mut names = Names::default();
            let find = |names: &Names, node: u32| {
                names.find(hash_of(node), |name| name.start == node * 10)
            };
            for node in 0..1_000 {
                assert_eq!(find(&names, node), None);
                names.insert(Name {
                    hash: hash_of(node),
                    node,
                    start: node * 10,
                });
            }
            for node in 0..1_000 {
                assert_eq!(find(&names, node), Some(node));
            }
            assert_eq!(find(&names, 1_000), None);
        }
    }
}
