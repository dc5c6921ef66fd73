//! A plan decides every byte, and nothing that it forbids happens.

use std::collections::BTreeSet;

use jiff::civil::date;
use serde_json::Value;
use world::city::{City, Mode, Plan, Rates};

use crate::{city, lines};

#[test]
fn a_plan_decides_every_byte() {
    let plan = || Plan {
        seed: 9,
        events: 5_000,
        ..Plan::default()
    };
    assert_eq!(lines(plan()), lines(plan()));
    let answers = |plan| serde_json::to_string(&city(plan).truth().collect::<Vec<_>>()).unwrap();
    assert_eq!(answers(plan()), answers(plan()));
    assert_ne!(lines(plan()), lines(Plan { seed: 10, ..plan() }));
}

#[test]
fn the_same_city_is_made_on_every_machine() {
    let plan = Plan {
        events: 3,
        rates: Rates::NONE,
        ..Plan::default()
    };
    let expected = include_str!("three.jsonl").lines().collect::<Vec<_>>();
    assert_eq!(lines(plan), expected);
}

#[test]
fn one_buffer_is_enough() {
    let plan = Plan {
        events: 2_000,
        ..Plan::default()
    };
    let city = city(plan);
    let mut events = city.events();
    let mut line = String::from("something else");
    for expected in city.events() {
        assert!(events.write_next(&mut line));
        assert_eq!(line, expected);
    }
    assert!(!events.write_next(&mut line));
}

#[test]
fn there_are_exactly_as_many_lines_and_vehicles_as_asked_for() {
    for (events, vehicles) in [
        (0, None),
        (1, None),
        (7_777, None),
        (7_777, Some(500)),
        (500, Some(500)),
    ] {
        let plan = Plan {
            events,
            vehicles,
            ..Plan::default()
        };
        let city = city(plan);
        assert_eq!(city.events().count() as u64, events);
        assert_eq!(city.totals().lines, events);
        assert!(vehicles.is_none_or(|wanted| city.vehicles() == wanted));
    }
}

#[test]
fn without_faults_every_line_stands_in_a_case() {
    let plan = Plan {
        events: 5_000,
        rates: Rates::NONE,
        ..Plan::default()
    };
    let totals = city(plan).totals();
    assert!(totals.dispositions.is_empty(), "{totals:?}");
    assert_eq!(totals.outcomes.len(), 2, "{totals:?}");
}

#[test]
fn lines_come_in_the_order_of_their_time_unless_shuffled() {
    let times = |shuffle| -> Vec<String> {
        let plan = Plan {
            events: 5_000,
            shuffle,
            rates: Rates {
                schema: 0,
                repeat: 0,
                ..Rates::default()
            },
            ..Plan::default()
        };
        let time = |line: String| {
            let line: Value = serde_json::from_str(&line).unwrap();
            line["time"].as_str().unwrap().to_owned()
        };
        lines(plan).into_iter().map(time).collect()
    };
    assert!(times(false).is_sorted());
    assert!(!times(true).is_sorted());
}

#[test]
fn a_city_of_a_few_days_stays_within_them() {
    let plan = Plan {
        events: 4_000,
        first: date(2025, 3, 3),
        last: date(2025, 3, 6),
        mode: Mode::History,
        ..Plan::default()
    };
    let city = city(plan);
    let days: BTreeSet<_> = city
        .truth()
        .filter_map(|answer| {
            serde_json::to_value(answer).unwrap()["from"]
                .as_str()
                .map(|from| from[..10].to_owned())
        })
        .collect();
    let expected = ["2025-03-03", "2025-03-04", "2025-03-05", "2025-03-06"];
    assert_eq!(days.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    assert!(city.events().any(|line| line.contains(r#""mode":"history""#)));
    assert!(!city.events().any(|line| line.contains(r#""mode":"live""#)));
}

#[test]
fn a_plan_that_cannot_be_is_refused_with_the_reason() {
    let told = |plan| City::new(plan).unwrap_err().to_string();
    let first = date(2026, 1, 2);
    for (plan, part) in [
        (
            Plan {
                first,
                last: date(2026, 1, 1),
                ..Plan::default()
            },
            "2026-01-02 to 2026-01-01",
        ),
        (
            Plan {
                last: date(2036, 1, 2),
                ..Plan::default()
            },
            "ten years",
        ),
        (Plan::default().in_year(1999), "between 2000 and 2069"),
        (
            Plan {
                rates: Rates {
                    repeat: 600,
                    copy: 600,
                    ..Rates::NONE
                },
                ..Plan::default()
            },
            "1200 out of",
        ),
        (
            Plan {
                events: 9,
                vehicles: Some(10),
                ..Plan::default()
            },
            "too few",
        ),
        (
            Plan {
                events: 501,
                vehicles: Some(1),
                ..Plan::default()
            },
            "at most 500",
        ),
        (
            Plan {
                vehicles: Some(u64::MAX),
                ..Plan::default()
            },
            "plates for at most",
        ),
    ] {
        let told = told(plan);
        assert!(told.contains(part), "{told}");
    }
}
