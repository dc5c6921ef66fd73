//! `simulate`: the same seed, the same bytes.

use super::Place;

#[test]
fn a_seed_makes_the_same_bytes_and_another_one_others() {
    let place = Place::new();
    let facts = |seed: &str| place.run(["simulate", "--events", "300", "--seed", seed]).out;
    assert_eq!(facts("7"), facts("7"));
    assert_ne!(facts("7"), facts("8"));
    assert_eq!(facts("7").lines().count(), 300);
}

#[test]
fn a_year_without_end_is_refused() {
    let ran = Place::new().run(["simulate", "--year", "1900"]);
    assert_eq!(ran.exit, 2);
    assert!(ran.err.contains("between 2000 and 2069"), "{}", ran.err);
}

#[test]
fn a_folder_that_is_missing_is_told_and_leaves_nothing() {
    let place = Place::new();
    let ran = place.run(["simulate", "--events", "10", "--out", "nowhere/facts.jsonl"]);
    assert_eq!(ran.exit, 1);
    assert!(ran.err.contains("nowhere/facts.jsonl"), "{}", ran.err);
}

#[test]
fn a_device_is_written_as_it_is() {
    let place = Place::new();
    let ran = place.run([
        "simulate",
        "--events",
        "10",
        "--out",
        "/dev/null",
        "--truth",
        "/dev/null",
    ]);
    assert_eq!(ran.exit, 0, "{ran:?}");
}
