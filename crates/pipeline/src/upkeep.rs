//! Upkeep of attempts and of the store: what passed its deadline becomes unknown, what is unknown is looked up until it
//! is proved, and news that providers pushed is applied.
//!
//! Nothing here ever puts a notice back into the queue, whatever a look-up says: `resend = "never"`. Timers of cases are
//! intake's.

mod receipts;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use engine::notice::AttemptClass;
use engine::time::{HOUR, MINUTE, SECOND, Timestamp};
use futures::StreamExt as _;
use metrics::{counter, gauge};
use ports::dispatch::{Finished, UnknownAttempt};
use ports::gateway::{Gateway, LookUp};
use ports::receipt::ReceiptStore;
use ports::store::StoreError;
use tokio::time::timeout;

use crate::metrics::{LOOK_UPS, SENDS_OVERDUE, UNKNOWN};
use crate::run::{Progressed, Step, StepError};

/// When an unknown attempt is looked up, counted from its submission; after the last it is left to a person or to a
/// late receipt.
const LOOKS: [i64; 8] = [
    15 * SECOND,
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    HOUR,
    6 * HOUR,
    24 * HOUR,
    72 * HOUR,
];
/// Look-ups at once; a step makes no more, so that it is over within one deadline.
const AT_ONCE: usize = 8;
/// How many unknown attempts are read at once: far more than a provider makes before it is paused.
const READ: usize = 1_000;

/// What one step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UpkeepReport {
    /// Attempts that passed their deadline.
    pub overdue: u32,
    /// Look-ups made.
    pub looked_up: usize,
    /// Unknown attempts of which it is now known what became.
    pub proved: usize,
    /// Unknown attempts as far as they were read.
    pub unknown: usize,
    /// Receipts that were looked at.
    pub receipts: usize,
}

/// How often the store tidies itself.
const TIDY: i64 = MINUTE;

/// Looks after attempts that nobody waits for any more, and after the store.
pub struct Upkeep {
    tidied: Timestamp,
    store: Arc<dyn ReceiptStore>,
    gateways: BTreeMap<Arc<str>, Arc<dyn Gateway>>,
}

impl Upkeep {
    /// `gateways` are all that are configured, also those that are no longer sent to.
    pub fn new(store: Arc<dyn ReceiptStore>, gateways: Vec<Arc<dyn Gateway>>) -> Self {
        let by_name = gateways
            .into_iter()
            .map(|gateway| (Arc::clone(gateway.name()), gateway));
        Self {
            tidied: Timestamp::MIN,
            store,
            gateways: by_name.collect(),
        }
    }

    /// Ends what is overdue, and looks up the unknowns whose time has come.
    pub async fn step(&mut self, now: Timestamp) -> Result<UpkeepReport, StoreError> {
        let mut report = UpkeepReport::default();
        if self.tidied.plus(TIDY) <= now {
            self.store.tidy().await?;
            self.tidied = now;
        }
        for (provider, count) in self.store.expire_submissions(now).await? {
            tracing::warn!(%provider, count, "attempts passed their deadline without an outcome and are unknown");
            counter!(SENDS_OVERDUE, "provider" => provider.to_string()).increment(u64::from(count));
            report.overdue += count;
        }
        report.receipts = receipts::apply(&*self.store, now).await?;
        let unknowns = self.store.unknowns(READ).await?;
        report.unknown = unknowns.len();
        gauge!(UNKNOWN).set(unknowns.len() as f64);
        let due = unknowns.into_iter().filter(|attempt| next_look(attempt) <= now);
        let due: Vec<_> = due.take(AT_ONCE).collect();
        let gateways = &self.gateways;
        let answers: Vec<_> = futures::stream::iter(due)
            .map(|attempt| async move {
                let answer = look_up(gateways, &attempt).await;
                (attempt, answer)
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        for (attempt, answer) in answers {
            report.looked_up += 1;
            report.proved += usize::from(self.note(attempt, answer, now).await?);
        }
        Ok(report)
    }

    /// Writes what a look-up proved; says whether it settled the attempt.
    async fn note(
        &self,
        attempt: UnknownAttempt,
        answer: LookUp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let result = match &answer {
            LookUp::Found { .. } => "found",
            LookUp::NeverReceived => "never_received",
            LookUp::Nothing => "nothing",
        };
        counter!(LOOK_UPS, "provider" => attempt.provider.to_string(), "result" => result).increment(1);
        if answer != LookUp::Nothing {
            self.wake(&attempt.provider, now).await?;
        }
        let LookUp::Found {
            state,
            provider_id,
            code,
        } = answer
        else {
            // What a provider never received stays unknown: the next look may find it, and a person may decide.
            let mut looks = LOOKS.iter().map(|after| attempt.submitted_at.plus(*after));
            let next = looks.find(|look| *look > now).unwrap_or(Timestamp::MAX);
            self.store.looked(&attempt.attempt, next).await?;
            return Ok(false);
        };
        tracing::info!(attempt = %attempt.attempt, provider = %attempt.provider, state = state.as_str(),
            "an unknown attempt was found");
        let found = Finished {
            attempt: attempt.attempt,
            notice: attempt.notice,
            class: AttemptClass::Accepted,
            code,
            provider_id,
            next: state,
            reason: Some("look_up".into()),
            not_before: None,
            taken_back: None,
        };
        self.store.finish(now, &[found]).await?;
        Ok(true)
    }

    /// A provider that answers again is not paused for its unknowns any longer. Other pauses are for people to end.
    async fn wake(&self, provider: &str, now: Timestamp) -> Result<(), StoreError> {
        let states = self.store.providers().await?;
        let state = states.iter().find(|state| &*state.name == provider);
        let pause = state.and_then(|state| state.paused.as_ref());
        if pause.is_some_and(|pause| pause.reason.starts_with("unknowns")) {
            self.store.resume(provider, "look_up", now).await?;
            tracing::warn!(provider, "the provider answers look-ups again and is resumed");
        }
        Ok(())
    }
}

#[async_trait]
impl Step for Upkeep {
    async fn step(&mut self, now: Timestamp) -> Result<Progressed, StepError> {
        let report = Self::step(self, now).await?;
        let did = report.looked_up + report.receipts;
        Ok(if did == 0 {
            Progressed::Idle
        } else {
            Progressed::Did(did)
        })
    }
}

/// When an attempt is to be looked up.
fn next_look(attempt: &UnknownAttempt) -> Timestamp {
    attempt
        .next_look
        .unwrap_or_else(|| attempt.submitted_at.plus(LOOKS[0]))
}

async fn look_up(gateways: &BTreeMap<Arc<str>, Arc<dyn Gateway>>, attempt: &UnknownAttempt) -> LookUp {
    let Some(gateway) = gateways.get(&attempt.provider) else {
        tracing::warn!(attempt = %attempt.attempt, provider = %attempt.provider,
            "an unknown attempt cannot be looked up: its provider is no longer configured");
        return LookUp::Nothing;
    };
    // A look-up proves something or nothing; one that never ends proves nothing.
    timeout(gateway.deadline(), gateway.look_up(&attempt.attempt))
        .await
        .unwrap_or(LookUp::Nothing)
}

#[cfg(test)]
mod tests;
