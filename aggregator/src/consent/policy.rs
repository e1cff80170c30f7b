//! A space's consent policy: checked as a whole, published in versions, and in force for every event
//! that is judged after that.

use cdp_core::consent::Policy;
use cdp_core::document::DocumentError;

use crate::app::App;
use crate::clock;
use crate::error::{Code, Error, Result};

mod attempt;
pub(crate) mod routes;
mod store;

use store::Version;
pub(crate) use store::{first, in_force};

/// Reads and checks a policy as somebody wrote it.
fn read(document: &str) -> Result<Policy> {
    Policy::read(document).map_err(|errors| invalid(&errors))
}

fn invalid(errors: &[DocumentError]) -> Error {
    let first = errors.first().map(DocumentError::to_string);
    let more = match errors.len() {
        0 | 1 => String::new(),
        count => format!(" (and {} more in details.errors)", count - 1),
    };
    let message = format!("{}{more}", first.unwrap_or_default());
    let list = serde_json::to_value(errors).unwrap_or_default();
    Error::new(Code::InvalidDefinition, message).with("errors", list)
}

/// Publishes a policy as the version after `from_version`, which has to be the one in force: nobody's
/// change is overwritten unseen. Every batch that is judged after this is judged by it.
async fn publish(app: &App, space_id: &str, policy: Policy, from_version: u32) -> Result<Version> {
    let current = store::current(&app.database, space_id).await?;
    let changed_meanwhile = |current: i64| {
        Error::new(
            Code::Conflict,
            format!("version {current} of the policy is in force, and this one was written from version {from_version}: read the newest, carry your change over, and publish that"),
        )
        .with("version", current)
    };
    if current.version != i64::from(from_version) {
        return Err(changed_meanwhile(current.version));
    }
    let policy = Policy {
        version: from_version.saturating_add(1),
        ..policy
    };
    let version = Version::new(&policy, clock::now())?;
    // Between two turns, so that none is judged by one policy and counted by the other.
    let _guard = app.pipeline.between_turns().await;
    if !store::publish(&app.database, space_id, &version).await? {
        return Err(changed_meanwhile(version.version));
    }
    app.sources.reload(&app.database).await?;
    // What collecting needs may be another purpose now, which others have refused.
    app.refusals.fill_anew(&app.database).await?;
    app.snapshots.clear();
    app.pipeline.wake();
    Ok(version)
}
