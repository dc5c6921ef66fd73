//! Dispatch: due notices under leases in memory, the submit wall, outcomes, look-ups and pauses.
//!
//! Every change of a notice goes through the one writer, so that of a cancellation and a submission exactly one wins.

mod absent;
mod act;
mod finish;
mod lease;
mod overdue;
mod provider;
mod submit;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use engine::ids::{AttemptId, NoticeId};
use engine::notice::NoticeState;
use engine::time::Timestamp;
use ports::dispatch::{
    Acted, DispatchStore, DueNotice, Finished, Grant, Look, NoticeAct, Pause, ProviderState, Submission,
    UnknownAttempt,
};
use ports::store::StoreError;

use crate::SqliteStore;
use crate::error::Fault;

pub(crate) use lease::{Leases, lock};

#[async_trait]
impl DispatchStore for SqliteStore {
    /// Moves what it can of the write-ahead log into the database, so that it need not grow until a commit must do that.
    async fn tidy(&self) -> Result<(), StoreError> {
        let mut conn = self.reader().await?;
        let query = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)");
        query.execute(&mut *conn).await.map_err(Fault::from)?;
        Ok(())
    }

    async fn lease(&self, now: Timestamp, limit: usize) -> Result<Vec<DueNotice>, StoreError> {
        // A look costs no sync; most steps find nothing.
        if limit == 0 || !lease::is_anything_due(&mut *self.reader().await?, now).await? {
            return Ok(Vec::new());
        }
        let lease = lease::Lease {
            now,
            limit,
            leases: self.leases.clone(),
        };
        Ok(self.writer.write(lease).await?)
    }

    fn leases_ended(&self) -> u64 {
        // Where a holder panicked, every lease fails and says so.
        lock(&self.leases).map_or(0, |leases| leases.ended())
    }

    async fn release(&self, notices: &[(NoticeId, u64)]) -> Result<(), StoreError> {
        let mut leases = lock(&self.leases)?;
        for (id, token) in notices {
            leases.end_if(id.as_str(), *token);
        }
        Ok(())
    }

    async fn submit(&self, now: Timestamp, submissions: &[Submission]) -> Result<Vec<Grant>, StoreError> {
        let sealed: Result<Vec<_>, Fault> = submissions
            .iter()
            .map(|submission| submit::Sealed::new(&self.keys, submission))
            .collect();
        let submit = submit::Submit {
            now,
            sealed: sealed?,
            leases: self.leases.clone(),
        };
        let granted = self.writer.write(submit).await?;
        // Before anything of it is sent; where that fails, nothing is.
        self.count_sent().await?;
        Ok(granted)
    }

    async fn finish(&self, now: Timestamp, outcomes: &[Finished]) -> Result<(), StoreError> {
        let finish = finish::Finish {
            now,
            outcomes: outcomes.to_vec(),
        };
        Ok(self.writer.write(finish).await?)
    }

    async fn set_aside(
        &self,
        now: Timestamp,
        notices: &[(NoticeId, u64, NoticeState, Arc<str>)],
    ) -> Result<(), StoreError> {
        let aside = lease::SetAside {
            now,
            notices: notices.to_vec(),
            leases: self.leases.clone(),
        };
        Ok(self.writer.write(aside).await?)
    }

    async fn defer(&self, notices: &[(NoticeId, u64, Timestamp)]) -> Result<(), StoreError> {
        let defer = lease::Defer {
            notices: notices.to_vec(),
            leases: self.leases.clone(),
        };
        Ok(self.writer.write(defer).await?)
    }

    async fn act(
        &self,
        now: Timestamp,
        notice: &NoticeId,
        act: NoticeAct,
        reason: &str,
    ) -> Result<Acted, StoreError> {
        let act = act::Act {
            now,
            notice: notice.clone(),
            what: act,
            reason: reason.into(),
            leases: self.leases.clone(),
        };
        Ok(self.writer.write(act).await?)
    }

    async fn expire_submissions(&self, now: Timestamp) -> Result<Vec<(Arc<str>, u32)>, StoreError> {
        if !overdue::is_anything_overdue(&mut *self.reader().await?, now).await? {
            return Ok(Vec::new());
        }
        Ok(self.writer.write(overdue::Expire { now }).await?)
    }

    async fn unknowns(&self, now: Timestamp, limit: usize) -> Result<Vec<UnknownAttempt>, StoreError> {
        Ok(overdue::unknowns(&mut *self.reader().await?, now, limit).await?)
    }

    async fn unknown_total(&self) -> Result<(u64, Option<Timestamp>), StoreError> {
        Ok(overdue::total(&mut *self.reader().await?).await?)
    }

    async fn newest_attempt(&self, provider: &str) -> Result<Option<AttemptId>, StoreError> {
        Ok(overdue::newest_attempt(&mut *self.reader().await?, provider).await?)
    }

    async fn looked(&self, attempt: &AttemptId, look: Look) -> Result<(), StoreError> {
        let looked = overdue::Looked {
            attempt: attempt.clone(),
            look,
        };
        Ok(self.writer.write(looked).await?)
    }

    async fn prove_absent(
        &self,
        now: Timestamp,
        attempt: &AttemptId,
        again: Option<Bytes>,
    ) -> Result<bool, StoreError> {
        let absent = absent::ProveAbsent {
            now,
            attempt: attempt.clone(),
            again,
        };
        Ok(self.writer.write(absent).await?)
    }

    async fn resend(&self, now: Timestamp, notice: &NoticeId, wish: Bytes) -> Result<Acted, StoreError> {
        let resend = act::Resend {
            now,
            notice: notice.clone(),
            wish,
        };
        Ok(self.writer.write(resend).await?)
    }

    async fn due_count(&self, now: Timestamp) -> Result<u64, StoreError> {
        Ok(lease::due_count(&mut *self.reader().await?, now).await?)
    }

    async fn providers(&self) -> Result<Vec<ProviderState>, StoreError> {
        let states = provider::load(&mut *self.reader().await?).await?;
        Ok(states.into_values().collect())
    }

    async fn pause(&self, provider: &str, pause: &Pause) -> Result<(), StoreError> {
        let pause = provider::SetPause {
            provider: provider.into(),
            pause: pause.clone(),
        };
        Ok(self.writer.write(pause).await?)
    }

    async fn resume(&self, provider: &str, by: &str, at: Timestamp) -> Result<bool, StoreError> {
        let resumed = self.writer.write(provider::Resume(provider.into())).await?;
        if resumed {
            tracing::info!(provider, by, %at, "a provider is resumed");
        }
        Ok(resumed)
    }
}
