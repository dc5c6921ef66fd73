//! Tables whose mistakes are all collected: each getter gives what it can read, and notes what it cannot.

use std::cell::RefCell;

use engine::time::{Length, Timestamp};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use toml::Spanned;
use toml::de::DeValue;

use super::section::{Document, Section, article, not_one_of};
use super::{PlanError, PlanErrors, length, value};

/// What is said of a key that the format has and this release has not.
const UNSUPPORTED: &str = "is not supported by this release yet; remove it";

/// All that is wrong with a file so far.
#[derive(Default)]
pub(crate) struct Mistakes(RefCell<Vec<PlanError>>);

impl Mistakes {
    pub(crate) fn add(&self, error: PlanError) {
        self.0.borrow_mut().push(error);
    }

    /// What a getter gave, its error noted.
    fn sift<T>(&self, result: Result<Option<T>, PlanError>) -> Option<T> {
        result.unwrap_or_else(|error| {
            self.add(error);
            None
        })
    }

    fn finish(self) -> Result<(), PlanErrors> {
        let mut errors = self.0.into_inner();
        errors.sort_by_key(|error| error.line);
        if errors.is_empty() {
            Ok(())
        } else {
            Err(PlanErrors(errors))
        }
    }
}

/// Reads a file with `fill`, which gives none only after it has noted a mistake.
pub(crate) fn read<T>(
    file: &str,
    text: &str,
    fill: impl FnOnce(&Table<'_>) -> Option<T>,
) -> Result<T, PlanErrors> {
    let document = Document { file, text };
    let root = document.parse().map_err(PlanErrors)?;
    let mistakes = Mistakes::default();
    let section = Section {
        document,
        path: String::new(),
        table: root.get_ref(),
        at: 0,
    };
    let filled = fill(&Table {
        section,
        mistakes: &mistakes,
    });
    mistakes.finish()?;
    Ok(filled.expect("without a mistake everything that is required is there"))
}

/// One table of a file.
pub(crate) struct Table<'a> {
    section: Section<'a>,
    mistakes: &'a Mistakes,
}

impl<'a> Table<'a> {
    /// Notes a mistake at the value of `key`; at the table where there is none.
    pub(crate) fn wrong(&self, key: &str, message: impl Into<String>) {
        let at = self.section.position(key).unwrap_or(self.section.at);
        self.mistakes.add(self.section.error(key, at, message));
    }

    /// Notes that `key` is missing, unless it is there.
    pub(crate) fn need(&self, key: &str, help: &str) {
        if !self.has(key) {
            self.mistakes.add(self.section.missing(key, help));
        }
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.section.position(key).is_some()
    }

    /// Every key, as it is written.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'a str> {
        self.section.table.keys().map(|key| &**key.get_ref())
    }

    /// Notes every key that is neither known nor planned for `later`, and every one that is.
    pub(crate) fn only(&self, known: &[&str], later: &[&str]) {
        let all: Vec<&str> = known.iter().chain(later).copied().collect();
        for error in self.section.strangers(&all) {
            self.mistakes.add(error);
        }
        for key in later.iter().filter(|key| self.has(key)) {
            self.wrong(key, UNSUPPORTED);
        }
    }

    /// A table within this one.
    pub(crate) fn table(&self, key: &str) -> Option<Self> {
        let value = self.section.table.get(key)?;
        self.inner(key, value)
    }

    /// A table that must be there.
    pub(crate) fn need_table(&self, key: &str, help: &str) -> Option<Self> {
        let section = self
            .mistakes
            .sift(self.section.required_table(key, help).map(Some))?;
        Some(Self {
            section,
            mistakes: self.mistakes,
        })
    }

    /// The tables of `[[key]]`; `key[1]` is the first.
    pub(crate) fn tables(&self, key: &str) -> Vec<Self> {
        let Some(value) = self.section.table.get(key) else {
            return Vec::new();
        };
        let DeValue::Array(tables) = value.get_ref() else {
            self.wrong(
                key,
                format!(
                    "must be written as [[{}]], once for each",
                    self.section.dotted(key)
                ),
            );
            return Vec::new();
        };
        let inner = |(index, table)| self.inner(&format!("{key}[{}]", index + 1), table);
        tables.iter().enumerate().filter_map(inner).collect()
    }

    fn inner(&self, key: &str, value: &'a Spanned<DeValue<'a>>) -> Option<Self> {
        let section = self.mistakes.sift(self.section.table_of(key, value).map(Some))?;
        Some(Self {
            section,
            mistakes: self.mistakes,
        })
    }

    /// Whether the value of `key` is a table.
    pub(crate) fn is_table(&self, key: &str) -> bool {
        let value = self.section.table.get(key).map(Spanned::get_ref);
        matches!(value, Some(DeValue::Table(_)))
    }

    /// A string that says something.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.parsed(key, |text| {
            if text.trim().is_empty() {
                Err("is blank; leave it out, or give it a text".to_owned())
            } else {
                Ok(text.trim().to_owned())
            }
        })
    }

    /// A name that stands in ids, file names and addresses.
    pub(crate) fn name(&self, key: &str) -> Option<String> {
        let text = self.text(key)?;
        let odd = |char: char| char.is_whitespace() || char.is_control() || "@/#\\\"'".contains(char);
        if let Some(char) = text.chars().find(|char| odd(*char)) {
            let message = format!("{char:?} may not stand in it; use letters, digits, `-`, `_` and `.`");
            self.wrong(key, message);
            return None;
        }
        Some(text)
    }

    /// One string or a list of them, none blank, at least one.
    pub(crate) fn texts(&self, key: &str) -> Option<Vec<String>> {
        let (texts, _) = self.mistakes.sift(self.section.texts(key))?;
        if texts.is_empty() {
            self.wrong(key, "lists nothing; leave it out, or name at least one");
            return None;
        }
        if texts.iter().any(|text| text.trim().is_empty()) {
            self.wrong(key, "lists a blank text; remove it");
            return None;
        }
        Some(texts)
    }

    pub(crate) fn boolean(&self, key: &str) -> Option<bool> {
        self.mistakes
            .sift(self.section.boolean(key))
            .map(|(value, _)| value)
    }

    /// One word of a closed list; words planned for `later` are refused by name.
    pub(crate) fn choice<T: Copy>(&self, key: &str, words: &[(T, &str)], later: &[&str]) -> Option<T> {
        self.parsed(key, |text| one_of(text, words, later))
    }

    /// One word of a closed list, or several of them.
    pub(crate) fn choices<T: Copy>(&self, key: &str, words: &[(T, &str)]) -> Option<Vec<T>> {
        let mut all = Some(Vec::new());
        for text in self.texts(key)? {
            match one_of(&text, words, &[]) {
                Ok(value) => all.iter_mut().for_each(|all| all.push(value)),
                Err(message) => {
                    self.wrong(key, message);
                    all = None;
                }
            }
        }
        all
    }

    /// A whole number, not negative.
    pub(crate) fn whole(&self, key: &str) -> Option<u64> {
        let value = self.section.table.get(key)?.get_ref();
        if let DeValue::Integer(number) = value
            && let Ok(number) = u64::from_str_radix(number.as_str(), number.radix())
        {
            return Some(number);
        }
        let found = match value {
            DeValue::Integer(number) => number.to_string(),
            other => article(other.type_str()),
        };
        self.wrong(key, format!("must be a whole number, 0 or more, not {found}"));
        None
    }

    /// A whole number that fits a count.
    pub(crate) fn count(&self, key: &str) -> Option<u32> {
        let number = self.whole(key)?;
        let count = u32::try_from(number).ok();
        if count.is_none() {
            self.wrong(key, format!("{number} is too large"));
        }
        count
    }

    /// A number from 0 to 1, in millionths.
    pub(crate) fn millionths(&self, key: &str) -> Option<u32> {
        let value = self.section.table.get(key)?.get_ref();
        let (text, found) = match value {
            DeValue::Float(number) => (number.as_str(), number.as_str().to_owned()),
            DeValue::Integer(number) => (number.as_str(), number.to_string()),
            other => ("", article(other.type_str())),
        };
        let millionths = length::fixed(text, 6)
            .filter(|millionths| *millionths <= 1_000_000)
            .and_then(|millionths| u32::try_from(millionths).ok());
        if millionths.is_none() {
            let message =
                format!("must be a number from 0 to 1 with at most six decimals, such as 0.90, not {found}");
            self.wrong(key, message);
        }
        millionths
    }

    /// A length of time, of any kind.
    pub(crate) fn length(&self, key: &str) -> Option<Length> {
        self.parsed(key, length::length)
    }

    /// A length of time that is the same on every day, in microseconds.
    pub(crate) fn exact(&self, key: &str) -> Option<i64> {
        self.parsed(key, length::exact)
    }

    /// A distance.
    pub(crate) fn millimetres(&self, key: &str) -> Option<i64> {
        self.parsed(key, length::millimetres)
    }

    pub(crate) fn month_and_day(&self, key: &str) -> Option<(i8, i8)> {
        self.parsed(key, value::month_and_day)
    }

    pub(crate) fn hours(&self, key: &str) -> Option<(Time, Time)> {
        self.parsed(key, value::hours)
    }

    pub(crate) fn time_zone(&self, key: &str) -> Option<TimeZone> {
        self.parsed(key, value::time_zone)
    }

    /// An instant: a string, or a time of TOML's own with an offset.
    pub(crate) fn timestamp(&self, key: &str) -> Option<Timestamp> {
        let value = self.section.table.get(key)?.get_ref();
        let text = match value {
            DeValue::Datetime(at) => at.to_string(),
            _ => return self.parsed(key, value::timestamp),
        };
        self.noted(key, value::timestamp(&text))
    }

    /// Takes each date of a list, strings or TOML's own, and notes what `take` has against it.
    pub(crate) fn dates(&self, key: &str, mut take: impl FnMut(Date) -> Result<(), String>) {
        let Some(value) = self.section.table.get(key) else {
            return;
        };
        let DeValue::Array(items) = value.get_ref() else {
            let found = article(value.get_ref().type_str());
            self.wrong(key, format!("must be a list of dates, not {found}"));
            return;
        };
        for item in items {
            let text = match item.get_ref() {
                DeValue::String(text) => text.to_string(),
                DeValue::Datetime(at) => at.to_string(),
                other => other.type_str().to_owned(),
            };
            if let Err(message) = value::date(&text).and_then(&mut take) {
                self.mistakes
                    .add(self.section.error(key, item.span().start, message));
            }
        }
    }

    /// A string of a form of its own.
    fn parsed<T>(&self, key: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let (text, _) = self.mistakes.sift(self.section.text(key))?;
        self.noted(key, parse(&text))
    }

    fn noted<T>(&self, key: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|message| self.wrong(key, message)).ok()
    }
}

fn one_of<T: Copy>(text: &str, words: &[(T, &str)], later: &[&str]) -> Result<T, String> {
    if let Some((value, _)) = words.iter().find(|(_, word)| *word == text) {
        return Ok(*value);
    }
    let names: Vec<&str> = words.iter().map(|(_, word)| *word).collect();
    Err(if later.contains(&text) {
        format!(
            "`{text}` is not supported by this release yet; remove it or write one of {}",
            names.join(", ")
        )
    } else {
        not_one_of(text, &names)
    })
}
