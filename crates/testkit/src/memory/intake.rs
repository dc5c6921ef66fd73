//! The stream, and what intake reads.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use engine::fact::FactId;
use engine::time::Timestamp;
use ports::commit::Commit;
use ports::log::{Envelope, NewEnvelope, Stream};
use ports::store::{CommitError, Identity, InnerEntry, IntakeStore, Progress, StoreError, StoredLedger};

use super::{MemoryStore, commit};

#[async_trait]
impl Stream for MemoryStore {
    async fn append(&self, records: &[NewEnvelope]) -> Result<u64, StoreError> {
        let mut books = self.books();
        let first = books.log.len() as u64 + 1;
        books.log.extend_from_slice(records);
        let end = books.log.len() as u64 + 1;
        self.end.send_modify(|known| *known = end);
        Ok(first)
    }

    async fn read(&self, position: u64, limit: usize) -> Result<Vec<Envelope>, StoreError> {
        let books = self.books();
        let from = (1..).zip(&books.log).filter(|(at, _)| *at >= position);
        let to_envelope = |(position, record): (u64, &NewEnvelope)| Envelope {
            position,
            known: record.known,
            payload: record.payload.clone(),
        };
        Ok(from.take(limit).map(to_envelope).collect())
    }

    async fn end(&self) -> Result<u64, StoreError> {
        Ok(self.books().log.len() as u64 + 1)
    }

    async fn wait_beyond(&self, position: u64, wait: Duration) -> Result<(), StoreError> {
        let mut end = self.end.subscribe();
        // Over in time or not: the caller looks for itself.
        let _waited = tokio::time::timeout(wait, end.wait_for(|end| *end > position)).await;
        Ok(())
    }
}

#[async_trait]
impl IntakeStore for MemoryStore {
    async fn claim(&self, _owner: &str) -> Result<Progress, StoreError> {
        let mut books = self.books();
        books.progress.epoch += 1;
        Ok(books.progress)
    }

    async fn progress(&self) -> Result<Progress, StoreError> {
        Ok(self.books().progress)
    }

    async fn inner(&self, sequence: u64, limit: usize) -> Result<Vec<InnerEntry>, StoreError> {
        let books = self.books();
        let from = books.inner.iter().filter(|entry| entry.sequence >= sequence);
        Ok(from.take(limit).cloned().collect())
    }

    async fn append_inner(&self, at: Timestamp, payloads: &[Bytes]) -> Result<(), StoreError> {
        self.books().append_inner(at, payloads);
        Ok(())
    }

    async fn identities(&self, ids: &[FactId]) -> Result<Vec<Option<Identity>>, StoreError> {
        let books = self.books();
        Ok(ids.iter().map(|id| books.identities.get(id).cloned()).collect())
    }

    async fn ledgers(&self, plates: &[Arc<str>]) -> Result<Vec<StoredLedger>, StoreError> {
        let books = self.books();
        let ledger = |plate| books.ledgers.get(plate).cloned().unwrap_or_default();
        Ok(plates.iter().map(ledger).collect())
    }

    async fn ledgers_after(
        &self,
        plate: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(Arc<str>, StoredLedger)>, StoreError> {
        let books = self.books();
        let after = books
            .ledgers
            .iter()
            .filter(|(key, _)| plate.is_none_or(|plate| ***key > *plate));
        Ok(after
            .take(limit)
            .map(|(plate, ledger)| (plate.clone(), ledger.clone()))
            .collect())
    }

    async fn waiting(&self) -> Result<u64, StoreError> {
        let waiting = self.books().waiting;
        u64::try_from(waiting).map_err(|_| StoreError::Corrupt("fewer than no ledgers wait".to_owned()))
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Arc<str>>, StoreError> {
        let books = self.books();
        let mut due: Vec<_> = books.timers.iter().filter(|(_, due)| **due <= now).collect();
        due.sort_by_key(|(plate, due)| (**due, Arc::clone(plate)));
        Ok(due
            .into_iter()
            .take(limit)
            .map(|(plate, _)| plate.clone())
            .collect())
    }

    async fn commit(&self, batch: &Commit) -> Result<(), CommitError> {
        let mut books = self.books();
        let mut after = books.clone();
        let changed = commit::apply(&mut after, batch)?;
        let mut leases = self.leases();
        for id in changed {
            leases.by_notice.remove(&id);
        }
        *books = after;
        Ok(())
    }
}
