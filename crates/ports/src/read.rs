//! What pages, exports and counts read. Nothing here changes anything but policies and the audit log.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use engine::case::{Disposition, Outcome};
use engine::fact::NoticeKind;
use engine::ids::{CaseId, NoticeId};
use engine::notice::{AttemptClass, NoticeState};
use engine::time::Timestamp;

use crate::contact::Phone;
use crate::store::StoreError;

/// A version of a case as stored.
#[derive(Clone, Debug)]
pub struct StoredCase {
    /// Its place among all versions; the cursor.
    pub sequence: u64,
    /// Its number.
    pub id: CaseId,
    /// From 1.
    pub version: u32,
    /// Whether it is the highest version.
    pub effective: bool,
    /// The ledger that it stands in.
    pub plate: Arc<str>,
    /// When it was decided, by the wall clock.
    pub decided_at: Timestamp,
    /// The case document.
    pub body: Bytes,
}

/// Which cases.
#[derive(Clone, Debug, Default)]
pub struct CaseFilter {
    /// Of one ledger.
    pub plate: Option<Arc<str>>,
    /// Whose effective version has this outcome.
    pub outcome: Option<Outcome>,
    /// Effective versions only.
    pub effective_only: bool,
    /// Newest first; otherwise oldest first.
    pub newest_first: bool,
    /// After this sequence in that direction.
    pub after: Option<u64>,
}

/// A record of the stream as stored.
#[derive(Clone, Debug)]
pub struct StoredRecord {
    /// Its place in the stream.
    pub position: u64,
    /// Sender; none: not readable.
    pub source: Option<Arc<str>>,
    /// The sender's own id.
    pub id: Option<Arc<str>>,
    /// What became of it when it was read.
    pub disposition: Disposition,
    /// Why: a word of the closed lists.
    pub reason: Option<Arc<str>>,
    /// For people.
    pub detail: Option<Arc<str>>,
    /// When it became known.
    pub known: Timestamp,
}

/// A notice as stored.
#[derive(Clone, Debug)]
pub struct StoredNotice {
    /// Its place among all notices; the cursor.
    pub sequence: u64,
    /// Its id.
    pub id: NoticeId,
    /// About which case.
    pub case: CaseId,
    /// What it says.
    pub kind: NoticeKind,
    /// Which time it is owed.
    pub revision: u32,
    /// The ledger of the case.
    pub plate: Arc<str>,
    /// Where it stands.
    pub state: NoticeState,
    /// Why, where the state needs a reason.
    pub reason: Option<Arc<str>>,
    /// What the text is made of.
    pub parameters: Bytes,
    /// The text as sent; none: not submitted yet.
    pub text: Option<String>,
    /// Segments as sent.
    pub segments: Option<u32>,
    /// To whom it was sent.
    pub recipient: Option<Phone>,
    /// Not to be sent before.
    pub not_before: Timestamp,
    /// Not to be sent from then on.
    pub expires_at: Timestamp,
    /// How many attempts there were.
    pub attempts: u32,
    /// When it was first queued.
    pub queued_at: Timestamp,
    /// When its last attempt was committed.
    pub submitted_at: Option<Timestamp>,
    /// When the provider took it.
    pub accepted_at: Option<Timestamp>,
    /// When it reached a state that nothing but news changes.
    pub final_at: Option<Timestamp>,
}

/// Which notices.
#[derive(Clone, Debug, Default)]
pub struct NoticeFilter {
    /// Of one case.
    pub case: Option<CaseId>,
    /// In one state.
    pub state: Option<NoticeState>,
    /// Newest first; otherwise oldest first.
    pub newest_first: bool,
    /// After this sequence in that direction.
    pub after: Option<u64>,
}

/// What is known of a message beyond its state, for a person who must decide about it.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Its attempts, in order.
    pub attempts: Vec<AttemptEvidence>,
    /// What providers pushed about them, in order of arrival.
    pub receipts: Vec<ReceiptEvidence>,
}

/// One attempt, and who looked for it.
#[derive(Clone, Debug)]
pub struct AttemptEvidence {
    /// As stored.
    pub attempt: StoredAttempt,
    /// When its outcome was written.
    pub finished_at: Option<Timestamp>,
    /// Look-ups that found nothing.
    pub looks: u32,
    /// When the next one is made.
    pub next_look: Option<Timestamp>,
    /// Since when the provider says that it never had it.
    pub absent_since: Option<Timestamp>,
}

/// One piece of news.
#[derive(Clone, Debug)]
pub struct ReceiptEvidence {
    /// When it came.
    pub received_at: Timestamp,
    /// What it said.
    pub state: NoticeState,
    /// The provider's own code.
    pub code: Option<Arc<str>>,
    /// When that happened, as the provider says.
    pub at: Timestamp,
}

/// An attempt as stored.
#[derive(Clone, Debug)]
pub struct StoredAttempt {
    /// Its place among all attempts; the cursor.
    pub sequence: u64,
    /// Its id, which is its `client_ref`.
    pub id: Arc<str>,
    /// Which notice.
    pub notice: NoticeId,
    /// Which provider.
    pub provider: Arc<str>,
    /// When it was committed.
    pub submitted_at: Timestamp,
    /// None: in flight.
    pub class: Option<AttemptClass>,
    /// The provider's own code.
    pub code: Option<Arc<str>>,
    /// The provider's id of the message.
    pub provider_id: Option<Arc<str>>,
}

/// An entry of the audit log.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    /// Which chain.
    pub chain: Arc<str>,
    /// Its place in the chain, from 1.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Arc<str>,
    /// What was done.
    pub action: Arc<str>,
    /// To what.
    pub object: Arc<str>,
    /// As it was.
    pub before: Option<Arc<str>>,
    /// As it is.
    pub after: Option<Arc<str>>,
    /// Hash of the entry before.
    pub prev: [u8; 32],
    /// Hash of this entry.
    pub hash: [u8; 32],
}

impl AuditEntry {
    /// What [`Self::hash`] must be: a hash over every other field, the hash of the entry before among them.
    pub fn computed_hash(&self) -> [u8; 32] {
        // An absent text and an empty one hash apart.
        let optional = |text: &Option<Arc<str>>| {
            text.as_deref()
                .map_or_else(Vec::new, |text| [b"=", text.as_bytes()].concat())
        };
        engine::ids::hash(&[
            &self.prev,
            self.chain.as_bytes(),
            &self.sequence.to_be_bytes(),
            &self.at.as_micros().to_be_bytes(),
            self.actor.as_bytes(),
            self.action.as_bytes(),
            self.object.as_bytes(),
            &optional(&self.before),
            &optional(&self.after),
        ])
    }
}

/// What somebody did, to be chained.
#[derive(Clone, Debug)]
pub struct NewAudit {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Arc<str>,
    /// What was done.
    pub action: Arc<str>,
    /// To what.
    pub object: Arc<str>,
    /// As it was.
    pub before: Option<Arc<str>>,
    /// As it is.
    pub after: Option<Arc<str>>,
}

/// A published policy version.
#[derive(Clone, Debug)]
pub struct StoredPolicy {
    /// The policy.
    pub id: Arc<str>,
    /// The version.
    pub version: Arc<str>,
    /// The file's text.
    pub text: Arc<str>,
    /// Its SHA-256.
    pub hash: [u8; 32],
    /// When it was published.
    pub at: Timestamp,
    /// By whom.
    pub by: Arc<str>,
}

/// Counts by stage. They add up: records = their dispositions; cases = their outcomes; notices = their states.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Records in the stream.
    pub appended: u64,
    /// Records read by intake.
    pub read: u64,
    /// Records read, by disposition.
    pub records: Vec<(Disposition, u64)>,
    /// Effective cases by outcome.
    pub cases: Vec<(Outcome, u64)>,
    /// Notices by state.
    pub notices: Vec<(NoticeState, u64)>,
    /// Finished attempts by class.
    pub attempts: Vec<(AttemptClass, u64)>,
    /// Attempts without an outcome yet.
    pub in_flight: u64,
    /// Plates with a ledger.
    pub ledgers: u64,
}

/// What pages and exports need.
#[async_trait]
pub trait ReadStore: Send + Sync {
    /// Versions of cases by filter, at most `limit`.
    async fn cases(&self, filter: &CaseFilter, limit: usize) -> Result<Vec<StoredCase>, StoreError>;

    /// All versions of one case, the first first; empty: there is none.
    async fn case(&self, id: &CaseId) -> Result<Vec<StoredCase>, StoreError>;

    /// Records after a position, in order, at most about `limit`.
    async fn records(&self, after: u64, limit: usize) -> Result<Vec<StoredRecord>, StoreError>;

    /// Notices by filter, at most `limit`.
    async fn notices(&self, filter: &NoticeFilter, limit: usize) -> Result<Vec<StoredNotice>, StoreError>;

    /// One notice.
    async fn notice(&self, id: &NoticeId) -> Result<Option<StoredNotice>, StoreError>;

    /// What is known of a notice's attempts.
    async fn evidence(&self, id: &NoticeId) -> Result<Evidence, StoreError>;

    /// Attempts after a sequence, in order.
    async fn attempts(&self, after: u64, limit: usize) -> Result<Vec<StoredAttempt>, StoreError>;

    /// Entries of the audit log by chain and sequence, after the given pair.
    async fn audit(
        &self,
        after: Option<(Arc<str>, u64)>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError>;

    /// Chains what somebody did.
    async fn append_audit(&self, entry: &NewAudit) -> Result<(), StoreError>;

    /// Counts by stage, from one snapshot.
    async fn stats(&self) -> Result<Stats, StoreError>;

    /// Published policy versions in order of publication.
    async fn policies(&self) -> Result<Vec<StoredPolicy>, StoreError>;

    /// Publishes a version. Other text under the same id and version is a `Conflict`; the same text changes nothing.
    async fn publish_policy(&self, policy: &StoredPolicy) -> Result<(), StoreError>;
}

/// Everything that one store does.
pub trait Store:
    crate::store::IntakeStore
    + crate::receipt::ReceiptStore
    + crate::quarantine::QuarantineStore
    + ReadStore
    + crate::log::Stream
{
}

impl<T> Store for T where
    T: crate::store::IntakeStore
        + crate::receipt::ReceiptStore
        + crate::quarantine::QuarantineStore
        + ReadStore
        + crate::log::Stream
{
}
