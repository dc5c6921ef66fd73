//! Column-oriented JSON, `{column: {row: value}}`. Its rows are known only when its last column is: the file is held in
//! memory, unpacked, with some 16 bytes more for each cell that the mapping asks for.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io::{self, BufRead, Read as _};
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::cells::Cells;
use super::csv::Step;
use super::json::{Name, hash_members, push_value};
use super::{Column, Mapping};

/// The column that stands for the row's key.
pub(super) const ROW: &str = "@row";

/// The rows of one file.
pub(super) struct ColumnRows {
    text: String,
    table: Table,
    /// By slot of the mapping: which column of the file; none for [`ROW`].
    wanted: Vec<Option<usize>>,
    /// Number of the row at hand, from 1.
    pub(super) at: u64,
}

/// Where in the text everything lies.
#[derive(Default)]
struct Table {
    keys: Vec<String>,
    numbers: HashMap<String, usize>,
    columns: Vec<(String, Vec<Range<usize>>)>,
}

impl ColumnRows {
    /// Reads the whole file.
    pub(super) fn read(mut input: Box<dyn BufRead + Send>, mapping: &Mapping) -> io::Result<Self> {
        let mut text = String::new();
        input.read_to_string(&mut text)?;
        let keep_all = mapping.fields.need_hash();
        let wanted = |name: &str| keep_all || mapping.columns.iter().any(|column| column.name == name);
        let mut table = Table::default();
        let mut parser = serde_json::Deserializer::from_str(&text);
        Columns {
            text: &text,
            table: &mut table,
            wanted: &wanted,
        }
        .deserialize(&mut parser)
        .and_then(|()| parser.end())
        .map_err(|error| {
            let what = format!(
                "is not {{column: {{row: value}}}} at line {}, column {}",
                error.line(),
                error.column()
            );
            io::Error::new(io::ErrorKind::InvalidData, what)
        })?;
        Ok(Self {
            text,
            table,
            wanted: Vec::new(),
            at: 0,
        })
    }

    /// The names of the columns that were kept.
    pub(super) fn names(&self) -> Vec<String> {
        self.table
            .columns
            .iter()
            .map(|(name, _)| name.clone())
            .chain([ROW.to_owned()])
            .collect()
    }

    /// Settles which column each slot is; the caller has checked that they exist.
    pub(super) fn bind(&mut self, columns: &[Column]) {
        let find = |column: &Column| {
            self.table
                .columns
                .iter()
                .position(|(name, _)| *name == column.name)
        };
        self.wanted = columns.iter().map(find).collect();
    }

    pub(super) fn next(&mut self, cells: &mut Cells) -> Step {
        let row = self.at as usize;
        let Some(key) = self.table.keys.get(row) else {
            return Step::End;
        };
        self.at += 1;
        cells.clear();
        for column in &self.wanted {
            let begin = cells.text.len();
            match column {
                None => cells.text.push_str(key),
                Some(column) => {
                    if let Some(range) = self.table.columns[*column].1.get(row) {
                        push_value(&self.text[range.clone()], &mut cells.text);
                    }
                }
            }
            cells.ranges.push(begin..cells.text.len());
        }
        Step::Row
    }

    /// The hash of the row at hand, its key not included.
    pub(super) fn hash(&self) -> String {
        let row = self.at as usize - 1;
        let cell = |(name, cells): &'_ (String, Vec<Range<usize>>)| -> Option<(Cow<'_, str>, &str)> {
            let range = cells.get(row)?.clone();
            (!range.is_empty()).then(|| (Cow::Owned(name.clone()), &self.text[range]))
        };
        let members: BTreeMap<_, _> = self.table.columns.iter().filter_map(cell).collect();
        hash_members(members)
    }
}

impl Table {
    /// The number of a row; `expected` is what it is when all columns list their rows in one order.
    fn row(&mut self, key: &str, expected: usize) -> usize {
        if self.keys.get(expected).is_some_and(|known| known == key) {
            return expected;
        }
        if let Some(number) = self.numbers.get(key) {
            return *number;
        }
        self.keys.push(key.to_owned());
        self.numbers.insert(key.to_owned(), self.keys.len() - 1);
        self.keys.len() - 1
    }
}

/// The outer object.
struct Columns<'a> {
    text: &'a str,
    table: &'a mut Table,
    wanted: &'a dyn Fn(&str) -> bool,
}

impl<'de> DeserializeSeed<'de> for Columns<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Columns<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of columns")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut columns: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = columns.next_key()? {
            let mut cells = Vec::new();
            let keep = (self.wanted)(&name);
            columns.next_value_seed(OneColumn {
                text: self.text,
                table: self.table,
                cells: &mut cells,
                keep,
            })?;
            if self.table.columns.iter().any(|(known, _)| *known == name) {
                return Err(serde::de::Error::custom("a column stands twice"));
            }
            if keep {
                self.table.columns.push((name.into_owned(), cells));
            }
        }
        Ok(())
    }
}

/// The inner object: the cells of one column. Those of a column that nobody asks for are walked for their rows only, so
/// that a row counts even when it has no cell elsewhere.
struct OneColumn<'a> {
    text: &'a str,
    table: &'a mut Table,
    cells: &'a mut Vec<Range<usize>>,
    keep: bool,
}

impl<'de> DeserializeSeed<'de> for OneColumn<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OneColumn<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of cells")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut expected = 0;
        while let Some(Name(key)) = members.next_key()? {
            let value: &RawValue = members.next_value()?;
            let row = self.table.row(&key, expected);
            expected = row + 1;
            if self.keep {
                let begin = value.get().as_ptr() as usize - self.text.as_ptr() as usize;
                if self.cells.len() <= row {
                    self.cells.resize(row + 1, 0..0);
                }
                self.cells[row] = begin..begin + value.get().len();
            }
        }
        Ok(())
    }
}
