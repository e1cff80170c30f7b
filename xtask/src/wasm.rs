//! `cargo xtask wasm`: the browser SDK, the edge worker, and the dashboard's charts.

mod dashboard;
mod edge;
mod sdk;
pub(crate) mod toolchain;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::arguments::Arguments;
use crate::process;
use crate::setup::{self, Scope};
use crate::workspace::Workspace;
use toolchain::WasmToolchain;

/// Runs the command.
pub(crate) fn run(workspace: &Workspace, mut arguments: Arguments) -> Result<()> {
    let only_sdk = arguments.flag("--sdk");
    let only_edge = arguments.flag("--edge");
    arguments.finish()?;
    setup::run(workspace, Scope::Demo)?;
    match (only_sdk, only_edge) {
        (true, false) => build_sdk(workspace),
        (false, true) => build_edge(workspace),
        _ => build(workspace),
    }
}

/// Builds both, and the dashboard's charts; the edge worker serves the SDK's files and comes after it.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    dashboard::build(workspace)?;
    build_sdk(workspace)?;
    build_edge(workspace)
}

/// Builds the browser SDK into `js/packages/collector/dist`.
pub(crate) fn build_sdk(workspace: &Workspace) -> Result<()> {
    let toolchain = WasmToolchain::locate(workspace)?;
    sdk::build(workspace, &toolchain).context("the browser SDK was not built")
}

/// Builds the edge worker into `edge-worker/dist`.
pub(crate) fn build_edge(workspace: &Workspace) -> Result<()> {
    let toolchain = WasmToolchain::locate(workspace)?;
    edge::build(workspace, &toolchain).context("the edge worker was not built")
}

/// Builds the rules' cases as a module without imports, for any host of WebAssembly; its path.
pub(crate) fn build_rules(workspace: &Workspace) -> Result<PathBuf> {
    let target = target_folder(workspace, "wasm");
    let mut cargo = WasmToolchain::locate(workspace)?.cargo();
    cargo
        .current_dir(&workspace.root)
        .args(["build", "--package", "cdp-core", "--example", "rules"])
        .args(["--target", toolchain::TARGET, "--target-dir"])
        .arg(&target);
    process::stream(&mut cargo).context("the rules' cases were not built")?;
    module(&target, "debug/examples", "rules")
}

/// Where cargo puts a wasm build: never among the host's artefacts, because proc macros are compiled by the wasm
/// toolchain, which may be another one.
fn target_folder(workspace: &Workspace, name: &str) -> PathBuf {
    workspace.target.join(name)
}

/// The module that a build left.
fn module(target: &Path, profile: &str, name: &str) -> Result<PathBuf> {
    let file = target
        .join(toolchain::TARGET)
        .join(profile)
        .join(format!("{name}.wasm"));
    if !file.is_file() {
        bail!(
            "cargo left no {}: the crate has to be a cdylib",
            file.display()
        );
    }
    Ok(file)
}
