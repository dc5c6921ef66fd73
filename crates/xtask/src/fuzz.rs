//! `cargo xtask fuzz`: long runs of the fuzzer in release, which says itself what it found and how to see it again.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

/// Runs it with the arguments of the caller. Runs that ended the process are named by the files that the threads left.
pub(crate) fn run(root: &Path, arguments: &[OsString]) -> Result<()> {
    let mut command = command(root, arguments);
    let status = command
        .status()
        .with_context(|| format!("cannot start `{}`", process::line(&command)))?;
    match status.code() {
        Some(0) => Ok(()),
        Some(9) => bail!("something was found; the lines above say how to see it again"),
        Some(_) => bail!("`{}` failed ({status})", process::line(&command)),
        None => bail!(
            "a run ended the process ({status}); the files target/fuzz/*.at name the runs of each thread"
        ),
    }
}

fn command(root: &Path, arguments: &[OsString]) -> Command {
    let mut command = process::cargo(root);
    command
        .args(["run", "--quiet", "--release", "-p", "fuzz", "--"])
        .args(arguments);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fuzzer_gets_its_own_arguments() {
        let command = command(Path::new("."), &["event".into(), "--runs".into(), "1000".into()]);
        let words: Vec<_> = command
            .get_args()
            .skip(6)
            .map(|word| word.to_string_lossy())
            .collect();
        assert_eq!(words, ["event", "--runs", "1000"]);
    }
}
