//! Who runs: each role shows a beat after every step, and `/readyz` reads them.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use engine::time::Timestamp;

/// The last that was heard of a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beat {
    /// Which role.
    pub role: &'static str,
    /// When its last step went well.
    pub at: Timestamp,
    /// Why its steps have failed since then.
    pub trouble: Option<String>,
    /// Whether its loop still runs.
    pub runs: bool,
}

impl Beat {
    /// Whether the role does its work: its loop runs, and a step went well at most `within` ago. A clock that was set
    /// back makes nothing stale.
    pub fn is_well(&self, now: Timestamp, within: Duration) -> bool {
        let age = u64::try_from(now.since(self.at)).unwrap_or(0);
        self.runs && u128::from(age) <= within.as_micros()
    }
}

/// The beats of every role of this process.
#[derive(Debug, Default)]
pub struct Heart {
    beats: Mutex<BTreeMap<&'static str, Beat>>,
}

impl Heart {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A step went well.
    pub fn beat(&self, role: &'static str, at: Timestamp) {
        let beat = Beat {
            role,
            at,
            trouble: None,
            runs: true,
        };
        self.lock().insert(role, beat);
    }

    /// A step failed.
    pub fn trouble(&self, role: &'static str, why: &str) {
        if let Some(beat) = self.lock().get_mut(role) {
            beat.trouble = Some(why.to_owned());
        }
    }

    /// The loop has ended.
    pub fn gone(&self, role: &'static str) {
        if let Some(beat) = self.lock().get_mut(role) {
            beat.runs = false;
        }
    }

    /// Every role, by name.
    pub fn beats(&self) -> Vec<Beat> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, Beat>> {
        // Every change is one assignment, so that a poisoned map is still whole.
        self.beats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
