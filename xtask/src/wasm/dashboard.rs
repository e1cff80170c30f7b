//! The dashboard's charts and words: libraries bundled into one file and the catalogue, by the package's own script.

use std::process::Command;

use anyhow::Result;

use crate::fingerprint::Fingerprint;
use crate::process;
use crate::workspace::Workspace;

const PACKAGE: &str = "js/apps/dashboard";

/// Builds them, or says that nothing has changed.
pub(super) fn build(workspace: &Workspace) -> Result<()> {
    let package = workspace.path(PACKAGE);
    let stamp = package.join("public/built/.built-from");
    let inputs = Fingerprint::new()
        .path(&workspace.path("package-lock.json"))?
        .path(&package.join("charts"))?
        .path(&package.join("words"))?
        .path(&package.join("public/words"))?
        .path(&package.join("build.mjs"))?;
    if inputs.matches(&stamp) {
        eprintln!("the dashboard's charts and words are up to date in {PACKAGE}/public/built");
        return Ok(());
    }
    let mut script = Command::new("node");
    script
        .current_dir(&workspace.root)
        // A bench prints its figures to stdout, and only those.
        .stdout(std::io::stderr())
        .arg(package.join("build.mjs"));
    process::stream(&mut script)?;
    inputs.write(&stamp)
}
