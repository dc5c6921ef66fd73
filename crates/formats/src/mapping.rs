//! Mapping files: how the rows of a city's own export become facts.
//!
//! A mapping names the shape of the file (`[read]`), which rows count (`[[keep]]`) and where each part of a fact comes
//! from (`[fact]`). [`Mapping::parse`] checks all of that once, so that [`Reader`] can walk ten million rows in flat
//! memory without asking again. Nothing here decides anything: a row becomes one fact, is filtered, or is quarantined
//! with its line and the reason, and the three always add up.
//!
//! Rules that a mapping's author can rely on:
//! - Cells are trimmed; a blank cell is an absent one. `null` lists further texts that mean "nothing": where one cell of
//!   several is on the list, the whole value is absent. `default` stands in for what is absent.
//! - Several columns are joined by `join` (a blank unless given) before anything is read from them.
//! - A `zone` given for a time wins over a `Z` or an offset in the text. A local time that a clock change skips is read
//!   an hour later, one that occurs twice is the earlier of the two.
//! - A format without a time of day makes the fact precise to the day, at the day's first instant.
//! - `hash = true` is the SHA-256, in hex, of the row's cells as netstrings (`LENGTH:BYTES,` in UTF-8, untrimmed) in the
//!   order of the file; in JSON, of each member's name and value in the order of the names' bytes, without nulls.
//! - In `columns` files the row's key is the column `@row`.
//! - Quarantined is: a broken row or an unusable field, date or time (`schema`); no usable plate
//!   (`unidentified_vehicle`); a time after the import's own clock (`clock_skew`).

mod cells;
mod columns;
mod convert;
mod csv;
mod document;
mod fact;
mod field;
mod input;
mod instant;
mod json;
mod keep;
mod reader;
mod time_format;

use self::field::Fields;
use self::keep::Keep;

pub use self::fact::{Crs, MappedFact, Mode};
pub use self::input::ReadError;
pub use self::reader::{Counts, Options, Reader, Reason, Row};
pub use crate::plan::PlanError as MappingError;

/// A checked mapping file.
#[derive(Debug)]
pub struct Mapping {
    file: String,
    read: Read,
    columns: Vec<Column>,
    keep: Vec<Keep>,
    fields: Fields,
}

impl Mapping {
    /// Reads a mapping; `file_name` is for the error only.
    pub fn parse(file_name: &str, text: &str) -> Result<Self, MappingError> {
        document::parse(file_name, text)
    }

    /// The name it was parsed under.
    pub fn file_name(&self) -> &str {
        &self.file
    }

    /// What the mapping says about mode, where it says one thing for all rows.
    pub fn mode(&self) -> Option<Mode> {
        self.fields.constant_mode()
    }
}

/// The shape of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Read {
    format: Format,
    delimiter: u8,
    header: bool,
    encoding: Encoding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Json,
    Jsonl,
    Columns,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Gbk,
    Latin1,
}

/// A column that the mapping names, and where it names it first.
#[derive(Debug)]
struct Column {
    name: String,
    key: String,
    line: usize,
}
