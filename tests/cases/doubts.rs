//! When it is in doubt whether there was one stay or two: continuations, overlaps, stays beyond the cap.

use crate::facts::{Fact, confirmed, gone, registered, seen, told, void};
use crate::run::{City, city};
use crate::texts::policy;

fn second_says(b: Fact) -> String {
    city().decide(&[seen("a", "03-02 09:00", "Z1"), b]).says("b")
}

const CONTINUES: &str = "held possible_continuation";
const PENALTY: &str = "penalty_proposed allowance_used";

#[test]
fn a_return_more_than_merge_gap_and_at_most_doubt_later_may_be_a_continuation() {
    let after = |at: &str| second_says(seen("b", at, "Z1"));
    assert_eq!(after("03-02 10:00:01"), CONTINUES);
    assert_eq!(after("03-03 21:00:00"), CONTINUES, "36 hours");
    assert_eq!(after("03-03 21:00:01"), PENALTY);
}

#[test]
fn the_gap_and_the_doubt_are_the_policys() {
    let rule = City::of(&policy(
        "calendar-year",
        "[episode]\nmerge_gap = \"10m\"\ndoubt = \"20m\"",
    ));
    let after = |at: &str| rule.decide(&[seen("a", "03-02 09:00", "Z1"), seen("b", at, "Z1")]);
    assert_eq!(after("03-02 09:10").cases.len(), 1);
    assert_eq!(after("03-02 09:20").says("b"), CONTINUES);
    assert_eq!(after("03-02 09:20:01").says("b"), PENALTY);
}

#[test]
fn it_must_begin_at_the_place_where_the_former_one_ended() {
    assert_eq!(second_says(seen("b", "03-02 12:00", "Z2")), PENALTY);
    let facts = [
        seen("a", "03-02 09:00", "Z1").at(0.0, 0.0),
        seen("a2", "03-02 09:10", "Z1").at(25.0, 0.0),
        seen("b", "03-02 12:00", "Z1").at(54.0, 0.0),
    ];
    assert_eq!(
        city().decide(&facts).says("b"),
        CONTINUES,
        "25 m to the end, 54 m to the beginning"
    );
}

#[test]
fn a_car_that_was_away_in_between_does_not_continue() {
    let with = |between: Fact| {
        let facts = [
            seen("a", "03-02 09:00", "Z1").at(0.0, 0.0),
            between,
            seen("b", "03-02 12:00", "Z1").at(0.0, 0.0),
        ];
        city().decide(&facts).says("b")
    };
    assert_eq!(with(gone("g", "03-02 11:58:00", "Z1")), PENALTY);
    assert_eq!(with(gone("g", "03-02 11:58:01", "Z1")), CONTINUES);
    assert_eq!(with(seen("m", "03-02 10:30", "Z2").at(5000.0, 0.0)), PENALTY);
}

#[test]
fn a_former_one_held_for_its_record_is_none() {
    let facts = [
        seen("a", "03-02 09:00", "Z1").confidence(0.5),
        seen("b", "03-02 12:00", "Z1"),
    ];
    assert_eq!(city().decide(&facts).says("b"), "waived first_in_window");
}

#[test]
fn a_voided_former_one_never_happened() {
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        seen("b", "03-02 12:00", "Z1"),
        void("v", "03-03 09:00", "a", "unclear_record"),
    ];
    assert_eq!(city().decide(&facts).says("b"), "waived first_in_window");
}

#[test]
fn a_continuation_counts_and_blocks_nothing_until_a_review_makes_it_an_offence() {
    let mut facts = vec![
        seen("a", "03-02 09:00", "Z1"),
        seen("b", "03-02 12:00", "Z1"),
        seen("c", "03-06 09:00", "Z2"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("c"), PENALTY);
    assert_eq!(out.key("c", "ordinal"), "2");
    assert_eq!(out.key("b", "deadline"), "null");
    facts.push(confirmed("r", "03-06 12:00", "b"));
    let out = city().decide(&facts);
    assert_eq!(out.says("b"), PENALTY);
    assert_eq!(out.key("c", "ordinal"), "3");
}

#[test]
fn between_two_tickets_there_is_no_doubt() {
    let pair = |a: Fact, b: Fact| city().decide(&[a, b]).says("b");
    let (a, b) = (seen("a", "03-02 09:00", "Z1"), seen("b", "03-02 12:00", "Z1"));
    assert_eq!(pair(a.clone().ticket("1"), b.clone().ticket("2")), PENALTY);
    assert_eq!(pair(a.clone().ticket("1"), b.clone()), CONTINUES);
    assert_eq!(pair(a, b.ticket("2")), CONTINUES);
}

#[test]
fn on_day_precision_there_is_no_doubt() {
    let day = |fact: Fact| fact.with("/data/captured_precision", "day");
    let facts = [
        day(seen("a", "03-02 00:00", "Z1")),
        day(seen("b", "03-03 00:00", "Z1")),
        day(seen("c", "03-03 00:00", "Z2")),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("b"), PENALTY);
    assert_eq!(out.says("c"), PENALTY);
}

#[test]
fn a_new_registration_continues_nothing() {
    let facts = [
        seen("a", "03-02 23:00", "Z1"),
        registered("n", "03-03 00:00", "湘K12345", None),
        seen("b", "03-03 09:00", "Z1"),
    ];
    assert_eq!(city().decide(&facts).says("b"), "waived first_in_window");
}

#[test]
fn of_two_stays_at_one_time_the_later_is_held() {
    let with = |b: Fact| {
        let facts = [seen("a", "03-02 09:00", "Z1"), seen("a2", "03-02 09:40", "Z1"), b];
        city().decide(&facts).says("b")
    };
    assert_eq!(with(seen("b", "03-02 09:20", "Z2")), "held overlap");
    assert_eq!(with(seen("b", "03-02 09:40", "Z2")), "held overlap");
    assert_eq!(with(seen("b", "03-02 09:40:01", "Z2")), PENALTY);
}

#[test]
fn at_one_instant_the_larger_id_overlaps() {
    let facts = [seen("b", "03-02 09:00", "Z1"), seen("a", "03-02 09:00", "Z2")];
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.says("b"), "held overlap");
}

#[test]
fn an_overlap_counts_and_blocks_nothing_until_a_review_makes_it_an_offence() {
    let mut facts = vec![
        seen("a", "03-02 09:00", "Z1"),
        seen("b", "03-02 09:00", "Z2"),
        seen("c", "03-06 09:00", "Z3"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.key("c", "ordinal"), "2");
    facts.push(confirmed("r", "03-06 12:00", "b"));
    let out = city().decide(&facts);
    assert_eq!(out.says("b"), PENALTY);
    assert_eq!(out.key("c", "ordinal"), "3");
}

#[test]
fn a_stay_beyond_the_cap_is_split_only_after_a_telling_and_only_beyond_it() {
    let rule = City::of(&policy("calendar-year", "[episode]\ncap = \"2h\""));
    let mut facts = vec![
        seen("a", "03-02 09:00", "Z1"),
        seen("b", "03-02 10:00", "Z1"),
        seen("c", "03-02 11:00", "Z1"),
    ];
    facts.push(told("t", "03-02 10:30", "a", "waived"));
    let out = rule.decide(&facts);
    assert_eq!(out.together("a"), "a b c", "exactly the cap is not beyond it");
    facts.push(seen("d", "03-02 11:00:01", "Z1"));
    let out = rule.decide(&facts);
    assert_eq!(out.together("a"), "a b c");
    assert_eq!(out.says("d"), "held continued_after_notice");
    assert_eq!(out.says("a"), "waived first_in_window");
    facts.push(confirmed("r", "03-02 15:00", "d"));
    assert_eq!(rule.decide(&facts).says("d"), PENALTY);
}
