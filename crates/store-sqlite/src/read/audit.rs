//! The audit log: what people did, one chain; what intake decided, another, made of the rows of its batches.

use std::sync::Arc;

use async_trait::async_trait;
use engine::time::Timestamp;
use ports::read::{AuditEntry, NewAudit};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use crate::commit::{self, DECISIONS, Span};
use crate::error::{Fault, corrupt};
use crate::writer::Job;

/// The chain of what people did. Chains are read in the order of their names.
const ACTIONS: &str = "actions";

pub(super) async fn after(
    conn: &mut SqliteConnection,
    after: Option<(Arc<str>, u64)>,
    limit: usize,
) -> Result<Vec<AuditEntry>, Fault> {
    let after_in = |chain: &str| match &after {
        None => Some(0),
        Some((name, sequence)) if **name == *chain => Some(*sequence),
        Some((name, _)) => (**name < *chain).then_some(0),
    };
    let mut entries = Vec::new();
    if let Some(sequence) = after_in(ACTIONS) {
        let query = sqlx::query(
            "SELECT sequence, at, actor, action, object, before, after, prev, hash FROM audit
             WHERE chain = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3",
        );
        let query = query.bind(ACTIONS).bind(sequence as i64).bind(limit as i64);
        for row in query.fetch_all(&mut *conn).await? {
            entries.push(to_action(&row)?);
        }
    }
    if let Some(sequence) = after_in(DECISIONS) {
        let query = sqlx::query(
            "SELECT batch, epoch, at, first, n, cases_first, cases, root, prev, hash, inner_first, inner
             FROM segment
             WHERE batch > ?1 ORDER BY batch LIMIT ?2",
        );
        let room = limit - entries.len();
        let query = query.bind(sequence as i64).bind(room as i64);
        for row in query.fetch_all(conn).await? {
            entries.push(to_decision(&row)?);
        }
    }
    Ok(entries)
}

fn to_action(row: &SqliteRow) -> Result<AuditEntry, Fault> {
    Ok(AuditEntry {
        chain: ACTIONS.into(),
        sequence: row.try_get::<i64, _>(0)? as u64,
        at: Timestamp::from_micros(row.try_get(1)?),
        actor: row.try_get::<&str, _>(2)?.into(),
        action: row.try_get::<&str, _>(3)?.into(),
        object: row.try_get::<&str, _>(4)?.into(),
        before: row.try_get::<Option<&str>, _>(5)?.map(Into::into),
        after: row.try_get::<Option<&str>, _>(6)?.map(Into::into),
        prev: hash(row, 7)?,
        hash: hash(row, 8)?,
    })
}

fn to_decision(row: &SqliteRow) -> Result<AuditEntry, Fault> {
    let span = |first, count| Ok::<_, sqlx::Error>(Span(row.try_get(first)?, row.try_get(count)?));
    let heard = row.try_get::<Option<i64>, _>(10)?.is_some();
    Ok(commit::entry(
        row.try_get(0)?,
        row.try_get::<i64, _>(1)? as u64,
        Timestamp::from_micros(row.try_get(2)?),
        span(3, 4)?,
        heard.then(|| span(10, 11)).transpose()?,
        span(5, 6)?,
        row.try_get(7)?,
        hash(row, 8)?,
        Some(hash(row, 9)?),
    ))
}

fn hash(row: &SqliteRow, column: usize) -> Result<[u8; 32], Fault> {
    let bytes: &[u8] = row.try_get(column)?;
    bytes
        .try_into()
        .map_err(|_| corrupt("a hash of the audit log is not 32 bytes long"))
}

pub(super) struct Append(pub(super) NewAudit);

#[async_trait]
impl Job for Append {
    type Output = ();

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<(), Fault> {
        let query =
            sqlx::query("SELECT sequence, hash FROM audit WHERE chain = ?1 ORDER BY sequence DESC LIMIT 1");
        let last = query.bind(ACTIONS).fetch_optional(&mut *conn).await?;
        let (sequence, prev) = match last {
            Some(row) => (row.try_get::<i64, _>(0)? + 1, hash(&row, 1)?),
            None => (1, [0; 32]),
        };
        let new = &self.0;
        let mut entry = AuditEntry {
            chain: ACTIONS.into(),
            sequence: sequence as u64,
            at: new.at,
            actor: new.actor.clone(),
            action: new.action.clone(),
            object: new.object.clone(),
            before: new.before.clone(),
            after: new.after.clone(),
            prev,
            hash: [0; 32],
        };
        entry.hash = entry.computed_hash();
        sqlx::query(
            "INSERT INTO audit (chain, sequence, at, actor, action, object, before, after, prev, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )
        .bind(ACTIONS)
        .bind(sequence)
        .bind(entry.at.as_micros())
        .bind(&*entry.actor)
        .bind(&*entry.action)
        .bind(&*entry.object)
        .bind(entry.before.as_deref())
        .bind(entry.after.as_deref())
        .bind(&entry.prev[..])
        .bind(&entry.hash[..])
        .execute(conn)
        .await?;
        Ok(())
    }
}
