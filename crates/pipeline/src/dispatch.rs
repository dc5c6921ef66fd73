//! Dispatch: due notices become attempts, attempts become calls, answers become outcomes.
//!
//! An attempt is committed as submitted, with its exact request and the fact that the person may now know, before its
//! first byte is sent; no transaction is open while a call is. What comes back is written by what it proves: only a
//! definite not-sent goes back to the queue or on to another provider, and an unknown is never sent again from here.
//! Permits come first: exactly as many notices are leased and submitted as calls can begin.

mod desk;
mod outcome;
mod prepare;
mod rate;
mod told;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use engine::ids::{AttemptId, NoticeId};
use engine::message::Texts;
use engine::notice::{AttemptClass, NoticeState};
use engine::time::{SECOND, Timestamp};
use futures::StreamExt as _;
use metrics::{counter, gauge, histogram};
use ports::clock::Clock;
use ports::dispatch::{ALL_PROVIDERS, DispatchStore, DueNotice, Finished, Pause, ProviderState};
use ports::gateway::{Answer, Gateway};
use ports::registry::Registry;
use ports::store::StoreError;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, timeout};

use crate::metrics::{
    NOTICES_NOT_SENT, OUTCOMES_WAITING, PROVIDER_PAUSED, SEND_SECONDS, SENDS, SENDS_IN_FLIGHT, SENDS_STARTED,
};
use crate::run::{Progressed, Step, StepError, pause};

use desk::Desk;
use outcome::Next;
use prepare::{BEGINS_WITHIN, Prepared, Read, Ready};
use told::Telling;

/// A batch that a store writes in one transaction of a few milliseconds.
const MOST_AT_ONCE: usize = 256;
/// Questions to the registry at once.
const LOOK_UPS_AT_ONCE: usize = 16;
/// A notice whose provider is busy while others are not.
const BUSY_WAIT: i64 = SECOND;
/// Remembered ways of notices that are tried again; losing one costs a refused try, so all are dropped at once.
const MOST_COURSES: usize = 10_000;
/// A gateway ends its call by itself; this is for one that does not.
const GRACE: Duration = Duration::from_secs(1);
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
            pauses: BTreeMap::new(),
            more_due: false,
        }
    }

    /// Writes the outcomes that have come in and begins as many calls as there are slots. Waits for no call.
    pub async fn step(&mut self, now: Timestamp) -> Result<StepReport, StoreError> {
        let mut report = StepReport {
            recorded: self.record(now).await?,
            ..StepReport::default()
        };
        self.fill(now, &mut report).await?;
        for desk in &self.desks {
            let provider = desk.gateway.name().to_string();
            gauge!(SENDS_IN_FLIGHT, "provider" => provider).set(desk.in_flight() as f64);
        }
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

    /// Writes what is known of ended calls.
    async fn record(&mut self, now: Timestamp) -> Result<usize, StoreError> {
        while let Some(landed) = self.calls.try_join_next_with_id() {
            self.landed.push(landed);
        }
        for landed in std::mem::take(&mut self.landed) {
            self.land(landed, now);
        }
        gauge!(OUTCOMES_WAITING).set(self.waiting.len() as f64);
        let recorded = self.waiting.len();
        if recorded > 0 {
            self.write(now).await?;
            gauge!(OUTCOMES_WAITING).set(0.0);
        }
        self.pause_blocked(now).await?;
        Ok(recorded)
    }

    /// Reads one answer.
    fn land(&mut self, landed: Landed, now: Timestamp) {
        let (id, answer) = match landed {
            Ok(landed) => landed,
            Err(error) => {
                tracing::error!("a call to an SMS provider panicked; nobody knows what it sent");
                (error.id(), unknown("panicked"))
            }
        };
        let Some(flight) = self.flights.remove(&id) else { return };
        let desk = &mut self.desks[flight.desk];
        desk.answered(now, &answer);
        let provider = Arc::clone(desk.gateway.name());
        counter!(SENDS, "provider" => provider.to_string(), "class" => answer.class.as_str()).increment(1);
        if answer.class == AttemptClass::AccountBlocked {
            let code = answer.code.clone().unwrap_or_else(|| "refused".into());
            self.blocked.insert(provider, code);
        }
        let another = self.desks.iter().skip(flight.desk + 1).any(Desk::is_open);
        let next = outcome::next(&flight, &answer, another);
        let course = match next {
            Next::Again => None,
            Next::NextOwner => Some(Course {
                provider: flight.desk,
                owner: flight.owner + 1,
            }),
            Next::NextProvider => Some(Course {
                provider: flight.desk + 1,
                owner: flight.owner,
            }),
        };
        match course {
            Some(course) => {
                if self.courses.len() >= MOST_COURSES {
                    self.courses.clear();
                }
                self.courses.insert(flight.notice.clone(), course);
            }
            None => {
                self.courses.remove(&flight.notice);
            }
        }
        self.waiting.push(outcome::finished(&flight, answer, next, now));
    }

    /// Writes all outcomes at once, or, when one of them is impossible, each by itself: it must not hold up the others.
    async fn write(&mut self, now: Timestamp) -> Result<(), StoreError> {
        match self.store.finish(now, &self.waiting).await {
            Ok(()) => {
                self.waiting.clear();
                return Ok(());
            }
            Err(error @ StoreError::Unavailable(_)) => return Err(error),
            Err(error) => tracing::error!(%error, "outcomes cannot be written together; each is tried by itself"),
        }
        while let Some(outcome) = self.waiting.last() {
            match self.store.finish(now, std::slice::from_ref(outcome)).await {
                Ok(()) => {}
                Err(error @ StoreError::Unavailable(_)) => return Err(error),
                Err(error) => {
                    tracing::error!(attempt = %outcome.attempt, class = outcome.class.as_str(), %error,
                        "an outcome cannot be written; the attempt becomes unknown");
                }
            }
            self.waiting.pop();
        }
        Ok(())
    }

    /// A refused account sends nothing more until a person has seen to it.
    async fn pause_blocked(&mut self, now: Timestamp) -> Result<(), StoreError> {
        if self.blocked.is_empty() {
            return Ok(());
        }
        let states = self.store.providers().await?;
        while let Some((provider, code)) = self.blocked.first_key_value() {
            let is_paused = states.iter().any(|state| state.name == *provider && state.paused.is_some());
            if !is_paused {
                let pause = Pause {
                    reason: format!("account_blocked: {code}").into(),
                    by: "dispatch".into(),
                    at: now,
                };
                self.store.pause(provider, &pause).await?;
            }
            self.blocked.pop_first();
        }
        Ok(())
    }

    /// Leases as many notices as there are slots, and submits them.
    async fn fill(&mut self, now: Timestamp, report: &mut StepReport) -> Result<(), StoreError> {
        let began = Instant::now();
        let states = self.store.providers().await?;
        self.note_pauses(&states);
        let all_paused = states.iter().any(|state| &*state.name == ALL_PROVIDERS && state.paused.is_some());
        for desk in &mut self.desks {
            let state = states.iter().find(|state| state.name == *desk.gateway.name());
            desk.open(now, state, all_paused);
        }
        let slots = self.desks.iter().find(|desk| desk.is_open()).map_or(0, Desk::slots).min(MOST_AT_ONCE);
        if slots == 0 {
            return Ok(());
        }
        let due = self.store.lease(now, slots).await?;
        report.leased = due.len();
        self.more_due = due.len() == slots;
        if due.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::default();
        let chosen = self.choose(due, now, &mut batch);
        self.prepare(chosen, now, &mut batch).await;
        let at = now.plus(micros(began.elapsed()));
        report.submitted = self.submit(batch.ready, at).await?;
        report.deferred = batch.later.len();
        report.set_aside = batch.aside.len();
        if !batch.later.is_empty() {
            self.store.defer(&batch.later).await?;
        }
        if !batch.aside.is_empty() {
            self.store.set_aside(at, &batch.aside).await?;
        }
        Ok(())
    }

    /// Reads each notice and takes a slot for it at its provider.
    fn choose(&mut self, due: Vec<DueNotice>, now: Timestamp, batch: &mut Batch) -> Vec<(usize, usize, Read)> {
        let mut chosen = Vec::with_capacity(due.len());
        for notice in due {
            let course = self.courses.get(&notice.id).copied().unwrap_or_default();
            let read = match prepare::read(notice, now) {
                Ok(read) => read,
                Err(prepared) => {
                    batch.add(0, prepared);
                    continue;
                }
            };
            let route = (course.provider..self.desks.len()).chain(0..course.provider);
            let desk = route.into_iter().find(|desk| self.desks.get(*desk).is_some_and(Desk::is_open));
            match desk {
                Some(desk) if self.desks[desk].take() => chosen.push((desk, course.owner, read)),
                _ => batch.add(0, Prepared::Later(read.notice, now.plus(BUSY_WAIT), "provider_busy")),
            }
        }
        chosen
    }

    /// Asks the registry and writes the texts, several at once; gives back the slots that are not needed.
    async fn prepare(&mut self, chosen: Vec<(usize, usize, Read)>, now: Timestamp, batch: &mut Batch) {
        let (registry, texts) = (&*self.registry, &*self.texts);
        let gateways: Vec<_> = self.desks.iter().map(|desk| Arc::clone(&desk.gateway)).collect();
        let gateways = &gateways;
        let prepared: Vec<_> = futures::stream::iter(chosen)
            .map(|(desk, owner, read)| async move {
                (desk, prepare::prepare(read, owner, &*gateways[desk], registry, texts, now).await)
            })
            .buffered(LOOK_UPS_AT_ONCE)
            .collect()
            .await;
        for (desk, prepared) in prepared {
            if !matches!(prepared, Prepared::Ready(_)) {
                self.desks[desk].give_back();
            }
            batch.add(desk, prepared);
        }
    }

    /// The submit wall, and then the calls of what came through it.
    async fn submit(&mut self, ready: Vec<(usize, Ready)>, at: Timestamp) -> Result<usize, StoreError> {
        if ready.is_empty() {
            return Ok(0);
        }
        let committing = Instant::now();
        let submissions: Vec<_> =
            ready.iter().map(|(desk, ready)| ready.submission(&*self.desks[*desk].gateway, at)).collect();
        let granted = match self.store.submit(at, &submissions).await {
            Ok(granted) => granted,
            Err(error) => {
                // Whether it was committed is not known, so nothing of it is sent; what was becomes unknown later.
                for (desk, _) in &ready {
                    self.desks[*desk].give_back();
                }
                self.release(&ready).await;
                return Err(error);
            }
        };
        let mut begun = 0;
        for (number, (desk, ready)) in ready.into_iter().enumerate() {
            if granted.get(number).copied().unwrap_or(false) {
                self.begin(desk, ready, at, committing);
                begun += 1;
            } else {
                self.desks[desk].give_back();
                counter!(NOTICES_NOT_SENT, "why" => "not_granted").increment(1);
            }
        }
        Ok(begun)
    }

    /// Begins the call, unless the commit took too long.
    fn begin(&mut self, desk: usize, ready: Ready, at: Timestamp, committing: Instant) {
        let gateway = Arc::clone(&self.desks[desk].gateway);
        counter!(SENDS_STARTED, "provider" => gateway.name().to_string()).increment(1);
        let within = ready.begins_within(at);
        let flight = Flight {
            attempt: ready.message.client_ref,
            notice: ready.notice.id,
            telling: ready.telling,
            desk,
            owner: ready.owner,
            owners: ready.owners,
            attempts: ready.notice.attempts,
        };
        let request = ready.request;
        let handle = self.calls.spawn(async move {
            if committing.elapsed() >= within {
                return given_up();
            }
            call(&*gateway, request).await
        });
        self.flights.insert(handle.id(), flight);
    }

    /// Gives leases back as far as possible; those that cannot be end by themselves.
    async fn release(&self, ready: &[(usize, Ready)]) {
        let leases: Vec<_> = ready.iter().map(|(_, ready)| (ready.notice.id.clone(), ready.notice.token)).collect();
        if let Err(error) = self.store.release(&leases).await {
            tracing::warn!(%error, notices = leases.len(), "leases are not given back and end by themselves");
        }
    }

    /// Says so, once, when a provider is paused or runs again.
    fn note_pauses(&mut self, states: &[ProviderState]) {
        let mut pauses = BTreeMap::new();
        for state in states {
            let is_paused = state.paused.is_some();
            gauge!(PROVIDER_PAUSED, "provider" => state.name.to_string()).set(f64::from(u8::from(is_paused)));
            let Some(pause) = &state.paused else { continue };
            if self.pauses.get(&state.name) != Some(&pause.reason) {
                tracing::error!(provider = %state.name, reason = %pause.reason, by = %pause.by, since = %pause.at,
                    "nothing is sent by this provider until it is resumed");
            }
            pauses.insert(Arc::clone(&state.name), Arc::clone(&pause.reason));
        }
        for name in self.pauses.keys().filter(|name| !pauses.contains_key(*name)) {
            tracing::info!(provider = %name, "the provider sends again");
        }
        self.pauses = pauses;
    }

    /// How long until a permit comes for which a notice waits.
    fn permit_in(&self) -> Option<Duration> {
        if self.more_due { self.desks.iter().find(|desk| desk.is_open())?.permit_in() } else { None }
    }
}

#[async_trait]
impl Step for Dispatch {
    async fn step(&mut self, now: Timestamp) -> Result<Progressed, StepError> {
        let report = Self::step(self, now).await?;
        let did = report.recorded + report.submitted + report.deferred + report.set_aside;
        Ok(if did == 0 { Progressed::Idle } else { Progressed::Did(did) })
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
        let longest = self.desks.iter().map(|desk| desk.gateway.deadline()).max().unwrap_or_default();
        // Time to begin, the call, and two seconds to write; a second is left to the process.
        longest + BEGINS_WITHIN + Duration::from_secs(2)
    }
}

/// What becomes of a batch of leased notices.
#[derive(Default)]
struct Batch {
    ready: Vec<(usize, Ready)>,
    later: Vec<(NoticeId, u64, Timestamp)>,
    aside: Vec<(NoticeId, u64, NoticeState, Arc<str>)>,
}

impl Batch {
    fn add(&mut self, desk: usize, prepared: Prepared) {
        match prepared {
            Prepared::Ready(ready) => self.ready.push((desk, *ready)),
            Prepared::Later(notice, until, why) => {
                counter!(NOTICES_NOT_SENT, "why" => why).increment(1);
                self.later.push((notice.id, notice.token, until));
            }
            Prepared::Aside(notice, state, why) => {
                counter!(NOTICES_NOT_SENT, "why" => why).increment(1);
                self.aside.push((notice.id, notice.token, state, why.into()));
            }
        }
    }
}

/// One call, over by its deadline.
async fn call(gateway: &dyn Gateway, request: Bytes) -> Answer {
    let began = Instant::now();
    let answer = timeout(gateway.deadline() + GRACE, gateway.send(request)).await;
    histogram!(SEND_SECONDS, "provider" => gateway.name().to_string()).record(began.elapsed());
    answer.unwrap_or_else(|_| unknown("timeout"))
}

fn unknown(code: &str) -> Answer {
    Answer {
        class: AttemptClass::Unknown,
        code: Some(code.into()),
        provider_id: None,
        retry_after: None,
    }
}

/// The call was not even begun.
fn given_up() -> Answer {
    Answer {
        class: AttemptClass::NotSent,
        code: Some("given_up".into()),
        provider_id: None,
        retry_after: None,
    }
}

fn micros(elapsed: Duration) -> i64 {
    i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
