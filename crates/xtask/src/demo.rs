//! `cargo xtask demo`: from a fresh clone to a running city.

use std::ffi::OsString;
use std::io::BufReader;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use cargo_metadata::Message;

use crate::{process, setup};

/// Does not return when the demo starts: this process becomes it, so that signals and the exit code are its own.
pub(crate) fn run(root: &Path, arguments: &[OsString]) -> Result<()> {
    setup::run()?;
    let binary = build(root)?;
    let error = Command::new(&binary).arg("demo").args(arguments).exec();
    Err(error).with_context(|| format!("cannot start {}", binary.display()))
}

/// Cargo itself says where the binary is, whatever target folder or triple is configured.
fn build(root: &Path) -> Result<PathBuf> {
    let mut command = process::cargo(root);
    command.args([
        "build",
        "--release",
        "-p",
        "clearwalk",
        "--message-format",
        "json-render-diagnostics",
    ]);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`", process::line(&command)))?;
    let stdout = child.stdout.take().expect("stdout was asked for as a pipe");
    let mut binary = None;
    for message in Message::parse_stream(BufReader::new(stdout)) {
        if let Message::CompilerArtifact(artifact) = message.context("cargo's messages cannot be read")?
            && artifact.target.name == "clearwalk"
            && let Some(path) = artifact.executable
        {
            binary = Some(path.into_std_path_buf());
        }
    }
    let status = child.wait().context("cannot wait for cargo")?;
    if !status.success() {
        bail!("`{}` failed ({status})", process::line(&command));
    }
    binary.context("cargo built no binary named clearwalk")
}
