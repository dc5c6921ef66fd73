//! The stream of outside facts: rows of many records, compressed.

mod chunk;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ports::log::{Envelope, NewEnvelope, Stream};
use ports::store::StoreError;
use sqlx::{Row as _, SqliteConnection};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::SqliteStore;
use crate::error::Fault;
use crate::heads::Head;
use crate::writer::Job;

pub(crate) use chunk::Chunk;

/// How long a reader may not notice what another process appended.
const GLANCE: Duration = Duration::from_millis(100);

#[async_trait]
impl Stream for SqliteStore {
    async fn append(&self, records: &[NewEnvelope]) -> Result<u64, StoreError> {
        if records.is_empty() {
            return self.end().await;
        }
        let append = Append {
            chunks: packed(records).await?,
            end: self.end.clone(),
        };
        let (first, _) = self.writer.write(append).await?;
        Ok(first)
    }

    async fn read(&self, position: u64, limit: usize) -> Result<Vec<Envelope>, StoreError> {
        Ok(self.read_log(position, limit).await?)
    }

    async fn end(&self) -> Result<u64, StoreError> {
        let mut conn = self.reader().await?;
        Ok(Head::Log.next(&mut conn).await? as u64)
    }

    async fn wait_beyond(&self, position: u64, wait: Duration) -> Result<(), StoreError> {
        let until = Instant::now() + wait;
        let mut own = self.end.subscribe();
        // Our own appends wake at once; those of other processes are seen by looking.
        while self.end().await? <= position {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let appended = timeout(left.min(GLANCE), own.wait_for(|end| *end > position)).await;
            if appended.is_ok() {
                break;
            }
        }
        Ok(())
    }
}

impl SqliteStore {
    async fn read_log(&self, position: u64, limit: usize) -> Result<Vec<Envelope>, Fault> {
        let mut conn = self.reader().await?;
        let mut records = Vec::with_capacity(limit.min(chunk::MOST * 16));
        let mut next = position;
        while records.len() < limit {
            let rows = (limit - records.len()).div_ceil(chunk::MOST) + 1;
            let query = sqlx::query(
                "SELECT first, n, body FROM log
                 WHERE first >= COALESCE((SELECT MAX(first) FROM log WHERE first <= ?1), ?1)
                 ORDER BY first LIMIT ?2",
            );
            let rows = query
                .bind(next as i64)
                .bind(rows as i64)
                .fetch_all(&mut *conn)
                .await?;
            let before = records.len();
            for row in rows {
                let (first, count): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
                let body: &[u8] = row.try_get(2)?;
                chunk::unpack(first as u64, count as usize, body, next, limit, &mut records)?;
                next = records.last().map_or(next, |last: &Envelope| last.position + 1);
            }
            if records.len() == before {
                break;
            }
        }
        Ok(records)
    }
}

/// Records as their rows hold them.
pub(crate) async fn packed(records: &[NewEnvelope]) -> Result<Vec<Chunk>, StoreError> {
    if records.iter().any(|record| record.payload.len() > chunk::LONGEST) {
        let longest = chunk::LONGEST >> 20;
        return Err(StoreError::Conflict(format!(
            "a record is longer than {longest} MiB"
        )));
    }
    let copy: Vec<NewEnvelope> = records.to_vec();
    // Compression would keep a worker of the runtime from others.
    let packed = tokio::task::spawn_blocking(move || chunk::pack(&copy)).await;
    packed
        .map_err(|error| StoreError::Unavailable(format!("packing was stopped: {error}")))?
        .map_err(|error| StoreError::Conflict(format!("records cannot be packed: {error}")))
}

/// Writes the rows in the caller's transaction; says the first position, and the end.
pub(crate) async fn append(conn: &mut SqliteConnection, chunks: &[Chunk]) -> Result<(u64, u64), Fault> {
    let count = chunks.iter().map(|chunk| chunk.count).sum();
    let first = Head::Log.take(conn, count).await?;
    let mut at = first;
    for chunk in chunks {
        let query = sqlx::query("INSERT INTO log (first, n, body) VALUES (?1, ?2, ?3)");
        let query = query.bind(at).bind(chunk.count as i64).bind(&chunk.body[..]);
        query.execute(&mut *conn).await?;
        at += chunk.count as i64;
    }
    Ok((first as u64, at as u64))
}

struct Append {
    chunks: Vec<Chunk>,
    end: Arc<watch::Sender<u64>>,
}

#[async_trait]
impl Job for Append {
    /// The first position, and the end.
    type Output = (u64, u64);

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<Self::Output, Fault> {
        append(conn, &self.chunks).await
    }

    fn committed(&mut self, (_, end): &Self::Output) {
        self.end.send_modify(|known| *known = (*known).max(*end));
    }
}
