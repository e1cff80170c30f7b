//! The data folder: who may use it, and what is in it.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// A data folder that this process alone uses until the value is dropped.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    _lock: File,
}

/// Why a data folder cannot be used, and what to do.
#[derive(Debug)]
pub(crate) struct DataDirError(String);

impl std::fmt::Display for DataDirError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for DataDirError {}

impl DataDir {
    /// Makes the folder if need be, checks that it can be written to and takes its lock.
    pub(crate) fn take(path: &Path) -> Result<Self, DataDirError> {
        let shown = path.display();
        let unwritable = |error: std::io::Error| {
            DataDirError(format!(
                "cannot write to the data folder {shown}: {error}. Give a folder that this user may write to with --data-dir"
            ))
        };
        DirBuilder::new()
            .recursive(true)
            // The database holds people's data and the edge's secret.
            .mode(0o700)
            .create(path)
            .map_err(unwritable)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path.join("headwater.lock"))
            .map_err(unwritable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(DataDirError(format!(
                    "the data folder {shown} is in use by another headwater{}. Stop that one first, or give another folder with --data-dir",
                    owner(path)
                )));
            }
            Err(TryLockError::Error(error)) => return Err(unwritable(error)),
        }
        // The number is only for the message above; the lock itself is the operating system's.
        let mut file = &lock;
        file.set_len(0)
            .and_then(|()| write!(file, "{}", std::process::id()))
            .map_err(unwritable)?;
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

fn owner(path: &Path) -> String {
    let number = fs::read_to_string(path.join("headwater.lock")).unwrap_or_default();
    if number.is_empty() {
        String::new()
    } else {
        format!(" (process {number})")
    }
}
