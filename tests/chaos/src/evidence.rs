//! Files of JSON lines, read one by one, and a list of what is wrong with them.

use std::collections::BTreeMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Examples that are kept of each kind of violation.
const EXAMPLES: usize = 5;

/// What was promised and did not hold.
#[derive(Debug, Default)]
pub struct Violations {
    found: BTreeMap<&'static str, (u64, Vec<String>)>,
}

impl Violations {
    /// Notes one.
    pub fn add(&mut self, promise: &'static str, example: impl FnOnce() -> String) {
        let (count, examples) = self.found.entry(promise).or_default();
        *count += 1;
        if examples.len() < EXAMPLES {
            examples.push(example());
        }
    }

    /// Notes one where something does not hold.
    pub fn must(&mut self, holds: bool, promise: &'static str, example: impl FnOnce() -> String) {
        if !holds {
            self.add(promise, example);
        }
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.found.values().map(|(count, _)| count).sum()
    }

    /// A line for each promise, and its examples.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (promise, (count, examples)) in &self.found {
            lines.push(format!("{promise}: {count}"));
            lines.extend(examples.iter().map(|example| format!("    {example}")));
        }
        lines
    }
}

/// Reads every whole line of a file; a last line without its end was being written and is left out.
pub fn each_line<T: DeserializeOwned>(path: &Path, mut visit: impl FnMut(T)) -> Result<()> {
    let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        reader.read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            break;
        }
        let row =
            serde_json::from_slice(&line).with_context(|| format!("{}, line {number}", path.display()))?;
        visit(row);
    }
    Ok(())
}

/// A key of eight bytes for a long name.
pub fn key(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

/// Notice and number of an attempt's reference, `NOTICE-NUMBER`.
pub fn notice_of(client_ref: &str) -> Option<(&str, u32)> {
    let (notice, number) = client_ref.rsplit_once('-')?;
    Some((notice, number.parse().ok()?))
}

/// A line of `export notices`, as far as it is asked about.
#[derive(Debug, Deserialize)]
pub struct NoticeRow {
    /// The notice.
    pub notice: String,
    /// Where it stands.
    pub state: String,
    /// Why.
    pub reason: Option<String>,
    /// From when it may be sent.
    pub not_before: String,
    /// Until when.
    pub expires_at: String,
    /// How many attempts were made.
    pub attempts: u32,
}

/// A line of `export attempts`, as far as it is asked about.
#[derive(Debug, Deserialize)]
pub struct AttemptRow {
    /// The notice.
    pub notice: String,
    /// What the provider was told.
    pub client_ref: String,
    /// When it was committed.
    pub submitted_at: String,
    /// What came of it; none: nothing yet.
    pub class: Option<String>,
}

/// A line of the provider's ledger, as far as it is asked about.
#[derive(Debug, Deserialize)]
pub struct CallRow {
    /// When it came.
    pub at: String,
    /// What was asked.
    pub request: RequestRow,
    /// The attempt.
    pub client_ref: Option<String>,
    /// Whom it is for.
    pub to: Option<String>,
    /// What a citizen received: `accepted`, `refused`, `none`.
    pub verdict: String,
    /// How it was treated badly.
    pub fault: Option<String>,
}

/// The request of a ledger's line.
#[derive(Debug, Deserialize)]
pub struct RequestRow {
    /// POST sends, GET looks up.
    #[serde(default)]
    pub method: String,
}

/// A line of the provider's diary of receipts.
#[derive(Debug, Deserialize)]
pub struct PushRow {
    /// `leaves` or `answered`.
    pub event: String,
    /// How it was made badly.
    pub fault: Option<String>,
    /// The status of the answer.
    pub status: Option<u16>,
    /// Each message and the state that it is said to be in.
    pub told: Vec<(String, String)>,
}
