//! Identities of records: duplicates, conflicts, doubles, and what stands in no case.

use crate::facts::{gone, payment, registered, seen, told};
use crate::run::city;

#[test]
fn an_equal_repeat_is_a_duplicate_and_the_smallest_time_counts() {
    let late = seen("a", "03-02 09:00", "Z1").known("03-20 09:00");
    let early = seen("a", "03-02 09:00", "Z1").known("03-03 09:00");
    assert_eq!(city().decide(std::slice::from_ref(&late)).says("a"), "held late");
    for facts in [[late.clone(), early.clone()], [early, late]] {
        let out = city().decide(&facts);
        assert_eq!(out.says("a"), "waived first_in_window");
        assert_eq!(out.lines_of("a"), ["duplicate same_content"]);
    }
}

#[test]
fn content_is_equal_whatever_the_order_of_keys_and_form_of_numbers() {
    let one = seen("a", "03-02 09:00", "Z1").with("/data/extra", serde_json::json!({"x": 1, "y": 2.0}));
    let line = one.to_string();
    let other = format!(
        "{{\"id\":\"a\",\"data\":{},\"time\":\"2026-03-02T09:00:00+08:00\",\"source\":\"/s\",\"type\":\"clearwalk.observation.v1\",\"specversion\":\"1.0\"}}",
        one.0["data"]
            .to_string()
            .replace("2.0", "2")
            .replace("湘", "\\u6e58")
    );
    let out = city().decide_lines(&[line, other]);
    assert_eq!(out.lines_of("a"), ["duplicate same_content"]);
}

#[test]
fn unknown_fields_count_in_the_content() {
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        seen("a", "03-02 09:00", "Z1").with("/data/new", 1),
    ];
    assert_eq!(city().decide(&facts).lines_of("a"), ["conflict other_content"]);
}

#[test]
fn one_id_of_two_sources_is_two_facts() {
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        seen("a", "03-02 09:10", "Z1").source("/t"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.cases.len(), 1);
    assert_eq!(out.case("a")["facts"], serde_json::json!(["/s#a", "/t#a"]));
}

#[test]
fn one_id_for_an_observation_and_another_fact_is_a_conflict() {
    let facts = [seen("a", "03-02 09:00", "Z1"), payment("a", "03-03 09:00", "a")];
    let out = city().decide(&facts);
    assert_eq!(out.lines_of("a"), ["conflict other_content"]);
    assert_eq!(out.says("a"), "waived first_in_window");
}

#[test]
fn a_picture_of_another_device_or_instant_is_no_double() {
    let with = |other: crate::facts::Fact| {
        let facts = [seen("a", "03-02 09:00", "Z1").image("ab"), other];
        city().decide(&facts).together("a")
    };
    assert_eq!(with(seen("b", "03-02 09:00", "Z1").image("ab")), "a");
    assert_eq!(
        with(seen("b", "03-02 09:00", "Z1").image("ab").device("D2")),
        "a b"
    );
    assert_eq!(with(seen("b", "03-02 09:00:01", "Z1").image("ab")), "a b");
    assert_eq!(with(seen("b", "03-02 09:00", "Z1").image("cd")), "a b");
    assert_eq!(with(seen("b", "03-02 09:00", "Z1")), "a b");
}

#[test]
fn what_is_said_of_a_double_is_said_of_its_case() {
    let facts = [
        seen("a", "03-02 09:00", "Z1").image("ab"),
        seen("b", "03-02 09:00", "Z1").image("ab"),
        crate::facts::void("v", "03-03 09:00", "b", "exempt"),
    ];
    assert_eq!(city().decide(&facts).says("a"), "voided exempt");
}

#[test]
fn facts_about_cases_are_applied() {
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        gone("g", "03-02 12:00", "Z1"),
        told("t", "03-02 13:00", "a", "waived"),
        registered("n", "05-01 00:00", "湘K12345", None),
        told("w", "03-02 13:00", "nowhere", "waived"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("g"), "applied");
    assert_eq!(out.says("t"), "applied");
    assert_eq!(out.says("n"), "applied");
    assert_eq!(out.says("w"), "waiting about_unknown");
}

#[test]
fn every_line_of_a_file_is_accounted_for() {
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        seen("b", "03-02 09:10", "Z1"),
        seen("b", "03-02 09:10", "Z1"),
        seen("c", "03-02 09:00", "Z1").number("-"),
        seen("d", "03-02 09:00", "Z1").with("/data/device/mode", "test"),
        seen("a", "03-02 10:00", "Z1"),
        told("t", "03-02 13:00", "a", "waived"),
    ];
    let out = city().decide(&facts);
    let in_cases: usize = out
        .cases
        .iter()
        .map(|case| case["facts"].as_array().unwrap().len())
        .sum();
    assert_eq!(in_cases + out.others.len(), facts.len());
}
