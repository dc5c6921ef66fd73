//! Reads the file, row by row, and gathers what is wrong with it.

use std::io::Read;
use std::path::Path;

use csv::{ErrorKind, ReaderBuilder, StringRecord};
use engine::plate::{self, Grammar};
use jiff::civil::Date;
use ports::contact::Phone;

use super::rows::{ANY, Entry, Rows};
use super::{FileError, Mistake};

/// The columns, in the order in which they are documented; a file may have them in any.
const COLUMNS: [&str; 7] = [
    "plate",
    "class",
    "phone",
    "name",
    "owner_id",
    "valid_from",
    "valid_to",
];
/// More of them help nobody.
const SHOWN: usize = 20;

/// What is wrong with a field or, without a column, with the row.
struct Wrong(Option<&'static str>, String);

struct Mistakes<'a> {
    path: &'a Path,
    shown: Vec<Mistake>,
    more: u64,
}

impl Mistakes<'_> {
    fn add(&mut self, line: u64, Wrong(column, what): Wrong) {
        if self.shown.len() == SHOWN {
            self.more += 1;
            return;
        }
        self.shown.push(Mistake {
            path: self.path.to_owned(),
            line,
            column,
            what,
        });
    }

    fn into_error(self) -> FileError {
        FileError::Mistakes {
            mistakes: self.shown,
            more: self.more,
        }
    }
}

pub(super) fn rows(path: &Path, input: impl Read, grammar: Grammar) -> Result<Rows, FileError> {
    let mut mistakes = Mistakes {
        path,
        shown: Vec::new(),
        more: 0,
    };
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(input);
    let places = match reader
        .headers()
        .map_err(Fault::from)
        .and_then(|header| places(header).map_err(Fault::Row))
    {
        Ok(places) => places,
        Err(Fault::Io(source)) => return Err(io(path, source)),
        Err(Fault::Row(wrong)) => {
            mistakes.add(1, wrong);
            return Err(mistakes.into_error());
        }
    };
    let mut rows = Rows::default();
    let mut record = StringRecord::new();
    loop {
        let read = reader.read_record(&mut record);
        let line = record
            .position()
            .map_or_else(|| reader.position().line(), csv::Position::line);
        match read.map_err(Fault::from) {
            Ok(false) => break,
            Ok(true) => {
                if let Err(wrong) = add(&mut rows, &record, &places, grammar) {
                    mistakes.add(line, wrong);
                }
            }
            Err(Fault::Io(source)) => return Err(io(path, source)),
            Err(Fault::Row(wrong)) => mistakes.add(line, wrong),
        }
    }
    if mistakes.shown.is_empty() {
        rows.finish();
        return Ok(rows);
    }
    Err(mistakes.into_error())
}

/// What the CSV reader can run into.
enum Fault {
    Io(std::io::Error),
    Row(Wrong),
}

impl From<csv::Error> for Fault {
    fn from(error: csv::Error) -> Self {
        match error.into_kind() {
            ErrorKind::Io(source) => Self::Io(source),
            ErrorKind::Utf8 { .. } => Self::Row(Wrong(None, "not UTF-8; save the file as UTF-8".to_owned())),
            _ => Self::Row(Wrong(None, "not a row of a CSV file".to_owned())),
        }
    }
}

fn io(path: &Path, source: std::io::Error) -> FileError {
    FileError::Io {
        path: path.to_owned(),
        source,
    }
}

/// Where each column stands.
fn places(header: &StringRecord) -> Result<[usize; 7], Wrong> {
    let expected = || format!("the header is {}", COLUMNS.join(","));
    let mut places = [0; 7];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        let mut found = header
            .iter()
            .enumerate()
            .filter(|(_, name)| name.trim() == column);
        let Some((at, _)) = found.next() else {
            return Err(Wrong(
                None,
                format!("the column {column} is missing; {}", expected()),
            ));
        };
        if found.next().is_some() {
            return Err(Wrong(None, format!("the column {column} is there twice")));
        }
        *place = at;
    }
    match header.iter().find(|name| !COLUMNS.contains(&name.trim())) {
        Some(_) => Err(Wrong(None, format!("there is a column too many; {}", expected()))),
        None => Ok(places),
    }
}

fn add(rows: &mut Rows, record: &StringRecord, places: &[usize; 7], grammar: Grammar) -> Result<(), Wrong> {
    if record.len() != places.len() {
        return Err(Wrong(
            None,
            format!("{} fields instead of {}", record.len(), places.len()),
        ));
    }
    let field = |column: usize| record.get(places[column]).unwrap_or_default().trim();
    let number = plate::normalise(grammar, field(0));
    if number.is_empty() {
        return Err(wrong(0, "there is none"));
    }
    let class = class(grammar, field(1))?;
    let phone = field(2);
    if !phone.is_empty() && Phone::parse(phone).is_none() {
        return Err(wrong(2, "not a number in E.164, such as +8613800000000"));
    }
    let (from, to) = (date(5, field(5))?, date(6, field(6))?);
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        return Err(wrong(6, "not after valid_from, so that the row would never hold"));
    }
    let entry = Entry {
        number: &number,
        class: &class,
        phone,
        name: field(3),
        owner_id: field(4),
        from,
        to,
    };
    rows.push(&entry)
        .map_err(|_| Wrong(None, "a field is longer than 65535 bytes".to_owned()))
}

/// The class as the facts have it; [`ANY`] where the row gives none.
fn class(grammar: Grammar, given: &str) -> Result<String, Wrong> {
    if given.is_empty() || given == ANY {
        return Ok(ANY.to_owned());
    }
    match grammar {
        // Spreadsheets take the nought away.
        Grammar::Cn if given.len() <= 2 && given.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(format!("{given:0>2}"))
        }
        Grammar::Cn => Err(wrong(
            1,
            "not a class of two digits, such as 02; write - where the row holds for all",
        )),
        Grammar::Generic => {
            let breaks = |char: char| char.is_whitespace() || char.is_control() || matches!(char, '/' | '#');
            Ok(given.chars().filter(|char| !breaks(*char)).collect())
        }
    }
}

fn date(column: usize, text: &str) -> Result<Option<Date>, Wrong> {
    if text.is_empty() {
        return Ok(None);
    }
    let is_plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let parsed = if is_plain { text.parse().ok() } else { None };
    parsed.map(Some).ok_or_else(|| {
        wrong(
            column,
            "not a date, such as 2026-03-02; leave it empty where it is open",
        )
    })
}

fn wrong(column: usize, what: &str) -> Wrong {
    Wrong(Some(COLUMNS[column]), what.to_owned())
}
