//! `headwater backup`

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;

use super::{Failure, KeyOptions, Storage};
use crate::app::App;
use crate::backup::{self, Keys, Made};
use crate::database::journal::Behind;
use crate::database::{self, Database, NOT_ALL_THERE};
use crate::error::Error;
use crate::pipeline;

/// How often it is looked whether what was acknowledged has taken effect.
const LOOK: Duration = Duration::from_millis(100);
/// After which time without any progress it is asked whether a server runs at all.
const STILL: Duration = Duration::from_secs(2);
/// After which time without any progress it is given up.
const STUCK: Duration = Duration::from_secs(60);

/// What `backup` takes.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The data folder, which has the keys of the backups; that of headwater serve, with a Postgres as well.
    #[arg(long)]
    data_dir: PathBuf,
    /// A Postgres, such as postgres://user@host/database; without one, SQLite in the data folder.
    #[arg(long)]
    database_url: Option<String>,
    /// The file that is made. One that is there is replaced when the new one is whole.
    #[arg(long)]
    out: PathBuf,
    /// Also copy the keys to this file. Without keys no backup can be opened: keep the copy apart from the backups, and never
    /// an older one than the newest, since it opens what was erased since.
    #[arg(long)]
    keys_out: Option<PathBuf>,
    #[command(flatten)]
    key: KeyOptions,
}

pub(super) async fn run(options: Options) -> Result<(), Failure> {
    let began = Instant::now();
    let folder = &options.data_dir;
    if options.database_url.is_none() && !database::file(folder).exists() {
        return Err(Failure(format!(
            "{} has no headwater.sqlite: give the data folder with --data-dir, and a Postgres with --database-url",
            folder.display()
        )));
    }
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| Failure(format!("cannot write to {}: {error}", folder.display())))?;
    let _only = only_one(folder)?;
    let storage = Storage {
        data_dir: Some(folder.clone()),
        database_url: options.database_url.clone(),
        key: options.key.clone(),
    };
    let database = caught_up(&storage).await?;
    let mut keys = Keys::open_or_make(&backup::keys_file(folder)).await?;
    let part = beside(&options.out, "part");
    let file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&part)
        .map_err(|error| Failure(format!("cannot write to {}: {error}", part.display())))?;
    let made = backup::make(&database, &mut keys, file).await?;
    if let Some(path) = &options.keys_out {
        keys.copy_to(path).await?;
    }
    fs::rename(&part, &options.out)?;
    let around = options
        .out
        .parent()
        .filter(|path| !path.as_os_str().is_empty());
    File::open(around.unwrap_or(Path::new(".")))?.sync_all()?;
    keys.close().await?;
    database.close().await;
    tell(&options, made, began.elapsed());
    Ok(())
}

fn tell(options: &Options, made: Made, took: Duration) {
    println!(
        "{} rows are in {} ({:.1} MB, {:.1} s)",
        made.rows,
        options.out.display(),
        bytes(made.bytes) / 1e6,
        took.as_secs_f64()
    );
    if made.left_out > 0 {
        println!(
            "{} rows are left out: somebody was erased meanwhile",
            made.left_out
        );
    }
    let keys = backup::keys_file(&options.data_dir);
    match &options.keys_out {
        Some(copy) => println!(
            "its keys are in {} and in {}",
            keys.display(),
            copy.display()
        ),
        None => println!(
            "its keys are in {} alone: without them nobody opens it, and --keys-out FILE copies them",
            keys.display()
        ),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a size that is told in megabytes"
)]
fn bytes(bytes: u64) -> f64 {
    bytes as f64
}

/// A file's name with another end.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(end);
    name.into()
}

/// Two backups at a time would take each other's marks away.
fn only_one(folder: &Path) -> Result<File, Failure> {
    let path = folder.join("backup.lock");
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Failure(
            "another backup of this data folder is being made: wait for its end".to_owned(),
        )),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// The database, once everything has taken effect that was acknowledged before. Where no server sees to that, it is done here.
async fn caught_up(storage: &Storage) -> Result<Database, Failure> {
    let database = look(storage).await?;
    match database.state().await.map_err(Error::from)? {
        (_, false) => return Err(Failure(NOT_ALL_THERE.to_owned())),
        (version, true) if version != database::latest() => {
            return Err(Failure(format!(
                "the database has migration {version}, and this headwater {}: take the headwater that serves it, or start this one's headwater serve first",
                database::latest()
            )));
        }
        _ => {}
    }
    let end = behind(&database).await?.end;
    let mut seen = pipeline::position(&database).await?;
    let (mut moved, mut asked) = (Instant::now(), false);
    while seen < end {
        tokio::time::sleep(LOOK).await;
        let position = pipeline::position(&database).await?;
        if position > seen {
            (seen, moved, asked) = (position, Instant::now(), false);
        } else if moved.elapsed() > STUCK {
            return Err(Failure(
                "what was acknowledged does not take effect, so a backup would miss it: look into the log of headwater serve".to_owned(),
            ));
        } else if moved.elapsed() > STILL && !asked {
            asked = true;
            // An error says that somebody else has it, who will go on.
            if let Ok(opened) = storage.open().await {
                let opening = App::open(opened.database.clone(), storage.settings());
                let (app, tasks) = opening.await?;
                app.close(tasks).await;
            }
        }
    }
    Ok(database)
}

async fn look(storage: &Storage) -> Result<Database, Failure> {
    Ok(match (&storage.database_url, &storage.data_dir) {
        (Some(url), _) => Database::look_url(url).await?,
        (None, folder) => Database::look(folder.as_deref().unwrap_or(Path::new("."))).await?,
    })
}

/// What of the log waits. Whoever serves may empty a file of it while it is read; then it is read again.
async fn behind(database: &Database) -> Result<Behind, Error> {
    let mut tries = 0;
    loop {
        let position = pipeline::position(database).await?;
        match database.journal().behind(position).await {
            Err(error) if tries >= 5 => return Err(error),
            Err(_) => tries += 1,
            behind => return behind,
        }
    }
}
