//! The edge worker: `edge-worker` compiled to unwind, then the module that workerd loads, which is the folder's own
//! script.

use std::process::Command;

use anyhow::Result;

use super::toolchain::{TARGET, WasmToolchain};
use crate::fingerprint::Fingerprint;
use crate::process;
use crate::workspace::Workspace;

/// Builds the worker, or says that nothing has changed.
pub(super) fn build(workspace: &Workspace, toolchain: &WasmToolchain) -> Result<()> {
    let target = super::target_folder(workspace, "wasm-edge");
    let mut cargo = toolchain.unwinding_cargo();
    cargo
        .current_dir(&workspace.root)
        // The worker crate passes JavaScript values of js-sys through generated bindings.
        .env("WASM_BINDGEN_USE_JS_SYS", "1")
        .args([
            "build",
            "--package",
            "edge-worker",
            "--lib",
            "--profile",
            "wasm-edge",
            "--target",
            TARGET,
        ])
        .arg("--target-dir")
        .arg(&target);
    process::stream(&mut cargo)?;
    let module = super::module(&target, "wasm-edge", "edge_worker")?;

    let script = workspace.path("edge-worker/build.mjs");
    let stamp = workspace.path("edge-worker/dist/.built-from");
    let inputs = Fingerprint::new()
        .word(&workspace.wasm_bindgen_version()?)
        .path(&module)?
        .path(&workspace.path("package-lock.json"))?
        .path(&script)?
        .path(&workspace.path("js/packages/collector/src"))?;
    if inputs.matches(&stamp) {
        eprintln!("the edge worker is up to date in edge-worker/dist");
        return Ok(());
    }
    let mut bundle = Command::new("node");
    bundle
        .current_dir(&workspace.root)
        .stdout(std::io::stderr())
        .arg(&script)
        .arg("--wasm")
        .arg(&module)
        .arg("--wasm-bindgen")
        .arg(workspace.wasm_bindgen()?);
    process::stream(&mut bundle)?;
    inputs.write(&stamp)
}
