//! The one loop that runs every role: step, and when there is nothing to do, wait for a reason to step again.
//!
//! A role that cannot go on stops all of them with its name and its reason; a role whose store is away tries again. On
//! shutdown no step is broken off: the loop asks for no other, and lets the role finish what it has begun.

mod heart;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use metrics::{counter, histogram};
use ports::clock::Clock;
use ports::store::StoreError;
use thiserror::Error;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::metrics::{STEP_FAILURES, STEP_SECONDS};

pub use heart::{Beat, Heart};

/// What a step found to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progressed {
    /// Nothing.
    Idle,
    /// So many things; there may be more.
    Did(usize),
}

/// Why a step did not do what it should.
#[derive(Debug, Error)]
pub enum StepError {
    /// Worth another try.
    #[error("{0}")]
    Retry(#[source] Box<dyn Error + Send + Sync>),
    /// Going on would be guessing: the process stops and says this.
    #[error("{0}")]
    Halt(#[source] Box<dyn Error + Send + Sync>),
}

impl From<StoreError> for StepError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Retry(error.into()),
            StoreError::Corrupt(_) | StoreError::Conflict(_) | StoreError::NotFound(_) => {
                Self::Halt(error.into())
            }
        }
    }
}

/// One role's work, a little at a time.
#[async_trait]
pub trait Step: Send {
    /// Does what there is to do now.
    async fn step(&mut self, now: engine::time::Timestamp) -> Result<Progressed, StepError>;

    /// Returns when there is a reason of its own to step again; never by itself.
    async fn stirred(&mut self) {
        std::future::pending::<()>().await;
    }

    /// Ends what was begun and begins nothing. Called once, when the service stops.
    async fn finish(&mut self, clock: &dyn Clock) {
        let _unused = clock;
    }

    /// How long [`Self::finish`] may take.
    fn finish_within(&self) -> Duration {
        Duration::from_secs(1)
    }
}

/// A role and how often it looks for work.
pub struct Role {
    /// `intake`, `dispatch`, `upkeep`.
    pub name: &'static str,
    /// Its work.
    pub step: Box<dyn Step>,
    /// Wakes it at once; others ring it when they leave work for it.
    pub bell: Arc<Notify>,
    /// With nothing to do and nobody ringing, it looks again after this.
    pub idle: Duration,
}

/// What every role shares.
#[derive(Clone)]
pub struct Shared {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Where roles show that they run.
    pub heart: Arc<Heart>,
    /// Ends everything.
    pub shutdown: CancellationToken,
}

/// A role that could not go on.
#[derive(Debug, Error)]
#[error("{role} stopped: {why}")]
pub struct RunError {
    /// Which role.
    pub role: &'static str,
    /// Why.
    pub why: String,
}

/// Between tries of a step that failed.
const SHORTEST_BACKOFF: Duration = Duration::from_millis(50);
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);
/// A step that did something is followed by the next at once, but other tasks get a turn.
const NOTHING: Duration = Duration::ZERO;

/// Runs the roles until `shutdown` or until one of them cannot go on; then all are stopped. Returns once all have
/// finished, each within its own [`Step::finish_within`].
pub async fn run(roles: Vec<Role>, shared: Shared) -> Result<(), RunError> {
    let mut tasks = JoinSet::new();
    let mut names = Vec::new();
    for role in roles {
        shared.heart.beat(role.name, shared.clock.now());
        let (name, shared) = (role.name, shared.clone());
        let handle = tasks.spawn(turn(role, shared));
        names.push((handle.id(), name));
    }
    let mut first = Ok(());
    while let Some(ended) = tasks.join_next().await {
        let result = ended.unwrap_or_else(|error| {
            let role = names
                .iter()
                .find(|(id, _)| *id == error.id())
                .map_or("a role", |(_, name)| *name);
            Err(RunError {
                role,
                why: "it panicked; the log has the place".to_owned(),
            })
        });
        if let Err(error) = result {
            tracing::error!(role = error.role, why = %error.why, "a role cannot go on; the service stops");
            shared.shutdown.cancel();
            first = first.and(Err(error));
        }
    }
    first
}

/// One role, from its first step to its last.
async fn turn(mut role: Role, shared: Shared) -> Result<(), RunError> {
    let mut backoff = SHORTEST_BACKOFF;
    let mut result = Ok(());
    while !shared.shutdown.is_cancelled() {
        let began = Instant::now();
        let stepped = role.step.step(shared.clock.now()).await;
        histogram!(STEP_SECONDS, "role" => role.name).record(began.elapsed());
        let wait = match stepped {
            Ok(progressed) => {
                shared.heart.beat(role.name, shared.clock.now());
                backoff = SHORTEST_BACKOFF;
                if progressed == Progressed::Idle {
                    role.idle
                } else {
                    NOTHING
                }
            }
            Err(StepError::Retry(error)) => {
                counter!(STEP_FAILURES, "role" => role.name).increment(1);
                tracing::warn!(role = role.name, %error, "a step failed and is tried again");
                shared.heart.trouble(role.name, &error.to_string());
                let wait = backoff;
                backoff = (backoff * 2).min(LONGEST_BACKOFF);
                quiet(wait, &shared.shutdown).await;
                NOTHING
            }
            Err(StepError::Halt(error)) => {
                result = Err(RunError {
                    role: role.name,
                    why: error.to_string(),
                });
                break;
            }
        };
        if wait == NOTHING {
            tokio::task::yield_now().await;
            continue;
        }
        let bell = Arc::clone(&role.bell);
        tokio::select! {
            () = shared.shutdown.cancelled() => {}
            () = bell.notified() => {}
            () = role.step.stirred() => {}
            () = pause(wait) => {}
        }
    }
    let within = role.step.finish_within();
    if timeout(within, role.step.finish(&*shared.clock)).await.is_err() {
        tracing::error!(
            role = role.name,
            seconds = within.as_secs(),
            "could not finish in time"
        );
    }
    shared.heart.gone(role.name);
    result
}

/// Waits, but not beyond shutdown.
async fn quiet(wait: Duration, shutdown: &CancellationToken) {
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = pause(wait) => {}
    }
}

/// The one place that sleeps: between tries, and when there is nothing to do.
#[expect(clippy::disallowed_methods, reason = "the loop is where waiting belongs")]
pub(crate) async fn pause(wait: Duration) {
    tokio::time::sleep(wait).await;
}

#[cfg(test)]
mod tests;
