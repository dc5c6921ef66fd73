//! Each campaign once, with few facts: enough to see it find nothing, and short enough for every day.

use std::path::PathBuf;
use std::time::Duration;

use chaos::{kills, sms};

/// Beside the folder of this test; built with the workspace's tests.
fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own file");
    let folder = test.ancestors().nth(2).expect("tests lie in target/PROFILE/deps");
    let binary = folder.join("clearwalk");
    assert!(
        binary.exists(),
        "{} is missing: run `cargo build -p clearwalk` first",
        binary.display()
    );
    binary
}

#[test]
fn whatever_happens_nobody_gets_a_message_twice_or_when_none_may_be_sent() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let outcome = sms::run(&sms::Options {
        binary: binary(),
        folder: folder.path().to_owned(),
        notices: 2_000,
        seed: 20_261_127,
        disturbances: 10,
        peace: 2_500,
        longest: Duration::from_secs(100),
        refusal: Duration::from_secs(5),
        concurrency: 24,
        dawn: Duration::from_secs(5),
    });
    let outcome = outcome.unwrap_or_else(|error| panic!("{error:#}"));
    println!("{outcome}");
    assert_eq!(outcome.violations(), 0, "{}", outcome.broken());
    assert!(
        outcome.accepted() > 1_000,
        "only {} messages were taken",
        outcome.accepted()
    );
    for deed in [
        "kill -9",
        "SIGTERM",
        "SIGSTOP and SIGCONT",
        "second instance",
        "hold",
        "pause",
    ] {
        assert!(outcome.count(deed) > 0, "{deed} was never done");
    }
}

#[test]
fn what_was_answered_for_is_there_after_any_number_of_kills_and_decided_the_same() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let outcome = kills::run(&kills::Options {
        binary: binary(),
        folder: folder.path().to_owned(),
        kills: 12,
        seed: 20_261_127,
        clients: 3,
        life: Duration::from_millis(1_500),
    });
    let outcome = outcome.unwrap_or_else(|error| panic!("{error:#}"));
    println!("{outcome}");
    assert_eq!(outcome.violations(), 0, "{}", outcome.broken());
    for what in [
        "facts answered for",
        "facts refused",
        "requests without an answer",
    ] {
        assert!(outcome.count(what) > 0, "{what}: none");
    }
}
