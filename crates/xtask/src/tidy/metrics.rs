//! Every metric has its name and its help text in one file, so that the list of metrics is complete by reading it.

use super::Violation;
use super::lexer::{Source, line_of};

const HOME: &str = "crates/pipeline/src/metrics.rs";

/// Their `describe_` forms end in the same words.
const MACROS: [&str; 3] = ["counter!(", "gauge!(", "histogram!("];

pub(super) fn check(sources: &[Source]) -> Vec<Violation> {
    if !sources.iter().any(|source| source.path == HOME) {
        return Vec::new();
    }
    let others = sources.iter().filter(|source| source.path != HOME);
    let violations = others.flat_map(|source| {
        literal_names(source).map(|line| {
            let message = format!("a metric named in place: declare its name in {HOME} and use the constant");
            Violation::new(&source.path, line, message)
        })
    });
    violations.collect()
}

/// The lines of metric macros whose name is a string literal.
fn literal_names(source: &Source) -> impl Iterator<Item = usize> {
    MACROS
        .iter()
        .flat_map(|name| source.code.match_indices(name))
        .filter(|(at, name)| source.code[at + name.len()..].trim_start().starts_with('"'))
        .map(|(at, _)| line_of(&source.code, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        let home = Source::new(HOME, "//! x\npub const FACTS: &str = \"facts\";\n");
        let other = Source::new("crates/web/src/a.rs", text);
        check(&[home, other])
            .into_iter()
            .map(|violation| violation.line)
            .collect()
    }

    #[test]
    fn a_metric_named_in_place_is_found() {
        assert_eq!(
            lines("//! x\nfn f() { metrics::counter!(\"facts\").increment(1) }\n"),
            [2]
        );
        assert_eq!(
            lines("//! x\nfn f() {\n    describe_gauge!(\n        \"facts\", \"x\")\n}\n"),
            [3]
        );
    }

    #[test]
    fn a_metric_by_its_constant_is_fine() {
        assert_eq!(lines("//! x\nfn f() { histogram!(FACTS).record(1) }\n"), [0; 0]);
    }

    #[test]
    fn without_the_home_file_there_is_nothing_to_check() {
        let other = Source::new("crates/web/src/a.rs", "fn f() { counter!(\"facts\") }");
        assert!(check(&[other]).is_empty());
    }
}
