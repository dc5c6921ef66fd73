//! The key file: one line of 32 bytes in base64 per key, the newest first.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use crate::seal::Keys;

/// Why there are no keys. Never holds one.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The file cannot be read, or not be made.
    #[error("key file {path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A line is not a key.
    #[error("key file {path}, line {line}: expected 32 bytes in base64 (44 characters)")]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
    /// There is no line.
    #[error("key file {0} is empty; remove it to have a new one made, or restore it from your backup")]
    Empty(PathBuf),
    /// Two keys cannot be told apart.
    #[error("key file {0}: two keys have the same id; make another new key")]
    Twins(PathBuf),
    /// The system gives no randomness.
    #[error("no key can be made: {0}")]
    Random(getrandom::Error),
}

/// Reads the keys; a file that does not exist is made with one new key, readable by its owner only.
pub fn load_or_create(path: &Path) -> Result<Keys, KeyError> {
    let failed = |error| KeyError::File {
        path: path.to_owned(),
        error,
    };
    if !path.exists() {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(KeyError::Random)?;
        create(path, &STANDARD.encode(key)).map_err(failed)?;
    }
    load(path)
}

/// Reads the keys.
pub fn load(path: &Path) -> Result<Keys, KeyError> {
    let text = fs::read_to_string(path).map_err(|error| KeyError::File {
        path: path.to_owned(),
        error,
    })?;
    read(path, &text)
}

/// Reads what a key file says; `path` is for messages.
pub fn read(path: &Path, text: &str) -> Result<Keys, KeyError> {
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let keys = lines.map(|(number, line)| {
        let bytes = STANDARD.decode(line.trim()).ok();
        bytes
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
            .ok_or_else(|| KeyError::Line {
                path: path.to_owned(),
                line: number + 1,
            })
    });
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() {
        return Err(KeyError::Empty(path.to_owned()));
    }
    Keys::new(&keys).ok_or_else(|| KeyError::Twins(path.to_owned()))
}

/// Writes a new file in full or not at all: another process may make it at the same time, and then theirs counts.
fn create(path: &Path, line: &str) -> io::Result<()> {
    let draft = path.with_extension(format!("new-{}", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    writeln!(file, "{line}")?;
    file.sync_all()?;
    let linked = match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    };
    fs::remove_file(&draft)?;
    linked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::Place;

    #[test]
    fn a_key_is_made_once_and_kept_private() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("clearwalk.key");
        let first = load_or_create(&path).unwrap();
        let second = load_or_create(&path).unwrap();
        let sealed = first.seal(Place::Text, "n", b"x").unwrap();
        assert_eq!(second.open(Place::Text, "n", &sealed).unwrap(), b"x");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(
            fs::read_dir(directory.path()).unwrap().count(),
            1,
            "no draft is left"
        );
    }

    #[test]
    fn a_bad_line_is_named_and_not_shown() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        fs::write(&path, format!("{}\nsecret\n", STANDARD.encode([7; 32]))).unwrap();
        let error = load(&path).unwrap_err().to_string();
        assert!(error.contains("line 2") && !error.contains("secret"), "{error}");
        fs::write(&path, "\n").unwrap();
        assert!(matches!(load(&path), Err(KeyError::Empty(_))));
    }
}
