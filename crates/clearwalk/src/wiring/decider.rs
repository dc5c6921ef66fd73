//! Who decides on a store: this process, or one that already does.

use std::sync::Arc;
use std::time::Duration;

use engine::rules::Rules;
use pipeline::intake::{Intake, IntakeError, JudgeBy};
use ports::store::IntakeStore as _;
use store_sqlite::{LockError, RoleLock, SqliteStore};

use super::store::{holder, take_lock};
use crate::config::Settings;
use crate::failure::{Code, Failure};
use crate::instant;

/// How often another process is asked how far it has come.
const LOOK: Duration = Duration::from_millis(20);

/// Intake in this process, or in the one that already decides.
pub(crate) enum Decider {
    /// This process has the lock.
    Here {
        /// Held until the work is done.
        _lock: RoleLock,
        /// Reads and decides.
        intake: Box<Intake>,
    },
    /// Another one has it.
    Elsewhere {
        /// What that one says of itself.
        holder: String,
    },
}

impl Decider {
    /// Finds out who decides on this store.
    pub(crate) async fn find(
        settings: &Settings,
        store: &Arc<SqliteStore>,
        rules: Rules,
        judge_by: JudgeBy,
        command: &str,
    ) -> Result<Self, Failure> {
        match take_lock(settings, command) {
            Ok(lock) => {
                let intake = Intake::claim(store.clone(), Arc::new(rules), judge_by, &holder(command)).await?;
                Ok(Self::Here {
                    _lock: lock,
                    intake: Box::new(intake),
                })
            }
            Err(LockError::Held { holder, .. }) => Ok(Self::Elsewhere { holder }),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns once everything before `end` has been read and decided; `watch` hears how far it is.
    pub(crate) async fn reach(
        &mut self,
        store: &SqliteStore,
        end: u64,
        mut watch: impl FnMut(u64),
    ) -> Result<(), Failure> {
        match self {
            Self::Here { intake, .. } => loop {
                let report = intake.advance(instant::now()).await.map_err(stopped)?;
                watch(intake.progress().next);
                if report.is_idle() && intake.progress().next >= end {
                    return Ok(());
                }
            },
            Self::Elsewhere { .. } => {
                // Another process tells nothing but how far it has come.
                let mut look = tokio::time::interval(LOOK);
                loop {
                    look.tick().await;
                    let next = store.progress().await?.next;
                    watch(next);
                    if next >= end {
                        return Ok(());
                    }
                }
            }
        }
    }
}

fn stopped(error: IntakeError) -> Failure {
    match error {
        IntakeError::LostLane => Failure::new(Code::Conflict, error),
        IntakeError::Store(error) => error.into(),
    }
}

