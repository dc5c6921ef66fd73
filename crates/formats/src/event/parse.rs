//! JSON text to a [`Document`]: strict RFC 8259, and no more memory than a small multiple of the text.
//!
//! Written here because an event is read once per sighting and a general parser into a general tree took longer than
//! everything else that happens to a sighting at the door. It accepts what serde_json accepts and means the same by it;
//! properties hold it to that.

use super::document::{Document, Index, Item, Key, NONE, Text, Value, head, head_within};
use crate::json;

/// How deep values may stand in each other; as in serde_json.
const DEEPEST: usize = 127;

/// The largest integer up to which every integer is a double of its own.
const EXACT: i64 = 1 << 53;

/// Up to this many digits a decimal number comes back from a double as it was written.
const FAITHFUL_DIGITS: usize = 15;

/// Where the text is no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotJson {
    /// In bytes from the start.
    pub(super) at: usize,
}

/// Reads one value with nothing but white space around it.
pub(super) fn parse(input: &str) -> Result<Document<'_>, NotJson> {
    // Places are kept in 32 bits; an event that long would have been refused before anybody asked what it says.
    if u32::try_from(input.len()).is_err() {
        return Err(NotJson { at: 0 });
    }
    let document = Document {
        input,
        unescaped: Vec::new(),
        items: Vec::with_capacity(input.len() / 16),
        root: Value::Null,
        // A maximum is found many bytes at a time.
        beyond: input.bytes().fold(0, u8::max) >= 0xf0,
        twice: None,
    };
    let mut from = Parser {
        document,
        bytes: input.as_bytes(),
        at: 0,
        open: Vec::with_capacity(16),
    };
    from.document.root = from.value(DEEPEST)?;
    if from.next_token().is_some() {
        return from.fail();
    }
    Ok(from.document)
}

struct Parser<'a> {
    document: Document<'a>,
    bytes: &'a [u8],
    at: usize,
    /// Items of the objects and lists that are not closed yet, the innermost last, with the heads of their keys.
    open: Vec<(u64, Index)>,
}

impl Parser<'_> {
    fn fail<T>(&self) -> Result<T, NotJson> {
        Err(NotJson { at: self.at })
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The next byte that is not white space, without going past it.
    #[inline]
    fn next_token(&mut self) -> Option<u8> {
        while let Some(byte) = self.peek() {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    fn value(&mut self, depth: usize) -> Result<Value, NotJson> {
        match self.next_token() {
            Some(b'"') => self.string().map(Value::Text),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => self.fail(),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, NotJson> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return self.fail();
        }
        self.at += word.len();
        Ok(value)
    }

    fn object(&mut self, depth: usize) -> Result<Value, NotJson> {
        let Some(depth) = depth.checked_sub(1) else {
            return self.fail();
        };
        self.at += 1;
        if self.next_token() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(NONE));
        }
        let before = self.open.len();
        loop {
            if self.next_token() != Some(b'"') {
                return self.fail();
            }
            let text = self.string()?;
            let key = self.key(text);
            if self.next_token() != Some(b':') {
                return self.fail();
            }
            self.at += 1;
            let value = self.value(depth)?;
            self.push(key, value);
            if self.is_last(b'}')? {
                self.sort(before);
                return Ok(Value::Object(self.close(before)));
            }
        }
    }

    #[inline]
    fn key(&self, text: Text) -> Key {
        let within = match text {
            Text::Input { start, end } => head_within(&self.bytes[start as usize..], (end - start) as usize),
            Text::Unescaped(_) => None,
        };
        Key {
            head: within.unwrap_or_else(|| head(self.document.text(text))),
            text,
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, NotJson> {
        let Some(depth) = depth.checked_sub(1) else {
            return self.fail();
        };
        self.at += 1;
        if self.next_token() == Some(b']') {
            self.at += 1;
            return Ok(Value::List(NONE));
        }
        let before = self.open.len();
        loop {
            let value = self.value(depth)?;
            self.push(Key::default(), value);
            if self.is_last(b']')? {
                return Ok(Value::List(self.close(before)));
            }
        }
    }

    #[inline]
    fn push(&mut self, key: Key, value: Value) {
        self.open.push((key.head, self.document.items.len() as Index));
        self.document.items.push(Item {
            key,
            value,
            next: NONE,
        });
    }

    /// Puts the members of the innermost object in order, and notes the first pair of one name.
    fn sort(&mut self, before: usize) {
        let Self { document, open, .. } = self;
        let members = &mut open[before..];
        // By the heads alone wherever they tell the keys apart.
        let order = |a: &(u64, Index), b: &(u64, Index)| {
            if a.0 != b.0 && !document.beyond {
                a.0.cmp(&b.0)
            } else {
                document.order(a.1, b.1)
            }
        };
        members.sort_unstable_by(|a, b| order(a, b).then(a.1.cmp(&b.1)));
        let twice = members
            .windows(2)
            .find(|pair| pair[0].0 == pair[1].0 && order(&pair[0], &pair[1]).is_eq());
        let twice = twice.map(|pair| pair[1].1);
        document.twice = document.twice.or(twice);
    }

    /// Joins the items of the innermost object or list, and answers the first.
    fn close(&mut self, before: usize) -> Index {
        let mut next = NONE;
        for (_, index) in self.open.drain(before..).rev() {
            self.document.items[index as usize].next = next;
            next = index;
        }
        next
    }

    /// Goes past the comma after a value, or past `end`.
    fn is_last(&mut self, end: u8) -> Result<bool, NotJson> {
        match self.next_token() {
            Some(byte) if byte == end || byte == b',' => {
                self.at += 1;
                Ok(byte == end)
            }
            _ => self.fail(),
        }
    }

    /// A string, from its opening quotation mark.
    fn string(&mut self) -> Result<Text, NotJson> {
        self.at += 1;
        let start = self.at;
        self.run()?;
        if self.bytes[self.at] == b'"' {
            let text = Text::Input {
                start: start as u32,
                end: self.at as u32,
            };
            self.at += 1;
            return Ok(text);
        }
        let mut owned = self.document.input[start..self.at].to_owned();
        while self.bytes[self.at] != b'"' {
            let char = self.escape()?;
            self.document.beyond |= u32::from(char) > 0xffff;
            owned.push(char);
            let start = self.at;
            self.run()?;
            owned.push_str(&self.document.input[start..self.at]);
        }
        self.at += 1;
        self.document.unescaped.push(owned);
        Ok(Text::Unescaped(self.document.unescaped.len() as u32 - 1))
    }

    /// Goes to the next quotation mark or backslash, which is there.
    fn run(&mut self) -> Result<(), NotJson> {
        self.at += json::plain_run(&self.bytes[self.at..]);
        match self.peek() {
            Some(b'"' | b'\\') => Ok(()),
            _ => self.fail(),
        }
    }

    /// The character of an escape, from its backslash.
    fn escape(&mut self) -> Result<char, NotJson> {
        let kind = self.bytes.get(self.at + 1).copied();
        let char = match kind {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return self.fail(),
        };
        self.at += 2;
        Ok(char)
    }

    /// `\uXXXX`, or two of them that are halves of one character; half a pair alone is no text.
    fn unicode_escape(&mut self) -> Result<char, NotJson> {
        let first = self.code_unit()?;
        let code = match first {
            0xd800..=0xdbff => {
                let second = self.code_unit()?;
                if !(0xdc00..=0xdfff).contains(&second) {
                    return self.fail();
                }
                0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
            }
            _ => first,
        };
        char::from_u32(code).ok_or(NotJson { at: self.at })
    }

    fn code_unit(&mut self) -> Result<u32, NotJson> {
        let Some([b'\\', b'u', digits @ ..]) = self.bytes.get(self.at..self.at + 6) else {
            return self.fail();
        };
        let mut unit = 0;
        for digit in digits {
            let Some(value) = char::from(*digit).to_digit(16) else {
                return self.fail();
            };
            unit = unit * 16 + value;
        }
        self.at += 6;
        Ok(unit)
    }

    /// How many digits follow; goes past them.
    fn digits(&mut self) -> usize {
        let rest = &self.bytes[self.at..];
        let count = rest
            .iter()
            .position(|byte| !byte.is_ascii_digit())
            .unwrap_or(rest.len());
        self.at += count;
        count
    }

    fn number(&mut self) -> Result<Value, NotJson> {
        let start = self.at;
        let negative = self.bytes[start] == b'-';
        self.at += usize::from(negative);
        let leading_zero = self.peek() == Some(b'0');
        let whole = self.digits();
        if whole == 0 || (leading_zero && whole > 1) {
            return self.fail();
        }
        let mut fraction = 0;
        if self.peek() == Some(b'.') {
            self.at += 1;
            fraction = self.digits();
            if fraction == 0 {
                return self.fail();
            }
        }
        let exponent = matches!(self.peek(), Some(b'e' | b'E'));
        if exponent {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            if self.digits() == 0 {
                return self.fail();
            }
        }
        let text = &self.document.input[start..self.at];
        if !exponent && fraction == 0 && whole <= 16 {
            let value: i64 = text.parse().map_err(|_| NotJson { at: start })?;
            if value.abs() <= EXACT {
                return Ok(Value::Integer(value));
            }
        }
        if !exponent && fraction > 0 && is_canonical(&text[usize::from(negative)..], leading_zero) {
            return Ok(Value::Decimal {
                start: start as u32,
                end: self.at as u32,
            });
        }
        // JSON's numbers are a part of what Rust reads; only their size can be too much.
        let value: f64 = text.parse().map_err(|_| NotJson { at: start })?;
        if value.is_finite() {
            Ok(Value::Float(value))
        } else {
            Err(NotJson { at: start })
        }
    }
}

/// Whether a number with a fraction and without sign and exponent is written as RFC 8785 prints it: no needless zero at
/// its end, few enough digits, and not so small that an exponent would be printed.
fn is_canonical(text: &str, leading_zero: bool) -> bool {
    let small = leading_zero && text.starts_with("0.000000");
    let digits = text.len() - 1;
    !text.ends_with('0') && digits <= FAITHFUL_DIGITS && !small
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value as Theirs;

    use super::*;

    /// Reads with serde_json, and compares what both say.
    fn compare(text: &str) {
        let theirs = serde_json::from_str::<Theirs>(text);
        match (parse(text), theirs) {
            (Ok(ours), Ok(theirs)) => {
                assert!(
                    same(&ours, ours.root, &theirs),
                    "{text}: {ours:?} against {theirs}"
                );
            }
            (Err(_), Err(_)) => {}
            (ours, theirs) => panic!("{text:?}: {ours:?} against {theirs:?}"),
        }
    }

    fn same(document: &Document<'_>, ours: Value, theirs: &Theirs) -> bool {
        match (ours, theirs) {
            (Value::Null, Theirs::Null) => true,
            (Value::Bool(a), Theirs::Bool(b)) => a == *b,
            (Value::Integer(a), Theirs::Number(b)) => b.as_f64() == Some(a as f64),
            (Value::Decimal { start, end }, Theirs::Number(b)) => {
                b.as_f64() == document.input(start, end).parse().ok()
            }
            (Value::Float(a), Theirs::Number(b)) => b.as_f64() == Some(a),
            (Value::Text(a), Theirs::String(b)) => document.text(a) == b,
            (Value::List(a), Theirs::Array(b)) => {
                document.items(a).count() == b.len()
                    && document.items(a).zip(b).all(|(a, b)| same(document, a.value, b))
            }
            (Value::Object(a), Theirs::Object(b)) => {
                let key = |item: &Item| document.text(item.key.text);
                // Of two members of one name serde_json keeps the last.
                let last = |name: &str| document.items(a).filter(|item| key(item) == name).last();
                document.items(a).all(|item| b.contains_key(key(item)))
                    && b.iter()
                        .all(|(name, b)| last(name).is_some_and(|a| same(document, a.value, b)))
            }
            _ => false,
        }
    }

    #[test]
    fn what_is_json_is_read_and_what_is_not_is_refused() {
        for text in [
            "",
            " ",
            "null",
            " true ",
            "nul",
            "truefalse",
            "false,",
            "[]",
            "[ ]",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{}",
            "{ }",
            r#"{"a":1}"#,
            r#"{"a":1,}"#,
            r#"{"a"}"#,
            r"{a:1}",
            r#"{"a" : 1 , "b":[{}]}"#,
            r#"{"a":1 "b":2}"#,
            "{",
            "[",
            "\"",
            "\"a",
            r#""\""#,
            r#""\x""#,
            r#""\u12""#,
            r#""\u00e9\ud83d\ude00""#,
            r#""\ud83d""#,
            r#""\ud83dx""#,
            r#""\ude00""#,
            r#""\ud83d\u0041""#,
            r#""\/\b\f\n\r\t\\""#,
            "\"\u{1}\"",
            "\"\u{7f}\"",
            "\"\n\"",
            "01",
            "-",
            "-0",
            "0.",
            ".5",
            "1e",
            "1e+",
            "1.5e3",
            "1E-2",
            "-01",
            "+1",
            "1e400",
            "-1e400",
            "1e-400",
            "NaN",
            "Infinity",
            "0x10",
            "9007199254740993",
            "123456789012345678",
            "1.0",
            "0.10",
            "0.0000001",
            "\u{feff}1",
            "1 1",
            "\u{a0}1",
        ] {
            compare(text);
        }
    }

    #[test]
    fn depth_has_an_end() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        for depth in [1, 126, 127, 128, 129, 100_000] {
            compare(&nested(depth));
        }
        assert!(parse(&"{\"a\":".repeat(100_000)).is_err());
    }

    #[test]
    fn the_place_of_a_fault_is_given() {
        assert_eq!(parse("[1,x]").unwrap_err().at, 3);
        assert_eq!(parse("[1,").unwrap_err().at, 3);
        assert_eq!(parse("\"ab\u{1}\"").unwrap_err().at, 3);
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_serde_json_reads_it(text in r#"[\[\]{}:,"\\a1 0.e+\-u-]{0,12}"#) {
            compare(&text);
        }

        #[test]
        fn any_number_is_read_as_serde_json_reads_it(
            text in r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
        ) {
            compare(&text);
        }

        #[test]
        fn any_string_is_read_as_serde_json_reads_it(text in ".{0,8}", escaped in r#"(\\u[0-9a-fdD]{4}|\\[nrt"/]|é){0,4}"#) {
            compare(&serde_json::to_string(&text).unwrap());
            compare(&format!("\"{escaped}\""));
        }
    }
}
