//! `cargo xtask test`: everything that must hold before a change is taken, in the order of cheapness.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::totals::{Reader, Totals};
use crate::{process, setup, tidy};

/// What has been done so far: the rows of the table at the end, and the totals once the tests ran.
struct Gate {
    start: Instant,
    steps: Vec<(&'static str, Duration, bool)>,
    totals: Option<Totals>,
}

/// Stops at the first step that fails. The last line is always the verdict.
pub(crate) fn run(root: &Path) -> Result<ExitCode> {
    let mut gate = Gate {
        start: Instant::now(),
        steps: Vec::new(),
        totals: None,
    };
    let result = all(&mut gate, root);
    if let Err(error) = &result {
        eprintln!("error: {error:#}");
    }
    print!("{}", gate.report());
    std::io::stdout().flush().context("cannot write to stdout")?;
    Ok(if result.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn all(gate: &mut Gate, root: &Path) -> Result<()> {
    gate.step("setup", || {
        setup::run()?;
        toolchain()
    })?;
    gate.step("fmt", || {
        process::run(process::cargo(root).args(["fmt", "--all", "--check"]))
    })?;
    gate.step("clippy", || {
        let arguments = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
        process::run(process::cargo(root).args(arguments))
    })?;
    gate.step("tidy", || tidy::run(root))?;
    gate.step("doc", || {
        let mut command = process::cargo(root);
        process::run(
            command
                .env("RUSTDOCFLAGS", "-D warnings")
                .args(["doc", "--workspace", "--no-deps"]),
        )
    })?;
    let mut totals = Totals::default();
    // Without the flag the first suite that fails would hide what the others have to say.
    let mut tests = process::cargo(root);
    tests.args(["test", "--workspace", "--no-fail-fast"]);
    let result = gate.step("test", || {
        run_tests(&mut tests, &mut std::io::stdout(), &mut totals)
    });
    gate.totals = Some(totals);
    result
}

/// A minimal toolchain has neither; the failure of cargo would not say what to type.
fn toolchain() -> Result<()> {
    let missing: Vec<&str> = [("fmt", "rustfmt"), ("clippy", "clippy")]
        .into_iter()
        .filter(|(command, _)| !process::succeeds(Command::new("cargo").args([command, "--version"])))
        .map(|(_, component)| component)
        .collect();
    if !missing.is_empty() {
        bail!(
            "the toolchain lacks a component; type this line, then try again:\n\n    rustup component add {}\n",
            missing.join(" ")
        );
    }
    Ok(())
}

/// Passes the output on to `sink` as it comes and counts it on the way.
fn run_tests(command: &mut Command, sink: &mut dyn Write, totals: &mut Totals) -> Result<()> {
    let line = process::line(command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{line}`"))?;
    let mut pipe = child.stdout.take().expect("stdout was asked for as a pipe");
    let mut reader = Reader::default();
    let mut buffer = [0; 8192];
    loop {
        let length = pipe
            .read(&mut buffer)
            .with_context(|| format!("cannot read from `{line}`"))?;
        if length == 0 {
            break;
        }
        reader.push(&buffer[..length]);
        sink.write_all(&buffer[..length])
            .and_then(|()| sink.flush())
            .with_context(|| format!("cannot pass on the output of `{line}`"))?;
    }
    *totals = reader.finish();
    let status = child
        .wait()
        .with_context(|| format!("cannot wait for `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    if totals.passed == 0 {
        bail!("`{line}` ran no test");
    }
    Ok(())
}

impl Gate {
    fn step(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        println!("==> {name}");
        let start = Instant::now();
        let result = work().with_context(|| format!("step `{name}`"));
        self.steps.push((name, start.elapsed(), result.is_ok()));
        result
    }

    /// The table of the steps, then the verdict.
    fn report(&self) -> String {
        let rows: String = self.steps.iter().map(row).collect();
        format!("\nstep        seconds\n{rows}{}\n", self.verdict())
    }

    fn verdict(&self) -> String {
        let seconds = self.start.elapsed().as_secs();
        let failed = self.steps.iter().find(|(_, _, passed)| !passed);
        match (failed, self.totals) {
            (None, Some(totals)) => format!("test result: ok. {totals}; finished in {seconds} s"),
            (Some(_), Some(totals)) => format!("test result: FAILED. {totals}; finished in {seconds} s"),
            (Some((name, ..)), None) => {
                format!("test result: FAILED. step {name} failed, no test was run; finished in {seconds} s")
            }
            (None, None) => format!("test result: FAILED. no test was run; finished in {seconds} s"),
        }
    }
}

fn row((name, time, passed): &(&'static str, Duration, bool)) -> String {
    let mark = if *passed { "" } else { "  FAILED" };
    format!("{name:<10}  {:>7.1}{mark}\n", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> Gate {
        Gate {
            start: Instant::now(),
            steps: Vec::new(),
            totals: None,
        }
    }

    fn shell(script: &str) -> (Result<()>, Totals) {
        let mut totals = Totals::default();
        // Not the real stdout: a check around this test would count the lines as its own.
        let mut sink = Vec::new();
        let result = run_tests(Command::new("sh").args(["-c", script]), &mut sink, &mut totals);
        assert!(!sink.is_empty(), "the output is passed on");
        (result, totals)
    }

    #[test]
    fn the_last_line_sums_what_the_tests_said() {
        let mut gate = gate();
        gate.step("test", || Ok(())).unwrap();
        gate.totals = Some(Totals {
            passed: 512,
            failed: 0,
            ignored: 2,
            suites: 14,
        });
        let report = gate.report();
        let last = report.lines().last().unwrap();
        assert_eq!(
            last,
            "test result: ok. 512 passed; 0 failed; 2 ignored; 14 suites; finished in 0 s"
        );
    }

    #[test]
    fn a_failed_step_is_named_in_the_last_line() {
        let mut gate = gate();
        let error = gate.step("clippy", || bail!("no")).unwrap_err();
        assert_eq!(format!("{error:#}"), "step `clippy`: no");
        let report = gate.report();
        assert!(
            report
                .lines()
                .last()
                .unwrap()
                .starts_with("test result: FAILED. step clippy failed"),
            "{report}"
        );
    }

    #[test]
    fn a_run_without_tests_is_a_failure() {
        let (result, _) = shell("echo nothing here");
        assert!(result.unwrap_err().to_string().ends_with("ran no test"));
    }

    #[test]
    fn a_suite_that_dies_without_a_result_line_is_a_failure() {
        let (result, totals) = shell("echo 'test result: ok. 3 passed; 0 failed; 0 ignored'; exit 101");
        assert!(result.is_err());
        assert_eq!(totals.passed, 3);
    }
}
