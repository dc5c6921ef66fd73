//! The store of the settings, its keys, and the lock of whoever decides.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use store_sqlite::key::{self, KeyError};
use store_sqlite::{LockError, OpenError, Options, RoleLock, SqliteStore};

use crate::config::Settings;
use crate::failure::{Code, Failure};
use crate::instant;

/// What the caller may do to the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Make it when there is none, and bring its schema up to date.
    Make,
    /// Neither.
    Use,
}

/// Opens the store of the settings.
pub(crate) async fn open(settings: &Settings, access: Access) -> Result<Arc<SqliteStore>, Failure> {
    let database = &settings.database;
    let make = access == Access::Make;
    if !make && !database.exists() {
        return Err(missing(database));
    }
    let options = Options {
        keys: keys(settings)?,
        create: make,
        migrate: make,
    };
    let address = format!("sqlite:{}", database.display());
    Ok(Arc::new(SqliteStore::open(&address, options).await?))
}

/// Closes the store, which tidies its write-ahead log away. Everything is on the disk already, so that where somebody else
/// still has it open, nothing is lost by leaving it so.
pub(crate) async fn close(store: Arc<SqliteStore>) {
    if let Some(store) = Arc::into_inner(store) {
        store.close().await;
    }
}

fn missing(database: &Path) -> Failure {
    Failure::new(Code::NotFound, format_args!("there is no store at {}", database.display()))
        .hint("`clearwalk serve`, `clearwalk import` and `clearwalk db migrate` make one; or name another by --config")
}

/// Where the keys stand: beside the database unless told otherwise.
pub(crate) fn key_file(settings: &Settings) -> PathBuf {
    match &settings.key_file {
        Some(path) => path.clone(),
        None => settings.database.with_extension("key"),
    }
}

/// Reads the keys. They are made only together with the store: beside an existing one, a new key would leave all that is
/// sealed unreadable, and nobody would notice.
fn keys(settings: &Settings) -> Result<store_sqlite::Keys, Failure> {
    let path = key_file(settings);
    let is_fresh = std::fs::metadata(&settings.database).map_or(true, |file| file.len() == 0);
    let keys = if is_fresh || path.exists() {
        key::load_or_create(&path)
    } else {
        let message = format_args!(
            "the store {} is there and its key file {} is not",
            settings.database.display(),
            path.display()
        );
        return Err(Failure::configuration(message)
            .hint("put the key file back from its backup; see `store.key_file`"));
    };
    keys.map_err(|error| match error {
        KeyError::File { .. } | KeyError::Random(_) => Failure::new(Code::Failure, error),
        KeyError::Line { .. } | KeyError::Empty(_) | KeyError::Twins(_) => Failure::configuration(error),
    })
}

/// Takes the lock of whoever decides on this store; it ends with the process.
pub(crate) fn take_lock(settings: &Settings, command: &str) -> Result<RoleLock, LockError> {
    RoleLock::acquire(&RoleLock::path_of(&settings.database), &holder(command))
}

/// What this process says of itself to others.
pub(crate) fn holder(command: &str) -> String {
    format!(
        "clearwalk {command} (process {}) since {}",
        std::process::id(),
        instant::now()
    )
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        let code = match &error {
            LockError::Held { .. } => Code::Conflict,
            LockError::File { .. } => Code::Failure,
        };
        Self::new(code, error)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let code = match &error {
            OpenError::Address(_)
            | OpenError::Older { .. }
            | OpenError::Newer { .. }
            | OpenError::Changed { .. } => Code::Configuration,
            OpenError::Missing(_) => Code::NotFound,
            OpenError::Create { .. } => Code::Failure,
            OpenError::Sql { .. } => Code::Unreachable,
        };
        Self::new(code, error)
    }
}
