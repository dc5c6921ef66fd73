//! A store in memory: the model. Everything is written the plain way, so that it can be read as what a store promises;
//! the suites in [`mod@crate::conformance`] hold it and the real stores to the same.

mod commit;
mod dispatch;
mod intake;
mod quarantine;
mod read;
mod receipt;
mod restore;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use engine::fact::FactId;
use engine::ids::{AttemptId, NoticeId};
use engine::notice::AttemptClass;
use engine::time::Timestamp;
use ports::commit::CaseWrite;
use ports::dispatch::ProviderState;
use ports::log::NewEnvelope;
use ports::quarantine::Handling;
use ports::read::{AuditEntry, StoredNotice, StoredPolicy, StoredRecord};
use ports::receipt::NewReceipt;
use ports::store::{Identity, InnerEntry, Progress, StoredLedger};
use tokio::sync::watch;

/// A store in memory. Clones are the same store.
#[derive(Clone)]
pub struct MemoryStore {
    books: Arc<Mutex<Books>>,
    end: Arc<watch::Sender<u64>>,
    leases: Arc<Mutex<Leases>>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        let mut books = Books::default();
        books.progress.next = 1;
        books.progress.inner_next = 1;
        Self {
            books: Arc::new(Mutex::new(books)),
            end: Arc::new(watch::Sender::new(1)),
            leases: Arc::default(),
        }
    }

    /// The same books in another process: what is only in memory, such as leases, is gone.
    #[must_use]
    pub fn reopened(&self) -> Self {
        Self {
            leases: Arc::default(),
            ..self.clone()
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("no holder panics")
    }

    fn leases(&self) -> MutexGuard<'_, Leases> {
        self.leases.lock().expect("no holder panics")
    }
}

/// What would be on a disk.
#[derive(Clone, Default)]
struct Books {
    log: Vec<NewEnvelope>,
    inner: Vec<InnerEntry>,
    progress: Progress,
    identities: HashMap<FactId, Identity>,
    ledgers: BTreeMap<Arc<str>, StoredLedger>,
    timers: BTreeMap<Arc<str>, Timestamp>,
    waiting: i64,
    records: Vec<StoredRecord>,
    cases: Vec<(CaseWrite, Timestamp)>,
    notices: Vec<StoredNotice>,
    attempts: Vec<Attempt>,
    providers: BTreeMap<Arc<str>, ProviderState>,
    policies: Vec<StoredPolicy>,
    receipts: Vec<Receipt>,
    handlings: Vec<Handling>,
    actions: Vec<AuditEntry>,
    decisions: Vec<AuditEntry>,
    /// Since when messages may have been sent of which nothing is known.
    lost_since: Option<Timestamp>,
    restored_at: Option<Timestamp>,
    cleared: BTreeSet<NoticeId>,
}

#[derive(Clone)]
struct Receipt {
    news: NewReceipt,
    received_at: Timestamp,
    /// None: it is settled.
    look_at: Option<Timestamp>,
}

#[derive(Clone)]
struct Attempt {
    id: AttemptId,
    notice: NoticeId,
    provider: Arc<str>,
    /// Until it is certain that nothing was sent.
    live: bool,
    submitted_at: Timestamp,
    deadline: Timestamp,
    class: Option<AttemptClass>,
    code: Option<Arc<str>>,
    provider_id: Option<Arc<str>>,
    looks: u32,
    next_look: Option<Timestamp>,
    absent_since: Option<Timestamp>,
    /// Whom it counts for; none: for nobody.
    recipient: Option<String>,
}

#[derive(Default)]
struct Leases {
    by_notice: BTreeMap<NoticeId, (u64, Timestamp)>,
    tokens: u64,
    /// How many ended by themselves.
    ended: u64,
}

impl Leases {
    /// Ends a lease if it is still this one; says so.
    fn end_if(&mut self, id: &NoticeId, token: u64) -> bool {
        let is_this = self.by_notice.get(id).is_some_and(|lent| lent.0 == token);
        if is_this {
            self.by_notice.remove(id);
        }
        is_this
    }
}

impl Books {
    fn append_inner(&mut self, at: Timestamp, payloads: &[Bytes]) {
        for payload in payloads {
            self.inner.push(InnerEntry {
                sequence: self.inner.len() as u64 + 1,
                at,
                payload: payload.clone(),
            });
        }
    }

    fn notice(&mut self, id: &NoticeId) -> Option<&mut StoredNotice> {
        self.notices.iter_mut().find(|notice| notice.id == *id)
    }

    fn has_live_attempt(&self, id: &NoticeId) -> bool {
        self.attempts
            .iter()
            .any(|attempt| attempt.notice == *id && attempt.live)
    }
}
