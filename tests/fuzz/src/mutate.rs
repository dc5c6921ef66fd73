//! From valid samples to inputs that are nearly valid, quite wrong, or noise.
//!
//! Most of what breaks a parser is a sample with a few things wrong, so that is what most inputs are: texts and numbers
//! are replaced whole as often as bytes are flipped.

use crate::dice::Dice;

/// Tokens that have broken parsers before, whatever the format.
const NASTY: &[&[u8]] = &[
    b"",
    b"\0",
    b"\xff",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    "\u{202e}".as_bytes(),
    "\u{2028}".as_bytes(),
    "K\u{0301}\u{0301}\u{0301}".as_bytes(),
    "\u{ff2b}\u{ff11}".as_bytes(),
    "ß\u{1e9e}İı".as_bytes(),
    b"\\u0000",
    b"\\ud800",
    b"\\udc00\\ud800",
    b"\\",
    b"\"",
    b"'",
    b"null",
    b"true",
    b"NaN",
    b"-Infinity",
    b"[]",
    b"{}",
    b"\r",
    b"\n",
    b"\r\n",
    b"\t",
    b"#",
    b"/",
    b"%00",
    b"%s%n",
    b"../../etc/passwd",
    b"' OR 1=1 --",
    b"<script>",
];

/// Numbers at the edges of what types hold.
const NUMBERS: &[&[u8]] = &[
    b"0",
    b"-0",
    b"-1",
    b"1",
    b"00",
    b"1.",
    b".5",
    b"1e999",
    b"-1e999",
    b"1e-999",
    b"4.9e-324",
    b"0.1e+1",
    b"127",
    b"128",
    b"255",
    b"256",
    b"32768",
    b"65536",
    b"2147483647",
    b"2147483648",
    b"-2147483649",
    b"4294967295",
    b"4294967296",
    b"9007199254740993",
    b"9223372036854775807",
    b"9223372036854775808",
    b"-9223372036854775808",
    b"-9223372036854775809",
    b"18446744073709551615",
    b"18446744073709551616",
    b"340282366920938463463374607431768211456",
    b"253402300799",
    b"253402300800",
    b"-62135596801",
    b"0x7f",
    b"1_000",
    b"99999999999999999999999999999999999999999999999999999999999999999999999999",
];

/// Samples, words of the format, and how long an input may become.
pub struct Mutator<'c> {
    /// Valid inputs.
    pub corpus: &'c [Vec<u8>],
    /// Words of the format.
    pub words: &'c [&'c str],
    /// Longest input, but for the few that are long on purpose.
    pub longest: usize,
}

impl Mutator<'_> {
    /// The input of one run.
    pub fn input(&self, dice: &mut Dice) -> Vec<u8> {
        if dice.once_in(64) {
            return self.noise(dice);
        }
        let mut input = dice.pick(self.corpus).cloned().unwrap_or_default();
        if dice.once_in(256) {
            return input;
        }
        let changes = 1 + dice.below(3) + if dice.once_in(4) { dice.below(24) } else { 0 };
        for _ in 0..changes {
            self.change(&mut input, dice);
            input.truncate(self.longest);
        }
        if dice.once_in(4096) {
            deepen(&mut input, 50_000, dice);
        }
        input
    }

    fn noise(&self, dice: &mut Dice) -> Vec<u8> {
        let length = dice.below(self.longest.min(300));
        let words_only = dice.once_in(2);
        let mut noise = Vec::with_capacity(length);
        while noise.len() < length {
            if words_only {
                noise.extend_from_slice(self.word(dice));
            } else {
                noise.push(dice.roll() as u8);
            }
        }
        noise
    }

    fn word(&self, dice: &mut Dice) -> &[u8] {
        match dice.below(4) {
            0 => dice.pick(NASTY).copied().unwrap_or_default(),
            1 => dice.pick(NUMBERS).copied().unwrap_or_default(),
            _ => dice.pick(self.words).map_or(&[], |word| word.as_bytes()),
        }
    }

    fn change(&self, input: &mut Vec<u8>, dice: &mut Dice) {
        match dice.below(16) {
            0 => {
                let at = dice.below(input.len());
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << dice.below(8);
                }
            }
            1 => {
                let at = dice.below(input.len());
                if let Some(byte) = input.get_mut(at) {
                    *byte = dice.roll() as u8;
                }
            }
            2 => remove(input, dice),
            3 => repeat(input, dice),
            4 => input.truncate(dice.below(input.len() + 1)),
            5 => self.splice(input, dice),
            6 | 7 => {
                let at = dice.below(input.len() + 1);
                let word = self.word(dice).to_vec();
                put(input, at, at, &word);
            }
            8 | 9 => replace_run(input, dice, u8::is_ascii_digit, NUMBERS),
            10 | 11 => self.replace_text(input, dice),
            12 => swap(input, dice),
            13 => lines(input, dice),
            14 => deepen(input, 1 + dice.below(200), dice),
            _ => self.exchange_piece(input, dice),
        }
    }

    /// A part of one sample in the middle of another.
    fn splice(&self, input: &mut Vec<u8>, dice: &mut Dice) {
        let Some(other) = dice.pick(self.corpus) else {
            return;
        };
        let (from, to) = range(other.len(), dice);
        let (start, end) = range(input.len(), dice);
        let end = if dice.once_in(2) { start } else { end };
        put(input, start, end, &other[from..to]);
    }

    /// Another text between quotes: a word, a text of another sample, or a long one.
    fn replace_text(&self, input: &mut Vec<u8>, dice: &mut Dice) {
        let Some((start, end)) = quoted(input, dice) else {
            return;
        };
        let new = match dice.below(5) {
            0 => {
                let other = dice.pick(self.corpus).cloned().unwrap_or_default();
                quoted(&other, dice).map_or_else(Vec::new, |(from, to)| other[from..to].to_vec())
            }
            1 => input[start..end].repeat(1 + dice.below(400)),
            _ => self.word(dice).to_vec(),
        };
        put(input, start, end, &new);
    }

    /// The piece between two marks of the format, by one of another sample or by nothing.
    fn exchange_piece(&self, input: &mut Vec<u8>, dice: &mut Dice) {
        let (start, end) = piece(input, dice);
        let other = if dice.once_in(3) {
            Vec::new()
        } else {
            dice.pick(self.corpus).cloned().unwrap_or_default()
        };
        let (from, to) = piece(&other, dice);
        put(input, start, end, &other[from..to]);
    }
}

fn put(input: &mut Vec<u8>, start: usize, end: usize, new: &[u8]) {
    input.splice(start..end, new.iter().copied());
}

/// Mostly short, so that most of a sample stays as it was.
fn range(length: usize, dice: &mut Dice) -> (usize, usize) {
    let start = dice.below(length + 1);
    let most = if dice.once_in(4) { length } else { 24 };
    let end = (start + dice.below(most + 1)).min(length);
    (start, end)
}

fn remove(input: &mut Vec<u8>, dice: &mut Dice) {
    let (start, end) = range(input.len(), dice);
    input.drain(start..end);
}

fn repeat(input: &mut Vec<u8>, dice: &mut Dice) {
    let (start, end) = range(input.len(), dice);
    let times = if dice.once_in(8) { 100 } else { 2 };
    let copies = input[start..end].repeat(1 + dice.below(times));
    put(input, start, start, &copies);
}

fn swap(input: &mut Vec<u8>, dice: &mut Dice) {
    let (start, end) = range(input.len(), dice);
    let taken: Vec<u8> = input.drain(start..end).collect();
    let at = dice.below(input.len() + 1);
    put(input, at, at, &taken);
}

/// A run of bytes of one kind, by one of a list.
fn replace_run(input: &mut Vec<u8>, dice: &mut Dice, is_part: fn(&u8) -> bool, list: &[&[u8]]) {
    let begin = dice.below(input.len());
    let Some(start) = input[begin..].iter().position(is_part).map(|at| begin + at) else {
        return;
    };
    let end = input[start..]
        .iter()
        .position(|byte| !is_part(byte))
        .map_or(input.len(), |length| start + length);
    // A single digit elsewhere in a date or a phone is as good as a number at the edge of a type.
    let one = [b'0' + dice.below(10) as u8];
    if dice.once_in(2) {
        put(input, start, start + 1, &one);
    } else {
        put(input, start, end, dice.pick(list).copied().unwrap_or_default());
    }
}

/// Lines said again, left out, or in another order.
fn lines(input: &mut Vec<u8>, dice: &mut Dice) {
    let mut lines: Vec<Vec<u8>> = input
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    if lines.is_empty() {
        return;
    }
    let (from, to) = (dice.below(lines.len()), dice.below(lines.len()));
    match dice.below(3) {
        0 => lines.swap(from, to),
        1 => {
            let again = lines[from].clone();
            lines.insert(to, again);
        }
        _ => {
            lines.remove(from);
        }
    }
    *input = lines.concat();
}

/// Brackets within brackets.
fn deepen(input: &mut Vec<u8>, deep: usize, dice: &mut Dice) {
    let (open, close): (&[u8], &[u8]) = match dice.below(4) {
        0 => (b"[", b"]"),
        1 => (b"{\"a\":", b"}"),
        2 => (b"{a=", b"}"),
        _ => (b"(", b")"),
    };
    let at = dice.below(input.len() + 1);
    let inner = if dice.once_in(2) { b"1".as_slice() } else { b"" };
    let closing = if dice.once_in(4) { 0 } else { deep };
    let nest = [&open.repeat(deep)[..], inner, &close.repeat(closing)].concat();
    put(input, at, at, &nest);
}

/// Where a text between quotes stands.
fn quoted(input: &[u8], dice: &mut Dice) -> Option<(usize, usize)> {
    let begin = dice.below(input.len());
    let quote = |from: usize| {
        let found = input.get(from..)?.iter().position(|byte| *byte == b'"')?;
        Some(from + found)
    };
    let start = quote(begin)? + 1;
    let end = quote(start)?;
    Some((start, end))
}

fn is_mark(byte: u8) -> bool {
    matches!(
        byte,
        b',' | b':' | b'\n' | b'=' | b'{' | b'}' | b'[' | b']' | b'&' | b'?' | b' '
    )
}

/// Where what stands between two marks stands.
fn piece(input: &[u8], dice: &mut Dice) -> (usize, usize) {
    let begin = dice.below(input.len());
    let start = input[begin..]
        .iter()
        .position(|byte| is_mark(*byte))
        .map_or(begin, |at| begin + at + 1);
    let end = input[start..]
        .iter()
        .position(|byte| is_mark(*byte))
        .map_or(input.len(), |at| start + at);
    (start, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_a_function_of_seed_target_and_run() {
        let corpus = vec![br#"{"a":[1,"two"],"b":"2026-03-02"}"#.to_vec()];
        let mutator = Mutator {
            corpus: &corpus,
            words: &["\"a\"", "null"],
            longest: 200,
        };
        let inputs = |seed| {
            (0..3000)
                .map(|run| mutator.input(&mut Dice::of_run(seed, "t", run)))
                .collect::<Vec<_>>()
        };
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
        let mut distinct = inputs(1);
        distinct.sort();
        distinct.dedup();
        assert!(distinct.len() > 2000, "only {} are different", distinct.len());
    }
}
