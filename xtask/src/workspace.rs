//! Where things are: the repository, the cache outside of it, the tools inside the cache.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The places every command works with.
pub(crate) struct Workspace {
    /// The repository.
    pub(crate) root: PathBuf,
    /// What outlives a clone: toolchains and tools. `$HEADWATER_CACHE`, else `~/.cache/headwater`.
    pub(crate) cache: PathBuf,
    /// Cargo's target folder. `$CARGO_TARGET_DIR`, else `target`.
    pub(crate) target: PathBuf,
}

impl Workspace {
    pub(crate) fn locate() -> Result<Self> {
        // `cargo run` says where the manifest is now; the path at compile time may be another clone's.
        let manifest = environment("CARGO_MANIFEST_DIR")
            .unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").to_owned());
        let root = Path::new(&manifest)
            .parent()
            .context("xtask has to be in a folder of the repository")?
            .to_path_buf();
        if !root.join("rust-toolchain.toml").is_file() {
            bail!(
                "{} is not the repository: run cargo xtask inside of it",
                root.display()
            );
        }
        let cache = match environment("HEADWATER_CACHE") {
            Some(folder) => PathBuf::from(folder),
            None => PathBuf::from(
                environment("HOME").context("neither HEADWATER_CACHE nor HOME is set")?,
            )
            .join(".cache/headwater"),
        };
        let target = match environment("CARGO_TARGET_DIR") {
            Some(folder) => root.join(folder),
            None => root.join("target"),
        };
        Ok(Self {
            root,
            cache,
            target,
        })
    }

    /// A path inside the repository.
    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.root.join(inside)
    }

    /// The wasm-bindgen version that the workspace pins; the command line tool has to have exactly this one.
    pub(crate) fn wasm_bindgen_version(&self) -> Result<String> {
        let manifest = self.path("Cargo.toml");
        let text = std::fs::read_to_string(&manifest)
            .with_context(|| format!("cannot read {}", manifest.display()))?;
        pinned_version(&text, "wasm-bindgen")
            .context("Cargo.toml has to pin wasm-bindgen exactly: wasm-bindgen = \"=x.y.z\"")
    }

    /// The wasm-bindgen command line tool, whether or not it is there yet.
    pub(crate) fn wasm_bindgen(&self) -> Result<PathBuf> {
        let version = self.wasm_bindgen_version()?;
        Ok(self
            .cache
            .join(format!("tools/wasm-bindgen-{version}/bin/wasm-bindgen")))
    }

    /// The workerd binary out of its npm package, without the script around it: a script would stand between us and
    /// the process that has to be stopped.
    pub(crate) fn workerd(&self) -> Result<PathBuf> {
        let system = match (std::env::consts::OS, std::env::consts::ARCH) {
            ("linux", "x86_64") => "linux-64",
            ("linux", "aarch64") => "linux-arm64",
            ("macos", "x86_64") => "darwin-64",
            ("macos", "aarch64") => "darwin-arm64",
            (os, arch) => bail!("workerd is not published for {os} on {arch}"),
        };
        let binary = self.path(&format!(
            "node_modules/@cloudflare/workerd-{system}/bin/workerd"
        ));
        if !binary.is_file() {
            bail!("{} is missing: run cargo xtask setup", binary.display());
        }
        Ok(binary)
    }
}

/// An environment variable that is set and not empty.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where xtask reads its environment"
)]
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The version in `name = "=x.y.z"` or `name = { version = "=x.y.z", … }`.
fn pinned_version(manifest: &str, name: &str) -> Option<String> {
    manifest.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        if key.trim() != name {
            return None;
        }
        let (_, exact) = value.split_once("\"=")?;
        let (version, _) = exact.split_once('"')?;
        Some(version.trim().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::pinned_version;

    #[test]
    fn the_pinned_version_is_read_in_both_forms() {
        let manifest = "wasm-bindgen-futures = \"0.4\"\nwasm-bindgen = \"=0.2.130\"\nweb-sys = { version = \"=0.3.107\", features = [] }\n";
        assert_eq!(
            pinned_version(manifest, "wasm-bindgen").as_deref(),
            Some("0.2.130")
        );
        assert_eq!(
            pinned_version(manifest, "web-sys").as_deref(),
            Some("0.3.107")
        );
    }

    #[test]
    fn a_version_that_is_not_exact_is_no_pin() {
        assert_eq!(
            pinned_version("wasm-bindgen = \"0.2.130\"", "wasm-bindgen"),
            None
        );
    }
}
