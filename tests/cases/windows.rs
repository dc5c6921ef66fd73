//! Windows: what each kind spans, how it is printed, and who is first in it.

use crate::facts::{Fact, discretion, seen, told, void};
use crate::run::{City, Printed};
use crate::texts::{policy, policy_of_window, version};

const PENALTY: &str = "penalty_proposed allowance_used";
const WAIVED: &str = "waived first_in_window";

/// Offences at different places, `a`, `b`, `c` and so on.
fn offences(times: &[&str]) -> Vec<Fact> {
    let letters = ["a", "b", "c", "d", "e"];
    let places = ["Z1", "Z2", "Z3", "Z4", "Z5"];
    times
        .iter()
        .zip(letters)
        .zip(places)
        .map(|((at, id), place)| seen(id, at, place))
        .collect()
}

fn decide(window: &str, times: &[&str]) -> Printed {
    City::of(&policy_of_window(window, "")).decide(&offences(times))
}

#[test]
fn a_calendar_month_is_a_month_of_the_citys_clock() {
    let out = decide(
        "kind = \"calendar-month\"",
        &["01-31 23:59:59", "02-01 00:00", "02-28 23:59"],
    );
    assert_eq!(out.says("a"), WAIVED);
    assert_eq!(out.says("b"), WAIVED);
    assert_eq!(out.says("c"), PENALTY);
    assert_eq!(out.window("a"), "calendar-month 2026-01-01..2026-02-01");
    assert_eq!(out.window("c"), "calendar-month 2026-02-01..2026-03-01");
    let out = decide("kind = \"calendar-month\"", &["2025-12-31 10:00"]);
    assert_eq!(out.window("a"), "calendar-month 2025-12-01..2026-01-01");
}

#[test]
fn a_same_day_window_is_one_civil_day() {
    let out = decide(
        "kind = \"same-day\"",
        &["03-02 00:00", "03-02 23:59:59", "03-03 00:00"],
    );
    assert_eq!(out.says("b"), PENALTY);
    assert_eq!(out.says("c"), WAIVED);
    assert_eq!(out.window("b"), "same-day 2026-03-02..2026-03-03");
}

#[test]
fn case_13_a_fiscal_year_begins_on_its_day() {
    let out = decide(
        "kind = \"fiscal-year\"\nstart = \"07-01\"",
        &["06-30 23:00", "07-01 01:00", "2027-06-30 23:59"],
    );
    assert_eq!(out.says("a"), WAIVED);
    assert_eq!(out.says("b"), WAIVED);
    assert_eq!(out.says("c"), PENALTY);
    assert_eq!(out.window("a"), "fiscal-year 2025-07-01..2026-07-01");
    assert_eq!(out.window("c"), "fiscal-year 2026-07-01..2027-07-01");
}

#[test]
fn a_lifetime_window_is_open_on_both_sides() {
    let out = decide("kind = \"lifetime\"", &["2012-01-05 10:00", "03-02 10:00"]);
    assert_eq!(out.says("a"), WAIVED);
    assert_eq!(out.says("b"), PENALTY);
    assert_eq!(out.window("b"), "lifetime ..");
    assert!(out.case("b")["window"]["from"].is_null());
}

#[test]
fn case_81_since_policy_begins_with_an_unbroken_run_of_versions() {
    let one = version("1", "2026-01-01 00:00", "2026-03-01 00:00", "since-policy", "");
    let two = version("2", "2026-03-01 00:00", "2026-04-01 00:00", "since-policy", "");
    let after_a_gap = version("3", "2026-05-01 00:00", "", "since-policy", "");
    let facts = offences(&["02-02 10:00", "03-10 10:00", "05-10 10:00", "05-12 10:00"]);
    let out = City::of(&one).and(&two).and(&after_a_gap).decide(&facts);
    assert_eq!(out.says("a"), WAIVED);
    assert_eq!(out.says("b"), PENALTY);
    assert_eq!(out.window("b"), "since-policy 2026-01-01..");
    assert_eq!(out.says("c"), WAIVED);
    assert_eq!(out.says("d"), PENALTY);
    assert_eq!(out.window("d"), "since-policy 2026-05-01..");
}

#[test]
fn a_calendar_year_does_not_begin_anew_with_a_policy() {
    let one = version("1", "2026-01-01 00:00", "2026-03-01 00:00", "calendar-year", "");
    let two = version("2", "2026-05-01 00:00", "", "calendar-year", "");
    let out = City::of(&one)
        .and(&two)
        .decide(&offences(&["02-02 10:00", "05-10 10:00"]));
    assert_eq!(out.says("b"), PENALTY);
}

#[test]
fn a_rolling_first_prints_its_own_reach_and_a_penalty_that_of_the_use_in_its_way() {
    let out = decide(
        "kind = \"rolling\"\nlength = \"365 days\"",
        &["2025-03-10 10:00", "2025-06-01 10:00", "2026-03-11 00:00"],
    );
    assert_eq!(out.window("a"), "rolling 2025-03-10..2026-03-11");
    assert_eq!(out.says("b"), PENALTY);
    assert_eq!(out.window("b"), "rolling 2025-03-10..2026-03-11");
    assert_eq!(out.key("b", "ordinal"), "2");
    assert_eq!(out.says("c"), WAIVED, "a plain penalty uses nothing up");
    assert_eq!(out.window("c"), "rolling 2026-03-11..2027-03-12");
    assert_eq!(out.key("c", "ordinal"), "1");
}

#[test]
fn with_two_uses_in_its_way_a_rolling_penalty_prints_the_reach_of_the_earliest() {
    let window = "kind = \"rolling\"\nlength = \"100d\"\nallowance = 2";
    let out = decide(
        window,
        &[
            "01-01 10:00",
            "02-01 10:00",
            "03-01 10:00",
            "04-20 10:00",
            "04-25 10:00",
        ],
    );
    assert_eq!(out.says("b"), WAIVED);
    assert_eq!(out.window("b"), "rolling 2026-02-01..2026-05-13");
    assert_eq!(out.says("c"), PENALTY);
    assert_eq!(out.window("c"), "rolling 2026-01-01..2026-04-12");
    assert_eq!(out.says("d"), WAIVED, "the first use no longer stands in the way");
    assert_eq!(out.says("e"), PENALTY);
    assert_eq!(out.window("e"), "rolling 2026-02-01..2026-05-13");
}

#[test]
fn with_the_boundary_at_the_instant_the_edges_are_instants() {
    let window = "kind = \"rolling\"\nlength = \"1 months\"\nboundary = \"instant\"";
    let out = decide(window, &["01-31 10:00", "02-28 09:59:59", "02-28 10:00:00"]);
    assert_eq!(
        out.window("a"),
        "rolling 2026-01-31T10:00:00+08:00..2026-02-28T10:00:00+08:00"
    );
    assert_eq!(out.says("b"), PENALTY);
    assert_eq!(out.says("c"), WAIVED);
}

#[test]
fn a_rolling_waiver_that_only_a_telling_or_a_person_gave_prints_its_own_reach() {
    let rule = City::of(&policy_of_window(
        "kind = \"rolling\"\nlength = \"12 months\"",
        "",
    ));
    let mut facts = offences(&["01-05 10:00", "02-05 10:00"]);
    facts.push(discretion("d", "02-06 10:00", "b", "waived"));
    let out = rule.decide(&facts);
    assert_eq!(out.says("b"), "waived discretion");
    assert_eq!(out.window("b"), "rolling 2026-02-05..2027-02-06");
    facts[2] = told("t1", "02-06 10:00", "a", "waived");
    facts.push(told("t2", "02-06 10:00", "b", "waived"));
    let out = rule.decide(&facts);
    assert_eq!(out.says("b"), "waived told");
    assert_eq!(out.window("b"), "rolling 2026-02-05..2027-02-06");
}

#[test]
fn an_allowance_of_none_waives_nothing() {
    let out = decide(
        "kind = \"calendar-year\"\nallowance = 0",
        &["03-02 10:00", "03-05 10:00"],
    );
    assert_eq!(out.says("a"), PENALTY);
    assert_eq!(out.key("a", "ordinal"), "1");
    assert_eq!(out.key("b", "ordinal"), "2");
    assert_eq!(out.window("a"), "calendar-year 2026-01-01..2027-01-01");
}

#[test]
fn an_allowance_of_two_waives_two() {
    let out = decide(
        "kind = \"calendar-year\"\nallowance = 2",
        &["03-02 10:00", "03-05 10:00", "03-08 10:00"],
    );
    assert_eq!(out.says("a"), WAIVED);
    assert_eq!(out.says("b"), WAIVED);
    assert_eq!(out.key("b", "ordinal"), "2");
    assert_eq!(out.says("c"), PENALTY);
    assert_eq!(out.key("c", "ordinal"), "3");
}

#[test]
fn an_allowance_of_none_in_a_rolling_window_prints_the_cases_own_reach() {
    let out = decide(
        "kind = \"rolling\"\nlength = \"12 months\"\nallowance = 0",
        &["03-02 10:00", "03-05 10:00"],
    );
    assert_eq!(out.says("b"), PENALTY);
    assert_eq!(out.window("b"), "rolling 2026-03-05..2027-03-06");
}

#[test]
fn since_last_counted_offences_form_a_run_while_each_lies_in_the_reach_of_the_one_before() {
    let times = [
        "01-01 10:00",
        "01-20 10:00",
        "02-15 10:00",
        "03-17 23:59",
        "04-17 00:00",
    ];
    let out = decide(
        "kind = \"rolling\"\nlength = \"30d\"\nsince = \"last-counted\"",
        &times,
    );
    assert_eq!(out.says("a"), WAIVED);
    assert_eq!(out.says("b"), PENALTY);
    assert_eq!(
        out.says("c"),
        PENALTY,
        "31 January was the reach of the first, not of the second"
    );
    assert_eq!(out.says("d"), PENALTY);
    assert_eq!(out.key("d", "ordinal"), "4");
    assert_eq!(out.says("e"), WAIVED, "17 March reaches until 16 April");
    assert_eq!(out.key("e", "ordinal"), "1");
    let out = decide("kind = \"rolling\"\nlength = \"30d\"", &times);
    assert_eq!(out.says("c"), WAIVED, "since the last waived");
}

#[test]
fn since_last_counted_the_first_allowance_of_a_run_are_first() {
    let window = "kind = \"rolling\"\nlength = \"30d\"\nsince = \"last-counted\"\nallowance = 2";
    let out = decide(
        window,
        &["01-01 10:00", "01-20 10:00", "02-15 10:00", "03-10 10:00"],
    );
    assert_eq!(out.says("b"), WAIVED);
    assert_eq!(out.says("c"), PENALTY);
    assert_eq!(out.says("d"), PENALTY);
}

#[test]
fn since_last_counted_a_told_first_outcome_counts_wherever_it_stands() {
    let window = "kind = \"rolling\"\nlength = \"30d\"\nsince = \"last-counted\"";
    let mut facts = offences(&["01-01 10:00", "01-20 10:00", "02-15 10:00"]);
    facts.push(told("t", "02-15 12:00", "c", "waived"));
    let out = City::of(&policy_of_window(window, "")).decide(&facts);
    assert_eq!(out.says("c"), WAIVED);
    assert_eq!(
        out.says("a"),
        "held later_case_was_told",
        "it would stand in one run with the told one"
    );
}

#[test]
fn voided_held_and_not_punishable_cases_use_nothing_up() {
    let rule = City::of(&policy("calendar-year", ""));
    let gone: [Vec<Fact>; 3] = [
        vec![
            seen("x", "03-02 10:00", "Z1"),
            void("v", "03-02 12:00", "x", "exempt"),
        ],
        vec![seen("x", "03-02 10:00", "Z1").confidence(0.5)],
        vec![
            seen("x", "03-02 10:00", "Z1"),
            crate::facts::handled("h", "03-02 12:00", "x"),
        ],
    ];
    for mut facts in gone {
        facts.push(seen("n", "03-05 10:00", "Z2"));
        let out = rule.decide(&facts);
        assert_eq!(out.says("n"), WAIVED);
        assert_eq!(out.key("n", "ordinal"), "1");
    }
}

#[test]
fn a_rolling_reach_of_hours_ends_with_the_instant() {
    let window = "kind = \"rolling\"\nlength = \"24h\"\nboundary = \"instant\"";
    let out = decide(window, &["03-02 10:00", "03-03 09:59:59", "03-03 10:00"]);
    assert_eq!(out.says("b"), PENALTY);
    assert_eq!(out.says("c"), WAIVED, "the instant is not included");
}

#[test]
fn leap_days_and_short_months_reach_to_the_last_of_the_month() {
    let out = decide(
        "kind = \"rolling\"\nlength = \"1 months\"",
        &["01-31 10:00", "02-28 23:59", "03-01 00:00"],
    );
    assert_eq!(out.window("a"), "rolling 2026-01-31..2026-03-01");
    assert_eq!(out.says("b"), PENALTY);
    assert_eq!(out.says("c"), WAIVED);
}
