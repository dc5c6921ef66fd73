//! `policy lint`: all mistakes at once.

use super::Place;

#[test]
fn right_files_are_praised_on_stderr_only() {
    let place = Place::city(20);
    let ran = place.run(["policy", "lint", "policy.toml", "--zones", "zones.toml"]);
    assert_eq!((ran.exit, ran.out.as_str()), (0, ""));
    assert_eq!(ran.err, "2 files without a mistake\n");
}

#[test]
fn every_mistake_of_every_file_is_printed_and_the_exit_is_3() {
    let place = Place::city(20);
    let right = place.read("policy.toml");
    place.write("wrong.toml", &format!("surprise = 1\n{right}"));
    place.write("zones.toml", "[zones.Z1]\nkind = \"moon\"\n");
    let ran = place.run(["policy", "lint", "wrong.toml", "--zones", "zones.toml"]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    assert!(
        ran.out.contains("wrong.toml:1: surprise: unknown key"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("zones.toml:"), "{}", ran.out);
    assert!(ran.err.contains("mistakes in 2 files"), "{}", ran.err);
}

#[test]
fn with_json_each_mistake_has_its_place() {
    let place = Place::city(20);
    let right = place.read("policy.toml");
    place.write("wrong.toml", &format!("surprise = 1\n{right}"));
    let ran = place.run(["policy", "lint", "wrong.toml", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    let mistake = &document["mistakes"][0];
    assert_eq!(
        (&mistake["file"], &mistake["line"], &mistake["key"]),
        (&"wrong.toml".into(), &1.into(), &"surprise".into())
    );
    assert_eq!(ran.error()["exit"], 3);
}

#[test]
fn two_policies_that_cannot_both_hold_are_named() {
    let place = Place::city(20);
    place.write("again.toml", &place.read("policy.toml"));
    let ran = place.run(["policy", "lint", "policy.toml", "again.toml"]);
    assert_eq!(ran.exit, 3);
    assert!(
        ran.out.contains("policy.toml") && ran.out.contains("again.toml"),
        "{}",
        ran.out
    );
}
