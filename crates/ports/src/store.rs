//! The store: ledgers, identities and progress for intake; queues for dispatch; tables for everybody else.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use engine::fact::{ContentDigest, FactId};
use engine::time::Timestamp;
use thiserror::Error;

use crate::commit::Commit;

/// Why the store did not do what was asked. Texts name what to do and never hold personal data.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The store cannot be reached or is busy beyond its patience; worth another try.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// What it holds cannot be read by this release, or contradicts itself.
    #[error("the store holds something that cannot be read: {0}")]
    Corrupt(String),
    /// Another process owns it.
    #[error("{0}")]
    Conflict(String),
    /// There is no such thing.
    #[error("not found: {0}")]
    NotFound(String),
}

/// Why a batch was not committed. Nothing of it was written.
#[derive(Debug, Error)]
pub enum CommitError {
    /// Somebody else owns the lane or has moved it on.
    #[error("the lane was moved on by another process")]
    LostLane,
    /// An id of the batch is known already under another plate: look them up and build the batch again.
    #[error("an id of the batch is already known")]
    IdentityTaken,
    /// A notice that should be cancelled has been submitted: drain the inner log and judge again.
    #[error("a notice was sent in the meantime")]
    NoticeSent,
    /// Anything else.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How far a lane has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The next position of the stream to read, from 1.
    pub next: u64,
    /// The next sequence of the inner log to read, from 1.
    pub inner_next: u64,
    /// Raised by every change of ownership; a commit under an older one fails.
    pub epoch: u64,
    /// The largest known of all facts so far: the clock of imports.
    pub high_water: Timestamp,
}

/// What is remembered of a fact's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The ledger that holds it.
    pub plate: Arc<str>,
    /// What it said.
    pub digest: ContentDigest,
}

/// A ledger as stored.
#[derive(Clone, Debug, Default)]
pub struct StoredLedger {
    /// 0: there is none yet.
    pub version: u64,
    /// The document; empty when there is none.
    pub document: Bytes,
}

/// One entry of the inner log.
#[derive(Clone, Debug)]
pub struct InnerEntry {
    /// Its place, from 1.
    pub sequence: u64,
    /// When it was written.
    pub at: Timestamp,
    /// The entry, as `formats` writes it.
    pub payload: Bytes,
}

/// What intake needs.
#[async_trait]
pub trait IntakeStore: Send + Sync {
    /// Takes the lane over: raises its epoch and says where to go on. `owner` is for people to read.
    async fn claim(&self, owner: &str) -> Result<Progress, StoreError>;

    /// How far the lane has come, without touching it.
    async fn progress(&self) -> Result<Progress, StoreError>;

    /// Entries of the inner log from `sequence` on, in order.
    async fn inner(&self, sequence: u64, limit: usize) -> Result<Vec<InnerEntry>, StoreError>;

    /// Appends to the inner log, durably.
    async fn append_inner(&self, at: Timestamp, payloads: &[Bytes]) -> Result<(), StoreError>;

    /// What is remembered of each id, in the order asked.
    async fn identities(&self, ids: &[FactId]) -> Result<Vec<Option<Identity>>, StoreError>;

    /// The ledgers of the plates, in the order asked.
    async fn ledgers(&self, plates: &[Arc<str>]) -> Result<Vec<StoredLedger>, StoreError>;

    /// All ledgers by plate in bytes, after `plate` (none: from the first), for digests and replays.
    async fn ledgers_after(
        &self,
        plate: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(Arc<str>, StoredLedger)>, StoreError>;

    /// How many ledgers hold facts that wait for an observation (keys that start with `?`).
    async fn waiting(&self) -> Result<u64, StoreError>;

    /// Plates to look at again at or before `now`, each once, at most `limit`; with the earliest due time that remains.
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Arc<str>>, StoreError>;

    /// Writes everything of a batch or nothing.
    async fn commit(&self, batch: &Commit) -> Result<(), CommitError>;
}
