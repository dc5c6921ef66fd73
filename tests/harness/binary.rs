//! Runs the binary as a user does, and reads what it printed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The binary that `cargo test --workspace` has built beside this test.
pub(crate) fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let folder = test
        .ancestors()
        .nth(2)
        .expect("a test lies in target/PROFILE/deps");
    let binary = folder.join("clearwalk");
    assert!(
        binary.exists(),
        "{} is missing: run `cargo build -p clearwalk` first",
        binary.display()
    );
    binary
}

/// The folder of the whole project.
pub(crate) fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests lie in the project")
        .to_owned()
}

/// A file of the large real data; none, and a line that says so, where it is absent.
pub(crate) fn real_file(name: &str) -> Option<PathBuf> {
    let path = project().join("../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    println!("{} is absent: this test is skipped", path.display());
    None
}

/// An installation in a folder of its own.
pub(crate) struct Installation {
    pub(crate) folder: tempfile::TempDir,
    config: PathBuf,
}

impl Installation {
    /// With the policy file at `policy` and `more` at the end of the configuration.
    pub(crate) fn new(policy: &Path, more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = folder.path().join("clearwalk.toml");
        let text = format!(
            "[store]\nurl = \"sqlite:clearwalk.db\"\n[rules]\npolicies = [{:?}]\n{more}\n",
            policy.display().to_string()
        );
        std::fs::write(&config, text).expect("the folder can be written");
        Self { folder, config }
    }

    pub(crate) fn command<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, arguments: I) -> Command {
        let mut command = Command::new(binary());
        command
            .arg("--config")
            .arg(&self.config)
            .args(arguments)
            .current_dir(self.folder.path());
        command.stdin(Stdio::null());
        command
    }

    /// Runs to the end; must succeed.
    pub(crate) fn run<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, arguments: I) -> String {
        let output = self.command(arguments).output().expect("the binary starts");
        succeeded(&output)
    }

    /// As [`Self::run`], read as one JSON object.
    pub(crate) fn json<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, arguments: I) -> Value {
        let text = self.run(arguments);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// All lines of an export.
    pub(crate) fn export(&self, what: &str) -> Vec<Value> {
        let text = self.run(["export", what, "--format", "jsonl"]);
        text.lines()
            .map(|line| serde_json::from_str(line).expect("a JSON line"))
            .collect()
    }

    /// The digest of all decisions.
    pub(crate) fn digest(&self) -> String {
        let value = self.json(["digest", "--json"]);
        value["digest"]
            .as_str()
            .unwrap_or_else(|| panic!("no digest in {value}"))
            .to_owned()
    }
}

/// What a command printed; it must have succeeded.
pub(crate) fn succeeded(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}: {}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&output.stdout)
    );
    String::from_utf8(output.stdout.clone()).expect("output is UTF-8")
}
