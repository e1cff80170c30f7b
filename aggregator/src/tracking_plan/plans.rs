//! The published plan of every space in memory: each batch asks for one, and they change seldom.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use cdp_core::tracking_plan::{Compiled, Plan};
use tokio::sync::Mutex;

use super::define;
use super::store::{self, Version};
use crate::clock;
use crate::database::Database;
use crate::error::{Code, Error, Result};

/// Published plans, compiled.
#[derive(Debug)]
pub(crate) struct Plans {
    spaces: RwLock<HashMap<String, Arc<Compiled>>>,
    /// Publishing is one at a time, so that versions have no gaps and an older one never replaces a
    /// younger one here.
    publishing: Mutex<()>,
}

impl Plans {
    /// Reads the plans of all spaces.
    pub(crate) async fn load(database: &Database) -> Result<Self> {
        let mut spaces = HashMap::new();
        for (space_id, version) in store::all_published(database).await? {
            match compiled(&version) {
                Ok(plan) => {
                    spaces.insert(space_id, Arc::new(plan));
                }
                // Without its plan a space still takes events; without the server none does.
                Err(error) => {
                    tracing::error!(space.id = space_id, plan.version = version.version, %error, "a tracking plan cannot be used; events are not compared with it");
                }
            }
        }
        Ok(Self {
            spaces: RwLock::new(spaces),
            publishing: Mutex::new(()),
        })
    }

    /// The plan of a space; `None` when it has none, or one that minds nothing.
    pub(crate) fn of(&self, space_id: &str) -> Option<Arc<Compiled>> {
        let spaces = self.spaces.read().unwrap_or_else(PoisonError::into_inner);
        spaces
            .get(space_id)
            .filter(|plan| !plan.minds_nothing())
            .cloned()
    }

    /// Makes the draft, or an older version again, the next version. Every batch that is judged
    /// after this is judged by it.
    pub(crate) async fn publish(
        &self,
        database: &Database,
        space_id: &str,
        older: Option<i64>,
    ) -> Result<Version> {
        let _one_at_a_time = self.publishing.lock().await;
        let body = match older {
            Some(version) => store::version(database, space_id, version).await?.plan,
            None => {
                let draft = store::draft(database, space_id).await?;
                let nothing = "there is no draft to publish: PUT /api/v1/tracking-plan/draft first, or name a \"version\" to bring back";
                draft
                    .ok_or_else(|| Error::new(Code::Conflict, nothing))?
                    .plan
            }
        };
        define::read(&body)?;
        let last = store::published(database, space_id).await?;
        let version = Version {
            version: last.map_or(0, |last| last.version) + 1,
            from_version: older,
            published_at: clock::now(),
            plan: body,
        };
        let plan = compiled(&version)?;
        store::publish(database, space_id, &version).await?;
        let mut spaces = self.spaces.write().unwrap_or_else(PoisonError::into_inner);
        spaces.insert(space_id.to_owned(), Arc::new(plan));
        Ok(version)
    }
}

fn compiled(version: &Version) -> Result<Compiled> {
    let plan: Plan = define::read(&version.plan)?;
    define::compile(&plan, version.version)
}
