//! The workspace and its spaces, and what an empty folder gets.

use cdp_core::consent::Policy;
use cdp_core::source::ConsentBasis;
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::AnyConnection;

use crate::access::Scopes;
use crate::app::App;
use crate::database::Database;
use crate::error::{Code, Error, Result};
use crate::token::{self, NewToken};
use crate::vault::Place;
use crate::{clock, id, source};

pub(crate) mod routes;
mod store;

pub(crate) use store::{Space, set as set_setting, space, spaces, workspace};

/// Characters of a space's name.
const LONGEST: usize = 60;

/// The keys of a new workspace. They are shown once; of the token only a digest is kept.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct FirstKeys {
    pub(crate) space_id: String,
    pub(crate) write_key: String,
    pub(crate) server_write_key: String,
    pub(crate) token: String,
    pub(crate) edge_secret: String,
}

/// A space that was made, with the keys of its sources.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "SpaceMade")]
pub(crate) struct MadeSpace {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
    pub(crate) write_key: String,
    pub(crate) server_write_key: String,
}

/// Makes a workspace, a space, a website source, a server source and an owner token, unless there
/// is a workspace already.
pub(crate) async fn make_first(database: &Database) -> Result<Option<FirstKeys>> {
    if store::first_space(database).await?.is_some() {
        return Ok(None);
    }
    let now = clock::now();
    let (token, edge_secret) = (id::secret("hwt_")?, id::secret("")?);
    let workspace_id = id::fresh("wsp")?;
    let mut transaction = database.begin().await?;
    store::insert(&mut transaction, &workspace_id, now).await?;
    let space = write_space(&mut transaction, &workspace_id, "Production", now).await?;
    let owner = NewToken {
        id: &id::fresh("tok")?,
        space_id: &space.id,
        name: "owner",
        secret: &token,
        scopes: Scopes::all(),
        created_by: None,
        ends_at: None,
    };
    token::insert(&mut transaction, &owner, now).await?;
    let place = Place::setting(store::EDGE_SECRET);
    let sealed = database.vault().seal(place, &edge_secret)?;
    store::set(&mut transaction, store::EDGE_SECRET, &sealed).await?;
    transaction.commit().await?;
    Ok(Some(FirstKeys {
        space_id: space.id,
        write_key: space.write_key,
        server_write_key: space.server_write_key,
        token,
        edge_secret,
    }))
}

/// Makes another space with a website source and a server source.
pub(crate) async fn make_space(app: &App, name: &str) -> Result<MadeSpace> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST {
        let words = format!("\"name\" has 1 to {LONGEST} characters, such as \"Staging\"");
        return Err(Error::new(Code::InvalidDefinition, words));
    }
    let workspace_id = workspace(&app.database).await?;
    let mut transaction = app.database.begin().await?;
    let made = write_space(&mut transaction, &workspace_id, name, clock::now()).await?;
    transaction.commit().await?;
    app.sources.reload(&app.database).await?;
    Ok(made)
}

async fn write_space(
    connection: &mut AnyConnection,
    workspace_id: &str,
    name: &str,
    now: Timestamp,
) -> Result<MadeSpace> {
    let id = id::fresh("spc")?;
    let website = source::fresh(&id, "Website", "website", ConsentBasis::EveryEvent)?;
    let declared = ConsentBasis::Declared {
        basis: "contract".to_owned(),
    };
    let server = source::fresh(&id, "Server", "server", declared)?;
    let space = (id.as_str(), name);
    store::insert_space(connection, workspace_id, space, &Policy::default(), now).await?;
    for source in [&website, &server] {
        source::insert(connection, source, now).await?;
    }
    Ok(MadeSpace {
        id,
        name: name.to_owned(),
        created_at: now,
        write_key: website.write_key,
        server_write_key: server.write_key,
    })
}

/// The only space of a fresh installation, or the oldest one.
pub(crate) async fn first_space(database: &Database) -> Result<String> {
    let found = store::first_space(database).await?;
    found.ok_or_else(|| Error::internal("the database has no workspace: run headwater init first"))
}

/// The secret that this installation shares with its edges.
pub(crate) async fn edge_secret(database: &Database) -> Result<String> {
    let sealed = store::get(database, store::EDGE_SECRET).await?;
    let place = Place::setting(store::EDGE_SECRET);
    database.vault().open(place, &sealed)
}
