//! What the edge needs of a profile to decide: memberships and consent, read fresh.

use cdp_core::forward::{Membership, Snapshot};
use cdp_core::identifier::{ANONYMOUS_ID, Identifier};

use crate::app::App;
use crate::error::Result;
use crate::{audience, consent, profile};

/// The snapshot of whoever has this anonymous id; empty for a stranger.
pub(crate) async fn of(app: &App, space_id: &str, anonymous_id: &str) -> Result<Snapshot> {
    let Some(identifier) = Identifier::normalised(ANONYMOUS_ID, anonymous_id) else {
        return Ok(Snapshot::default());
    };
    let mut connection = app.database.reader().acquire().await?;
    let Some(profile_id) = profile::of_identifier(&mut connection, space_id, &identifier).await?
    else {
        return Ok(Snapshot::default());
    };
    let audiences = audience::names_of_profile(&mut connection, space_id, &profile_id).await?;
    let mut choices =
        consent::of_profiles(&mut connection, space_id, std::slice::from_ref(&profile_id)).await?;
    Ok(Snapshot {
        audiences: audiences
            .into_iter()
            .map(|(audience_id, name)| Membership { audience_id, name })
            .collect(),
        choices: choices.remove(&profile_id).unwrap_or_default(),
        profile_id: Some(profile_id),
    })
}
