//! Which life of the store this is, and whether it is the one that sent last.
//!
//! A database that was put back in time would send again what its later life has sent. So before a process sends, it
//! compares the database with the file beside it ([`sidecar`]); where they differ, everything is paused until somebody has
//! asked the providers. Deciding goes on. What nobody can see from here: a snapshot of a whole disk takes both along.

mod adopt;
mod doubtful;
pub(crate) mod sidecar;
mod verdict;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use engine::time::Timestamp;
use ports::dispatch::ALL_PROVIDERS;
use ports::restore::RESTORED;
use ports::store::StoreError;
use sqlx::{Row as _, SqliteConnection};

use crate::SqliteStore;
use crate::error::Fault;
use crate::heads::Head;
use crate::writer::Job;
use sidecar::{FileMark, Line, Sidecar};
use verdict::{Known, Verdict};

/// Who pauses when no person does.
const BY: &str = "clearwalk";

impl SqliteStore {
    /// To be called once by a process that is about to send, while it holds the lock. Answers why everything is paused
    /// where this database may be older than what was sent.
    pub async fn begin_to_send(&self, now: Timestamp) -> Result<Option<String>, StoreError> {
        let known = self.known().await?;
        let path = sidecar::path_of(self.path());
        let unwritable = |error| unavailable(&path, &error);
        let found = sidecar::read(&path).map_err(unwritable)?;
        let file = FileMark::of(self.path()).map_err(|error| unavailable(self.path(), &error))?;
        let attempts = known.attempts;
        let (sidecar, doubt) = match verdict::judge(&known, found, file) {
            Verdict::Same(line) => (Sidecar::open(&path, line), None),
            Verdict::First => {
                let line = line(fresh_id()?, file, attempts);
                let made = Sidecar::create(&path, line.clone());
                // The database says so last: until then a start that was killed is the first one again.
                self.writer.write(SetId(line.incarnation)).await?;
                (made, None)
            }
            Verdict::Doubt(why) => {
                let mark = Mark::new(why, BY, now)?;
                let line = line(mark.id.clone(), file, attempts);
                // Paused first: a crash in between finds the two at odds again.
                let reason = self.writer.write(mark).await?;
                (Sidecar::create(&path, line), Some(reason))
            }
        };
        let sidecar = Arc::new(sidecar.map_err(unwritable)?);
        // A second call in one process would count on the same file.
        let _first = self.sent.set(sidecar);
        Ok(doubt)
    }

    /// Counts what was just committed, before it is sent. Without [`Self::begin_to_send`] nobody counts.
    pub(crate) async fn count_sent(&self) -> Result<(), StoreError> {
        let Some(sidecar) = self.sent.get().cloned() else {
            return Ok(());
        };
        let attempts = attempts(&mut *self.reader().await?).await?;
        let counted = tokio::task::spawn_blocking(move || sidecar.count(attempts)).await;
        let counted = counted.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        counted.map_err(|error| unavailable(&sidecar::path_of(self.path()), &error))
    }

    /// Makes the present file the one that sends, after somebody has released it; a process that sends has done so.
    async fn settle(&self) -> Result<(), StoreError> {
        let known = self.known().await?;
        let Some(id) = known.incarnation else {
            return Ok(());
        };
        let path = sidecar::path_of(self.path());
        let found = sidecar::read(&path).map_err(|error| unavailable(&path, &error))?;
        if matches!(&found, sidecar::Found::Line(line) if line.incarnation == id) {
            return Ok(());
        }
        let file = FileMark::of(self.path()).map_err(|error| unavailable(self.path(), &error))?;
        let made = Sidecar::create(&path, line(id, file, known.attempts));
        made.map(drop).map_err(|error| unavailable(&path, &error))
    }

    async fn known(&self) -> Result<Known, StoreError> {
        let mut conn = self.reader().await?;
        Ok(load(&mut conn).await?)
    }
}

fn unavailable(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", path.display()))
}

fn line(incarnation: String, file: FileMark, sent: u64) -> Line {
    Line {
        incarnation,
        file,
        sent,
    }
}

/// A name that no other life of a store has.
fn fresh_id() -> Result<String, StoreError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| StoreError::Unavailable(format!("the system has no randomness: {error}")))?;
    Ok(hex::encode(bytes))
}

async fn attempts(conn: &mut SqliteConnection) -> Result<u64, Fault> {
    Ok((Head::Attempt.next(conn).await? - 1) as u64)
}

async fn load(conn: &mut SqliteConnection) -> Result<Known, Fault> {
    let query = sqlx::query("SELECT id, EXISTS (SELECT 1 FROM notice) FROM incarnation WHERE one = 1");
    let row = query.fetch_one(&mut *conn).await?;
    Ok(Known {
        incarnation: row.try_get(0)?,
        has_notices: row.try_get(1)?,
        attempts: attempts(conn).await?,
    })
}

struct SetId(String);

#[async_trait]
impl Job for SetId {
    type Output = ();

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<(), Fault> {
        let query = sqlx::query("UPDATE incarnation SET id = ?1 WHERE one = 1 AND id IS NULL");
        query.bind(&self.0).execute(conn).await?;
        Ok(())
    }
}

/// Begins another life: everything is paused, and what was sent since the last submission is in doubt.
pub(crate) struct Mark {
    id: String,
    why: String,
    by: Arc<str>,
    at: Timestamp,
}

impl Mark {
    pub(crate) fn new(why: &str, by: &str, at: Timestamp) -> Result<Self, StoreError> {
        Ok(Self {
            id: fresh_id()?,
            why: format!("{RESTORED}: {why}; see `clearwalk sms reconcile`"),
            by: by.into(),
            at,
        })
    }
}

#[async_trait]
impl Job for Mark {
    /// Why everything is paused: the first reason stands.
    type Output = String;

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<String, Fault> {
        sqlx::query(
            "UPDATE incarnation SET id = ?1, lost_since = COALESCE(lost_since,
                (SELECT submitted_at FROM attempt ORDER BY sequence DESC LIMIT 1), 0), restored_at = ?2 WHERE one = 1",
        )
        .bind(&self.id)
        .bind(self.at.as_micros())
        .execute(&mut *conn)
        .await?;
        sqlx::query("DELETE FROM incarnation_cleared")
            .execute(&mut *conn)
            .await?;
        sqlx::query(
            "INSERT INTO provider (name, unknowns, pause_reason, pause_by, pause_at) VALUES (?1, 0, ?2, ?3, ?4)
             ON CONFLICT (name) DO UPDATE SET pause_reason = excluded.pause_reason, pause_by = excluded.pause_by,
                pause_at = excluded.pause_at
             WHERE pause_reason IS NULL OR pause_reason NOT LIKE ?5",
        )
        .bind(ALL_PROVIDERS)
        .bind(&self.why)
        .bind(&*self.by)
        .bind(self.at.as_micros())
        .bind(format!("{RESTORED}%"))
        .execute(&mut *conn)
        .await?;
        let query = sqlx::query("SELECT pause_reason FROM provider WHERE name = ?1").bind(ALL_PROVIDERS);
        Ok(query.fetch_one(conn).await?.try_get(0)?)
    }
}
