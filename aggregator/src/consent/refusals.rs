//! Who may have refused collection: enough in memory that the database need not be asked about
//! everybody else, who are nearly all.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cdp_core::identifier::Identifier;
use sqlx::AnyConnection;

use super::state::State;
use super::store;
use crate::database::Database;
use crate::error::Result;
use crate::source::Directory;

/// Identifiers of people with a refusal of what collection needs, and perhaps a few more. Whoever is
/// not among them has refused nothing that is stored.
#[derive(Debug)]
pub(crate) struct Refusals {
    sources: Arc<Directory>,
    keys: RandomState,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    identifiers: HashSet<u64>,
    /// Whether those from before the start are among them.
    filled: bool,
}

impl Refusals {
    /// Knows nothing yet, so that everybody may have refused.
    pub(crate) fn new(sources: Arc<Directory>) -> Self {
        Self {
            sources,
            keys: RandomState::new(),
            known: Mutex::default(),
        }
    }

    /// Whether the person behind an identifier may have refused.
    pub(super) fn may_have(&self, space_id: &str, identifier: &Identifier) -> bool {
        let known = self.known();
        !known.filled
            || known
                .identifiers
                .contains(&self.hash(space_id, &identifier.to_string()))
    }

    /// Reads who had refused before the start.
    pub(crate) async fn fill(&self, database: &Database) -> Result<()> {
        let purposes = self.sources.collect_purposes();
        let mut connection = database.reader().acquire().await?;
        let mut after = (String::new(), String::new());
        loop {
            let page = store::refusing_after(&mut connection, &after.0, &after.1).await?;
            let Some(last) = page.last() else { break };
            after = (last.space_id.clone(), last.anchor.clone());
            for place in page.iter().filter(|place| place.state.refuses(&purposes)) {
                let identifiers =
                    store::identifiers_beside(&mut connection, &place.space_id, &place.anchor)
                        .await?;
                self.insert(&place.space_id, &identifiers);
            }
        }
        self.known().filled = true;
        Ok(())
    }

    /// Reads it again, after what collecting needs may have changed. Until that is done everybody may
    /// have refused.
    pub(crate) async fn fill_anew(&self, database: &Database) -> Result<()> {
        self.known().filled = false;
        self.fill(database).await
    }

    /// Adds everybody of these people who refuses, be it by an event or by a merge.
    pub(super) async fn follow(
        &self,
        connection: &mut AnyConnection,
        space_id: &str,
        people: &BTreeMap<String, State>,
    ) -> Result<()> {
        let purposes = self.sources.collect_purposes();
        let refusing = people
            .iter()
            .filter(|(_, state)| state.refuses(&purposes))
            .map(|(person, _)| person);
        let identifiers = store::identifiers_of(connection, space_id, refusing).await?;
        self.insert(space_id, &identifiers);
        Ok(())
    }

    fn insert(&self, space_id: &str, identifiers: &[String]) {
        let mut known = self.known();
        let hashes = identifiers.iter().map(|each| self.hash(space_id, each));
        known.identifiers.extend(hashes);
    }

    fn hash(&self, space_id: &str, identifier: &str) -> u64 {
        self.keys.hash_one((space_id, identifier))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
