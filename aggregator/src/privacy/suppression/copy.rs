//! The copy of who was erased, in the data folder: whoever restores a database from before an erasure has it still.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Suppressed;
use crate::error::{Error, Result};

/// What the file says. Without the database nobody can tell from it who anybody was.
#[derive(Serialize, Deserialize)]
pub(super) struct Copy {
    pub(super) key: String,
    pub(super) suppressed: Vec<Suppressed>,
}

/// Reads the file; `None` where there is none.
pub(super) fn read(path: &Path) -> Result<Option<Copy>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::internal(error)),
    }
}

/// Writes the file anew. Whenever the process ends, the former or the new one is there, whole.
pub(super) fn write(path: &Path, key: &str, suppressed: Vec<Suppressed>) -> Result<()> {
    if suppressed.is_empty() && !path.exists() {
        return Ok(());
    }
    let copy = Copy {
        key: key.to_owned(),
        suppressed,
    };
    let text = serde_json::to_vec(&copy)?;
    put(path, &text).map_err(Error::internal)
}

fn put(path: &Path, text: &[u8]) -> std::io::Result<()> {
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
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
