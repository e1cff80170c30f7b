//! What comes from the operating system.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{Scope, python};
use crate::process;
use crate::progress::{Outcome, remark};
use crate::workspace::{Workspace, environment};

/// The oldest Node that is tested.
const NODE: u32 = 20;

/// Stops with one message that names everything that is missing and that we do not install.
pub(super) fn check_prerequisites() -> Result<Outcome> {
    let mut missing = Vec::new();
    match node_major() {
        Some(major) if major >= NODE => {}
        Some(major) => missing.push(format!("Node {NODE} or newer (this is {major})")),
        None => missing.push(format!("Node {NODE} or newer with npm")),
    }
    if !process::exists("npm") {
        missing.push("npm".to_owned());
    }
    if !process::exists("rustup") {
        missing.push("rustup (https://rustup.rs)".to_owned());
    }
    if !process::exists("cc") && !apt_can_install() {
        missing.push("a C compiler called cc".to_owned());
    }
    if !missing.is_empty() {
        bail!("please install {}, then run this again", missing.join(", "));
    }
    Ok(Outcome::AlreadyThere)
}

fn node_major() -> Option<u32> {
    let version = process::capture(Command::new("node").arg("--version")).ok()?;
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// Installs the packages whose programs are missing, where apt and the rights to use it are there.
pub(super) fn install_packages(workspace: &Workspace, scope: Scope) -> Result<Outcome> {
    let mut packages = Vec::new();
    if !process::exists("cc") {
        packages.push("build-essential");
    }
    if scope == Scope::Everything {
        if chromium().is_none() {
            packages.push("chromium");
        }
        if postgres_programs().is_none() {
            packages.push("postgresql");
        }
        if !python::has_venv() {
            packages.push("python3-venv");
        }
    }
    if packages.is_empty() {
        return Ok(Outcome::AlreadyThere);
    }
    remark(&format!("installing {}", packages.join(", ")));
    apt_install(workspace, &packages)?;
    Ok(Outcome::Done)
}

/// Installs Debian packages, or says what somebody else has to do.
pub(super) fn apt_install(workspace: &Workspace, packages: &[&str]) -> Result<()> {
    if !apt_can_install() {
        let list = packages.join(" ");
        if process::exists("apt-get") {
            bail!(
                "these packages are missing and installing them needs root: sudo apt-get install {list}"
            );
        }
        bail!(
            "please install these with your system's package manager: {list} (named as Debian names them)"
        );
    }
    apt_update(workspace)?;
    let log = workspace.cache.join("logs/apt-install.log");
    let mut install = Command::new("apt-get");
    install
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["install", "--yes", "--no-install-recommends"])
        .args(packages);
    process::logged(&mut install, &log)
}

/// Reads the package lists anew.
pub(super) fn apt_update(workspace: &Workspace) -> Result<()> {
    process::logged(
        Command::new("apt-get").arg("update"),
        &workspace.cache.join("logs/apt-update.log"),
    )
}

fn apt_can_install() -> bool {
    process::exists("apt-get") && process::is_root()
}

/// A Chromium or Chrome that the tests can drive: `$CHROMIUM`, else the usual places.
pub(crate) fn chromium() -> Option<PathBuf> {
    const PLACES: [&str; 5] = [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
        "/snap/bin/chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ];
    environment("CHROMIUM")
        .into_iter()
        .map(PathBuf::from)
        .chain(PLACES.iter().map(PathBuf::from))
        .find(|place| place.is_file())
}

/// The folder with the programs of the newest Postgres: Debian keeps it off the `PATH`.
pub(crate) fn postgres_programs() -> Option<PathBuf> {
    let on_path = environment("PATH")?
        .split(':')
        .map(PathBuf::from)
        .find(|folder| has_postgres(folder));
    on_path.or_else(|| newest_debian_postgres().ok().flatten())
}

fn newest_debian_postgres() -> Result<Option<PathBuf>> {
    let mut newest: Option<(u32, PathBuf)> = None;
    for entry in std::fs::read_dir("/usr/lib/postgresql").context("no Postgres from Debian")? {
        let entry = entry?;
        let Ok(version) = entry.file_name().to_string_lossy().parse::<u32>() else {
            continue;
        };
        let folder = entry.path().join("bin");
        let newer = newest.as_ref().is_none_or(|(best, _)| version > *best);
        if newer && has_postgres(&folder) {
            newest = Some((version, folder));
        }
    }
    Ok(newest.map(|(_, folder)| folder))
}

fn has_postgres(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "createdb"]
        .iter()
        .all(|program| folder.join(program).is_file())
}
