//! Dispatch: due notices become attempts, attempts become calls, answers become outcomes.
//!
//! An attempt is committed as submitted, with its exact request and the fact that the person may now know, before its
//! first byte is sent; no transaction is open while a call is. What comes back is written by what it proves: only a
//! definite not-sent goes back to the queue or on to another provider, and an unknown is never sent again from here.
//! Permits come first: exactly as many notices are leased and submitted as calls can begin.

mod desk;
mod fill;
mod first;
mod outcome;
mod prepare;
mod rate;
mod record;
mod release;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use engine::ids::{AttemptId, NoticeId};
use engine::message::Texts;
use engine::notice::AttemptClass;
use engine::time::Timestamp;
use metrics::counter;
use ports::clock::Clock;
use ports::dispatch::{Caps, DispatchStore, Finished};
use ports::gateway::{Answer, Gateway};
use ports::registry::Registry;
use ports::restore::RestoreStore;
use ports::store::StoreError;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use crate::metrics::LEASES_ENDED;
use crate::run::{Progressed, Step, StepError, pause};

use crate::told::Telling;
use desk::Desk;
use fill::micros;
use first::AskFirst;
use prepare::BEGINS_WITHIN;
use release::Release;

/// Between tries to write outcomes when the service stops.
const LAST_TRIES: Duration = Duration::from_millis(100);

/// What one step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepReport {
    /// Outcomes written.
    pub recorded: usize,
    /// Notices leased.
    pub leased: usize,
    /// Calls begun.
    pub submitted: usize,
    /// Notices moved to a later time.
    pub deferred: usize,
    /// Notices ended without an attempt.
    pub set_aside: usize,
}

/// Sends what is due.
pub struct Dispatch {
    store: Arc<dyn DispatchStore>,
    registry: Arc<dyn Registry>,
    texts: Arc<Texts>,
    /// In order of preference.
    desks: Vec<Desk>,
    calls: JoinSet<Answer>,
    flights: HashMap<Id, Flight>,
    /// Calls that ended while the loop waited.
    landed: Vec<Landed>,
    /// Outcomes that are not written yet.
    waiting: Vec<Finished>,
    /// Providers that refused the account and are not paused yet, with their code.
    blocked: BTreeMap<Arc<str>, Arc<str>>,
    courses: HashMap<NoticeId, Course>,
    caps: Caps,
    release: Release,
    /// None: nobody can have put the store back.
    first: Option<AskFirst>,
    /// Why providers were paused when last looked at.
    pauses: BTreeMap<Arc<str>, Arc<str>>,
    /// Whether the last lease was full, so that there may be more.
    more_due: bool,
}

type Landed = Result<(Id, Answer), JoinError>;

/// An attempt whose call has begun.
struct Flight {
    attempt: AttemptId,
    notice: NoticeId,
    telling: Telling,
    desk: usize,
    owner: usize,
    owners: usize,
    /// Before this one.
    attempts: u32,
    submitted_at: Timestamp,
}

/// Which way a notice goes that certainly was not sent.
#[derive(Clone, Copy, Default)]
struct Course {
    provider: usize,
    owner: usize,
}

impl Dispatch {
    /// `route` are the providers in order of preference; `texts` bring their signature and hotline.
    pub fn new(
        store: Arc<dyn DispatchStore>,
        route: Vec<Arc<dyn Gateway>>,
        registry: Arc<dyn Registry>,
        texts: Arc<Texts>,
    ) -> Self {
        Self {
            store,
            registry,
            texts,
            desks: route.into_iter().map(Desk::new).collect(),
            calls: JoinSet::new(),
            flights: HashMap::new(),
            landed: Vec::new(),
            waiting: Vec::new(),
            blocked: BTreeMap::new(),
            courses: HashMap::new(),
            caps: Caps::default(),
            release: Release::default(),
            first: None,
            pauses: BTreeMap::new(),
            more_due: false,
        }
    }

    /// Sends no recipient more than this.
    #[must_use]
    pub fn with_caps(mut self, caps: Caps) -> Self {
        self.caps = caps;
        self
    }

    /// Asks all of `gateways` before the first attempt of what may have been sent before the store was put back.
    #[must_use]
    pub fn asking_first(mut self, store: Arc<dyn RestoreStore>, gateways: Vec<Arc<dyn Gateway>>) -> Self {
        self.first = Some(AskFirst::new(store, gateways));
        self
    }

    /// Writes the outcomes that have come in and begins as many calls as there are slots. Waits for no call.
    pub async fn step(&mut self, now: Timestamp) -> Result<StepReport, StoreError> {
        let began = Instant::now();
        let mut report = StepReport {
            recorded: self.record(now).await?,
            ..StepReport::default()
        };
        // Writing outcomes may have taken long, and what is sent goes by the time of its own commit.
        let now = now.plus(micros(began.elapsed()));
        self.fill(now, &mut report).await?;
        counter!(LEASES_ENDED).absolute(self.store.leases_ended());
        self.desks.iter().for_each(Desk::show);
        Ok(report)
    }

    /// How many calls have no answer yet.
    pub fn in_flight(&self) -> usize {
        self.calls.len()
    }

    /// Returns once a call has ended; never when there is none.
    pub async fn landed(&mut self) {
        match self.calls.join_next_with_id().await {
            Some(landed) => self.landed.push(landed),
            None => std::future::pending().await,
        }
    }

    /// Begins no call, waits for those in flight, and writes every outcome, however often that takes.
    pub async fn finish(&mut self, clock: &dyn Clock) {
        loop {
            if let Err(error) = self.record(clock.now()).await {
                tracing::warn!(%error, outcomes = self.waiting.len(), "outcomes cannot be written yet");
                pause(LAST_TRIES).await;
                continue;
            }
            if self.calls.is_empty() && self.landed.is_empty() {
                return;
            }
            self.landed().await;
        }
    }

    /// How long until a permit comes for which a notice waits.
    fn permit_in(&self) -> Option<Duration> {
        if self.more_due {
            self.desks.iter().find(|desk| desk.is_open())?.permit_in()
        } else {
            None
        }
    }
}

#[async_trait]
impl Step for Dispatch {
    async fn step(&mut self, now: Timestamp) -> Result<Progressed, StepError> {
        let report = Self::step(self, now).await?;
        let did = report.recorded + report.submitted + report.deferred + report.set_aside;
        Ok(if did == 0 {
            Progressed::Idle
        } else {
            Progressed::Did(did)
        })
    }

    async fn stirred(&mut self) {
        match self.permit_in() {
            Some(wait) => tokio::select! {
                () = self.landed() => {}
                () = pause(wait) => {}
            },
            None => self.landed().await,
        }
    }

    async fn finish(&mut self, clock: &dyn Clock) {
        Self::finish(self, clock).await;
    }

    fn finish_within(&self) -> Duration {
        let longest = self
            .desks
            .iter()
            .map(|desk| desk.gateway.deadline())
            .max()
            .unwrap_or_default();
        // Time to begin, the call, and two seconds to write; a second is left to the process.
        longest + BEGINS_WITHIN + Duration::from_secs(2)
    }
}

/// An answer that proves nothing.
fn unknown(code: &str) -> Answer {
    Answer {
        class: AttemptClass::Unknown,
        code: Some(code.into()),
        provider_id: None,
        retry_after: None,
    }
}

#[cfg(test)]
pub(crate) mod tests;
