//! Pushes receipts to whoever the plan names, and keeps what the receiver answered.

mod batch;
mod diary;
mod wire;

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::connection::pause;
use super::receipts::{About, Push, ReceiptFault, Receipts};
use batch::Due;
use diary::Diary;

/// A receiver that answers later is taken for one that does not.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many pushes are remembered for whoever asks; the diary has them all.
const REMEMBERED: usize = 20_000;

/// A push and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pushed {
    pub client_ref: String,
    pub fault: Option<ReceiptFault>,
    /// The status of the answer; none: there was no answer.
    pub status: Option<u16>,
}

/// All pushes about a message.
pub(super) struct Parcel {
    pub(super) receipts: Receipts,
    pub(super) about: About,
    pub(super) fault: Option<ReceiptFault>,
    pub(super) pushes: Vec<Push>,
    /// Told when the last one is answered.
    pub(super) done: Option<oneshot::Sender<()>>,
}

/// Takes parcels; the pushes are made beside.
#[derive(Clone, Debug)]
pub(super) struct Post {
    parcels: mpsc::UnboundedSender<Parcel>,
    batches: mpsc::UnboundedSender<Due>,
    log: Log,
}

/// The last pushes.
type Log = Arc<Mutex<VecDeque<Pushed>>>;

impl Post {
    /// The post, and the work that pushes until the post is dropped.
    pub(super) fn open() -> (Post, impl Future<Output = ()>) {
        let (parcels, mut waiting) = mpsc::unbounded_channel::<Parcel>();
        let (batches, due) = mpsc::unbounded_channel();
        let post = Post {
            parcels,
            batches,
            log: Log::default(),
        };
        let office = Arc::new(Office {
            log: Arc::clone(&post.log),
            diary: Diary::default(),
        });
        let work = async move {
            let mut under_way = JoinSet::new();
            under_way.spawn(batch::deliver(due, Arc::clone(&office)));
            while let Some(parcel) = waiting.recv().await {
                while under_way.try_join_next().is_some() {}
                under_way.spawn(deliver(parcel, Arc::clone(&office)));
            }
        };
        (post, work)
    }

    /// Sees to all pushes of a parcel.
    pub(super) fn send(&self, parcel: Parcel) {
        // The work ends only with the gateway, whose receipts nobody misses then.
        let _ended = self.parcels.send(parcel);
    }

    /// Lets the one receipt of a message go with others.
    pub(super) fn send_with_others(&self, receipts: &Receipts, about: About) {
        let _ended = self.batches.send(Due::new(receipts.clone(), about));
    }

    pub(super) fn pushed(&self) -> Vec<Pushed> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.iter().cloned().collect()
    }
}

/// What all deliveries write into.
struct Office {
    log: Log,
    diary: Diary,
}

impl Office {
    fn note(&self, pushed: Pushed) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() == REMEMBERED {
            log.pop_front();
        }
        log.push_back(pushed);
    }
}

async fn deliver(parcel: Parcel, office: Arc<Office>) {
    let Parcel {
        receipts,
        about,
        fault,
        pushes,
        done,
    } = parcel;
    for push in &pushes {
        if !push.after.is_zero() {
            pause(push.after).await;
        }
        let mut waits = receipts.again.iter();
        loop {
            let status = office.attempt(&receipts, &about, fault, push).await;
            office.note(Pushed {
                client_ref: about.client_ref.clone(),
                fault,
                status,
            });
            // What was answered is done with, whatever the answer; a sender that hung up heard none.
            if status.is_some() || push.hangs_up() {
                break;
            }
            let Some(wait) = waits.next() else { break };
            pause(wait.0).await;
        }
    }
    if let Some(done) = done {
        // Whoever waited has gone away, which is no harm.
        let _gone = done.send(());
    }
}

impl Office {
    /// One try of one push; gives the status of the answer.
    async fn attempt(
        &self,
        receipts: &Receipts,
        about: &About,
        fault: Option<ReceiptFault>,
        push: &Push,
    ) -> Option<u16> {
        let log = receipts.log.as_deref();
        // Ten thousand entries are not read for nobody.
        let told = log.map(|_| push.states_of(about)).unwrap_or_default();
        self.diary.leaves(log, &told, fault);
        let answered = timeout(PATIENCE, wire::once(&receipts.to, push)).await;
        let status = answered.ok().and_then(Result::ok).flatten();
        self.diary.answered(log, &told, fault, status);
        status
    }
}

fn bad_address() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "receipts go to http://HOST:PORT/PATH",
    )
}
