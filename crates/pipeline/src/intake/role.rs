//! Intake as a role of the service.

use std::time::Duration;

use async_trait::async_trait;
use engine::time::Timestamp;

use super::{Intake, IntakeError};
use crate::run::{Progressed, Step, StepError};

/// How long one wait for the stream lasts before the loop looks around again.
const WATCH: Duration = Duration::from_secs(5);

#[async_trait]
impl Step for Intake {
    async fn step(&mut self, now: Timestamp) -> Result<Progressed, StepError> {
        let report = self.advance(now).await?;
        if report.is_idle() {
            return Ok(Progressed::Idle);
        }
        let done = report.records + report.inner + report.judged;
        Ok(Progressed::Did(usize::try_from(done).unwrap_or(usize::MAX)))
    }

    async fn stirred(&mut self) {
        // A store that is away shows in the next step, which says so.
        let waited = self.store.wait_beyond(self.progress.next, WATCH).await;
        if waited.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl From<IntakeError> for StepError {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::LostLane => Self::Halt(error.into()),
            IntakeError::Store(error) => error.into(),
        }
    }
}
