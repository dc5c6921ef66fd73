//! Rows as JSON lines or as CSV.

use std::fmt::Display;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cli::ExportFormat;
use crate::failure::{Code, Failure};
use crate::output::Output;

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Null,
    Text(String),
    Number(u64),
    Bool(bool),
    List(Vec<String>),
    /// JSON text of one line, as it is.
    Json(String),
}

impl Cell {
    pub(super) fn text(text: impl Display) -> Self {
        Self::Text(text.to_string())
    }

    pub(super) fn maybe(text: Option<impl Display>) -> Self {
        text.map_or(Self::Null, Self::text)
    }

    fn json(self) -> String {
        match self {
            Self::Null => Value::Null.to_string(),
            Self::Text(text) => Value::from(text).to_string(),
            Self::Number(number) => number.to_string(),
            Self::Bool(is) => is.to_string(),
            Self::List(items) => Value::from(items).to_string(),
            Self::Json(text) => text,
        }
    }

    fn csv(self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Text(text) => harmless(text),
            Self::Number(number) => number.to_string(),
            Self::Bool(is) => is.to_string(),
            Self::List(items) => harmless(items.join(" ")),
            Self::Json(text) => text,
        }
    }
}

/// A spreadsheet takes a cell that begins so for a formula, and the text came from a camera or from a person.
fn harmless(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) && text != "-" {
        format!("'{text}")
    } else {
        text
    }
}

/// Standard output, or a file.
enum Target {
    Out(Output),
    File(PathBuf, BufWriter<File>),
}

impl Target {
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Out(out) => out.bytes(bytes),
            Self::File(path, file) => file
                .write_all(bytes)
                .map_err(|error| Failure::writing(path, &error)),
        }
    }
}

/// Where the rows go.
pub(super) struct Writer {
    out: Target,
    header: &'static [&'static str],
    csv: Option<csv::WriterBuilder>,
}

impl Writer {
    pub(super) fn new(format: ExportFormat) -> Self {
        Self {
            out: Target::Out(Output::new()),
            header: &[],
            csv: (format == ExportFormat::Csv).then(csv::WriterBuilder::new),
        }
    }

    /// JSON lines into a new file.
    pub(super) fn into_file(path: &Path) -> Result<Self, Failure> {
        let file = File::create(path).map_err(|error| Failure::writing(path, &error))?;
        Ok(Self {
            out: Target::File(path.to_owned(), BufWriter::new(file)),
            header: &[],
            csv: None,
        })
    }

    pub(super) fn is_csv(&self) -> bool {
        self.csv.is_some()
    }

    /// The names of the cells of every row that follows.
    pub(super) fn header(&mut self, header: &'static [&'static str]) -> Result<(), Failure> {
        self.header = header;
        self.record(header.iter().map(|name| (*name).to_owned()))
    }

    pub(super) fn row(&mut self, cells: Vec<Cell>) -> Result<(), Failure> {
        if self.is_csv() {
            return self.record(cells.into_iter().map(Cell::csv));
        }
        let mut line = String::from("{");
        for (name, cell) in self.header.iter().zip(cells) {
            let comma = if line.len() == 1 { "" } else { "," };
            line.push_str(&format!("{comma}\"{name}\":{}", cell.json()));
        }
        line.push('}');
        line.push('\n');
        self.out.bytes(line.as_bytes())
    }

    /// A line that is JSON already.
    pub(super) fn raw(&mut self, line: &[u8]) -> Result<(), Failure> {
        self.out.bytes(line)?;
        self.out.bytes(b"\n")
    }

    pub(super) fn end(self) -> Result<(), Failure> {
        match self.out {
            Target::Out(out) => out.end(),
            Target::File(path, mut file) => file.flush().map_err(|error| Failure::writing(&path, &error)),
        }
    }

    /// Nothing unless CSV is wanted.
    fn record(&mut self, cells: impl Iterator<Item = String>) -> Result<(), Failure> {
        let Some(builder) = &self.csv else { return Ok(()) };
        let mut line = builder.from_writer(Vec::new());
        line.write_record(cells).map_err(unwritable)?;
        let line = line.into_inner().map_err(unwritable)?;
        self.out.bytes(&line)
    }
}

fn unwritable(error: impl Display) -> Failure {
    Failure::new(
        Code::Failure,
        format_args!("a row cannot be written as CSV: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1+1", "+86138", "-2", "@a", "\t=1", "＝1"] {
            assert_eq!(Cell::text(text).csv(), format!("'{text}"));
        }
        assert_eq!(Cell::text("湘K12345/02").csv(), "湘K12345/02");
        assert_eq!(Cell::List(vec!["a".into(), "b".into()]).csv(), "a b");
    }
}
