//! Reading evidence: JSON lines, each error with its file and line.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Why there is nothing to look at.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{}, line {line}: {message}", path.display())]
    Bad {
        path: PathBuf,
        line: usize,
        message: String,
    },
}

/// The text of every line.
pub(super) fn texts(
    path: &Path,
) -> Result<impl Iterator<Item = Result<String, EvidenceError>> + use<>, EvidenceError> {
    let path = path.to_owned();
    let unreadable = |path: &Path, source| EvidenceError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let file = File::open(&path).map_err(|source| unreadable(&path, source))?;
    let lines = BufReader::new(file).lines();
    Ok(lines.map(move |line| line.map_err(|source| unreadable(&path, source))))
}

/// Every line as a row.
pub(super) fn lines<T: DeserializeOwned>(
    path: &Path,
) -> Result<impl Iterator<Item = Result<T, EvidenceError>> + use<T>, EvidenceError> {
    let texts = texts(path)?;
    let path = path.to_owned();
    Ok(texts.enumerate().map(move |(index, text)| {
        let text = text?;
        serde_json::from_str(&text).map_err(|error| bad(&path, index, &error))
    }))
}

pub(super) fn bad(path: &Path, index: usize, error: &dyn std::fmt::Display) -> EvidenceError {
    EvidenceError::Bad {
        path: path.to_owned(),
        line: index + 1,
        message: error.to_string(),
    }
}

/// What the store says of itself, in the snapshot that the exports are of.
#[derive(Debug, Deserialize)]
pub(super) struct Store {
    pub(super) progress: Progress,
    pub(super) stats: Counters,
    pub(super) policies: Vec<Policy>,
    #[serde(default)]
    pub(super) caps: Caps,
}

/// Most messages to one recipient by the settings; none: no limit.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Caps {
    pub(super) per_hour: Option<u32>,
    pub(super) per_day: Option<u32>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Progress {
    pub(super) next: u64,
    pub(super) inner_next: u64,
    pub(super) epoch: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Counters {
    pub(super) appended: u64,
    pub(super) read: u64,
    pub(super) records: HashMap<String, u64>,
    pub(super) cases: HashMap<String, u64>,
    pub(super) notices: HashMap<String, u64>,
    pub(super) attempts: HashMap<String, u64>,
    pub(super) in_flight: u64,
    pub(super) ledgers: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Policy {
    pub(super) id: String,
    pub(super) version: String,
    pub(super) text: String,
    pub(super) hash: String,
}

impl Store {
    pub(super) fn read(path: &Path) -> Result<Store, EvidenceError> {
        lines(path)?
            .next()
            .unwrap_or_else(|| Err(bad(path, 0, &"the file is empty")))
    }
}

/// An instant as microseconds, spelt as the export spells it and in no other way.
pub(super) fn exact_micros(text: &str) -> Option<i64> {
    let at: Timestamp = text.parse().ok()?;
    (at.to_string() == text).then(|| at.as_microsecond())
}

/// An instant as microseconds; any spelling of it is the same instant.
pub(super) fn micros(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_microsecond)
}
