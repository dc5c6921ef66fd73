//! Files as lines of bytes: gzip and zstd opened by themselves, any line end, no line without a limit.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::{Encoding, MappingError};

/// The longest row that is read. Real rows have some hundred bytes; what is longer is a quote that was never closed.
pub(super) const MAX_ROW: usize = 1 << 20;
const BUFFER: usize = 1 << 18;

/// Why a file cannot be read, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not even opened.
    #[error("cannot open {file}: {source}")]
    Open { file: String, source: io::Error },
    /// Stopped in the middle: the disk, a cut archive, an array without its end.
    #[error("cannot read {file} after line {line}: {source}")]
    Read {
        file: String,
        line: u64,
        source: io::Error,
    },
    /// Not the kind of file that the mapping says.
    #[error("{file}: {detail}")]
    Shape { file: String, detail: String },
    /// The mapping names a column that the file does not have, or has twice.
    #[error(transparent)]
    Column(Box<MappingError>),
}

/// Opens a file and unpacks it as it is read.
pub(super) fn open(path: &Path) -> Result<(String, Box<dyn BufRead + Send>), ReadError> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|source| ReadError::Open {
        file: name.clone(),
        source,
    })?;
    let input = unpack(Box::new(BufReader::with_capacity(BUFFER, file)), &name)?;
    Ok((name, input))
}

/// Puts a decoder before bytes that begin like gzip or zstd. The name's ending is not asked: browsers unpack downloads
/// and keep the name.
pub(super) fn unpack(
    mut input: Box<dyn BufRead + Send>,
    name: &str,
) -> Result<Box<dyn BufRead + Send>, ReadError> {
    let fail = |source| ReadError::Read {
        file: name.to_owned(),
        line: 0,
        source,
    };
    let begin = input.fill_buf().map_err(fail)?;
    let shape = |detail: &str| ReadError::Shape {
        file: name.to_owned(),
        detail: detail.to_owned(),
    };
    if begin.is_empty() {
        return Err(shape("is empty"));
    }
    if begin.starts_with(&[0x1f, 0x8b]) {
        let decoder = flate2::bufread::MultiGzDecoder::new(input);
        return Ok(Box::new(BufReader::with_capacity(BUFFER, decoder)));
    }
    if begin.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let decoder = zstd::stream::read::Decoder::with_buffer(input).map_err(fail)?;
        return Ok(Box::new(BufReader::with_capacity(BUFFER, decoder)));
    }
    if begin.starts_with(b"PK\x03\x04") {
        return Err(shape(
            "is a zip archive or a spreadsheet; unpack it, or save it as CSV",
        ));
    }
    Ok(input)
}

/// Skips a UTF-8 byte order mark and refuses those of other encodings.
pub(super) fn skip_mark(input: &mut dyn BufRead, name: &str, encoding: Encoding) -> Result<(), ReadError> {
    let fail = |source| ReadError::Read {
        file: name.to_owned(),
        line: 0,
        source,
    };
    let shape = |detail: &str| ReadError::Shape {
        file: name.to_owned(),
        detail: detail.to_owned(),
    };
    let begin = input.fill_buf().map_err(fail)?;
    if begin.is_empty() {
        return Err(shape("is empty"));
    }
    if begin.starts_with(&[0xef, 0xbb, 0xbf]) {
        if encoding != Encoding::Utf8 {
            return Err(shape(
                "begins with the mark of UTF-8, and the mapping's `read.encoding` says otherwise",
            ));
        }
        input.consume(3);
    } else if begin.starts_with(&[0xff, 0xfe]) || begin.starts_with(&[0xfe, 0xff]) {
        return Err(shape("is UTF-16; convert it to UTF-8"));
    }
    Ok(())
}

/// A file line by line.
pub(super) struct Lines {
    input: Box<dyn BufRead + Send>,
    /// The last line ended in a carriage return; a line feed right after it belongs to it.
    after_return: bool,
    /// Lines read.
    pub(super) count: u64,
}

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Read,
    /// Longer than [`MAX_ROW`]; its rest is skipped.
    TooLong,
    End,
}

impl Lines {
    pub(super) fn new(input: Box<dyn BufRead + Send>) -> Self {
        Self {
            input,
            after_return: false,
            count: 0,
        }
    }

    /// Reads one line without its end (LF, CR LF or CR) into `line`.
    pub(super) fn next(&mut self, line: &mut Vec<u8>) -> io::Result<Line> {
        line.clear();
        let mut too_long = false;
        let mut any = false;
        loop {
            let bytes = match self.input.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if bytes.is_empty() {
                break;
            }
            if std::mem::take(&mut self.after_return) && bytes[0] == b'\n' {
                self.input.consume(1);
                continue;
            }
            any = true;
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let part = &bytes[..end.unwrap_or(bytes.len())];
            if line.len() + part.len() > MAX_ROW {
                too_long = true;
            } else if !too_long {
                line.extend_from_slice(part);
            }
            self.after_return = end.is_some_and(|end| bytes[end] == b'\r');
            let used = part.len() + usize::from(end.is_some());
            self.input.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(Line::End);
        }
        self.count += 1;
        Ok(if too_long { Line::TooLong } else { Line::Read })
    }
}

impl Encoding {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Gbk => "GBK",
            Self::Latin1 => "Latin-1",
        }
    }

    /// Appends `bytes` as UTF-8; false where they are not text of this encoding.
    pub(super) fn decode(self, bytes: &[u8], text: &mut String) -> bool {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes)
                .map(|decoded| text.push_str(decoded))
                .is_ok(),
            Self::Gbk => encoding_rs::GBK
                .decode_without_bom_handling_and_without_replacement(bytes)
                .map(|decoded| text.push_str(&decoded))
                .is_some(),
            Self::Latin1 => {
                text.extend(bytes.iter().map(|byte| char::from(*byte)));
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time, as the worst reader may.
    struct Drip(Vec<u8>, usize);

    impl io::Read for Drip {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some(byte) = self.0.get(self.1) else {
                return Ok(0);
            };
            buffer[0] = *byte;
            self.1 += 1;
            Ok(1)
        }
    }

    fn lines(text: &[u8]) -> Vec<Option<String>> {
        let mut lines = Lines::new(Box::new(BufReader::new(Drip(text.to_vec(), 0))));
        let mut line = Vec::new();
        let mut all = Vec::new();
        loop {
            match lines.next(&mut line).unwrap() {
                Line::End => return all,
                Line::TooLong => all.push(None),
                Line::Read => all.push(Some(String::from_utf8(line.clone()).unwrap())),
            }
        }
    }

    #[test]
    fn every_line_end_ends_one_line() {
        let all: Vec<_> = ["a", "b", "", "c", "", "d"]
            .iter()
            .map(|line| Some((*line).to_owned()))
            .collect();
        assert_eq!(lines(b"a\nb\r\n\r\nc\r\rd"), all);
        assert_eq!(lines(b"a\nb\n\nc\n\nd\n"), all);
        assert_eq!(lines(b""), []);
    }

    #[test]
    fn a_line_beyond_the_limit_is_skipped_and_the_next_is_read() {
        let mut text = vec![b'x'; MAX_ROW + 1];
        text.extend_from_slice(b"\nnext");
        assert_eq!(lines(&text), [None, Some("next".to_owned())]);
    }

    #[test]
    fn bytes_that_are_not_text_of_the_encoding_are_refused() {
        let decode = |encoding: Encoding, bytes: &[u8]| {
            let mut text = String::new();
            encoding.decode(bytes, &mut text).then_some(text)
        };
        assert_eq!(
            decode(Encoding::Gbk, b"\xcf\xe6K12345").as_deref(),
            Some("湘K12345")
        );
        assert_eq!(decode(Encoding::Gbk, b"\xcf"), None);
        assert_eq!(
            decode(Encoding::Latin1, b"caf\xe9 \x80").as_deref(),
            Some("café \u{80}")
        );
        assert_eq!(decode(Encoding::Utf8, "湘".as_bytes()).as_deref(), Some("湘"));
        assert_eq!(decode(Encoding::Utf8, b"\xcf\xe6"), None);
    }
}
