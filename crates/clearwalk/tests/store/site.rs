//! An installation in a temporary folder, and the binary run in it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const CONFIG: &str = r#"
[rules]
policies = ["policy.toml"]
[sms.providers.primary]
kind = "log"
[registry]
kind = "demo"
"#;

/// The first offence of a calendar year is waived; nothing waits.
const POLICY: &str = r#"
[policy]
id = "test"
version = "1"
effective = { from = "2020-01-01T00:00:00+08:00" }
time_zone = "Asia/Shanghai"
[window]
kind = "calendar-year"
[outcome]
first = "waived"
otherwise = "penalty_proposed"
fine_minor = 10000
currency = "CNY"
"#;

const MAPPING: &str = r#"
[read]
format = "csv"
[fact]
source = { column = "source" }
id = { column = "id" }
plate = { column = "plate" }
class = { column = "class" }
captured_at = { column = "captured_at", formats = ["%Y-%m-%dT%H:%M:%S%z"] }
zone = { column = "zone" }
device = { column = "device" }
mode = { const = "live" }
"#;

/// Two offences of one car on two days, one of another, a repeated row, and a row without a plate.
pub(crate) const ROWS: &str = "\
source,id,plate,class,captured_at,zone,device
/cam/1,a,湘K12345,02,2026-03-02T10:00:05+08:00,Z1,C1
/cam/1,b,湘K12345,02,2026-05-02T10:00:05+08:00,Z1,C1
/cam/1,c,湘K54321,02,2026-03-02T11:00:05+08:00,Z1,C1
/cam/1,a,湘K12345,02,2026-03-02T10:00:05+08:00,Z1,C1
/cam/1,d,,02,2026-03-02T12:00:05+08:00,Z1,C1
";

pub(crate) struct Site(TempDir);

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Site {
    pub(crate) fn new() -> Self {
        let site = Self(tempfile::tempdir().unwrap());
        site.write("clearwalk.toml", CONFIG);
        site.write("policy.toml", POLICY);
        site.write("map.toml", MAPPING);
        site.write("rows.csv", ROWS);
        site
    }

    /// With the rows decided on.
    pub(crate) fn decided() -> Self {
        let site = Self::new();
        site.ask(&["import", "rows.csv", "--map", "map.toml", "--process"]);
        site
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clearwalk"));
        command
            .args(arguments)
            .current_dir(self.0.path())
            .stdin(Stdio::null());
        command.env_clear().env("USER", "tester");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(&self.command(arguments).output().unwrap())
    }

    /// Must succeed; gives stdout.
    pub(crate) fn ask(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, 0, "clearwalk {arguments:?}: {}", ended.stderr);
        ended.stdout
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        serde_json::from_str(&self.ask(&arguments)).unwrap()
    }

    pub(crate) fn export(&self, what: &str) -> Vec<Value> {
        let lines = self.ask(&["export", what]);
        lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Must fail so; gives the error on stderr.
    pub(crate) fn refuse(&self, code: i32, arguments: &[&str]) -> Value {
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        let ended = self.run(&arguments);
        assert_eq!(
            ended.code, code,
            "clearwalk {arguments:?}: {}{}",
            ended.stdout, ended.stderr
        );
        let error: Value = serde_json::from_str(&ended.stderr).unwrap();
        error["error"].clone()
    }
}

impl Site {
    /// Must fail so; the error is the last line on stderr, after those of the log.
    pub(crate) fn refuse_last(&self, code: i32, arguments: &[&str]) -> Value {
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        let ended = self.run(&arguments);
        assert_eq!(
            ended.code, code,
            "clearwalk {arguments:?}: {}{}",
            ended.stdout, ended.stderr
        );
        let error: Value = serde_json::from_str(ended.stderr.lines().last().unwrap()).unwrap();
        error["error"].clone()
    }
}

impl Ended {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self {
            code: output.status.code().unwrap(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }
}

/// The one case whose facts are these.
pub(crate) fn case_of<'v>(cases: &'v [Value], fact: &str) -> &'v Value {
    let holds = |case: &&Value| case["effective"] == true && case["facts"][0] == fact;
    cases
        .iter()
        .find(holds)
        .unwrap_or_else(|| panic!("no case of {fact} in {cases:?}"))
}
