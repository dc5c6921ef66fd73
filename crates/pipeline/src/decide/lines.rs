//! The lines of a file, read on all workers: each takes one piece of the file and keeps its order.

use std::io::BufRead as _;

use engine::route::{self, Home};
use engine::rules::Rules;
use engine::time::Timestamp;
use formats::event::{self, Decoded, Known, Rejected};

/// A line that is not blank.
pub(super) struct Line {
    /// From 1, in its piece.
    pub(super) number: u64,
    /// The fact and where it lives, or why there is none.
    pub(super) read: Result<(Decoded, Home), Rejected>,
}

/// What a piece of a file holds.
#[derive(Default)]
pub(super) struct Piece {
    /// How many lines, blank ones too.
    pub(super) length: u64,
    /// Those that are not blank, in order.
    pub(super) lines: Vec<Line>,
    /// The largest known of its facts.
    pub(super) latest: Option<Timestamp>,
}

/// Reads a file in pieces, one for each worker.
pub(super) fn read(rules: &Rules, input: &[u8], workers: usize) -> Vec<Piece> {
    std::thread::scope(|scope| {
        let pieces: Vec<_> = cut(input, workers)
            .into_iter()
            .map(|piece| scope.spawn(move || read_piece(rules, piece)))
            .collect();
        pieces
            .into_iter()
            .map(|piece| piece.join().expect("decoding is total"))
            .collect()
    })
}

/// Cuts after ends of lines, into at most `count` pieces of about one size.
fn cut(mut input: &[u8], count: usize) -> Vec<&[u8]> {
    let share = input.len().div_ceil(count.max(1));
    let mut pieces = Vec::with_capacity(count);
    while !input.is_empty() {
        let (head, tail) = input.split_at(share.min(input.len()));
        let (piece, rest) = input.split_at(head.len() + line_length(tail));
        pieces.push(piece);
        input = rest;
    }
    pieces
}

/// Bytes up to the end of the first line, that included.
fn line_length(mut text: &[u8]) -> usize {
    text.skip_until(b'\n').expect("reading from memory cannot fail")
}

fn read_piece(rules: &Rules, mut input: &[u8]) -> Piece {
    let mut piece = Piece::default();
    while !input.is_empty() {
        let (line, rest) = input.split_at(line_length(input));
        input = rest;
        piece.length += 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let read = event::decode(line, Known::FromTime, 0).map(|decoded| {
            piece.latest = piece.latest.max(Some(decoded.fact.known));
            let home = route::home(rules, &decoded.fact.id, &decoded.fact.body);
            (decoded, home)
        });
        piece.lines.push(Line {
            number: piece.length,
            read,
        });
    }
    piece
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_whole_lines_and_together_the_file() {
        let file = b"one\n\ntwo two\nthree\n\n\nfour";
        for end in 0..=file.len() {
            let file = &file[..end];
            for count in 1..9 {
                let pieces = cut(file, count);
                assert_eq!(pieces.concat(), file);
                assert!(pieces.len() <= count);
                let whole = |piece: &&[u8]| piece.ends_with(b"\n");
                assert!(pieces.iter().rev().skip(1).all(whole), "{count}");
            }
        }
    }
}
