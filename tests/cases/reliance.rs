//! What people were told, and what follows from it.

use crate::facts::{Fact, corrected, discretion, seen, told, void};
use crate::run::{City, Printed, city};
use crate::texts::policy;

/// `b` of 4 March was decided first; `a` of 2 March arrived afterwards. `more` says what was told.
fn late_a(more: &[Fact]) -> Printed {
    let mut facts = vec![
        seen("b", "03-04 12:00", "Z1"),
        seen("a", "03-02 12:00", "Z2").known("03-05 09:00"),
    ];
    facts.extend_from_slice(more);
    city().decide(&facts)
}

fn binds(out: &Printed) -> bool {
    match out.says("b").as_str() {
        "waived first_in_window" => true,
        "penalty_proposed allowance_used" => false,
        other => panic!("{other}"),
    }
}

#[test]
fn without_a_told_fact_nobody_was_told() {
    assert!(!binds(&late_a(&[])));
}

#[test]
fn any_state_but_not_sent_binds() {
    let state = |state: &str| binds(&late_a(&[told("t", "03-04 12:30", "b", "waived").state(state)]));
    assert!(state("handed_over"));
    assert!(state("delivered"));
    assert!(state("undelivered"));
    assert!(!state("not_sent"));
}

#[test]
fn a_later_undelivered_does_not_free_and_a_later_not_sent_of_the_same_kind_takes_it_back() {
    let first = || told("t1", "03-04 12:30", "b", "waived");
    let then = |second: Fact| binds(&late_a(&[first(), second]));
    assert!(then(
        told("t2", "03-04 12:40", "b", "waived").state("undelivered")
    ));
    assert!(!then(told("t2", "03-04 12:40", "b", "waived").state("not_sent")));
    assert!(then(
        told("t2", "03-04 12:40", "b", "penalty_proposed").state("not_sent")
    ));
    assert!(
        then(told("t2", "03-04 12:20", "b", "waived").state("not_sent")),
        "an earlier one does not"
    );
    let again = [
        first(),
        told("t2", "03-04 12:40", "b", "waived").state("not_sent"),
        told("t3", "03-04 12:50", "b", "waived"),
    ];
    assert!(binds(&late_a(&again)), "sent after all");
}

#[test]
fn a_taking_back_may_name_the_plate_that_the_telling_left_out() {
    let facts = [
        told("t1", "03-04 12:30", "b", "waived"),
        told("t2", "03-04 12:40", "b", "waived")
            .to("湘K12345", "02")
            .state("not_sent"),
    ];
    assert!(!binds(&late_a(&facts)));
    let facts = [
        told("t1", "03-04 12:30", "b", "waived").to("湘K12345", "02"),
        told("t2", "03-04 12:40", "b", "waived").state("not_sent"),
    ];
    assert!(!binds(&late_a(&facts)));
}

#[test]
fn a_telling_binds_for_the_subject_that_was_written_to() {
    let to = |number: &str, class: &str| {
        binds(&late_a(&[
            told("t", "03-04 12:30", "b", "waived").to(number, class)
        ]))
    };
    assert!(to("湘K12345", "02"));
    assert!(!to("湘K12345", "01"));
    assert!(!to("湘K54321", "02"));
}

#[test]
fn a_told_reminder_only_starts_a_clock() {
    assert!(!binds(&late_a(&[told("t", "03-04 12:30", "b", "reminded")])));
    let withdrawn = told("t", "03-04 12:30", "b", "withdrawn");
    assert!(!binds(&late_a(&[withdrawn])), "it promises nothing");
}

#[test]
fn a_case_that_loses_its_waiver_only_to_a_later_told_one_is_held_with_its_proposal() {
    let out = late_a(&[told("t", "03-04 12:30", "b", "waived")]);
    assert_eq!(out.says("a"), "held later_case_was_told");
    assert_eq!(out.key("a", "proposal"), "penalty_proposed");
    assert_eq!(out.key("a", "ordinal"), "null");
    assert_eq!(out.key("a", "deadline"), "null");
    assert_eq!(out.key("b", "ordinal"), "1");
}

#[test]
fn a_case_that_would_lose_it_anyway_is_penalised() {
    let facts = [
        seen("z", "03-01 12:00", "Z3"),
        seen("b", "03-04 12:00", "Z1"),
        seen("a", "03-02 12:00", "Z2").known("03-05 09:00"),
        told("t1", "03-01 13:00", "z", "waived"),
        told("t2", "03-04 12:30", "b", "waived"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("z"), "waived first_in_window");
    assert_eq!(out.says("a"), "penalty_proposed allowance_used");
    assert_eq!(out.says("b"), "waived told");
    assert_eq!(out.key("b", "proposal"), "penalty_proposed");
}

#[test]
fn told_first_outcomes_are_placed_first_in_offence_order_and_use_their_allowance() {
    let facts = [
        seen("a", "03-02 12:00", "Z1"),
        seen("b", "03-04 12:00", "Z2"),
        seen("c", "03-06 12:00", "Z3"),
        told("tc", "03-06 12:30", "c", "waived"),
        told("tb", "03-06 12:40", "b", "waived"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("b"), "waived first_in_window");
    assert_eq!(out.says("c"), "waived told");
    assert_eq!(out.says("a"), "held later_case_was_told");
}

#[test]
fn a_waiver_that_was_told_is_used_up_for_those_that_follow() {
    let facts = [
        seen("b", "03-04 12:00", "Z1"),
        told("t", "03-04 12:30", "b", "waived"),
        seen("c", "03-06 12:00", "Z2"),
    ];
    assert_eq!(city().decide(&facts).says("c"), "penalty_proposed allowance_used");
}

#[test]
fn the_lighter_of_told_and_computed_holds() {
    let both = |kind: &str| {
        let facts = [
            seen("a", "03-02 12:00", "Z1"),
            seen("b", "03-04 12:00", "Z2"),
            told("ta", "03-04 12:30", "a", kind),
            told("tb", "03-04 12:30", "b", kind),
        ];
        let out = city().decide(&facts);
        (out.says("a"), out.says("b"))
    };
    let (a, b) = both("penalty_proposed");
    assert_eq!(a, "waived first_in_window");
    assert_eq!(b, "penalty_proposed allowance_used");
    let (a, b) = both("warned");
    assert_eq!(a, "waived first_in_window");
    assert_eq!(b, "warned told");
}

#[test]
fn what_stands_by_a_telling_costs_nothing_and_proposes_the_heavier() {
    let facts = [
        seen("a", "03-02 12:00", "Z1"),
        seen("b", "03-04 12:00", "Z2"),
        told("ta", "03-04 12:30", "a", "waived"),
        told("tb", "03-04 12:30", "b", "waived"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.key("b", "fine_minor"), "null");
    assert_eq!(out.key("b", "currency"), "null");
    assert_eq!(out.key("b", "proposal"), "penalty_proposed");
    assert_eq!(out.key("b", "ordinal"), "2");
}

#[test]
fn a_told_case_is_never_held_again() {
    let told_once = |fact: Fact, city: &City| {
        let facts = [fact, told("t", "03-02 12:30", "x", "waived")];
        city.decide(&facts).says("x")
    };
    let x = || seen("x", "03-02 09:00", "Z1");
    let all = City::of(&policy("calendar-year", "[admission]\nreview = \"all\"")).judged_at("06-01 00:00");
    assert_eq!(told_once(x(), &all), "waived first_in_window");
    assert_eq!(told_once(x().confidence(0.5), &city()), "waived first_in_window");
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        seen("x", "03-02 12:00", "Z1"),
        told("t", "03-02 12:30", "x", "penalty_proposed"),
    ];
    assert_eq!(city().decide(&facts).says("x"), "penalty_proposed allowance_used");
}

#[test]
fn several_tellings_of_one_stay_bind_to_the_lightest() {
    let facts = [
        seen("z", "03-01 09:00", "Z3"),
        seen("a", "03-02 09:00", "Z1"),
        seen("b", "03-02 10:30", "Z1"),
        seen("m", "03-02 09:45", "Z1").known("03-03 09:00"),
        told("tz", "03-01 09:30", "z", "waived"),
        told("ta", "03-02 09:30", "a", "penalty_proposed"),
        told("tb", "03-02 12:30", "b", "warned"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.together("a"), "a m b");
    assert_eq!(out.says("a"), "warned told");
}

#[test]
fn void_and_discretion_go_where_the_person_said_though_somebody_was_told() {
    let base = [
        seen("b", "03-04 12:00", "Z1"),
        told("t", "03-04 12:30", "b", "waived"),
    ];
    let with = |fact: Fact| {
        let mut facts = base.to_vec();
        facts.push(fact);
        facts.push(seen("c", "03-06 12:00", "Z2"));
        let out = city().decide(&facts);
        (out.says("b"), out.says("c"))
    };
    let (b, c) = with(void("v", "03-05 09:00", "b", "exempt"));
    assert_eq!(
        (b.as_str(), c.as_str()),
        ("voided exempt", "waived first_in_window")
    );
    let (b, c) = with(discretion("d", "03-05 09:00", "b", "penalty_proposed"));
    assert_eq!(
        (b.as_str(), c.as_str()),
        ("penalty_proposed discretion", "penalty_proposed allowance_used")
    );
}

#[test]
fn a_person_who_was_never_told_is_not_bound_by_what_another_was_told_before_the_correction() {
    let facts = [
        seen("y", "03-01 12:00", "Z1").number("湘KBB123"),
        seen("a", "03-02 12:00", "Z2").number("湘K8B123"),
        told("t", "03-02 12:30", "a", "waived"),
        corrected("k", "03-03 09:00", "a", "湘KBB123", "02"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("y"), "waived first_in_window");
    assert_eq!(out.says("a"), "penalty_proposed allowance_used");
}

#[test]
fn a_correction_of_the_class_alone_frees_too() {
    let facts = [
        seen("y", "03-01 12:00", "Z1").class("01"),
        seen("a", "03-02 12:00", "Z2"),
        told("t", "03-02 12:30", "a", "waived"),
        corrected("k", "03-03 09:00", "a", "湘K12345", "01"),
    ];
    assert_eq!(city().decide(&facts).says("a"), "penalty_proposed allowance_used");
    let later = [
        seen("y", "03-01 12:00", "Z1").class("01"),
        seen("a", "03-02 12:00", "Z2"),
        corrected("k", "03-03 09:00", "a", "湘K12345", "01"),
        told("t", "03-03 12:30", "a", "waived"),
    ];
    let out = city().decide(&later);
    assert_eq!(
        out.says("a"),
        "waived first_in_window",
        "told under the corrected plate"
    );
    assert_eq!(out.says("y"), "held later_case_was_told");
}

#[test]
fn a_warning_as_first_outcome_is_told_and_used_like_a_waiver() {
    let rule = City::of(&policy("calendar-year", "").replace("first = \"waived\"", "first = \"warned\""));
    let facts = [
        seen("b", "03-04 12:00", "Z1"),
        told("t", "03-04 12:30", "b", "warned"),
        seen("a", "03-02 12:00", "Z2").known("03-05 09:00"),
        seen("c", "03-06 12:00", "Z3"),
    ];
    let out = rule.decide(&facts);
    assert_eq!(out.says("b"), "warned first_in_window");
    assert_eq!(out.says("a"), "held later_case_was_told");
    assert_eq!(out.says("c"), "penalty_proposed allowance_used");
}

#[test]
fn a_warning_that_the_policy_gives_to_all_but_the_first_takes_no_allowance_when_told() {
    let rule = City::of(&policy("calendar-year", "").replace("\"penalty_proposed\"", "\"warned\""));
    let facts = [
        seen("a", "03-02 12:00", "Z1"),
        seen("b", "03-04 12:00", "Z2"),
        told("t", "03-04 12:30", "b", "warned"),
    ];
    let out = rule.decide(&facts);
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.says("b"), "warned allowance_used");
}
