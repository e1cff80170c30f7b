//! Sources: where data comes from, and what the edge has to know of each.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, RwLock};

use cdp_core::collection::CollectionPolicy;
use cdp_core::identity;
use cdp_core::source::{ConsentBasis, SourceConfig};

use crate::database::Database;
use crate::error::{Error, Result};
use crate::{clock, id};

mod change;
pub(crate) mod routes;
mod store;

pub(crate) use store::insert;

/// A source to write.
#[derive(Clone, Debug)]
pub(crate) struct NewSource {
    pub(crate) id: String,
    pub(crate) space_id: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) write_key: String,
    pub(crate) consent_basis: ConsentBasis,
    pub(crate) allowed_origins: Vec<String>,
    pub(crate) collection: CollectionPolicy,
}

/// A source with fresh keys, and what is usual for its basis.
pub(crate) fn fresh(
    space_id: &str,
    name: &str,
    kind: &str,
    consent_basis: ConsentBasis,
) -> Result<NewSource> {
    Ok(NewSource {
        id: id::fresh("src")?,
        space_id: space_id.to_owned(),
        name: name.to_owned(),
        kind: kind.to_owned(),
        write_key: id::fresh("wk")?,
        allowed_origins: Vec::new(),
        collection: CollectionPolicy::usual(&consent_basis),
        consent_basis,
    })
}

/// The import source of a name; made when there is none.
pub(crate) async fn for_import(
    database: &Database,
    space_id: &str,
    name: &str,
    basis: &str,
) -> Result<String> {
    if let Some(found) = store::of_name(database, space_id, name, "import").await? {
        return Ok(found);
    }
    let source = fresh(
        space_id,
        name,
        "import",
        ConsentBasis::Declared {
            basis: basis.to_owned(),
        },
    )?;
    let mut transaction = database.begin().await?;
    insert(&mut transaction, &source, clock::now()).await?;
    transaction.commit().await?;
    Ok(source.id)
}

/// Every source in memory: each batch asks for one, and they change seldom.
#[derive(Debug)]
pub(crate) struct Directory {
    held: RwLock<Arc<Sources>>,
    /// Held while all are read again: what was read earlier never takes the place of what was read later.
    reloading: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Sources {
    by_key: HashMap<String, Arc<SourceConfig>>,
    by_id: HashMap<String, Arc<SourceConfig>>,
    /// The identity rules of spaces that do not have the default ones.
    identity: HashMap<String, Arc<identity::Rules>>,
    usual: Arc<identity::Rules>,
    /// Identifiers of people whose data is kept and not used, by space.
    restricted: HashMap<String, Arc<HashSet<String>>>,
}

impl Directory {
    /// Reads all sources.
    pub(crate) async fn load(database: &Database) -> Result<Self> {
        Ok(Self {
            held: RwLock::new(Arc::new(Self::read(database).await?)),
            reloading: tokio::sync::Mutex::default(),
        })
    }

    /// Reads all sources again, after a source, a policy or an experience has changed.
    pub(crate) async fn reload(&self, database: &Database) -> Result<()> {
        let _turn = self.reloading.lock().await;
        let sources = Arc::new(Self::read(database).await?);
        let mut place = self
            .held
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *place = sources;
        Ok(())
    }

    /// The source with this write key.
    pub(crate) fn by_key(&self, write_key: &str) -> Option<Arc<SourceConfig>> {
        self.sources().by_key.get(write_key).cloned()
    }

    /// The source with this id.
    pub(crate) fn by_id(&self, source_id: &str) -> Option<Arc<SourceConfig>> {
        self.sources().by_id.get(source_id).cloned()
    }

    /// A source in whose name the server API may speak of a space's people: one whose owner declares a
    /// basis, if there is one.
    pub(crate) fn spokesman(&self, space_id: &str) -> Option<Arc<SourceConfig>> {
        let rank = |config: &Arc<SourceConfig>| {
            let chooses = config.consent_basis.declared().is_none();
            (chooses, config.source_id.clone())
        };
        self.of_space(space_id).into_iter().min_by_key(rank)
    }

    /// A space's sources.
    pub(crate) fn of_space(&self, space_id: &str) -> Vec<Arc<SourceConfig>> {
        let sources = self.sources();
        let configs = sources.by_id.values();
        configs
            .filter(|config| config.space_id == space_id)
            .cloned()
            .collect()
    }

    /// A space's identity rules.
    pub(crate) fn identity(&self, space_id: &str) -> Arc<identity::Rules> {
        let sources = self.sources();
        let own = sources.identity.get(space_id);
        Arc::clone(own.unwrap_or(&sources.usual))
    }

    /// The identifiers of a space's people whose data is kept and not used.
    pub(crate) fn restricted(&self, space_id: &str) -> Option<Arc<HashSet<String>>> {
        self.sources().restricted.get(space_id).cloned()
    }

    /// The purposes without which some source takes no event.
    pub(crate) fn collect_purposes(&self) -> BTreeSet<String> {
        let sources = self.sources();
        let configs = sources.by_id.values();
        let purposes = configs.flat_map(|config| config.policy.collect_purposes());
        purposes.map(str::to_owned).collect()
    }

    /// The id of a space's source, from its id or its write key.
    pub(crate) fn named(&self, space_id: &str, source: &str) -> Result<String> {
        let found = self.by_id(source).or_else(|| self.by_key(source));
        let config = found
            .filter(|config| config.space_id == space_id)
            .ok_or_else(|| Error::not_found("source"))?;
        Ok(config.source_id.clone())
    }

    fn sources(&self) -> Arc<Sources> {
        Arc::clone(
            &self
                .held
                .read()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }

    async fn read(database: &Database) -> Result<Sources> {
        let mut sources = Sources {
            identity: crate::identity::rules_in_force(database).await?,
            restricted: crate::privacy::restricted(database).await?,
            ..Sources::default()
        };
        for config in store::configs(database).await? {
            let config = Arc::new(config);
            sources
                .by_key
                .insert(config.write_key.clone(), Arc::clone(&config));
            sources.by_id.insert(config.source_id.clone(), config);
        }
        Ok(sources)
    }
}
