//! Which message ids the log has: enough in memory that most messages need no question to the
//! database.
//!
//! A message id that is not here is new. One that may be here is looked up, so the filter's false
//! positives cost a look and never an event. That an event is stored once does not rest on this: the
//! event table's key sees to it. Only the word in the reply does.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fastbloom::BloomFilter;
use sqlx::Row as _;

use crate::database::Database;
use crate::error::Result;

/// Ids in one filter.
const FILTER: usize = 1_000_000;
/// Share of new ids that a filter takes for known ones.
const FALSE_POSITIVES: f64 = 0.002;
/// Ids read at once while the filters are filled at the start.
const PAGE: i64 = 5_000;

/// What memory says of a message id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Memory {
    /// Never seen.
    New,
    /// In the log, and not yet in the event table.
    Waiting,
    /// Perhaps in the event table.
    Maybe,
}

/// A message id of a space, as it is remembered. Keyed and 128 bits wide: nobody can make two ids
/// that are taken for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IdHash(u64, u64);

impl Hash for IdHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.1);
    }
}

/// What is a hash already is not hashed again.
#[derive(Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, bytes: &[u8]) {
        // Nothing but an `IdHash` comes here, and that writes a number.
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Ids that wait, in parts: a set that grows moves all that it has, and everybody waits for that.
#[derive(Debug)]
struct Waiting {
    parts: Vec<HashSet<IdHash, BuildHasherDefault<AsItIs>>>,
}

/// Parts of [`Waiting`].
const PARTS: u64 = 256;

impl Default for Waiting {
    fn default() -> Self {
        Self {
            parts: (0..PARTS).map(|_| HashSet::default()).collect(),
        }
    }
}

impl Waiting {
    fn part(&mut self, id: IdHash) -> Option<&mut HashSet<IdHash, BuildHasherDefault<AsItIs>>> {
        // Below the remainder of a small number, so it fits.
        self.parts.get_mut(usize::try_from(id.0 % PARTS).ok()?)
    }

    fn contains(&mut self, id: IdHash) -> bool {
        self.part(id).is_some_and(|part| part.contains(&id))
    }

    fn insert(&mut self, id: IdHash) {
        if let Some(part) = self.part(id) {
            part.insert(id);
        }
    }

    fn remove(&mut self, id: IdHash) {
        if let Some(part) = self.part(id) {
            part.remove(&id);
        }
    }

    fn len(&self) -> usize {
        self.parts.iter().map(HashSet::len).sum()
    }
}

/// Message ids that were seen last.
#[derive(Debug)]
pub(crate) struct Seen {
    keys: [RandomState; 2],
    /// Filters that are kept.
    most: usize,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    waiting: Waiting,
    filters: VecDeque<Filter>,
    /// Whether the filters have the ids from before the start.
    filled: bool,
}

#[derive(Debug)]
struct Filter {
    ids: usize,
    bloom: BloomFilter,
}

impl Seen {
    /// A memory of the last `window` message ids, to the next million.
    pub(super) fn of(window: usize) -> Self {
        Self {
            keys: <[RandomState; 2]>::default(),
            most: window.div_ceil(FILTER).max(1),
            known: Mutex::default(),
        }
    }

    /// The id as it is remembered.
    pub(crate) fn hash(&self, space_id: &str, message_id: &str) -> IdHash {
        let [one, two] = &self.keys;
        let id = (space_id, message_id);
        IdHash(one.hash_one(id), two.hash_one(id))
    }

    /// What is known of ids.
    pub(super) fn recall(&self, ids: impl Iterator<Item = IdHash>) -> Vec<Memory> {
        let mut known = self.known();
        ids.map(|id| {
            if known.waiting.contains(id) {
                Memory::Waiting
            } else if !known.filled || known.may_have(id) {
                Memory::Maybe
            } else {
                Memory::New
            }
        })
        .collect()
    }

    /// Remembers ids that are in the log from now on.
    pub(super) fn remember(&self, ids: impl Iterator<Item = IdHash>) {
        let mut known = self.known();
        for id in ids {
            known.waiting.insert(id);
            known.add(id, self.most);
        }
    }

    /// These are in the event table now.
    pub(crate) fn settle(&self, ids: impl Iterator<Item = IdHash>) {
        let mut known = self.known();
        for id in ids {
            known.waiting.remove(id);
        }
    }

    /// How many ids are in the log and not yet in the event table.
    pub(crate) fn waiting(&self) -> usize {
        self.known().waiting.len()
    }

    /// Fills the filters with the ids that the event table had before the start; until that is done
    /// every id may be known.
    pub(super) async fn fill(&self, database: &Database) -> Result<()> {
        let window = i64::try_from(FILTER * self.most).unwrap_or(i64::MAX);
        let row = sqlx::query("SELECT COALESCE(MAX(offset_id), 0) AS last FROM event")
            .fetch_one(database.reader())
            .await?;
        let last: i64 = row.try_get("last")?;
        let mut after = last.saturating_sub(window).max(0);
        while after < last {
            let rows = sqlx::query(
                "SELECT offset_id, space_id, message_id FROM event WHERE offset_id > $1 AND offset_id <= $2 ORDER BY offset_id LIMIT $3",
            )
            .bind(after)
            .bind(last)
            .bind(PAGE)
            .fetch_all(database.reader())
            .await?;
            let mut ids = Vec::with_capacity(rows.len());
            for row in &rows {
                after = row.try_get("offset_id")?;
                let (space_id, message_id): (String, String) =
                    (row.try_get("space_id")?, row.try_get("message_id")?);
                ids.push(self.hash(&space_id, &message_id));
            }
            let mut known = self.known();
            for id in ids {
                known.add(id, self.most);
            }
        }
        self.known().filled = true;
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn may_have(&self, id: IdHash) -> bool {
        self.filters
            .iter()
            .any(|filter| filter.bloom.contains_hash(id.0))
    }

    fn add(&mut self, id: IdHash, most: usize) {
        match self.filters.back_mut().filter(|filter| filter.ids < FILTER) {
            Some(filter) => {
                filter.ids += 1;
                filter.bloom.insert_hash(id.0);
            }
            None => {
                let mut bloom = BloomFilter::with_false_pos(FALSE_POSITIVES).expected_items(FILTER);
                bloom.insert_hash(id.0);
                self.filters.push_back(Filter { ids: 1, bloom });
                if self.filters.len() > most {
                    self.filters.pop_front();
                }
            }
        }
    }
}
