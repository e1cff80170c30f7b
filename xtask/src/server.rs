//! Building the server.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::workspace::Workspace;

/// Builds `headwater` for development and says where it is.
///
/// The whole workspace is selected, though only one binary is built: with the server's package alone, cargo would turn
/// on fewer features of the shared dependencies than the tests do, and compile half of them a second time.
pub(crate) fn build(workspace: &Workspace) -> Result<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(&workspace.root)
        .args(["build", "--workspace", "--bin", "headwater"]);
    process::stream(&mut cargo)?;
    Ok(workspace.target.join("debug/headwater"))
}
