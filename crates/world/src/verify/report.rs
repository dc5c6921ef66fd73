//! What was found, promise by promise.

use serde::Serialize;

/// Enough to see what kind of fault it is; the count tells how many more there are.
const SHOWN: usize = 5;

/// What became of a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Held,
    Broken,
    /// It cannot be told from what there is to look at.
    Skipped,
}

/// What was found about one promise.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    pub promise: u8,
    pub name: &'static str,
    pub verdict: Verdict,
    /// What was compared with what; of a skipped one, why it was skipped.
    pub checked: String,
    /// Rows that were looked at.
    pub rows: u64,
    /// How often it is broken.
    pub broken: u64,
    /// The first of them; ids and positions, never plates or numbers of phones.
    pub offenders: Vec<String>,
}

impl Finding {
    pub(super) fn new(promise: u8, name: &'static str, checked: impl Into<String>) -> Finding {
        Finding {
            promise,
            name,
            verdict: Verdict::Held,
            checked: checked.into(),
            rows: 0,
            broken: 0,
            offenders: Vec::new(),
        }
    }

    pub(super) fn skipped(promise: u8, name: &'static str, why: &str) -> Finding {
        Finding {
            verdict: Verdict::Skipped,
            ..Finding::new(promise, name, why)
        }
    }

    pub(super) fn look(&mut self) {
        self.rows += 1;
    }

    pub(super) fn must(&mut self, holds: bool, offence: impl FnOnce() -> String) {
        if !holds {
            self.breaks(1, offence);
        }
    }

    /// It is broken so many times, for one reason.
    pub(super) fn breaks(&mut self, times: u64, offence: impl FnOnce() -> String) {
        self.verdict = Verdict::Broken;
        self.broken = self.broken.saturating_add(times);
        if self.offenders.len() < SHOWN {
            self.offenders.push(offence());
        }
    }
}

/// All that was found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    #[serde(rename = "promises")]
    pub findings: Vec<Finding>,
}

impl Report {
    /// How many promises have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.verdict == verdict)
            .count()
    }

    /// What was found about a promise.
    pub fn finding(&self, promise: u8) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.promise == promise)
    }
}
