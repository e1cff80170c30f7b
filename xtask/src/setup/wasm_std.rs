//! The standard library for wasm32, twice: aborting on a panic, as the browser SDK wants it (smaller, and readable for
//! wasm2js), and unwinding, as the edge worker wants it (with abort, one panic fails every request in flight).
//!
//! rustup has the first one. Where rustup cannot download, both are built from Debian's sources. The second one is
//! published nowhere and always built.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::debian_rust;
use crate::process;
use crate::progress::{Outcome, remark};
use crate::wasm::toolchain::{TARGET, WasmToolchain};
use crate::workspace::{Workspace, environment};

/// Makes one of the two ways to a wasm32 standard library work.
pub(super) fn install(workspace: &Workspace) -> Result<Outcome> {
    if WasmToolchain::locate(workspace).is_ok() {
        return Ok(Outcome::AlreadyThere);
    }
    if environment("HEADWATER_WASM_TOOLCHAIN").as_deref() != Some("debian")
        && add_with_rustup(workspace).is_ok()
        && WasmToolchain::locate(workspace).is_ok()
    {
        return Ok(Outcome::Done);
    }
    remark("rustup cannot download it, taking Debian's sources: about two minutes");
    let toolchain = debian_rust::install(workspace)?;
    let library = toolchain.library_folder(workspace)?;
    // It is there already where the cache has outlived the system around it.
    if !has_std(&library) {
        build(workspace, &toolchain, Panic::Abort, &library)?;
    }
    toolchain.mark_ready()?;
    WasmToolchain::locate(workspace)?;
    Ok(Outcome::Done)
}

/// The usual way: the library, and its source for the unwinding one.
fn add_with_rustup(workspace: &Workspace) -> Result<()> {
    let log = workspace.cache.join("logs/rustup.log");
    for what in [["target", "add", TARGET], ["component", "add", "rust-src"]] {
        let mut add = Command::new("rustup");
        add.current_dir(&workspace.root).args(what);
        process::logged(&mut add, &log)?;
    }
    Ok(())
}

/// Builds the unwinding standard library for the toolchain at hand.
pub(super) fn build_unwinding(workspace: &Workspace, toolchain: &WasmToolchain) -> Result<Outcome> {
    let sysroot = toolchain.unwinding_sysroot();
    let library = sysroot.join(format!("lib/rustlib/{TARGET}/lib"));
    // The linker is looked up in the sysroot too, under the host's name. Linked each time: the cache may outlive the
    // toolchain, or the place it was installed to.
    let host = toolchain.host_folder(workspace)?;
    let name = host.file_name().context("the host's folder has a name")?;
    fs::create_dir_all(sysroot.join("lib/rustlib"))
        .with_context(|| format!("cannot create {}", sysroot.display()))?;
    relink(&host, &sysroot.join("lib/rustlib").join(name))?;
    if has_std(&library) {
        return Ok(Outcome::AlreadyThere);
    }
    remark("about a minute");
    build(workspace, toolchain, Panic::Unwind, &library)?;
    Ok(Outcome::Done)
}

/// Makes `link` point to `original`, wherever it pointed before.
pub(super) fn relink(original: &Path, link: &Path) -> Result<()> {
    match fs::remove_file(link) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot replace {}", link.display()));
        }
        _ => {}
    }
    std::os::unix::fs::symlink(original, link)
        .with_context(|| format!("cannot link {} to {}", link.display(), original.display()))
}

/// Whether a folder holds a complete standard library: `std` is compiled last.
pub(crate) fn has_std(library: &Path) -> bool {
    fs::read_dir(library).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
    })
}

#[derive(Clone, Copy)]
enum Panic {
    Abort,
    Unwind,
}

/// Compiles the standard library once and puts its parts into `library`.
fn build(
    workspace: &Workspace,
    toolchain: &WasmToolchain,
    panic: Panic,
    library: &Path,
) -> Result<()> {
    let (strategy, parts, flags) = match panic {
        Panic::Abort => ("abort", "std,panic_abort", "-Cembed-bitcode=yes"),
        Panic::Unwind => (
            "unwind",
            "std,panic_abort,panic_unwind",
            "-Cembed-bitcode=yes -Cpanic=unwind",
        ),
    };
    let folder = workspace.cache.join(format!("rust-wasm/build-{strategy}"));
    fs::create_dir_all(folder.join("src"))
        .with_context(|| format!("cannot create {}", folder.display()))?;
    fs::write(folder.join("src/lib.rs"), "#![no_std]\n")?;
    fs::write(
        folder.join("Cargo.toml"),
        format!(
            "[package]\nname = \"nothing\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n\
             [workspace]\n\n[profile.release]\npanic = \"{strategy}\"\n"
        ),
    )?;
    let mut cargo = toolchain.cargo();
    cargo
        .current_dir(&folder)
        // Compiling the standard library from source is not stable; what comes out of it is the stable library.
        .env("RUSTC_BOOTSTRAP", "1")
        // Without bitcode inside, link-time optimisation cannot see into the library.
        .env("RUSTFLAGS", flags)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .args(["build", "--release", "--target", TARGET])
        .arg(format!("-Zbuild-std={parts}"));
    process::logged(
        &mut cargo,
        &workspace.cache.join(format!("logs/std-{strategy}.log")),
    )?;

    let built = folder.join(format!("target/{TARGET}/release/deps"));
    let staged = library.with_extension("new");
    let _ = fs::remove_dir_all(&staged);
    fs::create_dir_all(&staged).with_context(|| format!("cannot create {}", staged.display()))?;
    for entry in fs::read_dir(&built).with_context(|| format!("cannot read {}", built.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if text.ends_with(".rlib") && !text.starts_with("libnothing-") {
            fs::copy(entry.path(), staged.join(&name))?;
        }
    }
    if !has_std(&staged) {
        bail!(
            "building the standard library left none in {}",
            built.display()
        );
    }
    // Renamed as a whole: an interrupted setup leaves no half of a library behind.
    let _ = fs::remove_dir_all(library);
    fs::rename(&staged, library)
        .with_context(|| format!("cannot put {} in place", library.display()))?;
    let _ = fs::remove_dir_all(&folder);
    Ok(())
}
