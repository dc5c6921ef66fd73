//! What is set, and where: the file, then the environment. Every mistake is found at once, and names file, line and key.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{self, Found, Kind};
use super::value::{self, Value};

/// Variables of the environment that begin so are settings.
const PREFIX: &str = "CLEARWALK__";

/// Where a setting was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    File { path: PathBuf, line: usize },
    Environment { name: String },
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment { name } => write!(f, "environment {name}"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// One setting.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// All settings by dotted key, and all mistakes.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub(super) entries: BTreeMap<String, Entry>,
    pub(super) mistakes: Vec<String>,
}

impl Source {
    pub(super) fn wrong(&mut self, origin: &Origin, key: &str, message: impl fmt::Display) {
        self.mistakes.push(format!("{origin}: {key}: {message}"));
    }

    fn set(&mut self, path: &[&str], value: Result<Value, String>, origin: Origin) {
        let dotted = path.join(".");
        match value {
            Ok(value) => {
                self.entries.insert(dotted, Entry { value, origin });
            }
            Err(message) => self.wrong(&origin, &dotted, message),
        }
    }

    /// Adds what a file says.
    pub(super) fn read_file(&mut self, path: &Path, text: &str) {
        let file = File { path, text };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let origin = file.at(error.span().map_or(0, |span| span.start));
            self.wrong(&origin, "TOML", error.message().trim());
        }
        if errors.is_empty() {
            self.read_table(&file, &mut Vec::new(), table.get_ref());
        }
    }

    fn read_table<'t>(&mut self, file: &File<'_>, path: &mut Vec<&'t str>, table: &'t DeTable<'_>) {
        let mut members: Vec<_> = table.iter().collect();
        members.sort_by_key(|(name, _)| name.span().start);
        for (name, item) in members {
            path.push(name.get_ref());
            self.read_member(file, path, name.span().start, item);
            path.pop();
        }
    }

    fn read_member<'t>(
        &mut self,
        file: &File<'_>,
        path: &mut Vec<&'t str>,
        at: usize,
        item: &'t Spanned<DeValue<'_>>,
    ) {
        let dotted = path.join(".");
        match (keys::find(path), item.get_ref()) {
            (Found::Section(_), DeValue::Table(table)) => {
                if let Some(message) = bad_name(path) {
                    self.wrong(&file.at(at), &dotted, message);
                }
                self.read_table(file, path, table);
            }
            (Found::Section(names), _) => {
                let inside =
                    names.map_or_else(|| "names of your choice".to_owned(), |names| names.join(", "));
                self.wrong(
                    &file.at(at),
                    &dotted,
                    format!("is a section; write [{dotted}] and below it {inside}"),
                );
            }
            (Found::Key(key), item) => {
                let value = match key.kind {
                    Kind::Secret { instead } => Err(format!(
                        "is a secret, and does not belong in this file; use {instead}, or the environment"
                    )),
                    kind => value::from_toml(kind, item),
                };
                self.set(path, value, file.at(at));
            }
            (Found::Nothing, _) => self.wrong(&file.at(at), &dotted, unknown(path)),
        }
    }

    /// Adds what the environment says, which wins over the file.
    pub(super) fn read_environment(&mut self, variables: impl IntoIterator<Item = (OsString, OsString)>) {
        let mut settings: Vec<(String, OsString)> = variables
            .into_iter()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .filter(|(name, _)| name.starts_with(PREFIX))
            .collect();
        settings.sort();
        for (name, value) in settings {
            let lower = name[PREFIX.len()..].to_lowercase();
            let path: Vec<&str> = lower.split("__").collect();
            let origin = Origin::Environment { name };
            let Found::Key(key) = keys::find(&path) else {
                let message = match keys::find(&path) {
                    Found::Section(_) => "is a section, not a key".to_owned(),
                    _ => unknown(&path),
                };
                self.wrong(&origin, &path.join("."), message);
                continue;
            };
            let value = value.into_string().map_err(|_| "is not UTF-8".to_owned());
            self.set(
                &path,
                value.and_then(|text| value::from_text(key.kind, &text)),
                origin,
            );
        }
    }
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
}

impl File<'_> {
    fn at(&self, byte: usize) -> Origin {
        let line = self.text.bytes().take(byte).filter(|byte| *byte == b'\n').count() + 1;
        Origin::File {
            path: self.path.to_owned(),
            line,
        }
    }
}

/// What is wrong with a name that is the city's choice: it must also fit into a variable's name.
fn bad_name(path: &[&str]) -> Option<&'static str> {
    let ["sms", "providers", name] = path else {
        return None;
    };
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
    let right = !name.is_empty() && name.bytes().all(fits);
    (!right).then_some("is no name of a provider; it takes small letters a to z, digits, - and _")
}

fn unknown(path: &[&str]) -> String {
    let (name, parents) = path
        .split_last()
        .map_or(("", path), |(name, parents)| (*name, parents));
    let Found::Section(Some(names)) = keys::find(parents) else {
        return "unknown key; its section has no keys".to_owned();
    };
    match keys::nearest(name, names.iter().copied()) {
        Some(near) => format!("unknown key; did you mean `{near}`?"),
        None => format!("unknown key; there are {}", names.join(", ")),
    }
}
