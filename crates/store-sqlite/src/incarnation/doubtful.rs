//! What may have been sent in the lost span, and what is known of it.

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use engine::fact::NoticeKind;
use engine::ids::{AttemptId, NoticeId};
use engine::notice::NoticeState;
use engine::time::Timestamp;
use ports::dispatch::ALL_PROVIDERS;
use ports::restore::{Adopted, Doubtful, LostSpan, RESTORED, RestoreStore, StrayReceipt};
use ports::store::StoreError;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::adopt;
use crate::SqliteStore;
use crate::error::Fault;
use crate::ladder::{Binds, Ladder};
use crate::words::Word as _;
use crate::writer::Job;

#[async_trait]
impl RestoreStore for SqliteStore {
    async fn lost_span(&self) -> Result<Option<LostSpan>, StoreError> {
        Ok(lost_span(&mut *self.reader().await?).await?)
    }

    async fn restored_at(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(restored_at(&mut *self.reader().await?).await?)
    }

    async fn doubtful(
        &self,
        since: Timestamp,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Doubtful>, StoreError> {
        Ok(doubtful(&mut *self.reader().await?, since, after, limit).await?)
    }

    async fn stray_receipts(&self, attempts: &[AttemptId]) -> Result<Vec<StrayReceipt>, StoreError> {
        Ok(stray(&mut *self.reader().await?, attempts).await?)
    }

    async fn adopt_sent(&self, now: Timestamp, by: &str, sent: &[Adopted]) -> Result<Vec<bool>, StoreError> {
        let adopt = adopt::Adopt::new(&self.keys, now, by, sent, self.leases.clone())?;
        Ok(self.writer.write(adopt).await?)
    }

    async fn clear(&self, notices: &[NoticeId]) -> Result<(), StoreError> {
        Ok(self.writer.write(Clear(notices.to_vec())).await?)
    }

    async fn release_restored(&self) -> Result<bool, StoreError> {
        // First, so that no start in between finds the file and its count at odds and pauses again.
        self.settle().await?;
        Ok(self.writer.write(Release).await?)
    }
}

async fn restored_at(conn: &mut SqliteConnection) -> Result<Option<Timestamp>, Fault> {
    let query = sqlx::query("SELECT restored_at FROM incarnation WHERE one = 1");
    let row = query.fetch_one(conn).await?;
    Ok(row.try_get::<Option<i64>, _>(0)?.map(Timestamp::from_micros))
}

async fn lost_span(conn: &mut SqliteConnection) -> Result<Option<LostSpan>, Fault> {
    let query = sqlx::query(
        "SELECT lost_since, (SELECT COUNT(*) FROM incarnation_cleared) FROM incarnation
         WHERE one = 1 AND lost_since IS NOT NULL",
    );
    let Some(row) = query.fetch_optional(conn).await? else {
        return Ok(None);
    };
    Ok(Some(LostSpan {
        since: Timestamp::from_micros(row.try_get(0)?),
        cleared: row.try_get::<i64, _>(1)? as u64,
    }))
}

async fn doubtful(
    conn: &mut SqliteConnection,
    since: Timestamp,
    after: u64,
    limit: usize,
) -> Result<Vec<Doubtful>, Fault> {
    // 10 is unknown.
    let query = sqlx::query(
        "SELECT notice.sequence, notice.id, kind, plate, state, parameters, attempts, attempt.id, provider
         FROM notice LEFT JOIN attempt ON attempt.notice = notice.id AND live = 1
         WHERE notice.sequence > ?1
            AND (state IN (?2, ?3) AND attempt.id IS NULL
                OR state IN (?4, ?5) AND (class IS NULL OR class = 10) AND attempt.submitted_at >= ?6)
            AND notice.id NOT IN (SELECT notice FROM incarnation_cleared)
         ORDER BY notice.sequence LIMIT ?7",
    );
    let query = query
        .bind(after as i64)
        .bind(NoticeState::Queued.number())
        .bind(NoticeState::Held.number())
        .bind(NoticeState::Submitted.number())
        .bind(NoticeState::Unknown.number())
        .bind(since.as_micros())
        .bind(limit as i64);
    let rows = query.fetch_all(conn).await?;
    rows.iter().map(to_doubtful).collect()
}

fn to_doubtful(row: &SqliteRow) -> Result<Doubtful, Fault> {
    let attempt = row.try_get::<Option<&str>, _>(7)?.map(AttemptId::from_text);
    let provider = row.try_get::<Option<&str>, _>(8)?.map(Arc::from);
    Ok(Doubtful {
        sequence: row.try_get::<i64, _>(0)? as u64,
        notice: NoticeId::from_text(row.try_get(1)?),
        kind: NoticeKind::of(row.try_get(2)?)?,
        plate: row.try_get::<&str, _>(3)?.into(),
        state: NoticeState::of(row.try_get(4)?)?,
        parameters: row.try_get::<Vec<u8>, _>(5)?.into(),
        attempts: row.try_get(6)?,
        live: attempt.zip(provider),
    })
}

/// What was settled as being about nothing, and what still waits for its attempt to turn up.
async fn stray(conn: &mut SqliteConnection, attempts: &[AttemptId]) -> Result<Vec<StrayReceipt>, Fault> {
    static SETTLED: LazyLock<Ladder> = LazyLock::new(|| {
        Ladder::new(
            "SELECT client_ref, provider, state, message_id, code FROM receipt
             WHERE is_matched = 0 AND client_ref IS NOT NULL AND client_ref IN (VALUES",
            "(?)",
            ") ORDER BY sequence",
        )
    });
    static WAITING: LazyLock<Ladder> = LazyLock::new(|| {
        Ladder::new(
            "SELECT client_ref, provider, state, message_id, code FROM receipt
             WHERE look_at IS NOT NULL AND client_ref NOT IN (SELECT id FROM attempt) AND client_ref IN (VALUES",
            "(?)",
            ") ORDER BY sequence",
        )
    });
    let bind = |binds: &mut Binds, attempt: &AttemptId| {
        binds.add(attempt.as_str().to_owned());
    };
    let nothing = |_: &mut Binds| {};
    let mut rows = SETTLED.fetch(&mut *conn, nothing, attempts, bind).await?;
    rows.extend(WAITING.fetch(conn, nothing, attempts, bind).await?);
    rows.iter().map(to_stray).collect()
}

fn to_stray(row: &SqliteRow) -> Result<StrayReceipt, Fault> {
    Ok(StrayReceipt {
        attempt: AttemptId::from_text(row.try_get(0)?),
        provider: row.try_get::<&str, _>(1)?.into(),
        state: NoticeState::of(row.try_get(2)?)?,
        provider_id: row.try_get::<Option<&str>, _>(3)?.map(Arc::from),
        code: row.try_get::<Option<&str>, _>(4)?.map(Arc::from),
    })
}

struct Clear(Vec<NoticeId>);

#[async_trait]
impl Job for Clear {
    type Output = ();

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<(), Fault> {
        static INSERT: LazyLock<Ladder> = LazyLock::new(|| {
            Ladder::new(
                "INSERT INTO incarnation_cleared (notice) VALUES",
                "(?)",
                "ON CONFLICT DO NOTHING",
            )
        });
        let bind = |binds: &mut Binds, notice: &NoticeId| {
            binds.add(notice.as_str().to_owned());
        };
        INSERT.execute(conn, &self.0, bind).await?;
        Ok(())
    }
}

struct Release;

#[async_trait]
impl Job for Release {
    type Output = bool;

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<bool, Fault> {
        let released = sqlx::query(
            "UPDATE provider SET pause_reason = NULL, pause_by = NULL, pause_at = NULL
             WHERE name = ?1 AND pause_reason LIKE ?2",
        )
        .bind(ALL_PROVIDERS)
        .bind(format!("{RESTORED}%"))
        .execute(&mut *conn)
        .await?
        .rows_affected();
        sqlx::query("UPDATE incarnation SET lost_since = NULL WHERE one = 1")
            .execute(&mut *conn)
            .await?;
        sqlx::query("DELETE FROM incarnation_cleared")
            .execute(conn)
            .await?;
        Ok(released > 0)
    }
}
