//! Intake: facts from the stream and from the inner log become ledgers, cases and messages, one transaction per batch.
//!
//! It never sends anything. A commit whose answer was lost is resolved by reading how far the lane has come, never by
//! trying again blindly.

mod apply;
mod batch;
mod effects;
mod load;
mod read_ahead;
mod role;

use std::sync::Arc;
use std::time::Duration;

use engine::rules::Rules;
use engine::time::Timestamp;
use metrics::{counter, histogram};
use ports::read::Store;
use ports::store::{CommitError, Progress, StoreError};
use thiserror::Error;
use tokio::time::Instant;

use crate::metrics::{BATCH_RECORDS, COMMIT_SECONDS, REBUILDS};

use batch::{Batch, largest_known};
use load::{Before, Loaded, Sources};
use read_ahead::{Incoming, ReadAhead};

/// Records of the stream in the first batch: a process that is killed again and again still gets on.
const FIRST: usize = 1024;
/// Most entries of the inner log in one batch: they come while messages are sent, and those who send wait for the store.
const INNER: usize = 512;
/// How often a batch is built again because a message was sent in the meantime; more means that something is wrong.
const MOST_REBUILDS: usize = 16;

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
    /// Judged while the batch before was being committed.
    next: Option<Batch>,
}

impl JudgeBy {
    /// Most records of the stream in one batch: a live service shares the store with senders that must not wait, while a
    /// long import is cheaper the fewer times it opens each ledger.
    fn most(self) -> usize {
        match self {
            Self::WallClock => 8192,
            Self::LargestKnown => 32_768,
        }
    }

    /// How long a commit may take before batches get smaller; none: nobody waits for the store.
    fn patience(self) -> Option<Duration> {
        match self {
            Self::WallClock => Some(Duration::from_millis(100)),
            Self::LargestKnown => None,
        }
    }
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
        let reader = ReadAhead::new(store.clone(), FIRST, judge_by.most(), judge_by.patience());
        Ok(Self {
            store,
            rules,
            judge_by,
            progress,
            reader,
            next: None,
        })
    }

    /// How far the lane has come.
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// Whether a stream that ends at `end` has a whole batch for the next step: who knows that it will go on waits for that.
    pub fn has_a_batch(&self, end: u64) -> bool {
        end.saturating_sub(self.progress.next) >= self.reader.limit() as u64
    }

    /// Judges by another set of rules from the next batch on.
    pub fn set_rules(&mut self, rules: Arc<Rules>) {
        self.rules = rules;
        self.next = None;
    }

    /// Reads, judges and commits one batch; says what it did. `now` is the wall clock.
    pub async fn advance(&mut self, now: Timestamp) -> Result<StepReport, IntakeError> {
        let mut batch = if let Some(batch) = self.next.take() {
            batch
        } else {
            let sources = self.sources(self.progress, now).await?;
            let Some(batch) = self.batch(sources).await? else {
                return Ok(StepReport::default());
            };
            batch
        };
        for _ in 0..MOST_REBUILDS {
            let error = match self.commit(&mut batch, now).await {
                Ok(next) => {
                    histogram!(BATCH_RECORDS).record(batch.report.records as f64);
                    self.progress = batch.commit.to;
                    self.next = next;
                    return Ok(batch.report);
                }
                Err(error) => error,
            };
            let mut sources = batch.sources;
            match error {
                CommitError::IdentityTaken => {
                    counter!(REBUILDS, "why" => "id_taken").increment(1);
                    sources.check_ids = true;
                }
                // The send appended what it told; the next judgement knows it.
                CommitError::NoticeSent => {
                    counter!(REBUILDS, "why" => "notice_sent").increment(1);
                    sources.inner = self.store.inner(self.progress.inner_next, INNER).await?;
                }
                CommitError::LostLane => return self.adopt().await,
                CommitError::Store(error) => {
                    let stands = self.store.progress().await?;
                    if stands == batch.commit.to {
                        self.progress = stands;
                        return Ok(batch.report);
                    }
                    return Err(error.into());
                }
            }
            batch = match self.batch(sources).await? {
                Some(batch) => batch,
                None => return Ok(StepReport::default()),
            };
        }
        Err(StoreError::Conflict(
            "a batch could not be committed because messages kept being sent".to_owned(),
        )
        .into())
    }

    /// Goes on from where the lane stands if nobody else has had it: then it was moved by a commit of our own whose answer
    /// was lost, and which could not be asked about at that time.
    async fn adopt(&mut self) -> Result<StepReport, IntakeError> {
        let (ours, stands) = (self.progress, self.store.progress().await?);
        let moved = (stands.next, stands.inner_next) > (ours.next, ours.inner_next);
        if stands.epoch != ours.epoch || !moved || stands.inner_next < ours.inner_next {
            return Err(IntakeError::LostLane);
        }
        tracing::warn!(
            from = ours.next,
            to = stands.next,
            "a commit whose answer was lost was made after all"
        );
        self.progress = stands;
        Ok(StepReport {
            records: stands.next - ours.next,
            inner: stands.inner_next - ours.inner_next,
            ..StepReport::default()
        })
    }

    /// Commits a batch, and judges the one behind it in the meantime where the stream goes on.
    async fn commit(&mut self, batch: &mut Batch, now: Timestamp) -> Result<Option<Batch>, CommitError> {
        let ahead = self.ahead(batch, now).await;
        let (store, commit) = (self.store.clone(), batch.commit.clone());
        let committing = tokio::spawn(async move {
            let began = Instant::now();
            let committed = store.commit(&commit).await;
            (committed, began.elapsed())
        });
        let next = match ahead {
            Some(loaded) => self.judge(loaded).await.ok(),
            None => None,
        };
        match committing.await {
            Ok((committed, wall)) => {
                self.reader.took(wall);
                histogram!(COMMIT_SECONDS).record(wall);
                committed.map(|()| next)
            }
            Err(error) => Err(StoreError::Unavailable(format!("a commit was stopped: {error}")).into()),
        }
    }

    /// The batch behind `batch`, loaded; none where there is none yet. What goes wrong here is met again, and told, by the
    /// step that needs it.
    async fn ahead(&mut self, batch: &mut Batch, now: Timestamp) -> Option<Loaded> {
        if batch.sources.records.is_empty() {
            return None;
        }
        let sources = self.sources(batch.commit.to, now).await.ok()?;
        if sources.records.is_empty() {
            return None;
        }
        let loaded = Loaded::load(&*self.store, &self.rules, sources, &mut batch.leaves).await;
        let loaded = loaded.ok().flatten()?;
        self.reader
            .weigh(loaded.sources.records.len(), loaded.documents());
        Some(loaded)
    }

    async fn sources(&mut self, from: Progress, now: Timestamp) -> Result<Sources, StoreError> {
        let records = self.reader.take(from.next).await?;
        Ok(Sources {
            from,
            now,
            judged_at: self.judged_at(from, &records, now),
            inner: self.store.inner(from.inner_next, INNER).await?,
            records,
            check_ids: false,
        })
    }

    /// The batch of `sources` on a store that shows everything before; none: there is nothing to do.
    async fn batch(&mut self, sources: Sources) -> Result<Option<Batch>, StoreError> {
        let mut before = Before::default();
        let loaded = Loaded::load(&*self.store, &self.rules, sources, &mut before).await?;
        let Some(loaded) = loaded else { return Ok(None) };
        self.reader
            .weigh(loaded.sources.records.len(), loaded.documents());
        self.judge(loaded).await.map(Some)
    }

    /// Judging takes all cores for a while; the workers of the runtime go on with other people's requests.
    async fn judge(&self, loaded: Loaded) -> Result<Batch, StoreError> {
        let rules = self.rules.clone();
        let judged = tokio::task::spawn_blocking(move || Batch::judge(&rules, loaded)).await;
        judged.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(StoreError::Unavailable(format!("judging was stopped: {error}"))),
        })
    }

    fn judged_at(&self, from: Progress, records: &[Incoming], now: Timestamp) -> Timestamp {
        match self.judge_by {
            JudgeBy::WallClock => now,
            JudgeBy::LargestKnown => {
                largest_known(records).map_or(from.high_water, |known| known.max(from.high_water))
            }
        }
    }
}
