//! The walk over a file: each row once, each row accounted for.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::Path;

use super::cells::{Cells, hash};
use super::columns::{ColumnRows, ROW};
use super::convert::convert;
use super::csv::{CsvRows, Step};
use super::fact::{MappedFact, Mode};
use super::field::RowView;
use super::input::{self, Lines, ReadError};
use super::json::JsonRows;
use super::{Format, Mapping, MappingError};
use crate::plan::near;

/// What an import decides for all rows.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The import's clock. What lies after it is quarantined.
    pub now: jiff::Timestamp,
    /// Takes `now` as the time at which every fact became known.
    pub known_now: bool,
    /// Stands in for every row's mode.
    pub mode: Option<Mode>,
}

impl Options {
    /// Nothing but the clock.
    pub fn at(now: jiff::Timestamp) -> Self {
        Self {
            now,
            known_now: false,
            mode: None,
        }
    }
}

/// What became of a row.
#[derive(Debug, PartialEq, Eq)]
pub enum Row<'a> {
    /// It is a fact.
    Fact(&'a MappedFact),
    /// The mapping does not want it.
    Filtered,
    /// It cannot be used. `line` is where it begins in CSV and JSON lines; elsewhere its number, from 1.
    Quarantined {
        reason: Reason,
        detail: String,
        line: u64,
    },
}

/// Why a row is quarantined; the words are those of admission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Broken, or with a field, date or time that is missing or cannot be read.
    Schema,
    /// Without a usable plate.
    UnidentifiedVehicle,
    /// Said to be of later than now.
    ClockSkew,
}

impl Reason {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::UnidentifiedVehicle => "unidentified_vehicle",
            Self::ClockSkew => "clock_skew",
        }
    }
}

/// `read` is always the sum of all others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    pub read: u64,
    pub kept: u64,
    pub filtered: u64,
    pub quarantined: BTreeMap<Reason, u64>,
}

/// A file being read.
pub struct Reader<'m> {
    mapping: &'m Mapping,
    options: Options,
    file: String,
    rows: Rows,
    cells: Cells,
    scratch: String,
    hash: String,
    fact: MappedFact,
    counts: Counts,
    needs_hash: bool,
}

enum Rows {
    Csv(CsvRows),
    Json(JsonRows),
    Columns(ColumnRows),
}

impl<'m> Reader<'m> {
    /// Opens a file, unpacked by its first bytes, and checks that it has the columns that the mapping names.
    pub fn open(path: &Path, mapping: &'m Mapping, options: Options) -> Result<Self, ReadError> {
        let (name, input) = input::open(path)?;
        Self::start(name, input, mapping, options)
    }

    /// The same for bytes from elsewhere; `name` is for errors.
    pub fn new(
        name: &str,
        input: Box<dyn BufRead + Send>,
        mapping: &'m Mapping,
        options: Options,
    ) -> Result<Self, ReadError> {
        Self::start(name.to_owned(), input::unpack(input, name)?, mapping, options)
    }

    fn start(
        file: String,
        mut input: Box<dyn BufRead + Send>,
        mapping: &'m Mapping,
        options: Options,
    ) -> Result<Self, ReadError> {
        let read = &mapping.read;
        input::skip_mark(&mut *input, &file, read.encoding)?;
        let mut cells = Cells {
            positions: (0..mapping.columns.len()).collect(),
            ..Cells::default()
        };
        let rows = match read.format {
            Format::Csv => {
                let mut rows = CsvRows::new(Lines::new(input), read);
                cells.positions = header(&mut rows, mapping, &file)?;
                Rows::Csv(rows)
            }
            Format::Json => Rows::Json(JsonRows::array(input, &mapping.columns)),
            Format::Jsonl => Rows::Json(JsonRows::lines(
                Lines::new(input),
                read.encoding,
                &mapping.columns,
            )),
            Format::Columns => {
                let fail = |source| ReadError::Read {
                    file: file.clone(),
                    line: 0,
                    source,
                };
                let mut rows = ColumnRows::read(input, mapping).map_err(fail)?;
                find_columns(&rows.names(), mapping, &file)?;
                rows.bind(&mapping.columns);
                Rows::Columns(rows)
            }
        };
        Ok(Self {
            mapping,
            options,
            file,
            rows,
            cells,
            scratch: String::new(),
            hash: String::new(),
            fact: MappedFact::default(),
            counts: Counts::default(),
            needs_hash: mapping.fields.need_hash(),
        })
    }

    /// The next row; none at the end of the file.
    pub fn next_row(&mut self) -> Result<Option<Row<'_>>, ReadError> {
        let step = match &mut self.rows {
            Rows::Csv(rows) => rows.next(&mut self.cells),
            Rows::Json(rows) => rows.next(&mut self.cells),
            Rows::Columns(rows) => Ok(rows.next(&mut self.cells)),
        };
        let broken = match step {
            Err(source) => {
                return Err(ReadError::Read {
                    file: self.file.clone(),
                    line: self.line().saturating_sub(1),
                    source,
                });
            }
            Ok(Step::End) => return Ok(None),
            Ok(Step::Row) => None,
            Ok(Step::Broken(detail)) => Some(detail),
        };
        self.counts.read += 1;
        if let Some(detail) = broken {
            return Ok(Some(self.quarantine(Reason::Schema, detail)));
        }
        if !self.mapping.keep.iter().all(|keep| keep.holds(&self.cells)) {
            self.counts.filtered += 1;
            return Ok(Some(Row::Filtered));
        }
        if self.needs_hash {
            self.hash = match &self.rows {
                Rows::Csv(_) => hash(self.cells.all()),
                Rows::Json(rows) => rows.hash(),
                Rows::Columns(rows) => rows.hash(),
            };
        }
        let row = RowView {
            cells: &self.cells,
            hash: &self.hash,
        };
        match convert(
            self.mapping,
            &self.options,
            row,
            &mut self.scratch,
            &mut self.fact,
        ) {
            Ok(()) => {
                self.counts.kept += 1;
                Ok(Some(Row::Fact(&self.fact)))
            }
            Err(unusable) => Ok(Some(self.quarantine(unusable.reason, unusable.detail))),
        }
    }

    /// What became of the rows so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Where the last row began: the line in CSV and JSON lines, elsewhere the row's number.
    pub fn line(&self) -> u64 {
        match &self.rows {
            Rows::Csv(rows) => rows.at,
            Rows::Json(rows) => rows.at,
            Rows::Columns(rows) => rows.at,
        }
    }

    fn quarantine(&mut self, reason: Reason, detail: String) -> Row<'static> {
        *self.counts.quarantined.entry(reason).or_default() += 1;
        Row::Quarantined {
            reason,
            detail,
            line: self.line(),
        }
    }
}

/// Reads the header, or looks at the first row where there is none; gives the position of each slot.
fn header(rows: &mut CsvRows, mapping: &Mapping, file: &str) -> Result<Vec<usize>, ReadError> {
    let fail = |source| ReadError::Read {
        file: file.to_owned(),
        line: 0,
        source,
    };
    let mut cells = Cells::default();
    let shape = |detail: String| ReadError::Shape {
        file: file.to_owned(),
        detail,
    };
    if !mapping.read.header {
        let width = rows
            .peek_width()
            .map_err(fail)?
            .unwrap_or_else(|| widest(mapping));
        let numbers: Vec<String> = (1..=width).map(|number| number.to_string()).collect();
        return find_columns(&numbers, mapping, file);
    }
    match rows.next(&mut cells).map_err(fail)? {
        Step::Row => {}
        Step::End => return Err(shape("has no header".to_owned())),
        Step::Broken(why) => return Err(shape(format!("the header {why}"))),
    }
    let names: Vec<String> = cells.all().map(|name| name.trim().to_owned()).collect();
    find_columns(&names, mapping, file)
}

/// How many columns a file without a row is taken to have: as many as the mapping asks for, so that nothing is missing.
fn widest(mapping: &Mapping) -> usize {
    let numbers = mapping
        .columns
        .iter()
        .filter_map(|column| column.name.trim().parse().ok());
    numbers.max().unwrap_or(0).min(usize::from(u16::MAX))
}

/// The position among `names` of each column of the mapping.
fn find_columns(names: &[String], mapping: &Mapping, file: &str) -> Result<Vec<usize>, ReadError> {
    mapping
        .columns
        .iter()
        .map(|column| {
            let fail = |what: String| {
                let message = format!("{file} has {what}");
                let (line, key) = (column.line, column.key.clone());
                ReadError::Column(Box::new(MappingError {
                    file: mapping.file.clone(),
                    line,
                    key,
                    message,
                }))
            };
            let wanted = column.name.trim();
            let mut found = names
                .iter()
                .enumerate()
                .filter(|(_, name)| *name == wanted)
                .map(|(at, _)| at);
            match (found.next(), found.next()) {
                (Some(at), None) => Ok(at),
                (Some(_), Some(_)) => Err(fail(format!("two columns called `{wanted}`; rename one"))),
                (None, _) => Err(fail(format!(
                    "no column `{wanted}`; {}",
                    alternatives(wanted, names, &mapping.read)
                ))),
            }
        })
        .collect()
}

/// How many names are listed where none is near: a whole header of fifty helps nobody.
const SHOWN: usize = 12;

fn alternatives(wanted: &str, names: &[String], read: &super::Read) -> String {
    if read.format == Format::Csv && !read.header {
        return format!("its first row has {} cells", names.len());
    }
    let quoted = |names: &[&str]| {
        names
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let close = near(wanted, names.iter().map(String::as_str));
    if !close.is_empty() {
        return format!("did you mean {}?", quoted(&close));
    }
    let shown: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .filter(|name| *name != ROW)
        .take(SHOWN)
        .collect();
    let more = if names.len() > SHOWN { ", ..." } else { "" };
    format!("there are {}{more}", quoted(&shown))
}

#[cfg(test)]
mod tests;
