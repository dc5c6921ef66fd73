//! The answers are those that a judge finds who only reads the lines.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;
use world::city::{Answer, City, Disposition, Outcome, Plan};

use crate::city;
use crate::judge::judge;

/// Answers in one order, without what only the registry tells.
fn comparable(answers: impl IntoIterator<Item = Answer>) -> Vec<String> {
    let mut texts: Vec<String> = answers
        .into_iter()
        .map(|mut answer| {
            if let Answer::Case(case) = &mut answer {
                case.contact = false;
            }
            serde_json::to_string(&answer).unwrap()
        })
        .collect();
    texts.sort();
    texts
}

fn check(city: &City) {
    let lines: Vec<String> = city.events().collect();
    let (told, found) = (comparable(city.truth()), comparable(judge(&lines)));
    let first = told.iter().zip(&found).find(|(told, found)| told != found);
    assert_eq!(first, None);
    assert_eq!(told.len(), found.len());
}

#[test]
fn the_answers_follow_from_the_lines() {
    for seed in 0..4 {
        let plan = Plan {
            seed,
            events: 10_000,
            shuffle: seed % 2 == 1,
            ..Plan::default()
        };
        check(&city(plan));
    }
}

#[test]
fn the_answers_follow_from_the_lines_of_few_vehicles_in_two_years() {
    let plan = Plan {
        events: 10_000,
        first: date(2024, 7, 1),
        last: date(2025, 6, 30),
        vehicles: Some(40),
        ..Plan::default()
    };
    let city = city(plan);
    check(&city);
    let mut waived: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for answer in city.truth() {
        if let Answer::Case(case) = answer
            && case.outcome == Outcome::Waived
        {
            waived
                .entry(case.subject)
                .or_default()
                .insert(case.from[..4].to_owned());
        }
    }
    assert!(
        waived.values().any(|years| years.len() == 2),
        "a new year waives again"
    );
}

#[test]
fn the_answers_do_not_hang_on_the_order_of_the_lines() {
    let plan = Plan {
        events: 5_000,
        ..Plan::default()
    };
    let city = city(plan);
    let mut lines: Vec<String> = city.events().collect();
    lines.sort();
    // Sorted by id, the less certain of two conflicting lines may be kept: the same answers.
    assert_eq!(comparable(judge(&lines)), comparable(city.truth()));
}

#[test]
fn everything_that_can_go_wrong_does() {
    let plan = Plan {
        events: 20_000,
        ..Plan::default()
    };
    let totals = city(plan).totals();
    assert_eq!(totals.outcomes.len(), 4, "{totals:?}");
    assert_eq!(totals.dispositions.len(), 6, "{totals:?}");
    assert!(totals.dispositions[&Disposition::Duplicate] > 100, "{totals:?}");
    let (waived, penalised) = (
        totals.outcomes[&Outcome::Waived] as f64,
        totals.outcomes[&Outcome::PenaltyProposed] as f64,
    );
    // About a third of the decisions are first offences.
    assert!(
        (0.25..0.6).contains(&(waived / (waived + penalised))),
        "{totals:?}"
    );
}

#[test]
fn cases_stand_by_subject_and_time_and_nobody_has_too_many() {
    let plan = Plan {
        events: 30_000,
        vehicles: Some(100),
        ..Plan::default()
    };
    let mut keys = Vec::new();
    let mut facts: BTreeMap<String, usize> = BTreeMap::new();
    for answer in city(plan).truth() {
        if let Answer::Case(case) = answer {
            *facts.entry(case.subject.clone()).or_default() += case.facts.len();
            keys.push((case.subject, case.from));
        }
    }
    assert!(keys.is_sorted());
    assert!(facts.values().all(|count| *count <= 500), "{facts:?}");
    assert!(facts.values().any(|count| *count > 250), "{facts:?}");
}

#[test]
fn answers_are_read_back_as_they_were_written() {
    let plan = Plan {
        events: 3_000,
        ..Plan::default()
    };
    for answer in city(plan).truth() {
        let line = serde_json::to_string(&answer).unwrap();
        assert_eq!(serde_json::from_str::<Answer>(&line).unwrap(), answer);
    }
}
