//! A compiler with the source of its standard library, out of Debian's packages, for machines where rustup cannot
//! download. It is unpacked into the cache and linked as a rustup toolchain; nothing but one shared library of LLVM is
//! installed into the system.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::system;
use super::wasm_std::relink;
use crate::process;
use crate::wasm::toolchain::{LINKED_NAME, WasmToolchain};
use crate::workspace::Workspace;

/// Unpacks and links the toolchain; its standard library for wasm32 is still to be built.
pub(super) fn install(workspace: &Workspace) -> Result<WasmToolchain> {
    if !process::exists("apt-get") || !process::exists("dpkg") {
        bail!(
            "rustup could not download the target wasm32-unknown-unknown and the component rust-src (the reason is \
             in {}), and the other way needs Debian's packages, which this system does not have",
            workspace.cache.join("logs/rustup.log").display()
        );
    }
    system::apt_update(workspace)?;
    let names = Names::for_this_machine()?;
    let folder = workspace.cache.join("rust-wasm").join(&names.release);
    unpack(workspace, &names, &folder)?;
    let library = format!(
        "/usr/lib/{}/libLLVM.so.{}",
        names.multiarch,
        names.llvm_major()
    );
    if !Path::new(&library).exists() && !Path::new(&format!("{library}.1")).exists() {
        system::apt_install(workspace, &[&names.llvm])?;
    }
    let usr = folder.join("usr");
    complete(workspace, &names, &usr)?;
    let mut link = Command::new("rustup");
    link.args(["toolchain", "link", LINKED_NAME]).arg(&usr);
    process::capture(&mut link)?;
    Ok(WasmToolchain::linked(folder))
}

/// What the packages and their folders are called on this machine.
struct Names {
    packages: [String; 4],
    /// `1.96.0`
    release: String,
    /// `libllvm22`
    llvm: String,
    /// `x86_64-linux-gnu`
    multiarch: String,
    /// `x86_64-unknown-linux-gnu`
    host: String,
}

impl Names {
    fn for_this_machine() -> Result<Self> {
        let shown = process::capture(Command::new("apt-cache").args(["show", "rustc-web"]))
            .context("Debian's package rustc-web is not among this machine's packages")?;
        let version = field(&shown, "Version").context("rustc-web has no version")?;
        let release =
            release(version).with_context(|| format!("{version} is no version of Rust"))?;
        let series = release
            .rsplit_once('.')
            .map_or(release, |(series, _)| series);
        let std = format!("libstd-rust-web-{series}");
        let shown_std = process::capture(Command::new("apt-cache").args(["show", &std]))?;
        let llvm = field(&shown_std, "Depends")
            .and_then(llvm_package)
            .with_context(|| format!("{std} does not say which LLVM it needs"))?;
        let architecture = std::env::consts::ARCH;
        Ok(Self {
            packages: [
                "rustc-web".to_owned(),
                "libstd-rust-web-dev".to_owned(),
                std,
                "rust-web-src".to_owned(),
            ],
            release: release.to_owned(),
            llvm: llvm.to_owned(),
            multiarch: format!("{architecture}-linux-gnu"),
            host: format!("{architecture}-unknown-linux-gnu"),
        })
    }

    fn llvm_major(&self) -> &str {
        self.llvm.trim_start_matches("libllvm")
    }
}

/// Downloads the packages and unpacks them beside the system instead of into it.
fn unpack(workspace: &Workspace, names: &Names, folder: &Path) -> Result<()> {
    if folder.join("usr/bin/rustc").exists() {
        return Ok(());
    }
    let downloads = workspace.cache.join("rust-wasm/packages");
    let _ = fs::remove_dir_all(&downloads);
    fs::create_dir_all(&downloads)
        .with_context(|| format!("cannot create {}", downloads.display()))?;
    let mut download = Command::new("apt-get");
    download
        .current_dir(&downloads)
        .arg("download")
        .args(&names.packages);
    process::logged(
        &mut download,
        &workspace.cache.join("logs/apt-download.log"),
    )?;
    let staged = folder.with_extension("new");
    let _ = fs::remove_dir_all(&staged);
    for entry in fs::read_dir(&downloads)? {
        process::capture(
            Command::new("dpkg")
                .arg("-x")
                .arg(entry?.path())
                .arg(&staged),
        )?;
    }
    let _ = fs::remove_dir_all(folder);
    fs::rename(&staged, folder)
        .with_context(|| format!("cannot put {} in place", folder.display()))?;
    let _ = fs::remove_dir_all(&downloads);
    Ok(())
}

/// Adds what a toolchain has and Debian keeps elsewhere.
fn complete(workspace: &Workspace, names: &Names, usr: &Path) -> Result<()> {
    let shared = usr.join("lib").join(&names.multiarch);
    for entry in
        fs::read_dir(&shared).with_context(|| format!("cannot read {}", shared.display()))?
    {
        let name = entry?.file_name();
        if name.to_string_lossy().starts_with("librustc_driver-") {
            relink(&shared.join(&name), &usr.join("lib").join(&name))?;
        }
    }
    let own = own_toolchain(workspace)?;
    // Linked, not copied: the linker finds its LLVM through its own place.
    let linker = format!("lib/rustlib/{}/bin/rust-lld", names.host);
    fs::create_dir_all(usr.join(format!("lib/rustlib/{}/bin", names.host)))?;
    relink(&own.join(&linker), &usr.join(&linker))?;
    // Without it rustup would take the cargo of whichever other toolchain comes first.
    relink(&own.join("bin/cargo"), &usr.join("bin/cargo"))
}

/// The toolchain that rust-toolchain.toml names.
fn own_toolchain(workspace: &Workspace) -> Result<PathBuf> {
    let mut rustc = Command::new("rustc");
    rustc
        .current_dir(&workspace.root)
        .args(["--print", "sysroot"]);
    Ok(PathBuf::from(process::capture(&mut rustc)?))
}

/// The value of a field in a package's description.
fn field<'a>(description: &'a str, name: &str) -> Option<&'a str> {
    description.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key == name).then(|| value.trim())
    })
}

/// `1.96.0` out of `1.96.0+dfsg1-1~deb12u2`.
fn release(version: &str) -> Option<&str> {
    let end = version
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .unwrap_or(version.len());
    let release = &version[..end];
    (release.split('.').filter(|part| !part.is_empty()).count() == 3).then_some(release)
}

/// `libllvm22` out of `libc6 (>= 2.36), libllvm22, …`.
fn llvm_package(depends: &str) -> Option<&str> {
    depends.split([',', '|', ' ', '(']).find(|word| {
        word.strip_prefix("libllvm")
            .is_some_and(|rest| rest.parse::<u32>().is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_versions_and_dependencies_are_read() {
        let shown = "Package: rustc-web\nVersion: 1.96.0+dfsg1-1~deb12u2\nDepends: libc6 (>= 2.34), libllvm22 (>= 1:22~++1), zlib1g\n";
        assert_eq!(field(shown, "Version").and_then(release), Some("1.96.0"));
        assert_eq!(
            field(shown, "Depends").and_then(llvm_package),
            Some("libllvm22")
        );
        assert_eq!(release("2:4"), None);
        assert_eq!(llvm_package("libc6, libllvm-tools"), None);
    }
}
