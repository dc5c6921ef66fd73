//! Reads and decodes the next batch while the one before is being judged and committed.

use std::sync::Arc;

use bytes::Bytes;
use engine::time::Timestamp;
use formats::event::{self, Decoded, Known, Rejected};
use ports::read::Store;
use ports::store::StoreError;
use tokio::task::JoinHandle;

/// A record of the stream, decoded.
pub(crate) struct Incoming {
    pub(crate) position: u64,
    pub(crate) known: Timestamp,
    pub(crate) parsed: Result<Decoded, Rejected>,
}

type Ahead = JoinHandle<Result<Vec<Incoming>, StoreError>>;

/// The stream with one batch read ahead.
pub(crate) struct ReadAhead {
    store: Arc<dyn Store>,
    limit: usize,
    ahead: Option<(u64, Ahead)>,
}

impl ReadAhead {
    pub(crate) fn new(store: Arc<dyn Store>, limit: usize) -> Self {
        Self {
            store,
            limit,
            ahead: None,
        }
    }

    /// The records from `position` on; empty at the end of the stream.
    pub(crate) async fn take(&mut self, position: u64) -> Result<Vec<Incoming>, StoreError> {
        let records = match self.ahead.take() {
            Some((from, task)) if from == position => task
                .await
                .map_err(|error| StoreError::Unavailable(format!("reading ahead failed: {error}")))??,
            other => {
                if let Some((_, task)) = other {
                    task.abort();
                }
                read(self.store.clone(), position, self.limit).await?
            }
        };
        if let Some(last) = records.last() {
            let next = last.position + 1;
            let task = tokio::spawn(read(self.store.clone(), next, self.limit));
            self.ahead = Some((next, task));
        }
        Ok(records)
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
