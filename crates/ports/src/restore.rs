//! A store that was put back in time: an older copy stands in its place, and messages were sent of which it knows nothing.
//! Deciding goes on; nothing is sent until every message that may have been has been asked for.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use engine::fact::NoticeKind;
use engine::ids::{AttemptId, NoticeId};
use engine::notice::NoticeState;
use engine::time::Timestamp;

use crate::read::{NewAudit, Store};
use crate::store::StoreError;

/// How the reason of a pause begins that stands because the store was put back in time. No look-up ends such a pause, no
/// other one replaces it, and `resume` does not end it.
pub const RESTORED: &str = "restored";

/// Whether a pause stands because the store was put back in time.
pub fn is_restored(reason: &str) -> bool {
    reason.starts_with(RESTORED)
}

/// The time of which the store knows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostSpan {
    /// The last submission that the store knows of, or the beginning of time.
    pub since: Timestamp,
    /// Notices about which it is already certain that nobody was written to.
    pub cleared: u64,
}

/// A message that may have been sent in the lost span.
#[derive(Clone, Debug)]
pub struct Doubtful {
    /// Its place among all notices; the cursor.
    pub sequence: u64,
    /// Which notice.
    pub notice: NoticeId,
    /// What it says.
    pub kind: NoticeKind,
    /// The ledger of the case.
    pub plate: Arc<str>,
    /// Where it stands: queued, held, submitted or unknown.
    pub state: NoticeState,
    /// What the text and the recipient are found from.
    pub parameters: Bytes,
    /// How many attempts the store knows of.
    pub attempts: u32,
    /// The attempt that may have been sent as far as the store knows, and its provider.
    pub live: Option<(AttemptId, Arc<str>)>,
}

/// Proof that a message was sent in the lost span.
#[derive(Clone, Debug)]
pub struct Adopted {
    /// Which notice.
    pub notice: NoticeId,
    /// Under which name; one that the store has no attempt of.
    pub attempt: AttemptId,
    /// Its number among the attempts of the notice, from 1.
    pub number: u32,
    /// Who sent it.
    pub provider: Arc<str>,
    /// `accepted`, or what became of it.
    pub state: NoticeState,
    /// The provider's id of the message.
    pub provider_id: Option<Arc<str>>,
    /// The provider's own code.
    pub code: Option<Arc<str>>,
    /// The `told` fact, for the inner log.
    pub told: Bytes,
}

/// News that a provider pushed about an attempt that the store has no row of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrayReceipt {
    /// Our own name for the attempt.
    pub attempt: AttemptId,
    /// Who pushed it.
    pub provider: Arc<str>,
    /// `delivered`, `undelivered` or `expired`.
    pub state: NoticeState,
    /// The provider's id of the message.
    pub provider_id: Option<Arc<str>>,
    /// The provider's own code.
    pub code: Option<Arc<str>>,
}

impl Adopted {
    /// What the audit log says of it.
    pub fn entry(&self, at: Timestamp, by: &Arc<str>) -> NewAudit {
        NewAudit {
            at,
            actor: by.clone(),
            action: "sms.adopt".into(),
            object: self.attempt.as_str().into(),
            before: None,
            after: Some(format!("{} by {}", self.state.as_str(), self.provider).into()),
        }
    }
}

/// What a store that was put back in time needs.
#[async_trait]
pub trait RestoreStore: Store {
    /// The lost span; none: nothing is lost, or it has been released.
    async fn lost_span(&self) -> Result<Option<LostSpan>, StoreError>;

    /// When the store was last put back in time, also after its release; none: it never was. A notice about an offence
    /// from before that is new to it may have been sent in the lost span: producers send their facts again.
    async fn restored_at(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Notices that may have been sent since: every one that is queued or held, and those with an attempt of unknown fate
    /// that was submitted since. Without those that were cleared; by place, after `after`.
    async fn doubtful(&self, since: Timestamp, after: u64, limit: usize)
    -> Result<Vec<Doubtful>, StoreError>;

    /// News about attempts of which there is no row.
    async fn stray_receipts(&self, attempts: &[AttemptId]) -> Result<Vec<StrayReceipt>, StoreError>;

    /// Records messages as sent: an attempt that the provider took, the state that it named, and the `told` fact. An
    /// earlier attempt of unknown fate was then certainly not sent. Each leaves an entry `sms.adopt` in the audit log.
    /// Answers which were recorded; the others were sent, ended or recorded before.
    async fn adopt_sent(&self, now: Timestamp, by: &str, sent: &[Adopted]) -> Result<Vec<bool>, StoreError>;

    /// Notes about which notices it is certain that nobody was written to in the lost span.
    async fn clear(&self, notices: &[NoticeId]) -> Result<(), StoreError>;

    /// Ends the pause that stands because the store was put back in time; false: there is none.
    async fn release_restored(&self) -> Result<bool, StoreError>;
}
