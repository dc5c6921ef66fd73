//! Episodes: items, joining, places, and what prevents joining.

use crate::facts::{Fact, confirmed, gone, seen};
use crate::run::{City, Printed, city};
use crate::texts::policy;

fn cases(out: &Printed) -> usize {
    out.cases.len()
}

#[test]
fn a_gap_equal_to_merge_gap_joins_and_a_second_more_does_not() {
    let pair = |at: &str| city().decide(&[seen("a", "03-02 09:00", "Z1"), seen("b", at, "Z1")]);
    assert_eq!(cases(&pair("03-02 10:00:00")), 1);
    assert_eq!(cases(&pair("03-02 10:00:01")), 2);
}

#[test]
fn the_gap_runs_from_the_last_observation() {
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        seen("b", "03-02 10:00", "Z1"),
        seen("c", "03-02 11:00", "Z1"),
    ];
    assert_eq!(city().decide(&facts).together("a"), "a b c");
}

#[test]
fn with_coordinates_on_both_sides_the_distance_decides_whatever_the_zones() {
    let pair = |metres: f64, zone: &str| {
        city().decide(&[
            seen("a", "03-02 09:00", "Z1").at(0.0, 0.0),
            seen("b", "03-02 09:10", zone).at(metres, 0.0),
        ])
    };
    assert_eq!(cases(&pair(15.0, "Z2")), 1);
    assert_eq!(cases(&pair(29.9, "Z2")), 1);
    assert_eq!(cases(&pair(30.2, "Z1")), 2);
    let wide = City::of(&policy("calendar-year", "[episode]\nmerge_distance = \"50m\""));
    let facts = [
        seen("a", "03-02 09:00", "Z1").at(0.0, 0.0),
        seen("b", "03-02 09:10", "Z1").at(0.0, 49.0),
    ];
    assert_eq!(cases(&wide.decide(&facts)), 1);
}

#[test]
fn without_coordinates_on_one_side_the_zone_decides() {
    let pair = |zone: &str| {
        city().decide(&[
            seen("a", "03-02 09:00", "Z1").at(0.0, 0.0),
            seen("b", "03-02 09:10", zone),
        ])
    };
    assert_eq!(cases(&pair("Z1")), 1);
    assert_eq!(cases(&pair("Z2")), 2);
}

#[test]
fn two_unknown_places_are_never_the_same() {
    let facts = [
        seen("a", "03-02 09:00", "unknown"),
        seen("b", "03-02 09:10", "unknown"),
    ];
    let out = city().decide(&facts);
    assert_eq!(cases(&out), 2);
    assert_eq!(out.key("a", "zone"), "unknown");
}

#[test]
fn an_item_joins_at_the_place_of_any_observation_of_the_episode() {
    let facts = [
        seen("a", "03-02 09:00", "Z1").at(0.0, 0.0),
        seen("b", "03-02 09:10", "Z1").at(25.0, 0.0),
        seen("c", "03-02 09:20", "Z1").at(50.0, 0.0),
        seen("d", "03-02 09:30", "Z1").at(5.0, 0.0),
    ];
    assert_eq!(city().decide(&facts).together("a"), "a b c d");
}

#[test]
fn case_02_the_strictest_zone_is_printed_and_all_are_listed() {
    let zones =
        "[zones.Z1]\nkind = \"sidewalk\"\n[zones.Z2]\nkind = \"bus-stop\"\n[zones.Z3]\nkind = \"bus-stop\"\n";
    let facts = [
        seen("a", "03-02 09:00", "Z1").at(0.0, 0.0),
        seen("b", "03-02 09:01", "Z3").at(15.0, 0.0),
        seen("c", "03-02 09:02", "Z2").at(15.0, 0.0),
    ];
    let out = city().zones(zones).decide(&facts);
    assert_eq!(out.together("a"), "a b c");
    assert_eq!(out.key("a", "zone"), "Z3");
    assert_eq!(out.key("a", "zones"), r#"["Z1","Z3","Z2"]"#);
}

#[test]
fn zone_kinds_have_their_order() {
    let order = [
        "fire-lane",
        "tactile-paving",
        "crosswalk",
        "school-gate",
        "hospital-gate",
        "bus-stop",
        "strict",
        "sidewalk",
    ];
    for pair in order.windows(2) {
        let zones = format!(
            "[zones.A]\nkind = \"{}\"\n[zones.B]\nkind = \"{}\"\n",
            pair[1], pair[0]
        );
        let facts = [
            seen("a", "03-02 09:00", "A").at(0.0, 0.0),
            seen("b", "03-02 09:01", "B").at(15.0, 0.0),
        ];
        assert_eq!(
            city().zones(&zones).decide(&facts).key("a", "zone"),
            "B",
            "{pair:?}"
        );
    }
}

#[test]
fn a_departure_and_min_absence_without_a_sighting_part_two_stays() {
    let with = |left: &str| {
        let facts = [
            seen("a", "03-02 09:00", "Z1"),
            gone("g", left, "Z1"),
            seen("b", "03-02 09:30", "Z1"),
        ];
        cases(&city().decide(&facts))
    };
    assert_eq!(with("03-02 09:28:00"), 2, "equal counts");
    assert_eq!(with("03-02 09:28:01"), 1);
    assert_eq!(with("03-02 08:59:59"), 1, "it was seen there afterwards");
}

#[test]
fn a_departure_from_elsewhere_or_of_another_class_parts_nothing() {
    let with = |left: Fact| {
        cases(&city().decide(&[
            seen("a", "03-02 09:00", "Z1"),
            left,
            seen("b", "03-02 09:30", "Z1"),
        ]))
    };
    assert_eq!(with(gone("g", "03-02 09:10", "Z2")), 1);
    assert_eq!(with(gone("g", "03-02 09:10", "Z1").class("01")), 1);
    assert_eq!(
        with(gone("g", "03-02 09:10", "Z1").without("/data/plate/class")),
        2
    );
}

#[test]
fn a_sighting_with_coordinates_elsewhere_parts_two_stays_and_one_without_does_not() {
    let with = |between: Fact| {
        let facts = [
            seen("a", "03-02 09:00", "Z1").at(0.0, 0.0),
            between,
            seen("b", "03-02 09:30", "Z1").at(0.0, 0.0),
        ];
        let out = city().decide(&facts);
        (out.together("a"), out.says("b"))
    };
    let (together, says) = with(seen("m", "03-02 09:15", "Z2").at(900.0, 0.0));
    assert_eq!(together, "a");
    assert_eq!(says, "penalty_proposed allowance_used");
    let (together, _) = with(seen("m", "03-02 09:15", "Z2"));
    assert_eq!(together, "a b", "without coordinates it may be a wrong zone");
}

#[test]
fn observations_of_one_source_and_ticket_are_one_item_however_far_apart() {
    let facts = [
        seen("a", "03-02 09:00", "Z1").ticket("T1"),
        seen("b", "03-02 15:00", "Z1").ticket("T1"),
        seen("c", "03-02 15:30", "Z1").ticket("T1").source("/other"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.together("a"), "a b");
    assert_eq!(cases(&out), 2, "a ticket of another source is another ticket");
}

#[test]
fn different_tickets_are_different_offences() {
    let facts = [
        seen("a", "03-02 09:00", "Z1").ticket("T1"),
        seen("b", "03-02 09:05", "Z1").ticket("T2"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.says("b"), "penalty_proposed allowance_used");
}

#[test]
fn case_07_a_ticket_and_the_pictures_around_it_are_one_offence() {
    let facts = [
        seen("a", "03-02 10:00", "Z1"),
        seen("t", "03-02 10:02", "Z1").ticket("T1"),
        seen("b", "03-02 10:20", "Z1"),
    ];
    assert_eq!(city().decide(&facts).together("a"), "a t b");
}

#[test]
fn two_tickets_at_one_instant_go_by_their_ids() {
    let facts = [
        seen("b", "03-02 09:00", "Z1").ticket("T1"),
        seen("a", "03-02 09:00", "Z2").ticket("T2"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.says("b"), "penalty_proposed allowance_used");
}

#[test]
fn a_session_links_within_the_cap_and_not_beyond() {
    let pair = |at: &str, source: &str| {
        let facts = [
            seen("a", "03-02 09:00", "Z1").session("S1"),
            seen("b", at, "Z1").session("S1").source(source),
        ];
        cases(&city().decide(&facts))
    };
    assert_eq!(pair("03-02 15:00", "/s"), 1);
    assert_eq!(pair("03-03 09:00", "/s"), 1, "equal counts");
    assert_eq!(pair("03-03 09:00:01", "/s"), 2);
    assert_eq!(pair("03-02 15:00", "/other"), 2);
}

#[test]
fn of_several_episodes_that_fit_the_one_seen_last_takes_the_item() {
    // Two places 50 m apart; the middle lies within 30 m of both.
    let facts = [
        seen("a", "03-02 09:00", "Z1").at(0.0, 0.0).ticket("T1"),
        seen("b", "03-02 09:00:30", "Z1").at(50.0, 0.0).ticket("T2"),
        seen("c", "03-02 09:10", "Z1").at(25.0, 0.0),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.together("b"), "b c");
    assert_eq!(out.together("a"), "a");
}

#[test]
fn grouping_never_looks_at_voids_or_rejections() {
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        seen("b", "03-02 09:50", "Z1"),
        seen("c", "03-02 10:40", "Z1"),
        crate::facts::rejected("r", "03-02 12:00", "b"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.together("a"), "a b c");
    assert_eq!(out.says("a"), "waived first_in_window");
}

#[test]
fn a_late_or_unsure_observation_joins_a_stay_of_others_within_its_span_only() {
    let hold = |fact: Fact| {
        let facts = [
            seen("a", "03-02 09:00", "Z1"),
            fact,
            seen("b", "03-02 09:40", "Z1"),
        ];
        let out = city().decide(&facts);
        assert_eq!(out.says("a"), "waived first_in_window");
        (out.together("x"), out.says("x"))
    };
    let inside = |at: &str| seen("x", at, "Z1");
    assert_eq!(hold(inside("03-02 09:20").known("03-20 09:00")).0, "a x b");
    assert_eq!(hold(inside("03-02 09:20").confidence(0.5)).0, "a x b");
    assert_eq!(hold(inside("03-02 09:40").confidence(0.5)).0, "a b x");
    assert_eq!(
        hold(inside("03-02 09:50").confidence(0.5)).1,
        "held plate_uncertain"
    );
    assert_eq!(hold(inside("03-02 09:50").known("03-20 09:00")).1, "held late");
    assert_eq!(
        hold(seen("x", "03-02 09:20", "Z2").confidence(0.5)).1,
        "held plate_uncertain"
    );
}

#[test]
fn other_holds_never_join_and_make_episodes_by_reason() {
    let bike = serde_json::json!({"kind": "ebike"});
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        seen("e", "03-02 09:10", "Z1").with("/data/vehicle", bike.clone()),
        seen("f", "03-02 09:20", "Z1").with("/data/vehicle", bike),
        seen("u", "03-02 11:15", "Z1").confidence(0.5),
        seen("v", "03-02 11:20", "Z1").confidence(0.5),
        seen("l", "03-02 11:25", "Z1").known("03-20 09:00"),
        seen("b", "03-02 09:40", "Z1"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.together("a"), "a b");
    assert_eq!(out.together("e"), "e f");
    assert_eq!(out.together("u"), "u v");
    assert_eq!(out.together("l"), "l");
}

#[test]
fn an_observation_whose_hold_a_review_has_settled_is_walked_with_the_rest() {
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        seen("x", "03-02 09:50", "Z1").confidence(0.5),
        seen("b", "03-02 10:40", "Z1"),
        confirmed("r", "03-02 12:00", "x"),
    ];
    assert_eq!(city().decide(&facts).together("a"), "a x b");
}

#[test]
fn different_classes_never_share_an_episode() {
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        seen("b", "03-02 09:01", "Z1").class("01"),
    ];
    assert_eq!(cases(&city().decide(&facts)), 2);
}
