//! Who decides on a store: this process, or one that already does, and this process when that one ends.

use std::sync::Arc;
use std::time::Duration;

use engine::rules::Rules;
use pipeline::intake::{Intake, IntakeError, JudgeBy};
use ports::store::IntakeStore as _;
use store_sqlite::{LockError, RoleLock, SqliteStore};
use tokio::sync::watch;

use super::policies::publish;
use super::store::{holder, take_lock};
use crate::config::Settings;
use crate::failure::{Code, Failure};
use crate::instant;

/// How often another process is asked how far it has come; it rings no bell here.
const LOOK: Duration = Duration::from_millis(20);

/// Sees to it that facts are decided on.
pub(crate) struct Decider<'s> {
    settings: &'s Settings,
    store: Arc<SqliteStore>,
    rules: Arc<Rules>,
    judge_by: JudgeBy,
    command: &'static str,
    role: Role,
}

enum Role {
    /// This process has the lock and decides.
    Here { _lock: RoleLock, intake: Box<Intake> },
    /// Another one does; what it says of itself.
    Elsewhere { holder: String },
}

impl<'s> Decider<'s> {
    /// Finds out who decides on this store. Where it is this process, the policies of the files are published first.
    pub(crate) async fn find(
        settings: &'s Settings,
        store: &Arc<SqliteStore>,
        rules: Rules,
        judge_by: JudgeBy,
        command: &'static str,
    ) -> Result<Self, Failure> {
        let mut decider = Self {
            settings,
            store: Arc::clone(store),
            rules: Arc::new(rules),
            judge_by,
            command,
            role: Role::Elsewhere {
                holder: String::new(),
            },
        };
        decider.look().await?;
        Ok(decider)
    }

    /// Who decides, where it is another process.
    pub(crate) fn elsewhere(&self) -> Option<&str> {
        match &self.role {
            Role::Here { .. } => None,
            Role::Elsewhere { holder } => Some(holder),
        }
    }

    /// Takes the lock if it is free.
    async fn look(&mut self) -> Result<(), Failure> {
        self.role = match take_lock(self.settings, self.command) {
            Ok(lock) => {
                publish(self.settings, &*self.store, self.command).await?;
                let (store, rules) = (self.store.clone(), self.rules.clone());
                let intake = Intake::claim(store, rules, self.judge_by, &holder(self.command)).await?;
                Role::Here {
                    _lock: lock,
                    intake: Box::new(intake),
                }
            }
            Err(LockError::Held { holder, .. }) => Role::Elsewhere { holder },
            Err(error) => return Err(error.into()),
        };
        Ok(())
    }

    /// Decides on whole batches while the stream grows. `ends` hears where it ends now; returns once nobody says so any
    /// more, or at once where another process decides.
    pub(crate) async fn follow(
        &mut self,
        mut ends: watch::Receiver<u64>,
        watch: impl Fn(u64),
    ) -> Result<(), Failure> {
        let Role::Here { intake, .. } = &mut self.role else {
            return Ok(());
        };
        while ends.changed().await.is_ok() {
            loop {
                let end = *ends.borrow_and_update();
                if !intake.has_a_batch(end) {
                    break;
                }
                intake.advance(instant::now()).await.map_err(stopped)?;
                watch(intake.progress().next);
            }
        }
        Ok(())
    }

    /// Returns once everything before `end` has been read and decided on; `watch` hears how far that is.
    pub(crate) async fn reach(&mut self, end: u64, watch: impl Fn(u64)) -> Result<(), Failure> {
        let mut look = tokio::time::interval(LOOK);
        loop {
            if let Role::Here { intake, .. } = &mut self.role {
                let report = intake.advance(instant::now()).await.map_err(stopped)?;
                let next = intake.progress().next;
                watch(next);
                if report.is_idle() && next >= end {
                    return Ok(());
                }
                continue;
            }
            look.tick().await;
            let next = self.store.progress().await?.next;
            watch(next);
            if next >= end {
                return Ok(());
            }
            self.look().await?;
        }
    }
}

fn stopped(error: IntakeError) -> Failure {
    match error {
        IntakeError::LostLane => Failure::new(Code::Conflict, error),
        IntakeError::Store(error) => error.into(),
    }
}
