//! The commands.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::app::Settings;
use crate::data_dir::{DataDir, DataDirError};
use crate::database::{Database, OpenError};
use crate::error::Error;
use crate::telemetry;
use crate::vault;
use crate::vault::key_file::{KeyError, KeySource, VARIABLE};

mod backup;
mod clock;
mod doctor;
mod import;
mod init;
mod match_records;
mod restore;
mod secrets;
mod serve;

/// Headwater, the Customer Data Platform in one binary.
#[derive(Debug, Parser)]
#[command(name = "headwater", version, about)]
struct Cli {
    /// What is logged, such as `info` or `headwater=debug`.
    #[arg(long, global = true, default_value = "info")]
    log: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the first workspace in a data folder and print its keys.
    Init(init::Options),
    /// Collect, resolve, answer: the whole server.
    Serve(serve::Options),
    /// Import a file of events, or a CSV file with a mapping.
    Import(import::Options),
    /// Copy everything to one file, while the server runs.
    Backup(backup::Options),
    /// Put a backup into an empty folder or database.
    Restore(restore::Options),
    /// Look at a data folder and say what is wrong with it.
    Doctor(doctor::Options),
    /// Find records that are of one person though they share no identifier.
    #[command(subcommand)]
    Match(match_records::Command),
    /// The secrets that the database keeps sealed, and their key.
    #[command(subcommand)]
    Secrets(secrets::Command),
    /// Print the description of the server API.
    Openapi,
}

/// Where the data is.
#[derive(Debug, Args)]
struct Storage {
    /// The data folder; SQLite is in there unless --database-url is given.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// A Postgres, such as postgres://user@host/database.
    #[arg(long)]
    database_url: Option<String>,
    #[command(flatten)]
    key: KeyOptions,
}

/// Where the key is that seals the database's secrets.
#[derive(Clone, Debug, Args)]
struct KeyOptions {
    /// The file with the key that seals the database's secrets, instead of secret.key in the data folder. The environment's
    /// HEADWATER_SECRET_KEY may hold the key itself.
    #[arg(long, value_name = "FILE")]
    secret_key_file: Option<PathBuf>,
}

impl KeyOptions {
    #[expect(
        clippy::disallowed_methods,
        reason = "an argument is seen by everybody on the machine; this is where the one variable is read"
    )]
    fn source(&self, folder: Option<&Path>) -> Result<KeySource, Failure> {
        let given = std::env::var(VARIABLE).ok();
        KeySource::of(given, self.secret_key_file.clone(), folder).ok_or_else(|| {
            Failure(format!(
                "say where the key is that seals the database's secrets: --secret-key-file FILE, which is made if it is not there, or {VARIABLE}; with --data-dir it is in the folder"
            ))
        })
    }
}

/// A database that this process alone writes to.
struct Opened {
    database: Database,
    /// Held as long as the database is in use.
    _folder: Option<DataDir>,
}

impl Storage {
    /// The settings that say where in the data folder is what an erasure writes: the copy of who was erased, which a database
    /// that is restored from before has not got, and the keys of backups.
    fn settings(&self) -> Settings {
        let folder = self.data_dir.as_deref();
        Settings {
            suppressions: folder.map(|folder| folder.join("suppressions.json")),
            backup_keys: folder.map(crate::backup::keys_file),
            ..Settings::default()
        }
    }

    async fn open(&self) -> Result<Opened, Failure> {
        let opened = self.open_sealed().await?;
        let key = self.key.source(self.data_dir.as_deref())?;
        let vault = vault::store::keys(&opened.database, &key).await?;
        vault::store::seal_all(&opened.database, &vault).await?;
        Ok(Opened {
            database: opened.database.unlocked(vault),
            ..opened
        })
    }

    /// The database as it is, with nothing to open its secrets.
    async fn open_sealed(&self) -> Result<Opened, Failure> {
        let folder = self.data_dir.as_deref().map(DataDir::take).transpose()?;
        let database = match (&self.database_url, &folder) {
            (Some(url), _) => Database::open_url(url).await?,
            (None, Some(folder)) => Database::open_folder(folder.path()).await?,
            (None, None) => {
                return Err(Failure(
                    "say where the data is: --data-dir FOLDER, or --database-url postgres://…"
                        .to_owned(),
                ));
            }
        };
        Ok(Opened {
            database,
            _folder: folder,
        })
    }
}

/// A command's failure, in words for the person at the terminal.
#[derive(Debug)]
struct Failure(String);

impl From<DataDirError> for Failure {
    fn from(error: DataDirError) -> Self {
        Self(error.to_string())
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self(error.to_string())
    }
}

impl From<KeyError> for Failure {
    fn from(KeyError(words): KeyError) -> Self {
        Self(words)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

/// Runs the command of the command line.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    // A backup reads each table by one statement, however long that takes.
    let is_backup = matches!(cli.command, Command::Backup(_));
    let patient = if is_backup { ",sqlx::query=error" } else { "" };
    telemetry::start(&format!("{}{patient}", cli.log));
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            return failed(&Failure(format!(
                "the runtime could not be started: {error}"
            )));
        }
    };
    match runtime.block_on(command(cli.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failed(&failure),
    }
}

async fn command(command: Command) -> Result<(), Failure> {
    match command {
        Command::Init(options) => init::run(options).await,
        Command::Serve(options) => serve::run(options).await,
        Command::Import(options) => import::run(options).await,
        Command::Backup(options) => backup::run(options).await,
        Command::Restore(options) => restore::run(options).await,
        Command::Doctor(options) => doctor::run(&options).await,
        Command::Match(command) => match_records::run(command),
        Command::Secrets(command) => secrets::run(command).await,
        Command::Openapi => {
            // Whoever closes the pipe early has read enough.
            let _ = writeln!(
                std::io::stdout().lock(),
                "{:#}",
                crate::http::openapi::document()
            );
            Ok(())
        }
    }
}

fn failed(Failure(message): &Failure) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::FAILURE
}
