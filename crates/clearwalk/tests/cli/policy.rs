//! `policy list` and `policy show` without a store: what the files say.

use super::Place;

#[test]
fn versions_of_the_files_are_listed_as_not_published() {
    let place = Place::city(20);
    place.write("clearwalk.toml", "[rules]\npolicies = [\"policy.toml\"]\n");
    let ran = place.run(["policy", "list"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(
        ran.out.starts_with("qingbu-sidewalk@2026-01\tnot published\t"),
        "{}",
        ran.out
    );
    let shown = place.run(["policy", "show", "qingbu-sidewalk"]);
    assert_eq!(shown.out, place.read("policy.toml"));
}

#[test]
fn an_unknown_policy_is_not_found_and_the_known_ones_are_named() {
    let place = Place::city(20);
    place.write("clearwalk.toml", "[rules]\npolicies = [\"policy.toml\"]\n");
    let ran = place.run(["policy", "show", "moon@1"]);
    assert_eq!(ran.exit, 4);
    assert!(
        ran.err.contains("moon@1") && ran.err.contains("qingbu-sidewalk@2026-01"),
        "{}",
        ran.err
    );
}
