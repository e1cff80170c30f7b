//! Where the key comes from: the environment, a file that the operator names, or `secret.key` in the data folder, which the
//! first start makes.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use cdp_core::hex::hex;

use super::{Vault, words};
use crate::error::Result;
use crate::id;

/// The variable of the environment that may hold the key.
pub(crate) const VARIABLE: &str = "HEADWATER_SECRET_KEY";
/// The file of the data folder.
const NAME: &str = "secret.key";
/// What stands in the file above the keys.
const HEAD: &str = "# Seals Headwater's secrets in the database. Keep a copy, and keep it apart from copies of the database.\n";

/// Where keys are.
#[derive(Clone, Debug)]
pub(crate) enum KeySource {
    /// The text that the environment has.
    Environment(String),
    /// A file.
    File(PathBuf),
}

/// Why there is no key to work with, and what to do.
#[derive(Debug)]
pub(crate) struct KeyError(pub(crate) String);

impl KeySource {
    /// What an operator said, or else the file of the data folder; `None` where there is not even a folder.
    pub(crate) fn of(
        environment: Option<String>,
        file: Option<PathBuf>,
        folder: Option<&Path>,
    ) -> Option<Self> {
        let usual = || folder.map(|folder| Self::File(folder.join(NAME)));
        let given = environment.filter(|text| !text.trim().is_empty());
        file.map(Self::File)
            .or(given.map(Self::Environment))
            .or_else(usual)
    }

    /// The keys; `None` where the file is not there yet.
    ///
    /// # Errors
    /// What is wrong with the file or the variable.
    pub(crate) fn read(&self) -> Result<Option<Vault>, KeyError> {
        let text = match self {
            Self::Environment(text) => text.clone(),
            Self::File(path) => match fs::read_to_string(path) {
                Ok(text) => text,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => {
                    return Err(KeyError(format!("cannot read {}: {error}", self.name())));
                }
            },
        };
        let vault = Vault::read(&text);
        vault
            .map(Some)
            .map_err(|words| KeyError(format!("{} cannot be used: {words}", self.name())))
    }

    /// Makes a key and writes it before those that are in the file.
    ///
    /// # Errors
    /// Where the file cannot be written, or the operating system has no random bytes.
    pub(crate) fn make(&self) -> Result<(), KeyError> {
        self.rewrite(|words| {
            let fresh = id::random::<32>().map_err(|error| KeyError(error.to_string()))?;
            words.insert(0, hex(&fresh));
            Ok(())
        })
    }

    /// Takes all keys but the first out of the file.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub(crate) fn keep_first(&self) -> Result<(), KeyError> {
        self.rewrite(|words| {
            words.truncate(1);
            Ok(())
        })
    }

    fn rewrite(
        &self,
        change: impl FnOnce(&mut Vec<String>) -> Result<(), KeyError>,
    ) -> Result<(), KeyError> {
        let Self::File(path) = self else {
            return Err(KeyError(format!(
                "{} is the operator's to change",
                self.name()
            )));
        };
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
            other => other,
        };
        let failed =
            |error: std::io::Error| KeyError(format!("cannot write {}: {error}", path.display()));
        let text = text.map_err(failed)?;
        let mut words: Vec<String> = words(&text).map(str::to_owned).collect();
        change(&mut words)?;
        put(path, format!("{HEAD}{}\n", words.join("\n")).as_bytes()).map_err(failed)
    }

    /// What people call it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Environment(_) => VARIABLE.to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// Whether somebody else on the machine may read the file; how to mend that.
    pub(crate) fn exposed(&self) -> Option<String> {
        let Self::File(path) = self else { return None };
        let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
        (mode & 0o077 != 0).then(|| {
            format!(
                "{} can be read by others (mode {mode:o}): chmod 600 {}",
                path.display(),
                path.display()
            )
        })
    }
}

/// Writes a file that only this user may read. Whenever the process ends, the former or the new one is there, whole.
pub(crate) fn put(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let new = path.with_extension("new");
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    match path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
