//! Skipping work whose inputs have not changed.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Folders that are results, installed, or tests of the result: never inputs.
const NOT_INPUTS: [&str; 4] = ["node_modules", "dist", "target", "test"];

/// A hash of files and of words such as versions. Not cryptographic: it guards against forgetting, not against an
/// attacker who can already write to the build folder.
pub(crate) struct Fingerprint(u64);

impl Fingerprint {
    pub(crate) fn new() -> Self {
        // FNV-1a: the standard library's hasher may change between releases of Rust.
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Adds a word, for example a version.
    #[must_use]
    pub(crate) fn word(mut self, word: &str) -> Self {
        self.bytes(word.as_bytes());
        self.bytes(&[0]);
        self
    }

    /// Adds a file, or all files of a folder with their names.
    pub(crate) fn path(mut self, path: &Path) -> Result<Self> {
        self.walk(path, "")?;
        Ok(self)
    }

    /// Whether `stamp` was written for the same inputs.
    pub(crate) fn matches(&self, stamp: &Path) -> bool {
        fs::read_to_string(stamp).is_ok_and(|text| text.trim() == self.text())
    }

    /// Remembers that the work for these inputs is done.
    pub(crate) fn write(&self, stamp: &Path) -> Result<()> {
        fs::write(stamp, self.text() + "\n")
            .with_context(|| format!("cannot write {}", stamp.display()))
    }

    fn text(&self) -> String {
        format!("{:016x}", self.0)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn walk(&mut self, path: &Path, name: &str) -> Result<()> {
        let failed = || format!("cannot read {}", path.display());
        if path.is_dir() {
            let mut entries = fs::read_dir(path)
                .with_context(failed)?
                .map(|entry| entry.map(|entry| entry.file_name()))
                .collect::<Result<Vec<_>, _>>()
                .with_context(failed)?;
            entries.sort();
            for entry in entries {
                let file_name = entry.to_string_lossy();
                if !NOT_INPUTS.contains(&file_name.as_ref()) {
                    self.walk(&path.join(&entry), &format!("{name}/{file_name}"))?;
                }
            }
            return Ok(());
        }
        let content = fs::read(path).with_context(failed)?;
        self.bytes(name.as_bytes());
        self.bytes(&content.len().to_le_bytes());
        self.bytes(&content);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(folder: &Path) -> String {
        Fingerprint::new().word("1").path(folder).unwrap().text()
    }

    #[test]
    fn content_names_and_words_count_and_results_do_not() {
        let folder =
            std::env::temp_dir().join(format!("headwater-fingerprint-{}", std::process::id()));
        fs::create_dir_all(folder.join("dist")).unwrap();
        fs::write(folder.join("a"), "one").unwrap();
        let first = of(&folder);

        fs::write(folder.join("dist/result"), "new").unwrap();
        assert_eq!(of(&folder), first, "a result is no input");

        fs::rename(folder.join("a"), folder.join("b")).unwrap();
        let renamed = of(&folder);
        assert_ne!(renamed, first);

        fs::write(folder.join("b"), "two").unwrap();
        assert_ne!(of(&folder), renamed);
        assert_ne!(
            Fingerprint::new().word("2").path(&folder).unwrap().text(),
            of(&folder)
        );

        let stamp = folder.join("dist/stamp");
        let now = Fingerprint::new().path(&folder).unwrap();
        assert!(!now.matches(&stamp));
        now.write(&stamp).unwrap();
        assert!(now.matches(&stamp));
        fs::remove_dir_all(&folder).unwrap();
    }
}
