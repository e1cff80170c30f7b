//! How far an audience is that looks at everybody.

use std::sync::Arc;

use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::AnyConnection;

use super::preview::share_before;
use super::store::{self, Audience};
use crate::computed_trait::{self, Definitions, Stored};
use crate::error::Result;

/// How far it is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Progress {
    /// How much of its stage is done, from 0 to 1; 1 when it has looked at everybody.
    progress: f64,
    /// What it does; nothing when it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<Stage>,
    /// Since when it looks at everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "AudienceStage")]
enum Stage {
    /// What its rule counts is counted in the events that there are.
    Counting,
    /// Another audience is looked after first.
    Waiting,
    /// It looks at one person after the other.
    Looking,
}

/// What has to be known to say how far audiences of a space are.
#[derive(Default)]
pub(super) struct Builds {
    definitions: Arc<Definitions>,
    /// The audience that is looked after now.
    first: Option<String>,
}

impl Builds {
    /// Reads what these audiences need.
    pub(super) async fn load<'a>(
        connection: &mut AnyConnection,
        space_id: &str,
        mut audiences: impl Iterator<Item = &'a Audience>,
    ) -> Result<Self> {
        if audiences.all(Audience::is_ready) {
            return Ok(Self::default());
        }
        let first = store::building(connection).await?;
        Ok(Self {
            definitions: computed_trait::all(connection, space_id).await?,
            first: first.map(|building| building.id),
        })
    }

    /// How far an audience is.
    pub(super) fn progress(&self, audience: &Audience) -> Progress {
        if audience.is_ready() {
            return Progress {
                progress: 1.0,
                stage: None,
                started_at: None,
            };
        }
        let (stage, progress) = if let Some(counted) = self.counted(audience) {
            (Stage::Counting, counted)
        } else if audience.cursor.is_empty() && self.first.as_ref() != Some(&audience.id) {
            (Stage::Waiting, 0.0)
        } else if audience.cursor.is_empty() {
            (Stage::Looking, 0.0)
        } else {
            // Ids are hashes: of all people, as many come before one as of all ids.
            (Stage::Looking, share_before(&audience.cursor))
        };
        Progress {
            progress,
            stage: Some(stage),
            started_at: Some(audience.build_started_at),
        }
    }

    /// How much of what a rule counts is counted, unless all of it is.
    fn counted(&self, audience: &Audience) -> Option<f64> {
        let counters = audience.rule.counters();
        let share = |key: &str| {
            let known = self.definitions.iter().find(|known| known.key() == key);
            known.map_or(0.0, Stored::progress)
        };
        let least = counters
            .iter()
            .map(|counter| share(&counter.key))
            .reduce(f64::min)?;
        (least < 1.0).then_some(least)
    }
}
