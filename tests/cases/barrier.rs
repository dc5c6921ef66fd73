//! Reviews, the barrier, and deadlines.

use crate::facts::{Fact, confirmed, discretion, rejected, seen, told, void};
use crate::run::City;
use crate::texts::policy;

fn all() -> City {
    City::of(&policy("calendar-year", "[admission]\nreview = \"all\""))
}

fn penalties() -> City {
    City::of(&policy("calendar-year", "[admission]\nreview = \"penalties\""))
}

/// Offences of Monday 2, Wednesday 4 and Friday 6 March at three places.
fn three() -> Vec<Fact> {
    vec![
        seen("a", "03-02 09:00", "Z1"),
        seen("b", "03-04 09:00", "Z2"),
        seen("c", "03-06 09:00", "Z3"),
    ]
}

fn and(mut facts: Vec<Fact>, more: &[Fact]) -> Vec<Fact> {
    facts.extend_from_slice(more);
    facts
}

#[test]
fn a_review_of_all_holds_every_case_until_one_of_its_observations_is_confirmed() {
    let mut facts = vec![seen("a", "03-02 09:00", "Z1"), seen("b", "03-02 09:30", "Z1")];
    let out = all().decide(&facts);
    assert_eq!(out.says("a"), "held review_required");
    assert_eq!(out.key("a", "ordinal"), "null");
    facts.push(confirmed("r", "03-02 12:00", "b"));
    assert_eq!(all().decide(&facts).says("a"), "waived first_in_window");
}

#[test]
fn a_review_of_penalties_leaves_a_first_offence_alone() {
    let out = penalties().judged_at("06-01 00:00").decide(&three()[..1]);
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.key("a", "deadline"), "null");
}

#[test]
fn a_penalty_waits_for_its_own_review_and_for_those_of_the_cases_that_used_its_allowance() {
    let facts = three()[..2].to_vec();
    let out = penalties().decide(&facts);
    assert_eq!(out.says("a"), "waived first_in_window", "those stay as they are");
    assert_eq!(out.says("b"), "held review_required");
    assert_eq!(out.key("b", "deadline"), "2026-03-12T00:00:00+08:00");
    let own = and(facts.clone(), &[confirmed("rb", "03-05 09:00", "b")]);
    let out = penalties().judged_at("06-01 00:00").decide(&own);
    assert_eq!(
        out.says("b"),
        "held review_required",
        "it waits for the other's review and does not lapse"
    );
    assert_eq!(out.key("b", "deadline"), "null");
    let both = and(own, &[confirmed("ra", "03-05 09:00", "a")]);
    assert_eq!(
        penalties().decide(&both).says("b"),
        "penalty_proposed allowance_used"
    );
    let other = and(facts, &[confirmed("ra", "03-05 09:00", "a")]);
    assert_eq!(penalties().decide(&other).says("b"), "held review_required");
    assert_eq!(
        penalties().judged_at("03-12 00:00").decide(&other).says("b"),
        "inadmissible review_lapsed"
    );
}

#[test]
fn a_case_that_waits_for_its_review_holds_every_later_one_of_its_window() {
    let out = penalties().decide(&three());
    assert_eq!(out.says("b"), "held review_required");
    assert_eq!(out.says("c"), "held earlier_undecided");
    assert_eq!(out.key("c", "deadline"), out.key("b", "deadline"));
    let next_year = and(three(), &[seen("d", "2027-01-04 09:00", "Z4")]);
    let out = penalties().judged_at("03-10 00:00").decide(&next_year[..3]);
    assert_eq!(out.says("c"), "held earlier_undecided");
    let one = [
        seen("a", "2025-12-30 09:00", "Z1"),
        seen("b", "2026-01-02 09:00", "Z2"),
        confirmed("rb", "2026-01-02 12:00", "b"),
    ];
    let out = all().decide(&one);
    assert_eq!(out.says("a"), "held review_required");
    assert_eq!(
        out.says("b"),
        "waived first_in_window",
        "another window is not blocked"
    );
}

#[test]
fn an_earlier_case_is_not_held_by_a_later_one() {
    let out = all().decide(&and(
        three()[..2].to_vec(),
        &[confirmed("ra", "03-04 12:00", "a")],
    ));
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.says("b"), "held review_required");
}

#[test]
fn a_case_that_was_told_is_not_held_by_an_earlier_one() {
    let facts = and(
        three()[..2].to_vec(),
        &[
            confirmed("rb", "03-04 12:00", "b"),
            told("t", "03-04 13:00", "b", "waived"),
        ],
    );
    let out = all().decide(&facts);
    assert_eq!(out.says("a"), "held review_required");
    assert_eq!(out.says("b"), "waived first_in_window");
}

#[test]
fn an_earlier_subject_of_another_class_blocks_nothing() {
    let facts = [
        seen("a", "03-02 09:00", "Z1").class("01"),
        seen("b", "03-04 09:00", "Z2"),
        confirmed("rb", "03-04 12:00", "b"),
    ];
    assert_eq!(all().decide(&facts).says("b"), "waived first_in_window");
}

#[test]
fn other_holds_block_nothing() {
    let facts = [
        seen("a", "03-02 09:00", "Z1").confidence(0.5),
        seen("b", "03-02 12:00", "Z2").known("03-20 09:00"),
        seen("c", "03-04 09:00", "Z3"),
        confirmed("rc", "03-04 12:00", "c"),
    ];
    assert_eq!(all().decide(&facts).says("c"), "waived first_in_window");
}

#[test]
fn from_its_deadline_a_case_without_its_own_review_neither_counts_nor_blocks() {
    let facts = and(three()[..2].to_vec(), &[confirmed("rb", "03-04 12:00", "b")]);
    let before = all().judged_at("03-09 23:59:59").decide(&facts);
    assert_eq!(before.says("b"), "held earlier_undecided");
    assert_eq!(before.key("b", "deadline"), "2026-03-10T00:00:00+08:00");
    let after = all().judged_at("03-10 00:00").decide(&facts);
    assert_eq!(after.says("a"), "inadmissible review_lapsed");
    assert_eq!(after.says("b"), "waived first_in_window earlier_lapsed");
    assert_eq!(after.key("b", "ordinal"), "1");
}

#[test]
fn the_deadline_counts_from_the_smallest_known_of_the_observations() {
    let facts = [
        seen("a", "03-02 09:00", "Z1").known("03-04 09:00"),
        seen("b", "03-02 09:30", "Z1").known("03-03 23:59"),
    ];
    assert_eq!(
        all().decide(&facts).key("a", "deadline"),
        "2026-03-11T00:00:00+08:00"
    );
}

#[test]
fn a_duplicate_known_earlier_moves_the_deadline() {
    let facts = [
        seen("a", "03-02 09:00", "Z1").known("03-04 09:00"),
        seen("a", "03-02 09:00", "Z1").known("03-02 09:01"),
    ];
    assert_eq!(
        all().decide(&facts).key("a", "deadline"),
        "2026-03-10T00:00:00+08:00"
    );
}

#[test]
fn days_are_whole_and_hours_run_exactly() {
    let within = |length: &str, known: &str| {
        let rest = format!("[admission]\nreview = \"all\"\nreview_within = \"{length}\"");
        let facts = [seen("a", "03-02 09:00", "Z1").known(known)];
        City::of(&policy("calendar-year", &rest))
            .decide(&facts)
            .key("a", "deadline")
    };
    assert_eq!(within("2d", "03-02 23:59"), "2026-03-05T00:00:00+08:00");
    assert_eq!(within("2d", "03-03 00:00"), "2026-03-06T00:00:00+08:00");
    assert_eq!(within("48h", "03-02 10:30"), "2026-03-04T10:30:00+08:00");
    assert_eq!(within("90m", "03-02 10:30"), "2026-03-02T12:00:00+08:00");
    assert_eq!(
        within("1 working days", "03-06 10:30"),
        "2026-03-10T00:00:00+08:00"
    );
    assert_eq!(
        within("5 working days", "03-07 10:30"),
        "2026-03-14T00:00:00+08:00"
    );
}

#[test]
fn lateness_is_counted_by_the_same_calendar() {
    let calendar = "[year.2026]\nholidays = [\"2026-03-05\"]\nworkdays = [\"2026-03-07\"]\n";
    let says = |known: &str, calendar: Option<&str>| {
        let city = City::of(&policy(
            "calendar-year",
            "[admission]\nlateness = \"4 working days\"",
        ));
        let city = calendar.map_or_else(|| city.clone(), |text| city.clone().calendar(text));
        city.decide(&[seen("a", "03-02 09:00", "Z1").known(known)])
            .says("a")
    };
    // 3, 4, 5 and 6 March; with the calendar 3, 4, 6 and 7 March.
    assert_eq!(says("03-06 23:59:59", None), "waived first_in_window");
    assert_eq!(says("03-07 00:00", None), "held late");
    assert_eq!(says("03-07 23:59:59", Some(calendar)), "waived first_in_window");
    assert_eq!(says("03-08 00:00", Some(calendar)), "held late");
}

#[test]
fn a_review_counts_when_known_before_the_deadline_and_later_only_discretion_revives() {
    let facts = |known: &str| {
        vec![
            seen("a", "03-02 09:00", "Z1"),
            confirmed("r", "03-03 09:00", "a").known(known),
        ]
    };
    assert_eq!(
        all().decide(&facts("03-09 23:59:59")).says("a"),
        "waived first_in_window"
    );
    assert_eq!(
        all().decide(&facts("03-10 00:00")).says("a"),
        "inadmissible review_lapsed"
    );
    let revived = and(
        facts("03-10 00:00"),
        &[discretion("d", "03-11 09:00", "a", "waived")],
    );
    assert_eq!(all().decide(&revived).says("a"), "waived discretion");
}

#[test]
fn a_second_confirmation_after_the_deadline_takes_nothing_from_the_first() {
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        confirmed("r1", "03-03 09:00", "a"),
        confirmed("r2", "03-20 09:00", "a"),
    ];
    assert_eq!(all().decide(&facts).says("a"), "waived first_in_window");
}

#[test]
fn a_confirmation_that_follows_a_rejection_counts_from_its_own_time() {
    let facts = |again: &str| {
        [
            seen("a", "03-02 09:00", "Z1"),
            confirmed("r1", "03-03 09:00", "a"),
            rejected("r2", "03-04 09:00", "a"),
            confirmed("r3", again, "a"),
        ]
    };
    assert_eq!(
        all().decide(&facts("03-05 09:00")).says("a"),
        "waived first_in_window"
    );
    assert_eq!(
        all().decide(&facts("03-20 09:00")).says("a"),
        "inadmissible review_lapsed"
    );
}

#[test]
fn a_blocker_that_is_voided_or_decided_blocks_no_more() {
    let base = and(three()[..2].to_vec(), &[confirmed("rb", "03-04 12:00", "b")]);
    let voided = and(base.clone(), &[void("v", "03-05 09:00", "a", "exempt")]);
    assert_eq!(all().decide(&voided).says("b"), "waived first_in_window");
    let reviewed = and(base.clone(), &[confirmed("ra", "03-05 09:00", "a")]);
    let out = all().decide(&reviewed);
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.says("b"), "penalty_proposed allowance_used");
    let person = and(base, &[discretion("d", "03-05 09:00", "a", "waived")]);
    let out = all().decide(&person);
    assert_eq!(out.says("a"), "waived discretion");
    assert_ne!(out.says("b"), "held earlier_undecided");
}

#[test]
fn with_two_blockers_the_deadline_is_that_of_the_last() {
    let facts = and(three(), &[confirmed("rc", "03-06 12:00", "c")]);
    let out = all().decide(&facts);
    assert_eq!(out.says("b"), "held review_required");
    assert_eq!(out.says("c"), "held earlier_undecided");
    assert_eq!(out.key("c", "deadline"), "2026-03-12T00:00:00+08:00");
}

#[test]
fn the_review_of_a_kind_of_device_is_its_own() {
    let rest = "[admission]\nreview = \"all\"\n[admission.patrol]\nreview = \"none\"";
    let facts = [seen("a", "03-02 09:00", "Z1").with("/data/device/kind", "patrol")];
    let city = City::of(&policy("calendar-year", rest));
    assert_eq!(city.decide(&facts).says("a"), "waived first_in_window");
}

#[test]
fn in_a_rolling_window_a_case_blocks_as_far_as_it_would_reach() {
    let text = crate::texts::policy_of_window(
        "kind = \"rolling\"\nlength = \"2d\"",
        "[admission]\nreview = \"all\"",
    );
    let facts = |at: &str| {
        [
            seen("a", "03-02 09:00", "Z1"),
            seen("b", at, "Z2"),
            confirmed("rb", "03-05 12:00", "b"),
        ]
    };
    let says = |at: &str| City::of(&text).decide(&facts(at)).says("b");
    assert_eq!(says("03-04 23:59"), "held earlier_undecided");
    assert_eq!(says("03-05 00:00"), "waived first_in_window");
}
