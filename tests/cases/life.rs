//! Decision cases of the domain, by their numbers: stays, windows, reliance and voids.

use crate::facts::{
    confirmed, corrected, discretion, gone, objection, objection_result, payment, rejected, seen, told, void,
};
use crate::run::{City, city};
use crate::texts::{policy, policy_of_window};

fn rolling(boundary: &str) -> City {
    let window = format!("kind = \"rolling\"\nlength = \"12 months\"\nboundary = \"{boundary}\"");
    City::of(&policy_of_window(&window, ""))
}

#[test]
fn case_01_two_cameras_within_a_minute_are_one_offence() {
    let facts = [
        seen("a", "03-02 10:00:05", "Z1").device("A"),
        seen("b", "03-02 10:00:40", "Z1").device("B"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.cases.len(), 1);
    assert_eq!(out.together("a"), "a b");
    assert_eq!(out.says("a"), "waived first_in_window");
}

#[test]
fn case_03_a_morning_of_pictures_is_one_offence_from_the_first_to_the_last() {
    let times: Vec<String> = (0..19)
        .map(|n| format!("03-02 {:02}:{:02}", 9 + n / 6, n % 6 * 10))
        .collect();
    let facts: Vec<_> = (0..)
        .zip(&times)
        .map(|(n, at)| seen(&format!("f{n:02}"), at, "Z1"))
        .collect();
    let out = city().decide(&facts);
    assert_eq!(out.cases.len(), 1);
    assert_eq!(out.key("f00", "from"), "2026-03-02T09:00:00+08:00");
    assert_eq!(out.key("f00", "to"), "2026-03-02T12:00:00+08:00");
    assert_eq!(out.says("f18"), "waived first_in_window");
}

#[test]
fn case_04_a_return_within_the_doubt_is_held() {
    let facts = [
        seen("a", "03-02 10:30", "Z1"),
        seen("b", "03-02 11:00", "Z1"),
        seen("c", "03-02 12:30", "Z1"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.together("a"), "a b");
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.says("c"), "held possible_continuation");
}

#[test]
fn case_05_a_space_seen_empty_makes_two_offences() {
    let facts = [
        seen("a", "03-02 11:00", "Z1"),
        gone("g", "03-02 11:30", "Z1"),
        seen("b", "03-02 12:30", "Z1"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.says("b"), "penalty_proposed allowance_used");
}

/// Seen every half hour from 1 March 08:00 for 30 hours.
fn thirty_hours() -> Vec<crate::facts::Fact> {
    let at = |n: i32| {
        format!(
            "03-{:02} {:02}:{:02}",
            1 + (16 + n) / 48,
            (16 + n) % 48 / 2,
            n % 2 * 30
        )
    };
    (0..=60)
        .map(|n| seen(&format!("f{n:02}"), &at(n), "Z1"))
        .collect()
}

#[test]
fn case_06_a_stay_of_thirty_hours_is_one_offence_while_nobody_was_told() {
    let out = city().decide(&thirty_hours());
    assert_eq!(out.cases.len(), 1);
    assert_eq!(out.says("f60"), "waived first_in_window");
}

#[test]
fn case_06_what_follows_the_cap_after_a_notice_is_proposed_as_a_second_case() {
    let mut facts = thirty_hours();
    facts.push(told("t", "03-01 09:00", "f00", "waived"));
    let out = city().decide(&facts);
    assert_eq!(out.cases.len(), 2);
    assert_eq!(out.says("f48"), "waived first_in_window");
    assert_eq!(out.key("f00", "to"), "2026-03-02T08:00:00+08:00");
    assert_eq!(out.says("f49"), "held continued_after_notice");
    assert_eq!(out.says("f60"), "held continued_after_notice");
}

#[test]
fn case_08_a_stay_over_new_year_belongs_to_the_old_year() {
    let facts = [
        seen("a", "2025-12-31 23:50", "Z1"),
        seen("b", "2026-01-01 00:30", "Z1"),
        seen("c", "2026-01-05 10:00", "Z1"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.together("a"), "a b");
    assert_eq!(out.window("a"), "calendar-year 2025-01-01..2026-01-01");
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.says("c"), "waived first_in_window");
}

#[test]
fn case_09_the_last_second_of_a_year_and_the_first_of_the_next() {
    let facts = [
        seen("a", "2025-12-31 23:59:59", "Z1"),
        seen("b", "2026-01-01 00:00:00", "Z2"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.says("b"), "waived first_in_window");
    let out = rolling("civil-day").decide(&facts);
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.says("b"), "penalty_proposed allowance_used");
}

#[test]
fn case_10_the_year_is_that_of_the_citys_clock() {
    let facts = [seen("a", "2025-12-31T16:00:00Z", "Z1")];
    let out = city().decide(&facts);
    assert_eq!(out.window("a"), "calendar-year 2026-01-01..2027-01-01");
    assert_eq!(out.key("a", "from"), "2026-01-01T00:00:00+08:00");
}

#[test]
fn case_11_twelve_months_from_29_february_end_with_28_february() {
    let second = |at: &str| {
        let facts = [seen("a", "2024-02-29 10:00", "Z1"), seen("b", at, "Z2")];
        let out = rolling("civil-day").decide(&facts);
        assert_eq!(out.says("a"), "waived first_in_window");
        assert_eq!(out.window("a"), "rolling 2024-02-29..2025-03-01");
        out.says("b")
    };
    assert_eq!(second("2025-02-28 18:00"), "penalty_proposed allowance_used");
    assert_eq!(second("2025-02-28 23:59:59"), "penalty_proposed allowance_used");
    assert_eq!(second("2025-03-01 00:00"), "waived first_in_window");
}

#[test]
fn case_12_a_rolling_reach_ends_with_the_day_or_with_the_instant() {
    let second = |boundary: &str, at: &str| {
        let facts = [seen("a", "2024-03-15 10:00", "Z1"), seen("b", at, "Z2")];
        rolling(boundary).decide(&facts).says("b")
    };
    assert_eq!(
        second("civil-day", "2025-03-15 23:59"),
        "penalty_proposed allowance_used"
    );
    assert_eq!(second("civil-day", "2025-03-16 00:00"), "waived first_in_window");
    assert_eq!(second("instant", "2025-03-15 23:59"), "waived first_in_window");
    assert_eq!(second("instant", "2025-03-15 10:00"), "waived first_in_window");
    assert_eq!(
        second("instant", "2025-03-15 09:59:59"),
        "penalty_proposed allowance_used"
    );
}

#[test]
fn case_14_a_late_report_takes_the_waiver_while_nobody_was_told() {
    let facts = [
        seen("b", "03-02 12:00", "Z1"),
        seen("a", "03-02 09:00", "Z2").known("03-02 12:05"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.says("b"), "penalty_proposed allowance_used");
}

#[test]
fn case_15_what_was_told_stays_and_the_earlier_offence_waits_for_a_person() {
    let facts = [
        seen("b", "03-04 12:00", "Z1"),
        told("t", "03-04 12:20", "b", "waived").state("delivered"),
        seen("a", "03-02 12:00", "Z2").known("03-05 09:00"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("b"), "waived first_in_window");
    assert_eq!(out.says("a"), "held later_case_was_told");
    assert_eq!(out.key("a", "proposal"), "penalty_proposed");
    assert_eq!(out.key("b", "proposal"), "null");
}

#[test]
fn case_16_a_report_beyond_the_horizon_counts_only_when_a_person_admits_it() {
    let mut facts = vec![
        seen("b", "03-20 12:00", "Z1"),
        seen("a", "03-02 12:00", "Z2").known("03-20 13:00"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), "held late");
    assert_eq!(out.says("b"), "waived first_in_window");
    facts.push(confirmed("r", "03-20 15:00", "a"));
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.says("b"), "penalty_proposed allowance_used");
}

#[test]
fn case_17_a_late_report_of_last_year_is_judged_in_its_own_year() {
    let facts = [
        seen("b", "01-02 12:00", "Z1"),
        told("t", "01-02 13:00", "b", "waived"),
        seen("a", "2025-12-30 12:00", "Z2").known("01-05 09:00"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.says("b"), "waived first_in_window");
}

#[test]
fn case_18_a_late_second_offence_changes_nothing_for_the_third() {
    let facts = [
        seen("a", "01-10 12:00", "Z1"),
        seen("b", "02-05 12:00", "Z2"),
        seen("c", "01-20 12:00", "Z3").known("02-06 12:00"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.says("b"), "penalty_proposed allowance_used");
    assert_eq!(out.says("c"), "held late");
}

#[test]
fn case_19_a_void_gives_the_waiver_back() {
    let facts = [
        seen("a", "01-10 12:00", "Z1"),
        told("t", "01-10 12:30", "a", "waived"),
        void("v", "01-12 12:00", "a", "stolen_plate"),
        seen("b", "02-05 12:00", "Z1"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), "voided stolen_plate");
    assert_eq!(out.says("b"), "waived first_in_window");
}

#[test]
fn case_20_the_second_becomes_the_first_when_the_first_is_voided() {
    let facts = [
        seen("a", "01-10 12:00", "Z1"),
        seen("b", "02-05 12:00", "Z2"),
        told("t", "02-05 13:00", "b", "penalty_proposed"),
        void("v", "02-06 12:00", "a", "plate_mismatch"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("b"), "waived first_in_window");
    assert_eq!(out.key("b", "fine_minor"), "null");
    assert_eq!(out.key("b", "ordinal"), "1");
}

#[test]
fn case_21_a_paid_penalty_becomes_a_waiver_all_the_same() {
    let facts = [
        seen("a", "01-10 12:00", "Z1"),
        seen("b", "02-05 12:00", "Z2"),
        payment("p", "02-05 18:00", "b"),
        void("v", "02-06 12:00", "a", "plate_mismatch"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("b"), "waived first_in_window");
    assert_eq!(out.says("p"), "applied no_effect_yet");
}

#[test]
fn case_22_a_voided_second_leaves_the_first_standing() {
    let facts = [
        seen("a", "01-10 12:00", "Z1"),
        seen("b", "02-05 12:00", "Z2"),
        void("v", "02-06 12:00", "b", "rescue"),
        seen("c", "03-05 12:00", "Z3"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.says("b"), "voided rescue");
    assert_eq!(out.says("c"), "penalty_proposed allowance_used");
    assert_eq!(out.key("c", "ordinal"), "2");
}

#[test]
fn case_23_a_rejected_defence_changes_nothing() {
    let mut facts = vec![seen("a", "01-10 12:00", "Z1"), seen("b", "02-05 12:00", "Z2")];
    let before = city().decide(&facts);
    facts.push(objection("o", "02-07 12:00", "b"));
    facts.push(objection_result("r", "02-08 12:00", "b", "rejected"));
    assert_eq!(city().decide(&facts).cases, before.cases);
}

#[test]
fn case_24_a_waiver_that_is_objected_to_in_vain_still_counts() {
    let facts = [
        seen("a", "01-10 12:00", "Z1"),
        objection("o", "01-11 12:00", "a"),
        objection_result("r", "01-12 12:00", "a", "rejected"),
        seen("b", "02-05 12:00", "Z2"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.says("b"), "penalty_proposed allowance_used");
}

#[test]
fn case_25_a_waiver_by_discretion_makes_no_second_automatic_one() {
    let facts = [
        seen("a", "01-10 12:00", "Z1"),
        seen("b", "02-05 12:00", "Z2"),
        discretion("d", "02-06 12:00", "b", "waived"),
        seen("c", "03-05 12:00", "Z3"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("b"), "waived discretion");
    assert_eq!(out.says("c"), "penalty_proposed allowance_used");
}

#[test]
fn case_26_a_misread_plate_gives_the_waiver_back_to_one_and_judges_the_other() {
    let mut facts = vec![
        seen("a", "01-10 12:00", "Z1").number("湘K8B123"),
        told("t", "01-10 12:30", "a", "waived"),
        corrected("k", "01-12 09:00", "a", "湘KBB123", "02"),
        seen("x", "02-05 12:00", "Z1").number("湘K8B123"),
        seen("y", "01-11 12:00", "Z2").number("湘KBB123"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.key("a", "subject"), "湘KBB123/02");
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(
        out.says("y"),
        "penalty_proposed allowance_used",
        "by the time of capture"
    );
    assert_eq!(out.says("x"), "waived first_in_window");
    // A correction that comes too late is for a person.
    facts[2] = corrected("k", "02-02 09:00", "a", "湘KBB123", "02");
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), "held late");
    assert_eq!(out.says("y"), "waived first_in_window");
}

#[test]
fn case_50_a_second_place_on_the_same_day_is_a_second_offence() {
    let facts = [seen("a", "03-02 09:00", "Z1"), seen("b", "03-02 15:00", "Z5")];
    let out = city().decide(&facts);
    assert_eq!(out.says("b"), "penalty_proposed allowance_used");
    let strict = policy("calendar-year", "[[exclude]]\nsame_day_repeat = true");
    let out = City::of(&strict).decide(&facts);
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.says("b"), "penalty_proposed excluded");
}

#[test]
fn case_71_a_later_case_waits_for_the_earlier_ones_review() {
    let all = policy("calendar-year", "[admission]\nreview = \"all\"");
    let facts = vec![
        seen("a", "03-02 09:00", "Z1"),
        seen("b", "03-04 09:00", "Z2"),
        confirmed("rb", "03-04 12:00", "b"),
    ];
    let out = City::of(&all).decide(&facts);
    assert_eq!(out.says("a"), "held review_required");
    assert_eq!(out.says("b"), "held earlier_undecided");
    assert_eq!(out.key("b", "deadline"), "2026-03-10T00:00:00+08:00");
    let mut rejection = facts.clone();
    rejection.push(rejected("ra", "03-05 12:00", "a"));
    let out = City::of(&all).decide(&rejection);
    assert_eq!(out.says("a"), "voided review_rejected");
    assert_eq!(out.says("b"), "waived first_in_window");
    let out = City::of(&all).judged_at("03-10 00:00").decide(&facts);
    assert_eq!(out.says("a"), "inadmissible review_lapsed");
    assert_eq!(out.says("b"), "waived first_in_window earlier_lapsed");
}
