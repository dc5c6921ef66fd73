//! Checks what the product promises, from its exports, its log of facts and the ledger of the gateway alone.
//!
//! It shares no code with the product: whoever asks whether the engine, the store or the export is right must not ask
//! them. It reads files, says what it found, and never changes or repairs anything.

mod cases;
pub mod chain;
mod inner;
mod ledger;
mod notices;
mod records;
mod report;
mod rows;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

pub use report::{Finding, Report, Verdict};
pub use rows::EvidenceError;
use rows::{Store, lines};

/// The files that are looked for in the folder of exports.
pub const FILES: [&str; 9] = [
    "store.jsonl",
    "facts.jsonl",
    "records.jsonl",
    "inner.jsonl",
    "ledgers.jsonl",
    "cases.jsonl",
    "notices.jsonl",
    "attempts.jsonl",
    "audit.jsonl",
];

/// What is looked at.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// One snapshot of a store, as the files of [`FILES`].
    pub exports: PathBuf,
    /// What the gateway received, by its own account.
    pub gateway_ledger: Option<PathBuf>,
    /// Checkpoints published earlier, a line each.
    pub checkpoints: Option<PathBuf>,
}

/// Promises that no look at one snapshot can prove or break.
const OUT_OF_SIGHT: [(u8, &str, &str); 7] = [
    (
        7,
        "order independence",
        "an export holds one order of the facts; nothing decides its facts and its inner log again in another",
    ),
    (
        9,
        "replay reproduces",
        "facts and inner log are in the export, but nothing feeds both to an empty store yet, whose `digest` would tell",
    ),
    (
        19,
        "the wall clock changes no decision",
        "an export holds one run under one clock; nothing decides its facts and its inner log again under another",
    ),
    (22, "bounded memory", "is about a running process"),
    (23, "stop, do not guess", "is about a process that meets a fault"),
    (
        24,
        "erasure keeps the proofs",
        "no erasure is recorded in this store",
    ),
    (25, "liveness", "is about a running process"),
];

/// Looks at everything; fails only where the evidence itself is missing or cannot be read.
pub fn verify(evidence: &Evidence) -> Result<Report, EvidenceError> {
    let file = |name: &str| evidence.exports.join(name);
    let store = Store::read(&file("store.jsonl"))?;
    let mut findings = Vec::new();

    let facts = records::Facts::read(&file("facts.jsonl"))?;
    let told = records::check(&file("records.jsonl"), &facts, &store, &mut findings)?;
    let cases = cases::Cases::read(&file("cases.jsonl"))?;
    let sendings = notices::Sendings::read(&file("notices.jsonl"), &file("attempts.jsonl"))?;
    let entries = chain::read(&file("audit.jsonl"))?;
    let heard = inner::Heard::read(&file("inner.jsonl"))?;
    let ledgers = count(&file("ledgers.jsonl"))?;

    cases::check(&cases, &sendings, &store, &entries, &mut findings);
    let gateway = evidence.gateway_ledger.as_deref().map(ledger::read).transpose()?;
    notices::check(&sendings, &cases, &entries, gateway.as_deref(), &mut findings);
    findings.push(ledger::caps(gateway.as_deref(), &store.caps));
    check_counts(&store, &told, &cases, &sendings, ledgers, &facts, &mut findings);
    let checkpoints = match &evidence.checkpoints {
        Some(path) => lines(path)?.collect::<Result<Vec<_>, _>>()?,
        None => Vec::new(),
    };
    chain::check_all(&entries, &checkpoints, &told, &heard, &cases, &mut findings);
    inner::check(&heard, &store, &mut findings);
    for (promise, name, why) in OUT_OF_SIGHT {
        findings.push(Finding::skipped(promise, name, why));
    }
    findings.sort_by_key(|finding| finding.promise);
    Ok(Report { findings })
}

/// How many lines a file has.
fn count(path: &Path) -> Result<u64, EvidenceError> {
    let mut total = 0;
    for line in lines::<serde::de::IgnoredAny>(path)? {
        line?;
        total += 1;
    }
    Ok(total)
}

/// Promise 10: counters are counts.
fn check_counts(
    store: &Store,
    told: &records::Told,
    cases: &cases::Cases,
    sendings: &notices::Sendings,
    ledgers: u64,
    facts: &records::Facts,
    findings: &mut Vec<Finding>,
) {
    let mut finding = Finding::new(
        10,
        "counters are counts",
        "every counter of the store against the rows that it counts",
    );
    let mut compare = |what: String, counter: u64, rows: u64| {
        finding.look();
        finding.must(counter == rows, || {
            format!("{what}: the counter says {counter}, there are {rows}")
        });
    };
    let stats = &store.stats;
    compare("facts appended".into(), stats.appended, facts.count());
    compare("records read".into(), stats.read, told.count());
    compare("ledgers".into(), stats.ledgers, ledgers);
    compare("attempts in flight".into(), stats.in_flight, sendings.in_flight());
    for (what, counters, rows) in [
        ("records", &stats.records, told.by_disposition()),
        ("cases", &stats.cases, cases.by_outcome()),
        ("notices", &stats.notices, sendings.by_state()),
        ("attempts", &stats.attempts, sendings.by_class()),
    ] {
        let mut words: Vec<&String> = counters.keys().chain(rows.keys()).collect();
        words.sort();
        words.dedup();
        for word in words {
            let of = |counts: &HashMap<String, u64>| counts.get(word).copied().unwrap_or_default();
            compare(format!("{what} {word}"), of(counters), of(&rows));
        }
    }
    findings.push(finding);
}
