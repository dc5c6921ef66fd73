//! Which policy governs, and when a later, lighter version does.

use crate::facts::{Fact, seen, told};
use crate::run::{City, city};
use crate::texts::{named, policy, version};

const PENALTY: &str = "penalty_proposed allowance_used";
const WAIVED: &str = "waived first_in_window";
const YEAR: &str = "kind = \"calendar-year\"";

fn a(at: &str) -> Fact {
    seen("a", at, "Z1")
}

#[test]
fn no_policy_in_force_is_not_punishable() {
    let rule = City::of(&version(
        "1",
        "2026-03-02 09:00",
        "2026-03-05 09:00",
        "calendar-year",
        "",
    ));
    assert_eq!(
        rule.decide(&[a("03-02 08:59:59")]).says("a"),
        "not_punishable no_policy"
    );
    assert_eq!(rule.decide(&[a("03-02 09:00")]).says("a"), WAIVED);
    assert_eq!(rule.decide(&[a("03-05 08:59:59")]).says("a"), WAIVED);
    let out = rule.decide(&[a("03-05 09:00")]);
    assert_eq!(
        out.says("a"),
        "not_punishable no_policy",
        "the end is not included"
    );
    assert_eq!(out.key("a", "policy"), "null");
}

#[test]
fn a_policy_of_codes_governs_only_those() {
    let text = policy("calendar-year", "").replace("[window]", "codes = [\"1039\"]\n[window]");
    let rule = City::of(&text);
    assert_eq!(rule.decide(&[a("03-02 09:00")]).says("a"), WAIVED);
    assert_eq!(
        rule.decide(&[a("03-02 09:00").code("1344")]).says("a"),
        "not_punishable no_policy"
    );
}

#[test]
fn the_policy_is_that_of_the_zones_authority() {
    let zones = "[zones.Z1]\nkind = \"sidewalk\"\nauthority = \"north\"\n[zones.Z2]\nkind = \"sidewalk\"\nauthority = \"south\"\n[zones.Z3]\nkind = \"sidewalk\"\nauthority = \"west\"\n";
    let rule = City::of(&named("north/n", "1", "2026-01-01 00:00", "", YEAR, "10000", ""))
        .and(&named("south/s", "1", "2026-01-01 00:00", "", YEAR, "20000", ""))
        .zones(zones);
    let facts = [
        a("03-02 09:00"),
        seen("b", "03-03 09:00", "Z2"),
        seen("c", "03-04 09:00", "Z1"),
        seen("d", "03-05 09:00", "Z3"),
    ];
    let out = rule.decide(&facts);
    assert_eq!(out.key("a", "policy"), "n@1");
    assert_eq!(out.key("b", "policy"), "s@1");
    assert_eq!(out.says("b"), WAIVED, "each authority counts for itself");
    assert_eq!(out.says("c"), PENALTY);
    assert_eq!(out.says("d"), "not_punishable no_policy");
}

#[test]
fn a_stay_over_several_authorities_goes_by_its_first_observation() {
    let zones = "[zones.Z1]\nkind = \"sidewalk\"\nauthority = \"north\"\n[zones.Z2]\nkind = \"fire-lane\"\nauthority = \"south\"\n";
    let rule = City::of(&named("north/n", "1", "2026-01-01 00:00", "", YEAR, "10000", ""))
        .and(&named("south/s", "1", "2026-01-01 00:00", "", YEAR, "20000", ""))
        .zones(zones);
    let facts = [
        a("03-02 09:00").at(0.0, 0.0),
        seen("b", "03-02 09:01", "Z2").at(10.0, 0.0),
    ];
    let out = rule.decide(&facts);
    assert_eq!(out.key("a", "policy"), "n@1");
    assert_eq!(out.key("a", "zone"), "Z2");
}

#[test]
fn policies_of_one_authority_share_their_uses() {
    let with_codes = |id: &str, code: &str| {
        named(id, "1", "2026-01-01 00:00", "", YEAR, "10000", "")
            .replace("[window]", &format!("codes = [\"{code}\"]\n[window]"))
    };
    let rule = City::of(&with_codes("p", "1039")).and(&with_codes("q", "1344"));
    let out = rule.decide(&[a("03-02 09:00"), seen("b", "03-04 09:00", "Z2").code("1344")]);
    assert_eq!(out.key("b", "policy"), "q@1");
    assert_eq!(out.says("b"), PENALTY);
}

#[test]
fn policies_that_overlap_are_refused() {
    let first = version("1", "2026-01-01 00:00", "2026-03-01 00:00", "calendar-year", "");
    let overlapping = version("2", "2026-02-28 23:59:59", "", "calendar-year", "");
    let refusal = City::of(&first).and(&overlapping).refusal();
    assert!(refusal.contains("in force at the same time"), "{refusal}");
    let other = named("q", "1", "2026-02-01 00:00", "", YEAR, "10000", "");
    let refusal = City::of(&first).and(&other).refusal();
    assert!(
        refusal.contains("policy-0.toml") && refusal.contains("policy-1.toml"),
        "{refusal}"
    );
    let next = version("2", "2026-03-01 00:00", "", "calendar-year", "");
    assert_eq!(
        City::of(&first)
            .and(&next)
            .decide(&[a("03-02 09:00")])
            .key("a", "policy"),
        "p@2"
    );
}

/// Version 1 until July with a fine of 100.00 and nothing first; then version 2.
fn then(second: &str) -> City {
    let strict = "kind = \"calendar-year\"\nallowance = 0";
    City::of(&named(
        "p",
        "1",
        "2026-01-01 00:00",
        "2026-07-01 00:00",
        strict,
        "10000",
        "",
    ))
    .and(second)
}

fn second(window: &str, fine: &str) -> String {
    named("p", "2", "2026-07-01 00:00", "", window, fine, "")
}

const NOTHING_FIRST: &str = "kind = \"calendar-year\"\nallowance = 0";

#[test]
fn case_63_the_lower_fine_holds() {
    let fine = |later: &str, as_of: &str| {
        let out = then(&second(NOTHING_FIRST, later))
            .judged_at(as_of)
            .decide(&[a("06-30 09:00")]);
        (out.key("a", "fine_minor"), out.key("a", "policy"))
    };
    assert_eq!(fine("5000", "07-02 00:00"), ("5000".to_owned(), "p@2".to_owned()));
    assert_eq!(
        fine("20000", "07-02 00:00"),
        ("10000".to_owned(), "p@1".to_owned())
    );
    assert_eq!(
        fine("10000", "07-02 00:00"),
        ("10000".to_owned(), "p@1".to_owned()),
        "equal: that of the offence"
    );
}

#[test]
fn a_lighter_version_that_is_not_in_force_yet_is_a_deadline() {
    let rule = then(&second(YEAR, "10000"));
    let before = rule
        .clone()
        .judged_at("06-30 23:59:59")
        .decide(&[a("06-30 09:00")]);
    assert_eq!(before.says("a"), PENALTY);
    assert_eq!(before.key("a", "deadline"), "2026-07-01T00:00:00+08:00");
    let after = rule.judged_at("07-01 00:00:01").decide(&[a("06-30 09:00")]);
    assert_eq!(after.says("a"), "waived first_in_window lighter_law");
    assert_eq!(after.key("a", "deadline"), "null");
    assert_eq!(after.window("a"), "calendar-year 2026-01-01..2027-01-01");
}

#[test]
fn being_told_ends_what_is_pending() {
    let rule = then(&second(YEAR, "10000"));
    let says = |told_at: &str| {
        let facts = [a("06-29 09:00"), told("t", told_at, "a", "penalty_proposed")];
        rule.clone().judged_at("07-05 00:00").decide(&facts).says("a")
    };
    assert_eq!(says("06-30 12:00"), PENALTY);
    assert_eq!(says("07-02 12:00"), "waived first_in_window lighter_law");
}

#[test]
fn a_version_is_tried_on_the_case_alone() {
    let facts = [
        a("06-20 09:00"),
        seen("b", "06-30 09:00", "Z2"),
        seen("c", "07-02 09:00", "Z3"),
    ];
    let out = then(&second(YEAR, "10000")).decide(&facts);
    assert_eq!(out.says("a"), "waived first_in_window lighter_law");
    assert_eq!(
        out.says("b"),
        PENALTY,
        "the allowance of the tried version is used"
    );
    assert_eq!(out.says("c"), PENALTY);
}

#[test]
fn exclusions_come_from_the_tried_version() {
    let zones = "[zones.Z1]\nkind = \"strict\"\n";
    let excluding = named(
        "p",
        "2",
        "2026-07-01 00:00",
        "",
        YEAR,
        "20000",
        "[[exclude]]\nzone_kind = [\"strict\"]",
    );
    let out = then(&excluding)
        .zones(zones)
        .judged_at("07-02 00:00")
        .decide(&[a("06-30 09:00")]);
    assert_eq!(out.says("a"), PENALTY);
    assert_eq!(out.key("a", "policy"), "p@1");
}

#[test]
fn another_policy_is_no_later_version() {
    let strict = named(
        "p",
        "1",
        "2026-01-01 00:00",
        "2026-07-01 00:00",
        NOTHING_FIRST,
        "10000",
        "",
    );
    let other = named("q", "1", "2026-07-01 00:00", "", YEAR, "10000", "");
    let out = City::of(&strict)
        .and(&other)
        .judged_at("07-02 00:00")
        .decide(&[a("06-30 09:00")]);
    assert_eq!(out.says("a"), PENALTY);
}

#[test]
fn an_earlier_version_is_never_tried() {
    let lenient = version("1", "2026-01-01 00:00", "2026-07-01 00:00", "calendar-year", "");
    let out = City::of(&lenient)
        .and(&second(NOTHING_FIRST, "10000"))
        .decide(&[a("07-02 09:00")]);
    assert_eq!(out.says("a"), PENALTY);
    assert_eq!(out.key("a", "policy"), "p@2");
}

#[test]
fn without_zones_and_devices_every_place_and_device_will_do() {
    assert_eq!(
        city()
            .decide(&[seen("a", "03-02 09:00", "anywhere").device("any")])
            .says("a"),
        WAIVED
    );
}
