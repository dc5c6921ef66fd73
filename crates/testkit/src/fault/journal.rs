//! What was asked of a store and granted, with what was true at that moment.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use engine::ids::NoticeId;
use engine::notice::NoticeState;
use engine::time::Timestamp;
use ports::commit::Commit;
use ports::contact::Phone;
use ports::dispatch::Finished;
use ports::read::StoredNotice;
use ports::store::Progress;

/// One submission at the wall.
#[derive(Clone, Debug)]
pub struct Wall {
    /// What providers see of the attempt.
    pub attempt: String,
    /// Which notice.
    pub notice: NoticeId,
    /// When.
    pub at: Timestamp,
    /// Whether the caller was told that it may send.
    pub granted: bool,
    /// Whether it was told that the recipient has had enough.
    pub is_capped: bool,
    /// Whom it would go to.
    pub recipient: Phone,
    /// Whether the provider or everything was paused.
    pub was_paused: bool,
    /// The notice just before.
    pub before: Option<StoredNotice>,
    /// The fact that belongs into the inner log.
    pub told: Bytes,
}

/// One call that succeeded.
#[derive(Clone, Debug)]
pub enum Entry {
    /// The lane was taken over.
    Claimed {
        /// As it stood before.
        before: Progress,
        /// As the new owner was told.
        after: Progress,
    },
    /// A batch, and how the lane stood when it was committed.
    Committed(Arc<Commit>, Progress),
    /// Leases by notice and token, and which opening of the store granted them.
    Leased(u32, Vec<(NoticeId, u64)>),
    /// Submissions.
    Submitted(Vec<Wall>),
    /// Outcomes.
    Finished(Vec<Finished>),
    /// A person was told that a notice stands so now.
    Acted(NoticeId, NoticeState),
}

/// Everything since it was last read.
#[derive(Default)]
pub struct Journal(Mutex<Vec<Entry>>);

impl Journal {
    pub(super) fn note(&self, entry: Entry) {
        self.0.lock().expect("no holder panics").push(entry);
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.0.lock().expect("no holder panics").is_empty()
    }

    /// Takes what was written.
    pub fn take(&self) -> Vec<Entry> {
        std::mem::take(&mut self.0.lock().expect("no holder panics"))
    }
}
