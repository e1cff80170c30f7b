//! The first start: while nobody is a member, whoever sees the terminal may become the first.

use super::link::{self, Kind};
use super::store;
use crate::access::Role;
use crate::database::Database;
use crate::error::Result;

/// The path of a link that makes the first owner; `None` when somebody is a member already. The link before it ends.
pub(crate) async fn link(database: &Database) -> Result<Option<String>> {
    if store::count(database).await? > 0 {
        return Ok(None);
    }
    let made = link::make(database, Kind::Setup, "", Role::Owner, "").await?;
    Ok(Some(made.path))
}
