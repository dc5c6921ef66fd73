//! What pages, exports and counts read.

use std::sync::Arc;

use async_trait::async_trait;
use engine::case::{Disposition, Outcome};
use engine::ids::{CaseId, NoticeId};
use engine::notice::{AttemptClass, NoticeState};
use engine::time::Timestamp;
use ports::commit::CaseWrite;
use ports::read::{
    AttemptEvidence, AuditEntry, CaseFilter, Evidence, NewAudit, NoticeFilter, ReadStore, ReceiptEvidence,
    Stats, StoredAttempt, StoredCase, StoredNotice, StoredPolicy, StoredRecord,
};
use ports::store::StoreError;

use super::receipt::attempt_of;
use super::{Books, MemoryStore, Receipt};

#[async_trait]
impl ReadStore for MemoryStore {
    async fn cases(&self, filter: &CaseFilter, limit: usize) -> Result<Vec<StoredCase>, StoreError> {
        let books = self.books();
        let found = books.stored_cases().filter(|(case, outcome)| {
            filter.plate.as_ref().is_none_or(|plate| case.plate == *plate)
                && filter.outcome.is_none_or(|asked| *outcome == asked)
                && (!filter.effective_only || case.effective)
        });
        let cases = found.map(|(case, _)| case).collect();
        Ok(page(
            cases,
            |case| case.sequence,
            filter.newest_first,
            filter.after,
            limit,
        ))
    }

    async fn case(&self, id: &CaseId) -> Result<Vec<StoredCase>, StoreError> {
        let books = self.books();
        let mut versions: Vec<_> = books
            .stored_cases()
            .filter_map(|(case, _)| (case.id == *id).then_some(case))
            .collect();
        versions.sort_by_key(|case| case.version);
        Ok(versions)
    }

    async fn records(&self, after: u64, limit: usize) -> Result<Vec<StoredRecord>, StoreError> {
        let books = self.books();
        let found = books.records.iter().filter(|record| record.position > after);
        Ok(found.take(limit).cloned().collect())
    }

    async fn notices(&self, filter: &NoticeFilter, limit: usize) -> Result<Vec<StoredNotice>, StoreError> {
        let (books, leases) = (self.books(), self.leases());
        let shown = books.notices.iter().cloned().map(|mut notice| {
            if notice.state == NoticeState::Queued && leases.by_notice.contains_key(&notice.id) {
                notice.state = NoticeState::Leased;
            }
            notice
        });
        let found = shown.filter(|notice| {
            filter.case.as_ref().is_none_or(|case| notice.case == *case)
                && filter.state.is_none_or(|state| notice.state == state)
        });
        let notices = found.collect();
        Ok(page(
            notices,
            |notice| notice.sequence,
            filter.newest_first,
            filter.after,
            limit,
        ))
    }

    async fn notice(&self, id: &NoticeId) -> Result<Option<StoredNotice>, StoreError> {
        let all = self.notices(&NoticeFilter::default(), usize::MAX).await?;
        Ok(all.into_iter().find(|notice| notice.id == *id))
    }

    async fn evidence(&self, id: &NoticeId) -> Result<Evidence, StoreError> {
        let stored = self.attempts(0, usize::MAX).await?;
        let books = self.books();
        let own = stored.into_iter().filter(|stored| stored.notice == *id);
        let attempts = own.map(|attempt| {
            let kept = &books.attempts[(attempt.sequence - 1) as usize];
            AttemptEvidence {
                finished_at: None,
                looks: kept.looks,
                next_look: kept.next_look,
                absent_since: kept.absent_since,
                attempt,
            }
        });
        let about = |receipt: &&Receipt| {
            attempt_of(&books, &receipt.news).is_some_and(|attempt| attempt.notice == *id)
        };
        let receipts = books
            .receipts
            .iter()
            .filter(about)
            .map(|receipt| ReceiptEvidence {
                received_at: receipt.received_at,
                state: receipt.news.state,
                code: receipt.news.code.clone(),
                at: receipt.news.at,
            });
        Ok(Evidence {
            attempts: attempts.collect(),
            receipts: receipts.collect(),
        })
    }

    async fn attempts(&self, after: u64, limit: usize) -> Result<Vec<StoredAttempt>, StoreError> {
        let books = self.books();
        let numbered = (1..)
            .zip(&books.attempts)
            .filter(|(sequence, _)| *sequence > after);
        let stored = numbered.map(|(sequence, attempt)| StoredAttempt {
            sequence,
            id: attempt.id.as_str().into(),
            notice: attempt.notice.clone(),
            provider: attempt.provider.clone(),
            submitted_at: attempt.submitted_at,
            class: attempt.class,
            code: attempt.code.clone(),
            provider_id: attempt.provider_id.clone(),
        });
        Ok(stored.take(limit).collect())
    }

    async fn audit(
        &self,
        after: Option<(Arc<str>, u64)>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let books = self.books();
        let all = books.actions.iter().chain(&books.decisions);
        let later = all.filter(|entry| {
            after
                .as_ref()
                .is_none_or(|(chain, sequence)| (&entry.chain, entry.sequence) > (chain, *sequence))
        });
        Ok(later.take(limit).cloned().collect())
    }

    async fn append_audit(&self, entry: &NewAudit) -> Result<(), StoreError> {
        self.books().append_action(entry);
        Ok(())
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        let (books, leases) = (self.books(), self.leases());
        let state = |notice: &StoredNotice| {
            let is_leased = notice.state == NoticeState::Queued && leases.by_notice.contains_key(&notice.id);
            if is_leased {
                NoticeState::Leased
            } else {
                notice.state
            }
        };
        let classes = || books.attempts.iter().map(|attempt| attempt.class);
        Ok(Stats {
            appended: books.log.len() as u64,
            read: books.progress.next - 1,
            records: count(
                &Disposition::ALL,
                books.records.iter().map(|record| record.disposition),
            ),
            cases: count(
                &Outcome::ALL,
                books
                    .stored_cases()
                    .filter_map(|(case, outcome)| case.effective.then_some(outcome)),
            ),
            notices: count(&NoticeState::ALL, books.notices.iter().map(state)),
            attempts: count(&AttemptClass::ALL, classes().flatten()),
            in_flight: classes().filter(Option::is_none).count() as u64,
            ledgers: books.ledgers.len() as u64,
        })
    }

    async fn policies(&self) -> Result<Vec<StoredPolicy>, StoreError> {
        Ok(self.books().policies.clone())
    }

    async fn publish_policy(&self, policy: &StoredPolicy) -> Result<(), StoreError> {
        let mut books = self.books();
        let known = books
            .policies
            .iter()
            .find(|known| known.id == policy.id && known.version == policy.version);
        match known {
            Some(known) if known.text == policy.text => Ok(()),
            Some(_) => Err(StoreError::Conflict(format!(
                "policy {} {} is published with another text",
                policy.id, policy.version
            ))),
            None => {
                books.policies.push(policy.clone());
                Ok(())
            }
        }
    }
}

impl Books {
    /// Chains what somebody did.
    pub(super) fn append_action(&mut self, entry: &NewAudit) {
        let mut chained = AuditEntry {
            chain: "actions".into(),
            sequence: self.actions.len() as u64 + 1,
            at: entry.at,
            actor: entry.actor.clone(),
            action: entry.action.clone(),
            object: entry.object.clone(),
            before: entry.before.clone(),
            after: entry.after.clone(),
            prev: self.actions.last().map_or([0; 32], |last| last.hash),
            hash: [0; 32],
        };
        chained.hash = chained.computed_hash();
        self.actions.push(chained);
    }

    /// Every version, with the outcome of the effective one.
    fn stored_cases(&self) -> impl Iterator<Item = (StoredCase, Outcome)> {
        (1..).zip(&self.cases).map(|(sequence, (case, decided_at))| {
            let versions = self.cases.iter().filter(|(other, _)| other.id == case.id);
            let last = versions.map(|(other, _)| other).max_by_key(|other| other.version);
            let last = last.unwrap_or(case);
            let is_effective = last.version == case.version;
            (stored(sequence, case, *decided_at, is_effective), last.outcome)
        })
    }
}

fn stored(sequence: u64, case: &CaseWrite, decided_at: Timestamp, effective: bool) -> StoredCase {
    StoredCase {
        sequence,
        id: case.id.clone(),
        version: case.version,
        effective,
        plate: case.plate.clone(),
        decided_at,
        body: case.body.clone(),
    }
}

fn page<T>(
    mut all: Vec<T>,
    key: impl Fn(&T) -> u64,
    newest_first: bool,
    after: Option<u64>,
    limit: usize,
) -> Vec<T> {
    if newest_first {
        all.reverse();
    }
    all.retain(|it| match after {
        None => true,
        Some(after) if newest_first => key(it) < after,
        Some(after) => key(it) > after,
    });
    all.truncate(limit);
    all
}

/// What there is at least one of, in the order of the list.
fn count<T: Copy + PartialEq>(list: &[(T, &str)], all: impl Iterator<Item = T>) -> Vec<(T, u64)> {
    let all: Vec<T> = all.collect();
    let of = |it: &T| all.iter().filter(|other| *other == it).count() as u64;
    list.iter()
        .map(|(it, _)| (*it, of(it)))
        .filter(|(_, n)| *n > 0)
        .collect()
}
