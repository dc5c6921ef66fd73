//! Opening a file: its settings, its schema, and what it says about itself.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{Migrate as _, MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Row as _, SqlSafeStr as _, SqliteConnection};
use thiserror::Error;

use engine::time::Timestamp;
use ports::store::StoreError;

use crate::SqliteStore;
use crate::error::Fault;
use crate::seal::Keys;
use crate::writer::Writer;

/// Connections that read beside the one that writes.
const READERS: u32 = 8;
/// How long a write waits for another process: an import may hold the file for a batch at a time.
const PATIENCE: Duration = Duration::from_secs(30);

/// How to open.
#[derive(Clone, Debug)]
pub struct Options {
    /// What seals phones and texts.
    pub keys: Keys,
    /// Make the file when there is none.
    pub create: bool,
    /// Bring an older schema up to date; otherwise it is refused.
    pub migrate: bool,
}

/// Why a store cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Not a file's address.
    #[error("store.url {0:?}: expected sqlite:PATH, and no parameters behind it")]
    Address(String),
    /// There is no such file.
    #[error("there is no store at {0}; `clearwalk serve` or `clearwalk db migrate` makes one")]
    Missing(PathBuf),
    /// The file cannot be made.
    #[error("the store at {path} cannot be made: {error}")]
    Create {
        /// Where.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The schema is older.
    #[error(
        "the store at {path} has schema {found}, this release needs {needed}; back it up and run `clearwalk db migrate`"
    )]
    Older {
        /// Where.
        path: PathBuf,
        /// Its schema; 0: none.
        found: i64,
        /// Ours.
        needed: i64,
    },
    /// The schema is newer, or is not ours.
    #[error(
        "the store at {path} has schema {found}, which this release does not know (it knows up to {known}); use the release that wrote it"
    )]
    Newer {
        /// Where.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The schema was changed by somebody else.
    #[error("the store at {path} was made by another schema {version} than that of this release")]
    Changed {
        /// Where.
        path: PathBuf,
        /// Which step.
        version: i64,
    },
    /// SQLite says no.
    #[error("the store at {path} cannot be opened: {error}")]
    Sql {
        /// Where.
        path: PathBuf,
        /// Why.
        error: sqlx::Error,
    },
}

/// What a store says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its schema.
    pub schema: i64,
    /// The schema that this release writes.
    pub schema_of_release: i64,
    /// SQLite's version.
    pub sqlite: String,
    /// Bytes of the database.
    pub size: u64,
    /// Bytes of it that hold nothing.
    pub free: u64,
    /// Bytes of the write-ahead log.
    pub wal: u64,
    /// Batches in the chain of decisions.
    pub batches: u64,
    /// When the last of them was committed.
    pub last_batch: Option<Timestamp>,
}

impl SqliteStore {
    /// Opens a store: `sqlite:PATH` or a path.
    pub async fn open(address: &str, options: Options) -> Result<Self, OpenError> {
        let path = path_of(address)?;
        if !path.exists() {
            if !options.create {
                return Err(OpenError::Missing(path));
            }
            create(&path).map_err(|error| OpenError::Create {
                path: path.clone(),
                error,
            })?;
        }
        let failed = |error| OpenError::Sql {
            path: path.clone(),
            error,
        };
        let settings = settings(&path);
        let writing = settings.clone().pragma("cache_size", "-262144");
        let mut writer = writing.connect().await.map_err(failed)?;
        let schema = migrate(&mut writer, &path, options.migrate).await?;
        let reading = settings.pragma("cache_size", "-32768").pragma("query_only", "on");
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(PATIENCE)
            .connect_with(reading)
            .await
            .map_err(failed)?;
        let writer = Writer::start(writer, writing);
        Ok(Self::new(path, schema, options.keys, writer, readers))
    }

    /// What the store says about itself.
    pub async fn status(&self) -> Result<Status, StoreError> {
        Ok(self.read_status().await?)
    }

    async fn read_status(&self) -> Result<Status, Fault> {
        let mut conn = self.reader().await?;
        let query = sqlx::query(
            "SELECT sqlite_version(), page_size * page_count, page_size * freelist_count,
                (SELECT next - 1 FROM head WHERE name = 'batch'), (SELECT at FROM segment ORDER BY batch DESC LIMIT 1)
             FROM pragma_page_size(), pragma_page_count(), pragma_freelist_count()",
        );
        let row = query.fetch_one(&mut *conn).await?;
        let mut wal = self.path().as_os_str().to_owned();
        wal.push("-wal");
        Ok(Status {
            schema: self.schema,
            schema_of_release: newest(),
            sqlite: row.try_get(0)?,
            size: row.try_get::<i64, _>(1)? as u64,
            free: row.try_get::<i64, _>(2)? as u64,
            wal: std::fs::metadata(PathBuf::from(wal)).map_or(0, |file| file.len()),
            batches: row.try_get::<i64, _>(3)? as u64,
            last_batch: row.try_get::<Option<i64>, _>(4)?.map(Timestamp::from_micros),
        })
    }
}

fn path_of(address: &str) -> Result<PathBuf, OpenError> {
    let wrong = || OpenError::Address(address.to_owned());
    let path = match address.strip_prefix("sqlite:") {
        Some(rest) => rest.strip_prefix("//").unwrap_or(rest),
        None if address.contains("://") => return Err(wrong()),
        None => address,
    };
    if path.is_empty() || path.contains('?') || path.starts_with(':') {
        return Err(wrong());
    }
    Ok(path.into())
}

/// The file holds plates: only its owner may read it. SQLite gives its side files the same rights.
fn create(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn settings(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
        .foreign_keys(false)
        .pragma("wal_autocheckpoint", "65536")
        .pragma("temp_store", "memory")
        .statement_cache_capacity(256)
        .row_buffer_size(1024)
        .disable_statement_logging()
}

fn migrator() -> Migrator {
    let step = |version, description: &'static str, text: &'static str| {
        Migration::new(
            version,
            description.into(),
            MigrationType::Simple,
            text.into_sql_str(),
            false,
        )
    };
    Migrator::with_migrations(vec![
        step(1, "store", include_str!("../migrations/0001_store.sql")),
        step(2, "receipts", include_str!("../migrations/0002_receipts.sql")),
        step(3, "recipients", include_str!("../migrations/0003_recipients.sql")),
        step(4, "quarantine", include_str!("../migrations/0004_quarantine.sql")),
        step(
            5,
            "incarnation",
            include_str!("../migrations/0005_incarnation.sql"),
        ),
        step(
            6,
            "restored at",
            include_str!("../migrations/0006_restored_at.sql"),
        ),
        step(7, "expiry", include_str!("../migrations/0007_expiry.sql")),
        step(8, "heard", include_str!("../migrations/0008_heard.sql")),
    ])
}

fn newest() -> i64 {
    migrator().iter().map(|step| step.version).max().unwrap_or(0)
}

/// Brings the schema up to date, or says why not; says which one it is.
async fn migrate(conn: &mut SqliteConnection, path: &Path, may_migrate: bool) -> Result<i64, OpenError> {
    let migrator = migrator();
    let needed = newest();
    let failed = |error: MigrateError| {
        let path = path.to_owned();
        match error {
            MigrateError::VersionMismatch(version) => OpenError::Changed { path, version },
            MigrateError::VersionMissing(found) => OpenError::Newer {
                path,
                found,
                known: needed,
            },
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                OpenError::Sql { path, error }
            }
            other => OpenError::Sql {
                path,
                error: sqlx::Error::Configuration(other.into()),
            },
        }
    };
    let query = sqlx::query("SELECT 1 FROM sqlite_schema WHERE name = ?1").bind(&*migrator.table_name);
    let known = query.fetch_optional(&mut *conn).await;
    let known = known.map_err(|error| failed(MigrateError::Execute(error)))?;
    let mut found = 0;
    if known.is_some() {
        let applied = conn
            .list_applied_migrations(&migrator.table_name)
            .await
            .map_err(failed)?;
        for step in applied {
            found = found.max(step.version);
            match migrator.iter().find(|known| known.version == step.version) {
                None => return Err(failed(MigrateError::VersionMissing(step.version))),
                Some(known) if known.checksum != step.checksum => {
                    return Err(failed(MigrateError::VersionMismatch(step.version)));
                }
                Some(_) => {}
            }
        }
    }
    if found < needed {
        if !may_migrate {
            return Err(OpenError::Older {
                path: path.to_owned(),
                found,
                needed,
            });
        }
        // SQLite has no lock for this: of two processes that open a new file, one waits and then finds nothing to do.
        let _turn = turn(path).await?;
        migrator.run_direct(None, conn, false).await.map_err(failed)?;
    }
    Ok(needed)
}

/// Waits until no other process changes the schema; the turn ends when the file is closed.
async fn turn(path: &Path) -> Result<std::fs::File, OpenError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".migrating");
    let take = move || {
        let file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(PathBuf::from(name))?;
        file.lock()?;
        Ok(file)
    };
    let taken = tokio::task::spawn_blocking(take)
        .await
        .unwrap_or_else(|error| Err(std::io::Error::other(error)));
    taken.map_err(|error| OpenError::Sql {
        path: path.to_owned(),
        error: error.into(),
    })
}
