//! Files that people write in TOML: how every complaint names file, line and key, and how all of a file's mistakes are
//! found at once.

mod length;
mod section;
mod suggest;
mod table;
mod value;

pub(crate) use self::length::is_zero;
pub(crate) use self::section::{Document, Section, not_one_of};
pub(crate) use self::suggest::{near, nearest};
pub(crate) use self::table::{Table, read};
pub(crate) use self::value::time_zone;

/// One mistake: where it stands, what is wrong and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {key}: {message}")]
pub struct PlanError {
    /// The file, as the caller named it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// The dotted key.
    pub key: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// All mistakes of a file, or of several, in the order of the lines; one line of text for each. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct PlanErrors(pub Vec<PlanError>);

fn lines(errors: &[PlanError]) -> String {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
