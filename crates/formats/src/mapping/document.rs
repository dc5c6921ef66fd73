//! The TOML of a mapping: `[read]` and `[[keep]]` here, `[fact]` in its own module; every mistake with its line and key.

mod fact_table;

use toml::Spanned;
use toml::de::DeValue;

use super::keep::{Keep, Test};
use super::{Column, Encoding, Format, Mapping, MappingError, Read};
use crate::plan::{Document, Section};

const FORMATS: [(&str, Format); 4] = [
    ("csv", Format::Csv),
    ("json", Format::Json),
    ("jsonl", Format::Jsonl),
    ("columns", Format::Columns),
];
const ENCODINGS: [(&str, Encoding); 3] = [
    ("utf-8", Encoding::Utf8),
    ("gbk", Encoding::Gbk),
    ("latin-1", Encoding::Latin1),
];
const TESTS: [(&str, Test); 4] = [
    ("starts_with", Test::StartsWith),
    ("equals", Test::Equals),
    ("not_equals", Test::NotEquals),
    ("contains", Test::Contains),
];

/// Reads and checks a whole mapping.
pub(super) fn parse(file: &str, text: &str) -> Result<Mapping, MappingError> {
    let document = Document { file, text };
    let root = document
        .parse()
        .map_err(|errors| errors.into_iter().next().expect("never an empty list"))?;
    let root = Section {
        document,
        path: String::new(),
        table: root.get_ref(),
        at: 0,
    };
    root.only(&["read", "keep", "fact"])?;
    let read = read_table(&root.required_table("read", "it says what the file looks like; see `format`")?)?;
    let mut columns = Columns {
        header: read.header,
        list: Vec::new(),
    };
    let keep = keep_tables(&root, &mut columns)?;
    let fact = root.required_table("fact", "it says where the parts of a fact come from")?;
    let fields = fact_table::parse(&fact, &mut columns)?;
    Ok(Mapping {
        file: file.to_owned(),
        read,
        columns: columns.list,
        keep,
        fields,
    })
}

/// The columns that a mapping names, each once.
struct Columns {
    header: bool,
    list: Vec<Column>,
}

impl Columns {
    /// The slot of a column, which `section` names at `at` under `key`.
    fn slot(
        &mut self,
        section: &Section<'_>,
        key: &str,
        name: &str,
        at: usize,
    ) -> Result<usize, MappingError> {
        if !self.header && (name.starts_with('0') || name.parse::<u16>().is_err()) {
            return Err(section.error(
                key,
                at,
                format!(
                    "`{name}` is not the number of a column; without a header columns are called \"1\", \"2\", ..."
                ),
            ));
        }
        if let Some(slot) = self.list.iter().position(|column| column.name == name) {
            return Ok(slot);
        }
        let line = section.document.line(at);
        self.list.push(Column {
            name: name.to_owned(),
            key: section.dotted(key),
            line,
        });
        Ok(self.list.len() - 1)
    }
}

fn read_table(read: &Section<'_>) -> Result<Read, MappingError> {
    read.only(&["format", "delimiter", "header", "encoding"])?;
    let Some(format) = read.choice("format", &FORMATS)? else {
        return Err(read.missing("format", "write csv, json, jsonl or columns"));
    };
    for (key, fits) in [
        ("delimiter", format == Format::Csv),
        ("header", format == Format::Csv),
        ("encoding", matches!(format, Format::Csv | Format::Jsonl)),
    ] {
        if let Some(at) = read.position(key)
            && !fits
        {
            return Err(read.error(key, at, "has no meaning in this format; remove it"));
        }
    }
    let delimiter = match read.text("delimiter")? {
        None => b',',
        Some((text, at)) => match text.as_bytes() {
            [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => *byte,
            _ => {
                let message =
                    "must be one ASCII character, such as \",\", \";\" or \"\\t\", and no quote or line end";
                return Err(read.error("delimiter", at, message));
            }
        },
    };
    Ok(Read {
        format,
        delimiter,
        header: read.boolean("header")?.is_none_or(|(value, _)| value),
        encoding: read.choice("encoding", &ENCODINGS)?.unwrap_or(Encoding::Utf8),
    })
}

fn keep_tables(root: &Section<'_>, columns: &mut Columns) -> Result<Vec<Keep>, MappingError> {
    let Some(value) = root.table.get("keep") else {
        return Ok(Vec::new());
    };
    let DeValue::Array(tables) = value.get_ref() else {
        return Err(root.error(
            "keep",
            value.span().start,
            "must be written as [[keep]], once for each condition",
        ));
    };
    tables
        .iter()
        .enumerate()
        .map(|(index, table)| keep_table(root, index, table, columns))
        .collect()
}

fn keep_table(
    root: &Section<'_>,
    index: usize,
    value: &Spanned<DeValue<'_>>,
    columns: &mut Columns,
) -> Result<Keep, MappingError> {
    let keep = root.table_of(&format!("keep[{}]", index + 1), value)?;
    keep.only(&["column", "starts_with", "equals", "not_equals", "contains"])?;
    let Some((column, at)) = keep.text("column")? else {
        return Err(keep.missing("column", "name the column that is looked at"));
    };
    let given: Vec<_> = TESTS
        .iter()
        .filter(|(name, _)| keep.position(name).is_some())
        .collect();
    let [(name, test)] = given[..] else {
        let message = if given.is_empty() {
            "has no condition; give one of starts_with, equals, not_equals, contains".to_owned()
        } else {
            format!(
                "has both `{}` and `{}`; write one [[keep]] for each",
                given[0].0, given[1].0
            )
        };
        return Err(keep.error("", keep.at, message));
    };
    let (values, values_at) = keep.texts(name)?.expect("its position was found above");
    if values.is_empty() {
        return Err(keep.error(name, values_at, "lists nothing, so no row could be judged by it"));
    }
    if matches!(test, Test::StartsWith | Test::Contains) && values.iter().any(String::is_empty) {
        return Err(keep.error(
            name,
            values_at,
            "lists an empty text, which every cell has; remove it",
        ));
    }
    Ok(Keep {
        slot: columns.slot(&keep, "column", &column, at)?,
        test: *test,
        values,
    })
}

#[cfg(test)]
mod tests;
