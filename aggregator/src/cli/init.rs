//! `headwater init`

use clap::Args;

use super::{Failure, Storage};
use crate::error::Error;
use crate::workspace::{self, FirstKeys};

/// What `init` takes.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    storage: Storage,
    /// Print the keys as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(options: Options) -> Result<(), Failure> {
    let opened = options.storage.open().await?;
    let made = workspace::make_first(&opened.database).await?;
    opened.database.close().await;
    let keys = made.ok_or_else(|| {
        Failure("there is a workspace already; its keys were printed when it was made. For another one give an empty folder with --data-dir".to_owned())
    })?;
    if options.json {
        println!("{}", serde_json::to_string(&keys).map_err(Error::from)?);
    } else {
        print(&keys);
    }
    Ok(())
}

/// Shows the keys to a person.
pub(super) fn print(keys: &FirstKeys) {
    println!(
        "A workspace was made. Keep these; the token and the edge secret are not shown again."
    );
    println!("  space             {}", keys.space_id);
    println!(
        "  write key         {}   (public: for the SDK on your website)",
        keys.write_key
    );
    println!(
        "  server write key  {}   (for your servers)",
        keys.server_write_key
    );
    println!(
        "  token             {}   (secret: for the dashboard and the server API)",
        keys.token
    );
    println!(
        "  edge secret       {}   (secret: HEADWATER_EDGE_SECRET of an edge worker)",
        keys.edge_secret
    );
}
