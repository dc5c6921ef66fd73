//! Attempts that their provider never had, by its own word: the notice stays unknown for a person to see, or is queued
//! once more where the city wants that.

use async_trait::async_trait;
use bytes::Bytes;
use engine::ids::AttemptId;
use engine::notice::NoticeState;
use engine::time::Timestamp;
use ports::dispatch::PROVED_NOT_RECEIVED;
use sqlx::{Row as _, SqliteConnection};

use crate::error::{Fault, corrupt};
use crate::heads::{Count, Tally};
use crate::intake::insert_inner;
use crate::words::Word as _;
use crate::writer::Job;

pub(super) struct ProveAbsent {
    pub(super) now: Timestamp,
    pub(super) attempt: AttemptId,
    pub(super) again: Option<Bytes>,
}

#[async_trait]
impl Job for ProveAbsent {
    type Output = bool;

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<bool, Fault> {
        // Other attempts are found by their ids, which begin with the notice's: only live ones have an index by notice.
        let query = sqlx::query(
            "SELECT notice.id, notice.state, notice.expires_at > ?2 AND NOT EXISTS (
                SELECT 1 FROM attempt AS other WHERE other.id > notice.id || '-' AND other.id < notice.id || '.'
                    AND other.id <> ?1 AND other.code = ?3)
                AND NOT EXISTS (SELECT 1 FROM notice AS later WHERE later.case_id = notice.case_id
                    AND later.kind = notice.kind AND later.revision > notice.revision)
             FROM attempt JOIN notice ON notice.id = attempt.notice
             WHERE attempt.id = ?1 AND class = 10 AND live = 1",
        );
        let query = query
            .bind(self.attempt.as_str())
            .bind(self.now.as_micros())
            .bind(PROVED_NOT_RECEIVED);
        let Some(row) = query.fetch_optional(&mut *conn).await? else {
            return Ok(false);
        };
        let (notice, state): (String, _) = (row.try_get(0)?, NoticeState::of(row.try_get(1)?)?);
        let may_go_again: bool = row.try_get(2)?;
        if state != NoticeState::Unknown {
            return Err(corrupt(format!(
                "notice {notice} has an unknown attempt and is not unknown"
            )));
        }
        let again = self.again.clone().filter(|_| may_go_again);
        let query = sqlx::query(
            "UPDATE attempt SET code = ?1, live = CASE WHEN ?2 THEN NULL ELSE 1 END WHERE id = ?3",
        );
        let query = query.bind(PROVED_NOT_RECEIVED).bind(again.is_some());
        query.bind(self.attempt.as_str()).execute(&mut *conn).await?;
        let to = if again.is_some() {
            NoticeState::Queued
        } else {
            state
        };
        let query = sqlx::query(
            "UPDATE notice SET state = ?1, reason = ?2, not_before = CASE WHEN ?3 THEN ?4 ELSE not_before END
             WHERE id = ?5 AND state = ?6",
        );
        query
            .bind(to.number())
            .bind(PROVED_NOT_RECEIVED)
            .bind(again.is_some())
            .bind(self.now.as_micros())
            .bind(&notice)
            .bind(state.number())
            .execute(&mut *conn)
            .await?;
        if let Some(taken_back) = again {
            insert_inner(conn, self.now, &[taken_back]).await?;
            let mut tally = Tally::default();
            tally.shift(Count::Notice, state.number(), to.number());
            tally.write(conn).await?;
        }
        Ok(true)
    }
}
