//! Tokens of people and machines: one file, one line for each. A token is 256 random bits that are shown once; the file
//! keeps only their hash, so that who reads the file cannot use it.
//!
//! This module never makes a token's bits and never logs one.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// What the file begins with.
const HEAD: &str = "# Tokens of clearwalk: name, SHA-256, scopes, authority (-: all), made at. Written by `clearwalk token`.";
/// Every token begins so, which lets scanners of secrets find one that has leaked.
pub const PREFIX: &str = "cwt_";
/// Names stand in the audit log and in facts.
const LONGEST_NAME: usize = 64;

/// What a token may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Sends facts.
    Ingest,
    /// Looks.
    Read,
    /// Decides as a person.
    Act,
    /// Stops and resumes sending.
    Admin,
}

impl Scope {
    /// Every scope with its word.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Ingest, "ingest"),
        (Self::Read, "read"),
        (Self::Act, "act"),
        (Self::Admin, "admin"),
    ];

    /// The scope of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, text)| *text == word)
            .map(|(scope, _)| *scope)
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(scope, _)| *scope == self)
            .map_or("", |(_, word)| word)
    }
}

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Whose it is: the actor in the audit log.
    pub name: Arc<str>,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// What it may be used for, in order.
    pub scopes: Vec<Scope>,
    /// Only the cases of this authority; none: all.
    pub authority: Option<Arc<str>>,
    /// When it was made, RFC 3339.
    pub made: String,
}

impl Token {
    /// What a presented token is compared by.
    pub fn hash_of(secret: &str) -> [u8; 32] {
        Sha256::digest(secret.as_bytes()).into()
    }

    /// What is wrong with a name or an authority, if anything: they are words of one line.
    pub fn bad_word(word: &str) -> Option<&'static str> {
        let fits =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'@' | b'/');
        if word.is_empty() || word.len() > LONGEST_NAME || word == "-" || !word.bytes().all(fits) {
            return Some("takes 1 to 64 letters a to z, digits, and . _ - @ /");
        }
        None
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scopes: Vec<&str> = self.scopes.iter().map(|scope| scope.as_str()).collect();
        let authority = self.authority.as_deref().unwrap_or("-");
        let hash = hex::encode(self.hash);
        write!(
            f,
            "{} {hash} {} {authority} {}",
            self.name,
            scopes.join(","),
            self.made
        )
    }
}

/// All tokens of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens(pub Vec<Token>);

/// A line that is no token. The line itself is not quoted.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("line {line}: {what}")]
pub struct BadLine {
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub what: &'static str,
}

impl Tokens {
    /// Reads a file. Blank lines and those that begin with `#` are nothing.
    pub fn parse(text: &str) -> Result<Self, BadLine> {
        let mut tokens: Vec<Token> = Vec::new();
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |what| BadLine { line: number, what };
            let token = token(line).map_err(wrong)?;
            if tokens.iter().any(|other| other.name == token.name) {
                return Err(wrong("a name is given twice"));
            }
            tokens.push(token);
        }
        Ok(Self(tokens))
    }

    /// The token that was presented. Every hash is looked at to its end, so that the time taken says nothing.
    fn find(&self, secret: &str) -> Option<&Token> {
        let given = Token::hash_of(secret);
        self.0.iter().fold(None, |found, token| {
            let differs = token.hash.iter().zip(given).fold(0, |all, (a, b)| all | (a ^ b));
            if differs == 0 { Some(token) } else { found }
        })
    }
}

impl fmt::Display for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}")?;
        self.0.iter().try_for_each(|token| writeln!(f, "{token}"))
    }
}

fn token(line: &str) -> Result<Token, &'static str> {
    let parts: Vec<&str> = line.split_whitespace().collect();
    let [name, hash, scopes, authority, made] = parts[..] else {
        return Err("five words are wanted: name, SHA-256, scopes, authority or -, made at");
    };
    if Token::bad_word(name).is_some() {
        return Err("the name takes 1 to 64 letters a to z, digits, and . _ - @ /");
    }
    let mut bytes = [0; 32];
    hex::decode_to_slice(hash, &mut bytes).map_err(|_| "the second word is no SHA-256 in hexadecimal")?;
    let mut scopes = scopes
        .split(',')
        .map(|word| Scope::parse(word).ok_or("a scope is none of ingest, read, act, admin"))
        .collect::<Result<Vec<_>, _>>()?;
    scopes.sort_unstable();
    scopes.dedup();
    if authority != "-" && Token::bad_word(authority).is_some() {
        return Err("the authority takes 1 to 64 letters a to z, digits, and . _ - @ /");
    }
    Ok(Token {
        name: name.into(),
        hash: bytes,
        scopes,
        authority: (authority != "-").then(|| authority.into()),
        made: made.to_owned(),
    })
}

/// The tokens file, read again whenever it changes: a revoked token is refused from the next request on.
#[derive(Debug)]
pub struct TokensFile {
    path: PathBuf,
    read: Mutex<Option<(Stamp, Arc<Tokens>)>>,
}

/// What changes when the file does. It is replaced as a whole, so that its number changes even within one tick.
type Stamp = (Option<SystemTime>, u64, u64);

impl TokensFile {
    /// The file, which must be readable now.
    pub fn open(path: &Path) -> Result<Self, String> {
        let file = Self {
            path: path.to_owned(),
            read: Mutex::default(),
        };
        file.look(|_| ())?;
        Ok(file)
    }

    /// The token that was presented; none: there is no such token. Without a readable file nobody is let in.
    pub(crate) fn find(&self, secret: &str) -> Result<Option<Token>, String> {
        self.look(|tokens| tokens.find(secret).cloned())
    }

    fn look<T>(&self, ask: impl FnOnce(&Tokens) -> T) -> Result<T, String> {
        let path = self.path.display();
        let unreadable = |error: std::io::Error| format!("{path}: cannot be read: {error}");
        let stamp = stamp(&self.path).map_err(unreadable)?;
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, tokens)) = &*read
            && *known == stamp
        {
            return Ok(ask(tokens));
        }
        let text = std::fs::read_to_string(&self.path).map_err(unreadable)?;
        let tokens = Tokens::parse(&text).map_err(|error| format!("{path}: {error}"))?;
        tracing::info!(tokens = tokens.0.len(), "tokens read");
        let answer = ask(&tokens);
        *read = Some((stamp, Arc::new(tokens)));
        Ok(answer)
    }
}

fn stamp(path: &Path) -> std::io::Result<Stamp> {
    let found = std::fs::metadata(path)?;
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&found);
    #[cfg(not(unix))]
    let number = 0;
    Ok((found.modified().ok(), found.len(), number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Tokens {
        let token = |name: &str, secret: &str, authority: Option<&str>| Token {
            name: name.into(),
            hash: Token::hash_of(secret),
            scopes: vec![Scope::Ingest, Scope::Act],
            authority: authority.map(Into::into),
            made: "2026-03-02T04:00:00Z".to_owned(),
        };
        Tokens(vec![
            token("camera-1", "one", None),
            token("li@loudi", "two", Some("loudi")),
        ])
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(Tokens::parse(&sample().to_string()).unwrap(), sample());
        assert_eq!(Tokens::parse("").unwrap(), Tokens::default());
    }

    #[test]
    fn only_the_token_itself_is_found_and_the_file_does_not_hold_it() {
        let tokens = sample();
        assert_eq!(&*tokens.find("two").unwrap().name, "li@loudi");
        assert_eq!(tokens.find("three"), None);
        assert_eq!(tokens.find(""), None);
        assert_eq!(tokens.find(&hex::encode(Token::hash_of("two"))), None);
        assert!(!tokens.to_string().contains("two"));
    }

    #[test]
    fn a_bad_line_is_named_and_not_quoted() {
        let hash = hex::encode([7; 32]);
        for (line, what) in [
            ("a b".to_owned(), "five words"),
            (format!("a,b {hash} read - x"), "name"),
            ("a 12 read - x".to_owned(), "SHA-256"),
            (format!("a {hash} write - x"), "scope"),
            (format!("a {hash} read ä x"), "authority"),
            (format!("camera-1 {hash} read - x"), "twice"),
        ] {
            let error = Tokens::parse(&format!("{}{line}\n", sample())).unwrap_err();
            assert_eq!(error.line, 4, "{line}");
            assert!(error.what.contains(what), "{line}: {error}");
        }
    }

    #[test]
    fn a_changed_file_is_read_again_and_a_broken_one_lets_nobody_in() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        assert!(TokensFile::open(&path).is_err());
        std::fs::write(&path, sample().to_string()).unwrap();
        let file = TokensFile::open(&path).unwrap();
        assert!(file.find("one").unwrap().is_some());
        let mut fewer = sample();
        fewer.0.remove(0);
        let draft = folder.path().join("draft");
        std::fs::write(&draft, fewer.to_string()).unwrap();
        std::fs::rename(&draft, &path).unwrap();
        assert!(file.find("one").unwrap().is_none());
        assert!(file.find("two").unwrap().is_some());
        std::fs::write(&draft, "broken").unwrap();
        std::fs::rename(&draft, &path).unwrap();
        assert!(file.find("two").is_err());
    }
}
