//! What people and offices say about a case: voids, reviews, corrections, objections, discretion.

use crate::facts::{
    Fact, confirmed, corrected, discretion, handled, objection_result, rejected, seen, told, void,
};
use crate::run::{City, Printed, city};
use crate::texts::policy;

const PENALTY: &str = "penalty_proposed allowance_used";
const WAIVED: &str = "waived first_in_window";

/// Offences `a` (2 March), `b` (4 March) and `c` (6 March) at three places, and what was said of them.
fn three(more: &[Fact]) -> Printed {
    let mut facts = vec![
        seen("a", "03-02 09:00", "Z1"),
        seen("b", "03-04 09:00", "Z2"),
        seen("c", "03-06 09:00", "Z3"),
    ];
    facts.extend_from_slice(more);
    city().decide(&facts)
}

#[test]
fn a_void_acts_on_the_whole_case_and_on_what_joins_it_later() {
    let mut facts = vec![
        seen("a", "03-02 09:00", "Z1"),
        seen("b", "03-02 09:30", "Z1"),
        void("v", "03-02 12:00", "a", "emergency_vehicle"),
    ];
    assert_eq!(city().decide(&facts).says("b"), "voided emergency_vehicle");
    facts.push(seen("c", "03-02 09:50", "Z1").known("03-03 09:00"));
    let out = city().decide(&facts);
    assert_eq!(out.together("a"), "a b c");
    assert_eq!(out.says("c"), "voided emergency_vehicle");
}

#[test]
fn every_void_reason_is_printed_and_an_unknown_one_counts_as_other() {
    let reasons = [
        "emergency_vehicle",
        "stolen_plate",
        "rescue",
        "handled_on_the_spot",
        "conflicting_signs",
        "unclear_record",
        "plate_mismatch",
        "exempt",
        "device_recall",
        "other",
    ];
    for reason in reasons {
        assert_eq!(
            three(&[void("v", "03-07 09:00", "a", reason)]).says("a"),
            format!("voided {reason}")
        );
    }
    let out = three(&[void("v", "03-07 09:00", "a", "act of nature")]);
    assert_eq!(out.says("a"), "voided other");
    assert!(
        out.case("a")["because"]["en"]
            .as_str()
            .unwrap()
            .contains("act of nature"),
        "it keeps its text"
    );
}

#[test]
fn a_void_is_final() {
    let out = three(&[
        void("v", "03-07 09:00", "a", "exempt"),
        discretion("d", "03-08 09:00", "a", "waived"),
        confirmed("r", "03-08 09:00", "a"),
        objection_result("o", "03-08 09:00", "a", "rejected"),
    ]);
    assert_eq!(out.says("a"), "voided exempt");
    assert_eq!(out.says("b"), WAIVED);
}

#[test]
fn a_void_as_merged_takes_away_just_the_named_observation() {
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        seen("b", "03-02 09:30", "Z1"),
        void("v", "03-02 12:00", "a", "merged"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("b"), WAIVED);
    assert_eq!(out.key("b", "from"), "2026-03-02T09:30:00+08:00");
    let out = three(&[void("v", "03-07 09:00", "a", "merged")]);
    assert_eq!(out.says("a"), "voided merged");
    assert_eq!(out.says("b"), WAIVED);
}

#[test]
fn a_void_as_merged_takes_a_whole_paper_away_and_nothing_else() {
    let facts = [
        seen("a", "03-02 09:00", "Z1").ticket("T1"),
        seen("b", "03-02 09:05", "Z1").ticket("T2"),
        seen("b2", "03-02 09:06", "Z1").ticket("T2"),
        void("v", "03-02 12:00", "b", "merged"),
        seen("c", "03-04 09:00", "Z2"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), WAIVED);
    assert_eq!(out.together("b"), "b b2");
    assert_eq!(out.says("b"), "voided merged");
    assert_eq!(out.key("c", "ordinal"), "2");
}

#[test]
fn one_confirmed_confirms_the_whole_case() {
    let facts = [
        seen("a", "03-02 09:00", "Z1").confidence(0.5),
        seen("b", "03-02 09:20", "Z1").confidence(0.5),
        seen("c", "03-02 09:40", "Z1").confidence(0.5),
        seen("d", "03-02 15:00", "Z2").confidence(0.5),
        confirmed("r", "03-02 12:00", "b"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.together("a"), "a b c");
    assert_eq!(out.says("c"), WAIVED);
    assert_eq!(out.says("d"), "held plate_uncertain");
}

#[test]
fn a_rejected_observation_is_no_evidence_and_without_any_the_case_is_voided() {
    let mut facts = vec![
        seen("a", "03-02 09:00", "Z1"),
        seen("b", "03-02 09:30", "Z1"),
        rejected("r1", "03-02 12:00", "a"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), WAIVED);
    assert_eq!(out.key("a", "from"), "2026-03-02T09:30:00+08:00");
    facts.push(rejected("r2", "03-02 12:00", "b"));
    facts.push(seen("c", "03-05 09:00", "Z2"));
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), "voided review_rejected");
    assert_eq!(out.says("c"), WAIVED);
}

#[test]
fn a_rejection_may_leave_too_little_evidence() {
    let rule = City::of(&policy("calendar-year", "[admission]\nmin_observations = 2"));
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        seen("b", "03-02 09:30", "Z1"),
        rejected("r", "03-02 12:00", "a"),
    ];
    assert_eq!(rule.decide(&facts).says("b"), "inadmissible too_short");
}

#[test]
fn discretion_revives_what_a_review_rejected() {
    let out = three(&[
        rejected("r", "03-07 09:00", "a"),
        discretion("d", "03-08 09:00", "a", "waived"),
    ]);
    assert_eq!(out.says("a"), "waived discretion", "only a void is final");
    assert_eq!(out.says("b"), WAIVED, "and it adds no use");
}

#[test]
fn of_several_reviews_the_latest_counts_and_at_one_time_the_larger_id() {
    let says = |first: Fact, second: Fact| three(&[first, second]).says("a");
    let (early, late) = ("03-07 09:00", "03-07 10:00");
    assert_eq!(
        says(rejected("r1", early, "a"), confirmed("r2", late, "a")),
        WAIVED
    );
    assert_eq!(
        says(rejected("r1", late, "a"), confirmed("r2", early, "a")),
        "voided review_rejected"
    );
    assert_eq!(
        says(rejected("r1", early, "a"), confirmed("r2", early, "a")),
        WAIVED
    );
    assert_eq!(
        says(confirmed("r1", early, "a"), rejected("r2", early, "a")),
        "voided review_rejected"
    );
}

#[test]
fn of_several_discretions_and_results_the_latest_counts() {
    let (early, late) = ("03-07 09:00", "03-07 10:00");
    let out = three(&[
        discretion("d1", late, "b", "warned"),
        discretion("d2", early, "b", "waived"),
    ]);
    assert_eq!(out.says("b"), "warned discretion");
    let out = three(&[
        discretion("d1", early, "b", "warned"),
        discretion("d2", early, "b", "waived"),
    ]);
    assert_eq!(out.says("b"), "waived discretion");
    let out = three(&[
        objection_result("o1", early, "b", "upheld"),
        objection_result("o2", late, "b", "rejected"),
    ]);
    assert_eq!(out.says("b"), PENALTY);
    let out = three(&[
        objection_result("o1", late, "b", "lighter"),
        discretion("d", early, "b", "penalty_proposed"),
    ]);
    assert_eq!(out.says("b"), "waived objection_lighter");
}

#[test]
fn discretion_may_set_any_outcome() {
    for outcome in [
        "waived",
        "warned",
        "reminded",
        "corrected",
        "penalty_proposed",
        "penalty_decided",
        "voided",
        "not_punishable",
        "inadmissible",
    ] {
        let out = three(&[discretion("d", "03-07 09:00", "b", outcome)]);
        assert_eq!(out.says("b"), format!("{outcome} discretion"));
        assert_eq!(out.says("c"), PENALTY);
    }
    let out = three(&[discretion("d", "03-07 09:00", "b", "penalty_decided")]);
    assert_eq!(out.key("b", "fine_minor"), "10000");
    assert_eq!(out.key("b", "ordinal"), "2");
    let out = three(&[discretion("d", "03-07 09:00", "b", "waived")]);
    assert_eq!(out.key("b", "fine_minor"), "null");
    assert_eq!(out.key("b", "proposal"), "null");
}

#[test]
fn discretion_neither_adds_nor_takes_an_allowance() {
    let heavier = three(&[discretion("d", "03-07 09:00", "a", "penalty_proposed")]);
    assert_eq!(heavier.says("a"), "penalty_proposed discretion");
    assert_eq!(heavier.says("b"), PENALTY, "the first one is used all the same");
    let facts = [
        seen("h", "03-02 09:00", "Z1").confidence(0.5),
        seen("b", "03-04 09:00", "Z2"),
        discretion("d", "03-07 09:00", "h", "waived"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("h"), "waived discretion");
    assert_eq!(out.says("b"), WAIVED, "it takes none");
}

#[test]
fn an_upheld_objection_voids_a_lighter_one_sets_the_first_outcome_a_rejected_one_changes_nothing() {
    let out = three(&[objection_result("o", "03-07 09:00", "a", "upheld")]);
    assert_eq!(out.says("a"), "voided objection_upheld");
    assert_eq!(out.says("b"), WAIVED);
    let out = three(&[objection_result("o", "03-07 09:00", "b", "lighter")]);
    assert_eq!(out.says("b"), "waived objection_lighter");
    assert_eq!(out.key("b", "fine_minor"), "null");
    assert_eq!(out.says("c"), PENALTY);
    let out = three(&[objection_result("o", "03-07 09:00", "b", "rejected")]);
    assert_eq!(out.cases, three(&[]).cases);
}

#[test]
fn a_lighter_answer_is_never_heavier_than_what_it_answers() {
    let out = three(&[objection_result("o", "03-07 09:00", "a", "lighter")]);
    assert_eq!(out.says("a"), WAIVED);
    let handled_first = three(&[
        handled("h", "03-06 09:00", "b"),
        objection_result("o", "03-07 09:00", "b", "lighter"),
    ]);
    assert_eq!(handled_first.says("b"), "not_punishable handled_elsewhere");
}

#[test]
fn what_another_agency_handled_is_out_of_the_count_with_all_that_joins_it() {
    let out = three(&[
        handled("h", "03-07 09:00", "a"),
        seen("a2", "03-02 09:30", "Z1").known("03-05 09:00"),
    ]);
    assert_eq!(out.together("a"), "a a2");
    assert_eq!(out.says("a2"), "not_punishable handled_elsewhere");
    assert_eq!(out.says("b"), WAIVED);
}

#[test]
fn discretion_and_results_act_on_what_joins_the_case_later() {
    let later = || seen("b2", "03-04 09:30", "Z2").known("03-08 09:00");
    let out = three(&[discretion("d", "03-07 09:00", "b", "waived"), later()]);
    assert_eq!(out.together("b"), "b b2");
    assert_eq!(out.says("b2"), "waived discretion");
    let out = three(&[objection_result("o", "03-07 09:00", "b", "upheld"), later()]);
    assert_eq!(out.says("b2"), "voided objection_upheld");
}

#[test]
fn a_lighter_answer_uses_up_the_allowance_as_any_first_outcome_does() {
    let facts = [
        seen("h", "03-02 09:00", "Z1").confidence(0.5),
        objection_result("o", "03-03 09:00", "h", "lighter"),
        seen("b", "03-04 09:00", "Z2"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("h"), "waived objection_lighter");
    assert_eq!(out.says("b"), PENALTY);
}

#[test]
fn a_correction_moves_exactly_the_named_observation() {
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        seen("b", "03-02 09:30", "Z1"),
        corrected("k", "03-02 12:00", "b", "湘K54321", "02"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.together("a"), "a");
    assert_eq!(out.together("b"), "b");
    assert_eq!(out.key("b", "subject"), "湘K54321/02");
    assert_eq!(out.key("a", "subject"), "湘K12345/02");
}

#[test]
fn a_correction_back_moves_it_back() {
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        corrected("k1", "03-02 12:00", "a", "湘K54321", "02"),
        corrected("k2", "03-02 13:00", "a", "湘K12345", "02"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.cases.len(), 1);
    assert_eq!(out.key("a", "subject"), "湘K12345/02");
}

#[test]
fn what_was_said_of_an_observation_moves_with_it() {
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        corrected("k", "03-02 12:00", "a", "湘K54321", "02"),
        void("v", "03-02 13:00", "a", "rescue"),
        seen("b", "03-04 09:00", "Z1").number("湘K54321"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), "voided rescue");
    assert_eq!(out.says("b"), WAIVED);
}

#[test]
fn a_corrected_observation_joins_the_stay_of_the_true_plate() {
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        seen("x", "03-02 09:20", "Z1").number("湘K12346"),
        seen("b", "03-02 09:40", "Z1"),
        corrected("k", "03-02 12:00", "x", "湘K12345", "02"),
    ];
    assert_eq!(city().decide(&facts).together("a"), "a x b");
}

#[test]
fn a_corrected_observation_is_known_when_the_correction_was() {
    let facts = |correction: &str| {
        let facts = [
            seen("a", "03-02 09:00", "Z1").number("湘K54321"),
            corrected("k", correction, "a", "湘K12345", "02"),
        ];
        city().decide(&facts).says("a")
    };
    assert_eq!(facts("03-09 23:59"), WAIVED);
    assert_eq!(facts("03-10 00:00"), "held late");
}

#[test]
fn a_fact_whose_observation_is_not_known_waits_and_then_acts() {
    let waiting = void("v", "03-02 12:00", "a", "exempt");
    let out = city().decide(std::slice::from_ref(&waiting));
    assert_eq!(out.says("v"), "waiting about_unknown");
    let out = city().decide(&[waiting, seen("a", "03-02 09:00", "Z1").known("03-03 09:00")]);
    assert_eq!(out.says("a"), "voided exempt");
    assert_eq!(out.says("v"), "applied");
}

#[test]
fn about_is_cut_at_the_first_hash() {
    let odd = void("v", "03-02 12:00", "x#1", "exempt");
    let out = city().decide(&[seen("x#1", "03-02 09:00", "Z1"), odd]);
    assert_eq!(out.cases[0]["outcome"], "voided");
}

#[test]
fn what_has_no_effect_yet_is_kept_and_says_so() {
    let decision = told("p", "03-07 09:00", "b", "waived")
        .with("/type", "clearwalk.penalty-decision.v1")
        .with("/data/officers", vec!["o1", "o2"])
        .with("/data/fine_minor", 5000);
    let out = three(&[decision]);
    assert_eq!(out.says("p"), "applied no_effect_yet");
    assert_eq!(out.cases, three(&[]).cases);
}
