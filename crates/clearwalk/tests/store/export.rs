//! What exports hold, and what they hide.

use crate::site::Site;

#[test]
fn every_record_is_accounted_for() {
    let site = Site::decided();
    let records = site.export("records");
    let dispositions: Vec<&str> = records
        .iter()
        .map(|it| it["disposition"].as_str().unwrap())
        .collect();
    assert_eq!(dispositions, ["decided", "decided", "decided", "duplicate"]);
    for record in &records {
        assert_eq!(
            (&record["stream"], &record["partition"]),
            (&"embedded".into(), &0.into())
        );
        assert!(
            record["received_at"].as_str().unwrap().starts_with("2026-"),
            "{record}"
        );
    }
}

#[test]
fn cases_are_the_lines_of_decide_with_their_version() {
    let site = Site::decided();
    for case in site.export("cases") {
        assert_eq!(
            (&case["version"], &case["effective"]),
            (&1.into(), &true.into()),
            "{case}"
        );
        assert!(
            case["because"]["zh"].is_string() && case["decided_at"].is_string(),
            "{case}"
        );
    }
}

#[test]
fn csv_has_a_header_and_a_line_for_each_row() {
    let site = Site::decided();
    for (what, first) in [
        ("records", "stream,"),
        ("cases", "case,"),
        ("notices", "notice,"),
        ("audit", "chain,"),
    ] {
        let csv = site.ask(&["export", what, "--format", "csv"]);
        assert!(csv.starts_with(first), "{csv}");
        assert_eq!(csv.lines().count(), site.export(what).len() + 1, "{what}");
    }
}

#[test]
fn a_notice_that_is_not_sent_shows_the_text_that_it_would_have() {
    let site = Site::decided();
    let notices = site.export("notices");
    assert_eq!(notices.len(), 3, "{notices:?}");
    for notice in notices {
        assert!(notice["text"].as_str().unwrap().contains("湘K"), "{notice}");
        assert!(notice["segments"].as_u64().unwrap() >= 1, "{notice}");
        assert!(notice["recipient"].is_null(), "{notice}");
    }
}

#[test]
fn numbers_are_shown_only_with_a_reason_which_is_written_down() {
    let site = Site::decided();
    site.refuse(2, &["export", "notices", "--reveal"]);
    site.ask(&["export", "notices", "--reveal", "--reason", "complaint 12"]);
    let audit = site.export("audit");
    let entry = audit
        .iter()
        .find(|entry| entry["action"] == "export.reveal")
        .unwrap();
    assert_eq!(
        (&entry["actor"], &entry["after"]),
        (&"tester".into(), &"complaint 12".into())
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let site = Site::decided();
    let mut command = site.command(&["export", "cases"]);
    let mut export = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(export.stdout.take());
    assert!(export.wait().unwrap().success());
}

#[test]
fn a_store_that_is_not_there_is_not_found_and_not_made() {
    let site = Site::new();
    let error = site.refuse(4, &["export", "cases"]);
    assert_eq!(error["code"], "not_found");
    assert!(!site.path("clearwalk.db").exists());
}
