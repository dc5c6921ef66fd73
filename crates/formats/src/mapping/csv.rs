//! Separated values, row by row.
//!
//! Written here rather than taken from a library because of one promise: a broken row costs itself and nothing else. A
//! quote that is never closed makes an ordinary reader swallow the rest of the file, in memory, as one cell. Here the
//! row it stands in is reported, and reading goes on with the very next line.

use std::collections::VecDeque;
use std::io;

use super::cells::Cells;
use super::input::{Line, Lines, MAX_ROW};
use super::{Encoding, Read};

const UNCLOSED: &str = "has a quote that is not closed";

/// What came of reading a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Row,
    /// No row, and why.
    Broken(String),
    End,
}

/// The rows of a file of separated values.
pub(super) struct CsvRows {
    lines: Lines,
    delimiter: u8,
    encoding: Encoding,
    /// Cells in every row: as many as the first has.
    width: Option<usize>,
    /// Rows that were read to learn the width.
    peeked: VecDeque<(u64, Step, Cells)>,
    /// Lines that were read beyond a broken row, with their numbers; none for one that was too long to keep.
    ahead: VecDeque<(u64, Option<Vec<u8>>)>,
    /// The lines of the row at hand, in case it turns out broken after all; empty while it has only one.
    behind: Vec<(u64, Option<Vec<u8>>)>,
    line: Vec<u8>,
    decoded: String,
    /// Line of the row at hand, from 1.
    pub(super) at: u64,
}

impl CsvRows {
    pub(super) fn new(lines: Lines, read: &Read) -> Self {
        Self {
            lines,
            delimiter: read.delimiter,
            encoding: read.encoding,
            width: None,
            peeked: VecDeque::new(),
            ahead: VecDeque::new(),
            behind: Vec::new(),
            line: Vec::new(),
            decoded: String::new(),
            at: 0,
        }
    }

    /// Reads the next row that is not a blank line.
    pub(super) fn next(&mut self, cells: &mut Cells) -> io::Result<Step> {
        if let Some((at, step, peeked)) = self.peeked.pop_front() {
            self.at = at;
            (cells.text, cells.ranges) = (peeked.text, peeked.ranges);
            return Ok(step);
        }
        self.read(cells)
    }

    fn read(&mut self, cells: &mut Cells) -> io::Result<Step> {
        loop {
            let (number, line) = self.next_line()?;
            self.at = number;
            match line {
                Line::End => return Ok(Step::End),
                Line::TooLong => return Ok(Step::Broken(format!("is longer than {MAX_ROW} bytes"))),
                Line::Read if self.line.is_empty() => {}
                Line::Read => return self.row(cells, number),
            }
        }
    }

    /// How many cells the first row has that can be read; that row and what came before it are still to be given out.
    pub(super) fn peek_width(&mut self) -> io::Result<Option<usize>> {
        while self.width.is_none() {
            let mut cells = Cells::default();
            let step = self.read(&mut cells)?;
            if step == Step::End {
                break;
            }
            self.peeked.push_back((self.at, step, cells));
        }
        Ok(self.width)
    }

    fn next_line(&mut self) -> io::Result<(u64, Line)> {
        if let Some((number, line)) = self.ahead.pop_front() {
            let read = if line.is_some() { Line::Read } else { Line::TooLong };
            self.line = line.unwrap_or_default();
            return Ok((number, read));
        }
        let line = self.lines.next(&mut self.line)?;
        Ok((self.lines.count, line))
    }

    /// Reads a row that begins with `self.line` and goes on over as many lines as its quotes ask for.
    fn row(&mut self, cells: &mut Cells, first: u64) -> io::Result<Step> {
        cells.clear();
        self.behind.clear();
        let mut number = first;
        let mut size = 0;
        let mut splitter = Splitter {
            delimiter: self.delimiter,
            open: false,
        };
        let problem = loop {
            self.decoded.clear();
            if !self.encoding.decode(&self.line, &mut self.decoded) {
                break Some(format!("is not {}", self.encoding.name()));
            }
            match splitter.line(&self.decoded, cells) {
                Err(why) => break Some(why.to_owned()),
                Ok(true) => break self.wrong_width(cells),
                Ok(false) => {}
            }
            size += self.line.len();
            self.remember(number);
            let (next, line) = self.next_line()?;
            if line == Line::End {
                break Some(UNCLOSED.to_owned());
            }
            number = next;
            if line == Line::TooLong || size > MAX_ROW {
                let kept = (line == Line::Read).then(|| std::mem::take(&mut self.line));
                self.behind.push((number, kept));
                break Some(UNCLOSED.to_owned());
            }
        };
        let Some(problem) = problem else {
            return Ok(Step::Row);
        };
        if !self.behind.is_empty() {
            if self.behind.last().is_some_and(|(last, _)| *last != number) {
                self.remember(number);
            }
            // All lines of the row but its first are read again as rows of their own.
            self.behind
                .drain(1..)
                .rev()
                .for_each(|line| self.ahead.push_front(line));
        }
        Ok(Step::Broken(problem))
    }

    fn remember(&mut self, number: u64) {
        self.behind.push((number, Some(std::mem::take(&mut self.line))));
    }

    fn wrong_width(&mut self, cells: &Cells) -> Option<String> {
        let found = cells.ranges.len();
        let expected = *self.width.get_or_insert(found);
        (found != expected).then(|| format!("has {found} cells where the first row has {expected}"))
    }
}

/// Cuts lines into cells.
struct Splitter {
    delimiter: u8,
    /// Whether the line before ended within quotes.
    open: bool,
}

impl Splitter {
    /// Adds a line's cells; false when its last cell goes on in the next line.
    fn line(&mut self, line: &str, cells: &mut Cells) -> Result<bool, &'static str> {
        if !self.open && !line.as_bytes().contains(&b'"') {
            self.plain(line, cells);
            return Ok(true);
        }
        let mut rest = line;
        loop {
            let more = if self.open || rest.starts_with('"') {
                self.quoted(rest, cells)?
            } else {
                self.bare(rest, cells)
            };
            match more {
                Some(after) => rest = after,
                None => return Ok(!self.open),
            }
        }
    }

    /// A line without a quote: the usual one.
    fn plain(&self, line: &str, cells: &mut Cells) {
        let base = cells.text.len();
        cells.text.push_str(line);
        let mut begin = base;
        for (at, byte) in line.bytes().enumerate() {
            if byte == self.delimiter {
                cells.ranges.push(begin..base + at);
                begin = base + at + 1;
            }
        }
        cells.ranges.push(begin..cells.text.len());
    }

    /// One cell without quotes around it; gives what follows its delimiter.
    fn bare<'a>(&self, rest: &'a str, cells: &mut Cells) -> Option<&'a str> {
        let end = rest.bytes().position(|byte| byte == self.delimiter);
        let begin = cells.text.len();
        cells.text.push_str(&rest[..end.unwrap_or(rest.len())]);
        cells.ranges.push(begin..cells.text.len());
        end.map(|end| &rest[end + 1..])
    }

    /// One cell in quotes, or what the next line has of it.
    fn quoted<'a>(&mut self, rest: &'a str, cells: &mut Cells) -> Result<Option<&'a str>, &'static str> {
        let mut rest = if self.open {
            cells.text.push('\n');
            rest
        } else {
            let begin = cells.text.len();
            cells.ranges.push(begin..begin);
            &rest[1..]
        };
        self.open = true;
        while let Some(quote) = rest.find('"') {
            cells.text.push_str(&rest[..quote]);
            rest = &rest[quote + 1..];
            if let Some(after) = rest.strip_prefix('"') {
                cells.text.push('"');
                rest = after;
                continue;
            }
            self.open = false;
            end_cell(cells);
            return match rest.as_bytes().first() {
                None => Ok(None),
                Some(byte) if *byte == self.delimiter => Ok(Some(&rest[1..])),
                Some(_) => Err("has text after a closing quote"),
            };
        }
        cells.text.push_str(rest);
        end_cell(cells);
        Ok(None)
    }
}

fn end_cell(cells: &mut Cells) {
    let end = cells.text.len();
    cells.ranges.last_mut().expect("the cell was begun").end = end;
}

#[cfg(test)]
mod tests;
