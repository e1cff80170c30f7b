//! Making a computed trait.

use std::time::Duration;

use cdp_core::computed_trait::Definition;

use super::store::{self, Stored};
use crate::app::App;
use crate::database::Database;
use crate::error::{Code, Error, Result};
use crate::{audience, clock, id, pipeline};

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

/// Changes a computed trait. What the new definition comes to is counted in the background; until then the
/// trait is what the old one says.
pub(super) async fn change(
    app: &App,
    space_id: &str,
    id: &str,
    definition: Definition,
) -> Result<Stored> {
    let invalid = |message: String| Error::new(Code::InvalidDefinition, message);
    definition.check().map_err(invalid)?;
    {
        let _guard = app.pipeline.between_turns().await;
        let stored = store::one(&app.database, space_id, id).await?;
        if stored.definition.key != definition.key {
            let message = format!(
                "the key of a computed trait stays \"{}\", since audiences name it: make another trait",
                stored.definition.key
            );
            return Err(invalid(message));
        }
        if *stored.definition == definition {
            return Ok(stored);
        }
        let last = pipeline::last_offset(&app.database).await?;
        let new = id::fresh("ctr")?;
        store::insert_next(
            &app.database,
            space_id,
            &stored,
            &new,
            &definition,
            last,
            clock::now(),
        )
        .await?;
    }
    app.pipeline.wake();
    let deadline = tokio::time::Instant::now() + WAIT;
    loop {
        let stored = store::one(&app.database, space_id, id).await?;
        let done = *stored.definition == definition && stored.status == "ready";
        if done || tokio::time::Instant::now() > deadline {
            return Ok(stored);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Takes a computed trait away that no audience looks at.
pub(super) async fn remove(app: &App, space_id: &str, id: &str) -> Result<()> {
    let _guard = app.pipeline.between_turns().await;
    let stored = store::one(&app.database, space_id, id).await?;
    let key = &stored.definition.key;
    if let Some(audience) = audience::that_reads(app, space_id, key).await? {
        let message = format!("the audience \"{audience}\" looks at this trait: change it first");
        return Err(Error::new(Code::Conflict, message));
    }
    store::remove(&app.database, space_id, id).await
}

/// Forgets what was counted for audiences that do not count it any more. To be called between two turns.
pub(crate) async fn forget_unused(database: &Database, space_id: &str) -> Result<()> {
    let used = audience::counters(database, space_id).await?;
    let mut transaction = database.begin().await?;
    for stored in store::all(&mut transaction, space_id).await?.iter() {
        let key = &stored.definition.key;
        if stored.definition.is_hidden() && !used.contains(key) && !stored.is_next() {
            store::erase(&mut transaction, space_id, stored.row_id()).await?;
        }
    }
    Ok(transaction.commit().await?)
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
