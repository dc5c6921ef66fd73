//! Fingerprints: 64 bits of what a reader sees, to tell whether anything changed. They are stored, so the function is
//! fixed: XXH3 over length-led fields.

use xxhash_rust::xxh3::xxh3_64;

use crate::case::{Case, Edge};
use crate::fact::Subject;
use crate::ledger::Guest;

struct Print(Vec<u8>);

impl Print {
    fn new() -> Self {
        Self(Vec::with_capacity(512))
    }

    fn end(&self) -> u64 {
        xxh3_64(&self.0)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn instant(&mut self, at: crate::time::Timestamp) {
        self.number(at.as_micros() as u64);
    }

    fn subject(&mut self, subject: &Subject) {
        self.text(&subject.number);
        self.text(&subject.class);
        self.option(subject.epoch, |print, day| print.text(&day.to_string()));
    }

    fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.number(u64::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    fn edge(&mut self, edge: Edge) {
        match edge {
            Edge::Day(day) => self.text(&day.to_string()),
            Edge::Instant(at) => self.instant(at),
        }
    }
}

/// Everything that the line of a case shows but its number.
pub(super) fn case(case: &Case) -> u64 {
    let mut print = Print::new();
    print.subject(&case.subject);
    print.text(&case.zone);
    for zone in &case.zones {
        print.text(zone);
    }
    print.option(case.place.as_deref(), Print::text);
    print.instant(case.from);
    print.instant(case.to);
    for fact in case.facts.iter().chain(&case.doubles) {
        print.text(fact.as_str());
    }
    print.text(case.outcome.as_str());
    print.option(case.ordinal, |print, ordinal| print.number(u64::from(ordinal)));
    print.option(case.window, |print, window| {
        print.text(window.kind.as_str());
        print.option(window.from, Print::edge);
        print.option(window.to, Print::edge);
    });
    print.option(case.policy.as_ref(), |print, policy| {
        print.text(&policy.id);
        print.text(&policy.version);
    });
    print.option(case.fine.as_ref(), |print, fine| {
        print.number(fine.minor);
        print.text(&fine.currency);
    });
    for reason in &case.reasons {
        print.text(reason.as_str());
    }
    print.option(case.deadline, Print::instant);
    print.option(case.proposal, |print, outcome| print.text(outcome.as_str()));
    print.option(case.trace.other.as_ref(), |print, other| {
        print.instant(other.from);
        print.text(&other.zone);
        print.text(other.outcome.as_str());
    });
    print.option(case.trace.words.as_deref(), Print::text);
    print.number(u64::from(case.live) << 1 | u64::from(case.reviewed));
    print.end()
}

/// What the text of a message is made of.
pub(super) fn message(case: &Case) -> u64 {
    let mut print = Print::new();
    print.subject(&case.subject);
    print.text(case.place.as_deref().unwrap_or(&case.zone));
    print.instant(case.from);
    print.option(case.window, |print, window| print.text(window.kind.as_str()));
    print.option(case.policy.as_ref(), |print, policy| {
        print.text(&policy.id);
        print.text(&policy.version);
    });
    print.option(case.fine.as_ref(), |print, fine| {
        print.number(fine.minor);
        print.text(&fine.currency);
    });
    print.number(u64::from(case.reviewed));
    print.end()
}

/// A guest as it is handed over.
pub(super) fn guest(guest: &Guest) -> u64 {
    let mut print = Print::new();
    for fact in std::iter::once(&guest.observation).chain(&guest.about) {
        print.text(fact.id.as_str());
        print.bytes(&fact.digest);
        print.instant(fact.known);
    }
    let plate = guest.observation.body.observation().map(|seen| &seen.plate);
    print.option(plate.and_then(|plate| plate.number.as_deref()), Print::text);
    print.option(plate.and_then(|plate| plate.class.as_deref()), Print::text);
    print.end()
}
