//! What pages and counts ask. It takes no turns: nobody but those who look asks it.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use engine::ids::{CaseId, NoticeId};
use engine::time::Timestamp;
use ports::quarantine::{Handled, Handling, NewHandling, QuarantineStore};
use ports::read::{
    AuditEntry, CaseFilter, Evidence, NewAudit, NoticeFilter, ReadStore, Stats, StoredAttempt, StoredCase,
    StoredNotice, StoredPolicy, StoredRecord,
};
use ports::receipt::{NewReceipt, PendingReceipt, ReceiptFate, ReceiptStore};
use ports::store::StoreError;

use super::FaultyStore;
use crate::defect::Defect;

#[async_trait]
impl ReadStore for FaultyStore {
    async fn cases(&self, filter: &CaseFilter, limit: usize) -> Result<Vec<StoredCase>, StoreError> {
        let mut cases = self.inner.cases(filter, limit).await?;
        if self.has(Defect::VersionOverwritten) {
            let latest: HashMap<CaseId, Bytes> = cases
                .iter()
                .map(|case| (case.id.clone(), case.body.clone()))
                .collect();
            for case in cases.iter_mut().filter(|case| case.version == 1) {
                case.body.clone_from(&latest[&case.id]);
            }
        }
        Ok(cases)
    }

    async fn case(&self, id: &CaseId) -> Result<Vec<StoredCase>, StoreError> {
        self.inner.case(id).await
    }

    async fn records(&self, after: u64, limit: usize) -> Result<Vec<StoredRecord>, StoreError> {
        let mut records = self.inner.records(after, limit).await?;
        if self.has(Defect::DuplicateRow) {
            records.extend(records.last().cloned());
        }
        if self.has(Defect::RecordDropped) {
            records.retain(|record| record.position % 7 != 0);
        }
        Ok(records)
    }

    async fn notices(&self, filter: &NoticeFilter, limit: usize) -> Result<Vec<StoredNotice>, StoreError> {
        self.inner.notices(filter, limit).await
    }

    async fn notice(&self, id: &NoticeId) -> Result<Option<StoredNotice>, StoreError> {
        self.inner.notice(id).await
    }

    async fn evidence(&self, id: &NoticeId) -> Result<Evidence, StoreError> {
        self.inner.evidence(id).await
    }

    async fn attempts(&self, after: u64, limit: usize) -> Result<Vec<StoredAttempt>, StoreError> {
        self.inner.attempts(after, limit).await
    }

    async fn audit(
        &self,
        after: Option<(Arc<str>, u64)>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        self.inner.audit(after, limit).await
    }

    async fn append_audit(&self, entry: &NewAudit) -> Result<(), StoreError> {
        self.inner.append_audit(entry).await
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        let mut stats = self.inner.stats().await?;
        if self.has(Defect::Miscount)
            && let Some((_, count)) = stats.notices.last_mut()
        {
            *count += 1;
        }
        Ok(stats)
    }

    async fn policies(&self) -> Result<Vec<StoredPolicy>, StoreError> {
        self.inner.policies().await
    }

    async fn publish_policy(&self, policy: &StoredPolicy) -> Result<(), StoreError> {
        self.inner.publish_policy(policy).await
    }
}

#[async_trait]
impl QuarantineStore for FaultyStore {
    async fn aside(&self, after: u64, limit: usize) -> Result<Vec<StoredRecord>, StoreError> {
        self.inner.aside(after, limit).await
    }

    async fn handlings(&self, first: u64, last: u64) -> Result<Vec<Handling>, StoreError> {
        self.inner.handlings(first, last).await
    }

    async fn handle(&self, new: &NewHandling) -> Result<Handled, StoreError> {
        self.inner.handle(new).await
    }
}

#[async_trait]
impl ReceiptStore for FaultyStore {
    async fn keep_receipts(&self, now: Timestamp, receipts: &[NewReceipt]) -> Result<u64, StoreError> {
        self.turn("keep_receipts", self.inner.keep_receipts(now, receipts))
            .await
    }

    async fn pending_receipts(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<PendingReceipt>, StoreError> {
        let pending = async {
            let mut pending = self.inner.pending_receipts(now, limit).await?;
            self.mix_up(&mut pending);
            Ok(pending)
        };
        self.turn("pending_receipts", pending).await
    }

    async fn settle_receipts(&self, fates: &[(u64, ReceiptFate)]) -> Result<(), StoreError> {
        self.turn("settle_receipts", self.inner.settle_receipts(fates))
            .await
    }
}

impl FaultyStore {
    /// News as dispatch gets it.
    fn mix_up(&self, pending: &mut [PendingReceipt]) {
        let mut first = self.first_news.lock().expect("no holder panics");
        for receipt in pending {
            let Some((attempt, _)) = &receipt.attempt else {
                continue;
            };
            match self.defect {
                Some(Defect::ReceiptAstray) => {
                    let other = first.iter().find(|it| it.0 != *attempt).cloned();
                    first.push((attempt.clone(), receipt.attempt.clone(), receipt.state));
                    if let Some((_, other, _)) = other {
                        receipt.attempt = other;
                    }
                }
                Some(Defect::FirstNewsWins) => match first.iter().find(|it| it.0 == *attempt) {
                    Some((.., state)) => receipt.state = *state,
                    None => first.push((attempt.clone(), None, receipt.state)),
                },
                _ => {}
            }
        }
    }
}
