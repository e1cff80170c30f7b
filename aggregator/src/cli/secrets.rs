//! `headwater secrets`

use clap::{Args, Subcommand};

use super::{Failure, Opened, Storage};
use crate::privacy;
use crate::vault::key_file::KeySource;
use crate::vault::store;

/// What can be done with the secrets that the database keeps sealed.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make another key and seal every secret with it. Nothing else may use the data meanwhile; whatever interrupts it, the
    /// same command goes on.
    Rotate(Rotate),
}

/// What `rotate` takes.
#[derive(Debug, Args)]
pub(super) struct Rotate {
    #[command(flatten)]
    storage: Storage,
}

pub(super) async fn run(command: Command) -> Result<(), Failure> {
    let Command::Rotate(Rotate { storage }) = command;
    let key = storage.key.source(storage.data_dir.as_deref())?;
    let opened = storage.open_sealed().await?;
    let rotated = rotate(&storage, &key, &opened).await;
    opened.database.close().await;
    rotated
}

async fn rotate(storage: &Storage, key: &KeySource, opened: &Opened) -> Result<(), Failure> {
    let before = store::keys(&opened.database, key).await?;
    if before.len() == 1 {
        if let KeySource::Environment(_) = key {
            return Err(Failure(format!(
                "{} is yours to change: put a new key (openssl rand -hex 32) before the one that is there, with a comma between them, and run this again",
                key.name()
            )));
        }
        key.make()?;
    }
    let vault = store::keys(&opened.database, key).await?;
    let sealed = store::seal_all(&opened.database, &vault).await?;
    if let Some(file) = storage.settings().suppressions {
        privacy::seal_copy_anew(&file, &vault)?;
    }
    store::check(&opened.database, &vault).await?;
    if let KeySource::File(_) = key {
        key.keep_first()?;
        println!(
            "{sealed} secrets are sealed with a new key in {}: keep a copy of it. A backup of the database from before needs the key from before",
            key.name()
        );
    } else {
        println!(
            "{sealed} secrets are sealed with the first key of {}: the others can be taken out of it. A backup of the database from before needs them",
            key.name()
        );
    }
    Ok(())
}
