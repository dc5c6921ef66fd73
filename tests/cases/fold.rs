//! The fold: order of offences, exclusions, ordinals.

use crate::facts::{seen, told};
use crate::run::{City, city};
use crate::texts::policy;

const PENALTY: &str = "penalty_proposed allowance_used";
const WAIVED: &str = "waived first_in_window";
const EXCLUDED: &str = "penalty_proposed excluded";

const ZONES: &str =
    "[zones.F]\nkind = \"fire-lane\"\n[zones.Z1]\nkind = \"sidewalk\"\n[zones.Z2]\nkind = \"sidewalk\"\n";

fn excluding(keys: &str) -> City {
    City::of(&policy("calendar-year", &format!("[[exclude]]\n{keys}"))).zones(ZONES)
}

#[test]
fn the_order_is_that_of_the_offences_and_not_of_their_arrival() {
    let facts = [
        seen("c", "03-06 09:00", "Z3").known("03-06 09:00"),
        seen("b", "03-04 09:00", "Z2").known("03-06 10:00"),
        seen("a", "03-02 09:00", "Z1").known("03-06 11:00"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.says("a"), WAIVED);
    assert_eq!(
        (out.key("b", "ordinal"), out.key("c", "ordinal")),
        ("2".to_owned(), "3".to_owned())
    );
}

#[test]
fn an_excluded_offence_uses_up_first_unless_the_exclusion_says_otherwise() {
    let facts = [seen("a", "03-02 09:00", "F"), seen("b", "03-04 09:00", "Z1")];
    let out = excluding("zone_kind = [\"fire-lane\"]").decide(&facts);
    assert_eq!(
        (out.says("a"), out.says("b")),
        (EXCLUDED.to_owned(), PENALTY.to_owned())
    );
    assert_eq!(out.key("b", "ordinal"), "2");
    let out = excluding("zone_kind = [\"fire-lane\"]\ncounts = false").decide(&facts);
    assert_eq!(
        (out.says("a"), out.says("b")),
        (EXCLUDED.to_owned(), WAIVED.to_owned())
    );
    assert_eq!(out.key("b", "ordinal"), "1");
}

#[test]
fn an_excluded_offence_after_a_waiver_is_still_excluded() {
    let facts = [seen("a", "03-02 09:00", "Z1"), seen("b", "03-04 09:00", "F")];
    let out = excluding("zone_kind = [\"fire-lane\"]").decide(&facts);
    assert_eq!(out.says("a"), WAIVED);
    assert_eq!(out.says("b"), EXCLUDED);
    assert_eq!(out.key("b", "fine_minor"), "10000");
}

#[test]
fn any_exclusion_that_matches_takes_the_waiver() {
    let rest =
        "[[exclude]]\nzone_kind = [\"crosswalk\"]\n[[exclude]]\nzone_kind = [\"fire-lane\", \"strict\"]";
    let rule = City::of(&policy("calendar-year", rest)).zones(ZONES);
    assert_eq!(rule.decide(&[seen("a", "03-02 09:00", "F")]).says("a"), EXCLUDED);
}

#[test]
fn the_strictest_zone_of_a_stay_is_asked() {
    let facts = [
        seen("a", "03-02 09:00", "Z1").at(0.0, 0.0),
        seen("b", "03-02 09:10", "F").at(10.0, 0.0),
    ];
    assert_eq!(
        excluding("zone_kind = [\"fire-lane\"]").decide(&facts).says("a"),
        EXCLUDED
    );
}

#[test]
fn a_repeat_on_the_same_civil_day_is_excluded_and_after_midnight_it_is_not() {
    let rest = "[[exclude]]\nsame_day_repeat = true";
    let text = policy("calendar-year", rest).replace(
        "kind = \"calendar-year\"",
        "kind = \"calendar-year\"\nallowance = 5",
    );
    let rule = City::of(&text);
    let facts = [
        seen("a", "03-02 00:00", "Z1"),
        seen("b", "03-02 23:59:59", "Z2"),
        seen("c", "03-03 00:00:00", "Z3"),
    ];
    let out = rule.decide(&facts);
    assert_eq!(out.says("a"), WAIVED);
    assert_eq!(out.says("b"), EXCLUDED);
    assert_eq!(out.says("c"), WAIVED);
}

#[test]
fn a_case_that_does_not_count_makes_no_repeat() {
    let text = policy("calendar-year", "[[exclude]]\nsame_day_repeat = true");
    let facts = [
        seen("a", "03-02 08:00", "Z1").confidence(0.5),
        seen("b", "03-02 12:00", "Z2"),
    ];
    assert_eq!(City::of(&text).decide(&facts).says("b"), WAIVED);
}

#[test]
fn a_waiver_that_was_told_later_does_not_change_an_exclusion() {
    let facts = [
        seen("a", "03-02 09:00", "F"),
        seen("b", "03-04 09:00", "Z1"),
        told("t", "03-04 12:00", "b", "waived"),
    ];
    let out = excluding("zone_kind = [\"fire-lane\"]").decide(&facts);
    assert_eq!(out.says("a"), EXCLUDED);
    assert_eq!(out.says("b"), WAIVED);
}

#[test]
fn the_first_outcome_and_the_other_are_the_policys() {
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        seen("b", "03-04 09:00", "Z2"),
        seen("c", "03-06 09:00", "Z3"),
    ];
    let warned = policy("calendar-year", "").replace("first = \"waived\"", "first = \"warned\"");
    let out = City::of(&warned).decide(&facts);
    assert_eq!(
        (out.says("a"), out.says("b")),
        ("warned first_in_window".to_owned(), PENALTY.to_owned())
    );
    let reminded = policy("calendar-year", "").replace("first = \"waived\"", "first = \"reminded\"");
    let out = City::of(&reminded).decide(&facts);
    assert_eq!(
        (out.says("a"), out.says("b")),
        ("reminded first_in_window".to_owned(), PENALTY.to_owned())
    );
    assert_eq!(out.key("a", "ordinal"), "1");
}

#[test]
fn a_warning_costs_nothing() {
    let warned = policy("calendar-year", "").replace("\"penalty_proposed\"", "\"warned\"");
    let facts = [seen("a", "03-02 09:00", "Z1"), seen("b", "03-04 09:00", "Z2")];
    let out = City::of(&warned).decide(&facts);
    assert_eq!(out.says("b"), "warned allowance_used");
    assert_eq!(out.key("b", "fine_minor"), "null");
}
