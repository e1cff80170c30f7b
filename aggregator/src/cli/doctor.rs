//! `headwater doctor`: what is the matter with a data folder?

use std::path::{Path, PathBuf};

use cdp_core::time::Timestamp;
use clap::Args;
use sqlx::Row as _;

use super::{Failure, KeyOptions};
use crate::backup::{self, Keys};
use crate::clock;
use crate::data_dir::DataDir;
use crate::database::{self, Database};
use crate::error::Error;
use crate::vault::key_file::KeySource;
use crate::vault::store;

/// What `doctor` takes.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The data folder.
    #[arg(long)]
    data_dir: PathBuf,
    #[command(flatten)]
    key: KeyOptions,
}

/// Numbers that tell whether all is well.
const STATE: &str = "SELECT \
    (SELECT COUNT(*) FROM _sqlx_migrations WHERE success) AS migrations, \
    (SELECT COALESCE(MAX(offset_id), 0) FROM event) AS youngest, \
    (SELECT COALESCE(MAX(position), 0) FROM consumer_position) AS position, \
    (SELECT COUNT(*) FROM quarantine) AS quarantined";

pub(super) async fn run(options: &Options) -> Result<(), Failure> {
    let folder = &options.data_dir;
    if !database::file(folder).exists() {
        return Err(Failure(format!(
            "{} has no headwater.sqlite: make one with headwater init --data-dir {}",
            folder.display(),
            folder.display()
        )));
    }
    match DataDir::take(folder) {
        Ok(_free) => println!("ok      lock       no headwater uses the folder"),
        Err(error) => println!("note    lock       {error}"),
    }
    check_writing(folder)?;
    let database = Database::look(folder).await?;
    let row = sqlx::query(STATE)
        .fetch_one(database.reader())
        .await
        .map_err(Error::from)?;
    let number = |name: &str| row.try_get::<i64, _>(name).map_err(Error::from);
    let behind = database.journal().behind(number("position")?).await?;
    let waiting = behind.messages;
    println!(
        "ok      tables     {} migrations applied",
        number("migrations")?
    );
    println!("ok      events     {} is the youngest", number("youngest")?);
    let word = if waiting > 0 { "note" } else { "ok  " };
    println!(
        "{word}    pipeline   {waiting} messages of the log wait to take effect; they do while headwater serve runs"
    );
    println!("ok      quarantine {} messages", number("quarantined")?);
    let sealed = check_key(&database, &options.key.source(Some(folder))?).await;
    database.close().await;
    println!("{}", last_backup(folder).await?);
    sealed
}

/// Whether the key opens what is sealed, and whether others may read it.
async fn check_key(database: &Database, source: &KeySource) -> Result<(), Failure> {
    let name = source.name();
    let Some(vault) = source.read()? else {
        println!(
            "note    key        {name} is not there: the next start makes it, if nothing is sealed yet"
        );
        return Ok(());
    };
    match store::check(database, &vault).await {
        Ok(opened) => println!(
            "ok      key        {name} opens {opened} secrets: keep a copy apart from copies of the data"
        ),
        Err(error) => {
            println!("wrong   key        {error}: give the key that this database was used with");
        }
    }
    if vault.len() > 1 {
        println!(
            "note    key        {name} has {} keys: headwater secrets rotate goes on with what was begun",
            vault.len()
        );
    }
    if let Some(words) = source.exposed() {
        println!("wrong   key        {words}");
    }
    Ok(())
}

/// How old the last backup is.
async fn last_backup(folder: &Path) -> Result<String, Error> {
    let file = backup::keys_file(folder);
    let mut last = None;
    if file.exists() {
        let mut keys = Keys::open(&file).await?;
        last = keys.last_backup().await?;
        keys.close().await?;
    }
    let Some(last) = last else {
        return Ok(
            "note    backup     none was made: headwater backup makes one while the server runs"
                .to_owned(),
        );
    };
    let hours = (clock::now().as_micros() - last) / 3_600_000_000;
    let word = if hours >= 48 { "note" } else { "ok  " };
    Ok(format!(
        "{word}    backup     the last one began {hours} hours ago, at {}",
        Timestamp::from_micros(last)
    ))
}

/// Writes a file as large as a few commits and takes it away again.
fn check_writing(folder: &Path) -> Result<(), Failure> {
    let probe = folder.join("doctor.probe");
    let written = std::fs::write(&probe, vec![0_u8; 1024 * 1024]);
    let removed = std::fs::remove_file(&probe);
    written.and(removed).map_err(|error| {
        Failure(format!(
            "cannot write to {}: {error}. Free some space, or give this user the right to write",
            folder.display()
        ))
    })?;
    println!("ok      disk       one MiB could be written");
    Ok(())
}
