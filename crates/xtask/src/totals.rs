//! The totals of a test run, summed from the lines that the test runner prints.

use std::fmt;

/// What all suites together said.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
    /// Suites that hold at least one test; empty ones would only blur the number.
    pub(crate) suites: u64,
}

impl Totals {
    /// Adds a line of output; lines that are no result of a suite change nothing.
    pub(crate) fn add_line(&mut self, line: &str) {
        let Some((_, counts)) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        let mut suite = Self::default();
        for count in counts.split(';') {
            let mut words = count.split_whitespace();
            let (Some(number), Some(what)) = (words.next(), words.next()) else {
                continue;
            };
            let Ok(number) = number.parse::<u64>() else {
                continue;
            };
            match what {
                "passed" => suite.passed = number,
                "failed" => suite.failed = number,
                "ignored" => suite.ignored = number,
                _ => {}
            }
        }
        self.passed += suite.passed;
        self.failed += suite.failed;
        self.ignored += suite.ignored;
        self.suites += u64::from(suite.passed + suite.failed + suite.ignored > 0);
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            passed,
            failed,
            ignored,
            suites,
        } = self;
        write!(
            f,
            "{passed} passed; {failed} failed; {ignored} ignored; {suites} suites"
        )
    }
}

/// Cuts a stream of bytes into lines and adds each as soon as it is complete.
#[derive(Default)]
pub(crate) struct Reader {
    totals: Totals,
    line: Vec<u8>,
}

impl Reader {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if byte == b'\n' {
                self.totals.add_line(&String::from_utf8_lossy(&self.line));
                self.line.clear();
            } else {
                self.line.push(byte);
            }
        }
    }

    pub(crate) fn finish(mut self) -> Totals {
        self.totals.add_line(&String::from_utf8_lossy(&self.line));
        self.totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: &str =
        "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.31s";

    fn read(chunks: &[&str]) -> Totals {
        let mut reader = Reader::default();
        for chunk in chunks {
            reader.push(chunk.as_bytes());
        }
        reader.finish()
    }

    #[test]
    fn suites_are_summed() {
        let failed = OK.replace("ok.", "FAILED.").replace("0 failed", "2 failed");
        let totals = read(&[&format!("running 13 tests\n{OK}\n\n{failed}\n")]);
        assert_eq!(
            totals,
            Totals {
                passed: 24,
                failed: 2,
                ignored: 2,
                suites: 2
            }
        );
    }

    #[test]
    fn a_line_cut_by_the_pipe_counts_once() {
        let (head, tail) = OK.split_at(20);
        assert_eq!(read(&[head, tail]).passed, 12);
    }

    #[test]
    fn an_empty_suite_is_no_suite() {
        assert_eq!(
            read(&["test result: ok. 0 passed; 0 failed; 0 ignored\n"]).suites,
            0
        );
    }

    #[test]
    fn what_a_test_prints_in_the_middle_of_a_line_is_not_counted() {
        assert_eq!(read(&[&format!("it said: {OK}\n")]), Totals::default());
    }
}
