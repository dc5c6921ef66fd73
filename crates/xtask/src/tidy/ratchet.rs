//! Product files stay readable: a limit of lines, and a list of exceptions that may only shrink.

use super::Violation;
use super::lexer::Source;

/// The list: one `path lines` each, `#` for comments.
pub(super) const LIST: &str = "crates/xtask/ratchet.txt";

/// What one can read in one go; tests do not count.
const LIMIT: usize = 400;

struct Entry<'a> {
    line: usize,
    path: &'a str,
    size: usize,
}

pub(super) fn check(sources: &[Source], list: Option<&str>) -> Vec<Violation> {
    let mut violations = Vec::new();
    let entries = parse(list.unwrap_or_default(), &mut violations);
    for source in sources.iter().filter(|source| is_product(&source.path)) {
        let size = product_lines(source);
        let entry = entries.iter().find(|entry| entry.path == source.path);
        match entry {
            None if size > LIMIT => violations.push(Violation::new(
                &source.path,
                LIMIT + 1,
                format!("{size} product lines, at most {LIMIT}: split the file by what its parts are for"),
            )),
            Some(entry) if size > entry.size => violations.push(Violation::new(
                &source.path,
                1,
                format!(
                    "grew from {} to {size} product lines; a file over {LIMIT} may only shrink",
                    entry.size
                ),
            )),
            Some(entry) if size <= LIMIT => violations.push(Violation::new(
                LIST,
                entry.line,
                format!("{} has {size} product lines: remove the entry", entry.path),
            )),
            Some(entry) if size < entry.size => violations.push(Violation::new(
                LIST,
                entry.line,
                format!("{} shrank: lower its number to {size}", entry.path),
            )),
            _ => {}
        }
    }
    for entry in &entries {
        if !sources.iter().any(|source| source.path == entry.path) {
            let message = format!("{} is not there: remove the entry", entry.path);
            violations.push(Violation::new(LIST, entry.line, message));
        }
    }
    violations
}

fn parse<'a>(list: &'a str, violations: &mut Vec<Violation>) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    for (index, line) in list.lines().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => {}
            [first, ..] if first.starts_with('#') => {}
            [path, size] if size.parse::<usize>().is_ok() => {
                let size = size.parse().expect("the guard parsed the same word");
                entries.push(Entry {
                    line: index + 1,
                    path,
                    size,
                });
            }
            _ => violations.push(Violation::new(LIST, index + 1, "an entry is `path lines`")),
        }
    }
    entries
}

/// Code that ships or that the everyday commands run; fakes and suites of the testkit are tests.
fn is_product(path: &str) -> bool {
    let is_test = path
        .split('/')
        .any(|part| part == "tests" || part == "tests.rs" || part == "testkit");
    path.starts_with("crates/") && path.contains("/src/") && !is_test
}

/// All lines but those of test modules: from `#[cfg(test)]` in the first column to the brace that closes it there.
fn product_lines(source: &Source) -> usize {
    let mut size = 0;
    let mut in_tests = false;
    for line in source.code.lines() {
        in_tests |= line == "#[cfg(test)]";
        size += usize::from(!in_tests);
        // An item without a body ends with its line: `mod tests;`.
        let is_bodiless = line.ends_with(';') && line.starts_with(char::is_alphabetic);
        if in_tests && (line == "}" || is_bodiless) {
            in_tests = false;
        }
    }
    size
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "crates/engine/src/judge.rs";

    fn file(lines: usize, tests: usize) -> Source {
        let text = format!(
            "{}#[cfg(test)]\nmod tests {{\n{}}}\n",
            "// a\n".repeat(lines),
            "    // b\n    f();\n".repeat(tests)
        );
        Source::new(PATH, &text)
    }

    fn messages(source: Source, list: &str) -> Vec<String> {
        check(&[source], Some(list))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_file_at_the_limit_is_fine_whatever_its_tests() {
        assert!(messages(file(400, 900), "# none\n").is_empty());
    }

    #[test]
    fn a_file_over_the_limit_is_found() {
        let messages = messages(file(401, 0), "");
        assert!(
            messages[0].starts_with("crates/engine/src/judge.rs:401: 401 product lines"),
            "{messages:?}"
        );
    }

    #[test]
    fn code_after_the_tests_counts() {
        let text = format!("#[cfg(test)]\nmod tests;\n{}", "fn f() {}\n".repeat(401));
        assert_eq!(product_lines(&Source::new(PATH, &text)), 401);
    }

    #[test]
    fn a_brace_in_a_string_of_a_test_ends_no_test() {
        let text = "fn f() {}\n#[cfg(test)]\nmod tests {\n    const X: &str = \"\n}\n\";\n    fn g() {}\n}\n";
        assert_eq!(product_lines(&Source::new(PATH, text)), 1);
    }

    #[test]
    fn a_listed_file_may_shrink_but_not_grow() {
        assert!(messages(file(450, 0), &format!("{PATH} 450\n")).is_empty());
        assert!(messages(file(451, 0), &format!("{PATH} 450\n"))[0].contains("grew from 450 to 451"));
        assert!(messages(file(449, 0), &format!("{PATH} 450\n"))[0].contains("lower its number to 449"));
        assert!(messages(file(400, 0), &format!("{PATH} 450\n"))[0].contains("remove the entry"));
    }

    #[test]
    fn a_listed_file_that_is_gone_is_found() {
        let messages = messages(file(1, 0), "# x\ncrates/engine/src/gone.rs 500\n");
        assert_eq!(
            messages,
            ["crates/xtask/ratchet.txt:2: crates/engine/src/gone.rs is not there: remove the entry"]
        );
    }

    #[test]
    fn an_entry_that_cannot_be_read_is_found() {
        assert_eq!(
            messages(file(1, 0), "a b c\n"),
            ["crates/xtask/ratchet.txt:1: an entry is `path lines`"]
        );
    }

    #[test]
    fn tests_and_fakes_have_no_limit() {
        assert!(!is_product("crates/formats/src/mapping/reader/tests.rs"));
        assert!(!is_product("crates/formats/tests/a.rs"));
        assert!(!is_product("crates/testkit/src/memory.rs"));
        assert!(is_product(PATH));
    }
}
