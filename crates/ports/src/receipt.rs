//! What providers push about messages that they took: kept first, answered, and applied later.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use engine::fact::NoticeKind;
use engine::ids::{AttemptId, NoticeId};
use engine::notice::NoticeState;
use engine::time::Timestamp;

use crate::dispatch::DispatchStore;
use crate::store::StoreError;

/// One piece of news as a provider pushed it.
#[derive(Clone, Debug)]
pub struct NewReceipt {
    /// The configured name of the provider.
    pub provider: Arc<str>,
    /// Tells it from all others: the same news again has the same digest.
    pub digest: [u8; 32],
    /// The provider's id of the message.
    pub message_id: Option<Arc<str>>,
    /// Our own name for the attempt, where the provider gives it back.
    pub client_ref: Option<AttemptId>,
    /// `delivered`, `undelivered` or `expired`.
    pub state: NoticeState,
    /// The provider's own code.
    pub code: Option<Arc<str>>,
    /// When it happened, as the provider says.
    pub at: Timestamp,
    /// Exactly what was pushed; sealed at rest.
    pub body: Bytes,
}

/// News that has not been applied.
#[derive(Clone, Debug)]
pub struct PendingReceipt {
    /// Its place among all receipts.
    pub sequence: u64,
    /// The configured name of the provider.
    pub provider: Arc<str>,
    /// When it came.
    pub received_at: Timestamp,
    /// `delivered`, `undelivered` or `expired`.
    pub state: NoticeState,
    /// The provider's own code.
    pub code: Option<Arc<str>>,
    /// The provider's id of the message.
    pub message_id: Option<Arc<str>>,
    /// Whether it gives back our own name for the attempt, which is known from the first byte on; the provider's own may
    /// become known only by a look-up.
    pub has_our_name: bool,
    /// The attempt that it is about; none: nobody knows it yet.
    pub attempt: Option<(AttemptId, NoticeId)>,
    /// When that one was submitted.
    pub submitted_at: Option<Timestamp>,
    /// When it happened, as the provider says.
    pub at: Timestamp,
    /// What it takes to tell again, where its telling was taken back: what it says, the ledger of the case, and what the
    /// text was found from.
    pub retold: Option<(NoticeKind, Arc<str>, Bytes)>,
}

/// What becomes of pending news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptFate {
    /// It is in its notice.
    Applied,
    /// Its attempt may still turn up; look again then.
    Later(Timestamp),
    /// It is about nothing that was ever sent from here.
    Unmatched,
}

/// What receipts need of the store.
#[async_trait]
pub trait ReceiptStore: DispatchStore {
    /// Keeps what was pushed, before anybody answers. News that is there already is not kept twice; says how many were new.
    async fn keep_receipts(&self, now: Timestamp, receipts: &[NewReceipt]) -> Result<u64, StoreError>;

    /// News that waits and is to be looked at now, the oldest first.
    async fn pending_receipts(&self, now: Timestamp, limit: usize)
    -> Result<Vec<PendingReceipt>, StoreError>;

    /// Says what became of pending news.
    async fn settle_receipts(&self, fates: &[(u64, ReceiptFate)]) -> Result<(), StoreError>;
}
