//! What `decide` prints, and in which order.

use serde_json::Value;

use crate::facts::{rejected, seen, void};
use crate::run::{City, city};
use crate::texts::policy;

const KEYS: [&str; 17] = [
    "case",
    "subject",
    "zone",
    "zones",
    "from",
    "to",
    "facts",
    "outcome",
    "ordinal",
    "window",
    "policy",
    "fine_minor",
    "currency",
    "reasons",
    "deadline",
    "because",
    "proposal",
];

#[test]
fn every_key_is_always_there() {
    let facts = [
        seen("waived", "03-02 09:00", "Z1"),
        seen("penalised", "03-04 09:00", "Z2"),
        seen("held", "03-06 09:00", "Z3").confidence(0.5),
        seen("voided", "03-08 09:00", "Z4"),
        void("v", "03-08 12:00", "voided", "exempt"),
        seen("rejected", "03-10 09:00", "Z5"),
        rejected("r", "03-10 12:00", "rejected"),
        seen("old", "2023-03-02 09:00", "Z6").known("03-02 09:00"),
    ];
    let out = city().decide(&facts);
    assert_eq!(out.cases.len(), 6);
    for case in &out.cases {
        for key in KEYS {
            assert!(case.get(key).is_some(), "{key}: {case}");
        }
        for language in ["zh", "en"] {
            assert!(!case["because"][language].as_str().unwrap().is_empty());
        }
        let has_ordinal = ["waived", "penalty_proposed"].contains(&case["outcome"].as_str().unwrap());
        assert_eq!(case["ordinal"].is_u64(), has_ordinal, "{case}");
    }
    let penalised = out.case("penalised");
    assert_eq!(penalised["fine_minor"], 10000);
    assert_eq!(penalised["currency"], "CNY");
    assert_eq!(penalised["policy"], "p@1");
    let waived = out.case("waived");
    assert!(waived["fine_minor"].is_null() && waived["currency"].is_null() && waived["proposal"].is_null());
}

#[test]
fn a_lapsed_case_has_its_line() {
    let rule = City::of(&policy("calendar-year", "[admission]\nreview = \"all\"")).judged_at("06-01 00:00");
    let out = rule.decide(&[seen("a", "03-02 09:00", "Z1")]);
    assert_eq!(out.cases.len(), 1);
    assert_eq!(out.key("a", "ordinal"), "null");
    assert_eq!(out.window("a"), "null");
}

#[test]
fn lines_stand_by_subject_in_bytes_then_time_then_case() {
    let facts = [
        seen("a", "03-08 09:00", "Z1"),
        seen("b", "03-02 09:00", "Z2"),
        seen("c", "03-04 09:00", "Z3").class("01"),
        seen("d", "03-04 09:00", "Z4").number("京A12345"),
        seen("e", "03-02 09:00", "Z3"),
        seen("f", "03-03 09:00", "Z3").number("湘KD12345").class("52"),
    ];
    let out = city().decide(&facts);
    let key = |case: &Value| {
        let text = |key: &str| case[key].as_str().unwrap().to_owned();
        (text("subject"), text("from"), text("case"))
    };
    let printed: Vec<_> = out.cases.iter().map(key).collect();
    let mut sorted = printed.clone();
    sorted.sort();
    assert_eq!(printed, sorted);
    assert_eq!(printed.len(), 6);
}

#[test]
fn the_lines_of_facts_stand_by_fact_then_disposition() {
    let facts = [
        seen("b", "03-02 09:00", "Z1"),
        seen("b", "03-02 09:00", "Z1"),
        seen("b", "03-02 09:00", "Z2"),
        seen("a", "03-02 09:00", "Z1").number("-"),
        seen("a", "03-02 09:00", "Z1").number("-"),
        void("c", "03-03 09:00", "nowhere", "exempt"),
    ];
    let out = city().decide(&facts);
    let key = |line: &Value| {
        let text = |key: &str| line[key].as_str().unwrap().to_owned();
        (text("fact"), text("disposition"))
    };
    let printed: Vec<_> = out.others.iter().map(key).collect();
    let mut sorted = printed.clone();
    sorted.sort();
    assert_eq!(printed, sorted);
    assert_eq!(printed.len(), 5);
    for line in &out.others {
        assert!(line.get("reason").is_some());
    }
}

#[test]
fn times_are_printed_in_the_policys_zone() {
    let out = city().decide(&[seen("a", "2026-03-02T01:00:00.25Z", "Z1")]);
    assert_eq!(out.key("a", "from"), "2026-03-02T09:00:00.25+08:00");
    let text = policy("calendar-year", "").replace("Asia/Shanghai", "America/New_York");
    let out = City::of(&text).decide(&[
        seen("a", "2026-01-01T02:00:00Z", "Z1"),
        seen("b", "2026-07-01T02:00:00Z", "Z2"),
    ]);
    assert_eq!(out.key("a", "from"), "2025-12-31T21:00:00-05:00");
    assert_eq!(out.key("b", "from"), "2026-06-30T22:00:00-04:00");
    assert_eq!(out.window("a"), "calendar-year 2025-01-01..2026-01-01");
}

#[test]
fn the_facts_of_a_case_stand_in_order_of_time() {
    let facts = [
        seen("c", "03-02 09:00", "Z1"),
        seen("a", "03-02 09:20", "Z1"),
        seen("b", "03-02 09:10", "Z1"),
    ];
    assert_eq!(city().decide(&facts).together("a"), "c b a");
}

#[test]
fn a_case_keeps_its_id_whatever_joins_it_later_or_is_said_of_it() {
    let mut facts = vec![seen("a", "03-02 09:00", "Z1")];
    let id = |facts: &[crate::facts::Fact]| city().decide(facts).key("a", "case");
    let first = id(&facts);
    facts.push(seen("b", "03-02 09:30", "Z1"));
    facts.push(void("v", "03-03 09:00", "b", "exempt"));
    assert_eq!(id(&facts), first);
    let other = city().decide(&[seen("a", "03-02 09:00", "Z1").source("/t")]);
    assert_ne!(other.cases[0]["case"], Value::from(first));
}

#[test]
fn lines_known_after_the_as_of_are_left_out_and_the_default_is_the_largest_time() {
    let facts = [
        seen("a", "03-02 09:00", "Z1"),
        void("v", "03-05 09:00", "a", "exempt"),
        seen("b", "03-04 09:00", "Z2").known("03-06 09:00"),
    ];
    let out = city().judged_at("03-05 08:59:59").decide(&facts);
    assert_eq!(out.cases.len(), 1);
    assert_eq!(out.says("a"), "waived first_in_window");
    assert!(out.others.is_empty());
    assert_eq!(
        city().judged_at("03-05 09:00").decide(&facts).says("a"),
        "voided exempt"
    );
    let rule = City::of(&policy(
        "calendar-year",
        "[admission]\nreview = \"all\"\nreview_within = \"4d\"",
    ));
    let out = rule.decide(&facts);
    assert_eq!(out.says("b"), "held review_required");
    let later = [seen("a", "03-02 09:00", "Z1"), seen("z", "03-07 00:00", "Z2")];
    assert_eq!(rule.decide(&later).says("a"), "inadmissible review_lapsed");
}

#[test]
fn an_absent_time_is_that_of_what_happened() {
    let out = city().decide(&[seen("a", "03-02 09:00", "Z1").without("/time")]);
    assert_eq!(out.says("a"), "waived first_in_window");
}
