//! The ledger: one line per request received, in the hands of the system before anybody else
//! sees what became of the request.
//!
//! Killing the gateway or its client therefore never loses a line, and a judge who counts
//! `accepted` lines counts the messages that citizens received.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fault::Fault;
use super::limits::Windows;

/// What became of the message in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// A citizen receives it, whatever the client was told.
    Accepted,
    /// Not taken, and the client was told so.
    Refused,
    /// Not taken, and nothing definite was said; look-ups too.
    None,
}

/// One line of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// When the request was received, in UTC.
    pub at: String,
    /// `method`, `path`, `query` and `body` of the request; never its token.
    pub request: Value,
    pub client_ref: Option<String>,
    pub to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    pub verdict: Verdict,
    pub fault: Option<Fault>,
    pub message_id: Option<String>,
}

/// The ledger in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    pub accepted: u64,
    pub refused: u64,
    /// Lines with the verdict `none`, look-ups included.
    pub none: u64,
    pub look_ups: u64,
    /// Accepted messages whose `client_ref` had been accepted before.
    pub duplicates: u64,
    /// Accepted messages whose recipient had received the same text before.
    pub repeated_texts: u64,
    /// Requests that could not be recorded; they were answered 500 and not taken.
    pub unrecorded: u64,
}

/// What a look-up says about a `client_ref`.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub(super) message_id: String,
    pub(super) at: Timestamp,
    /// How many messages were accepted under it.
    pub(super) times: u64,
}

#[derive(Debug)]
pub(super) struct Ledger {
    lines: Lines,
    taken: HashMap<String, Taken>,
    /// Hashes of recipient and text: a message of the same words is what a citizen calls a repeat.
    told: HashMap<u64, u64>,
    pub(super) windows: Windows,
    last_id: u64,
    stats: Stats,
}

#[derive(Debug)]
enum Lines {
    Memory(Vec<Call>),
    /// `whole` is where the last whole line ends.
    File {
        file: File,
        path: PathBuf,
        whole: u64,
    },
}

impl Ledger {
    /// Opens the ledger and reads back what is in it, or starts one in memory.
    pub(super) fn open(path: Option<&Path>) -> io::Result<Ledger> {
        let mut ledger = Ledger {
            lines: Lines::Memory(Vec::new()),
            taken: HashMap::new(),
            told: HashMap::new(),
            windows: Windows::default(),
            last_id: 0,
            stats: Stats::default(),
        };
        if let Some(path) = path {
            let file = open_file(path).map_err(|error| at_file(path, &error))?;
            let whole = read_back(path, |call| ledger.count(&call))?;
            // A line without its end was never visible to any client: it was being written when
            // the writer died.
            file.set_len(whole).map_err(|error| at_file(path, &error))?;
            ledger.lines = Lines::File {
                file,
                path: path.to_owned(),
                whole,
            };
        }
        Ok(ledger)
    }

    /// The id that the next accepted message gets.
    pub(super) fn next_id(&self) -> String {
        format!("m{}", self.last_id + 1)
    }

    /// The id that the last accepted message got.
    pub(super) fn last_id(&self) -> String {
        format!("m{}", self.last_id)
    }

    /// Writes the line. Only after this may anything become visible to the client.
    pub(super) fn record(&mut self, call: &Call) -> io::Result<()> {
        match &mut self.lines {
            Lines::File { file, path, whole } => {
                let mut line = serde_json::to_vec(call)?;
                line.push(b'\n');
                // Half a line, from a full disk, must not stand before the next one.
                let written = file.write_all(&line).inspect_err(|_| drop(file.set_len(*whole)));
                if let Err(error) = written {
                    self.stats.unrecorded += 1;
                    return Err(at_file(path, &error));
                }
                *whole += line.len() as u64;
                self.count(call);
            }
            Lines::Memory(calls) => {
                calls.push(call.clone());
                self.count(call);
            }
        }
        Ok(())
    }

    pub(super) fn find(&self, client_ref: &str) -> Option<&Taken> {
        self.taken.get(client_ref)
    }

    pub(super) fn stats(&self) -> Stats {
        self.stats.clone()
    }

    /// The references under which more than one message was accepted, with their number.
    pub(super) fn duplicates(&self) -> impl Iterator<Item = (&str, u64)> {
        self.taken
            .iter()
            .filter(|(_, taken)| taken.times > 1)
            .map(|(client_ref, taken)| (client_ref.as_str(), taken.times))
    }

    /// Where the lines are to be read.
    pub(super) fn reader(&self) -> Reader {
        match &self.lines {
            Lines::Memory(calls) => Reader::Memory(calls.clone()),
            Lines::File { path, .. } => Reader::File(path.clone()),
        }
    }

    fn count(&mut self, call: &Call) {
        match call.verdict {
            Verdict::Accepted => self.stats.accepted += 1,
            Verdict::Refused => self.stats.refused += 1,
            Verdict::None => self.stats.none += 1,
        }
        if call.request.get("method").is_some_and(|method| method == "GET") {
            self.stats.look_ups += 1;
        }
        if call.verdict == Verdict::Accepted {
            self.count_accepted(call);
        }
    }

    fn count_accepted(&mut self, call: &Call) {
        let number = call.message_id.as_deref().and_then(|id| id.strip_prefix('m'));
        if let Some(number) = number.and_then(|number| number.parse().ok()) {
            self.last_id = self.last_id.max(number);
        }
        if let (Some(client_ref), Some(message_id), Ok(at)) =
            (&call.client_ref, &call.message_id, call.at.parse())
        {
            let first = Taken {
                message_id: message_id.clone(),
                at,
                times: 0,
            };
            let taken = self.taken.entry(client_ref.clone()).or_insert(first);
            taken.times += 1;
            self.stats.duplicates += u64::from(taken.times > 1);
        }
        if let (Some(to), Ok(at)) = (&call.to, call.at.parse()) {
            self.windows.count(to, at);
        }
        if let Some(text) = &call.text {
            let mut hasher = DefaultHasher::new();
            (&call.to, text).hash(&mut hasher);
            let times = self.told.entry(hasher.finish()).or_insert(0);
            *times += 1;
            self.stats.repeated_texts += u64::from(*times > 1);
        }
    }
}

/// Reads lines without holding the ledger, however long it is.
pub(super) enum Reader {
    Memory(Vec<Call>),
    File(PathBuf),
}

impl Reader {
    pub(super) fn calls(self) -> io::Result<Vec<Call>> {
        match self {
            Reader::Memory(calls) => Ok(calls),
            Reader::File(path) => {
                let mut calls = Vec::new();
                read_back(&path, |call| calls.push(call))?;
                Ok(calls)
            }
        }
    }
}

fn open_file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().append(true).create(true).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            "another test gateway writes this ledger; stop it or name another file",
        )),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Hands every whole line to `visit`; returns where the last whole line ends.
fn read_back(path: &Path, mut visit: impl FnMut(Call)) -> io::Result<u64> {
    let mut reader = BufReader::new(File::open(path).map_err(|error| at_file(path, &error))?);
    let mut whole = 0;
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let length = reader
            .read_until(b'\n', &mut line)
            .map_err(|error| at_file(path, &error))?;
        if line.last() != Some(&b'\n') {
            break;
        }
        let call = serde_json::from_slice(&line).map_err(|error| {
            let told = format!("{}, line {number}: not a ledger line: {error}", path.display());
            io::Error::new(io::ErrorKind::InvalidData, told)
        })?;
        visit(call);
        whole += length as u64;
    }
    Ok(whole)
}

fn at_file(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("ledger {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(client_ref: &str, message_id: Option<&str>) -> Call {
        Call {
            at: "2026-03-02T02:00:00.000001Z".to_owned(),
            request: serde_json::json!({"method": "POST", "path": "/v1/messages"}),
            client_ref: Some(client_ref.to_owned()),
            to: Some("+8613800000001".to_owned()),
            text: Some("words".to_owned()),
            verdict: if message_id.is_some() {
                Verdict::Accepted
            } else {
                Verdict::Refused
            },
            fault: None,
            message_id: message_id.map(str::to_owned),
        }
    }

    #[test]
    fn a_ledger_read_back_continues_where_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        let mut ledger = Ledger::open(Some(&path)).unwrap();
        ledger.record(&call("a", Some("m1"))).unwrap();
        ledger.record(&call("a", Some("m2"))).unwrap();
        ledger.record(&call("b", None)).unwrap();
        let before = ledger.stats();
        drop(ledger);

        let ledger = Ledger::open(Some(&path)).unwrap();
        assert_eq!(ledger.stats(), before);
        assert_eq!((before.accepted, before.refused, before.duplicates), (2, 1, 1));
        assert_eq!(before.repeated_texts, 1);
        assert_eq!(ledger.next_id(), "m3");
        assert_eq!(ledger.find("a").unwrap().message_id, "m1");
        assert_eq!(ledger.duplicates().collect::<Vec<_>>(), [("a", 2)]);
        assert_eq!(ledger.reader().calls().unwrap().len(), 3);
    }

    #[test]
    fn a_line_torn_by_a_crash_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        Ledger::open(Some(&path))
            .unwrap()
            .record(&call("a", Some("m1")))
            .unwrap();
        let whole = std::fs::read(&path).unwrap();
        let mut torn = whole.clone();
        torn.extend_from_slice(&whole[..20]);
        std::fs::write(&path, torn).unwrap();

        let mut ledger = Ledger::open(Some(&path)).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), whole);
        ledger.record(&call("b", Some("m2"))).unwrap();
        assert_eq!(ledger.reader().calls().unwrap().len(), 2);
    }

    #[test]
    fn a_foreign_line_is_told_by_file_and_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        std::fs::write(&path, "{}\n").unwrap();
        let told = Ledger::open(Some(&path)).unwrap_err().to_string();
        assert!(
            told.contains("ledger.jsonl, line 1") && told.contains("missing field"),
            "{told}"
        );
    }

    #[test]
    fn two_gateways_cannot_write_one_ledger() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        let first = Ledger::open(Some(&path)).unwrap();
        let told = Ledger::open(Some(&path)).unwrap_err().to_string();
        assert!(told.contains("another test gateway"), "{told}");
        drop(first);
        Ledger::open(Some(&path)).unwrap();
    }
}
