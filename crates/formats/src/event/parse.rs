//! JSON text to a [`Node`]: strict RFC 8259, and no more memory than a small multiple of the text.
//!
//! Written here because an event is read once per sighting and a general parser into a general tree took longer than
//! everything else that happens to a sighting at the door. It accepts what serde_json accepts and means the same by it;
//! properties hold it to that.

use std::borrow::Cow;

use super::node::{Key, Member, Node};
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
pub(super) fn parse(text: &str) -> Result<Node<'_>, NotJson> {
    let mut from = Parser {
        text,
        bytes: text.as_bytes(),
        at: 0,
    };
    let node = from.value(DEEPEST)?;
    if from.next_token().is_some() {
        return from.fail();
    }
    Ok(node)
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Parser<'a> {
    fn fail<T>(&self) -> Result<T, NotJson> {
        Err(NotJson { at: self.at })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The next byte that is not white space, without going past it.
    fn next_token(&mut self) -> Option<u8> {
        while let Some(byte) = self.peek() {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    fn value(&mut self, depth: usize) -> Result<Node<'a>, NotJson> {
        match self.next_token() {
            Some(b'"') => self.string().map(Node::Text),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Node::Bool(true)),
            Some(b'f') => self.word("false", Node::Bool(false)),
            Some(b'n') => self.word("null", Node::Null),
            _ => self.fail(),
        }
    }

    fn word(&mut self, word: &str, node: Node<'a>) -> Result<Node<'a>, NotJson> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return self.fail();
        }
        self.at += word.len();
        Ok(node)
    }

    fn object(&mut self, depth: usize) -> Result<Node<'a>, NotJson> {
        let Some(depth) = depth.checked_sub(1) else {
            return self.fail();
        };
        self.at += 1;
        let mut members: Vec<Member<'a>> = Vec::new();
        if self.next_token() == Some(b'}') {
            self.at += 1;
            return Ok(Node::Object(members));
        }
        members.reserve(8);
        loop {
            if self.next_token() != Some(b'"') {
                return self.fail();
            }
            let key = Key::new(self.string()?);
            if self.next_token() != Some(b':') {
                return self.fail();
            }
            self.at += 1;
            members.push((key, self.value(depth)?));
            if self.is_last(b'}')? {
                return Ok(Node::Object(members));
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Node<'a>, NotJson> {
        let Some(depth) = depth.checked_sub(1) else {
            return self.fail();
        };
        self.at += 1;
        let mut items = Vec::new();
        if self.next_token() == Some(b']') {
            self.at += 1;
            return Ok(Node::List(items));
        }
        loop {
            items.push(self.value(depth)?);
            if self.is_last(b']')? {
                return Ok(Node::List(items));
            }
        }
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
    fn string(&mut self) -> Result<Cow<'a, str>, NotJson> {
        self.at += 1;
        let plain = self.run()?;
        if self.bytes[self.at] == b'"' {
            self.at += 1;
            return Ok(Cow::Borrowed(plain));
        }
        let mut owned = plain.to_owned();
        loop {
            if self.bytes[self.at] == b'"' {
                self.at += 1;
                return Ok(Cow::Owned(owned));
            }
            owned.push(self.escape()?);
            owned.push_str(self.run()?);
        }
    }

    /// Text up to a quotation mark or a backslash, which is there.
    fn run(&mut self) -> Result<&'a str, NotJson> {
        let start = self.at;
        self.at += json::plain_run(&self.bytes[start..]);
        match self.peek() {
            Some(b'"' | b'\\') => Ok(&self.text[start..self.at]),
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
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<Node<'a>, NotJson> {
        let start = self.at;
        let negative = self.peek() == Some(b'-');
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
        let mut exponent = false;
        if matches!(self.peek(), Some(b'e' | b'E')) {
            exponent = true;
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            if self.digits() == 0 {
                return self.fail();
            }
        }
        let text = &self.text[start..self.at];
        if !exponent && fraction == 0 && whole <= 16 {
            let value: i64 = text.parse().map_err(|_| NotJson { at: start })?;
            if value.abs() <= EXACT {
                return Ok(Node::Integer(value));
            }
        }
        if !exponent && fraction > 0 && is_canonical(&text[usize::from(negative)..], whole, leading_zero) {
            return Ok(Node::Decimal(text));
        }
        // JSON's numbers are a part of what Rust reads; only their size can be too much.
        let value: f64 = text.parse().map_err(|_| NotJson { at: start })?;
        if value.is_finite() {
            Ok(Node::Float(value))
        } else {
            Err(NotJson { at: start })
        }
    }
}

/// Whether a number with a fraction and without sign and exponent is written as RFC 8785 prints it: no needless zero at
/// its end, few enough digits, and not so small that an exponent would be printed.
fn is_canonical(text: &str, whole: usize, leading_zero: bool) -> bool {
    let small = leading_zero && text.starts_with("0.000000");
    let digits = text.len() - 1;
    !text.ends_with('0') && digits <= FAITHFUL_DIGITS && whole <= FAITHFUL_DIGITS && !small
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// Reads with serde_json, and compares what both say.
    fn compare(text: &str) {
        let theirs = serde_json::from_str::<Value>(text);
        match (parse(text), theirs) {
            (Ok(ours), Ok(theirs)) => assert!(same(&ours, &theirs), "{text}: {ours:?} against {theirs}"),
            (Err(_), Err(_)) => {}
            (ours, theirs) => panic!("{text:?}: {ours:?} against {theirs:?}"),
        }
    }

    fn same(ours: &Node<'_>, theirs: &Value) -> bool {
        match (ours, theirs) {
            (Node::Null, Value::Null) => true,
            (Node::Bool(a), Value::Bool(b)) => a == b,
            (Node::Integer(a), Value::Number(b)) => b.as_f64() == Some(*a as f64),
            (Node::Decimal(a), Value::Number(b)) => b.as_f64() == a.parse().ok(),
            (Node::Float(a), Value::Number(b)) => b.as_f64() == Some(*a),
            (Node::Text(a), Value::String(b)) => a == b,
            (Node::List(a), Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
            }
            // Of two members of one name serde_json keeps the last.
            (Node::Object(a), Value::Object(b)) => {
                let last = |name: &str| {
                    a.iter()
                        .rev()
                        .find(|(key, _)| key.text() == name)
                        .map(|(_, node)| node)
                };
                a.iter().all(|(key, _)| b.contains_key(key.text().as_ref()))
                    && b.iter()
                        .all(|(key, value)| last(key).is_some_and(|node| same(node, value)))
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
