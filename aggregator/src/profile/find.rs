//! From what a caller names to a profile.

use cdp_core::identifier::Identifier;
use sqlx::AnyConnection;

use super::store;
use crate::app::App;
use crate::error::{Code, Error, Result};

/// The profile that `kind:value` or `prf_…` names. An id that was given out before a merge leads to
/// the profile that its person has now.
pub(crate) async fn find(app: &App, space_id: &str, reference: &str) -> Result<String> {
    let mut connection = app.database.reader().acquire().await?;
    find_at(&mut connection, app, space_id, reference).await
}

/// The same, as one connection sees it.
pub(crate) async fn find_at(
    connection: &mut AnyConnection,
    app: &App,
    space_id: &str,
    reference: &str,
) -> Result<String> {
    let found = if reference.starts_with("prf_") {
        store::of_id(connection, space_id, reference).await?
    } else {
        let identifier: Identifier = reference
            .parse()
            .map_err(|message: String| Error::new(Code::InvalidRequest, message))?;
        let rules = app.sources.identity(space_id);
        match rules.identifier(identifier.kind(), identifier.value()) {
            Ok(identifier) => store::of_identifier(connection, space_id, &identifier).await?,
            Err(_) => None,
        }
    };
    found.ok_or_else(|| Error::not_found("profile"))
}
