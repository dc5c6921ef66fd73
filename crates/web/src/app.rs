//! What the handlers share.

use std::ops::Deref;
use std::sync::Arc;

use engine::plate::Grammar;
use ports::clock::Clock;
use ports::dispatch::DispatchStore;
use ports::read::{ReadStore, StoredNotice};
use tokio::sync::Semaphore;

use crate::board::Board;
use crate::health::Health;
use crate::live::STREAMS;

/// The text of a message that is not sent yet, with its segments; none: it cannot be rendered.
pub type RenderText = Arc<dyn Fn(&StoredNotice) -> Option<(String, u32)> + Send + Sync>;

/// Everything that the pages and the API are made from.
pub struct Parts {
    /// What is read.
    pub store: Arc<dyn ReadStore>,
    /// The switches of the SMS providers.
    pub dispatch: Arc<dyn DispatchStore>,
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
    /// One permit for each open live stream.
    pub(crate) streams: Arc<Semaphore>,
}

impl App {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(Shared {
            parts,
            board: Board::default(),
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
