//! The harness's own log: what it did, and when it was answered. A thing counts from the moment at which its answer had
//! come, until just before the request that ends it was sent.

use std::collections::HashMap;

use crate::evidence::key;

/// From when to when, in microseconds; an end that never came lies beyond everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: i64,
    pub(super) to: i64,
}

/// An end that has not come.
const OPEN: i64 = i64::MAX;

/// Everything that was done.
#[derive(Clone, Debug, Default)]
pub(super) struct Journal {
    /// When all sending was paused by a person.
    pauses: Vec<Span>,
    /// When a person held or had cancelled a notice.
    stopped: HashMap<u64, Vec<Span>>,
    /// When the whole service stood still.
    frozen: Vec<Span>,
    /// Counts of everything by its name.
    counts: std::collections::BTreeMap<&'static str, u64>,
    /// How long SIGTERM took, in milliseconds.
    pub(super) terms: Vec<u64>,
    /// How long a second instance took to give up, in milliseconds.
    pub(super) refusals: Vec<u64>,
    /// Promises that broke while it ran.
    pub(super) broken: Vec<String>,
}

impl Journal {
    /// One more of something.
    pub(super) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// How often everything was done.
    pub(super) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.counts.iter().map(|(what, count)| (*what, *count))
    }

    /// A pause was answered.
    pub(super) fn paused(&mut self, at: i64) {
        self.count("pause");
        self.pauses.push(Span { from: at, to: OPEN });
    }

    /// A resume is about to be asked for.
    pub(super) fn resuming(&mut self, at: i64) {
        if let Some(pause) = self.pauses.last_mut() {
            pause.to = pause.to.min(at);
        }
    }

    /// A hold or a cancellation was answered.
    pub(super) fn stopped(&mut self, notice: &str, at: i64, what: &'static str) {
        self.count(what);
        let spans = self.stopped.entry(key(notice)).or_default();
        spans.push(Span { from: at, to: OPEN });
    }

    /// A release is about to be asked for.
    pub(super) fn releasing(&mut self, notice: &str, at: i64) {
        if let Some(span) = self
            .stopped
            .get_mut(&key(notice))
            .and_then(|spans| spans.last_mut())
        {
            span.to = span.to.min(at);
        }
    }

    /// The service stood still.
    pub(super) fn froze(&mut self, from: i64, to: i64) {
        self.count("SIGSTOP and SIGCONT");
        self.frozen.push(Span { from, to });
    }

    /// Whether sending was paused at an instant, and had been for so long.
    pub(super) fn is_paused(&self, at: i64, for_so_long: i64) -> bool {
        self.pauses
            .iter()
            .any(|pause| pause.from + for_so_long <= at && at < pause.to)
    }

    /// Whether a person had stopped the notice at an instant.
    pub(super) fn is_stopped(&self, notice: u64, at: i64) -> bool {
        let spans = self.stopped.get(&notice).map_or(&[][..], Vec::as_slice);
        spans.iter().any(|span| span.from <= at && at < span.to)
    }

    /// Whether the service had just been woken after it stood still.
    pub(super) fn was_frozen(&self, at: i64, within: i64) -> bool {
        self.frozen
            .iter()
            .any(|span| span.from <= at && at <= span.to + within)
    }
}
