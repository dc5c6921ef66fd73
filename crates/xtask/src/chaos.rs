//! `cargo xtask chaos`: a campaign against the release binary, whose report is kept beside those of the benchmarks.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{bench, process};

/// Runs a campaign. Its report is kept whatever it found; that something was found is an error.
pub(crate) fn run(root: &Path, campaign: &str, arguments: &[OsString]) -> Result<()> {
    process::run(process::cargo(root).args(["build", "--release", "-p", "clearwalk", "-p", "chaos"]))?;
    let day = process::output(Command::new("date").args(["-u", "+%F"]))?;
    let (report, status) = bench::show(&mut command(root, campaign, arguments))?;
    if report.starts_with("## ") {
        let file = format!("benches/results/{}-chaos-{campaign}.md", day.trim());
        let path = root.join(&file);
        fs::write(&path, report).with_context(|| format!("cannot write {}", path.display()))?;
        eprintln!("kept as {file}");
    }
    if !status.success() {
        bail!("the campaign {campaign} ended with {status}");
    }
    Ok(())
}

fn command(root: &Path, campaign: &str, arguments: &[OsString]) -> Command {
    let mut command = process::cargo(root);
    command
        .args(["run", "--quiet", "--release", "-p", "chaos", "--", campaign])
        .args(arguments);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_campaign_gets_its_own_arguments() {
        let command = command(Path::new("."), "sms", &["--notices".into(), "1000".into()]);
        let words: Vec<_> = command
            .get_args()
            .skip(6)
            .map(|word| word.to_string_lossy())
            .collect();
        assert_eq!(words, ["sms", "--notices", "1000"]);
    }
}
