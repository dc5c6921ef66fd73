//! From due notices to calls that have begun: lease, read, prepare, submit, call.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine::ids::NoticeId;
use engine::notice::{AttemptClass, NoticeState};
use engine::time::{SECOND, Timestamp};
use futures::StreamExt as _;
use metrics::{counter, gauge, histogram};
use ports::dispatch::{ALL_PROVIDERS, DueNotice, Grant, ProviderState, RECIPIENT_CAP};
use ports::gateway::{Answer, Gateway};
use ports::store::StoreError;
use tokio::time::{Instant, timeout};

use super::desk::{Desk, GIVEN_UP};
use super::prepare::{self, GRACE, Prepared, REGISTRY_UNAVAILABLE, Read, Ready};
use super::{Dispatch, Flight, StepReport, unknown};
use crate::metrics::{DUE_SECONDS, NOTICES_NOT_SENT, PROVIDER_PAUSED, SEND_SECONDS, SENDS_STARTED, between};

/// A batch that a store writes in one transaction of a few milliseconds.
const MOST_AT_ONCE: usize = 256;
/// Questions to the registry at once.
const LOOK_UPS_AT_ONCE: usize = 16;
/// A notice whose provider is busy while others are not.
const BUSY_WAIT: i64 = SECOND;

impl Dispatch {
    /// Leases as many notices as there are slots, and submits them.
    pub(super) async fn fill(&mut self, now: Timestamp, report: &mut StepReport) -> Result<(), StoreError> {
        let began = Instant::now();
        let states = self.store.providers().await?;
        self.note_pauses(&states);
        let all_paused = states
            .iter()
            .any(|state| &*state.name == ALL_PROVIDERS && state.paused.is_some());
        for desk in &mut self.desks {
            let state = states.iter().find(|state| state.name == *desk.gateway.name());
            desk.open(now, state, all_paused);
        }
        let slots = self
            .desks
            .iter()
            .find(|desk| desk.is_open())
            .map_or(0, Desk::slots)
            .min(MOST_AT_ONCE);
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
        let due = match &mut self.first {
            Some(first) => first.sift(due, now, &mut batch).await?,
            None => due,
        };
        self.release.count(&*self.store, now).await?;
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
    fn choose(
        &mut self,
        due: Vec<DueNotice>,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Vec<(usize, usize, Read)> {
        let mut chosen = Vec::with_capacity(due.len());
        for notice in due {
            let course = self.courses.get(&notice.id).copied().unwrap_or_default();
            let read = match prepare::read(notice, now) {
                Ok(read) => read,
                Err(prepared) => {
                    batch.add(0, *prepared);
                    continue;
                }
            };
            let (due, end) = (read.notice.not_before, read.notice.expires_at);
            if let Some(turn) = self.release.turn(now, due, read.free_since, end) {
                batch.add(0, Prepared::Later(read.notice, turn, "after_quiet_hours"));
                continue;
            }
            let route = (course.provider..self.desks.len()).chain(0..course.provider);
            let desk = route
                .into_iter()
                .find(|desk| self.desks.get(*desk).is_some_and(Desk::is_open));
            match desk {
                Some(desk) if self.desks[desk].take() => chosen.push((desk, course.owner, read)),
                _ => batch.add(
                    0,
                    Prepared::Later(read.notice, now.plus(BUSY_WAIT), "provider_busy"),
                ),
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
                (
                    desk,
                    prepare::prepare(read, owner, &*gateways[desk], registry, texts, now).await,
                )
            })
            .buffered(LOOK_UPS_AT_ONCE)
            .collect()
            .await;
        let is_waiting = |prepared: &Prepared| matches!(prepared, Prepared::Later(.., REGISTRY_UNAVAILABLE));
        let waiting = prepared
            .iter()
            .filter(|(_, prepared)| is_waiting(prepared))
            .count();
        if waiting > 0 {
            tracing::warn!(
                notices = waiting,
                "the vehicle registry does not answer; notices wait for it"
            );
        }
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
        let submissions: Vec<_> = ready
            .iter()
            .map(|(desk, ready)| ready.submission(&*self.desks[*desk].gateway, self.caps, at))
            .collect();
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
        let now = at.plus(micros(committing.elapsed()));
        let mut begun = 0;
        for (number, (desk, ready)) in ready.into_iter().enumerate() {
            let why = match granted.get(number) {
                Some(Grant::Granted) => {
                    self.desks[desk].begun(now, 1);
                    self.begin(desk, ready, at, committing);
                    begun += 1;
                    continue;
                }
                Some(Grant::Capped(_)) => RECIPIENT_CAP,
                Some(Grant::Refused) | None => "not_granted",
            };
            self.desks[desk].give_back();
            counter!(NOTICES_NOT_SENT, "why" => why).increment(1);
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
            submitted_at: at,
        };
        let waited = between(ready.notice.not_before, at);
        histogram!(DUE_SECONDS, "provider" => gateway.name().to_string()).record(waited);
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
        let leases: Vec<_> = ready
            .iter()
            .map(|(_, ready)| (ready.notice.id.clone(), ready.notice.token))
            .collect();
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
}

/// What becomes of a batch of leased notices.
#[derive(Default)]
pub(super) struct Batch {
    ready: Vec<(usize, Ready)>,
    later: Vec<(NoticeId, u64, Timestamp)>,
    aside: Vec<(NoticeId, u64, NoticeState, Arc<str>)>,
}

impl Batch {
    pub(super) fn add(&mut self, desk: usize, prepared: Prepared) {
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

/// The call was not even begun.
fn given_up() -> Answer {
    Answer {
        class: AttemptClass::NotSent,
        code: Some(GIVEN_UP.into()),
        provider_id: None,
        retry_after: None,
    }
}

pub(super) fn micros(elapsed: Duration) -> i64 {
    i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX)
}
