//! Promises 16, 17 and 18: the chains of the audit log, computed anew.
//!
//! An entry's hash covers every other field of it and the hash before. The chain of decisions names for each batch which
//! records and case versions it decided, and a root over them, so that it holds the rest of the history too. What a
//! chain cannot show is that its end was cut off; a checkpoint that was published elsewhere does.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::cases::Cases;
use super::inner::Heard;
use super::records::Told;
use super::report::Finding;
use super::rows::{EvidenceError, lines, micros};

const DECISIONS: &str = "decisions";

/// An entry of the audit log as it is exported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub chain: String,
    pub seq: u64,
    pub at: String,
    pub actor: String,
    pub action: String,
    pub object: String,
    pub before: Option<String>,
    pub after: Option<String>,
    pub prev: String,
    pub hash: String,
}

/// Where the chains stood at some time; published where whoever can change the store cannot change it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    pub at: String,
    /// The last entry of each chain.
    pub chains: BTreeMap<String, End>,
}

/// The last entry of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    pub seq: u64,
    pub hash: String,
}

impl Entry {
    /// The hash that it must have; none: its time or the hash before it is not written as the export writes it.
    pub fn computed_hash(&self) -> Option<String> {
        let at: Timestamp = self.at.parse().ok()?;
        if at.to_string() != self.at {
            return None;
        }
        let prev = hex::decode(&self.prev).ok().filter(|prev| prev.len() == 32)?;
        // An absent text and an empty one hash apart.
        let optional = |text: &Option<String>| {
            text.as_deref()
                .map_or_else(Vec::new, |text| [b"=", text.as_bytes()].concat())
        };
        Some(hex::encode(framed(&[
            &prev,
            self.chain.as_bytes(),
            &self.seq.to_be_bytes(),
            &at.as_microsecond().to_be_bytes(),
            self.actor.as_bytes(),
            self.action.as_bytes(),
            self.object.as_bytes(),
            &optional(&self.before),
            &optional(&self.after),
        ])))
    }
}

/// SHA-256 over parts, each led by its length.
pub(super) fn framed(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// Reads an export of the audit log.
pub fn read(path: &Path) -> Result<Vec<Entry>, EvidenceError> {
    lines(path)?.collect()
}

/// Everything that is wrong with the chains themselves; nothing where they are as they were written.
pub fn check(entries: &[Entry], checkpoints: &[Checkpoint]) -> Finding {
    let mut finding = Finding::new(
        18,
        "the audit chain is unbroken",
        if checkpoints.is_empty() {
            "every hash computed anew; without a checkpoint a cut end cannot be seen (`export audit --checkpoint`)"
        } else {
            "every hash computed anew; every checkpoint against its entry"
        },
    );
    let mut ends: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
    let mut chain_before = "";
    let zero = hex::encode([0; 32]);
    for entry in entries {
        finding.look();
        let (chain, seq) = (&*entry.chain, entry.seq);
        let (last, prev) = ends.get(chain).copied().unwrap_or((0, &zero));
        let at = || format!("{chain} {seq}");
        finding.must(seq == last + 1, || format!("{} follows {last}", at()));
        finding.must(entry.prev == prev, || {
            format!("{}: its `prev` is not the hash of the entry before", at())
        });
        finding.must(entry.computed_hash().as_ref() == Some(&entry.hash), || {
            format!("{}: its hash is not that of what it says", at())
        });
        finding.must(chain >= chain_before, || {
            format!("{} stands in another chain", at())
        });
        chain_before = chain;
        ends.insert(chain, (seq, &entry.hash));
    }
    for checkpoint in checkpoints {
        for (chain, end) in &checkpoint.chains {
            finding.look();
            let is_there = entries
                .iter()
                .any(|entry| entry.chain == *chain && entry.seq == end.seq && entry.hash == end.hash);
            finding.must(is_there, || {
                format!(
                    "{chain} {}: the entry of the checkpoint of {} is not there",
                    end.seq, checkpoint.at
                )
            });
        }
    }
    finding
}

/// The checkpoint of an export as it stands.
pub fn checkpoint(entries: &[Entry], at: &str) -> Checkpoint {
    let ends = entries.iter().map(|entry| {
        let end = End {
            seq: entry.seq,
            hash: entry.hash.clone(),
        };
        (entry.chain.clone(), end)
    });
    Checkpoint {
        at: at.to_owned(),
        chains: ends.collect(),
    }
}

/// What an entry of the chain of decisions is about.
struct Batch<'a> {
    seq: u64,
    at: Option<i64>,
    epoch: Option<u64>,
    records: Option<(u64, u64)>,
    /// None: it was decided before roots covered what it was made from.
    inner: Option<(u64, u64)>,
    cases: Option<(u64, u64)>,
    root: &'a str,
}

impl<'a> Batch<'a> {
    fn of(entry: &'a Entry) -> Batch<'a> {
        let parts: Vec<&str> = entry.object.split(", ").collect();
        let (records, inner, cases) = match parts[..] {
            [records, cases] => (records, None, cases),
            [records, inner, cases] => (records, Some(inner), cases),
            _ => Default::default(),
        };
        let span = |text: &str, before: &str| -> Option<(u64, u64)> {
            let (from, to) = text.strip_prefix(before)?.split_once("..")?;
            Some((from.parse().ok()?, to.parse().ok()?))
        };
        let epoch = entry.actor.strip_prefix("intake, epoch ");
        Batch {
            seq: entry.seq,
            at: micros(&entry.at),
            epoch: epoch.and_then(|epoch| epoch.parse().ok()),
            records: span(records, "records "),
            inner: inner.map(|inner| span(inner, "inner entries ").unwrap_or_default()),
            cases: span(cases, "case versions "),
            root: entry.after.as_deref().unwrap_or_default(),
        }
    }
}

/// The chains, the epochs along them, and the history that they hold.
pub(super) fn check_all(
    entries: &[Entry],
    checkpoints: &[Checkpoint],
    told: &Told,
    heard: &Heard,
    cases: &Cases,
    findings: &mut Vec<Finding>,
) {
    findings.push(check(entries, checkpoints));
    findings.push(writers(entries, told, cases));
    findings.push(history(entries, told, heard, cases));
}

fn decisions(entries: &[Entry]) -> impl Iterator<Item = Batch<'_>> {
    let decisions = entries.iter().filter(|entry| entry.chain == DECISIONS);
    decisions.map(Batch::of)
}

fn writers(entries: &[Entry], told: &Told, cases: &Cases) -> Finding {
    let mut writers = Finding::new(
        16,
        "one writer",
        "every record and case version under one batch, the next one after the last; epochs never fall",
    );
    let (mut record, mut inner, mut case, mut epoch) = (1, None, 1, 0);
    for batch in decisions(entries) {
        writers.look();
        let seq = batch.seq;
        let (Some(records), Some(versions), Some(of)) = (batch.records, batch.cases, batch.epoch) else {
            writers.must(false, || {
                format!("decisions {seq}: does not say what was decided by whom")
            });
            continue;
        };
        writers.must(records.0 == record, || {
            format!("decisions {seq}: begins at record {} and not {record}", records.0)
        });
        // A batch of no records is about no position.
        record = records.1.max(record);
        // What older batches heard is not written down.
        if let Some((from, to)) = batch.inner {
            writers.must(inner.is_none_or(|inner| inner == from), || {
                format!("decisions {seq}: begins at inner entry {from} and not where the one before ended")
            });
            inner = Some(to);
        }
        writers.must(versions.0 == case, || {
            format!(
                "decisions {seq}: begins at case version {} and not {case}",
                versions.0
            )
        });
        case = versions.1.max(case);
        writers.must(of >= epoch, || {
            format!("decisions {seq}: epoch {of} after {epoch}")
        });
        epoch = of;
    }
    let (read, decided) = (told.count(), cases.count());
    writers.must(record == read + 1, || {
        format!("the chain reaches to record {}, and {read} were read", record - 1)
    });
    writers.must(case == decided + 1, || {
        format!(
            "the chain reaches to case version {}, and there are {decided}",
            case - 1
        )
    });
    writers
}

fn history(entries: &[Entry], told: &Told, heard: &Heard, cases: &Cases) -> Finding {
    let mut history = Finding::new(
        17,
        "history is immutable",
        "the root of every batch computed anew from the facts, records, inner entries and case versions that it names",
    );
    for batch in decisions(entries) {
        let (Some(records), Some(versions)) = (batch.records, batch.cases) else {
            continue;
        };
        let mut root = Sha256::new();
        // An entry may name any number, and what does not exist has no digest.
        for position in records.0..records.1.min(told.count() + 1) {
            history.look();
            if let Some(digests) = told.digests(position) {
                root.update(batch.inner.map_or(digests.line, |_| digests.whole));
            }
        }
        let (first, end) = batch.inner.unwrap_or_default();
        for sequence in first..end.min(heard.count() + 1) {
            history.look();
            if let Some(digest) = heard.digest(sequence) {
                root.update(digest);
            }
        }
        for place in versions.0..versions.1.min(cases.count() + 1) {
            history.look();
            if let Some((digest, decided_at)) = cases.digest(place) {
                root.update(digest);
                history.must(Some(decided_at) == batch.at, || {
                    format!("decisions {}: case version {place} says another time", batch.seq)
                });
            }
        }
        let seq = batch.seq;
        history.must(hex::encode(root.finalize()) == batch.root, || {
            format!(
                "decisions {seq}: a fact or record of {}..{}, an inner entry of {first}..{end} or a case version of \
                 {}..{} is not as it was when it was decided",
                records.0, records.1, versions.0, versions.1
            )
        });
    }
    history
}
