//! The one place that knows how cargo is called for wasm32.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::setup::has_std;
use crate::workspace::{Workspace, environment};

/// The target of both wasm builds.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// The name under which rustup knows the toolchain made of Debian's packages.
pub(crate) const LINKED_NAME: &str = "headwater-wasm";

/// Says that the standard library inside a linked toolchain is complete; the number changes with its layout.
const READY: &str = "ready-1";

/// A toolchain that can build for wasm32.
pub(crate) enum WasmToolchain {
    /// The repository's own toolchain, with the target from rustup.
    Rustup {
        /// Where what we add to it is kept.
        folder: PathBuf,
    },
    /// The toolchain of [`LINKED_NAME`].
    Linked {
        /// Where it was unpacked.
        folder: PathBuf,
    },
}

impl WasmToolchain {
    /// Finds the toolchain that setup has made ready. `$HEADWATER_WASM_TOOLCHAIN` (`rustup` or `debian`) insists on
    /// one of them.
    pub(crate) fn locate(workspace: &Workspace) -> Result<Self> {
        let wanted = environment("HEADWATER_WASM_TOOLCHAIN");
        let allows = |name: &str| wanted.as_deref().is_none_or(|wanted| wanted == name);
        if allows("rustup") {
            let sysroot = sysroot(workspace)?;
            // The source is what the unwinding library is built from.
            if has_std(&sysroot.join(format!("lib/rustlib/{TARGET}/lib")))
                && sysroot.join("lib/rustlib/src/rust/library/std").is_dir()
            {
                let version = process::capture(rustc(workspace).arg("--version"))?;
                let release = version.split_whitespace().nth(1).unwrap_or("unknown");
                return Ok(Self::Rustup {
                    folder: workspace.cache.join(format!("rust-wasm/rustup-{release}")),
                });
            }
        }
        if allows("debian")
            && let Ok(sysroot) = process::capture(linked_rustc().args(["--print", "sysroot"]))
        {
            let folder = Path::new(&sysroot)
                .parent()
                .map(Path::to_path_buf)
                .unwrap_or_default();
            if folder.starts_with(&workspace.cache) && folder.join(READY).is_file() {
                return Ok(Self::Linked { folder });
            }
        }
        bail!("the standard library for {TARGET} is missing: run cargo xtask setup");
    }

    /// The toolchain that was unpacked into `folder` and linked.
    pub(crate) fn linked(folder: PathBuf) -> Self {
        Self::Linked { folder }
    }

    /// Remembers that the standard library is complete.
    pub(crate) fn mark_ready(&self) -> Result<()> {
        let mark = self.folder().join(READY);
        fs::write(&mark, "").with_context(|| format!("cannot write {}", mark.display()))
    }

    /// Cargo of this toolchain.
    pub(crate) fn cargo(&self) -> Command {
        let mut cargo = Command::new("cargo");
        if let Self::Linked { .. } = self {
            cargo.arg(format!("+{LINKED_NAME}"));
        }
        // `cargo run` adds the libraries of the toolchain that runs us: another toolchain must not find them.
        cargo.env_remove("LD_LIBRARY_PATH");
        for outer in [
            "RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_BUILD_TARGET",
            "RUSTC_BOOTSTRAP",
        ] {
            cargo.env_remove(outer);
        }
        cargo
    }

    /// Cargo with a standard library that unwinds.
    pub(crate) fn unwinding_cargo(&self) -> Command {
        let mut cargo = self.cargo();
        let flags = format!(
            "-Cpanic=unwind --sysroot {}",
            self.unwinding_sysroot().display()
        );
        cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags);
        cargo
    }

    /// The sysroot whose standard library unwinds.
    pub(crate) fn unwinding_sysroot(&self) -> PathBuf {
        self.folder().join("unwind")
    }

    /// Where the toolchain's own standard library for wasm32 is.
    pub(crate) fn library_folder(&self, workspace: &Workspace) -> Result<PathBuf> {
        Ok(self
            .sysroot(workspace)?
            .join(format!("lib/rustlib/{TARGET}/lib")))
    }

    /// Where the toolchain keeps what belongs to the machine it runs on.
    pub(crate) fn host_folder(&self, workspace: &Workspace) -> Result<PathBuf> {
        let version = match self {
            Self::Rustup { .. } => process::capture(rustc(workspace).arg("-vV"))?,
            Self::Linked { .. } => process::capture(linked_rustc().arg("-vV"))?,
        };
        let host = version
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .context("rustc does not say which machine it runs on")?;
        Ok(self.sysroot(workspace)?.join("lib/rustlib").join(host))
    }

    fn sysroot(&self, workspace: &Workspace) -> Result<PathBuf> {
        match self {
            Self::Rustup { .. } => sysroot(workspace),
            Self::Linked { folder } => Ok(folder.join("usr")),
        }
    }

    fn folder(&self) -> &Path {
        match self {
            Self::Rustup { folder } | Self::Linked { folder } => folder,
        }
    }
}

fn sysroot(workspace: &Workspace) -> Result<PathBuf> {
    Ok(PathBuf::from(process::capture(
        rustc(workspace).args(["--print", "sysroot"]),
    )?))
}

/// The compiler that rust-toolchain.toml names.
fn rustc(workspace: &Workspace) -> Command {
    let mut rustc = Command::new("rustc");
    rustc.current_dir(&workspace.root);
    rustc
}

/// The compiler made of Debian's packages.
fn linked_rustc() -> Command {
    let mut rustc = Command::new("rustup");
    rustc
        .env_remove("LD_LIBRARY_PATH")
        .args(["run", LINKED_NAME, "rustc"]);
    rustc
}
