//! What a person does with one message that was not sent.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use engine::ids::NoticeId;
use engine::notice::NoticeState;
use engine::time::Timestamp;
use ports::dispatch::{Acted, NoticeAct};
use ports::store::StoreError;
use sqlx::{Row as _, SqliteConnection};

use super::lease::{Leases, lock};
use crate::error::{Fault, corrupt};
use crate::heads::{Count, Tally};
use crate::words::Word as _;
use crate::writer::Job;

pub(super) struct Act {
    pub(super) now: Timestamp,
    pub(super) notice: NoticeId,
    pub(super) what: NoticeAct,
    pub(super) reason: Arc<str>,
    pub(super) leases: Arc<Mutex<Leases>>,
}

#[async_trait]
impl Job for Act {
    type Output = Acted;

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<Acted, Fault> {
        let query = sqlx::query(
            "SELECT state, EXISTS (SELECT 1 FROM attempt WHERE attempt.notice = notice.id AND live = 1)
             FROM notice WHERE id = ?1",
        );
        let row = query
            .bind(self.notice.as_str())
            .fetch_optional(&mut *conn)
            .await?;
        let Some(row) = row else {
            return Err(StoreError::NotFound(format!("notice {}", self.notice)).into());
        };
        let (from, live): (_, bool) = (NoticeState::of(row.try_get(0)?)?, row.try_get(1)?);
        let Some(to) = self.what.leads_to(from).filter(|_| !live) else {
            return Ok(Acted::Refused(from));
        };
        // Whoever prepares it has read what no longer holds.
        lock(&self.leases)?.end(self.notice.as_str());
        let is_queued = to == NoticeState::Queued;
        let changed = sqlx::query(
            "UPDATE notice SET state = ?1, reason = ?2, final_at = ?3 WHERE id = ?4 AND state = ?5",
        )
        .bind(to.number())
        .bind((!is_queued).then_some(&*self.reason))
        .bind((to == NoticeState::Cancelled).then_some(self.now.as_micros()))
        .bind(self.notice.as_str())
        .bind(from.number())
        .execute(&mut *conn)
        .await?
        .rows_affected();
        if changed != 1 {
            return Err(corrupt("a notice changed under the transaction that changes it"));
        }
        let mut tally = Tally::default();
        tally.shift(Count::Notice, from.number(), to.number());
        tally.write(conn).await?;
        Ok(Acted::Done { from, to })
    }
}
