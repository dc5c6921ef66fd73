//! Rows of JSON: the objects of one array, or one object a line. An array is cut into its elements as it is read, so
//! that a file of any size needs the memory of its largest element.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead};

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::cells::{Cells, hash};
use super::csv::Step;
use super::input::{Line, Lines, MAX_ROW};
use super::{Column, Encoding};

/// The rows of a JSON array or of JSON lines.
pub(super) struct JsonRows {
    feed: Feed,
    /// Names of the columns that the mapping asks for, by slot.
    names: Vec<String>,
    raw: Vec<u8>,
    text: String,
    /// Line of the row at hand in JSON lines, number of the element in an array, from 1.
    pub(super) at: u64,
}

enum Feed {
    Array(Elements),
    Lines(Lines, Encoding),
}

impl JsonRows {
    pub(super) fn array(input: Box<dyn BufRead + Send>, columns: &[Column]) -> Self {
        Self::new(
            Feed::Array(Elements {
                input,
                state: State::Before,
            }),
            columns,
        )
    }

    pub(super) fn lines(lines: Lines, encoding: Encoding, columns: &[Column]) -> Self {
        Self::new(Feed::Lines(lines, encoding), columns)
    }

    fn new(feed: Feed, columns: &[Column]) -> Self {
        let names = columns.iter().map(|column| column.name.clone()).collect();
        Self {
            feed,
            names,
            raw: Vec::new(),
            text: String::new(),
            at: 0,
        }
    }

    /// Reads the next row.
    pub(super) fn next(&mut self, cells: &mut Cells) -> io::Result<Step> {
        loop {
            let (line, encoding) = match &mut self.feed {
                Feed::Array(elements) => {
                    self.at += 1;
                    (elements.next(&mut self.raw)?, Encoding::Utf8)
                }
                Feed::Lines(lines, encoding) => {
                    let line = lines.next(&mut self.raw)?;
                    self.at = lines.count;
                    (line, *encoding)
                }
            };
            match line {
                Line::End => return Ok(Step::End),
                Line::TooLong => return Ok(Step::Broken(format!("is longer than {MAX_ROW} bytes"))),
                Line::Read if self.raw.trim_ascii().is_empty() => {}
                Line::Read => return Ok(self.row(encoding, cells)),
            }
        }
    }

    /// The hash of the row at hand.
    pub(super) fn hash(&self) -> String {
        hash_of_object(&self.text)
    }

    fn row(&mut self, encoding: Encoding, cells: &mut Cells) -> Step {
        self.text.clear();
        if !encoding.decode(&self.raw, &mut self.text) {
            return Step::Broken(format!("is not {}", encoding.name()));
        }
        cells.clear();
        cells.ranges.resize(self.names.len(), 0..0);
        let mut parser = serde_json::Deserializer::from_str(&self.text);
        let read = Object {
            names: &self.names,
            cells,
        }
        .deserialize(&mut parser)
        .and_then(|()| parser.end());
        match read {
            Ok(()) => Step::Row,
            // The position is enough; the message of the parser may quote the text.
            Err(error) if error.is_data() => {
                Step::Broken("is not an object with each member once".to_owned())
            }
            Err(error) => Step::Broken(format!("is not JSON after character {}", error.column())),
        }
    }
}

/// The name of a member, borrowed where it has no escapes.
#[derive(serde::Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// Takes the members that the mapping asks for.
struct Object<'a> {
    names: &'a [String],
    cells: &'a mut Cells,
}

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut seen = vec![false; self.names.len()];
        while let Some(Name(name)) = members.next_key()? {
            let value: &RawValue = members.next_value()?;
            let Some(slot) = self.names.iter().position(|wanted| *wanted == name) else {
                continue;
            };
            if std::mem::replace(&mut seen[slot], true) {
                return Err(serde::de::Error::custom("a member stands twice"));
            }
            let begin = self.cells.text.len();
            push_value(value.get(), &mut self.cells.text);
            self.cells.ranges[slot] = begin..self.cells.text.len();
        }
        Ok(())
    }
}

/// Appends a JSON value as the text of a cell: a string's own text, nothing for null, all else as it stands.
pub(super) fn push_value(raw: &str, text: &mut String) {
    match raw.as_bytes().first() {
        Some(b'"') if !raw.contains('\\') => text.push_str(&raw[1..raw.len() - 1]),
        Some(b'"') => text.push_str(&serde_json::from_str::<String>(raw).unwrap_or_default()),
        Some(b'n') => {}
        _ => text.push_str(raw),
    }
}

/// The hash of names and values in the order of the names' bytes, without nulls.
pub(super) fn hash_members<'a>(members: BTreeMap<Cow<'a, str>, &'a str>) -> String {
    let mut texts = Vec::with_capacity(members.len() * 2);
    for (name, raw) in members {
        if raw != "null" {
            let mut value = String::new();
            push_value(raw, &mut value);
            texts.push(name.into_owned());
            texts.push(value);
        }
    }
    hash(texts.iter().map(String::as_str))
}

fn hash_of_object(text: &str) -> String {
    let mut parser = serde_json::Deserializer::from_str(text);
    let members = BTreeMap::<Name<'_>, &RawValue>::deserialize(&mut parser).expect("the row was read before");
    hash_members(
        members
            .into_iter()
            .map(|(name, value)| (name.0, value.get()))
            .collect(),
    )
}

/// Cuts an array into its elements.
struct Elements {
    input: Box<dyn BufRead + Send>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Before,
    Within,
    After,
}

impl Elements {
    /// Reads one element without the comma after it. A file that ends before its array does is an error: it was cut.
    fn next(&mut self, element: &mut Vec<u8>) -> io::Result<Line> {
        element.clear();
        if self.state == State::Before {
            self.begin()?;
        }
        if self.state == State::After {
            return Ok(Line::End);
        }
        let mut scan = Scan::default();
        let mut too_long = false;
        loop {
            let bytes = fill(&mut *self.input)?;
            if bytes.is_empty() {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the array is not closed; the file was cut",
                ));
            }
            let end = bytes.iter().position(|byte| scan.ends(*byte));
            let part = &bytes[..end.unwrap_or(bytes.len())];
            too_long |= element.len() + part.len() > MAX_ROW;
            if !too_long {
                element.extend_from_slice(part);
            }
            let last = end.is_some_and(|end| bytes[end] == b']');
            let used = part.len() + usize::from(end.is_some());
            self.input.consume(used);
            if end.is_some() {
                if last {
                    self.state = State::After;
                    self.only_blanks_follow()?;
                }
                break;
            }
        }
        if self.state == State::After && element.trim_ascii().is_empty() {
            return Ok(Line::End);
        }
        Ok(if too_long { Line::TooLong } else { Line::Read })
    }

    fn begin(&mut self) -> io::Result<()> {
        match self.first_visible()? {
            Some(b'[') => {
                self.input.consume(1);
                self.state = State::Within;
                Ok(())
            }
            _ => Err(invalid(
                "is not a JSON array; one object a line is the format jsonl",
            )),
        }
    }

    fn only_blanks_follow(&mut self) -> io::Result<()> {
        match self.first_visible()? {
            None => Ok(()),
            Some(_) => Err(invalid("goes on after the array's end")),
        }
    }

    fn first_visible(&mut self) -> io::Result<Option<u8>> {
        loop {
            let bytes = fill(&mut *self.input)?;
            if bytes.is_empty() {
                return Ok(None);
            }
            let visible = bytes.iter().position(|byte| !byte.is_ascii_whitespace());
            let found = visible.map(|at| bytes[at]);
            let used = visible.unwrap_or(bytes.len());
            self.input.consume(used);
            if found.is_some() {
                return Ok(found);
            }
        }
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn fill(input: &mut dyn BufRead) -> io::Result<&[u8]> {
    loop {
        match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(_) => break,
        }
    }
    input.fill_buf()
}

/// Follows strings and brackets, so that a comma within an element is not taken for the one after it.
#[derive(Default)]
struct Scan {
    depth: u32,
    in_string: bool,
    escaped: bool,
}

impl Scan {
    /// Whether `byte` ends the element: a comma or bracket of the array itself.
    fn ends(&mut self, byte: u8) -> bool {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' if self.depth > 0 => self.depth -= 1,
            b',' | b']' if self.depth == 0 => return true,
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests;
