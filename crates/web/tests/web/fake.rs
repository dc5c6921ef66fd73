//! A store in memory that pages read, and nothing else.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use engine::case::{Disposition, Outcome};
use engine::ids::{AttemptId, CaseId, NoticeId};
use engine::notice::{AttemptClass, NoticeState};
use engine::time::Timestamp;
use formats::case_line::CaseLine;
use ports::dispatch::{
    Acted, DispatchStore, DueNotice, Finished, Grant, Look, NoticeAct, Pause, ProviderState, Submission,
    UnknownAttempt, may_be_said_again,
};
use ports::quarantine::{Handled, Handling, NewHandling, QuarantineStore};
use ports::read::{
    AuditEntry, CaseFilter, Evidence, NewAudit, NoticeFilter, ReadStore, Stats, StoredAttempt, StoredCase,
    StoredNotice, StoredPolicy, StoredRecord,
};
use ports::receipt::{NewReceipt, PendingReceipt, ReceiptFate, ReceiptStore};
use ports::store::StoreError;

/// What the store holds; tests change it under the routes.
#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) cases: Mutex<Vec<StoredCase>>,
    pub(crate) notices: Mutex<Vec<StoredNotice>>,
    pub(crate) records: Mutex<Vec<StoredRecord>>,
    pub(crate) appended: Mutex<u64>,
    pub(crate) attempts: Mutex<Vec<(AttemptClass, u64)>>,
    pub(crate) providers: Mutex<Vec<ProviderState>>,
    pub(crate) audit: Mutex<Vec<NewAudit>>,
    pub(crate) receipts: Mutex<Vec<NewReceipt>>,
    /// Every read fails.
    pub(crate) is_down: Mutex<bool>,
}

impl Fake {
    fn up(&self) -> Result<(), StoreError> {
        if *self.is_down.lock().unwrap() {
            Err(StoreError::Unavailable("the disk is away".to_owned()))
        } else {
            Ok(())
        }
    }
}

fn count<T: Copy + PartialEq>(values: impl Iterator<Item = T>) -> Vec<(T, u64)> {
    let mut counts: Vec<(T, u64)> = Vec::new();
    for value in values {
        match counts.iter_mut().find(|(other, _)| *other == value) {
            Some((_, count)) => *count += 1,
            None => counts.push((value, 1)),
        }
    }
    counts
}

fn outcome(case: &StoredCase) -> Option<Outcome> {
    CaseLine::parse(&case.body).ok().and_then(|line| line.outcome())
}

#[async_trait]
impl ReadStore for Fake {
    async fn cases(&self, filter: &CaseFilter, limit: usize) -> Result<Vec<StoredCase>, StoreError> {
        self.up()?;
        let mut found: Vec<StoredCase> = self.cases.lock().unwrap().clone();
        found.retain(|case| filter.plate.as_ref().is_none_or(|plate| *plate == case.plate));
        found.retain(|case| filter.outcome.is_none_or(|wanted| outcome(case) == Some(wanted)));
        found.retain(|case| case.effective || !filter.effective_only);
        found.sort_by_key(|case| case.sequence);
        if filter.newest_first {
            found.reverse();
            found.retain(|case| filter.after.is_none_or(|after| case.sequence < after));
        } else {
            found.retain(|case| filter.after.is_none_or(|after| case.sequence > after));
        }
        found.truncate(limit);
        Ok(found)
    }

    async fn case(&self, id: &CaseId) -> Result<Vec<StoredCase>, StoreError> {
        self.up()?;
        Ok(self
            .cases
            .lock()
            .unwrap()
            .iter()
            .filter(|case| case.id == *id)
            .cloned()
            .collect())
    }

    async fn records(&self, after: u64, limit: usize) -> Result<Vec<StoredRecord>, StoreError> {
        self.up()?;
        let records = self.records.lock().unwrap();
        Ok(records
            .iter()
            .filter(|record| record.position > after)
            .take(limit)
            .cloned()
            .collect())
    }

    async fn notices(&self, filter: &NoticeFilter, limit: usize) -> Result<Vec<StoredNotice>, StoreError> {
        self.up()?;
        let mut found: Vec<StoredNotice> = self.notices.lock().unwrap().clone();
        found.retain(|notice| filter.case.as_ref().is_none_or(|case| *case == notice.case));
        found.retain(|notice| filter.state.is_none_or(|state| state == notice.state));
        found.sort_by_key(|notice| notice.sequence);
        if filter.newest_first {
            found.reverse();
            found.retain(|notice| filter.after.is_none_or(|after| notice.sequence < after));
        }
        found.truncate(limit);
        Ok(found)
    }

    async fn notice(&self, id: &NoticeId) -> Result<Option<StoredNotice>, StoreError> {
        let notices = self.notices.lock().unwrap();
        Ok(notices.iter().find(|notice| notice.id == *id).cloned())
    }

    async fn evidence(&self, _: &NoticeId) -> Result<Evidence, StoreError> {
        Ok(Evidence::default())
    }

    async fn attempts(&self, _: u64, _: usize) -> Result<Vec<StoredAttempt>, StoreError> {
        Ok(Vec::new())
    }

    async fn audit(&self, _: Option<(Arc<str>, u64)>, _: usize) -> Result<Vec<AuditEntry>, StoreError> {
        Ok(Vec::new())
    }

    async fn append_audit(&self, entry: &NewAudit) -> Result<(), StoreError> {
        self.up()?;
        self.audit.lock().unwrap().push(entry.clone());
        Ok(())
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        self.up()?;
        let records = self.records.lock().unwrap();
        Ok(Stats {
            appended: *self.appended.lock().unwrap(),
            read: records.len() as u64,
            records: count::<Disposition>(records.iter().map(|record| record.disposition)),
            cases: count(
                self.cases
                    .lock()
                    .unwrap()
                    .iter()
                    .filter(|case| case.effective)
                    .filter_map(outcome),
            ),
            notices: count(self.notices.lock().unwrap().iter().map(|notice| notice.state)),
            attempts: self.attempts.lock().unwrap().clone(),
            in_flight: 1,
            ledgers: 1_234_567,
        })
    }

    async fn policies(&self) -> Result<Vec<StoredPolicy>, StoreError> {
        Ok(Vec::new())
    }

    async fn publish_policy(&self, _: &StoredPolicy) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl QuarantineStore for Fake {
    async fn aside(&self, after: u64, limit: usize) -> Result<Vec<StoredRecord>, StoreError> {
        self.up()?;
        let records = self.records.lock().unwrap();
        let found = records
            .iter()
            .filter(|record| record.position > after && record.disposition.is_set_aside());
        Ok(found.take(limit).cloned().collect())
    }

    async fn handlings(&self, _: u64, _: u64) -> Result<Vec<Handling>, StoreError> {
        Ok(Vec::new())
    }

    async fn handle(&self, _: &NewHandling) -> Result<Handled, StoreError> {
        Err(StoreError::Unavailable("this store only shows".to_owned()))
    }
}

#[async_trait]
impl ReceiptStore for Fake {
    async fn keep_receipts(&self, _: Timestamp, receipts: &[NewReceipt]) -> Result<u64, StoreError> {
        self.up()?;
        self.receipts.lock().unwrap().extend_from_slice(receipts);
        Ok(receipts.len() as u64)
    }

    async fn pending_receipts(&self, _: Timestamp, _: usize) -> Result<Vec<PendingReceipt>, StoreError> {
        Ok(Vec::new())
    }

    async fn settle_receipts(&self, _: &[(u64, ReceiptFate)]) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl DispatchStore for Fake {
    async fn lease(&self, _: Timestamp, _: usize) -> Result<Vec<DueNotice>, StoreError> {
        Ok(Vec::new())
    }

    async fn release(&self, _: &[(NoticeId, u64)]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn submit(&self, _: Timestamp, _: &[Submission]) -> Result<Vec<Grant>, StoreError> {
        Ok(Vec::new())
    }

    async fn finish(&self, _: Timestamp, _: &[Finished]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn set_aside(
        &self,
        _: Timestamp,
        _: &[(NoticeId, u64, NoticeState, Arc<str>)],
    ) -> Result<(), StoreError> {
        Ok(())
    }

    async fn defer(&self, _: &[(NoticeId, u64, Timestamp)]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn act(
        &self,
        _now: Timestamp,
        notice: &NoticeId,
        act: NoticeAct,
        reason: &str,
    ) -> Result<Acted, StoreError> {
        let mut notices = self.notices.lock().unwrap();
        let found = notices.iter_mut().find(|known| known.id == *notice);
        let found = found.ok_or_else(|| StoreError::NotFound(format!("notice {notice}")))?;
        let from = found.state;
        let Some(to) = act.leads_to(from) else {
            return Ok(Acted::Refused(from));
        };
        found.state = to;
        found.reason = Some(reason.into());
        Ok(Acted::Done { from, to })
    }

    async fn expire_submissions(&self, _: Timestamp) -> Result<Vec<(Arc<str>, u32)>, StoreError> {
        Ok(Vec::new())
    }

    async fn unknowns(&self, _: Timestamp, _: usize) -> Result<Vec<UnknownAttempt>, StoreError> {
        Ok(Vec::new())
    }

    async fn unknown_total(&self) -> Result<(u64, Option<Timestamp>), StoreError> {
        Ok((0, None))
    }

    async fn newest_attempt(&self, _: &str) -> Result<Option<AttemptId>, StoreError> {
        Ok(None)
    }

    async fn prove_absent(&self, _: Timestamp, _: &AttemptId, _: Option<Bytes>) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn resend(&self, _: Timestamp, notice: &NoticeId, _: Bytes) -> Result<Acted, StoreError> {
        let notices = self.notices.lock().unwrap();
        let found = notices.iter().find(|known| known.id == *notice);
        let found = found.ok_or_else(|| StoreError::NotFound(format!("notice {notice}")))?;
        if !may_be_said_again(found.state) {
            return Ok(Acted::Refused(found.state));
        }
        let (from, to) = (found.state, found.state);
        Ok(Acted::Done { from, to })
    }

    async fn due_count(&self, _: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn looked(&self, _: &AttemptId, _: Look) -> Result<(), StoreError> {
        Ok(())
    }

    async fn providers(&self) -> Result<Vec<ProviderState>, StoreError> {
        Ok(self.providers.lock().unwrap().clone())
    }

    async fn pause(&self, provider: &str, pause: &Pause) -> Result<(), StoreError> {
        let mut providers = self.providers.lock().unwrap();
        providers.retain(|state| &*state.name != provider);
        providers.push(ProviderState {
            name: provider.into(),
            paused: Some(pause.clone()),
            unknowns: 0,
        });
        Ok(())
    }

    async fn resume(&self, provider: &str, _: &str, _: Timestamp) -> Result<bool, StoreError> {
        let mut providers = self.providers.lock().unwrap();
        let state = providers.iter_mut().find(|state| &*state.name == provider);
        Ok(state.is_some_and(|state| state.paused.take().is_some()))
    }
}
