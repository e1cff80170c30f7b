//! Making a computed trait.

use std::time::Duration;

use cdp_core::computed_trait::Definition;

use super::store::{self, Stored};
use crate::app::App;
use crate::database::Database;
use crate::error::{Code, Error, Result};
use crate::{clock, id, pipeline};

/// How long the answer waits for the backfill.
const WAIT: Duration = Duration::from_secs(3);

/// Makes a definition: events from now on count at once, earlier ones are counted in the background.
pub(super) async fn define(app: &App, space_id: &str, definition: Definition) -> Result<Stored> {
    definition
        .check()
        .map_err(|message| Error::new(Code::InvalidDefinition, message))?;
    let new = id::fresh("ctr")?;
    let inserted = {
        // Between two turns the event table is exactly what was counted without it.
        let _guard = app.pipeline.between_turns().await;
        let last = pipeline::last_offset(&app.database).await?;
        let (database, now) = (&app.database, clock::now());
        store::insert(database, space_id, &new, &definition, last, now).await?
    };
    if !inserted {
        let message = format!(
            "there is a computed trait \"{}\" already: choose another key",
            definition.key
        );
        return Err(Error::new(Code::Conflict, message));
    }
    app.pipeline.wake();
    wait_until_ready(app, space_id, &new).await
}

/// Sees to it that what an audience counts is counted, earlier events in the background. To be called
/// between two turns.
pub(crate) async fn count_for_audience(
    database: &Database,
    space_id: &str,
    counters: &[&Definition],
) -> Result<()> {
    let last = pipeline::last_offset(database).await?;
    for counter in counters {
        let new = id::fresh("ctr")?;
        store::insert(database, space_id, &new, counter, last, clock::now()).await?;
    }
    Ok(())
}

async fn wait_until_ready(app: &App, space_id: &str, id: &str) -> Result<Stored> {
    let deadline = tokio::time::Instant::now() + WAIT;
    loop {
        let stored = store::one(&app.database, space_id, id).await?;
        if stored.status == "ready" || tokio::time::Instant::now() > deadline {
            return Ok(stored);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
