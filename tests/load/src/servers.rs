//! Starting the two servers, each on the first core; the load runs on the other.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::client;

/// Audiences that every event is looked at for.
const AUDIENCES: usize = 20;

/// A server of its own process; it ends when this is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    process: Child,
}

impl Server {
    /// Processor time that the process has taken.
    pub(crate) fn processor(&self) -> Result<Duration> {
        let pid = self.process.id().context("the server has ended")?;
        let mut nanoseconds = 0;
        for task in std::fs::read_dir(format!("/proc/{pid}/task"))? {
            // Of a thread that ends meanwhile nothing is counted.
            if let Ok(text) = std::fs::read_to_string(task?.path().join("schedstat")) {
                let ran: u64 = text.split(' ').next().unwrap_or_default().parse()?;
                nanoseconds += ran;
            }
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// Resident memory of the process, in MB.
    pub(crate) fn memory(&self) -> Result<f64> {
        let pid = self.process.id().context("the server has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: f64 = line
            .and_then(|line| line.trim().split(' ').next())
            .context("no VmRSS")?
            .parse()?;
        Ok(kib / 1024.0)
    }
}

/// The shipped binary on a data folder of its own, with the keys of its first space.
pub(crate) struct Headwater {
    pub(crate) server: Server,
    pub(crate) write_key: String,
    server_write_key: String,
    token: String,
    folder: PathBuf,
}

impl Headwater {
    /// Creates something through the server API.
    pub(crate) async fn create(&self, path: &str, body: Value) -> Result<Value> {
        let answer = client::once(
            self.server.address,
            path,
            Some(&self.token),
            body.to_string().into_bytes(),
        )
        .await?;
        Ok(serde_json::from_slice(&answer)?)
    }

    /// Asks the edge.
    pub(crate) async fn public(&self, path: &str, body: Value) -> Result<Value> {
        let answer = client::once(
            self.server.address,
            path,
            None,
            body.to_string().into_bytes(),
        )
        .await?;
        Ok(serde_json::from_slice(&answer)?)
    }

    /// Reads something through the server API.
    pub(crate) async fn read(&self, path: &str) -> Result<Value> {
        let (status, body) = client::get(self.server.address, path, &self.token).await?;
        ensure!(status == 200, "{path} answered {status}");
        Ok(serde_json::from_slice(&body)?)
    }

    /// Makes the audiences that every event is looked at for.
    pub(crate) async fn define_audiences(&self) -> Result<()> {
        for number in 0..AUDIENCES {
            let definition = json!({"event": "Product Viewed", "where": {"category": {"eq": "sneakers"}}, "count": {"gte": number + 1}});
            let audience = json!({"name": format!("Audience {number}"), "definition": definition});
            self.create("/api/v1/audiences", audience).await?;
        }
        Ok(())
    }

    /// Sends an event about a person with this user id.
    pub(crate) async fn identify(&self, user_id: &str) -> Result<()> {
        let event = json!({"type": "identify", "userId": user_id, "messageId": user_id});
        let body = json!({"writeKey": self.server_write_key, "batch": [event]}).to_string();
        client::once(self.server.address, "/v1/batch", None, body.into_bytes()).await?;
        Ok(())
    }

    /// Whether there is a profile with this identifier.
    pub(crate) async fn knows(&self, identifier: &str) -> Result<bool> {
        let path = format!("/api/v1/profiles/{identifier}");
        let (status, _) = client::get(self.server.address, &path, &self.token).await?;
        Ok(status == 200)
    }
}

impl Drop for Headwater {
    fn drop(&mut self) {
        // The folder is in the system's own temporary folder; what is left over is removed there.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Starts the reference server.
pub(crate) async fn reference() -> Result<Server> {
    let own = std::env::current_exe()?;
    start(&own, &["reference"]).await
}

/// Starts the reference server with a Postgres, whose table `bare_copy` is there.
pub(crate) async fn reference_on(database_url: &str) -> Result<Server> {
    let own = std::env::current_exe()?;
    start(&own, &["reference", "--database-url", database_url]).await
}

/// Starts headwater on a new folder.
pub(crate) async fn headwater(binary: &Path) -> Result<Headwater> {
    headwater_on(binary, None).await
}

/// Starts headwater on an empty Postgres, or else on a new folder.
pub(crate) async fn headwater_on(binary: &Path, database_url: Option<&str>) -> Result<Headwater> {
    let folder = std::env::temp_dir().join(format!("headwater-load-{}", std::process::id()));
    let path = folder.to_string_lossy().into_owned();
    // Beside Postgres, too, the folder has the key that seals secrets.
    let mut storage = vec!["--data-dir", &path];
    storage.extend(database_url.iter().flat_map(|url| ["--database-url", *url]));
    let made = Command::new(binary)
        .args(["init", "--json"])
        .args(&storage)
        .output()
        .await
        .context("cannot run headwater")?;
    ensure!(
        made.status.success(),
        "headwater init failed: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    let keys: Value = serde_json::from_slice(&made.stdout)?;
    let key = |name: &str| {
        keys[name]
            .as_str()
            .map(str::to_owned)
            .with_context(|| format!("init printed no {name}"))
    };
    let server = start(
        binary,
        &[&["serve", "--listen", "127.0.0.1:0"], &storage[..]].concat(),
    )
    .await?;
    Ok(Headwater {
        server,
        write_key: key("write_key")?,
        server_write_key: key("server_write_key")?,
        token: key("token")?,
        folder,
    })
}

async fn start(binary: &Path, arguments: &[&str]) -> Result<Server> {
    // util-linux's taskset, where there is one, keeps the load off the server's core.
    let pinned = Path::new("/usr/bin/taskset").exists();
    let mut command = if pinned {
        Command::new("/usr/bin/taskset")
    } else {
        Command::new(binary)
    };
    if pinned {
        command.args(["-c", "0"]).arg(binary);
    }
    let mut process = command
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("cannot start the server")?;
    let output = process.stdout.take().context("the server has no output")?;
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some((_, address)) = line.split_once("listening on http://") {
            let address = address
                .trim()
                .parse()
                .with_context(|| format!("{line}: not an address"))?;
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(Server { address, process });
        }
    }
    anyhow::bail!("{} ended without an address", binary.display())
}
