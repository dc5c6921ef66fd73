//! Reads and decodes the next batch while the one before is being judged and committed.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine::time::Timestamp;
use formats::event::{self, Decoded, Known, Rejected};
use ports::read::Store;
use ports::store::StoreError;
use sha2::{Digest as _, Sha256};
use tokio::task::JoinHandle;

/// A record of the stream, decoded.
pub(crate) struct Incoming {
    pub(crate) position: u64,
    pub(crate) known: Timestamp,
    pub(crate) parsed: Result<Decoded, Rejected>,
    /// SHA-256 of its bytes.
    pub(crate) payload: [u8; 32],
}

/// Documents of more bytes are too many for one batch: open, a ledger takes some eight times its document.
const HEAVY: usize = 16 << 20;
/// A batch of so few records is never halved.
const LEAST: usize = 256;
/// Nor is one of so few because it takes long: then it is the machine that is slow, and smaller ones would not help.
const PROMPT: usize = 1024;

type Ahead = JoinHandle<Result<Vec<Incoming>, StoreError>>;

/// The stream with one batch read ahead.
pub(crate) struct ReadAhead {
    store: Arc<dyn Store>,
    limit: usize,
    most: usize,
    /// How long a commit may hold up others; none: nobody waits.
    patience: Option<Duration>,
    /// Whether the last commit left room for a larger one.
    is_quick: bool,
    ahead: Option<(u64, Ahead)>,
}

impl ReadAhead {
    /// Batches begin with `first` records and double, as long as the stream fills them and their ledgers are not too
    /// heavy, up to `most`.
    pub(crate) fn new(store: Arc<dyn Store>, first: usize, most: usize, patience: Option<Duration>) -> Self {
        Self {
            store,
            limit: first,
            most,
            patience,
            is_quick: true,
            ahead: None,
        }
    }

    /// The records from `position` on, as many as there are now up to a batch; empty at the end of the stream.
    pub(crate) async fn take(&mut self, position: u64) -> Result<Vec<Incoming>, StoreError> {
        let mut records = match self.ahead.take() {
            Some((from, task)) if from == position => task
                .await
                .map_err(|error| StoreError::Unavailable(format!("reading ahead failed: {error}")))??,
            Some((_, task)) => {
                task.abort();
                Vec::new()
            }
            None => Vec::new(),
        };
        let next = |records: &[Incoming]| records.last().map_or(position, |last| last.position + 1);
        if records.len() < self.limit {
            // The stream may have grown since.
            let (from, room) = (next(&records), self.limit - records.len());
            records.extend(read(self.store.clone(), from, room).await?);
        }
        if records.len() >= self.limit {
            let next = next(&records);
            let task = tokio::spawn(read(self.store.clone(), next, self.limit));
            self.ahead = Some((next, task));
        }
        Ok(records)
    }

    /// Says what a batch weighed, so that the next ones fit: its records, and the bytes of the documents that it opened.
    pub(crate) fn weigh(&mut self, records: usize, documents: usize) {
        if documents > HEAVY && self.limit > LEAST {
            self.limit /= 2;
        } else if documents <= HEAVY / 2 && records >= self.limit && self.is_quick {
            self.limit = (self.limit * 2).min(self.most);
        }
    }

    /// Says how long a commit took, so that senders who wait for the store behind it do not wait long.
    pub(crate) fn took(&mut self, wall: Duration) {
        let Some(patience) = self.patience else { return };
        self.is_quick = wall < patience / 2;
        if wall > patience && self.limit > PROMPT {
            self.limit /= 2;
        }
    }

    /// How many records make a batch now.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }
}

impl Drop for ReadAhead {
    fn drop(&mut self) {
        if let Some((_, task)) = self.ahead.take() {
            task.abort();
        }
    }
}

async fn read(store: Arc<dyn Store>, position: u64, limit: usize) -> Result<Vec<Incoming>, StoreError> {
    let envelopes = store.read(position, limit).await?;
    if envelopes.is_empty() {
        return Ok(Vec::new());
    }
    let decode = move || {
        let decode_one = |(position, known, payload): (u64, Timestamp, Bytes)| Incoming {
            position,
            known,
            parsed: event::decode(&payload, Known::At(known), position),
            payload: Sha256::digest(&payload).into(),
        };
        envelopes
            .into_iter()
            .map(|it| decode_one((it.position, it.known, it.payload)))
            .collect()
    };
    tokio::task::spawn_blocking(decode)
        .await
        .map_err(|error| StoreError::Unavailable(format!("decoding was stopped: {error}")))
}
