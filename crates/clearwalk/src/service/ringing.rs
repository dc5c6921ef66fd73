//! A role that leaves work for another, and rings for it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use engine::time::Timestamp;
use pipeline::run::{Progressed, Step, StepError};
use ports::clock::Clock;
use tokio::sync::Notify;

/// Steps as `inner` does, and rings whenever it did something.
pub(super) struct Ringing<S> {
    inner: S,
    bell: Arc<Notify>,
}

impl<S: Step> Ringing<S> {
    pub(super) fn new(inner: S, bell: Arc<Notify>) -> Self {
        Self { inner, bell }
    }
}

#[async_trait]
impl<S: Step> Step for Ringing<S> {
    async fn step(&mut self, now: Timestamp) -> Result<Progressed, StepError> {
        let progressed = self.inner.step(now).await?;
        if progressed != Progressed::Idle {
            self.bell.notify_one();
        }
        Ok(progressed)
    }

    async fn stirred(&mut self) {
        self.inner.stirred().await;
    }

    async fn finish(&mut self, clock: &dyn Clock) {
        self.inner.finish(clock).await;
    }

    fn finish_within(&self) -> Duration {
        self.inner.finish_within()
    }
}
