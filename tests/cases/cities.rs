//! Decision cases of the domain, by their numbers: plates, identities of records, rules and procedure.

use crate::facts::{confirmed, handled, registered, seen, void};
use crate::run::{City, city};
use crate::texts::{named, policy, version};

#[test]
fn case_28_an_unsure_reading_counts_and_blocks_nothing_until_confirmed() {
    let mut facts = vec![
        seen("a", "03-02 09:00", "Z1").with("/data/plate/char_confidence", vec![0.99, 0.99, 0.62]),
        seen("b", "03-03 09:00", "Z2"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), "held plate_uncertain");
    assert_eq!(out.says("b"), "waived first_in_window");
    facts.push(confirmed("r", "03-03 12:00", "a"));
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.says("b"), "penalty_proposed allowance_used");
}

#[test]
fn case_29_a_car_without_a_plate_has_no_case() {
    for number in ["-", "无牌", "", "未识别", "00000000"] {
        let out = city().decide(&[seen("a", "03-02 09:00", "Z1").number(number)]);
        assert_eq!(out.says("a"), "quarantined unidentified_vehicle", "{number:?}");
        assert!(out.cases.is_empty());
    }
    let unread = seen("a", "03-02 09:00", "Z1").with("/data/plate/number", serde_json::Value::Null);
    assert_eq!(
        city().decide(&[unread]).says("a"),
        "quarantined unidentified_vehicle"
    );
}

#[test]
fn case_30_one_number_under_two_classes_is_two_subjects() {
    let facts = [
        seen("a", "03-02 09:00", "Z1").class("01"),
        seen("b", "03-03 09:00", "Z2").class("02"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.key("a", "subject"), "湘K12345/01");
    assert_eq!(out.key("b", "subject"), "湘K12345/02");
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.says("b"), "waived first_in_window");
}

#[test]
fn case_31_a_blue_plate_of_seven_is_of_class_02_and_without_a_colour_it_is_held() {
    let out = city().decide(&[seen("a", "03-02 09:00", "Z1").color("blue")]);
    assert_eq!(out.key("a", "subject"), "湘K12345/02");
    assert_eq!(out.says("a"), "waived first_in_window");
    let out = city().decide(&[seen("a", "03-02 09:00", "Z1").without("/data/plate/class")]);
    assert_eq!(out.key("a", "subject"), "湘K12345/-");
    assert_eq!(out.says("a"), "held class_unknown");
}

#[test]
fn case_32_a_green_plate_of_seven_is_a_truncated_reading() {
    let out = city().decide(&[seen("a", "03-02 09:00", "Z1").number("湘KD1234").color("green")]);
    assert_eq!(out.says("a"), "quarantined invalid_plate");
}

#[test]
fn case_33_one_plate_in_two_spellings_is_one_subject() {
    let facts = [
        seen("a", "03-02 09:00", "Z1")
            .number(" 湘Ｋ·ｄ１２３４５ ")
            .class("52"),
        seen("b", "03-03 09:00", "Z2").number("湘KD12345").class("52"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.key("a", "subject"), "湘KD12345/52");
    assert_eq!(out.says("b"), "penalty_proposed allowance_used");
}

#[test]
fn case_34_a_repaired_plate_needs_a_person_before_a_penalty() {
    let mut facts = vec![
        seen("a", "03-02 09:00", "Z1").number("湘KO1234"),
        seen("b", "03-03 09:00", "Z2").number("湘KO1234"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.key("a", "subject"), "湘K01234/02");
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.says("b"), "held plate_repaired");
    facts.push(confirmed("r", "03-03 12:00", "b"));
    assert_eq!(city().decide(&facts).says("b"), "penalty_proposed allowance_used");
}

#[test]
fn case_35_a_reissued_number_begins_anew() {
    let facts = [
        seen("a", "01-10 09:00", "Z1"),
        registered("n", "05-01 00:00", "湘K12345", Some("02")),
        seen("b", "06-10 09:00", "Z1"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.key("a", "subject"), "湘K12345/02");
    assert_eq!(out.key("b", "subject"), "湘K12345/02/2026-05-01");
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.says("b"), "waived first_in_window");
}

#[test]
fn case_55_five_copies_have_one_effect() {
    let one = seen("a", "03-02 09:00", "Z1");
    let out = city().decide(&vec![one.clone(); 5]);
    assert_eq!(out.cases, city().decide(&[one]).cases);
    assert_eq!(out.lines_of("a"), vec!["duplicate same_content"; 4]);
}

#[test]
fn case_56_other_content_under_one_id_is_kept_aside() {
    let facts = [seen("a", "03-02 09:00", "Z1"), seen("a", "03-02 09:00", "Z2")];
    let out = city().decide(&facts);
    assert_eq!(out.key("a", "zone"), "Z1");
    assert_eq!(out.lines_of("a"), ["conflict other_content"]);
}

#[test]
fn case_57_one_picture_under_two_ids_is_one_observation() {
    let facts = [
        seen("a", "03-02 09:00", "Z1").image("ab12"),
        seen("b", "03-02 09:00", "Z1").image("AB12"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.cases.len(), 1);
    assert_eq!(out.together("a"), "a");
    assert_eq!(out.says("b"), "merged content_duplicate");
}

#[test]
fn case_58_a_clock_that_runs_ahead_is_quarantined() {
    let facts = [
        seen("a", "03-02 09:10", "Z1").known("03-02 09:00"),
        seen("b", "03-02 09:01", "Z2").known("03-02 09:00"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), "quarantined clock_skew");
    assert_eq!(out.says("b"), "waived first_in_window", "60 s are tolerated");
}

#[test]
fn case_59_a_clock_that_was_reset_steals_no_first() {
    let facts = [
        seen("a", "1970-01-01 08:00", "Z1").known("03-02 09:00"),
        seen("b", "2000-01-01 08:00", "Z1").known("03-02 09:00"),
        seen("c", "03-02 09:00", "Z1"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), "quarantined clock_reset");
    assert_eq!(out.says("b"), "quarantined clock_reset");
    assert_eq!(out.says("c"), "waived first_in_window");
}

fn without_waiver(name: &str, from: &str, to: &str) -> String {
    named(
        "p",
        name,
        from,
        to,
        "kind = \"calendar-year\"\nallowance = 0",
        "10000",
        "",
    )
}

#[test]
fn case_61_the_version_of_the_capture_holds_though_a_stricter_one_followed() {
    let lenient = version("1", "2026-01-01 00:00", "2026-07-01 00:00", "calendar-year", "");
    let strict = without_waiver("2", "2026-07-01 00:00", "");
    let facts = [seen("a", "06-30 09:00", "Z1").known("07-01 09:00")];
    let out = City::of(&lenient).and(&strict).decide(&facts);
    assert_eq!(out.says("a"), "waived first_in_window");
    assert_eq!(out.key("a", "policy"), "p@1");
}

#[test]
fn case_62_a_lighter_version_that_came_before_the_decision_holds() {
    let strict = without_waiver("1", "2026-01-01 00:00", "2026-07-01 00:00");
    let lenient = version("2", "2026-07-01 00:00", "", "calendar-year", "");
    let facts = [seen("a", "06-30 09:00", "Z1").known("07-01 09:00")];
    let out = City::of(&strict).and(&lenient).decide(&facts);
    assert_eq!(out.says("a"), "waived first_in_window lighter_law");
    assert_eq!(out.key("a", "policy"), "p@2");
}

const STREET: &str = "[zones.T]\nkind = \"tactile-paving\"\n[zones.Z1]\nkind = \"sidewalk\"\n";

#[test]
fn case_64_a_first_offence_on_tactile_paving_is_penalised_and_counts_by_setting() {
    let facts = [seen("a", "03-02 09:00", "T"), seen("b", "03-03 09:00", "Z1")];
    let exclude = |counts: bool| {
        let rest = format!("[[exclude]]\nzone_kind = [\"tactile-paving\"]\ncounts = {counts}");
        City::of(&policy("calendar-year", &rest))
            .zones(STREET)
            .decide(&facts)
    };
    assert_eq!(exclude(true).says("a"), "penalty_proposed excluded");
    assert_eq!(exclude(true).says("b"), "penalty_proposed allowance_used");
    assert_eq!(exclude(false).says("a"), "penalty_proposed excluded");
    assert_eq!(exclude(false).says("b"), "waived first_in_window");
}

#[test]
fn case_65_the_kind_of_a_zone_is_that_of_the_capture() {
    let zones = "[zones.Z1]\nkind = \"sidewalk\"\n[[zones.Z1.version]]\nfrom = \"2026-03-01T00:00:00+08:00\"\nkind = \"strict\"\n";
    let rule = policy("calendar-year", "[[exclude]]\nzone_kind = [\"strict\"]");
    let says = |at: &str| {
        let facts = [seen("a", at, "Z1").known("03-02 09:00")];
        City::of(&rule).zones(zones).decide(&facts).says("a")
    };
    assert_eq!(says("02-28 23:59:59"), "waived first_in_window");
    assert_eq!(says("03-01 00:00:00"), "penalty_proposed excluded");
}

#[test]
fn case_67_test_pictures_and_devices_without_approval_never_count() {
    let zones = "[zones.Z1]\nkind = \"sidewalk\"\n\
        [devices.D1]\nzone = \"Z1\"\napproved_from = \"2026-01-01T00:00:00+08:00\"\n\
        published_from = \"2026-01-01T00:00:00+08:00\"\nlive_from = \"2026-03-01T00:00:00+08:00\"\n";
    let facts = [
        seen("test", "03-02 08:00", "Z1").with("/data/device/mode", "test"),
        seen("early", "02-28 09:00", "Z1"),
        seen("unlisted", "03-03 09:00", "Z1").device("D9"),
        seen("good", "03-04 09:00", "Z1"),
    ];
    let out = City::of(&policy("calendar-year", "")).zones(zones).decide(&facts);
    assert_eq!(out.cases.len(), 1);
    assert!(out.says("test").starts_with("inadmissible"));
    assert!(out.says("early").starts_with("inadmissible"));
    assert!(out.says("unlisted").starts_with("inadmissible"));
    assert_eq!(out.says("good"), "waived first_in_window");
}

#[test]
fn case_69_a_replay_of_the_whole_day_changes_nothing() {
    let day: Vec<_> = (0..24)
        .map(|hour| {
            seen(
                &format!("f{hour:02}"),
                &format!("03-02 {hour:02}:00"),
                &format!("Z{}", hour % 5),
            )
        })
        .collect();
    let twice: Vec<_> = day.iter().chain(&day).cloned().collect();
    assert_eq!(city().decide(&twice).cases, city().decide(&day).cases);
}

#[test]
fn case_70_a_shuffled_day_is_decided_alike() {
    let mut day: Vec<_> = (0..24)
        .map(|hour| {
            seen(
                &format!("f{hour:02}"),
                &format!("03-02 {hour:02}:00"),
                &format!("Z{}", hour % 5),
            )
        })
        .collect();
    let straight = city().decide(&day);
    day.reverse();
    assert_eq!(city().decide(&day), straight);
    day.rotate_left(7);
    day.swap(3, 20);
    assert_eq!(city().decide(&day), straight);
}

#[test]
fn case_72_a_case_without_a_review_in_time_is_no_evidence() {
    let rule = policy("calendar-year", "[admission]\nreview = \"all\"");
    let facts = [seen("a", "03-02 09:00", "Z1")];
    let at = |as_of: &str| City::of(&rule).judged_at(as_of).decide(&facts);
    assert_eq!(at("03-09 23:59:59").says("a"), "held review_required");
    assert_eq!(
        at("03-09 23:59:59").key("a", "deadline"),
        "2026-03-10T00:00:00+08:00"
    );
    assert_eq!(at("03-10 00:00").says("a"), "inadmissible review_lapsed");
    assert_eq!(at("03-10 00:00").key("a", "deadline"), "null");
}

#[test]
fn case_73_what_the_police_fined_is_not_fined_again() {
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        handled("h", "03-02 18:00", "a"),
        seen("b", "03-05 09:00", "Z1"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), "not_punishable handled_elsewhere");
    assert_eq!(out.says("b"), "waived first_in_window");
}

#[test]
fn case_74_a_proved_breakdown_does_not_count() {
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        void("v", "03-02 18:00", "a", "rescue"),
        seen("b", "03-05 09:00", "Z1"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), "voided rescue");
    assert_eq!(out.says("b"), "waived first_in_window");
}

#[test]
fn case_75_what_is_found_after_two_years_is_not_punishable() {
    let found = |known: &str| {
        let facts = [
            seen("a", "2024-03-02 09:00", "Z1").known(known),
            seen("b", "2024-05-01 09:00", "Z1"),
        ];
        let out = city().decide(&facts);
        assert_eq!(out.says("b"), "waived first_in_window");
        out.says("a")
    };
    assert_eq!(found("2026-03-02 23:59:59"), "held late");
    assert_eq!(found("2026-03-03 00:00"), "not_punishable too_old");
}

#[test]
fn case_78_an_electric_bicycle_is_for_others() {
    let facts = [
        seen("a", "03-02 09:00", "Z1").with("/data/vehicle", serde_json::json!({"kind": "ebike"})),
        seen("b", "03-05 09:00", "Z1"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), "held not_a_motor_vehicle");
    assert_eq!(out.says("b"), "waived first_in_window");
}

#[test]
fn case_82_a_deadline_jumps_the_holiday_and_takes_the_made_up_day() {
    let rule = policy("calendar-year", "[admission]\nreview = \"all\"");
    let calendar = "[year.2026]\nholidays = [\"2026-10-01\", \"2026-10-02\", \"2026-10-05\", \"2026-10-06\", \"2026-10-07\"]\nworkdays = [\"2026-10-10\"]\n";
    let facts = [seen("a", "09-28 09:00", "Z1")];
    // 29 and 30 September, 8, 9 and 10 October.
    let out = City::of(&rule).calendar(calendar).decide(&facts);
    assert_eq!(out.key("a", "deadline"), "2026-10-11T00:00:00+08:00");
    let out = City::of(&rule).decide(&facts);
    assert_eq!(out.key("a", "deadline"), "2026-10-06T00:00:00+08:00");
}
