//! The admission table, row by row: what an observation comes to, whether it counts, and whether it blocks.

use serde_json::{Value, json};

use crate::facts::{Fact, confirmed, corrected, seen};
use crate::run::{City, Printed, city};
use crate::texts::policy;

/// The observation `x` of 2 March, and an ordinary one of the next day elsewhere.
fn beside(x: Fact) -> [Fact; 2] {
    [x, seen("next", "03-03 09:00", "Z9")]
}

fn x() -> Fact {
    seen("x", "03-02 09:00", "Z1")
}

/// `x` says `words` and neither counts nor blocks: the next offence is the first one.
fn only_held(city: &City, facts: &[Fact], words: &str) -> Printed {
    let out = city.decide(facts);
    assert_eq!(out.says("x"), words);
    assert_eq!(out.says("next"), "waived first_in_window");
    out
}

fn is_printed(out: &Printed, id: &str) -> bool {
    let fact = Value::from(format!("/s#{id}"));
    out.cases
        .iter()
        .any(|case| case["facts"].as_array().unwrap().contains(&fact))
}

#[test]
fn a_line_that_is_unreadable_or_lacks_a_field_is_quarantined_and_the_others_are_decided() {
    let whole = seen("a", "03-02 09:00", "Z1");
    for pointer in [
        "/data/captured_at",
        "/data/device",
        "/data/place",
        "/data/plate",
        "/data/device/id",
        "/type",
        "/id",
    ] {
        let lines = [
            whole.clone().without(pointer).to_string(),
            seen("b", "03-02 12:00", "Z2").to_string(),
        ];
        let out = city().decide_lines(&lines);
        assert_eq!(out.cases.len(), 1, "{pointer}");
        assert_eq!(out.says("b"), "waived first_in_window", "{pointer}");
    }
    assert_eq!(
        city().decide(&[whole.clone().without("/data/place")]).says("a"),
        "quarantined schema"
    );
    let lines = [
        "{".to_owned(),
        "[1]".to_owned(),
        "nonsense".to_owned(),
        whole.to_string(),
    ];
    assert_eq!(city().decide_lines(&lines).says("a"), "waived first_in_window");
    assert!(
        city().talk(&lines).contains("3 quarantined"),
        "they are counted beside the data"
    );
}

#[test]
fn a_plate_outside_the_grammar_or_of_a_wrong_length_for_its_colour_is_invalid() {
    for (number, color) in [
        ("湘K1234", "blue"),
        ("ABCDEFGH", "blue"),
        ("湘K12345", "green"),
        ("湘KD12345", "blue"),
    ] {
        let facts = beside(x().number(number).color(color));
        let out = only_held(&city(), &facts, "quarantined invalid_plate");
        assert!(!is_printed(&out, "x"));
    }
}

#[test]
fn a_plate_correction_revives_an_observation_without_a_plate() {
    for number in [json!(null), json!("无牌"), json!("湘K1234")] {
        let facts = [
            x().with("/data/plate/number", number),
            corrected("k", "03-02 12:00", "x", "湘K12345", "02"),
        ];
        let out = city().decide(&facts);
        assert_eq!(out.key("x", "subject"), "湘K12345/02");
        assert_eq!(out.says("x"), "waived first_in_window");
    }
}

#[test]
fn a_capture_later_than_known_and_the_tolerance_is_skewed_and_exactly_as_late_is_not() {
    let facts = |known: &str| beside(x().known(known));
    only_held(&city(), &facts("03-02 08:58:59"), "quarantined clock_skew");
    assert_eq!(
        city().decide(&facts("03-02 08:59:00")).says("x"),
        "waived first_in_window"
    );
    let wide = City::of(&policy(
        "calendar-year",
        "[admission]\nfuture_tolerance = \"10m\"",
    ));
    assert_eq!(
        wide.decide(&facts("03-02 08:50:00")).says("x"),
        "waived first_in_window"
    );
}

#[test]
fn a_capture_of_more_than_ten_years_ago_is_a_reset_clock() {
    let facts = |known: &str| [seen("x", "2014-03-02 09:00", "Z1").known(known)];
    assert_eq!(
        city().decide(&facts("2024-03-02 23:59:59")).says("x"),
        "not_punishable too_old"
    );
    assert_eq!(
        city().decide(&facts("2024-03-03 00:00:00")).says("x"),
        "quarantined clock_reset"
    );
    let patient = City::of(&policy("calendar-year", "[admission]\noldest = \"12 years\""));
    assert_eq!(
        patient.decide(&facts("2024-03-03 00:00:00")).says("x"),
        "held late"
    );
    assert_eq!(
        patient.decide(&facts("2026-03-03 00:00:00")).says("x"),
        "quarantined clock_reset"
    );
}

#[test]
fn a_device_speaks_from_the_latest_of_approved_published_and_live() {
    let zones = |approved: &str, published: &str, live: &str| {
        let key = |name: &str, from: &str| format!("{name} = \"2026-03-{from}T00:00:00+08:00\"\n");
        let (approved, published, live) = (
            key("approved_from", approved),
            key("published_from", published),
            key("live_from", live),
        );
        format!("[zones.Z1]\nkind = \"sidewalk\"\n[devices.D1]\n{approved}{published}{live}")
    };
    for text in [
        zones("02", "01", "01"),
        zones("01", "02", "01"),
        zones("01", "01", "02"),
    ] {
        let facts = [
            seen("x", "03-01 23:59:59", "Z1"),
            seen("y", "03-02 00:00:00", "Z1").number("湘K54321"),
        ];
        let out = city().zones(&text).decide(&facts);
        assert_eq!(out.says("x"), "inadmissible device_not_approved");
        assert_eq!(out.says("y"), "waived first_in_window");
    }
}

#[test]
fn test_mode_never_counts_and_history_counts_like_live() {
    let mode = |mode: &str| beside(x().with("/data/device/mode", mode));
    let out = only_held(&city(), &mode("test"), "inadmissible test_mode");
    assert!(!is_printed(&out, "x"));
    let out = city().decide(&mode("history"));
    assert_eq!(out.says("x"), "waived first_in_window");
    assert_eq!(out.says("next"), "penalty_proposed allowance_used");
}

#[test]
fn a_stay_below_the_number_of_observations_or_the_dwell_is_too_short() {
    let rule = "[admission]\nmin_observations = 2\nmin_dwell = \"10m\"\n[admission.patrol]\nmin_observations = 1\nmin_dwell = \"0s\"";
    let strict = City::of(&policy("calendar-year", rule));
    let pair = |second: &str| [x(), seen("y", second, "Z1")];
    assert_eq!(strict.decide(&[x()]).says("x"), "inadmissible too_short");
    let out = strict.decide(&pair("03-02 09:09:59"));
    assert!(out.cases.is_empty());
    assert_eq!(out.says("y"), "inadmissible too_short");
    assert_eq!(
        strict.decide(&pair("03-02 09:10:00")).says("y"),
        "waived first_in_window"
    );
    let patrol = x().with("/data/device/kind", "patrol");
    assert_eq!(
        strict.decide(&[patrol]).says("x"),
        "waived first_in_window",
        "patrols need only one"
    );
}

#[test]
fn too_old_is_printed_and_stays_so_even_when_confirmed() {
    let old = seen("x", "2024-02-01 09:00", "Z1").known("03-02 09:00");
    let mut facts = beside(old).to_vec();
    only_held(&city(), &facts, "not_punishable too_old");
    facts.push(confirmed("r", "03-02 12:00", "x"));
    only_held(&city(), &facts, "not_punishable too_old");
}

#[test]
fn embassies_armed_police_and_the_military_answer_elsewhere_even_when_confirmed() {
    for (number, class) in [("使014578", "03"), ("WJ湘12345", "31"), ("VA12345", "32")] {
        let mut facts = vec![x().number(number).class(class)];
        let out = city().decide(&facts);
        assert_eq!(out.says("x"), "not_punishable outside_jurisdiction", "{number}");
        assert_eq!(out.key("x", "ordinal"), "null");
        facts.push(confirmed("r", "03-02 12:00", "x"));
        assert_eq!(
            city().decide(&facts).says("x"),
            "not_punishable outside_jurisdiction",
            "{number}"
        );
    }
}

#[test]
fn what_ends_without_a_case_line_takes_no_part_in_episodes() {
    let middle = |fact: Fact| {
        let facts = [
            seen("a", "03-02 09:00", "Z1"),
            fact,
            seen("b", "03-02 10:40", "Z1"),
        ];
        city().decide(&facts).together("a")
    };
    let m = || seen("m", "03-02 09:50", "Z1");
    assert_eq!(middle(m()), "a m b");
    assert_eq!(middle(m().with("/data/device/mode", "test")), "a");
    assert_eq!(middle(m().known("03-02 09:00")), "a");
    assert_eq!(middle(m().number("湘K1234")), "a");
}

#[test]
fn a_temporary_plate_is_held() {
    let paper = [x().class("22"), seen("next", "03-03 09:00", "Z9")];
    only_held(&city(), &paper, "held unstable_plate");
}

#[test]
fn what_is_no_motor_vehicle_is_held() {
    for kind in ["ebike", "bicycle", "tricycle", "person", "none"] {
        let facts = beside(x().with("/data/vehicle", json!({"kind": kind})));
        only_held(&city(), &facts, "held not_a_motor_vehicle");
    }
    let other = x().with("/data/vehicle", json!({"kind": "other"}));
    assert_eq!(city().decide(&[other]).says("x"), "waived first_in_window");
}

#[test]
fn a_class_that_is_not_certain_is_held_under_a_subject_of_its_own() {
    let facts = beside(x().without("/data/plate/class"));
    let out = only_held(&city(), &facts, "held class_unknown");
    assert_eq!(out.key("x", "subject"), "湘K12345/-");
}

#[test]
fn a_class_that_colour_or_kind_contradict_is_held() {
    only_held(
        &city(),
        &beside(x().with("/data/plate/color", "yellow")),
        "held class_mismatch",
    );
    let motorcycle = x().with("/data/vehicle", json!({"kind": "motorcycle"}));
    only_held(&city(), &beside(motorcycle), "held class_mismatch");
}

#[test]
fn confidence_equal_to_the_threshold_passes_and_an_absent_one_too() {
    only_held(&city(), &beside(x().confidence(0.899_9)), "held plate_uncertain");
    assert_eq!(
        city().decide(&beside(x().confidence(0.90))).says("x"),
        "waived first_in_window"
    );
    assert_eq!(city().decide(&beside(x())).says("x"), "waived first_in_window");
    let character = |value: f64| beside(x().with("/data/plate/char_confidence", vec![0.99, value]));
    only_held(&city(), &character(0.799_9), "held plate_uncertain");
    assert_eq!(
        city().decide(&character(0.80)).says("x"),
        "waived first_in_window"
    );
}

#[test]
fn lateness_counts_working_days_from_the_day_of_capture_to_24_00() {
    // Monday 2 March; the fifth working day after it is Monday 9 March.
    let known = |at: &str| city().decide(&beside(x().known(at))).says("x");
    assert_eq!(known("03-09 23:59:59"), "waived first_in_window");
    assert_eq!(known("03-10 00:00:00"), "held late");
    only_held(&city(), &beside(x().known("03-10 00:00:00")), "held late");
    let hours = City::of(&policy("calendar-year", "[admission]\nlateness = \"24h\""));
    assert_eq!(
        hours.decide(&[x().known("03-03 09:00:00")]).says("x"),
        "waived first_in_window"
    );
    assert_eq!(
        hours.decide(&[x().known("03-03 09:00:01")]).says("x"),
        "held late"
    );
}

#[test]
fn with_a_zones_file_a_zone_that_is_not_in_it_or_not_in_force_is_held() {
    let zones = "[zones.Z9]\nkind = \"sidewalk\"\n[zones.Z1]\nkind = \"sidewalk\"\n\
        from = \"2026-01-01T00:00:00+08:00\"\nto = \"2026-03-02T09:00:00+08:00\"\n";
    let city = city().zones(zones);
    only_held(&city, &beside(x()), "held zone_unknown");
    only_held(
        &city,
        &beside(x().with("/data/place/zone", "Z7")),
        "held zone_unknown",
    );
    let inside = [seen("x", "03-02 08:59:59", "Z1")];
    assert_eq!(
        city.decide(&inside).says("x"),
        "waived first_in_window",
        "the end is not included"
    );
}

#[test]
fn a_confirmed_review_settles_every_hold_of_the_record_but_an_unknown_class() {
    let holds = [
        x().class("22"),
        x().with("/data/vehicle", json!({"kind": "ebike"})),
        x().with("/data/plate/color", "yellow"),
        x().confidence(0.5),
        x().known("03-20 09:00"),
    ];
    for hold in holds {
        let before = city().decide(std::slice::from_ref(&hold)).says("x");
        assert!(before.starts_with("held "), "{before}");
        let facts = [hold, confirmed("r", "03-20 10:00", "x")];
        assert_eq!(
            city().decide(&facts).says("x"),
            "waived first_in_window",
            "{before}"
        );
    }
    let unknown = [
        x().without("/data/plate/class"),
        confirmed("r", "03-02 10:00", "x"),
    ];
    assert_eq!(city().decide(&unknown).says("x"), "held class_unknown");
    let named = [
        x().without("/data/plate/class"),
        corrected("k", "03-02 10:00", "x", "湘K12345", "02"),
    ];
    assert_eq!(city().decide(&named).says("x"), "waived first_in_window");
}

#[test]
fn of_several_rows_the_first_decides() {
    // From the last row to the first, each further fault comes earlier in the table.
    let zones = "[zones.Z9]\nkind = \"sidewalk\"\n";
    let city = city().zones(zones);
    let mut fact = x();
    let mut expect = |change: &dyn Fn(Fact) -> Fact, words: &str| {
        fact = change(fact.clone());
        assert_eq!(city.decide(std::slice::from_ref(&fact)).says("x"), words);
    };
    expect(&|it| it, "held zone_unknown");
    expect(&|it| it.known("03-20 09:00"), "held late");
    expect(&|it| it.confidence(0.5), "held plate_uncertain");
    expect(
        &|it| it.with("/data/plate/color", "yellow"),
        "held class_mismatch",
    );
    expect(
        &|it| it.with("/data/vehicle", json!({"kind": "ebike"})),
        "held not_a_motor_vehicle",
    );
    expect(&|it| it.class("22"), "held unstable_plate");
    expect(&|it| it.known("2029-03-20 09:00"), "not_punishable too_old");
    expect(
        &|it| it.with("/data/device/mode", "test"),
        "inadmissible test_mode",
    );
    expect(&|it| it.known("2039-03-20 09:00"), "quarantined clock_reset");
    expect(&|it| it.number("湘K1"), "quarantined invalid_plate");
    expect(&|it| it.number("-"), "quarantined unidentified_vehicle");
}
