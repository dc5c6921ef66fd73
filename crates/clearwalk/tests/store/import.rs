//! Rows become facts, once each, and the counts add up.

use serde_json::json;

use crate::site::{Ended, ROWS, Site, case_of};

#[test]
fn the_counts_add_up_and_the_first_of_the_year_is_waived() {
    let site = Site::new();
    let summary = site.json(&["import", "rows.csv", "--map", "map.toml", "--process"]);
    let expected = json!({
        "read": 5, "kept": 4, "filtered": 0, "quarantined": {"unidentified_vehicle": 1}, "appended": 4, "duplicate": 0,
    });
    assert_eq!(summary, expected);
    let cases = site.export("cases");
    assert_eq!(cases.len(), 3, "{cases:?}");
    assert_eq!(case_of(&cases, "/cam/1#a")["outcome"], "waived");
    assert_eq!(case_of(&cases, "/cam/1#b")["outcome"], "penalty_proposed");
    assert_eq!(case_of(&cases, "/cam/1#c")["outcome"], "waived");
}

#[test]
fn a_second_import_of_the_same_file_appends_nothing_and_changes_nothing() {
    let site = Site::decided();
    let (digest, cases) = (site.ask(&["digest"]), site.export("cases"));
    let summary = site.json(&["import", "rows.csv", "--map", "map.toml", "--process"]);
    assert_eq!(
        (&summary["appended"], &summary["duplicate"]),
        (&json!(0), &json!(4))
    );
    assert_eq!(site.ask(&["digest"]), digest);
    assert_eq!(site.export("cases"), cases);
    assert_eq!(site.export("records").len(), 4);
}

#[test]
fn a_dry_run_reads_and_makes_nothing() {
    let site = Site::new();
    let summary = site.json(&["import", "rows.csv", "--map", "map.toml", "--dry-run"]);
    assert_eq!((&summary["kept"], &summary["appended"]), (&json!(4), &json!(0)));
    assert!(!site.path("clearwalk.db").exists());
}

#[test]
fn bad_rows_are_named_with_their_line() {
    let site = Site::new();
    let ended = site.run(&["import", "rows.csv", "--map", "map.toml", "--dry-run"]);
    assert!(
        ended.stderr.contains("rows.csv:6: unidentified_vehicle"),
        "{}",
        ended.stderr
    );
    assert!(
        ended
            .stdout
            .contains("5 read: 4 kept, 0 filtered, 1 quarantined (1 unidentified_vehicle)")
    );
}

#[test]
fn several_files_count_together_and_a_missing_one_stops_before_the_first_row() {
    let site = Site::new();
    site.write("more.csv", &ROWS.replace("/cam/1", "/cam/2"));
    let summary = site.json(&["import", "rows.csv", "more.csv", "--map", "map.toml"]);
    assert_eq!((&summary["read"], &summary["appended"]), (&json!(10), &json!(8)));
    let error = site.refuse(4, &["import", "rows.csv", "absent.csv", "--map", "map.toml"]);
    assert!(
        error["message"].as_str().unwrap().contains("absent.csv"),
        "{error}"
    );
}

#[test]
fn two_imports_at_once_end_and_lose_nothing() {
    let site = Site::new();
    site.write(
        "more.csv",
        &ROWS.replace("/cam/1", "/cam/2").replace("湘K", "湘A"),
    );
    let start = |file| {
        let mut command = site.command(&["import", file, "--map", "map.toml", "--process"]);
        command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        command.spawn().unwrap()
    };
    for import in [start("rows.csv"), start("more.csv")] {
        let ended = Ended::of(&import.wait_with_output().unwrap());
        assert_eq!(ended.code, 0, "{}", ended.stderr);
    }
    assert_eq!(site.export("records").len(), 8);
    assert_eq!(site.export("cases").len(), 6);
}

#[test]
fn a_mapping_with_a_mistake_is_bad_configuration() {
    let site = Site::new();
    site.write("map.toml", "[read]\nformat = \"csv\"\ncolour = 1\n");
    let error = site.refuse(3, &["import", "rows.csv", "--map", "map.toml"]);
    assert_eq!(error["code"], "bad_configuration");
    assert!(
        error["message"].as_str().unwrap().contains("map.toml:3"),
        "{error}"
    );
}
