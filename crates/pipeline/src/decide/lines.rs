//! The lines of a file, read on all cores in pieces that keep their order.

use std::hash::BuildHasher as _;
use std::io::{self, BufRead as _, Read};

use engine::route::{self, Home};
use engine::rules::Rules;
use engine::time::Timestamp;
use foldhash::fast::FixedState;
use formats::event::{self, Decoded, Known};
use rayon::prelude::*;

use super::BadLine;

/// A readable line.
pub(super) struct Line {
    /// From 1 in its piece; [`read`] adds what stands before that.
    pub(super) number: u64,
    pub(super) decoded: Decoded,
    pub(super) home: Home,
    /// A hash of the fact's id.
    pub(super) id: u64,
}

/// What a piece of a file holds.
#[derive(Default)]
pub(super) struct Piece {
    /// How many lines, blank ones too.
    length: u64,
    /// How many lines are not blank.
    pub(super) count: u64,
    /// Facts that live in ledgers of their own plates, by shard, in order.
    pub(super) shards: Vec<Vec<Line>>,
    /// All other facts, in order.
    pub(super) rest: Vec<Line>,
    pub(super) bad: Vec<BadLine>,
    /// The largest known of its facts.
    pub(super) latest: Option<Timestamp>,
}

/// Bytes of a piece: some thousand lines.
const PIECE: usize = 1 << 20;
/// So many lines of a piece fall into a shard that its list need not grow.
const ROOM: usize = 64;

/// Reads a file. What lives in one ledger stands in one of `shards` shards.
pub(super) fn read(rules: &Rules, input: impl Read + Send, shards: usize) -> io::Result<Vec<Piece>> {
    let texts = Texts {
        input,
        number: 0,
        rest: Vec::new(),
        is_over: false,
    };
    let read = texts.par_bridge().map(|text| {
        let (number, text) = text?;
        Ok((number, read_piece(rules, &text, shards)))
    });
    let mut pieces: Vec<(usize, Piece)> = read.collect::<io::Result<_>>()?;
    pieces.sort_unstable_by_key(|(number, _)| *number);
    let mut pieces: Vec<Piece> = pieces.into_iter().map(|(_, piece)| piece).collect();
    let mut before = 0;
    for piece in &mut pieces {
        let lines = piece.shards.iter_mut().flatten().chain(&mut piece.rest);
        lines.for_each(|line| line.number += before);
        piece.bad.iter_mut().for_each(|bad| bad.line += before);
        before += piece.length;
    }
    Ok(pieces)
}

/// The texts of the pieces, cut after ends of lines, with their numbers.
struct Texts<R> {
    input: R,
    number: usize,
    /// The beginning of the next piece.
    rest: Vec<u8>,
    is_over: bool,
}

impl<R: Read> Texts<R> {
    fn next_text(&mut self) -> io::Result<Vec<u8>> {
        let mut text = Vec::with_capacity(PIECE + self.rest.len());
        text.append(&mut self.rest);
        while !self.is_over {
            let read = self.input.by_ref().take(PIECE as u64).read_to_end(&mut text)?;
            self.is_over = read < PIECE;
            if let Some(end) = text
                .iter()
                .rposition(|byte| *byte == b'\n')
                .filter(|_| !self.is_over)
            {
                self.rest = text.split_off(end + 1);
                break;
            }
        }
        Ok(text)
    }
}

impl<R: Read> Iterator for Texts<R> {
    type Item = io::Result<(usize, Vec<u8>)>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.next_text() {
            Ok(text) if text.is_empty() => None,
            Ok(text) => {
                self.number += 1;
                Some(Ok((self.number, text)))
            }
            Err(error) => {
                self.is_over = true;
                self.rest.clear();
                Some(Err(error))
            }
        }
    }
}

/// Which shard a ledger is in.
pub(super) fn shard_of(key: &str, shards: usize) -> usize {
    (hash(key) % shards as u64) as usize
}

/// The same for equal texts.
pub(super) fn hash(text: &str) -> u64 {
    FixedState::default().hash_one(text)
}

/// Bytes up to the end of the first line, that included.
fn line_length(mut text: &[u8]) -> usize {
    text.skip_until(b'\n').expect("reading from memory cannot fail")
}

fn read_piece(rules: &Rules, mut input: &[u8], shards: usize) -> Piece {
    let mut piece = Piece::default();
    piece.shards.resize_with(shards, || Vec::with_capacity(ROOM));
    while !input.is_empty() {
        let (line, rest) = input.split_at(line_length(input));
        input = rest;
        piece.length += 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        piece.count += 1;
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        match event::decode(line, Known::FromTime, 0) {
            Ok(decoded) => {
                piece.latest = piece.latest.max(Some(decoded.fact.known));
                let home = route::home(rules, &decoded.fact.id, &decoded.fact.body);
                let place = match &home {
                    Home::Ledger(key) => &mut piece.shards[shard_of(key, shards)],
                    Home::With(_) | Home::Nowhere => &mut piece.rest,
                };
                place.push(Line {
                    number: piece.length,
                    id: hash(decoded.fact.id.as_str()),
                    decoded,
                    home,
                });
            }
            Err(rejected) => piece.bad.push(BadLine {
                line: piece.length,
                rejected,
            }),
        }
    }
    piece
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(input: impl Read) -> Vec<Vec<u8>> {
        let texts = Texts {
            input,
            number: 0,
            rest: Vec::new(),
            is_over: false,
        };
        texts.map(|text| text.unwrap().1).collect()
    }

    #[test]
    fn pieces_are_whole_lines_and_together_the_file() {
        let line = |length: usize| [vec![b'x'; length], vec![b'\n']].concat();
        for lengths in [
            vec![],
            vec![0],
            vec![10; 5],
            vec![PIECE - 1, 5],
            vec![PIECE, 5],
            vec![5, PIECE * 3, 5, PIECE / 2, PIECE / 2, 0],
            vec![1000; 4000],
        ] {
            let file = lengths
                .iter()
                .flat_map(|length| line(*length))
                .collect::<Vec<_>>();
            for end in [file.len(), file.len().saturating_sub(1)] {
                let texts = texts(&file[..end]);
                assert!(texts.concat() == file[..end]);
                let whole = |text: &Vec<u8>| text.ends_with(b"\n");
                assert!(texts.iter().rev().skip(1).all(whole));
            }
        }
    }

    #[test]
    fn a_file_that_breaks_off_is_an_error_once() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::UnexpectedEof.into())
            }
        }
        let texts = Texts {
            input: b"one\ntwo".chain(Broken),
            number: 0,
            rest: Vec::new(),
            is_over: false,
        };
        let results: Vec<bool> = texts.map(|text| text.is_ok()).collect();
        assert_eq!(results, [false]);
    }
}
