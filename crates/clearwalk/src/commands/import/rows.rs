//! The reading side: rows become facts on a thread of their own, some thousands at a time.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use engine::fact::FactId;
use engine::time::Timestamp;
use formats::mapping::{MappedFact, Mapping, Options, ReadError, Reader, Row};
use ports::log::NewEnvelope;
use tokio::sync::mpsc;

use super::summary::Summary;
use super::watch::Watch;
use crate::failure::{Code, Failure};

/// Facts in one chunk: enough that the disk's pace is not felt, few enough to be nothing in memory.
const FULL: usize = 4096;
/// Bad rows that are named one by one.
pub(super) const NAMED: u64 = 20;

/// Facts that are not appended yet.
#[derive(Default)]
pub(super) struct Chunk {
    pub(super) ids: Vec<FactId>,
    pub(super) records: Vec<NewEnvelope>,
}

impl Chunk {
    fn with_room() -> Self {
        Self {
            ids: Vec::with_capacity(FULL),
            records: Vec::with_capacity(FULL),
        }
    }

    fn add(&mut self, fact: &MappedFact, buffer: &mut Vec<u8>) {
        buffer.clear();
        fact.to_cloudevent_json(buffer);
        self.ids.push(FactId::new(&fact.source, &fact.id));
        self.records.push(NewEnvelope {
            known: Timestamp::from_micros(fact.time.unwrap_or(fact.captured_at)),
            payload: Bytes::copy_from_slice(buffer),
        });
    }
}

/// Where chunks go; none: rows are only counted.
pub(super) type Chunks = Option<mpsc::Sender<Chunk>>;

/// Why reading stopped.
pub(super) struct Stop {
    pub(super) failure: Failure,
    /// In the middle of a file, some of whose rows were handed on.
    pub(super) is_midway: bool,
}

/// The files of one import.
pub(super) struct Rows {
    pub(super) files: Vec<PathBuf>,
    pub(super) mapping: Mapping,
    pub(super) options: Options,
}

impl Rows {
    /// Reads all files. What was read before an error is handed on with it: the same import, run again, goes on from there.
    pub(super) fn read(&self, chunks: &Chunks, watch: &Watch) -> (Summary, Result<(), Stop>) {
        let mut summary = Summary::default();
        let mut buffer = Vec::new();
        for file in &self.files {
            let read = self.read_file(file, chunks, watch, &mut summary, &mut buffer);
            if read.is_err() {
                return (summary, read);
            }
        }
        (summary, Ok(()))
    }

    fn read_file(
        &self,
        file: &Path,
        chunks: &Chunks,
        watch: &Watch,
        summary: &mut Summary,
        buffer: &mut Vec<u8>,
    ) -> Result<(), Stop> {
        watch.file(file);
        let reader = Reader::open(file, &self.mapping, self.options);
        let mut reader = reader.map_err(|error| stop(error, false))?;
        let mut chunk = Chunk::with_room();
        let end = loop {
            match reader.next_row() {
                Ok(None) => break Ok(()),
                Ok(Some(Row::Fact(fact))) => chunk.add(fact, buffer),
                Ok(Some(Row::Filtered)) => {}
                Ok(Some(Row::Quarantined { reason, detail, line })) => {
                    summary.named += 1;
                    if summary.named <= NAMED {
                        let word = reason.as_str();
                        watch.say(&format!("{}:{line}: {word}: {detail}", file.display()));
                    }
                }
                Err(error) => break Err(stop(error, true)),
            }
            if chunk.records.len() >= FULL {
                watch.rows(summary.read + reader.counts().read);
                if !hand_on(chunks, std::mem::replace(&mut chunk, Chunk::with_room())) {
                    break Ok(());
                }
            }
        };
        // Who has stopped listening says why.
        let _listening = hand_on(chunks, chunk);
        summary.add(reader.counts());
        watch.rows(summary.read);
        end
    }
}

/// Whether somebody still listens.
fn hand_on(chunks: &Chunks, chunk: Chunk) -> bool {
    let Some(chunks) = chunks.as_ref().filter(|_| !chunk.records.is_empty()) else {
        return true;
    };
    chunks.blocking_send(chunk).is_ok()
}

fn stop(error: ReadError, is_midway: bool) -> Stop {
    let failure = match &error {
        ReadError::Open { file, source } => Failure::reading(Path::new(file), source),
        ReadError::Column(_) => Failure::configuration(error),
        ReadError::Read { .. } | ReadError::Shape { .. } => Failure::new(Code::Failure, error),
    };
    Stop { failure, is_midway }
}
