//! Plates: which class is certain, whose colour speaks, and the generic grammar.

use serde_json::json;

use crate::facts::{Fact, corrected, seen};
use crate::run::{City, city};
use crate::texts::policy;

fn subject(fact: Fact) -> (String, String) {
    let out = city().decide(&[fact]);
    (out.key("x", "subject"), out.says("x"))
}

fn x(number: &str) -> Fact {
    seen("x", "03-02 09:00", "Z1").number(number)
}

#[test]
fn blue_and_7_green_and_8_yellow_green_and_8_are_certain_and_nothing_else() {
    let certain = |number: &str, color: &str| subject(x(number).color(color));
    let waived = "waived first_in_window".to_owned();
    assert_eq!(
        certain("湘K12345", "blue"),
        ("湘K12345/02".to_owned(), waived.clone())
    );
    assert_eq!(
        certain("湘KD12345", "green"),
        ("湘KD12345/52".to_owned(), waived.clone())
    );
    assert_eq!(
        certain("湘K12345D", "yellow-green"),
        ("湘K12345D/51".to_owned(), waived)
    );
    for (number, color) in [
        ("湘K12345", "yellow"),
        ("湘K12345", "white"),
        ("湘K12345", "black"),
        ("湘K1234挂", "yellow"),
    ] {
        let (subject, words) = certain(number, color);
        assert_eq!(subject, format!("{number}/-"), "{color}");
        assert_eq!(words, "held class_unknown", "{color}");
    }
}

#[test]
fn a_corrected_plate_is_certain_and_the_observed_colour_and_confidence_no_longer_speak() {
    let facts = [
        x("湘K54321").color("yellow").confidence(0.3),
        corrected("k", "03-02 12:00", "x", "湘KD12345", "52"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.key("x", "subject"), "湘KD12345/52");
    assert_eq!(out.says("x"), "waived first_in_window");
}

#[test]
fn a_correction_may_confirm_the_number_and_change_the_class_only() {
    let facts = [
        x("湘K12345").class("02"),
        corrected("k", "03-02 12:00", "x", "湘K12345", "01"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.cases.len(), 1);
    assert_eq!(out.key("x", "subject"), "湘K12345/01");
}

#[test]
fn a_repaired_plate_that_a_person_named_needs_no_further_confirmation() {
    let facts = [
        x("湘K01234"),
        seen("y", "03-05 09:00", "Z2").number("湘KO1234"),
        corrected("k", "03-05 12:00", "y", "湘K01234", "02"),
    ];
    assert_eq!(city().decide(&facts).says("y"), "penalty_proposed allowance_used");
}

#[test]
fn a_repaired_plate_waits_with_its_proposal_and_neither_counts_nor_blocks() {
    let facts = [
        seen("a", "03-02 09:00", "Z1").number("湘K01234"),
        seen("b", "03-03 09:00", "Z2").number("湘KO1234"),
        seen("c", "03-04 09:00", "Z3").number("湘K01234"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("b"), "held plate_repaired");
    assert_eq!(out.key("b", "proposal"), "penalty_proposed");
    assert_eq!(out.key("b", "deadline"), "null");
    assert_eq!(out.says("c"), "penalty_proposed allowance_used");
    assert_eq!(out.key("c", "ordinal"), "2");
}

#[test]
fn a_repaired_plate_under_a_review_of_all_never_lapses() {
    let rule = City::of(&policy("calendar-year", "[admission]\nreview = \"all\""));
    let facts = [
        seen("a", "03-02 09:00", "Z1").number("湘K01234"),
        crate::facts::confirmed("r", "03-02 12:00", "a"),
        seen("b", "03-03 09:00", "Z2").number("湘KO1234"),
    ];
    let out = rule.decide(&facts);
    assert_eq!(out.says("b"), "held plate_repaired");
    assert_eq!(
        out.key("b", "deadline"),
        "null",
        "the other holds have no deadline"
    );
    assert_eq!(
        rule.judged_at("06-01 00:00").decide(&facts).says("b"),
        "held plate_repaired"
    );
}

fn generic() -> City {
    City::of(&policy("calendar-year", "").replace("[window]", "plates = \"generic\"\n[window]"))
}

#[test]
fn under_the_generic_grammar_any_token_is_a_plate_and_the_class_is_optional() {
    let facts = [
        x("ab-1 2/3#4").without("/data/plate/class"),
        seen("y", "03-05 09:00", "Z1")
            .number("AB-1234")
            .without("/data/plate/class"),
        seen("z", "03-06 09:00", "Z1").number("AB-1234").class("PAS"),
    ];
    let out = generic().decide(&facts);
    assert_eq!(out.key("x", "subject"), "AB-1234/-");
    assert_eq!(out.says("x"), "waived first_in_window");
    assert_eq!(out.says("y"), "penalty_proposed allowance_used");
    assert_eq!(out.key("z", "subject"), "AB-1234/PAS");
    assert_eq!(out.says("z"), "waived first_in_window");
}

#[test]
fn under_the_generic_grammar_an_empty_number_is_no_plate() {
    for number in [json!(""), json!("  "), json!(null)] {
        let out = generic().decide(&[x("A").with("/data/plate/number", number)]);
        assert_eq!(out.says("x"), "quarantined unidentified_vehicle");
    }
}
