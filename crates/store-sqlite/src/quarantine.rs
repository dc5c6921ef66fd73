//! Records that were set aside: found by the batches that hold such, and handled in one transaction with all that follows.

use std::sync::Arc;

use async_trait::async_trait;
use engine::time::Timestamp;
use ports::quarantine::{Deed, Handled, Handling, NewHandling, Outcome, QuarantineStore};
use ports::read::StoredRecord;
use ports::store::StoreError;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use tokio::sync::watch;

use crate::SqliteStore;
use crate::commit;
use crate::error::{Fault, corrupt};
use crate::intake::insert_inner;
use crate::log::{self, Chunk};
use crate::read::append_audit;
use crate::writer::Job;

const COLUMNS: &str = "position, redriven, is_corrected, at, by, reason, key, print";

#[async_trait]
impl QuarantineStore for SqliteStore {
    async fn aside(&self, after: u64, limit: usize) -> Result<Vec<StoredRecord>, StoreError> {
        Ok(aside(&mut *self.reader().await?, after, limit).await?)
    }

    async fn handlings(&self, first: u64, last: u64) -> Result<Vec<Handling>, StoreError> {
        Ok(handlings(&mut *self.reader().await?, first, last).await?)
    }

    async fn handle(&self, new: &NewHandling) -> Result<Handled, StoreError> {
        let chunks = match &new.deed {
            Deed::Redrive { record, .. } => log::packed(std::slice::from_ref(record)).await?,
            Deed::Drop => Vec::new(),
        };
        let handle = Handle {
            new: new.clone(),
            chunks,
            end: self.end.clone(),
        };
        Ok(self.writer.write(handle).await?.0)
    }
}

async fn aside(conn: &mut SqliteConnection, after: u64, limit: usize) -> Result<Vec<StoredRecord>, Fault> {
    let mut found = Vec::new();
    let mut next = after + 1;
    while found.len() < limit {
        // The batch of `next` itself may begin before it.
        let query = sqlx::query(
            "SELECT first, n, records FROM segment
             WHERE n > 0 AND (aside IS NULL OR aside > 0)
               AND first >= COALESCE((SELECT MAX(first) FROM segment
                    WHERE n > 0 AND (aside IS NULL OR aside > 0) AND first <= ?1), ?1)
               AND first + n > ?1
             ORDER BY first LIMIT 1",
        );
        let Some(row) = query.bind(next as i64).fetch_optional(&mut *conn).await? else {
            break;
        };
        let (first, count): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        let segment = commit::unpack(first as u64, count as usize, row.try_get(2)?)?;
        let room = limit - found.len();
        let wanted = segment
            .into_iter()
            .filter(|record| record.position >= next && record.disposition.is_set_aside());
        found.extend(wanted.take(room));
        next = (first + count) as u64;
    }
    Ok(found)
}

async fn handlings(conn: &mut SqliteConnection, first: u64, last: u64) -> Result<Vec<Handling>, Fault> {
    let query = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM handling WHERE position BETWEEN ?1 AND ?2 ORDER BY position"
    )));
    let rows = query.bind(first as i64).bind(last as i64).fetch_all(conn).await?;
    rows.iter().map(to_handling).collect()
}

fn to_handling(row: &SqliteRow) -> Result<Handling, Fault> {
    let redriven: Option<i64> = row.try_get(1)?;
    let is_corrected = row.try_get::<i64, _>(2)? != 0;
    let outcome = redriven.map_or(Outcome::Dropped, |position| Outcome::Redriven {
        position: position as u64,
        is_corrected,
    });
    Ok(Handling {
        position: row.try_get::<i64, _>(0)? as u64,
        outcome,
        at: Timestamp::from_micros(row.try_get(3)?),
        by: row.try_get::<&str, _>(4)?.into(),
        reason: row.try_get::<&str, _>(5)?.into(),
        key: hash(row, 6)?,
        print: hash(row, 7)?,
    })
}

fn hash(row: &SqliteRow, column: usize) -> Result<[u8; 32], Fault> {
    let bytes: &[u8] = row.try_get(column)?;
    bytes
        .try_into()
        .map_err(|_| corrupt("a hash of what was done about a record is not 32 bytes long"))
}

struct Handle {
    new: NewHandling,
    /// The re-driven record, packed before it has its turn.
    chunks: Vec<Chunk>,
    end: Arc<watch::Sender<u64>>,
}

#[async_trait]
impl Job for Handle {
    /// The answer, and the end of the stream where a record was appended.
    type Output = (Handled, Option<u64>);

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<Self::Output, Fault> {
        let query = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM handling WHERE position = ?1 OR key = ?2 ORDER BY position <> ?1 LIMIT 1"
        )));
        let query = query.bind(self.new.position as i64).bind(&self.new.key[..]);
        if let Some(row) = query.fetch_optional(&mut *conn).await? {
            return Ok((Handled::Before(to_handling(&row)?), None));
        }
        let (mut position, mut end) = (0, None);
        if let Deed::Redrive { wake, .. } = &self.new.deed {
            let (first, after) = log::append(conn, &self.chunks).await?;
            (position, end) = (first, Some(after));
            insert_inner(conn, self.new.at, wake.as_slice()).await?;
        }
        let handling = self.new.at_position(position);
        write(conn, &handling).await?;
        append_audit(conn, handling.audit()).await?;
        Ok((Handled::Done(handling), end))
    }

    fn committed(&mut self, (_, end): &Self::Output) {
        if let Some(end) = end {
            self.end.send_modify(|known| *known = (*known).max(*end));
        }
    }
}

async fn write(conn: &mut SqliteConnection, handling: &Handling) -> Result<(), Fault> {
    let (redriven, is_corrected) = match handling.outcome {
        Outcome::Redriven {
            position,
            is_corrected,
        } => (Some(position as i64), is_corrected),
        Outcome::Dropped => (None, false),
    };
    sqlx::query(
        "INSERT INTO handling (position, redriven, is_corrected, at, by, reason, key, print)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )
    .bind(handling.position as i64)
    .bind(redriven)
    .bind(is_corrected)
    .bind(handling.at.as_micros())
    .bind(&*handling.by)
    .bind(&*handling.reason)
    .bind(&handling.key[..])
    .bind(&handling.print[..])
    .execute(conn)
    .await?;
    Ok(())
}
