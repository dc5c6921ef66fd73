//! What people say about cases, and the switch of sending.

use serde_json::json;

use crate::site::{Site, case_of};

fn id(site: &Site, fact: &str) -> String {
    case_of(&site.export("cases"), fact)["case"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn a_void_takes_the_case_away_and_the_next_one_is_the_first() {
    let site = Site::decided();
    let first = id(&site, "/cam/1#a");
    let shown = site.json(&["case", "void", &first, "--reason", "emergency_vehicle"]);
    assert_eq!(shown["effective"]["outcome"], "voided");
    assert_eq!(shown["versions"].as_array().unwrap().len(), 2);
    let cases = site.export("cases");
    assert_eq!(case_of(&cases, "/cam/1#b")["outcome"], "waived");
    let audit = site.export("audit");
    let entry = audit.iter().find(|entry| entry["action"] == "case.void").unwrap();
    assert_eq!(
        (&entry["actor"], &entry["object"]),
        (&json!("tester"), &json!(first))
    );
}

#[test]
fn a_review_that_rejects_leaves_no_evidence() {
    let site = Site::decided();
    let case = id(&site, "/cam/1#c");
    let shown = site.json(&[
        "case",
        "review",
        &case,
        "rejected",
        "--reason",
        "wrong car",
        "--by",
        "R7",
    ]);
    assert_eq!(shown["effective"]["outcome"], "voided");
    assert_eq!(shown["effective"]["reasons"][0], "review_rejected");
}

#[test]
fn a_corrected_plate_moves_the_observation() {
    let site = Site::decided();
    let case = id(&site, "/cam/1#c");
    site.ask(&["case", "plate", &case, "湘K12345", "--class", "02"]);
    let cases = site.export("cases");
    let subjects: Vec<_> = cases
        .iter()
        .filter(|case| case["effective"] == true && case["outcome"] != "voided")
        .map(|case| case["subject"].as_str().unwrap())
        .collect();
    assert!(
        subjects
            .iter()
            .filter(|subject| **subject == "湘K12345/02")
            .count()
            >= 2,
        "{cases:?}"
    );
}

#[test]
fn discretion_sets_the_outcome_and_an_unknown_one_is_a_usage_error() {
    let site = Site::decided();
    let case = id(&site, "/cam/1#b");
    let error = site.refuse(2, &["case", "discretion", &case, "pardoned", "--reason", "x"]);
    assert!(error["hint"].as_str().unwrap().contains("waived"), "{error}");
    let shown = site.json(&["case", "discretion", &case, "warned", "--reason", "hardship"]);
    assert_eq!(shown["effective"]["outcome"], "warned");
}

#[test]
fn a_case_that_is_not_there_is_not_found() {
    let site = Site::decided();
    for arguments in [
        ["case", "show", "260101-NOBODY"].as_slice(),
        &["case", "void", "260101-NOBODY", "--reason", "other"],
    ] {
        assert_eq!(site.refuse(4, arguments)["code"], "not_found");
    }
}

#[test]
fn a_case_is_shown_in_both_languages() {
    let site = Site::decided();
    let text = site.ask(&["case", "show", &id(&site, "/cam/1#a")]);
    for part in ["湘K12345/02", "waived", "because", "version   1", "notice"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn sending_stops_and_goes_on_and_both_are_written_down() {
    let site = Site::decided();
    let paused = site.json(&["sms", "pause", "--reason", "wrong template"]);
    assert_eq!(paused["providers"][0]["provider"], "*");
    assert_eq!(paused["providers"][0]["paused"]["by"], "tester");
    let runs = site.json(&["sms", "resume"]);
    assert!(runs["providers"][0]["paused"].is_null(), "{runs}");
    assert_eq!(
        site.refuse(4, &["sms", "pause", "secondary", "--reason", "x"])["code"],
        "not_found"
    );
    let actions: Vec<_> = site
        .export("audit")
        .iter()
        .map(|entry| entry["action"].clone())
        .collect();
    assert!(
        actions.contains(&json!("sms.pause")) && actions.contains(&json!("sms.resume")),
        "{actions:?}"
    );
}
