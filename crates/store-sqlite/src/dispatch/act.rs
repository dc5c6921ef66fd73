//! What a person does with one message.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use engine::ids::NoticeId;
use engine::notice::NoticeState;
use engine::time::Timestamp;
use ports::dispatch::{Acted, NoticeAct, may_be_said_again};
use ports::store::StoreError;
use sqlx::{Row as _, SqliteConnection};

use super::lease::{Leases, lock};
use crate::error::{Fault, corrupt};
use crate::heads::{Count, Tally};
use crate::intake::insert_inner;
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

pub(super) struct Resend {
    pub(super) now: Timestamp,
    pub(super) notice: NoticeId,
    pub(super) wish: Bytes,
}

#[async_trait]
impl Job for Resend {
    type Output = Acted;

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<Acted, Fault> {
        let query = sqlx::query(
            "SELECT state, EXISTS (SELECT 1 FROM notice AS later WHERE later.case_id = notice.case_id
                AND later.kind = notice.kind AND later.revision > notice.revision)
             FROM notice WHERE id = ?1",
        );
        let row = query
            .bind(self.notice.as_str())
            .fetch_optional(&mut *conn)
            .await?;
        let Some(row) = row else {
            return Err(StoreError::NotFound(format!("notice {}", self.notice)).into());
        };
        let (state, is_superseded): (_, bool) = (NoticeState::of(row.try_get(0)?)?, row.try_get(1)?);
        if is_superseded || !may_be_said_again(state) {
            return Ok(Acted::Refused(state));
        }
        insert_inner(conn, self.now, std::slice::from_ref(&self.wish)).await?;
        Ok(Acted::Done {
            from: state,
            to: state,
        })
    }
}
