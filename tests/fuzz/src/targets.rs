//! The parsers, each with valid samples, the words of its format and what it promises beside not to panic.

mod facts;
mod files;
mod outside;
mod records;
mod rules;
mod service;

use std::path::Path;

use anyhow::Result;

use crate::run::Target;

/// The lines of facts of every type that most samples are made of.
const EVENTS: &str = include_str!("../corpus/events.jsonl");

/// What must stand in no error that can reach a log: the plates and the phone of the samples, without their first letters,
/// so that another spelling is found too.
const PRIVATE: [&str; 4] = ["K12345", "K67890", "D12345", "9900000001"];

/// Every target.
pub fn all() -> Result<Vec<Target>> {
    let mut all = facts::targets();
    all.extend(records::targets());
    all.extend(rules::targets()?);
    all.extend(files::targets());
    all.extend(outside::targets());
    all.extend(service::targets()?);
    Ok(all)
}

/// That an error quotes nothing of a person.
fn tells_nothing(error: &dyn std::fmt::Display) -> Result<(), String> {
    let text = error.to_string();
    match PRIVATE.iter().find(|private| text.contains(**private)) {
        Some(private) => Err(format!("the error quotes {private}: {text}")),
        None => Ok(()),
    }
}

/// That reading what was written gives the same.
fn same<T: PartialEq + std::fmt::Debug>(
    what: &str,
    read: &T,
    again: Result<T, String>,
) -> Result<(), String> {
    match again {
        Ok(again) if again == *read => Ok(()),
        Ok(again) => Err(format!("{what}: written and read again {read:?} is {again:?}")),
        Err(error) => Err(format!(
            "{what}: what was written cannot be read: {error}: {read:?}"
        )),
    }
}

/// Samples of text.
fn texts(samples: &[&str]) -> Vec<Vec<u8>> {
    samples.iter().map(|sample| sample.as_bytes().to_vec()).collect()
}

/// The samples, and all their lines by themselves.
fn with_lines(sample: &str) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = sample.lines().map(|line| line.as_bytes().to_vec()).collect();
    all.push(sample.as_bytes().to_vec());
    all
}

/// Text parsers are only given text; what is none is made text with marks in the place of what cannot be read, as no file
/// that is no UTF-8 gets that far.
fn text(input: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(input)
}

/// A file of the repository, by its path from the root.
fn of_repository(path: &str) -> Result<String> {
    use anyhow::Context as _;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}
