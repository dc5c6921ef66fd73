//! Copies of the database: made while it is in use, marked as copies, checked before anybody relies on them.
//!
//! A copy knows that it is one: put in the place of the database in whatever way, it sends nothing until somebody has asked
//! what was sent since. The keys that open what is sealed are in no copy.

mod restore;

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use engine::time::Timestamp;
use ports::store::StoreError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Row as _, SqliteConnection};

use crate::SqliteStore;
use crate::error::Fault;
use crate::incarnation::Mark;
use crate::writer::Job as _;

pub use restore::{RestoreError, Restored, restore};

/// Who marks a copy.
const BY: &str = "clearwalk db backup";

impl SqliteStore {
    /// Writes a copy that can be opened by itself; other work goes on meanwhile. Nothing is at `to` until the copy is whole,
    /// checked and on the disk. What is there already is replaced only where `replace` says so.
    pub async fn backup(&self, to: &Path, replace: bool, now: Timestamp) -> Result<(), StoreError> {
        let taken = || StoreError::Conflict(format!("{} exists already", to.display()));
        if to.exists() && !replace {
            return Err(taken());
        }
        let draft = ending(to, ".partial");
        let written = self.write_copy(&draft, now).await;
        let placed = match written {
            Ok(()) => place(&draft, to, replace).map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => taken(),
                _ => unwritable(to, &error),
            }),
            Err(error) => Err(error),
        };
        if placed.is_err() {
            // That a draft stays behind is not the news.
            let _left = std::fs::remove_file(&draft);
        }
        placed
    }

    async fn write_copy(&self, draft: &Path, now: Timestamp) -> Result<(), StoreError> {
        let Some(target) = draft.to_str() else {
            return Err(StoreError::Conflict(format!(
                "{} is not a path in UTF-8",
                draft.display()
            )));
        };
        // Only its owner may read it, from the first byte on.
        fresh_file(draft).map_err(|error| unwritable(draft, &error))?;
        self.vacuum_into(target).await?;
        let mut copy = open_plainly(draft).await?;
        let mark = Mark::new(&format!("it is a copy of {now}"), BY, now)?;
        mark_as_copy(&mut copy, mark).await?;
        if let Some(wrong) = check(&mut copy).await? {
            return Err(StoreError::Corrupt(format!("the copy is not whole: {wrong}")));
        }
        copy.close().await.map_err(Fault::from)?;
        force(draft).map_err(|error| unwritable(draft, &error))
    }

    async fn vacuum_into(&self, target: &str) -> Result<(), Fault> {
        let mut conn = self.reader().await?;
        sqlx::query("PRAGMA query_only = off").execute(&mut *conn).await?;
        let written = sqlx::query("VACUUM INTO ?1")
            .bind(target)
            .execute(&mut *conn)
            .await;
        // Not given back to the pool, whose connections write nothing.
        let closed = conn.detach().close().await;
        written?;
        closed?;
        Ok(())
    }
}

/// A connection without a write-ahead log: what it commits is in the file.
async fn open_plainly(path: &Path) -> Result<SqliteConnection, Fault> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Delete)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(false)
        .disable_statement_logging();
    Ok(options.connect().await?)
}

/// In one transaction.
async fn mark_as_copy(conn: &mut SqliteConnection, mut mark: Mark) -> Result<(), Fault> {
    let mut transaction = conn.begin_with("BEGIN IMMEDIATE").await?;
    mark.run(&mut transaction).await?;
    transaction.commit().await?;
    Ok(())
}

/// What is wrong with the pages and rows of a database; none: nothing.
async fn check(conn: &mut SqliteConnection) -> Result<Option<String>, Fault> {
    let rows = sqlx::query("PRAGMA integrity_check(3)").fetch_all(conn).await?;
    let lines: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get(0)).collect();
    let found = lines?.join("; ");
    Ok((found != "ok").then_some(found))
}

/// An empty file for nobody else's eyes, whatever was there.
fn fresh_file(path: &Path) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Gives a whole file its name, in one step; a name that is taken is an error unless it is to be replaced.
fn place(draft: &Path, to: &Path, replace: bool) -> io::Result<()> {
    if replace {
        std::fs::rename(draft, to)?;
    } else {
        std::fs::hard_link(draft, to)?;
        std::fs::remove_file(draft)?;
    }
    force_folder(to)
}

/// Returns once a file is on the disk.
fn force(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Returns once the names in the folder of a file are on the disk.
pub(crate) fn force_folder(of: &Path) -> io::Result<()> {
    let folder = of.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

fn ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn unwritable(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", path.display()))
}
