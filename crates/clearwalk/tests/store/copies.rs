//! Copies of the database, its schema, its keys, and the doctor.

use std::fs;

use serde_json::json;

use crate::site::Site;

#[test]
fn a_copy_brings_back_what_was_decided() {
    let site = Site::decided();
    let (digest, cases) = (site.ask(&["digest"]), site.export("cases"));
    site.ask(&["db", "backup", "copy.db"]);
    assert_eq!(site.refuse(5, &["db", "backup", "copy.db"])["code"], "conflict");
    site.ask(&[
        "import",
        "rows.csv",
        "--map",
        "map.toml",
        "--process",
        "--known",
        "now",
    ]);
    site.refuse(2, &["db", "restore", "copy.db"]);
    site.ask(&["db", "restore", "copy.db", "--yes"]);
    assert_eq!(site.ask(&["digest"]), digest);
    assert_eq!(site.export("cases"), cases);
    assert!(site.path("clearwalk.db.before-restore").exists());
}

#[test]
fn a_file_that_is_no_database_is_not_restored() {
    let site = Site::decided();
    let digest = site.ask(&["digest"]);
    let ended = site.run(&["db", "restore", "rows.csv", "--yes"]);
    assert_ne!(ended.code, 0);
    assert_eq!(site.ask(&["digest"]), digest);
    assert!(!site.path("clearwalk.db.restoring").exists());
}

#[test]
fn the_schema_is_made_and_told() {
    let site = Site::new();
    let status = site.json(&["db", "migrate"]);
    assert_eq!(status["schema"], status["schema_of_release"]);
    assert_eq!(site.json(&["db", "status"])["schema"], status["schema"]);
}

#[test]
fn a_lost_key_is_not_replaced_in_silence() {
    let site = Site::decided();
    fs::remove_file(site.path("clearwalk.key")).unwrap();
    let error = site.refuse(3, &["export", "cases"]);
    assert!(
        error["message"].as_str().unwrap().contains("clearwalk.key"),
        "{error}"
    );
    assert!(!site.path("clearwalk.key").exists());
}

#[test]
fn another_text_of_a_published_policy_is_refused() {
    let site = Site::decided();
    let policy = fs::read_to_string(site.path("policy.toml")).unwrap();
    site.write("policy.toml", &policy.replace("10000", "20000"));
    let error = site.refuse(5, &["import", "rows.csv", "--map", "map.toml", "--process"]);
    assert!(error["message"].as_str().unwrap().contains("test@1"), "{error}");
}

#[test]
fn the_doctor_names_what_is_well_and_what_is_not() {
    let site = Site::decided();
    let report = site.json(&["doctor"]);
    let names: Vec<_> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["check"].clone())
        .collect();
    for name in [
        "clock",
        "time zones",
        "configuration",
        "rules",
        "disk",
        "lock",
        "store",
        "intake",
    ] {
        assert!(names.contains(&json!(name)), "{name} in {names:?}");
    }
    site.write("policy.toml", "[policy]\n");
    let ended = site.run(&["doctor"]);
    assert_eq!(ended.code, 9, "{}", ended.stderr);
    assert!(ended.stdout.contains("failed   rules"), "{}", ended.stdout);
}
