//! `headwater restore`

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use super::Failure;
use crate::backup::{self, Keys};
use crate::data_dir::DataDir;
use crate::database::Database;

/// What `restore` takes.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// A folder that is empty, or that has the suppressions.json and the secret.key of the one that was lost.
    #[arg(long)]
    data_dir: PathBuf,
    /// An empty Postgres, such as postgres://user@host/database; without one, SQLite is made in the data folder.
    #[arg(long)]
    database_url: Option<String>,
    /// The keys: backup-keys.sqlite of the data folder that was backed up, or the newest copy that --keys-out made of it.
    #[arg(long)]
    keys: PathBuf,
    /// The backup.
    file: PathBuf,
}

/// What may be in a folder into which a backup is put.
const MAY_BE_THERE: [&str; 3] = ["suppressions.json", "secret.key", "headwater.lock"];

pub(super) async fn run(options: Options) -> Result<(), Failure> {
    let began = Instant::now();
    let mut keys = Keys::open(&options.keys).await?;
    let checked = backup::check(&options.file, &keys)?;
    let folder = DataDir::take(&options.data_dir)?;
    refuse_what_is_there(folder.path())?;
    let database = match &options.database_url {
        Some(url) => Database::new_url(url).await?,
        None => Database::new_folder(folder.path()).await?,
    };
    // From now on the keys are here: whoever is erased here is erased from earlier backups, too.
    keys.copy_to(&backup::keys_file(folder.path())).await?;
    let restored = backup::restore(&database, &options.file, checked, &mut keys).await?;
    database.close().await;
    keys.close().await?;
    println!(
        "{} rows were put back in {:.1} s",
        restored.rows,
        began.elapsed().as_secs_f64()
    );
    println!(
        "members, roles and tokens are as they were when the backup was made: take away whoever and whatever was taken away since"
    );
    if restored.gone > 0 {
        println!(
            "{} rows are gone for good: their keys were destroyed when somebody was erased",
            restored.gone
        );
    }
    if !folder.path().join("secret.key").exists() {
        println!(
            "its secrets are sealed with the key that the former server used: put its secret.key into {}, or give the key as before (--secret-key-file), before you start headwater serve",
            folder.path().display()
        );
    }
    if !folder.path().join("suppressions.json").exists() {
        println!(
            "whoever was erased since the backup may come back by a late event: put the suppressions.json of the former data folder into {} before you start headwater serve",
            folder.path().display()
        );
    }
    Ok(())
}

fn refuse_what_is_there(folder: &Path) -> Result<(), Failure> {
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        if !MAY_BE_THERE.iter().any(|known| name == *known) {
            return Err(Failure(format!(
                "{} is not empty: it has {}. Give an empty folder with --data-dir",
                folder.display(),
                name.display()
            )));
        }
    }
    Ok(())
}
