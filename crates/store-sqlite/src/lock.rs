//! Who decides: one process per file, held by a lock that ends with the process.
//!
//! The lock is on a file of its own: closing any descriptor of the database would drop SQLite's own locks on it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Most of a holder's text that is read.
const LONGEST: u64 = 1024;

/// Held as long as this lives.
#[derive(Debug)]
pub struct RoleLock {
    _file: File,
}

/// Why the lock was not taken.
#[derive(Debug, Error)]
pub enum LockError {
    /// Somebody has it.
    #[error("{path} is held by {holder}; stop that one first")]
    Held {
        /// The lock file.
        path: PathBuf,
        /// What the holder says of itself.
        holder: String,
    },
    /// The file cannot be opened or written.
    #[error("lock file {path}: {error}")]
    File {
        /// The lock file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl RoleLock {
    /// Takes the lock at once or not at all. `holder` is for people: process, role, since when.
    pub fn acquire(path: &Path, holder: &str) -> Result<Self, LockError> {
        let failed = |error| LockError::File {
            path: path.to_owned(),
            error,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held {
                    path: path.to_owned(),
                    holder: read(&mut file),
                });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{holder}")
        };
        write(&mut file).map_err(failed)?;
        Ok(Self { _file: file })
    }

    /// Where the lock of a database stands.
    pub fn path_of(database: &Path) -> PathBuf {
        let mut name = database.as_os_str().to_owned();
        name.push(".lock");
        name.into()
    }
}

fn read(file: &mut File) -> String {
    let mut text = String::new();
    match file.take(LONGEST).read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => text.trim().to_owned(),
        // It has the lock and has not written yet, or writes what is not text.
        _ => "a process that does not say which".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_the_first_is_and_may_follow_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = RoleLock::path_of(&directory.path().join("clearwalk.db"));
        let first = RoleLock::acquire(&path, "process 7, serve").unwrap();
        let error = RoleLock::acquire(&path, "process 8, serve")
            .unwrap_err()
            .to_string();
        assert!(error.contains("process 7, serve"), "{error}");
        drop(first);
        RoleLock::acquire(&path, "process 8, serve").unwrap();
    }
}
