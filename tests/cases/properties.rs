//! What holds for every set of facts: a small city of two plates, four places and times around the edges of windows.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestCaseResult;
use serde_json::Value;

use crate::facts::{
    Fact, confirmed, corrected, discretion, gone, handled, objection_result, registered, rejected, seen,
    told, void,
};
use crate::run::{City, Printed};
use crate::texts::{policy, policy_of_window};

/// Later than every known time below and than every deadline that follows from one.
const MUCH_LATER: &str = "2031-01-01 00:00";

fn settings() -> ProptestConfig {
    ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Minute `minutes` after 2025-12-29 20:00.
fn minute(minutes: u32) -> String {
    let start: jiff::Timestamp = "2025-12-29T20:00:00+08:00".parse().unwrap();
    let at = start + jiff::Span::new().minutes(i64::from(minutes));
    at.to_string()
}

/// Minutes: close together, over some days, around New Year, and over two years.
fn times() -> impl Strategy<Value = u32> {
    prop_oneof![
        3 => 0..300_u32,
        2 => 3000..3300_u32,
        3 => 0..12_000_u32,
        1 => 0..1_000_000_u32,
    ]
}

/// How long after it happened a fact became known, in minutes.
fn delays() -> impl Strategy<Value = u32> {
    prop_oneof![4 => Just(0), 2 => 0..300_u32, 1 => 0..30_000_u32]
}

#[derive(Clone, Copy, Debug)]
struct Kinds {
    /// Coordinates, and pictures that may be doubles.
    places_and_pictures: bool,
    told: bool,
    /// Discretion, objections, corrections.
    persons: bool,
}

const ALL: Kinds = Kinds {
    places_and_pictures: true,
    told: true,
    persons: true,
};

/// One observation.
fn sightings(kinds: Kinds) -> impl Strategy<Value = Fact> {
    let looks = (0..12_u32, 0..4_usize, 0..4_u32, 0..8_u32);
    (times(), delays(), looks).prop_map(move |(at, delay, (plate, place, paper, oddity))| {
        let mut fact =
            seen("?", &minute(at), ["Z1", "Z2", "Z3", "unknown"][place]).known(&minute(at + delay));
        if plate < 4 {
            fact = fact.number("湘K54321");
        }
        if plate == 11 {
            fact = fact.class("01");
        }
        match paper {
            0 => fact = fact.ticket(["T1", "T2"][place % 2]),
            1 => fact = fact.session(["S1", "S2"][place % 2]),
            _ => {}
        }
        match oddity {
            0 => fact = fact.confidence(0.5),
            1 if kinds.places_and_pictures => fact = fact.at(f64::from(plate) * 12.0, 0.0),
            2 if kinds.places_and_pictures => fact = fact.image(["ab", "cd"][place % 2]),
            3 => fact = fact.with("/data/captured_precision", "day"),
            4 => fact = fact.with("/data/device/mode", "history"),
            _ => {}
        }
        fact
    })
}

/// Something said of an observation, which is chosen later.
fn sayings(kinds: Kinds) -> impl Strategy<Value = Saying> {
    (times(), delays(), any::<Index>(), 0..14_u32, 0..3_usize).prop_filter_map("not asked for", move |it| {
        let (at, delay, about, what, which) = it;
        let wanted = match what {
            8 | 9 => kinds.told,
            10.. => kinds.persons,
            _ => true,
        };
        wanted.then_some(Saying {
            at,
            delay,
            about,
            what,
            which,
        })
    })
}

#[derive(Clone, Debug)]
struct Saying {
    at: u32,
    delay: u32,
    about: Index,
    what: u32,
    which: usize,
}

impl Saying {
    fn fact(&self, number: usize, observations: usize) -> Fact {
        let (id, at) = (format!("x{number}"), minute(self.at));
        let of = format!("f{}", self.about.index(observations));
        let fact = match self.what {
            0..=2 => confirmed(&id, &at, &of),
            3 => rejected(&id, &at, &of),
            4 => void(&id, &at, &of, ["exempt", "merged", "rescue"][self.which]),
            5 => gone(&id, &at, ["Z1", "Z2", "Z3"][self.which]),
            6 => handled(&id, &at, &of),
            7 => registered(&id, &at, "湘K12345", [Some("02"), Some("01"), None][self.which]),
            8 | 9 => told(
                &id,
                &at,
                &of,
                ["waived", "penalty_proposed", "waived"][self.which],
            )
            .state(["handed_over", "not_sent", "delivered"][self.about.index(3)]),
            10 => discretion(
                &id,
                &at,
                &of,
                ["waived", "penalty_proposed", "voided"][self.which],
            ),
            11 => objection_result(&id, &at, &of, ["upheld", "lighter", "rejected"][self.which]),
            _ => corrected(
                &id,
                &at,
                &of,
                ["湘K12345", "湘K54321", "湘K77777"][self.which],
                "02",
            ),
        };
        fact.known(&minute(self.at + self.delay))
    }
}

/// Facts of a small city, each with an id of its own.
fn facts(kinds: Kinds) -> impl Strategy<Value = Vec<Fact>> {
    let lists = (
        prop::collection::vec(sightings(kinds), 1..12),
        prop::collection::vec(sayings(kinds), 0..10),
    );
    lists.prop_map(|(seen, said)| {
        let observations = seen.len();
        let seen = (0..)
            .zip(seen)
            .map(|(n, fact): (usize, _)| fact.with("/id", format!("f{n}")));
        let said = said
            .iter()
            .enumerate()
            .map(|(n, saying)| saying.fact(n, observations));
        seen.chain(said).collect()
    })
}

fn cities() -> impl Strategy<Value = City> {
    let rolling = |keys: &str| format!("kind = \"rolling\"\nlength = \"30d\"\n{keys}");
    prop::sample::select(vec![
        City::of(&policy("calendar-year", "")),
        City::of(&policy("calendar-year", "[admission]\nreview = \"all\"")),
        City::of(&policy(
            "calendar-year",
            "[admission]\nreview = \"penalties\"\nmin_observations = 2",
        )),
        City::of(&policy("same-day", "[[exclude]]\nsame_day_repeat = true")),
        City::of(&policy_of_window(&rolling(""), "")),
        City::of(&policy_of_window(
            &rolling("since = \"last-counted\""),
            "[admission]\nreview = \"all\"",
        )),
        City::of(&policy_of_window(
            &rolling("allowance = 2\nboundary = \"instant\""),
            "",
        )),
        City::of(&policy_of_window(
            "kind = \"lifetime\"\nper = \"plate\"",
            "[admission]\nreview = \"penalties\"",
        )),
    ])
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn the_order_of_the_lines_changes_nothing(
        (facts, shuffled) in facts(ALL).prop_flat_map(|facts| (Just(facts.clone()), Just(facts).prop_shuffle())),
        city in cities(),
    ) {
        prop_assert_eq!(city.judge(&facts), city.judge(&shuffled));
    }

    #[test]
    fn a_repeated_line_changes_nothing_but_its_own_line(
        facts in facts(ALL), city in cities(), which in any::<Index>(), at in any::<Index>(),
    ) {
        let once = city.judge(&facts);
        let mut twice = facts.clone();
        let copy = which.get(&facts).clone();
        let id = format!("/s#{}", text(&copy.0["id"]));
        twice.insert(at.index(facts.len() + 1), copy);
        let twice = city.judge(&twice);
        prop_assert_eq!(&twice.cases, &once.cases);
        let (own, rest): (Vec<_>, Vec<_>) = twice
            .others
            .into_iter()
            .partition(|line| text(&line["fact"]) == id && line["disposition"] == "duplicate");
        prop_assert_eq!(own.len(), 1);
        prop_assert_eq!(rest, once.others);
    }

    #[test]
    fn a_voided_case_is_as_if_it_never_happened(
        facts in facts(Kinds { places_and_pictures: false, told: false, persons: false }),
        city in cities(), which in any::<Index>(),
    ) {
        // A paper taken away as merged is taken away wherever it lies.
        let facts: Vec<Fact> = facts.into_iter().filter(|fact| fact.0["data"]["reason"] != "merged").collect();
        never_happened(&facts, &city.judged_at("2028-06-01 00:00"), which)?;
    }

    #[test]
    fn a_subject_has_at_most_one_first_outcome_in_a_window(
        facts in facts(Kinds { places_and_pictures: true, told: false, persons: false }),
        review in prop::sample::select(vec!["none", "penalties", "all"]),
    ) {
        let rule = policy("calendar-year", &format!("[admission]\nreview = \"{review}\""));
        let out = City::of(&rule).judge(&facts);
        let mut firsts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for case in out.cases.iter().filter(|case| case["outcome"] == "waived") {
            *firsts.entry((text(&case["subject"]), text(&case["window"]["from"]))).or_default() += 1;
        }
        prop_assert!(firsts.values().all(|count| *count == 1), "{:#?}", out);
    }

    #[test]
    fn after_all_deadlines_nothing_waits_for_time(facts in facts(ALL), city in cities()) {
        let out = city.judged_at(MUCH_LATER).judge(&facts);
        for case in &out.cases {
            prop_assert!(case["deadline"].is_null(), "{}", case);
        }
    }

    #[test]
    fn at_its_deadline_and_not_before_time_alone_changes_a_case(facts in facts(ALL), city in cities()) {
        deadlines_are_true(&facts, &city)?;
    }

    #[test]
    fn nobody_who_was_told_of_a_waiver_is_held_or_penalised_but_by_a_person(
        facts in facts(Kinds { places_and_pictures: true, told: true, persons: false }), city in cities(),
    ) {
        let out = city.judge(&facts);
        for case in &out.cases {
            if was_told_waived(&facts, case) {
                let outcome = text(&case["outcome"]);
                let light = ["waived", "voided", "not_punishable"].contains(&outcome);
                prop_assert!(light || case["reasons"][0] == "continued_after_notice", "{}", case);
            }
        }
    }
}

fn holds(case: &Value, id: &str) -> bool {
    case["facts"]
        .as_array()
        .unwrap()
        .iter()
        .any(|fact| text(fact) == format!("/s#{id}"))
}

fn never_happened(facts: &[Fact], city: &City, which: Index) -> TestCaseResult {
    let before = city.judge(facts);
    if before.cases.is_empty() {
        return Ok(());
    }
    let case = which.get(&before.cases);
    let members: Vec<String> = (0..facts.len())
        .map(|n| format!("f{n}"))
        .filter(|id| holds(case, id))
        .collect();
    let mut voided = facts.to_vec();
    voided.push(void("v", "2028-01-01 00:00", &members[0], "stolen_plate"));
    let voided = city.judge(&voided);
    let without: Vec<Fact> = facts
        .iter()
        .filter(|fact| !members.iter().any(|id| fact.0["id"] == **id))
        .cloned()
        .collect();
    let without = city.judge(&without);
    let others: Vec<&Value> = voided
        .cases
        .iter()
        .filter(|case| !holds(case, &members[0]))
        .collect();
    prop_assert_eq!(voided.cases.len(), others.len() + 1);
    prop_assert_eq!(others, without.cases.iter().collect::<Vec<_>>());
    Ok(())
}

fn deadlines_are_true(facts: &[Fact], city: &City) -> TestCaseResult {
    let now = city.judge(facts);
    for case in &now.cases {
        let Some(deadline) = case["deadline"].as_str() else {
            continue;
        };
        let deadline: jiff::Timestamp = deadline.parse().unwrap();
        let just_before = deadline - jiff::Span::new().microseconds(1);
        let same_case = |out: Printed| {
            let found = out.cases.into_iter().find(|it| it["case"] == case["case"]);
            found.map(|it| {
                (
                    it["outcome"].clone(),
                    it["reasons"].clone(),
                    it["deadline"].clone(),
                )
            })
        };
        let words = |case: &Value| {
            (
                case["outcome"].clone(),
                case["reasons"].clone(),
                case["deadline"].clone(),
            )
        };
        let before = same_case(city.clone().judged_at(&just_before.to_string()).judge(facts));
        prop_assert_eq!(before, Some(words(case)));
        let after = same_case(city.clone().judged_at(&deadline.to_string()).judge(facts));
        prop_assert_ne!(after, Some(words(case)));
    }
    Ok(())
}

/// Whether the latest telling of a waiver of one of the members was not taken back.
fn was_told_waived(facts: &[Fact], case: &Value) -> bool {
    let members = (0..facts.len())
        .map(|n| format!("f{n}"))
        .filter(|id| holds(case, id));
    members.into_iter().any(|id| {
        let about = format!("/s#{id}");
        let tellings = facts.iter().filter(|fact| {
            fact.0["type"] == "clearwalk.told.v1"
                && fact.0["data"]["kind"] == "waived"
                && fact.0["data"]["about"] == about
        });
        let at = |fact: &&Fact| text(&fact.0["data"]["at"]).parse::<jiff::Timestamp>().unwrap();
        let latest = tellings.max_by_key(|fact| (at(fact), text(&fact.0["id"]).to_owned()));
        latest.is_some_and(|fact| fact.0["data"]["state"] != "not_sent")
    })
}
