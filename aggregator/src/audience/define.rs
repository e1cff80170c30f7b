//! Making an audience.

use std::time::Duration;

use cdp_core::audience::Expr;
use serde_json::Value;

use super::facts;
use super::store::{self, Audience};
use crate::app::App;
use crate::computed_trait::count_for_audience;
use crate::database::Database;
use crate::error::{Code, Error, Result};
use crate::{clock, id};

/// How long the answer waits until everybody was looked at.
const WAIT: Duration = Duration::from_secs(3);

/// Reads a definition, or says where it is wrong.
pub(super) fn read(definition: &Value) -> Result<Expr> {
    Expr::parse(definition).map_err(|error| {
        Error::new(Code::InvalidDefinition, error.to_string()).with("path", error.path)
    })
}

/// Makes an audience: events from now on are looked at as they come, everybody else in the background.
pub(super) async fn define(
    app: &App,
    space_id: &str,
    name: &str,
    definition: &Value,
) -> Result<Audience> {
    if name.trim().is_empty() {
        return Err(Error::new(
            Code::InvalidDefinition,
            "an audience needs a \"name\"",
        ));
    }
    let rule = read(definition)?;
    let new = id::dated("aud", clock::now())?;
    {
        let _guard = app.pipeline.between_turns().await;
        count_for_audience(&app.database, space_id, &rule.counters()).await?;
        store::insert(
            &app.database,
            space_id,
            &new,
            name.trim(),
            &rule,
            clock::now(),
        )
        .await?;
    }
    app.pipeline.wake();
    let deadline = tokio::time::Instant::now() + WAIT;
    loop {
        let audience = store::one(&app.database, space_id, &new).await?;
        if audience.status == "ready" || tokio::time::Instant::now() > deadline {
            return Ok(audience);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Sees to it that what the audiences count is counted: an earlier version may have counted otherwise.
/// Those that have to wait for it look at everybody again. To be called before the pipeline starts.
pub(crate) async fn prepare(database: &Database) -> Result<()> {
    let audiences = store::of_all_spaces(database).await?;
    for (space_id, audience) in &audiences {
        count_for_audience(database, space_id, &audience.rule.counters()).await?;
    }
    let mut transaction = database.begin().await?;
    for (space_id, audience) in &audiences {
        let facts = facts::load(&mut transaction, space_id, &[]).await?;
        if !facts.are_ready_for(&audience.rule) {
            store::advance(&mut transaction, &audience.id, "", false).await?;
        }
    }
    Ok(transaction.commit().await?)
}

/// The rule of an audience.
pub(crate) async fn rule(app: &App, space_id: &str, id: &str) -> Result<Expr> {
    Ok(store::one(&app.database, space_id, id).await?.rule)
}

/// Refuses a definition that names an audience which is not there.
pub(crate) async fn must_exist(app: &App, space_id: &str, id: &str) -> Result<()> {
    match store::one(&app.database, space_id, id).await {
        Ok(_) => Ok(()),
        Err(error) if error.code == Code::NotFound => Err(Error::new(
            Code::InvalidDefinition,
            format!(
                "there is no audience {id} in this space: make it first with POST /api/v1/audiences"
            ),
        )),
        Err(error) => Err(error),
    }
}
