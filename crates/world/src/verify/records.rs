//! Promises 1, 2, 4 and 21: every record is accounted for once, progress does not lie, and nothing is silently another's
//! duplicate.

mod gaps;

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use gaps::gaps;

use super::report::Finding;
use super::rows::{EvidenceError, Store, bad, exact_micros, lines};

/// The closed list; an entry of the chain hashes a word as its place in it.
const DISPOSITIONS: [&str; 9] = [
    "decided",
    "merged",
    "applied",
    "waiting",
    "routed",
    "duplicate",
    "conflict",
    "quarantined",
    "inadmissible",
];

/// The one stream of an embedded store, and its one partition.
const STREAM: (&str, u64) = ("embedded", 0);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FactRow {
    stream: String,
    partition: u64,
    offset: u64,
    received_at: String,
    fact: Option<Box<RawValue>>,
    raw: Option<String>,
}

impl FactRow {
    /// The bytes as they were sent; none: they are not there, or the row says two things.
    fn payload(&self) -> Option<Vec<u8>> {
        let Some(raw) = &self.raw else {
            return Some(self.fact.as_ref()?.get().as_bytes().to_vec());
        };
        let bytes = hex::decode(raw).ok()?;
        // A fact that is written beside its bytes is what they say.
        let Some(fact) = &self.fact else {
            return Some(bytes);
        };
        let (said, sent) = (value(fact.get().as_bytes())?, value(&bytes)?);
        (said == sent).then_some(bytes)
    }
}

fn value(json: &[u8]) -> Option<Value> {
    serde_json::from_slice(json).ok()
}

/// A fact of the log, as much as is asked about it.
struct Fact {
    /// When it became known; none: it is written in no way that the export writes it.
    known: Option<i64>,
    /// None: no fact could be read.
    said: Option<(String, Content)>,
    /// SHA-256 of its bytes.
    payload: Option<[u8; 32]>,
}

/// Equal for facts that say the same.
type Content = [u8; 16];

/// The log of facts by position.
pub(super) struct Facts {
    by_position: HashMap<u64, Fact>,
    last: u64,
    repeated: Vec<u64>,
}

impl Facts {
    pub(super) fn read(path: &Path) -> Result<Facts, EvidenceError> {
        let mut facts = Facts {
            by_position: HashMap::new(),
            last: 0,
            repeated: Vec::new(),
        };
        for row in lines::<FactRow>(path)? {
            let row = row?;
            let payload = row.payload();
            let said = payload.as_ref().and_then(|payload| {
                let fact = value(payload)?;
                let text = |key: &str| fact.get(key).and_then(Value::as_str);
                let id = format!("{}#{}", text("source")?, text("id")?);
                Some((id, content(&fact)))
            });
            let of_stream = (row.stream.as_str(), row.partition) == STREAM;
            let fact = Fact {
                known: exact_micros(&row.received_at).filter(|_| of_stream),
                said,
                payload: payload.map(|payload| Sha256::digest(payload).into()),
            };
            facts.last = facts.last.max(row.offset);
            if facts.by_position.insert(row.offset, fact).is_some() {
                facts.repeated.push(row.offset);
            }
        }
        Ok(facts)
    }

    pub(super) fn count(&self) -> u64 {
        self.by_position.len() as u64
    }
}

/// What `type` and `data` say, whatever the order of keys and the spelling of numbers.
fn content(fact: &Value) -> Content {
    let mut bytes = Vec::new();
    for key in ["type", "data"] {
        canonical(fact.get(key).unwrap_or(&Value::Null), &mut bytes);
    }
    let mut content = [0; 16];
    content.copy_from_slice(&Sha256::digest(&bytes)[..16]);
    content
}

fn canonical(value: &Value, out: &mut Vec<u8>) {
    let text = |text: &str, out: &mut Vec<u8>| {
        out.extend_from_slice(&(text.len() as u64).to_be_bytes());
        out.extend_from_slice(text.as_bytes());
    };
    match value {
        Value::Null => out.push(b'0'),
        Value::Bool(is) => out.push(if *is { b't' } else { b'f' }),
        Value::Number(number) => {
            // Canonical JSON knows only doubles, and writes both zeros alike.
            let number = number.as_f64().unwrap_or(f64::NAN);
            out.push(b'n');
            out.extend_from_slice(&(number + 0.0).to_bits().to_be_bytes());
        }
        Value::String(string) => {
            out.push(b's');
            text(string, out);
        }
        Value::Array(items) => {
            out.push(b'[');
            for item in items {
                canonical(item, out);
            }
            out.push(b']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            out.push(b'{');
            for (key, value) in fields {
                text(key, out);
                canonical(value, out);
            }
            out.push(b'}');
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    stream: String,
    partition: u64,
    offset: u64,
    source: Option<String>,
    id: Option<String>,
    disposition: String,
    reason: Option<String>,
    detail: Option<String>,
    received_at: String,
}

impl Record {
    fn name(&self) -> Option<String> {
        Some(format!("{}#{}", self.source.as_ref()?, self.id.as_ref()?))
    }

    /// The line that the chain of decisions covers.
    fn line(&self) -> Option<Vec<u8>> {
        let place = DISPOSITIONS.iter().position(|word| *word == self.disposition)?;
        let mut line = vec![place as u8];
        line.extend_from_slice(&exact_micros(&self.received_at)?.to_le_bytes());
        for text in [self.name(), self.reason.clone(), self.detail.clone()] {
            let length = text.as_ref().map_or(u32::MAX, |text| text.len() as u32);
            line.extend_from_slice(&length.to_le_bytes());
            line.extend_from_slice(text.unwrap_or_default().as_bytes());
        }
        Some(line)
    }
}

/// What the chain hashes of a record.
#[derive(Clone, Copy)]
pub(super) struct Digests {
    /// Of how it was read; all that older batches cover.
    pub(super) line: [u8; 32],
    /// Of that and its bytes.
    pub(super) whole: [u8; 32],
}

impl Digests {
    fn of(line: &[u8], payload: [u8; 32]) -> Self {
        let digest = Sha256::new().chain_update(line);
        Self {
            line: digest.clone().finalize().into(),
            whole: digest.chain_update(payload).finalize().into(),
        }
    }
}

/// How the records were read.
pub(super) struct Told {
    digests: HashMap<u64, Digests>,
    by_disposition: HashMap<String, u64>,
    count: u64,
}

impl Told {
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn by_disposition(&self) -> HashMap<String, u64> {
        self.by_disposition.clone()
    }

    /// What the chain hashes of the record at a position.
    pub(super) fn digests(&self, position: u64) -> Option<Digests> {
        self.digests.get(&position).copied()
    }
}

/// Reads the records and checks what is promised of them.
pub(super) fn check(
    path: &Path,
    facts: &Facts,
    store: &Store,
    findings: &mut Vec<Finding>,
) -> Result<Told, EvidenceError> {
    let mut told = Told {
        digests: HashMap::new(),
        by_disposition: HashMap::new(),
        count: 0,
    };
    let mut once = Finding::new(
        1,
        "every record is accounted for once",
        "the log of facts against the records, both ways; every disposition is of the closed list",
    );
    let mut kept = Kept::new();
    let mut poison = Finding::new(
        21,
        "poison never blocks",
        "every quarantined record has a reason, and its bytes are in the log",
    );
    for position in &facts.repeated {
        once.must(false, || format!("position {position} stands twice in the log"));
    }
    for (index, record) in lines::<Record>(path)?.enumerate() {
        let record = record?;
        let at = record.offset;
        once.look();
        told.count += 1;
        *told.by_disposition.entry(record.disposition.clone()).or_default() += 1;
        let line = record.line().ok_or_else(|| {
            bad(
                path,
                index,
                &"`disposition` or `received_at` is not of the export",
            )
        })?;
        let payload = facts.by_position.get(&at).and_then(|fact| fact.payload);
        let digests = Digests::of(&line, payload.unwrap_or_default());
        let is_first = told.digests.insert(at, digests).is_none();
        once.must(is_first, || format!("record {at} is accounted for twice"));
        let Some(fact) = facts.by_position.get(&at) else {
            once.must(false, || format!("record {at} is not in the log"));
            continue;
        };
        let of_stream = (record.stream.as_str(), record.partition) == STREAM;
        once.must(
            of_stream && fact.known == exact_micros(&record.received_at),
            || format!("record {at} is accounted for in another stream or at another time"),
        );
        let name = record.name();
        once.must(
            name.is_none() || name.as_ref() == fact.said.as_ref().map(|(id, _)| id),
            || format!("record {at} is accounted for under another id"),
        );
        if record.disposition == "quarantined" {
            poison.look();
            poison.must(record.reason.is_some(), || format!("record {at} has no reason"));
            poison.must(fact.payload.is_some(), || format!("record {at} has no bytes"));
        }
        if let (Some(_), Some((id, content))) = (name, &fact.said) {
            kept.meet(&record, id, *content);
        }
    }
    unaccounted(&told, store.progress.next, &mut once);
    findings.extend([once, progress(&told, facts, store), kept.finding, poison]);
    Ok(told)
}

/// Promise 1, the other way round: what was read and no record tells of.
fn unaccounted(told: &Told, next: u64, once: &mut Finding) {
    for gap in gaps(told.digests.keys().copied(), next) {
        once.breaks(gap.end - gap.start, || match gap.end - gap.start {
            1 => format!("record {} was read and is not accounted for", gap.start),
            _ => format!(
                "records {} to {} were read and are not accounted for",
                gap.start,
                gap.end - 1
            ),
        });
    }
}

/// Promise 2.
fn progress(told: &Told, facts: &Facts, store: &Store) -> Finding {
    let mut finding = Finding::new(
        2,
        "progress never lies",
        "the position to read next against the highest record and the end of the log",
    );
    finding.look();
    let next = store.progress.next;
    let highest = told.digests.keys().max().copied().unwrap_or_default();
    finding.must(next.checked_sub(1) == Some(highest), || {
        format!("intake goes on at {next}, and the highest record is {highest}")
    });
    finding.must(next.saturating_sub(1) <= facts.last, || {
        format!("intake goes on at {next}, and the log ends at {}", facts.last)
    });
    finding.must(store.progress.epoch > 0 || next == 1, || {
        "records were read under no epoch".to_owned()
    });
    finding
}

/// Promise 4: which content an id stands for.
struct Kept {
    by_id: HashMap<String, Content>,
    finding: Finding,
}

impl Kept {
    fn new() -> Kept {
        Kept {
            by_id: HashMap::new(),
            finding: Finding::new(
                4,
                "another content is a conflict",
                "the content of every record against that of the first under its id",
            ),
        }
    }

    fn meet(&mut self, record: &Record, id: &str, content: Content) {
        self.finding.look();
        let at = record.offset;
        let word = &*record.disposition;
        match self.by_id.get(id) {
            // What is quarantined for its form was never kept; the next one may be the first.
            None if word == "quarantined" && record.reason.as_deref() == Some("schema") => {}
            None => {
                self.finding.must(!matches!(word, "duplicate" | "conflict"), || {
                    format!("record {at} is a {word} of nothing")
                });
                self.by_id.insert(id.to_owned(), content);
            }
            Some(first) if *first == content => {
                self.finding.must(matches!(word, "duplicate" | "routed"), || {
                    format!("record {at} repeats an earlier one and is {word}")
                });
            }
            Some(_) => self
                .finding
                .must(matches!(word, "conflict" | "quarantined" | "routed"), || {
                    format!("record {at} says something else under a known id and is {word}")
                }),
        }
    }
}
