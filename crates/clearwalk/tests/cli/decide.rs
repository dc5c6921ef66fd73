//! `decide` and files: what is printed, where, and with which exit code.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::Stdio;

use super::{Place, Ran};

const BY: [&str; 5] = ["decide", "--policy", "policy.toml", "--zones", "zones.toml"];

#[test]
fn the_answers_of_a_city_come_out_of_its_facts() {
    let place = Place::city(3_000);
    let ran = place.run(BY.into_iter().chain(["--all", "facts.jsonl"]));
    assert_eq!(ran.exit, 0, "{}", ran.err);
    let outcome = |line: &str| -> Option<(String, String, String)> {
        let line: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        let text = |key: &str| line[key].as_str().map(str::to_owned);
        Some((text("subject")?, line["facts"].to_string(), text("outcome")?))
    };
    let found: BTreeSet<_> = ran.out.lines().filter_map(outcome).collect();
    let truth = place.read("truth.jsonl");
    let right: BTreeSet<_> = truth.lines().filter_map(outcome).collect();
    assert!(right.len() > 500);
    assert_eq!(found, right);
    assert_eq!(
        ran.out.lines().count(),
        truth.lines().count(),
        "every line stands somewhere"
    );
}

#[test]
fn the_order_of_the_lines_changes_nothing() {
    let place = Place::new();
    let simulated = place.run([
        "simulate",
        "--events",
        "500",
        "--faultless",
        "--out",
        "facts.jsonl",
        "--zones",
        "zones.toml",
        "--policy",
        "policy.toml",
    ]);
    assert_eq!(simulated.exit, 0);
    let facts = place.read("facts.jsonl");
    let backwards: Vec<&str> = facts.lines().rev().collect();
    place.write("backwards.jsonl", &backwards.join("\n"));
    let forth = place.run(BY.into_iter().chain(["--all", "facts.jsonl"]));
    let back = place.run(BY.into_iter().chain(["--all", "backwards.jsonl"]));
    assert_eq!(forth.out, back.out);
    assert!(forth.out.lines().count() > 10);
}

#[test]
fn standard_input_is_a_file_too() {
    let place = Place::city(200);
    let mut command = place.command(BY.into_iter().chain(["-"]));
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    let mut input = child.stdin.take().expect("its input");
    input
        .write_all(place.read("facts.jsonl").as_bytes())
        .expect("it reads");
    drop(input);
    let piped = Ran::of(&child.wait_with_output().expect("it ends"));
    let from_file = place.run(BY.into_iter().chain(["facts.jsonl"]));
    assert_eq!(piped.out, from_file.out);
}

#[test]
fn bad_lines_are_named_on_stderr_and_are_no_failure() {
    let place = Place::city(20);
    place.write("facts.jsonl", "{\"half\":\n\n[]\n");
    let ran = place.run(BY.into_iter().chain(["facts.jsonl"]));
    assert_eq!((ran.exit, ran.out.as_str()), (0, ""));
    assert!(ran.err.contains("facts.jsonl:1: schema: "), "{}", ran.err);
    assert!(ran.err.contains("facts.jsonl:3: schema: "), "{}", ran.err);
    assert!(
        ran.err.ends_with("2 lines, 0 cases, 2 quarantined (2 schema)\n"),
        "{}",
        ran.err
    );
}

#[test]
fn with_json_the_summary_is_one_object_on_stderr() {
    let place = Place::city(20);
    place.write("facts.jsonl", "{\"half\":\n");
    let ran = place.run(BY.into_iter().chain(["facts.jsonl", "--json"]));
    let summary: serde_json::Value = serde_json::from_str(&ran.err).expect("one object");
    assert_eq!(summary["summary"]["quarantined"]["schema"], 1);
}

#[test]
fn what_became_known_later_is_left_out() {
    let place = Place::city(300);
    let all = place.run(BY.into_iter().chain(["facts.jsonl"]));
    let before = place.run(
        BY.into_iter()
            .chain(["--as-of", "2020-01-01T00:00:00Z", "facts.jsonl"]),
    );
    assert!(!all.out.is_empty());
    assert_eq!((before.exit, before.out.as_str()), (0, ""));
}

#[test]
fn each_kind_of_missing_file_has_its_exit_code() {
    let place = Place::city(20);
    let exit = |arguments: &[&str]| place.run(arguments).exit;
    assert_eq!(exit(&["decide", "--policy", "policy.toml", "nothing.jsonl"]), 4);
    assert_eq!(exit(&["decide", "--policy", "nothing.toml", "facts.jsonl"]), 3);
    assert_eq!(
        exit(&[
            "decide",
            "--policy",
            "policy.toml",
            "--zones",
            "nothing.toml",
            "facts.jsonl"
        ]),
        3
    );
    assert_eq!(exit(&["decide", "--policy", "zones.toml", "facts.jsonl"]), 3);
}

#[test]
fn without_a_policy_the_configured_one_decides() {
    let place = Place::city(200);
    assert_eq!(place.run(["decide", "facts.jsonl"]).exit, 2, "none is configured");
    place.write(
        "clearwalk.toml",
        "[rules]\npolicies = [\"policy.toml\"]\nzones = \"zones.toml\"\n",
    );
    let configured = place.run(["decide", "facts.jsonl"]);
    let given = place.run(BY.into_iter().chain(["facts.jsonl"]));
    assert_eq!(configured.exit, 0, "{}", configured.err);
    assert_eq!(configured.out, given.out);
}
