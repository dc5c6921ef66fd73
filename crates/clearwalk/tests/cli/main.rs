//! The binary as scripts meet it: exit codes, standard output, standard error, files.

mod config;
mod decide;
mod environment;
mod lint;
mod policy;
mod settings;
mod simulate;
mod test_gateway;
mod usage;

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder of its own to run in.
struct Place {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// What a run came to.
#[derive(Debug)]
struct Ran {
    exit: i32,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: TempDir::new().expect("a folder for the test"),
            variables: Vec::new(),
        }
    }

    /// A place with the files of a small made-up city.
    fn city(events: u32) -> Self {
        let place = Self::new();
        let events = events.to_string();
        let names = [
            "facts.jsonl",
            "truth.jsonl",
            "owners.csv",
            "zones.toml",
            "policy.toml",
        ];
        let [out, truth, owners, zones, policy] = names;
        let ran = place.run([
            "simulate", "--events", &events, "--out", out, "--truth", truth, "--owners", owners, "--zones",
            zones, "--policy", policy,
        ]);
        assert_eq!(ran.exit, 0, "{ran:?}");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("the test's file is written");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("the file is there")
    }

    fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// The command, in this folder, with nothing of the test's own environment that it might heed.
    fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clearwalk"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command.env_clear().env("USER", "tester");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Ran {
        let output = self.command(arguments).output().expect("the binary runs");
        Ran::of(&output)
    }
}

impl Ran {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("what is printed is UTF-8");
        Self {
            exit: output.status.code().unwrap_or(-1),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    /// The one JSON object of a failed run with `--json`.
    fn error(&self) -> serde_json::Value {
        let last = self.err.lines().last().unwrap_or_default();
        let document: serde_json::Value = serde_json::from_str(last).expect("the error is one JSON object");
        document["error"].clone()
    }

    /// The messages of a failed run, without the word before the first and the hint.
    fn messages(&self) -> Vec<&str> {
        let lines = self.err.lines().map(|line| line.trim_start_matches("error: "));
        lines
            .filter(|line| !line.trim_start().starts_with("hint:"))
            .collect()
    }
}
