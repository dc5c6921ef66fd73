//! Attempts that nobody waits for any more: past their deadline they are unknown, and unknowns are looked up.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use engine::fact::NoticeKind;
use engine::ids::{AttemptId, CaseId, NoticeId};
use engine::notice::{AttemptClass, NoticeState};
use engine::time::Timestamp;
use ports::dispatch::{Look, PROVED_NOT_RECEIVED, UnknownAttempt};
use ports::store::StoreError;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use crate::error::{Fault, corrupt};
use crate::heads::{Count, Tally};
use crate::words::Word as _;
use crate::writer::Job;

/// Why a notice is unknown whose answer nobody waited for.
const NO_OUTCOME: &str = "no_outcome";

pub(super) async fn is_anything_overdue(conn: &mut SqliteConnection, now: Timestamp) -> Result<bool, Fault> {
    let query = sqlx::query("SELECT EXISTS (SELECT 1 FROM attempt WHERE class IS NULL AND deadline < ?1)");
    Ok(query.bind(now.as_micros()).fetch_one(conn).await?.try_get(0)?)
}

pub(super) struct Expire {
    pub(super) now: Timestamp,
}

#[async_trait]
impl Job for Expire {
    type Output = Vec<(Arc<str>, u32)>;

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<Self::Output, Fault> {
        let query = sqlx::query(
            "UPDATE attempt SET class = ?1, code = 'no_outcome', finished_at = ?2
             WHERE class IS NULL AND deadline < ?2 AND live = 1 RETURNING notice, provider",
        );
        let query = query
            .bind(AttemptClass::Unknown.number())
            .bind(self.now.as_micros());
        let rows = query.fetch_all(&mut *conn).await?;
        let mut by_provider: BTreeMap<Arc<str>, u32> = BTreeMap::new();
        for row in &rows {
            *by_provider.entry(row.try_get::<&str, _>(1)?.into()).or_default() += 1;
            let notice: &str = row.try_get(0)?;
            let query = sqlx::query("UPDATE notice SET state = ?1, reason = ?2 WHERE id = ?3 AND state = ?4");
            let query = query
                .bind(NoticeState::Unknown.number())
                .bind(NO_OUTCOME)
                .bind(notice)
                .bind(NoticeState::Submitted.number());
            if query.execute(&mut *conn).await?.rows_affected() != 1 {
                return Err(corrupt(format!(
                    "notice {notice} has an attempt in flight and is not submitted"
                )));
            }
        }
        let mut tally = Tally::default();
        let count = rows.len() as i64;
        tally.add(Count::InFlight, 0, -count);
        tally.add(Count::Attempt, AttemptClass::Unknown.number(), count);
        tally.add(Count::Notice, NoticeState::Submitted.number(), -count);
        tally.add(Count::Notice, NoticeState::Unknown.number(), count);
        tally.write(conn).await?;
        Ok(by_provider.into_iter().collect())
    }
}

/// Those whose look is due, the longest due first.
pub(super) async fn unknowns(
    conn: &mut SqliteConnection,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<UnknownAttempt>, Fault> {
    let query = sqlx::query(
        "SELECT attempt.id, notice.id, case_id, kind, plate, parameters, provider, attempt.submitted_at, looks, next_look,
            absent_since, expires_at, attempt.code
         FROM attempt JOIN notice ON notice.id = attempt.notice
         WHERE class = 10 AND live = 1 AND COALESCE(next_look, attempt.submitted_at) <= ?1
         ORDER BY COALESCE(next_look, attempt.submitted_at), attempt.sequence LIMIT ?2",
    );
    let query = query.bind(now.as_micros()).bind(limit as i64);
    query.fetch_all(conn).await?.iter().map(to_unknown).collect()
}

pub(super) async fn total(conn: &mut SqliteConnection) -> Result<(u64, Option<Timestamp>), Fault> {
    let query = sqlx::query("SELECT count(*), min(submitted_at) FROM attempt WHERE class = 10");
    let row = query.fetch_one(conn).await?;
    let oldest = row.try_get::<Option<i64>, _>(1)?.map(Timestamp::from_micros);
    Ok((row.try_get(0)?, oldest))
}

pub(super) async fn newest_attempt(
    conn: &mut SqliteConnection,
    provider: &str,
) -> Result<Option<AttemptId>, Fault> {
    let query = sqlx::query("SELECT id FROM attempt WHERE provider = ?1 ORDER BY sequence DESC LIMIT 1");
    let row = query.bind(provider).fetch_optional(conn).await?;
    Ok(row
        .map(|row| row.try_get(0).map(AttemptId::from_text))
        .transpose()?)
}

fn to_unknown(row: &SqliteRow) -> Result<UnknownAttempt, Fault> {
    Ok(UnknownAttempt {
        attempt: AttemptId::from_text(row.try_get(0)?),
        notice: NoticeId::from_text(row.try_get(1)?),
        case: CaseId::from_text(row.try_get(2)?),
        kind: NoticeKind::of(row.try_get(3)?)?,
        plate: row.try_get::<&str, _>(4)?.into(),
        parameters: row.try_get::<Vec<u8>, _>(5)?.into(),
        provider: row.try_get::<&str, _>(6)?.into(),
        submitted_at: Timestamp::from_micros(row.try_get(7)?),
        looks: row.try_get(8)?,
        next_look: row.try_get::<Option<i64>, _>(9)?.map(Timestamp::from_micros),
        absent_since: row.try_get::<Option<i64>, _>(10)?.map(Timestamp::from_micros),
        expires_at: Timestamp::from_micros(row.try_get(11)?),
        is_proved_absent: row.try_get::<Option<&str>, _>(12)? == Some(PROVED_NOT_RECEIVED),
    })
}

pub(super) struct Looked {
    pub(super) attempt: AttemptId,
    pub(super) look: Look,
}

#[async_trait]
impl Job for Looked {
    type Output = ();

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<(), Fault> {
        let query = sqlx::query(
            "UPDATE attempt SET looks = looks + 1, next_look = ?1, absent_since = ?2 WHERE id = ?3 AND class = 10",
        );
        let query = query
            .bind(self.look.next.as_micros())
            .bind(self.look.absent_since.map(Timestamp::as_micros))
            .bind(self.attempt.as_str());
        if query.execute(&mut *conn).await?.rows_affected() == 1 {
            return Ok(());
        }
        // Proved in the meantime, unless it never was.
        let query = sqlx::query("SELECT 1 FROM attempt WHERE id = ?1").bind(self.attempt.as_str());
        match query.fetch_optional(conn).await? {
            Some(_) => Ok(()),
            None => Err(StoreError::NotFound(format!("attempt {}", self.attempt)).into()),
        }
    }
}
