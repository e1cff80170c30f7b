//! `cargo xtask setup`: everything that building and testing need beyond Rust, Node and npm.

mod debian_rust;
mod npm;
mod python;
mod system;
mod wasm_bindgen_cli;
mod wasm_std;

use anyhow::Result;

use crate::progress::Progress;
use crate::wasm::toolchain::WasmToolchain;
use crate::workspace::Workspace;

pub(crate) use python::program as python;
pub(crate) use system::{chromium, postgres_programs};
pub(crate) use wasm_std::has_std;

/// How much has to be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// What the demo needs: no browser of ours and no Postgres.
    Demo,
    /// What the tests need too.
    Everything,
}

/// Installs what is missing. Safe to run again: what is there is left alone.
pub(crate) fn run(workspace: &Workspace, scope: Scope) -> Result<()> {
    let steps = if scope == Scope::Everything { 7 } else { 6 };
    let mut progress = Progress::new(steps);
    progress.step(
        "Node, npm, rustup and a C compiler",
        system::check_prerequisites,
    )?;
    progress.step("system packages", || {
        system::install_packages(workspace, scope)
    })?;
    progress.step("wasm32 standard library", || wasm_std::install(workspace))?;
    let toolchain = WasmToolchain::locate(workspace)?;
    progress.step("wasm32 standard library that unwinds", || {
        wasm_std::build_unwinding(workspace, &toolchain)
    })?;
    let version = workspace.wasm_bindgen_version()?;
    progress.step(&format!("wasm-bindgen-cli {version}"), || {
        wasm_bindgen_cli::install(workspace, &version)
    })?;
    progress.step("npm packages", || npm::install(workspace))?;
    if scope == Scope::Everything {
        progress.step("Python clients", || python::install(workspace))?;
    }
    Ok(())
}
