//! A provider as dispatch sees it: how many calls it may be given now, and how it has been answering.

use std::sync::Arc;
use std::time::Duration;

use engine::notice::{AttemptClass, retry_after};
use engine::time::{MINUTE, SECOND, Timestamp};
use metrics::gauge;
use ports::dispatch::ProviderState;
use ports::gateway::{Answer, Gateway};

use super::rate::Bucket;
use crate::metrics::{PROVIDER_CLOCK, PROVIDER_PERMITS, PROVIDER_RESTING, PROVIDER_WIDTH, SENDS_IN_FLIGHT};

/// So many connections that fail one after the other make a provider rest: nothing is risked by trying, but a queue that is tried
/// again and again at a dead address helps nobody.
const FAILURES_BEFORE_REST: u32 = 5;
/// The longest such rest: a queue that waited for hours does not wait long for a provider that is back.
const LONGEST_REST: i64 = 2 * MINUTE;
/// The store pauses a provider at so many unknowns in a row; no more than are missing to that are in flight at once,
/// so that a sick provider does not make ten times as many.
const UNKNOWNS_BEFORE_PAUSE: u32 = 10;

/// The code of a call that was not even begun; it says nothing of the provider.
pub(super) const GIVEN_UP: &str = "given_up";

/// One provider.
pub(super) struct Desk {
    pub(super) gateway: Arc<dyn Gateway>,
    bucket: Option<Bucket>,
    in_flight: usize,
    /// Connections that failed one after the other; those in flight together are one.
    failures: u32,
    rest_until: Option<Timestamp>,
    /// How many calls at once it is trusted with after it was away; none: as many as it is configured for.
    trust: Option<usize>,
    paused: bool,
    unknowns: u32,
    /// How many calls may begin in this step.
    slots: usize,
}

impl Desk {
    pub(super) fn new(gateway: Arc<dyn Gateway>) -> Self {
        Self {
            bucket: gateway.rate().map(Bucket::new),
            gateway,
            in_flight: 0,
            failures: 0,
            rest_until: None,
            trust: None,
            paused: false,
            unknowns: 0,
            slots: 0,
        }
    }

    /// Takes note of the store's word and counts the slots of this step.
    pub(super) fn open(&mut self, now: Timestamp, state: Option<&ProviderState>, all_paused: bool) {
        self.paused = all_paused || state.is_some_and(|state| state.paused.is_some());
        self.unknowns = state.map_or(0, |state| state.unknowns);
        if self.rest_until.is_some_and(|until| until <= now) {
            self.rest_until = None;
        }
        if !self.is_open() {
            // What waited meanwhile does not fall on it all at once.
            self.trust = Some(1);
        }
        let permits = self
            .bucket
            .as_mut()
            .map_or(usize::MAX, |bucket| bucket.available(now));
        self.slots = self.width().saturating_sub(self.in_flight).min(permits);
        if !self.is_open() {
            self.slots = 0;
        }
    }

    /// Whether it may be given anything at all.
    pub(super) fn is_open(&self) -> bool {
        !self.paused && self.rest_until.is_none()
    }

    /// How many calls may begin in this step.
    pub(super) fn slots(&self) -> usize {
        self.slots
    }

    /// How long until a permit comes, where only a permit is missing.
    pub(super) fn permit_in(&self) -> Option<Duration> {
        let has_room = self.is_open() && self.in_flight < self.width();
        let wait = self.bucket.as_ref()?.next_in();
        (has_room && !wait.is_zero()).then_some(wait)
    }

    /// Takes a slot; false: there is none.
    pub(super) fn take(&mut self) -> bool {
        if self.slots == 0 {
            return false;
        }
        self.slots -= 1;
        self.in_flight += 1;
        if let Some(bucket) = &mut self.bucket {
            bucket.take(1);
        }
        true
    }

    /// Returns a slot that was not used.
    pub(super) fn give_back(&mut self) {
        self.slots += 1;
        self.in_flight -= 1;
        if let Some(bucket) = &mut self.bucket {
            bucket.give_back(1);
        }
    }

    /// Calls begin whose slots were taken before.
    pub(super) fn begun(&mut self, now: Timestamp, calls: usize) {
        if let Some(bucket) = &mut self.bucket {
            bucket.begun(now, calls);
        }
    }

    /// A call is over.
    pub(super) fn answered(&mut self, now: Timestamp, answer: &Answer) {
        self.in_flight -= 1;
        if answer.code.as_deref() == Some(GIVEN_UP) {
            return;
        }
        let is_failure = answer.class == AttemptClass::NotSent;
        if is_failure && self.rest_until.is_some() {
            // It was on its way when the others failed.
            return;
        }
        self.failures = if is_failure { self.failures + 1 } else { 0 };
        self.trust = match self.trust {
            Some(trust) if !is_failure && answer.class != AttemptClass::Unknown => {
                Some(trust + 1).filter(|trust| *trust < self.gateway.concurrency())
            }
            same => same,
        };
        let rest = match answer.class {
            AttemptClass::ThrottledAccount => Some(retry_after(answer.class, 1, answer.retry_after)),
            AttemptClass::NotSent if self.failures >= FAILURES_BEFORE_REST => {
                let tries = self.failures - FAILURES_BEFORE_REST + 1;
                Some(retry_after(answer.class, tries, None).min(LONGEST_REST))
            }
            _ => None,
        };
        if let Some(rest) = rest {
            self.trust = Some(1);
            self.rest_until = self.rest_until.max(Some(now.plus(rest)));
        }
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Sets the gauges of this provider.
    pub(super) fn show(&self) {
        let provider = self.gateway.name().to_string();
        let is_resting = self.rest_until.is_some();
        gauge!(PROVIDER_RESTING, "provider" => provider.clone()).set(f64::from(u8::from(is_resting)));
        gauge!(PROVIDER_WIDTH, "provider" => provider.clone()).set(self.width() as f64);
        if let Some(bucket) = &self.bucket {
            gauge!(PROVIDER_PERMITS, "provider" => provider.clone()).set(bucket.left() as f64);
        }
        if let Some(ahead) = self.gateway.clock_ahead() {
            gauge!(PROVIDER_CLOCK, "provider" => provider.clone()).set(ahead as f64 / SECOND as f64);
        }
        gauge!(SENDS_IN_FLIGHT, "provider" => provider).set(self.in_flight() as f64);
    }

    /// How many calls at once it is trusted with.
    fn width(&self) -> usize {
        let most = self.gateway.concurrency().min(self.trust.unwrap_or(usize::MAX));
        if self.unknowns == 0 {
            return most;
        }
        most.min(UNKNOWNS_BEFORE_PAUSE.saturating_sub(self.unknowns).max(1) as usize)
    }
}
