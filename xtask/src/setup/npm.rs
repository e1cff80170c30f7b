//! The npm packages, exactly as the lock file names them.

use std::process::Command;

use anyhow::Result;

use crate::fingerprint::Fingerprint;
use crate::process;
use crate::progress::Outcome;
use crate::workspace::Workspace;

/// Runs `npm ci` when the lock file has changed since the last time.
pub(super) fn install(workspace: &Workspace) -> Result<Outcome> {
    let stamp = workspace.path("node_modules/.headwater-lock");
    let wanted = Fingerprint::new().path(&workspace.path("package-lock.json"))?;
    if wanted.matches(&stamp) {
        return Ok(Outcome::AlreadyThere);
    }
    let mut install = Command::new("npm");
    install
        .current_dir(&workspace.root)
        .args(["ci", "--no-audit", "--no-fund"]);
    process::logged(&mut install, &workspace.cache.join("logs/npm-ci.log"))?;
    wanted.write(&stamp)?;
    Ok(Outcome::Done)
}
