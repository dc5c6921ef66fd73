//! What a case line promises: the keys of the contract in their order, and the same text when it is read and written.

use std::sync::Arc;

use engine::explain::Trace;
use engine::fact::NoticeKind;
use engine::plate::Grammar;
use engine::policy::{
    Admission, Boundary, EpisodeRule, Fine, NoticeRule, OutcomeRule, Per, Policy, Scope, Since, Window,
    WindowKind,
};
use engine::time::Length;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse::<jiff::Timestamp>().unwrap().into()
}

fn case() -> Case {
    let fact = FactId::new("/devices/LD-0132", "7f3a");
    Case {
        subject: Subject {
            number: "湘K12345".into(),
            class: "02".into(),
            epoch: None,
        },
        authority: None,
        zone: "Z1".into(),
        place: None,
        zones: vec!["Z1".into()],
        from: at("2026-03-02T02:00:05Z"),
        to: at("2026-03-02T02:00:05.25Z"),
        day_only: false,
        facts: vec![fact.clone()],
        doubles: Vec::new(),
        anchor: fact,
        outcome: Outcome::Held,
        ordinal: None,
        window: None,
        policy: None,
        fine: None,
        reasons: vec![Reason::NoPolicy],
        deadline: None,
        proposal: None,
        trace: Trace::default(),
        live: true,
        reviewed: false,
        told: Vec::new(),
        objection_rejected: false,
    }
}

fn policy(time_zone: &str) -> Arc<Policy> {
    Arc::new(Policy {
        id: "loudi-sidewalk".into(),
        version: "2026-03".into(),
        authority: None,
        codes: None,
        from: at("2026-03-01T00:00:00+08:00"),
        to: None,
        time_zone: TimeZone::get(time_zone).unwrap(),
        time_zone_name: time_zone.into(),
        plates: Grammar::Cn,
        basis_waive: None,
        basis_penalise: None,
        window: Window {
            kind: WindowKind::CalendarYear,
            start: (1, 1),
            length: Length::Months(12),
            boundary: Boundary::CivilDay,
            since: Since::LastWaived,
            per: Per::Subject,
            allowance: 1,
            scope: Scope::Any,
        },
        episode: EpisodeRule::default(),
        admission: [Admission::default(), Admission::default(), Admission::default()],
        excludes: Vec::new(),
        outcome: OutcomeRule {
            first: Outcome::Waived,
            otherwise: Outcome::PenaltyProposed,
            fine: None,
        },
        notice: NoticeKind::ALL.map(|(kind, _)| NoticeRule::standard(kind)),
        text_hash: [0; 32],
    })
}

fn because() -> Sentences {
    Sentences {
        zh: "因为".to_owned(),
        en: "\"because\"".to_owned(),
    }
}

fn line(case: &Case) -> String {
    let mut out = Vec::new();
    write_with(
        &CaseId::from_text("260302-0123456789AB"),
        case,
        &because(),
        &mut out,
    );
    String::from_utf8(out).unwrap()
}

#[test]
fn a_case_of_a_policy_is_printed_as_the_contract_shows() {
    let first = Case {
        outcome: Outcome::PenaltyProposed,
        ordinal: Some(2),
        window: Some(PrintedWindow {
            kind: WindowKind::CalendarYear,
            from: Some(Edge::Day(date(2026, 1, 1))),
            to: Some(Edge::Day(date(2027, 1, 1))),
        }),
        policy: Some(policy("Asia/Shanghai")),
        fine: Some(Fine {
            minor: 10_000,
            currency: "CNY".into(),
        }),
        reasons: vec![Reason::AllowanceUsed, Reason::Told],
        deadline: Some(at("2026-03-09T16:00:00Z")),
        proposal: Some(Outcome::PenaltyDecided),
        authority: Some("loudi".into()),
        place: Some("乐坪大道".into()),
        live: false,
        reviewed: true,
        ..case()
    };
    assert_eq!(
        line(&first),
        concat!(
            r#"{"case":"260302-0123456789AB","subject":"湘K12345/02","zone":"Z1","zones":["Z1"],"#,
            r#""from":"2026-03-02T10:00:05+08:00","to":"2026-03-02T10:00:05.25+08:00","facts":["/devices/LD-0132#7f3a"],"#,
            r#""outcome":"penalty_proposed","ordinal":2,"#,
            r#""window":{"kind":"calendar-year","from":"2026-01-01","to":"2027-01-01"},"policy":"loudi-sidewalk@2026-03","#,
            r#""fine_minor":10000,"currency":"CNY","reasons":["allowance_used","told"],"#,
            r#""deadline":"2026-03-10T00:00:00+08:00","because":{"zh":"因为","en":"\"because\""},"#,
            r#""proposal":"penalty_decided","authority":"loudi","place":"乐坪大道","live":false,"reviewed":true}"#
        )
    );
}

#[test]
fn a_case_without_a_policy_has_every_key_and_its_times_in_utc() {
    assert_eq!(
        line(&case()),
        concat!(
            r#"{"case":"260302-0123456789AB","subject":"湘K12345/02","zone":"Z1","zones":["Z1"],"#,
            r#""from":"2026-03-02T02:00:05Z","to":"2026-03-02T02:00:05.25Z","facts":["/devices/LD-0132#7f3a"],"#,
            r#""outcome":"held","ordinal":null,"window":null,"policy":null,"fine_minor":null,"currency":null,"#,
            r#""reasons":["no_policy"],"deadline":null,"because":{"zh":"因为","en":"\"because\""},"proposal":null,"#,
            r#""authority":null,"place":null,"live":true,"reviewed":false}"#
        )
    );
}

#[test]
fn an_instant_bounds_the_window_in_the_policy_s_zone_and_what_is_open_is_null() {
    let window = PrintedWindow {
        kind: WindowKind::Rolling,
        from: None,
        to: Some(Edge::Instant(at("2026-07-02T02:00:05Z"))),
    };
    let text = line(&Case {
        window: Some(window),
        policy: Some(policy("America/New_York")),
        ..case()
    });
    assert!(
        text.contains(r#""window":{"kind":"rolling","from":null,"to":"2026-07-01T22:00:05-04:00"}"#),
        "{text}"
    );
    // The offset is that of each instant, not of the first.
    assert!(text.contains(r#""from":"2026-03-01T21:00:05-05:00""#), "{text}");
}

#[test]
fn the_epoch_of_a_registration_ends_the_subject() {
    let mut second = case();
    second.subject.epoch = Some(date(2025, 11, 6));
    assert!(line(&second).contains(r#""subject":"湘K12345/02/2025-11-06""#));
}

#[test]
fn the_sentences_are_those_of_the_engine() {
    let mut out = Vec::new();
    write(&CaseId::from_text("c"), &case(), &mut out);
    let Sentences { zh, en } = explain::sentences(&case());
    assert_eq!(CaseLine::parse(&out).unwrap().because, Because { zh, en });
}

#[test]
fn a_line_of_the_bare_contract_is_read() {
    let bare = br#"{"case":"c","subject":"s","zone":"Z1","zones":[],"from":"a","to":"b","facts":[],"outcome":"waived","ordinal":1,
        "window":null,"policy":null,"fine_minor":null,"currency":null,"reasons":[],"deadline":null,
        "because":{"zh":"","en":""},"proposal":null,"new_key":1}"#;
    let line = CaseLine::parse(bare).unwrap();
    assert_eq!(
        (line.outcome(), line.authority, line.live),
        (Some(Outcome::Waived), None, false)
    );
}

#[test]
fn a_fact_in_no_case_is_printed_with_its_disposition() {
    let print = |reason| {
        let mut out = Vec::new();
        write_fact(
            &FactId::new("s", "1\""),
            Disposition::Quarantined,
            reason,
            &mut out,
        );
        let line: FactLine = serde_json::from_slice(&out).unwrap();
        assert_eq!(serde_json::to_vec(&line).unwrap(), out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(
        print(Some(Reason::ClockSkew)),
        r#"{"fact":"s#1\"","disposition":"quarantined","reason":"clock_skew"}"#
    );
    assert_eq!(
        print(None),
        r#"{"fact":"s#1\"","disposition":"quarantined","reason":null}"#
    );
}

proptest! {
    #[test]
    fn a_line_that_is_read_is_written_as_it_was(
        texts in prop::collection::vec(".{0,8}", 6), fine in prop::option::of(any::<u64>()), second in any::<i32>(),
        flags in any::<[bool; 3]>(), zones in prop::collection::vec(".{0,4}", 0..3),
    ) {
        let text = |at: usize| Arc::<str>::from(texts[at].as_str());
        let case = Case {
            subject: Subject { number: text(0), class: text(1), epoch: flags[0].then(|| date(2025, 11, 6)) },
            zone: text(2),
            zones: zones.iter().map(|zone| Arc::from(zone.as_str())).collect(),
            place: flags[1].then(|| text(3)),
            fine: fine.map(|minor| Fine { minor, currency: text(4) }),
            from: Timestamp::from_micros(i64::from(second) * 1_000_007),
            policy: flags[2].then(|| policy("Asia/Shanghai")),
            authority: Some(text(5)),
            ..case()
        };
        let written = line(&case);
        let read = CaseLine::parse(written.as_bytes()).unwrap();
        prop_assert_eq!(serde_json::to_string(&read).unwrap(), written);
        prop_assert_eq!(read.subject, case.subject.to_string());
        let from: jiff::Timestamp = read.from.parse().unwrap();
        prop_assert!((Timestamp::from(from).since(case.from)).abs() < 60_000_000);
    }
}
