//! One batch of intake, as one transaction writes it.

use std::sync::Arc;

use bytes::Bytes;
use engine::case::{Disposition, Outcome, Reason};
use engine::fact::{ContentDigest, FactId, NoticeKind};
use engine::ids::{CaseId, NoticeId};
use engine::time::Timestamp;

use crate::store::Progress;

/// Everything that one batch changes.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// The lane as it was claimed and last committed; must still be so.
    pub from: Progress,
    /// As it is afterwards; same epoch.
    pub to: Progress,
    /// When the batch was decided, by the wall clock.
    pub at: Timestamp,
    /// One per record of the stream in `from.next..to.next`, in order.
    pub records: Vec<Record>,
    /// Ids seen for the first time, each once.
    pub identities: Vec<NewIdentity>,
    /// Ledgers that changed, each plate once.
    pub ledgers: Vec<LedgerWrite>,
    /// New versions of cases.
    pub cases: Vec<CaseWrite>,
    /// What happens to notices.
    pub notices: Vec<NoticeChange>,
    /// Appended to the inner log.
    pub inner: Vec<Bytes>,
    /// SHA-256 of each entry of the inner log in `from.inner_next..to.inner_next`, in order.
    pub heard: Vec<[u8; 32]>,
    /// Timers that fired and are gone.
    pub fired: Vec<Arc<str>>,
    /// How many ledgers with waiting facts there are more, or fewer, than before.
    pub waiting: i64,
}

/// How a record of the stream was read.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its place in the stream.
    pub position: u64,
    /// Who it is; none: not readable.
    pub id: Option<FactId>,
    /// What became of it when it was read.
    pub disposition: Disposition,
    /// Why.
    pub reason: Option<Reason>,
    /// For people: what exactly is wrong, without personal data.
    pub detail: Option<Arc<str>>,
    /// When it became known.
    pub known: Timestamp,
    /// SHA-256 of its bytes, for the chain of decisions.
    pub payload: [u8; 32],
}

/// An id seen for the first time.
#[derive(Clone, Debug)]
pub struct NewIdentity {
    /// Who it is.
    pub id: FactId,
    /// What it said.
    pub digest: ContentDigest,
    /// The ledger that holds it.
    pub plate: Arc<str>,
}

/// A ledger to write.
#[derive(Clone, Debug)]
pub struct LedgerWrite {
    /// Its key.
    pub plate: Arc<str>,
    /// The version that was read; 0: there was none. The new one is one more.
    pub expected: u64,
    /// The document; empty: the ledger is to be removed.
    pub document: Bytes,
    /// When to look again; replaces any earlier timer of this plate.
    pub wake: Option<Timestamp>,
}

/// A new version of a case.
#[derive(Clone, Debug)]
pub struct CaseWrite {
    /// Its number.
    pub id: CaseId,
    /// From 1.
    pub version: u32,
    /// The ledger that it stands in.
    pub plate: Arc<str>,
    /// Its outcome, for counting.
    pub outcome: Outcome,
    /// Its outcome in the version before; none: it is new. Keeps the counts right without reading.
    pub before: Option<Outcome>,
    /// Start of the offence.
    pub offence_at: Timestamp,
    /// The case document, as `formats` writes it.
    pub body: Bytes,
}

/// What happens to a notice.
#[derive(Clone, Debug)]
pub enum NoticeChange {
    /// A new one. An id that exists already is an error of the caller.
    Queue(NewNotice),
    /// The case changed but still owes it: an unsent one takes the new text, a sent one stays as it is.
    Update {
        /// Which.
        id: NoticeId,
        /// What the text is made of.
        parameters: Bytes,
        /// From suppressed as history to queued, or the other way.
        history: bool,
        /// See [`NewNotice::not_before`]; applies only when `history` changes.
        not_before: Timestamp,
        /// See [`NewNotice::expires_at`]; applies only when `history` changes.
        expires_at: Timestamp,
    },
    /// No longer owed. Must be unsent, else the whole batch fails with `NoticeSent`.
    Cancel(NoticeId),
    /// Owed again after a cancellation.
    Requeue(NewNotice),
}

/// A message that is owed.
#[derive(Clone, Debug)]
pub struct NewNotice {
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
    /// Every sighting is history: it is written as suppressed, with that reason.
    pub history: bool,
    /// Not to be sent before.
    pub not_before: Timestamp,
    /// Not to be sent from then on.
    pub expires_at: Timestamp,
    /// What the text and the recipient are found from, as `formats` writes it.
    pub parameters: Bytes,
}
