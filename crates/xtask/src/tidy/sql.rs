//! SQL stands in the stores and nowhere else.

use super::lexer::Source;
use super::{Violation, crate_of};

pub(super) fn check(source: &Source) -> Vec<Violation> {
    // xtask quotes SQL to show that this rule fails.
    if crate_of(&source.path).is_some_and(|name| name.starts_with("store-") || name == "xtask") {
        return Vec::new();
    }
    let sql = source.literals.iter().filter(|literal| is_sql(&literal.text));
    sql.map(|literal| {
        Violation::new(
            &source.path,
            literal.line,
            "SQL outside store-*: ask the store through its port",
        )
    })
    .collect()
}

/// Capitals anywhere are SQL; small letters only where the literal starts with a statement, since prose selects and
/// updates too.
fn is_sql(text: &str) -> bool {
    let words: Vec<&str> = text
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|w| !w.is_empty())
        .collect();
    let shouted = (0..words.len()).any(|at| is_statement(&words[at..], false));
    let raised: Vec<String> = words.iter().map(|word| word.to_uppercase()).collect();
    let raised: Vec<&str> = raised.iter().map(String::as_str).collect();
    shouted || (is_statement(&raised, true) && (raised[0] != "UPDATE" || text.contains('=')))
}

/// Whether the words begin with a statement in capitals. Spoken ones must be whole to count.
fn is_statement(words: &[&str], is_spoken: bool) -> bool {
    match words {
        ["SELECT", rest @ ..] => !rest.is_empty() && (!is_spoken || rest.contains(&"FROM")),
        ["INSERT", "INTO", ..] | ["DELETE", "FROM", ..] => true,
        ["UPDATE", rest @ ..] => rest.iter().skip(1).take(3).any(|word| *word == "SET"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, literal: &str) -> Vec<usize> {
        let source = Source::new(path, &format!("//! x\nfn f() {{ g(\"{literal}\") }}\n"));
        check(&source)
            .into_iter()
            .map(|violation| violation.line)
            .collect()
    }

    #[test]
    fn every_statement_is_found() {
        for sql in [
            "SELECT 1",
            "WITH x AS (SELECT a FROM b)",
            "INSERT INTO notice VALUES (?)",
            "UPDATE notice SET state = ?",
            "DELETE FROM notice",
            "select a from b",
            "update notice set state = ?",
            "insert into notice",
            "delete from notice",
        ] {
            assert_eq!(lines("crates/web/src/a.rs", sql), [2], "{sql}");
        }
    }

    #[test]
    fn prose_and_methods_are_no_sql() {
        for text in [
            "DELETE",
            "please select a row from the list",
            "update the set of zones",
            "Select a policy",
        ] {
            assert_eq!(lines("crates/web/src/a.rs", text), [0; 0], "{text}");
        }
    }

    #[test]
    fn a_store_may_speak_sql() {
        assert_eq!(lines("crates/store-sqlite/src/a.rs", "SELECT 1"), [0; 0]);
    }
}
