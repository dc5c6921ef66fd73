//! Whoever looks after every turn: at the store, at the journal of what it granted, and at what providers took. It knows
//! nothing of the pipeline but what a store shows.

mod books;
mod fresh;
mod news;
mod walls;

use std::collections::{BTreeMap, BTreeSet};

use engine::time::Timestamp;
use ports::store::{Progress, StoreError};
use testkit::fault::{Entry, FaultyStore};

use crate::actors::Outside;
use news::News;

pub(crate) use fresh::{decided_afresh, replayed};

/// A promise that was broken.
#[derive(Debug)]
pub(crate) struct Violation {
    /// Which promise; the words are those of the table in `main.rs`.
    pub(crate) promise: &'static str,
    pub(crate) what: String,
}

impl Violation {
    pub(crate) fn of(promise: &'static str, what: impl Into<String>) -> Self {
        let what = what.into();
        Self { promise, what }
    }
}

/// Fails a promise unless something holds.
macro_rules! hold {
    ($promise:literal, $holds:expr, $($what:tt)+) => {
        if !$holds {
            return Err($crate::witness::Violation::of($promise, format!($($what)+)));
        }
    };
}
pub(crate) use hold;

/// The store that is looked at is never away.
pub(crate) fn seen<T>(answer: Result<T, StoreError>) -> Result<T, Violation> {
    answer.map_err(|error| Violation::of("store", error.to_string()))
}

/// Everything that there is, on one page.
pub(crate) const ALL: usize = 1 << 20;

/// What was seen so far.
#[derive(Default)]
pub(crate) struct Witness {
    progress: Progress,
    /// Positions that are accounted for.
    records: u64,
    /// Facts that must be in a ledger.
    kept: BTreeSet<String>,
    /// Bodies of versions by case.
    cases: BTreeMap<String, Vec<bytes::Bytes>>,
    /// Of the cases in force.
    outcomes: Vec<String>,
    inner_next: u64,
    told: BTreeSet<String>,
    taken_back: BTreeSet<String>,
    told_again: BTreeSet<String>,
    /// Leases that were granted, by opening of the store, notice and token.
    tokens: BTreeSet<(u32, String, u64)>,
    /// Attempts that may be sent, and when that was granted.
    granted: BTreeMap<String, Timestamp>,
    /// Until when each of them may be.
    expires: BTreeMap<String, Timestamp>,
    /// To whom, and when the call began.
    recipients: BTreeMap<String, (String, Timestamp)>,
    /// Calls that were looked at.
    calls: usize,
    /// When the last batch was judged.
    judged_at: Timestamp,
    epoch: u64,
    news: News,
    pub(crate) cancelled: u64,
    /// Times that a recipient had had enough.
    pub(crate) capped: u64,
}

impl Witness {
    /// Whether the telling of an attempt was taken back.
    pub(crate) fn was_taken_back(&self, attempt: &str) -> bool {
        self.taken_back.contains(attempt)
    }

    /// Looks once; `now` is the time of the turn.
    pub(crate) async fn look(
        &mut self,
        store: &FaultyStore,
        outside: &Outside,
        now: Timestamp,
    ) -> Result<(), Violation> {
        let entries = outside.journal.take();
        self.inner_log(store).await?;
        self.progress(store, &entries).await?;
        self.walls(store, &entries).await?;
        self.answers(store, outside, &entries).await?;
        self.calls(outside, now)?;
        self.caps(outside)?;
        self.records(store).await?;
        let has_committed = entries.iter().any(|entry| matches!(entry, Entry::Committed(..)));
        if has_committed {
            self.cases(store).await?;
            self.ledgers(store, outside).await?;
        }
        self.notices(store, outside).await
    }
}
