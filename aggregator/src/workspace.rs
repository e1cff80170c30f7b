//! The first workspace: what an empty folder gets.

use cdp_core::consent::Policy;
use cdp_core::source::ConsentBasis;
use cdp_core::time::Timestamp;
use serde::Serialize;

use crate::database::Database;
use crate::error::{Error, Result};
use crate::source::{self, NewSource};
use crate::token::{self, Scope};
use crate::{clock, id};

mod store;

/// The keys of a new workspace. They are shown once; of the token only a digest is kept.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FirstKeys {
    pub(crate) space_id: String,
    pub(crate) write_key: String,
    pub(crate) server_write_key: String,
    pub(crate) token: String,
    pub(crate) edge_secret: String,
}

/// Makes a workspace, a space, a website source, a server source and an owner token, unless there
/// is a workspace already.
pub(crate) async fn make_first(database: &Database) -> Result<Option<FirstKeys>> {
    if store::first_space(database).await?.is_some() {
        return Ok(None);
    }
    let now = clock::now();
    let space_id = id::fresh("spc")?;
    let website = source::fresh(&space_id, "Website", "website", ConsentBasis::EveryEvent)?;
    let declared = ConsentBasis::Declared {
        basis: "contract".to_owned(),
    };
    let server = source::fresh(&space_id, "Server", "server", declared)?;
    let keys = FirstKeys {
        space_id: space_id.clone(),
        write_key: website.write_key.clone(),
        server_write_key: server.write_key.clone(),
        token: id::secret("hwt_")?,
        edge_secret: id::secret("")?,
    };
    write(database, &keys, [&website, &server], now).await?;
    Ok(Some(keys))
}

async fn write(
    database: &Database,
    keys: &FirstKeys,
    sources: [&NewSource; 2],
    now: Timestamp,
) -> Result<()> {
    let mut transaction = database.begin().await?;
    store::insert(
        &mut transaction,
        &id::fresh("wsp")?,
        &keys.space_id,
        &Policy::default(),
        now,
    )
    .await?;
    for source in sources {
        source::insert(&mut transaction, source, now).await?;
    }
    token::insert(
        &mut transaction,
        &keys.space_id,
        "owner",
        &keys.token,
        &Scope::ALL,
        now,
    )
    .await?;
    store::set(&mut transaction, store::EDGE_SECRET, &keys.edge_secret).await?;
    Ok(transaction.commit().await?)
}

/// The only space of a fresh installation, or the oldest one.
pub(crate) async fn first_space(database: &Database) -> Result<String> {
    let found = store::first_space(database).await?;
    found.ok_or_else(|| Error::internal("the database has no workspace: run headwater init first"))
}

/// The secret that this installation shares with its edges.
pub(crate) async fn edge_secret(database: &Database) -> Result<String> {
    store::get(database, store::EDGE_SECRET).await
}
