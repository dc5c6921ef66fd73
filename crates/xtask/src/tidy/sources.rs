//! Rules about one Rust file: how it opens, what it may be called, which words it may not hold.

use super::lexer::Source;
use super::{Violation, crate_of};

/// Words that may not stand in code, with what to do instead.
const WORDS: &[(&str, &str)] = &[
    ("todo!", "finish it or leave it out"),
    ("unimplemented!", "finish it or leave it out"),
    ("dbg!", "remove it, or log a sentence and its fields"),
    ("#[ignore]", "an ignored test says why: `#[ignore = \"...\"]`"),
    (
        "#[allow(",
        "use `#[expect(..., reason = \"...\")]`, which ends with its cause",
    ),
    (
        "#![allow(",
        "use `#![expect(..., reason = \"...\")]`, which ends with its cause",
    ),
];

/// Names that say nothing about what is inside.
const NAMES: &[&str] = &["utils", "util", "common", "helpers", "misc"];

pub(super) fn check(source: &Source) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut report = |line, message: String| violations.push(Violation::new(&source.path, line, message));
    if !source.text.starts_with("//!") {
        report(1, "open the file with `//!` and what it is for".into());
    }
    let name = source.path.rsplit('/').next().unwrap_or_default();
    if name == "mod.rs" {
        report(
            1,
            "no mod.rs: name the file after its module and put it beside the folder".into(),
        );
    }
    let stem = name.trim_end_matches(".rs");
    if NAMES.contains(&stem) {
        report(
            1,
            format!("`{stem}` says nothing: name the file after what it holds"),
        );
    }
    for (word, advice) in WORDS {
        for line in source.lines_with(word) {
            report(line, format!("`{word}`: {advice}"));
        }
    }
    for line in conditional_allows(source) {
        report(
            line,
            "`allow` inside `cfg_attr`: use `expect` with a reason".into(),
        );
    }
    // The world judges the product, so it may share no code with it; edges cannot see a file taken in by path.
    if crate_of(&source.path) == Some("world") {
        for line in source.lines_with("#[path") {
            report(line, "world takes in no file of another crate".into());
        }
    }
    violations
}

fn conditional_allows(source: &Source) -> Vec<usize> {
    let lines = source.lines_with("cfg_attr(");
    let text: Vec<&str> = source.code.lines().collect();
    lines
        .into_iter()
        .filter(|line| text[line - 1].contains(" allow("))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(path: &str, text: &str) -> Vec<String> {
        check(&Source::new(path, text))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[track_caller]
    fn broken(path: &str, text: &str, start: &str) {
        let messages = messages(path, text);
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert!(messages[0].starts_with(start), "{messages:?}");
    }

    #[test]
    fn a_clean_file_breaks_nothing() {
        let text = "//! For this.\n\n// todo! is only spoken of\nfn f() { g(\"dbg!(x) #[allow(y)]\") }\n";
        assert_eq!(messages("crates/engine/src/a.rs", text), Vec::<String>::new());
    }

    #[test]
    fn a_file_without_its_purpose_is_found() {
        broken("a.rs", "use std::fmt;\n", "a.rs:1: open the file");
        broken("a.rs", "// Not a doc comment.\n", "a.rs:1: open the file");
    }

    #[test]
    fn mod_rs_is_found() {
        broken(
            "crates/web/src/pages/mod.rs",
            "//! x\n",
            "crates/web/src/pages/mod.rs:1: no mod.rs",
        );
    }

    #[test]
    fn a_name_that_says_nothing_is_found() {
        broken("src/utils.rs", "//! x\n", "src/utils.rs:1: `utils` says nothing");
    }

    #[test]
    fn unfinished_code_is_found() {
        broken("a.rs", "//! x\nfn f() {\n    todo!()\n}\n", "a.rs:3: `todo!`");
        broken(
            "a.rs",
            "//! x\nfn f() { unimplemented!() }\n",
            "a.rs:2: `unimplemented!`",
        );
        broken("a.rs", "//! x\nfn f() { dbg!(1); }\n", "a.rs:2: `dbg!`");
    }

    #[test]
    fn an_ignored_test_needs_its_reason() {
        broken(
            "a.rs",
            "//! x\n#[test]\n#[ignore]\nfn f() {}\n",
            "a.rs:3: `#[ignore]`",
        );
        assert!(messages("a.rs", "//! x\n#[test]\n#[ignore = \"needs a day\"]\nfn f() {}\n").is_empty());
    }

    #[test]
    fn allow_is_found_in_every_place() {
        broken(
            "a.rs",
            "//! x\n#[allow(dead_code)]\nfn f() {}\n",
            "a.rs:2: `#[allow(`",
        );
        broken("a.rs", "//! x\n#![allow(dead_code)]\n", "a.rs:2: `#![allow(`");
        broken(
            "a.rs",
            "//! x\n#[cfg_attr(test, allow(dead_code))]\n",
            "a.rs:2: `allow` inside",
        );
    }

    #[test]
    fn the_world_takes_in_no_file_by_path() {
        broken(
            "crates/world/src/a.rs",
            "//! x\n#[path = \"x.rs\"]\nmod x;\n",
            "crates/world/src/a.rs:2: world",
        );
    }
}
