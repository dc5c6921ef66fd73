//! Arguments: what is asked for, what is wrong with it, and where the answer goes.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use super::Place;

#[test]
fn every_command_of_the_contract_is_there_and_explains_itself() {
    let place = Place::new();
    for command in [
        "demo",
        "serve",
        "import",
        "decide",
        "export",
        "simulate",
        "testgateway",
        "digest",
        "case show",
        "case void",
        "case review",
        "case plate",
        "case discretion",
        "sms status",
        "sms pause",
        "sms resume",
        "policy lint",
        "policy list",
        "policy show",
        "config init",
        "config check",
        "config show",
        "config schema",
        "doctor",
        "db migrate",
        "db status",
        "db backup",
        "db restore",
        "completions",
        "man",
        "version",
    ] {
        let ran = place.run(command.split(' ').chain(["--help"]));
        assert_eq!(ran.exit, 0, "{command}: {ran:?}");
        assert!(ran.out.contains("Usage: clearwalk"), "{command}");
        assert!(
            ran.out.contains("--config") && ran.out.contains("--json"),
            "{command}"
        );
    }
}

#[test]
fn wrong_arguments_exit_with_2_and_say_so_on_stderr_only() {
    let place = Place::new();
    for arguments in [
        &["fly"][..],
        &["decide"],
        &["decide", "--as-of", "yesterday", "facts.jsonl"],
        &["simulate", "--events", "many"],
        &["testgateway", "--listen", "here"],
        &["export", "everything"],
        &["config"],
        &["version", "--loud"],
    ] {
        let ran = place.run(arguments);
        assert_eq!(ran.exit, 2, "{arguments:?}: {ran:?}");
        assert_eq!(ran.out, "", "{arguments:?}");
        assert!(
            ran.err.starts_with("error: ") || ran.err.contains("Usage:"),
            "{arguments:?}: {}",
            ran.err
        );
    }
}

#[test]
fn a_slip_of_the_pen_is_answered_with_the_right_word() {
    let ran = Place::new().run(["decid"]);
    assert!(ran.err.contains("'decide'"), "{}", ran.err);
}

#[test]
fn with_json_a_wrong_argument_is_one_object() {
    let ran = Place::new().run(["--json", "fly"]);
    assert_eq!((ran.exit, ran.out.as_str()), (2, ""));
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    let error = ran.error();
    assert_eq!((&error["code"], &error["exit"]), (&"usage".into(), &2.into()));
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|message| message.contains("fly")),
        "{error}"
    );
}

#[test]
fn config_and_json_are_taken_before_and_after_a_command() {
    let place = Place::new();
    place.write("a.toml", "[web]\nlisten = \"127.0.0.1:9\"\n");
    for arguments in [
        &["--config", "a.toml", "--json", "config", "show"][..],
        &["config", "--json", "--config", "a.toml", "show"],
        &["config", "show", "--json", "--config", "a.toml"],
    ] {
        let ran = place.run(arguments);
        assert_eq!(ran.exit, 0, "{arguments:?}: {ran:?}");
        assert!(ran.out.contains("127.0.0.1:9"), "{arguments:?}: {}", ran.out);
    }
}

#[test]
fn the_version_is_data() {
    let place = Place::new();
    let ran = place.run(["version"]);
    assert_eq!(ran.out, format!("clearwalk {}\n", env!("CARGO_PKG_VERSION")));
    let ran = place.run(["version", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(document["version"], env!("CARGO_PKG_VERSION"));
    assert!(
        document["sqlite"].as_str().unwrap().starts_with("3."),
        "{document}"
    );
}

#[test]
fn completions_and_manual_pages_are_written_for_every_command() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = place.run(["completions", shell]);
        assert!(ran.exit == 0 && ran.out.contains("testgateway"), "{shell}");
    }
    let ran = place.run(["man", "--out", "man"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    for page in [
        "clearwalk",
        "clearwalk-decide",
        "clearwalk-policy-lint",
        "clearwalk-case-void",
    ] {
        assert!(place.read(&format!("man/{page}.1")).contains(".TH"), "{page}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::new();
    let mut command = place.command(["simulate", "--events", "50000"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut first = String::new();
    let mut reader = BufReader::new(child.stdout.take().expect("its output"));
    reader.read_line(&mut first).expect("a line");
    drop(reader);
    let output = child.wait_with_output().expect("it ends");
    assert!(first.starts_with('{'));
    assert_eq!(output.status.code(), Some(0));
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
