//! What pages, exports and counts read, and the two things that they write: policies and the audit log.

mod audit;
mod cases;
mod evidence;
mod notices;
mod policies;
mod stats;

use std::sync::Arc;

use async_trait::async_trait;
use engine::ids::{CaseId, NoticeId};
use ports::read::{
    AuditEntry, CaseFilter, Evidence, NewAudit, NoticeFilter, ReadStore, Stats, StoredAttempt, StoredCase,
    StoredNotice, StoredPolicy, StoredRecord,
};
use ports::store::StoreError;
use sqlx::{Row as _, SqliteConnection};

use crate::SqliteStore;
use crate::commit;
use crate::error::Fault;
use crate::writer::Job as _;

#[async_trait]
impl ReadStore for SqliteStore {
    async fn cases(&self, filter: &CaseFilter, limit: usize) -> Result<Vec<StoredCase>, StoreError> {
        Ok(cases::by_filter(&mut *self.reader().await?, filter, limit).await?)
    }

    async fn case(&self, id: &CaseId) -> Result<Vec<StoredCase>, StoreError> {
        Ok(cases::versions(&mut *self.reader().await?, id).await?)
    }

    async fn records(&self, after: u64, limit: usize) -> Result<Vec<StoredRecord>, StoreError> {
        Ok(records(&mut *self.reader().await?, after, limit).await?)
    }

    async fn notices(&self, filter: &NoticeFilter, limit: usize) -> Result<Vec<StoredNotice>, StoreError> {
        let mut conn = self.reader().await?;
        Ok(notices::by_filter(&mut conn, filter, limit, &self.keys, &self.leases).await?)
    }

    async fn notice(&self, id: &NoticeId) -> Result<Option<StoredNotice>, StoreError> {
        let mut conn = self.reader().await?;
        Ok(notices::one(&mut conn, id, &self.keys, &self.leases).await?)
    }

    async fn evidence(&self, id: &NoticeId) -> Result<Evidence, StoreError> {
        Ok(evidence::of(&mut *self.reader().await?, id).await?)
    }

    async fn attempts(&self, after: u64, limit: usize) -> Result<Vec<StoredAttempt>, StoreError> {
        Ok(notices::attempts(&mut *self.reader().await?, after, limit).await?)
    }

    async fn audit(
        &self,
        after: Option<(Arc<str>, u64)>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        Ok(audit::after(&mut *self.reader().await?, after, limit).await?)
    }

    async fn append_audit(&self, entry: &NewAudit) -> Result<(), StoreError> {
        Ok(self.writer.write(audit::Append(entry.clone())).await?)
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        Ok(stats::read(&mut *self.reader().await?, &self.leases).await?)
    }

    async fn policies(&self) -> Result<Vec<StoredPolicy>, StoreError> {
        Ok(policies::all(&mut *self.reader().await?).await?)
    }

    async fn publish_policy(&self, policy: &StoredPolicy) -> Result<(), StoreError> {
        Ok(self.writer.write(policies::Publish(policy.clone())).await?)
    }
}

/// Chains what somebody did, in the caller's transaction.
pub(crate) async fn append_audit(conn: &mut SqliteConnection, entry: NewAudit) -> Result<(), Fault> {
    audit::Append(entry).run(conn).await
}

/// Records after a position, in order.
async fn records(conn: &mut SqliteConnection, after: u64, limit: usize) -> Result<Vec<StoredRecord>, Fault> {
    let mut records = Vec::new();
    let mut next = after + 1;
    while records.len() < limit {
        let query = sqlx::query(
            "SELECT first, n, records FROM segment
             WHERE n > 0 AND first >= COALESCE((SELECT MAX(first) FROM segment WHERE n > 0 AND first <= ?1), ?1)
               AND first + n > ?1
             ORDER BY first LIMIT 1",
        );
        let Some(row) = query.bind(next as i64).fetch_optional(&mut *conn).await? else {
            break;
        };
        let (first, count): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        let segment = commit::unpack(first as u64, count as usize, row.try_get(2)?)?;
        let room = limit - records.len();
        records.extend(
            segment
                .into_iter()
                .filter(|record| record.position >= next)
                .take(room),
        );
        next = (first + count) as u64;
    }
    Ok(records)
}
