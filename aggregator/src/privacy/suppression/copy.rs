//! The copy of who was erased, in the data folder: whoever restores a database from before an erasure has it still.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Suppressed;
use crate::error::{Code, Error, Result};
use crate::vault::key_file::put;
use crate::vault::{Place, Vault, is_sealed};

/// Where the key is in the file.
const PLACE: Place<'static> = Place {
    table: "suppressions.json",
    column: "key",
    row: "",
};

/// What the file says. Without the database nobody can tell from it who anybody was.
#[derive(Serialize, Deserialize)]
pub(super) struct Copy {
    /// Sealed in the file; in files of before it is not.
    pub(super) key: String,
    pub(super) suppressed: Vec<Suppressed>,
}

/// Reads the file; `None` where there is none.
pub(super) fn read(path: &Path, vault: &Vault) -> Result<Option<Copy>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::internal(error)),
    };
    let mut copy: Copy = serde_json::from_slice(&bytes)?;
    if is_sealed(&copy.key) {
        copy.key = vault.open(PLACE, &copy.key).map_err(|error| Error {
            cause: error.cause,
            ..Error::new(
                Code::Internal,
                format!(
                    "{} does not open with this key: give the key that it was written with, beside the one in use (two keys, one a line), or put the right file back",
                    path.display()
                ),
            )
        })?;
    }
    Ok(Some(copy))
}

/// Seals the file's key with the key that seals now.
pub(super) fn seal_anew(path: &Path, vault: &Vault) -> Result<()> {
    match read(path, vault)? {
        Some(copy) => write(path, vault, &copy.key, copy.suppressed),
        None => Ok(()),
    }
}

/// Writes the file anew. Whenever the process ends, the former or the new one is there, whole.
pub(super) fn write(
    path: &Path,
    vault: &Vault,
    key: &str,
    suppressed: Vec<Suppressed>,
) -> Result<()> {
    if suppressed.is_empty() && !path.exists() {
        return Ok(());
    }
    let copy = Copy {
        key: vault.seal(PLACE, key)?,
        suppressed,
    };
    let text = serde_json::to_vec(&copy)?;
    put(path, &text).map_err(Error::internal)
}
