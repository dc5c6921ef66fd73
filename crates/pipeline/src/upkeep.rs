//! Upkeep of attempts and of the store: what passed its deadline becomes unknown, what is unknown is looked up until it
//! is proved, and news that providers pushed is applied.
//!
//! Nothing here ever sends. A notice goes back into the queue only under `resend = "after_proof"`, once, when its provider
//! has said twice that it never received it. Timers of cases are intake's.

mod look;
mod receipts;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use engine::time::{SECOND, Timestamp};
use metrics::{counter, gauge};
use ports::dispatch::ProviderState;
use ports::gateway::{Gateway, LookUp};
use ports::receipt::ReceiptStore;
use ports::store::StoreError;

use crate::metrics::{SENDS_OVERDUE, UNKNOWN, UNKNOWN_AGE};
use crate::run::{Progressed, Step, StepError};

use look::Looks;

/// Whether a message is sent again whose provider has proved that it never had it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resend {
    /// No: a second message costs more trust than a lost one.
    #[default]
    Never,
    /// Once.
    AfterProof,
}

impl Resend {
    /// The word of the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::AfterProof => "after_proof",
        }
    }
}

/// What one step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UpkeepReport {
    /// Attempts that passed their deadline.
    pub overdue: u32,
    /// Look-ups made.
    pub looked_up: usize,
    /// Unknown attempts of which it is now known what became.
    pub proved: usize,
    /// Receipts that were looked at.
    pub receipts: usize,
}

/// How often the store tidies itself and unknowns are counted. A little at a time: what has gathered for long holds up
/// everybody who waits for the disk.
const TIDY: i64 = 3 * SECOND;
/// How often a provider that is paused for its unknowns is asked whether it answers again.
const PROBE: i64 = 15 * SECOND;

/// Looks after attempts that nobody waits for any more, and after the store.
pub struct Upkeep {
    tidied: Timestamp,
    store: Arc<dyn ReceiptStore>,
    looks: Looks,
    /// When providers were last asked only to find out whether they answer.
    probed: BTreeMap<Arc<str>, Timestamp>,
}

impl Upkeep {
    /// `gateways` are all that are configured, also those that are no longer sent to.
    pub fn new(store: Arc<dyn ReceiptStore>, gateways: Vec<Arc<dyn Gateway>>, resend: Resend) -> Self {
        let by_name = gateways
            .into_iter()
            .map(|gateway| (Arc::clone(gateway.name()), gateway));
        Self {
            tidied: Timestamp::MIN,
            store,
            looks: Looks {
                gateways: by_name.collect(),
                resend,
            },
            probed: BTreeMap::new(),
        }
    }

    /// Ends what is overdue, and looks up the unknowns whose time has come.
    pub async fn step(&mut self, now: Timestamp) -> Result<UpkeepReport, StoreError> {
        let mut report = UpkeepReport::default();
        for (provider, count) in self.store.expire_submissions(now).await? {
            tracing::warn!(%provider, count, "attempts passed their deadline without an outcome and are unknown");
            counter!(SENDS_OVERDUE, "provider" => provider.to_string()).increment(u64::from(count));
            report.overdue += count;
        }
        report.receipts = receipts::apply(&*self.store, now).await?;
        let mut round = self.looks.round(&*self.store, now).await?;
        report.looked_up = round.made;
        report.proved = round.proved;
        self.probe(now, &mut round.awake).await?;
        round.awake.sort_unstable();
        round.awake.dedup();
        for provider in &round.awake {
            self.wake(provider, now).await?;
        }
        if self.tidied.plus(TIDY) <= now {
            self.tidy(now).await?;
            self.tidied = now;
        }
        Ok(report)
    }

    async fn tidy(&self, now: Timestamp) -> Result<(), StoreError> {
        self.store.tidy().await?;
        let (unknown, oldest) = self.store.unknown_total().await?;
        gauge!(UNKNOWN).set(unknown as f64);
        let age = oldest.map_or(0, |oldest| now.since(oldest) / SECOND);
        gauge!(UNKNOWN_AGE).set(age as f64);
        Ok(())
    }

    /// Asks providers that are paused for their unknowns whether they answer, by a question that can harm nobody.
    async fn probe(&mut self, now: Timestamp, awake: &mut Vec<Arc<str>>) -> Result<(), StoreError> {
        for state in self.store.providers().await? {
            let asked = self.probed.get(&state.name).copied().unwrap_or(Timestamp::MIN);
            let is_asked = awake.contains(&state.name) || now < asked.plus(PROBE);
            if !waits_for_an_answer(&state) || is_asked {
                continue;
            }
            self.probed.insert(Arc::clone(&state.name), now);
            if let Some(attempt) = self.store.newest_attempt(&state.name).await?
                && self.looks.ask(&state.name, &attempt).await != LookUp::Nothing
            {
                awake.push(state.name);
            }
        }
        Ok(())
    }

    /// A provider that answers again is not paused for its unknowns any longer. Other pauses are for people to end.
    async fn wake(&self, provider: &str, now: Timestamp) -> Result<(), StoreError> {
        let states = self.store.providers().await?;
        let state = states.iter().find(|state| &*state.name == provider);
        if state.is_some_and(waits_for_an_answer) {
            self.store.resume(provider, "look_up", now).await?;
            tracing::warn!(provider, "the provider answers look-ups again and is resumed");
        }
        Ok(())
    }
}

fn waits_for_an_answer(state: &ProviderState) -> bool {
    let pause = state.paused.as_ref();
    pause.is_some_and(|pause| pause.reason.starts_with("unknowns"))
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

#[cfg(test)]
mod tests;
