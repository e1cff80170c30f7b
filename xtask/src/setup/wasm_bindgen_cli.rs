//! The wasm-bindgen command line tool, at the version of the library.

use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::progress::{Outcome, remark};
use crate::workspace::Workspace;

/// Builds the tool into the cache when this version is not there.
pub(super) fn install(workspace: &Workspace, version: &str) -> Result<Outcome> {
    let program = workspace.wasm_bindgen()?;
    if process::capture(Command::new(&program).arg("--version"))
        .is_ok_and(|printed| printed.split_whitespace().nth(1) == Some(version))
    {
        return Ok(Outcome::AlreadyThere);
    }
    let root = program
        .ancestors()
        .nth(2)
        .context("the tool has a folder of its own")?;
    remark("building it takes about two minutes on two cores");
    let mut install = Command::new("cargo");
    install
        .current_dir(&workspace.root)
        // It runs for two seconds a build: compiling it quickly is worth more than its speed.
        .env("CARGO_PROFILE_DEV_DEBUG", "none")
        .env("CARGO_TARGET_DIR", workspace.cache.join("tools/build"))
        .args([
            "install",
            "wasm-bindgen-cli",
            "--debug",
            "--version",
            version,
            "--root",
        ])
        .arg(root);
    process::logged(
        &mut install,
        &workspace.cache.join("logs/wasm-bindgen-cli.log"),
    )?;
    // 300 MB that nobody needs again.
    let _ = std::fs::remove_dir_all(workspace.cache.join("tools/build"));
    Ok(Outcome::Done)
}
