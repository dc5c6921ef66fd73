//! A made-up city as facts: its lines, the rules that they are judged by, and its ledgers.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::case::Outcome;
use engine::fact::{Fact, NoticeKind};
use engine::ledger::Ledger;
use engine::plate::Grammar;
use engine::policy::{
    Admission, Boundary, EpisodeRule, Fine, NoticeRule, OutcomeRule, Per, Policy, Scope, Since, Window,
    WindowKind,
};
use engine::route::{self, Home};
use engine::rules::Rules;
use engine::time::{Calendar, Length, Timestamp};
use engine::zone::{Zone, ZoneKind, ZoneSpan};
use formats::event::{self, Known};
use jiff::tz::TimeZone;
use world::city::{City, Plan};

/// The lines of a city of `events` lines in a file's form, line ends included.
pub fn lines(events: u64) -> Vec<u8> {
    let plan = Plan {
        events,
        ..Plan::default()
    };
    let city = City::new(plan).expect("the standard city with another number of lines exists");
    let mut events = city.events();
    let mut line = String::new();
    let mut file = Vec::new();
    while events.write_next(&mut line) {
        file.extend_from_slice(line.as_bytes());
        file.push(b'\n');
    }
    file
}

/// The facts among the lines; what cannot be read is left out.
pub fn facts(lines: &[u8]) -> Vec<Fact> {
    lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .filter_map(|line| event::decode(line, Known::FromTime, 0).ok())
        .map(|decoded| decoded.fact)
        .collect()
}

/// Facts put into the ledgers that they live in.
pub fn ledgers(rules: &Rules, facts: Vec<Fact>) -> BTreeMap<Arc<str>, Ledger> {
    let mut ledgers: BTreeMap<Arc<str>, Ledger> = BTreeMap::new();
    let mut homes = BTreeMap::new();
    let mut about = Vec::new();
    for fact in facts {
        match route::home(rules, &fact.id, &fact.body) {
            Home::Ledger(key) => {
                homes.insert(fact.id.clone(), key.clone());
                ledgers.entry(key).or_default().add(fact);
            }
            Home::With(_) => about.push(fact),
            Home::Nowhere => {}
        }
    }
    for fact in about {
        let home = fact.body.about().and_then(|about| homes.get(about));
        if let Some(ledger) = home.and_then(|key| ledgers.get_mut(key)) {
            ledger.add(fact);
        }
    }
    ledgers
}

/// The rules of the city: the first offence of a calendar year is waived.
pub fn rules() -> Rules {
    let mut policy = policy();
    policy.authority = Some("qingbu".into());
    let zones = (1..=24).map(|number| {
        let kind = ZoneKind::ALL
            .get(number - 1)
            .map_or(ZoneKind::Sidewalk, |it| it.0);
        let zone = Zone {
            name: None,
            authority: policy.authority.clone(),
            spans: vec![ZoneSpan {
                from: None,
                to: None,
                kind,
            }],
        };
        (Arc::from(format!("Z{number:02}")), zone)
    });
    let zones = Some(zones.collect());
    Rules::new(vec![Arc::new(policy)], zones, None, Calendar::default()).expect("one policy stands alone")
}

/// A policy for every zone and code: the first in a calendar year is waived.
pub fn policy() -> Policy {
    let zone = "Asia/Shanghai";
    Policy {
        id: "bench".into(),
        version: "1".into(),
        authority: None,
        codes: None,
        from: instant("2000-01-01T00:00:00+08:00"),
        to: None,
        time_zone: TimeZone::get(zone).expect("the time zones are built in"),
        time_zone_name: zone.into(),
        plates: Grammar::Cn,
        basis_waive: None,
        basis_penalise: None,
        window: Window {
            kind: WindowKind::CalendarYear,
            start: (1, 1),
            length: Length::Days(365),
            boundary: Boundary::CivilDay,
            since: Since::LastWaived,
            per: Per::Subject,
            allowance: 1,
            scope: Scope::Any,
        },
        episode: EpisodeRule::default(),
        admission: std::array::from_fn(|_| Admission::default()),
        excludes: Vec::new(),
        outcome: OutcomeRule {
            first: Outcome::Waived,
            otherwise: Outcome::PenaltyProposed,
            fine: Some(Fine {
                minor: 10_000,
                currency: "CNY".into(),
            }),
        },
        notice: NoticeKind::ALL.map(|(kind, _)| NoticeRule::standard(kind)),
        text_hash: [0; 32],
    }
}

/// An RFC 3339 time that is written in this crate.
pub fn instant(text: &str) -> Timestamp {
    text.parse::<jiff::Timestamp>()
        .expect("written as a time in this crate")
        .into()
}
