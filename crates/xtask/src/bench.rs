//! Benchmarks: run one by one, shown, and kept under `benches/results` by day and name.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

use crate::process;

/// In the order of a fact's way.
const NAMES: [&str; 6] = ["events", "engine", "ledger", "decide", "import", "service"];

/// Runs one benchmark, or all.
pub(crate) fn run(root: &Path, name: Option<&str>, arguments: &[OsString]) -> Result<()> {
    let names = match name {
        Some(name) if NAMES.contains(&name) => vec![name],
        Some(name) => bail!("no benchmark is called {name}; there are {}", NAMES.join(", ")),
        None => NAMES.to_vec(),
    };
    if names.iter().any(|name| ["import", "service"].contains(name)) {
        // They measure the binary from outside.
        process::run(process::cargo(root).args(["build", "--release", "-p", "clearwalk"]))?;
    }
    let day = process::output(Command::new("date").args(["-u", "+%F"]))?;
    for name in names {
        let mut command = command(root, name, arguments);
        let (report, status) = show(&mut command)?;
        if !status.success() {
            bail!("`{}` failed ({status})", process::line(&command));
        }
        let folder = root.join("benches/results");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let file = folder.join(format!("{}-{name}.md", day.trim()));
        fs::write(&file, report).with_context(|| format!("cannot write {}", file.display()))?;
        eprintln!("kept as benches/results/{}-{name}.md", day.trim());
    }
    Ok(())
}

fn command(root: &Path, name: &str, arguments: &[OsString]) -> Command {
    let mut command = process::cargo(root);
    command.args(["bench", "-p", "benches", "--bench", name]);
    if !arguments.is_empty() {
        command.arg("--").args(arguments);
    }
    command
}

/// Runs to the end, showing what is printed as it comes, and returns it.
pub(crate) fn show(command: &mut Command) -> Result<(String, ExitStatus)> {
    let line = process::line(command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{line}`"))?;
    let mut report = String::new();
    let stdout = child.stdout.take().context("stdout was asked for as a pipe")?;
    for text in BufReader::new(stdout).lines() {
        let text = text.with_context(|| format!("cannot read what `{line}` prints"))?;
        println!("{text}");
        report.push_str(&text);
        report.push('\n');
    }
    Ok((report, child.wait()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_bench_gets_its_own_arguments() {
        let command = command(Path::new("."), "import", &["--rows".into(), "1000".into()]);
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
        assert_eq!(
            words,
            [
                "bench", "-p", "benches", "--bench", "import", "--", "--rows", "1000"
            ]
        );
    }

    #[test]
    fn a_bench_that_does_not_exist_is_refused_with_those_that_do() {
        let error = run(Path::new("."), Some("judge"), &[]).unwrap_err().to_string();
        assert!(error.contains("events, engine"), "{error}");
    }

    #[test]
    fn what_is_printed_is_kept() {
        let (report, status) = show(Command::new("echo").arg("| a |")).unwrap();
        assert!(report == "| a |\n" && status.success());
        assert!(!show(&mut Command::new("false")).unwrap().1.success());
    }
}
