//! The stream of outside facts.

use async_trait::async_trait;
use bytes::Bytes;
use engine::time::Timestamp;

use crate::store::StoreError;

/// One record as it lies in the stream.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Its place in the lane, from 1, without gaps.
    pub position: u64,
    /// When it became known: the stream's own timestamp, or the fact's `time` for records of an import.
    pub known: Timestamp,
    /// The event's bytes, structured CloudEvents JSON.
    pub payload: Bytes,
}

/// A record to append.
#[derive(Clone, Debug)]
pub struct NewEnvelope {
    /// See [`Envelope::known`].
    pub known: Timestamp,
    /// The event's bytes.
    pub payload: Bytes,
}

/// A stream that can be appended to and read from any position.
#[async_trait]
pub trait Stream: Send + Sync {
    /// Appends in order, durably, and says the position of the first.
    async fn append(&self, records: &[NewEnvelope]) -> Result<u64, StoreError>;

    /// At most about `limit` records from `position` on, in order; empty at the end.
    async fn read(&self, position: u64, limit: usize) -> Result<Vec<Envelope>, StoreError>;

    /// The position that the next appended record will get.
    async fn end(&self) -> Result<u64, StoreError>;

    /// Returns once a record stands at `position` (its end lies beyond it), or `wait` is over.
    async fn wait_beyond(&self, position: u64, wait: std::time::Duration) -> Result<(), StoreError>;
}
