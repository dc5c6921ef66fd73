//! Just enough of Rust's lexical rules to tell code from comments and strings, so that a rule about code is not fooled by
//! a sentence about it.

/// A source file seen two ways: the code alone, and its string literals alone.
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
    /// The text with the inside of comments, strings and characters blanked; lines and columns are those of the text.
    pub(super) code: String,
    pub(super) literals: Vec<Literal>,
}

/// The inside of one string literal, as written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Literal {
    pub(super) line: usize,
    pub(super) text: String,
}

impl Source {
    pub(super) fn new(path: &str, text: &str) -> Self {
        let mut scanner = Scanner::new(text);
        scanner.scan();
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code: scanner.code,
            literals: scanner.literals,
        }
    }

    /// The numbers of the lines where `word` stands as a word of its own in the code; it may end in punctuation.
    pub(super) fn lines_with(&self, word: &str) -> Vec<usize> {
        let found = self.code.match_indices(word).filter(|(at, _)| {
            let before = self.code[..*at].chars().next_back();
            !before.is_some_and(is_word)
        });
        let mut lines: Vec<usize> = found.map(|(at, _)| line_of(&self.code, at)).collect();
        lines.dedup();
        lines
    }
}

/// The number of the line that holds the byte `at`, counted from 1.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

struct Scanner {
    characters: Vec<char>,
    at: usize,
    line: usize,
    code: String,
    literals: Vec<Literal>,
}

impl Scanner {
    fn new(text: &str) -> Self {
        Self {
            characters: text.chars().collect(),
            at: 0,
            line: 1,
            code: String::with_capacity(text.len()),
            literals: Vec::new(),
        }
    }

    fn scan(&mut self) {
        while let Some(next) = self.peek(0) {
            match (next, self.peek(1)) {
                ('/', Some('/')) => self.line_comment(),
                ('/', Some('*')) => self.block_comment(),
                ('"', _) => self.string(),
                ('\'', _) => self.quote(),
                _ if is_word(next) => self.word(),
                _ => self.keep(),
            }
        }
    }

    /// A word may be the prefix of a raw string: `r"`, `br#"`, `cr"`; the prefixes `b` and `c` need no care.
    fn word(&mut self) {
        let start = self.at;
        while self.peek(0).is_some_and(is_word) {
            self.keep();
        }
        let word: String = self.characters[start..self.at].iter().collect();
        if !matches!(word.as_str(), "r" | "br" | "cr") {
            return;
        }
        let hashes = self.characters[self.at..]
            .iter()
            .take_while(|next| **next == '#')
            .count();
        if self.peek(hashes) == Some('"') {
            self.raw_string(hashes);
        }
    }

    fn line_comment(&mut self) {
        while self.peek(0).is_some_and(|next| next != '\n') {
            self.blank();
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.characters.len() {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => {
                    depth += 1;
                    self.blank();
                }
                (Some('*'), Some('/')) => {
                    depth -= 1;
                    self.blank();
                }
                _ => {}
            }
            self.blank();
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        let line = self.line;
        self.keep();
        let start = self.at;
        while self.peek(0).is_some_and(|next| next != '"') {
            if self.peek(0) == Some('\\') {
                self.blank();
            }
            self.blank();
        }
        self.literal(line, start);
        self.keep();
    }

    fn raw_string(&mut self, hashes: usize) {
        let line = self.line;
        for _ in 0..=hashes {
            self.keep();
        }
        let start = self.at;
        while self.at < self.characters.len() && !self.closes_raw(hashes) {
            self.blank();
        }
        self.literal(line, start);
        for _ in 0..=hashes {
            self.keep();
        }
    }

    fn closes_raw(&self, hashes: usize) -> bool {
        self.peek(0) == Some('"') && (1..=hashes).all(|ahead| self.peek(ahead) == Some('#'))
    }

    /// A character literal, or the start of a lifetime, which is code.
    fn quote(&mut self) {
        let is_literal = self.peek(1) == Some('\\') || self.peek(2) == Some('\'');
        self.keep();
        if !is_literal {
            return;
        }
        if self.peek(0) == Some('\\') {
            self.blank();
        }
        self.blank();
        while self.peek(0).is_some_and(|next| next != '\'') {
            self.blank();
        }
        self.keep();
    }

    fn literal(&mut self, line: usize, start: usize) {
        let end = self.at.min(self.characters.len());
        self.literals.push(Literal {
            line,
            text: self.characters[start..end].iter().collect(),
        });
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.at + ahead).copied()
    }

    fn keep(&mut self) {
        if let Some(next) = self.peek(0) {
            self.code.push(next);
            self.advance(next);
        }
    }

    fn blank(&mut self) {
        if let Some(next) = self.peek(0) {
            self.code.push(if next == '\n' { '\n' } else { ' ' });
            self.advance(next);
        }
    }

    fn advance(&mut self, next: char) {
        self.at += 1;
        self.line += usize::from(next == '\n');
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literals(text: &str) -> Vec<String> {
        Source::new("a.rs", text)
            .literals
            .into_iter()
            .map(|literal| literal.text)
            .collect()
    }

    fn code(text: &str) -> String {
        Source::new("a.rs", text).code
    }

    #[test]
    fn comments_are_no_code() {
        assert_eq!(
            code("a // b\nc /* d /* e */ f */ g")
                .split_whitespace()
                .collect::<String>(),
            "acg"
        );
    }

    #[test]
    fn strings_of_every_kind_are_seen() {
        let text = r###"f("a\"b", b"c", r"d\", r#"e"f"#, br##"g"#h"##, c"i");"###;
        assert_eq!(literals(text), ["a\\\"b", "c", "d\\", "e\"f", "g\"#h", "i"]);
        assert!(!code(text).contains('e'));
    }

    #[test]
    fn a_quote_character_opens_no_string() {
        assert_eq!(literals(r#"f('"', '\'', '\\', "x")"#), ["x"]);
    }

    #[test]
    fn a_lifetime_is_no_character() {
        assert_eq!(literals("fn f<'a>(x: &'a str) -> &'static str { \"y\" }"), ["y"]);
    }

    #[test]
    fn a_string_over_lines_keeps_the_count() {
        let source = Source::new("a.rs", "f(\"a\nb\");\ng(\"c\");\nhere!()");
        assert_eq!(
            source.literals[1],
            Literal {
                line: 3,
                text: "c".into()
            }
        );
        assert_eq!(source.lines_with("here!("), [4]);
    }

    #[test]
    fn a_longer_word_is_another_word() {
        assert!(Source::new("a.rs", "notodo!()").lines_with("todo!").is_empty());
    }

    #[test]
    fn text_that_ends_early_does_not_break_the_scan() {
        for text in ["\"abc", "r#\"abc", "/* abc", "'", "'\\", "r#", "\"\\"] {
            assert_eq!(code(text).chars().count(), text.chars().count(), "{text}");
        }
    }
}
