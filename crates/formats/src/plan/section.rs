//! A TOML table with its place in the document, so that each complaint names file, line and key.

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::PlanError;
use super::suggest::nearest;

/// The text that is read.
#[derive(Clone, Copy)]
pub(crate) struct Document<'a> {
    pub(crate) file: &'a str,
    pub(crate) text: &'a str,
}

impl<'a> Document<'a> {
    /// The text as TOML, or all that keeps it from being TOML; never an empty list.
    pub(crate) fn parse(&self) -> Result<Spanned<DeTable<'a>>, Vec<PlanError>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        if errors.is_empty() {
            return Ok(table);
        }
        let complaint = |error: &toml::de::Error| {
            let at = error.span().map_or(0, |span| span.start);
            self.error("TOML", at, error.message().trim())
        };
        Err(errors.iter().map(complaint).collect())
    }

    /// The line, from 1, of a byte.
    pub(crate) fn line(&self, at: usize) -> usize {
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        before.split(|byte| *byte == b'\n').count()
    }

    pub(crate) fn error(&self, key: &str, at: usize, message: impl Into<String>) -> PlanError {
        PlanError {
            file: self.file.to_owned(),
            line: self.line(at),
            key: key.to_owned(),
            message: message.into(),
        }
    }
}

/// One table.
pub(crate) struct Section<'a> {
    pub(crate) document: Document<'a>,
    /// Its own dotted key; empty for the whole file.
    pub(crate) path: String,
    pub(crate) table: &'a DeTable<'a>,
    /// Where it begins, in bytes.
    pub(crate) at: usize,
}

impl<'a> Section<'a> {
    /// The dotted key of one of its keys; its own for an empty one.
    pub(crate) fn dotted(&self, key: &str) -> String {
        match (self.path.is_empty(), key.is_empty()) {
            (true, _) => key.to_owned(),
            (false, true) => self.path.clone(),
            (false, false) => format!("{}.{key}", self.path),
        }
    }

    pub(crate) fn error(&self, key: &str, at: usize, message: impl Into<String>) -> PlanError {
        self.document.error(&self.dotted(key), at, message)
    }

    pub(crate) fn missing(&self, key: &str, help: &str) -> PlanError {
        self.error(key, self.at, format!("is missing; {help}"))
    }

    /// Where the value of a key begins, if it is there.
    pub(crate) fn position(&self, key: &str) -> Option<usize> {
        self.table.get(key).map(|value| value.span().start)
    }

    /// Refuses every key that is not in `known`; of several the first in the file.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), PlanError> {
        self.strangers(known).into_iter().next().map_or(Ok(()), Err)
    }

    /// A complaint about every key that is not in `known`, in the order of the file.
    pub(crate) fn strangers(&self, known: &[&str]) -> Vec<PlanError> {
        let strangers = self.table.keys().filter(|key| !known.contains(&&**key.get_ref()));
        let mut strangers: Vec<_> = strangers.collect();
        strangers.sort_by_key(|key| key.span().start);
        let complaint = |stranger: &Spanned<DeString<'_>>| {
            let name: &str = stranger.get_ref();
            let message = match nearest(name, known.iter().copied()) {
                Some(near) => format!("unknown key; did you mean `{near}`?"),
                None => format!("unknown key; there are {}", known.join(", ")),
            };
            self.error(name, stranger.span().start, message)
        };
        strangers.into_iter().map(complaint).collect()
    }

    pub(crate) fn text(&self, key: &str) -> Result<Option<(String, usize)>, PlanError> {
        self.value(key, "a string in quotes", |value| match value {
            DeValue::String(text) => Some(text.to_string()),
            _ => None,
        })
    }

    pub(crate) fn boolean(&self, key: &str) -> Result<Option<(bool, usize)>, PlanError> {
        self.value(key, "true or false", |value| match value {
            DeValue::Boolean(value) => Some(*value),
            _ => None,
        })
    }

    /// One string or a list of them.
    pub(crate) fn texts(&self, key: &str) -> Result<Option<(Vec<String>, usize)>, PlanError> {
        if let Some(DeValue::Array(values)) = self.table.get(key).map(Spanned::get_ref)
            && let Some(stranger) = values.iter().find(|value| !value.get_ref().is_str())
        {
            let found = article(stranger.get_ref().type_str());
            let message = format!("lists {found}; it takes strings in quotes only");
            return Err(self.error(key, stranger.span().start, message));
        }
        self.value(key, "a string or a list of strings", |value| match value {
            DeValue::String(text) => Some(vec![text.to_string()]),
            DeValue::Array(values) => values
                .iter()
                .map(|value| value.get_ref().as_str().map(str::to_owned))
                .collect(),
            _ => None,
        })
    }

    /// One word of a closed list.
    pub(crate) fn choice<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Result<Option<T>, PlanError> {
        let Some((text, at)) = self.text(key)? else {
            return Ok(None);
        };
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Ok(Some(*value));
        }
        let names: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        Err(self.error(key, at, not_one_of(&text, &names)))
    }

    pub(crate) fn required_table(&self, key: &str, help: &str) -> Result<Section<'a>, PlanError> {
        match self.table.get(key) {
            Some(value) => self.table_of(key, value),
            None => Err(self.error(
                key,
                self.at,
                format!("the table [{}] is missing; {help}", self.dotted(key)),
            )),
        }
    }

    /// The table that `value`, called `key`, must be.
    pub(crate) fn table_of(
        &self,
        key: &str,
        value: &'a Spanned<DeValue<'a>>,
    ) -> Result<Section<'a>, PlanError> {
        let at = value.span().start;
        match value.get_ref() {
            DeValue::Table(table) => Ok(Section {
                document: self.document,
                path: self.dotted(key),
                table,
                at,
            }),
            other => Err(self.error(
                key,
                at,
                format!("must be a table, not {}", article(other.type_str())),
            )),
        }
    }

    fn value<T>(
        &self,
        key: &str,
        wanted: &str,
        take: impl Fn(&DeValue<'_>) -> Option<T>,
    ) -> Result<Option<(T, usize)>, PlanError> {
        let Some(value) = self.table.get(key) else {
            return Ok(None);
        };
        let at = value.span().start;
        let Some(taken) = take(value.get_ref()) else {
            let found = article(value.get_ref().type_str());
            return Err(self.error(key, at, format!("must be {wanted}, not {found}")));
        };
        Ok(Some((taken, at)))
    }
}

/// What to say about a word that is not in a closed list.
pub(crate) fn not_one_of(word: &str, words: &[&str]) -> String {
    match nearest(word, words.iter().copied()) {
        Some(near) => format!(
            "`{word}` is not known; did you mean `{near}`? There are {}",
            words.join(", ")
        ),
        None => format!("`{word}` is not known; there are {}", words.join(", ")),
    }
}

pub(super) fn article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {kind}")
}
