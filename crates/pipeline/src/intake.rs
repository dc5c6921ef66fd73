//! Intake: facts from the stream and from the inner log become ledgers, cases and messages, one transaction per batch.
//!
//! It never sends anything. A commit whose answer was lost is resolved by reading how far the lane has come, never by
//! trying again blindly.

mod apply;
mod batch;
mod effects;
mod read_ahead;
mod role;

use std::sync::Arc;

use engine::rules::Rules;
use engine::time::Timestamp;
use ports::read::Store;
use ports::store::{CommitError, Progress, StoreError};
use thiserror::Error;

use batch::{Batch, Inputs};
use read_ahead::{Incoming, ReadAhead};

/// Most records of the stream in one batch.
const RECORDS: usize = 8192;
/// Most entries of the inner log in one batch.
const INNER: usize = 4096;
/// Most timers in one batch.
const TIMERS: usize = 4096;
/// How often a batch is built again because a message was sent in the meantime; more means that something is wrong.
const REBUILDS: usize = 16;

/// By which clock cases are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JudgeBy {
    /// The wall clock: the live service.
    WallClock,
    /// The largest known of the facts so far: imports and replays.
    LargestKnown,
}

/// What one step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepReport {
    /// Records of the stream.
    pub records: u64,
    /// Entries of the inner log.
    pub inner: u64,
    /// Ledgers judged.
    pub judged: u64,
    /// Versions of cases written.
    pub versions: u64,
    /// Messages that changed.
    pub notices: u64,
}

impl StepReport {
    /// Whether there was nothing to do.
    pub fn is_idle(&self) -> bool {
        *self == Self::default()
    }
}

/// Why a step failed. Nothing was written.
#[derive(Debug, Error)]
pub enum IntakeError {
    /// Another process owns the lane.
    #[error("another process has taken over the lane")]
    LostLane,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The owner of a lane.
pub struct Intake {
    store: Arc<dyn Store>,
    rules: Arc<Rules>,
    judge_by: JudgeBy,
    progress: Progress,
    reader: ReadAhead,
}

impl Intake {
    /// Takes the lane over. `owner` is for people to read.
    pub async fn claim(
        store: Arc<dyn Store>,
        rules: Arc<Rules>,
        judge_by: JudgeBy,
        owner: &str,
    ) -> Result<Self, StoreError> {
        let progress = store.claim(owner).await?;
        let reader = ReadAhead::new(store.clone(), RECORDS);
        Ok(Self {
            store,
            rules,
            judge_by,
            progress,
            reader,
        })
    }

    /// How far the lane has come.
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// Judges by another set of rules from the next batch on.
    pub fn set_rules(&mut self, rules: Arc<Rules>) {
        self.rules = rules;
    }

    /// Reads, judges and commits one batch; says what it did. `now` is the wall clock.
    pub async fn advance(&mut self, now: Timestamp) -> Result<StepReport, IntakeError> {
        let records = self.reader.take(self.progress.next).await?;
        let mut inner = self.store.inner(self.progress.inner_next, INNER).await?;
        let mut check_ids = false;
        for _ in 0..REBUILDS {
            let judged_at = self.judged_at(&records, now);
            let due = self.store.due(judged_at, TIMERS).await?;
            if records.is_empty() && inner.is_empty() && due.is_empty() {
                return Ok(StepReport::default());
            }
            let inputs = Inputs {
                store: &*self.store,
                rules: &self.rules,
                progress: self.progress,
                now,
                judged_at,
                check_ids,
                records: &records,
                inner: &inner,
                due,
            };
            let batch = Batch::build(inputs).await?;
            match self.store.commit(&batch.commit).await {
                Ok(()) => {
                    self.progress = batch.commit.to;
                    return Ok(batch.report);
                }
                Err(CommitError::IdentityTaken) => check_ids = true,
                // The send appended what it told; the next judgement knows it.
                Err(CommitError::NoticeSent) => {
                    inner = self.store.inner(self.progress.inner_next, INNER).await?;
                }
                Err(CommitError::LostLane) => return Err(IntakeError::LostLane),
                Err(CommitError::Store(error)) => {
                    let stands = self.store.progress().await?;
                    if stands == batch.commit.to {
                        self.progress = stands;
                        return Ok(batch.report);
                    }
                    return Err(error.into());
                }
            }
        }
        Err(StoreError::Conflict(
            "a batch could not be committed because messages kept being sent".to_owned(),
        )
        .into())
    }

    fn judged_at(&self, records: &[Incoming], now: Timestamp) -> Timestamp {
        match self.judge_by {
            JudgeBy::WallClock => now,
            JudgeBy::LargestKnown => {
                let largest = records
                    .iter()
                    .filter(|record| record.parsed.is_ok())
                    .map(|record| record.known)
                    .max();
                largest.map_or(self.progress.high_water, |known| {
                    known.max(self.progress.high_water)
                })
            }
        }
    }
}
