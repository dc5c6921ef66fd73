//! The store on SQLite: stream, ledgers, cases, notices and the audit log in one file.
//!
//! One connection writes and takes what waits together into one transaction ([`writer`]); a few others read. The file
//! is in WAL mode with `synchronous = FULL`: what is answered is on the disk. Leases of notices live in the memory of
//! the one process that dispatches, which holds the [`RoleLock`]; anybody else may append and read beside it.
//!
//! How a fact stays cheap: records of the stream and how they were read are compressed rows of many; a ledger is one
//! row that also holds its timer; rows are written by the hundred per statement; nothing that reads by time or outcome
//! has an index with random keys. Numbers and times come from outside: this crate has no clock, makes no id in SQL and
//! decides nothing. Phones, texts and requests are sealed before they get here ([`seal`]).

mod backup;
mod commit;
mod dispatch;
mod error;
mod heads;
mod incarnation;
mod intake;
pub mod key;
mod ladder;
mod lock;
mod log;
mod open;
mod quarantine;
mod read;
mod receipt;
mod seal;
mod words;
mod writer;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqlitePool};
use tokio::sync::watch;

use dispatch::Leases;
use error::Fault;
use writer::Writer;

pub use backup::{RestoreError, Restored, restore};
pub use lock::{LockError, RoleLock};
pub use open::{OpenError, Options, Status};
pub use seal::Keys;

/// The version of SQLite that is part of this binary.
pub fn sqlite_version() -> &'static str {
    libsqlite3_sys::SQLITE_VERSION.to_str().unwrap_or("unknown")
}

/// A store in one SQLite file.
pub struct SqliteStore {
    path: PathBuf,
    schema: i64,
    keys: Keys,
    writer: Writer,
    readers: SqlitePool,
    /// The end of the stream as far as this process has written it.
    end: Arc<watch::Sender<u64>>,
    sources: Arc<Mutex<Sources>>,
    leases: Arc<Mutex<Leases>>,
    /// Counts what is sent, in a process that sends.
    sent: OnceLock<Arc<incarnation::sidecar::Sidecar>>,
}

/// Senders by name, as `identity` numbers them; none is ever removed or renumbered.
pub(crate) type Sources = HashMap<Arc<str>, i64>;

impl SqliteStore {
    fn new(path: PathBuf, schema: i64, keys: Keys, writer: Writer, readers: SqlitePool) -> Self {
        Self {
            path,
            schema,
            keys,
            writer,
            readers,
            end: Arc::new(watch::Sender::new(0)),
            sources: Arc::default(),
            leases: Arc::default(),
            sent: OnceLock::new(),
        }
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Ends all work and closes the file; returns once everything that was begun is on the disk.
    pub async fn close(self) {
        self.writer.close().await;
        self.readers.close().await;
    }

    async fn reader(&self) -> Result<PoolConnection<Sqlite>, Fault> {
        Ok(self.readers.acquire().await?)
    }
}
