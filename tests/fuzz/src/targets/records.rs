//! What we wrote ourselves and read again: documents in the store, entries of the inner log, lines of cases, and the files
//! that `verify` looks at.

use std::fs;

use base64::Engine as _;
use engine::fact::Fact;
use engine::ids::CaseId;
use engine::ledger::{Guest, Ledger};
use formats::case_line::CaseLine;
use formats::event::{self, Known};
use formats::inner::Inner;
use formats::ledger;
use formats::notice_parameters::NoticeParameters;
use world::verify::{Evidence, verify};

use super::{EVENTS, same, tells_nothing, text, with_lines};
use crate::run::{Check, Target};

const GOLDEN: &[u8] = include_bytes!("../../../../crates/formats/tests/golden/ledger-1.bin");
const CASES: &str = include_str!("../../corpus/evidence/cases.jsonl");
const PARAMETERS: &str = include_str!("../../corpus/parameters.json");

/// The files of a small store's evidence, in the order in which an input names them.
const EVIDENCE: [(&str, &str); 10] = [
    ("store.jsonl", include_str!("../../corpus/evidence/store.jsonl")),
    ("facts.jsonl", include_str!("../../corpus/evidence/facts.jsonl")),
    (
        "records.jsonl",
        include_str!("../../corpus/evidence/records.jsonl"),
    ),
    ("inner.jsonl", include_str!("../../corpus/evidence/inner.jsonl")),
    (
        "ledgers.jsonl",
        include_str!("../../corpus/evidence/ledgers.jsonl"),
    ),
    ("cases.jsonl", CASES),
    (
        "notices.jsonl",
        include_str!("../../corpus/evidence/notices.jsonl"),
    ),
    (
        "attempts.jsonl",
        include_str!("../../corpus/evidence/attempts.jsonl"),
    ),
    ("audit.jsonl", include_str!("../../corpus/evidence/audit.jsonl")),
    (
        "gateway.jsonl",
        include_str!("../../corpus/evidence/gateway.jsonl"),
    ),
];

const WORDS: &[&str] = &[
    "\"case\":",
    "\"version\":1,",
    "\"effective\":true,",
    "\"subject\":\"湘K12345/02\",",
    "\"outcome\":\"waived\",",
    "\"window\":null,",
    "\"window\":{\"kind\":\"rolling\",\"from\":null,\"to\":null},",
    "\"disposition\":\"conflict\",",
    "\"disposition\":\"quarantined\",",
    "\"state\":\"accepted\",",
    "\"state\":\"unknown\",",
    "\"class\":\"unknown\",",
    "\"verdict\":\"accepted\"",
    "\"hash\":\"\",",
    "\"prev\":\"00\",",
    "\"seq\":2,",
    "null",
    "true",
    "{}",
    "[]",
    "\"2026-03-02T10:00:05+08:00\"",
    "\n",
];

pub(super) fn targets() -> Vec<Target> {
    let facts = facts();
    let plain = |name, corpus, check: fn(&[u8]) -> Result<(), String>| Target {
        name,
        corpus,
        words: WORDS,
        longest: 4096,
        prepare: Box::new(move || Box::new(check)),
    };
    let files = (0_u8..).zip(EVIDENCE).map(|(number, (_, text))| {
        let mut input = vec![number];
        input.extend_from_slice(text.as_bytes());
        input
    });
    vec![
        plain("ledger", ledgers(&facts), check_ledger),
        plain("inner", messages(&facts), check_inner),
        plain("parameters", with_lines(PARAMETERS), check_parameters),
        plain("case-line", with_lines(CASES), check_case_line),
        Target {
            name: "verify",
            corpus: files.collect(),
            words: WORDS,
            longest: 8192,
            prepare: Box::new(check_evidence),
        },
    ]
}

fn facts() -> Vec<Fact> {
    EVENTS
        .lines()
        .zip(0..)
        .filter_map(|(line, position)| {
            Some(
                event::decode(line.as_bytes(), Known::FromTime, position)
                    .ok()?
                    .fact,
            )
        })
        .collect()
}

fn ledgers(facts: &[Fact]) -> Vec<Vec<u8>> {
    let mut corpus = vec![GOLDEN.to_vec()];
    let mut ledger = Ledger::default();
    for fact in facts {
        ledger.add(fact.clone());
        let mut document = Vec::new();
        ledger::encode(&ledger, &mut document);
        corpus.push(document);
    }
    corpus
}

fn messages(facts: &[Fact]) -> Vec<Vec<u8>> {
    let plate: std::sync::Arc<str> = "湘K12345".into();
    let case = CaseId::from_text("260302-0123456789AB");
    let mut all: Vec<Inner> = facts
        .iter()
        .map(|fact| Inner::Fact {
            plate: plate.clone(),
            fact: fact.clone(),
        })
        .collect();
    all.push(Inner::once_more(
        &plate,
        &case,
        engine::fact::NoticeKind::Waived,
        1,
    ));
    all.push(Inner::Wake {
        plates: vec![plate.clone(), "京AD12345".into()],
    });
    if let [observation, .., last] = facts {
        all.push(Inner::Unseat {
            target: plate.clone(),
            observation: observation.id.clone(),
        });
        let guest = Guest {
            observation: observation.clone(),
            about: vec![last.clone()],
        };
        all.push(Inner::Seat { target: plate, guest });
    }
    all.iter().map(Inner::encode).collect()
}

fn check_ledger(input: &[u8]) -> Result<(), String> {
    match ledger::decode(input) {
        Err(error) => tells_nothing(&error),
        Ok(read) => {
            let mut document = Vec::new();
            ledger::encode(&read, &mut document);
            same(
                "ledger",
                &read,
                ledger::decode(&document).map_err(|error| error.to_string()),
            )
        }
    }
}

fn check_inner(input: &[u8]) -> Result<(), String> {
    match Inner::decode(input) {
        Err(error) => tells_nothing(&error),
        Ok(read) => same(
            "inner",
            &read,
            Inner::decode(&read.encode()).map_err(|error| error.to_string()),
        ),
    }
}

/// What was read can be used: everything that sending asks of it has an answer.
fn check_parameters(input: &[u8]) -> Result<(), String> {
    match NoticeParameters::decode(input) {
        Err(error) => tells_nothing(&error),
        Ok(read) => {
            let texts = engine::message::Texts::built_in();
            let _used = (
                read.notice(),
                read.observation(),
                read.start(),
                read.zone(),
                read.quiet(),
            );
            let _rendered = (read.notice_kind(), read.message(&texts));
            let again = NoticeParameters::decode(&read.encode()).map_err(|error| error.to_string());
            same("parameters", &read, again)
        }
    }
}

fn check_case_line(input: &[u8]) -> Result<(), String> {
    let Ok(read) = CaseLine::parse(input) else {
        return Ok(());
    };
    let _outcome = read.outcome();
    let written = serde_json::to_vec(&read).map_err(|error| error.to_string())?;
    same(
        "case line",
        &read,
        CaseLine::parse(&written).map_err(|error| error.to_string()),
    )
}

/// The first byte says which file of the evidence the rest stands for. Evidence that is nonsense is an error or a broken
/// promise, and never a panic; evidence without a change breaks nothing.
fn check_evidence() -> Check {
    let folder = tempfile::tempdir_in(quick()).expect("the system has a place for temporary files");
    for (name, text) in EVIDENCE {
        fs::write(folder.path().join(name), text).expect("the folder takes files");
    }
    Box::new(move |input| {
        let (first, rest) = input.split_first().unwrap_or((&0, &[]));
        let (name, text) = EVIDENCE[usize::from(*first) % EVIDENCE.len()];
        let path = folder.path().join(name);
        let evidence = Evidence {
            exports: folder.path().to_owned(),
            gateway_ledger: Some(folder.path().join("gateway.jsonl")),
            checkpoints: None,
        };
        fs::write(&path, rest).map_err(|error| error.to_string())?;
        let report = verify(&evidence);
        fs::write(&path, text).map_err(|error| error.to_string())?;
        let broken = report
            .map(|report| report.count(world::verify::Verdict::Broken))
            .ok();
        if rest == text.as_bytes() && broken != Some(0) {
            return Err(format!("whole evidence of {name} is found wrong"));
        }
        Ok(())
    })
}

/// Where files are only memory, if the system has such a place.
fn quick() -> std::path::PathBuf {
    let memory = std::path::PathBuf::from("/dev/shm");
    if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    }
}

/// Key files: lines of base64, which an error never shows.
pub(super) fn check_keys(input: &[u8]) -> Result<(), String> {
    let text = text(input);
    let Err(error) = store_sqlite::key::read(std::path::Path::new("key"), &text) else {
        return Ok(());
    };
    let told = error.to_string();
    let is_long = |line: &&str| line.len() >= 20;
    match text
        .split_whitespace()
        .filter(is_long)
        .find(|line| told.contains(*line))
    {
        Some(_) => Err(format!("the error shows a line: {told}")),
        None => Ok(()),
    }
}

/// A valid key file.
pub(super) fn key_file() -> String {
    let line = |byte| base64::engine::general_purpose::STANDARD.encode([byte; 32]);
    format!("{}\n{}\n", line(7), line(9))
}
