//! Who it counts for: numbers, classes, registration epochs, and who shares an allowance.

use crate::facts::{registered, seen};
use crate::run::{City, city};
use crate::texts::policy_of_window;

const PENALTY: &str = "penalty_proposed allowance_used";
const WAIVED: &str = "waived first_in_window";

fn per(per: &str) -> City {
    City::of(&policy_of_window(
        &format!("kind = \"calendar-year\"\nper = \"{per}\""),
        "",
    ))
}

#[test]
fn a_registration_opens_an_epoch_of_its_own_name_and_allowance() {
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        registered("n1", "04-01 00:00", "湘K12345", Some("02")),
        seen("b", "04-02 09:00", "Z1"),
        seen("b2", "04-05 09:00", "Z2"),
        registered("n2", "05-01 12:30", "湘K12345", Some("02")),
        seen("c", "05-01 12:29", "Z1"),
        seen("d", "05-01 12:30", "Z3"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.key("a", "subject"), "湘K12345/02");
    assert_eq!(out.key("b", "subject"), "湘K12345/02/2026-04-01");
    assert_eq!(out.key("c", "subject"), "湘K12345/02/2026-04-01");
    assert_eq!(out.key("d", "subject"), "湘K12345/02/2026-05-01");
    assert_eq!(out.says("a"), WAIVED);
    assert_eq!(out.says("b"), WAIVED);
    assert_eq!(out.says("b2"), PENALTY);
    assert_eq!(out.says("c"), PENALTY);
    assert_eq!(out.says("d"), WAIVED);
}

#[test]
fn two_registrations_of_one_day_are_one_epoch() {
    let facts = [
        registered("n1", "03-02 09:00", "湘K12345", None),
        seen("a", "03-02 10:00", "Z1"),
        registered("n2", "03-02 11:00", "湘K12345", None),
        seen("b", "03-02 12:00", "Z2"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.key("a", "subject"), out.key("b", "subject"));
    assert_eq!(out.says("a"), WAIVED);
    assert_eq!(out.says("b"), PENALTY);
}

#[test]
fn the_day_of_an_epoch_is_that_of_the_citys_clock() {
    let facts = [
        registered("n", "2026-03-31T16:30:00Z", "湘K12345", None),
        seen("b", "04-02 09:00", "Z1"),
    ];
    assert_eq!(
        city().decide(&facts).key("b", "subject"),
        "湘K12345/02/2026-04-01"
    );
}

#[test]
fn a_registration_of_one_class_leaves_the_others_and_one_without_class_does_not() {
    let subjects = |class: Option<&str>| {
        let facts = [
            registered("n", "03-01 00:00", "湘K12345", class),
            seen("a", "03-02 09:00", "Z1").class("01"),
            seen("b", "03-02 09:00", "Z1").class("02"),
        ];
        let out = city().decide(&facts);
        (out.key("a", "subject"), out.key("b", "subject"))
    };
    assert_eq!(
        subjects(Some("02")),
        ("湘K12345/01".to_owned(), "湘K12345/02/2026-03-01".to_owned())
    );
    assert_eq!(
        subjects(None),
        (
            "湘K12345/01/2026-03-01".to_owned(),
            "湘K12345/02/2026-03-01".to_owned()
        )
    );
}

#[test]
fn the_epoch_is_that_of_the_offence_start() {
    let facts = [
        seen("a", "03-01 23:50", "Z1"),
        seen("b", "03-02 00:10", "Z1"),
        registered("n", "03-02 00:00", "湘K12345", None),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.together("a"), "a b");
    assert_eq!(out.key("a", "subject"), "湘K12345/02");
}

#[test]
fn per_plate_all_classes_and_epochs_share_one_allowance() {
    let facts = [
        seen("a", "03-02 09:00", "Z1").class("01"),
        seen("b", "03-04 09:00", "Z2"),
        registered("n", "04-01 00:00", "湘K12345", None),
        seen("c", "04-04 09:00", "Z3"),
    ];
    let out = per("plate").decide(&facts);
    assert_eq!(out.says("a"), WAIVED);
    assert_eq!(out.says("b"), PENALTY);
    assert_eq!(out.says("c"), PENALTY);
    assert_eq!(out.key("c", "ordinal"), "3");
    let out = per("subject").decide(&facts);
    assert_eq!(out.says("b"), WAIVED);
    assert_eq!(out.says("c"), WAIVED);
}

#[test]
fn per_subject_and_zone_each_zone_has_its_own_allowance() {
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        seen("b", "03-05 09:00", "Z2"),
        seen("c", "03-08 09:00", "Z1"),
    ];
    let out = per("subject-zone").decide(&facts);
    assert_eq!(out.says("a"), WAIVED);
    assert_eq!(out.says("b"), WAIVED);
    assert_eq!(out.says("c"), PENALTY);
    assert_eq!(out.key("b", "ordinal"), "1");
    assert_eq!(out.key("c", "ordinal"), "2");
}

#[test]
fn per_subject_and_device_each_device_has_its_own_allowance() {
    let facts = [
        seen("a", "03-02 09:00", "Z1").device("D1"),
        seen("b", "03-05 09:00", "Z1").device("D2"),
        seen("c", "03-08 09:00", "Z2").device("D1"),
    ];
    let out = per("subject-device").decide(&facts);
    assert_eq!(out.says("b"), WAIVED);
    assert_eq!(out.says("c"), PENALTY);
}

#[test]
fn with_scope_same_code_each_code_has_its_own_allowance() {
    let text = policy_of_window("kind = \"calendar-year\"\nscope = \"same-code\"", "");
    let facts = [
        seen("a", "03-02 09:00", "Z1").code("1039"),
        seen("b", "03-05 09:00", "Z1").code("1344"),
        seen("c", "03-08 09:00", "Z1").code("1039"),
    ];
    let out = City::of(&text).decide(&facts);
    assert_eq!(out.says("b"), WAIVED);
    assert_eq!(out.says("c"), PENALTY);
    assert_eq!(out.key("c", "ordinal"), "2");
    assert_eq!(city().decide(&facts).says("b"), PENALTY, "any: all codes share");
}
