//! The browser SDK: `collector-wasm`, then the bindings, the JavaScript encoding and the size table, which are the
//! package's own script.

use std::process::Command;

use anyhow::Result;

use super::toolchain::{TARGET, WasmToolchain};
use crate::fingerprint::Fingerprint;
use crate::process;
use crate::workspace::Workspace;

const PACKAGE: &str = "js/packages/collector";

/// Builds the SDK, or says that nothing has changed.
pub(super) fn build(workspace: &Workspace, toolchain: &WasmToolchain) -> Result<()> {
    let target = super::target_folder(workspace, "wasm");
    let mut cargo = toolchain.cargo();
    cargo
        .current_dir(&workspace.root)
        .args([
            "build",
            "--package",
            "collector-wasm",
            "--lib",
            "--profile",
            "wasm-sdk",
            "--target",
            TARGET,
        ])
        .arg("--target-dir")
        .arg(&target);
    process::stream(&mut cargo)?;
    let module = super::module(&target, "wasm-sdk", "collector_wasm")?;

    let package = workspace.path(PACKAGE);
    let stamp = package.join("dist/.built-from");
    let inputs = Fingerprint::new()
        .word(&workspace.wasm_bindgen_version()?)
        .path(&module)?
        .path(&workspace.path("package-lock.json"))?
        .path(&package)?;
    if inputs.matches(&stamp) {
        eprintln!("the browser SDK is up to date in {PACKAGE}/dist");
        return Ok(());
    }
    let mut script = Command::new("node");
    script
        .current_dir(&workspace.root)
        // A bench prints its figures to stdout, and only those.
        .stdout(std::io::stderr())
        .arg(package.join("build.mjs"))
        .arg("--wasm")
        .arg(&module)
        .arg("--wasm-bindgen")
        .arg(workspace.wasm_bindgen()?);
    process::stream(&mut script)?;
    inputs.write(&stamp)
}
