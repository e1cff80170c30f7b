//! `headwater doctor`: what is the matter with a data folder?

use std::path::PathBuf;

use clap::Args;
use sqlx::Row as _;

use super::Failure;
use crate::data_dir::DataDir;
use crate::database::Database;
use crate::error::Error;

/// What `doctor` takes.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The data folder.
    #[arg(long)]
    data_dir: PathBuf,
}

/// Numbers that tell whether all is well.
const STATE: &str = "SELECT \
    (SELECT COUNT(*) FROM _sqlx_migrations WHERE success) AS migrations, \
    (SELECT COALESCE(MAX(offset_id), 0) FROM event) AS log_end, \
    (SELECT COALESCE(MAX(position), 0) FROM consumer_position) AS position, \
    (SELECT COUNT(*) FROM quarantine) AS quarantined";

pub(super) async fn run(options: &Options) -> Result<(), Failure> {
    let folder = &options.data_dir;
    let file = folder.join("headwater.sqlite");
    if !file.exists() {
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
    let database = Database::look(&file).await?;
    let row = sqlx::query(STATE)
        .fetch_one(database.reader())
        .await
        .map_err(Error::from)?;
    let number = |name: &str| row.try_get::<i64, _>(name).map_err(Error::from);
    let (log_end, position) = (number("log_end")?, number("position")?);
    println!(
        "ok      tables     {} migrations applied",
        number("migrations")?
    );
    println!("ok      log        {log_end} is the youngest event");
    let word = if position < log_end { "note" } else { "ok  " };
    println!(
        "{word}    pipeline   {} events behind the log; it catches up while headwater serve runs",
        log_end - position
    );
    println!("ok      quarantine {} messages", number("quarantined")?);
    database.close().await;
    Ok(())
}

/// Writes a file as large as a few commits and takes it away again.
fn check_writing(folder: &std::path::Path) -> Result<(), Failure> {
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
