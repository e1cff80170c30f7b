//! A Postgres of our own for one test run: a fresh folder, a free port, stopped and removed in the end.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::setup;

/// What the server's tests read.
pub(crate) const VARIABLE: &str = "HEADWATER_TEST_DATABASE_URL";

const USER: &str = "headwater";

/// How much a commit means.
#[derive(Clone, Copy)]
pub(crate) enum Commits {
    /// Nothing has to survive a power cut, and many tests connect at once.
    Fast,
    /// As wherever people's data is: a commit waits for the disk.
    Durable,
}

impl Commits {
    fn options(self) -> &'static str {
        match self {
            Self::Fast => "-c fsync=off -c synchronous_commit=off -c full_page_writes=off",
            Self::Durable => "-c max_wal_size=4GB",
        }
    }
}

/// A running Postgres; dropping it stops it.
pub(crate) struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    as_postgres: bool,
}

impl Postgres {
    pub(crate) fn start(commits: Commits) -> Result<Self> {
        let Some(programs) = setup::postgres_programs() else {
            bail!("no PostgreSQL was found: run cargo xtask setup");
        };
        let mut postgres = Self {
            programs,
            folder: std::env::temp_dir().join(format!("headwater-postgres-{}", std::process::id())),
            port: free_port()?,
            // Postgres refuses to run as root.
            as_postgres: process::is_root(),
        };
        postgres
            .prepare(commits)
            .context("cannot prepare a PostgreSQL for the tests")?;
        Ok(postgres)
    }

    /// Where the tests find it.
    pub(crate) fn url(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{USER}", self.port)
    }

    fn prepare(&mut self, commits: Commits) -> Result<()> {
        let data = self.folder.join("data");
        let mut folder = Command::new("install");
        folder.args(["-d", "-m", "700"]);
        if self.as_postgres {
            folder.args(["-o", "postgres"]);
        }
        process::capture(folder.arg(&self.folder))?;
        process::capture(
            self.program("initdb")
                .args([
                    "--auth=trust",
                    "--encoding=UTF8",
                    "--locale=C.UTF-8",
                    "--no-sync",
                    "--username",
                    USER,
                    "-D",
                ])
                .arg(&data),
        )?;
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories={} -c max_connections=300 {}",
            self.port,
            self.folder.display(),
            commits.options()
        );
        // Not captured: the server would keep the pipe open for as long as it runs.
        process::stream(
            self.program("pg_ctl")
                .args(["start", "--silent", "--wait", "-D"])
                .arg(&data)
                .arg("-l")
                .arg(self.folder.join("postgres.log"))
                .args(["-o", &options]),
        )?;
        process::capture(self.program("createdb").args([
            "-h",
            "127.0.0.1",
            "-p",
            &self.port.to_string(),
            "-U",
            USER,
            USER,
        ]))?;
        Ok(())
    }

    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = if self.as_postgres {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        // Our own folder may be closed to that user.
        command.current_dir("/");
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let stopped = process::capture(
            self.program("pg_ctl")
                .args(["stop", "--silent", "-m", "immediate", "-D"])
                .arg(self.folder.join("data")),
        );
        if let Err(error) = stopped {
            eprintln!(
                "warning: PostgreSQL in {} may still be running: {error:#}",
                self.folder.display()
            );
            return;
        }
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            eprintln!("warning: {} is left behind: {error}", self.folder.display());
        }
    }
}

/// A port that nobody listens on at this moment.
fn free_port() -> Result<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").context("no free port")?;
    Ok(listener.local_addr()?.port())
}
