//! A copy takes the place of the database. It is checked and marked before anything moves; the old database is kept under
//! another name, and at no instant is there neither of them: a process that is killed leaves the old one or the new one.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use engine::time::Timestamp;
use ports::read::{NewAudit, ReadStore as _};
use ports::store::StoreError;
use sqlx::{Connection as _, Row as _};
use thiserror::Error;

use super::{check, ending, force, force_folder, fresh_file, mark_as_copy, open_plainly};
use crate::error::Fault;
use crate::incarnation::Mark;
use crate::{Keys, OpenError, Options, SqliteStore};

/// The files that SQLite keeps beside a database in use.
const SIDES: [&str; 2] = ["-wal", "-shm"];

/// Why nothing was restored. The database is as it was.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// A file cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// No database, or one that is not whole.
    #[error("{path} is not whole: {wrong}")]
    Damaged {
        /// The copy.
        path: PathBuf,
        /// What is wrong, in SQLite's words.
        wrong: String,
    },
    /// Not a database that this release can use.
    #[error(transparent)]
    Schema(OpenError),
    /// The keys of this installation do not open what is sealed in the copy.
    #[error("the key file does not open what is sealed in {path}: {error}")]
    Keys {
        /// The copy.
        path: PathBuf,
        /// Why.
        error: StoreError,
    },
    /// Another process has the present database open.
    #[error("{0} is in use by another process; end it first")]
    InUse(PathBuf),
    /// Anything else.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Where the replaced database is kept; none: there was none.
    pub kept: Option<PathBuf>,
    /// Why nothing is sent for now.
    pub reason: String,
}

/// Puts the copy `from` in the place of `database`. The caller holds the lock of the database.
pub async fn restore(
    database: &Path,
    from: &Path,
    keys: Keys,
    by: &str,
    now: Timestamp,
) -> Result<Restored, RestoreError> {
    let draft = ending(database, ".restoring");
    let prepared = prepare(&draft, from, keys, by, now).await;
    let done = match prepared {
        Ok(reason) => swap(database, &draft).await.map(|kept| Restored { kept, reason }),
        Err(error) => Err(error),
    };
    if done.is_err() {
        for side in ["", "-wal", "-shm", "-journal"] {
            // The reason is the news, not what stays behind.
            let _left = std::fs::remove_file(ending(&draft, side));
        }
    }
    let _left = std::fs::remove_file(ending(&draft, ".migrating"));
    done
}

/// A whole, marked database with this release's schema; answers why it sends nothing.
async fn prepare(
    draft: &Path,
    from: &Path,
    keys: Keys,
    by: &str,
    now: Timestamp,
) -> Result<String, RestoreError> {
    for side in SIDES {
        remove(&ending(draft, side))?;
    }
    copy(from, draft)?;
    // A copy that was made by other means may come with a log of what is not in the file yet.
    let log = ending(from, "-wal");
    if log.exists() {
        copy(&log, &ending(draft, "-wal"))?;
    }
    let damaged = |wrong: String| RestoreError::Damaged {
        path: from.to_owned(),
        wrong,
    };
    let mut conn = open_plainly(draft).await.map_err(|fault| damaged(said(fault)))?;
    if let Some(wrong) = check(&mut conn).await.map_err(|fault| damaged(said(fault)))? {
        return Err(damaged(wrong));
    }
    conn.close().await.map_err(|error| damaged(error.to_string()))?;
    let options = Options {
        keys,
        create: false,
        migrate: true,
    };
    let store = SqliteStore::open(&format!("sqlite:{}", draft.display()), options).await;
    let store = store.map_err(|error| match error {
        OpenError::Sql { error, .. } => damaged(error.to_string()),
        other => RestoreError::Schema(other),
    })?;
    let noted = note(&store, from, by, now).await;
    store.close().await;
    noted?;
    let mut conn = open_plainly(draft).await.map_err(StoreError::from)?;
    let mark = Mark::new(&format!("a copy was put back at {now}"), by, now)?;
    mark_as_copy(&mut conn, mark).await.map_err(StoreError::from)?;
    let query = sqlx::query("SELECT pause_reason FROM provider WHERE name = '*'");
    let row = query.fetch_one(&mut conn).await.map_err(sql)?;
    let reason = row.try_get(0).map_err(sql)?;
    conn.close().await.map_err(sql)?;
    force(draft).map_err(|error| file(draft, error))?;
    Ok(reason)
}

/// Whether the keys are those of the copy; and an entry in its audit log.
async fn note(store: &SqliteStore, from: &Path, by: &str, now: Timestamp) -> Result<(), RestoreError> {
    store.try_keys().await.map_err(|error| RestoreError::Keys {
        path: from.to_owned(),
        error,
    })?;
    let name = from.file_name().unwrap_or_default().to_string_lossy();
    let entry = NewAudit {
        at: now,
        actor: by.into(),
        action: "db.restore".into(),
        object: "store".into(),
        before: None,
        after: Some(format!("restored from {name}").into()),
    };
    Ok(store.append_audit(&entry).await?)
}

impl SqliteStore {
    /// Opens one sealed value, if there is any.
    async fn try_keys(&self) -> Result<(), StoreError> {
        let newest = ports::read::NoticeFilter {
            newest_first: true,
            ..Default::default()
        };
        // Those that were sent hold a text and a recipient.
        self.notices(&newest, 1_000).await.map(drop)
    }
}

/// The draft becomes the database; answers where the old one is.
async fn swap(database: &Path, draft: &Path) -> Result<Option<PathBuf>, RestoreError> {
    let kept = if database.exists() {
        let is_settled = settle(database).await?;
        let kept = keep(database)?;
        if !is_settled {
            // It cannot be opened, so its log is kept with it: beside the new database it would be taken for its own.
            for side in SIDES {
                let (from, to) = (ending(database, side), ending(&kept, side));
                if from.exists() {
                    std::fs::rename(&from, &to).map_err(|error| file(&to, error))?;
                }
            }
        }
        Some(kept)
    } else {
        None
    };
    std::fs::rename(draft, database).map_err(|error| file(database, error))?;
    force_folder(database).map_err(|error| file(database, error))?;
    Ok(kept)
}

/// Moves the log of the old database into it, so that the one file is all of it. False: it is too broken to be opened.
async fn settle(database: &Path) -> Result<bool, RestoreError> {
    let mut conn = match open_plainly(database).await {
        Ok(conn) => conn,
        Err(fault) if is_busy(&fault) => return Err(RestoreError::InUse(database.to_owned())),
        Err(_) => return Ok(false),
    };
    // Opening it does not read it; this does.
    let read = sqlx::query("SELECT COUNT(*) FROM sqlite_schema")
        .fetch_one(&mut conn)
        .await;
    let closed = conn.close().await;
    Ok(read.is_ok() && closed.is_ok())
}

/// Whether another process has it open.
fn is_busy(fault: &Fault) -> bool {
    const SQLITE_BUSY: u32 = 5;
    const SQLITE_LOCKED: u32 = 6;
    let Fault::Sql(sqlx::Error::Database(error)) = fault else {
        return false;
    };
    let code = error.code().and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| [SQLITE_BUSY, SQLITE_LOCKED].contains(&(code & 0xff)))
}

/// Gives the old database a second name that nothing has yet.
fn keep(database: &Path) -> Result<PathBuf, RestoreError> {
    for number in 1_u32.. {
        let kept = if number == 1 {
            ending(database, ".before-restore")
        } else {
            ending(database, &format!(".before-restore.{number}"))
        };
        match std::fs::hard_link(database, &kept) {
            Ok(()) => {
                force_folder(&kept).map_err(|error| file(&kept, error))?;
                return Ok(kept);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            // A file system without second names.
            Err(error) if error.kind() == ErrorKind::Unsupported && !kept.exists() => {
                copy(database, &kept)?;
                return Ok(kept);
            }
            Err(error) => return Err(file(&kept, error)),
        }
    }
    Err(file(
        database,
        io::Error::other("there are too many kept databases"),
    ))
}

/// A copy that is on the disk, for its owner's eyes only.
fn copy(from: &Path, to: &Path) -> Result<(), RestoreError> {
    let mut source = File::open(from).map_err(|error| file(from, error))?;
    let mut target = fresh_file(to).map_err(|error| file(to, error))?;
    io::copy(&mut source, &mut target).map_err(|error| file(to, error))?;
    target.sync_all().map_err(|error| file(to, error))
}

fn remove(path: &Path) -> Result<(), RestoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(file(path, error)),
        _ => Ok(()),
    }
}

fn file(path: &Path, error: io::Error) -> RestoreError {
    RestoreError::File {
        path: path.to_owned(),
        error,
    }
}

fn sql(error: sqlx::Error) -> StoreError {
    Fault::from(error).into()
}

fn said(fault: Fault) -> String {
    StoreError::from(fault).to_string()
}
