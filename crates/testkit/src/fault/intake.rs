//! The stream and what intake asks.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use engine::case::Disposition;
use engine::fact::FactId;
use engine::time::Timestamp;
use ports::commit::{Commit, NoticeChange};
use ports::log::{Envelope, NewEnvelope, Stream};
use ports::store::{CommitError, Identity, InnerEntry, IntakeStore, Progress, StoreError, StoredLedger};

use super::{Entry, FaultyStore};
use crate::defect::Defect;

#[async_trait]
impl Stream for FaultyStore {
    async fn append(&self, records: &[NewEnvelope]) -> Result<u64, StoreError> {
        if self.has(Defect::AnsweredBeforeDurable) {
            return self.inner.end().await;
        }
        self.turn("append", self.inner.append(records)).await
    }

    async fn read(&self, position: u64, limit: usize) -> Result<Vec<Envelope>, StoreError> {
        self.turn("read", self.inner.read(position, limit)).await
    }

    async fn end(&self) -> Result<u64, StoreError> {
        self.turn("end", self.inner.end()).await
    }

    async fn wait_beyond(&self, position: u64, wait: Duration) -> Result<(), StoreError> {
        self.inner.wait_beyond(position, wait).await
    }
}

#[async_trait]
impl IntakeStore for FaultyStore {
    async fn claim(&self, owner: &str) -> Result<Progress, StoreError> {
        let claim = async {
            let before = self.inner.progress().await?;
            let after = if self.has(Defect::SilentClaim) {
                before
            } else {
                self.inner.claim(owner).await?
            };
            self.journal.note(Entry::Claimed { before, after });
            Ok(after)
        };
        self.turn("claim", claim).await
    }

    async fn progress(&self) -> Result<Progress, StoreError> {
        self.turn("progress", self.inner.progress()).await
    }

    async fn inner(&self, sequence: u64, limit: usize) -> Result<Vec<InnerEntry>, StoreError> {
        self.turn("inner", self.inner.inner(sequence, limit)).await
    }

    async fn append_inner(&self, at: Timestamp, payloads: &[Bytes]) -> Result<(), StoreError> {
        self.turn("append_inner", self.inner.append_inner(at, payloads))
            .await
    }

    async fn identities(&self, ids: &[FactId]) -> Result<Vec<Option<Identity>>, StoreError> {
        self.turn("identities", self.inner.identities(ids)).await
    }

    async fn ledgers(&self, plates: &[Arc<str>]) -> Result<Vec<StoredLedger>, StoreError> {
        self.turn("ledgers", self.inner.ledgers(plates)).await
    }

    async fn ledgers_after(
        &self,
        plate: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(Arc<str>, StoredLedger)>, StoreError> {
        self.inner.ledgers_after(plate, limit).await
    }

    async fn waiting(&self) -> Result<u64, StoreError> {
        self.turn("waiting", self.inner.waiting()).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Arc<str>>, StoreError> {
        if self.has(Defect::ForgottenTimers) {
            return Ok(Vec::new());
        }
        self.turn("due", self.inner.due(now, limit)).await
    }

    async fn commit(&self, batch: &Commit) -> Result<(), CommitError> {
        let commit = async {
            let stood = self.inner.progress().await?;
            self.write(batch).await?;
            self.journal
                .note(Entry::Committed(Arc::new(batch.clone()), stood));
            Ok(())
        };
        self.turn("commit", commit).await
    }
}

impl FaultyStore {
    async fn write(&self, batch: &Commit) -> Result<(), CommitError> {
        match self.defect {
            Some(Defect::LostCommit) => Ok(()),
            Some(Defect::ForgottenFence) => {
                let mut batch = batch.clone();
                let epoch = self.inner.progress().await?.epoch;
                (batch.from.epoch, batch.to.epoch) = (epoch, epoch);
                self.inner.commit(&batch).await
            }
            Some(Defect::CancelledAfterSubmission) => match self.inner.commit(batch).await {
                Err(CommitError::NoticeSent) => {
                    let mut batch = batch.clone();
                    batch
                        .notices
                        .retain(|change| !matches!(change, NoticeChange::Cancel(_)));
                    self.inner.commit(&batch).await
                }
                other => other,
            },
            Some(Defect::ProgressFirst) => self.write_in_two(batch).await,
            Some(Defect::ConflictAsDuplicate) => {
                let batch = &renamed(batch, Disposition::Conflict, Disposition::Duplicate);
                self.inner.commit(batch).await
            }
            Some(Defect::DuplicateAccepted) => {
                let batch = &renamed(batch, Disposition::Duplicate, Disposition::Merged);
                self.inner.commit(batch).await
            }
            _ => self.inner.commit(batch).await,
        }
    }

    async fn write_in_two(&self, batch: &Commit) -> Result<(), CommitError> {
        let progress = Commit {
            from: batch.from,
            to: batch.to,
            at: batch.at,
            records: batch.records.clone(),
            identities: batch.identities.clone(),
            heard: batch.heard.clone(),
            ..Commit::default()
        };
        self.inner.commit(&progress).await?;
        if self.baton.reach("commit").await.is_none() {
            return Err(StoreError::Unavailable("the process is gone".to_owned()).into());
        }
        let effects = Commit {
            from: batch.to,
            records: Vec::new(),
            identities: Vec::new(),
            heard: Vec::new(),
            ..batch.clone()
        };
        self.inner.commit(&effects).await
    }
}

/// With one word for another.
fn renamed(batch: &Commit, from: Disposition, to: Disposition) -> Commit {
    let mut batch = batch.clone();
    for record in batch
        .records
        .iter_mut()
        .filter(|record| record.disposition == from)
    {
        record.disposition = to;
    }
    batch
}
