//! What the handlers share.

use std::ops::Deref;
use std::sync::Arc;

use engine::plate::Grammar;
use engine::rules::Rules;
use ports::clock::Clock;
use ports::gateway::Gateway;
use ports::log::Stream;
use ports::quarantine::QuarantineStore;
use ports::read::{ReadStore, StoredNotice};
use ports::receipt::ReceiptStore;
use ports::store::IntakeStore;
use tokio::sync::{OnceCell, Semaphore};

use crate::access::Refusals;
use crate::board::Board;
use crate::facts::{Recent, TAKERS};
use crate::hands::Keys;
use crate::health::Health;
use crate::live::STREAMS;
use crate::tokens::TokensFile;

/// The text of a message that is not sent yet, with its segments; none: it cannot be rendered.
pub type RenderText = Arc<dyn Fn(&StoredNotice) -> Option<(String, u32)> + Send + Sync>;

/// Everything that the pages and the API are made from.
pub struct Parts {
    /// What is read.
    pub store: Arc<dyn ReadStore>,
    /// Where facts go.
    pub stream: Arc<dyn Stream>,
    /// Records that were set aside.
    pub quarantine: Arc<dyn QuarantineStore>,
    /// What intake remembers: ids, ledgers and how far it has come.
    pub intake: Arc<dyn IntakeStore>,
    /// What is decided by.
    pub rules: Arc<Rules>,
    /// Who may do what; none: everybody may, and only loopback is served.
    pub tokens: Option<Arc<TokensFile>>,
    /// Facts that may wait to be decided on before senders are held back; none: the usual number.
    pub backlog: Option<u64>,
    /// The switches of the SMS providers, and where their receipts are kept.
    pub dispatch: Arc<dyn ReceiptStore>,
    /// The SMS providers, each with the word of its kind: they read what is pushed to us.
    pub gateways: Vec<(&'static str, Arc<dyn Gateway>)>,
    /// Whether the service can do its work.
    pub health: Arc<dyn Health>,
    /// All metrics as Prometheus text.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Renders what is not sent yet.
    pub render_text: RenderText,
    /// The clock.
    pub now: Arc<dyn Clock>,
    /// The version of the binary.
    pub version: &'static str,
    /// Which plates exist.
    pub grammar: Grammar,
    /// The configured SMS providers: only these can be paused. Empty: any name is taken.
    pub providers: Vec<Arc<str>>,
}

/// The state of every handler.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) parts: Parts,
    pub(crate) board: Board,
    /// One permit for each request with facts.
    pub(crate) takers: Semaphore,
    pub(crate) recent: Recent,
    pub(crate) refusals: Refusals,
    pub(crate) keys: Keys,
    /// Where the stream ended when a person was first heard.
    pub(crate) began: OnceCell<u64>,
    /// One permit for each open live stream.
    pub(crate) streams: Arc<Semaphore>,
}

impl App {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(Shared {
            parts,
            board: Board::default(),
            takers: Semaphore::new(TAKERS),
            recent: Recent::default(),
            refusals: Refusals::default(),
            keys: Keys::default(),
            began: OnceCell::new(),
            streams: Arc::new(Semaphore::new(STREAMS)),
        }))
    }
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
