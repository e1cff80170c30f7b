//! A process that we started and that we stop.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process;

/// How long a process may take to finish what it is doing.
const GRACE: Duration = Duration::from_secs(10);

/// One part of the demo.
pub(super) struct Service {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Service {
    /// Starts the process in a group of its own, so that Ctrl-C in the terminal reaches us alone and the order of
    /// stopping is ours.
    pub(super) fn start(name: &'static str, command: &mut Command, log: &Path) -> Result<Self> {
        let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start the {name}"))?;
        Ok(Self {
            name,
            child,
            log: log.to_path_buf(),
        })
    }

    /// An error with the end of its log when the process is gone.
    pub(super) fn check_running(&mut self) -> Result<()> {
        let Some(status) = self.child.try_wait()? else {
            return Ok(());
        };
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines[lines.len().saturating_sub(10)..].join("\n");
        bail!("the {} ended ({status}):\n{tail}", self.name);
    }

    /// Asks the process to end, waits, and ends it when it does not.
    pub(super) fn stop(mut self) {
        let asked =
            process::capture(Command::new("kill").args(["-TERM", &self.child.id().to_string()]));
        let started = Instant::now();
        while asked.is_ok() && started.elapsed() < GRACE {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        // Gone already, or not willing: both are fine now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
