//! One hash over all effective decisions at a stated instant. Versions, decision times, case numbers and chain hashes
//! are left out, because batching may change those.

use sha2::{Digest as _, Sha256};

use crate::case::{Case, Edge};
use crate::judge;
use crate::ledger::Ledger;
use crate::rules::Rules;
use crate::time::Timestamp;

/// Sums ledgers up, in order of plate.
pub struct Digest<'r> {
    rules: &'r Rules,
    at: Timestamp,
    hasher: Sha256,
    /// Cases so far.
    pub cases: u64,
    /// Facts so far.
    pub facts: u64,
}

impl<'r> Digest<'r> {
    /// Begins a digest of decisions as of `at`.
    pub fn new(rules: &'r Rules, at: Timestamp) -> Self {
        Self {
            rules,
            at,
            hasher: Sha256::new(),
            cases: 0,
            facts: 0,
        }
    }

    /// Adds a ledger; ledgers come by plate in bytes.
    pub fn add(&mut self, home: &str, ledger: &Ledger) {
        let mut lines = Sha256::new();
        text(&mut lines, home);
        for fact in ledger.facts() {
            text(&mut lines, fact.id.as_str());
            lines.update(fact.digest);
            self.facts += 1;
        }
        for case in judge::judge(self.rules, home, ledger, self.at).cases {
            add_case(&mut lines, &case);
            self.cases += 1;
        }
        self.hasher.update(lines.finalize());
    }

    /// The digest.
    pub fn finish(self) -> [u8; 32] {
        self.hasher.finalize().into()
    }
}

fn text(hasher: &mut Sha256, text: &str) {
    hasher.update((text.len() as u64).to_be_bytes());
    hasher.update(text);
}

fn add_case(hasher: &mut Sha256, case: &Case) {
    text(hasher, &case.subject.to_string());
    hasher.update((case.facts.len() as u64).to_be_bytes());
    for fact in &case.facts {
        text(hasher, fact.as_str());
    }
    text(hasher, case.outcome.as_str());
    text(
        hasher,
        &case
            .policy
            .as_ref()
            .map_or_else(String::new, |policy| policy.name()),
    );
    let edge = |edge: Option<Edge>| match edge {
        None => String::new(),
        Some(Edge::Day(day)) => day.to_string(),
        Some(Edge::Instant(at)) => at.to_string(),
    };
    if let Some(window) = case.window {
        text(hasher, window.kind.as_str());
        text(hasher, &edge(window.from));
        text(hasher, &edge(window.to));
    }
    hasher.update(case.ordinal.unwrap_or(0).to_be_bytes());
    text(hasher, case.proposal.map_or("", |outcome| outcome.as_str()));
}
