//! What a new judgement changes: versions, messages, guests. Each test plays a short history on one plate.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use engine::case::Outcome;
use engine::fact::{
    Body, Fact, FactId, NoticeKind, Observation, PlateCorrection, RawPlate, Told, ToldState, Void, VoidReason,
};
use engine::ids::{NoticeId, TELLER};
use engine::judge::judge;
use engine::ledger::{Ledger, Wish};
use engine::place::Place;
use engine::plate::Grammar;
use engine::policy::{Admission, EpisodeRule, Fine, NoticeRule, OutcomeRule, Policy, Window, WindowKind};
use engine::reconcile::{Changes, GuestChange, Step, reconcile};
use engine::rules::Rules;
use engine::time::{Calendar, Length, Timestamp};
use jiff::tz::TimeZone;

const PLATE: &str = "湘K12345";

fn at(text: &str) -> Timestamp {
    text.parse::<jiff::Timestamp>().unwrap().into()
}

fn rules() -> Rules {
    let policy = Policy {
        id: "p".into(),
        version: "1".into(),
        authority: None,
        codes: None,
        from: at("2020-01-01T00:00:00+08:00"),
        to: None,
        time_zone: TimeZone::get("Asia/Shanghai").unwrap(),
        time_zone_name: "Asia/Shanghai".into(),
        plates: Grammar::Cn,
        basis_waive: None,
        basis_penalise: None,
        window: Window {
            kind: WindowKind::CalendarYear,
            start: (1, 1),
            length: Length::Months(12),
            boundary: engine::policy::Boundary::default(),
            since: engine::policy::Since::default(),
            per: engine::policy::Per::default(),
            allowance: 1,
            scope: engine::policy::Scope::default(),
        },
        episode: EpisodeRule::default(),
        admission: [Admission::default(), Admission::default(), Admission::default()],
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
    };
    Rules::new(vec![Arc::new(policy)], None, None, Calendar::default()).unwrap()
}

fn fact(id: &str, known: &str, body: Body) -> Fact {
    Fact {
        id: FactId::new("/t", id),
        known: at(known),
        digest: [0; 16],
        position: 0,
        body,
    }
}

fn seen(id: &str, when: &str, zone: &str) -> Fact {
    let observation = Observation {
        plate: RawPlate {
            number: Some(PLATE.into()),
            class: Some("02".into()),
            ..RawPlate::default()
        },
        captured_at: at(when),
        precision: engine::fact::Precision::default(),
        device: "D".into(),
        device_kind: engine::fact::DeviceKind::default(),
        mode: engine::fact::Mode::Live,
        place: Place {
            zone: Some(zone.into()),
            ..Place::default()
        },
        code: None,
        vehicle_kind: None,
        vehicle_color: None,
        ticket: None,
        session: None,
        track: None,
        driver: None,
        obstructing: None,
        flags: Vec::new(),
        officers: Vec::new(),
        images: None,
        corrected: false,
    };
    fact(id, when, Body::Observation(Box::new(observation)))
}

fn told(id: &str, about: &str, kind: NoticeKind, when: &str, state: ToldState) -> Fact {
    let told = Told {
        about: FactId::new("/t", about),
        plate: None,
        kind,
        at: at(when),
        state,
    };
    fact(id, when, Body::Told(Box::new(told)))
}

fn void(id: &str, about: &str, when: &str) -> Fact {
    let void = Void {
        about: FactId::new("/t", about),
        reason: VoidReason::Rescue,
        text: "rescue".into(),
        by: "officer".into(),
        at: at(when),
    };
    fact(id, when, Body::Void(Box::new(void)))
}

/// A ledger that is judged after every fact, as intake does it.
struct Plate {
    rules: Rules,
    ledger: Ledger,
}

impl Plate {
    fn new() -> Self {
        Self {
            rules: rules(),
            ledger: Ledger::default(),
        }
    }

    fn take(&mut self, fact: Fact) -> Changes {
        self.ledger.add(fact);
        let judgement = judge(&self.rules, PLATE, &self.ledger, at("2026-12-01T00:00:00+08:00"));
        let changes = reconcile(&self.rules, PLATE, &self.ledger, &judgement);
        self.ledger.remember(changes.memo.clone());
        changes
    }

    /// What intake does when dispatch hands a notice over, or takes that back.
    fn our_word(&mut self, notice: &NoticeId, when: &str, state: ToldState) -> Changes {
        let word = if state == ToldState::NotSent {
            "not_sent"
        } else {
            "handed_over"
        };
        let mut fact = told("t", "a", NoticeKind::Waived, when, state);
        fact.id = FactId::new(TELLER, &format!("{}/{word}", notice.attempt(1)));
        self.take(fact)
    }
}

/// Outcome, version and messages of one case.
type Said = (Outcome, u32, Vec<(NoticeKind, u32, Step)>);

/// Outcome, version and messages of every changed case, in order of start.
fn said(changes: &Changes) -> Vec<Said> {
    let mut cases: Vec<_> = changes.cases.iter().collect();
    cases.sort_by_key(|change| change.case.from);
    cases
        .iter()
        .map(|change| {
            let notices = change
                .notices
                .iter()
                .map(|step| (step.kind, step.revision, step.step))
                .collect();
            (change.case.outcome, change.version, notices)
        })
        .collect()
}

#[test]
fn a_late_earlier_offence_swaps_who_is_first_while_nobody_was_told() {
    let mut plate = Plate::new();
    let first = plate.take(seen("b", "2026-03-02T12:00:00+08:00", "Z1"));
    assert_eq!(
        said(&first),
        [(Outcome::Waived, 1, vec![(NoticeKind::Waived, 0, Step::Queue)])]
    );
    let second = plate.take(seen("a", "2026-03-02T09:00:00+08:00", "Z5"));
    assert_eq!(
        said(&second),
        [
            (Outcome::Waived, 1, vec![(NoticeKind::Waived, 0, Step::Queue)]),
            (
                Outcome::PenaltyProposed,
                2,
                vec![
                    (NoticeKind::Waived, 0, Step::Cancel),
                    (NoticeKind::PenaltyProposed, 0, Step::Queue)
                ]
            ),
        ]
    );
}

#[test]
fn after_the_telling_the_earlier_one_waits_for_a_person() {
    let mut plate = Plate::new();
    plate.take(seen("b", "2026-03-02T12:00:00+08:00", "Z1"));
    plate.take(told(
        "t",
        "b",
        NoticeKind::Waived,
        "2026-03-02T12:10:00+08:00",
        ToldState::HandedOver,
    ));
    let late = plate.take(seen("a", "2026-03-01T09:00:00+08:00", "Z5"));
    assert_eq!(said(&late), [(Outcome::Held, 1, vec![])]);
    assert_eq!(late.cases[0].case.proposal, Some(Outcome::PenaltyProposed));
}

#[test]
fn a_telling_that_was_never_sent_frees_the_case_again() {
    let mut plate = Plate::new();
    plate.take(seen("b", "2026-03-02T12:00:00+08:00", "Z1"));
    plate.take(told(
        "t1",
        "b",
        NoticeKind::Waived,
        "2026-03-02T12:10:00+08:00",
        ToldState::HandedOver,
    ));
    plate.take(told(
        "t2",
        "b",
        NoticeKind::Waived,
        "2026-03-02T12:10:01+08:00",
        ToldState::NotSent,
    ));
    let late = plate.take(seen("a", "2026-03-01T09:00:00+08:00", "Z5"));
    let outcomes: Vec<_> = said(&late).into_iter().map(|(outcome, ..)| outcome).collect();
    assert_eq!(outcomes, [Outcome::Waived, Outcome::PenaltyProposed]);
}

#[test]
fn a_void_cancels_what_was_not_sent_and_withdraws_what_was() {
    let mut unsent = Plate::new();
    unsent.take(seen("a", "2026-03-02T12:00:00+08:00", "Z1"));
    let changes = unsent.take(void("v", "a", "2026-03-02T12:05:00+08:00"));
    assert_eq!(
        said(&changes),
        [(Outcome::Voided, 2, vec![(NoticeKind::Waived, 0, Step::Cancel)])]
    );

    let mut sent = Plate::new();
    sent.take(seen("a", "2026-03-02T12:00:00+08:00", "Z1"));
    sent.take(told(
        "t",
        "a",
        NoticeKind::Waived,
        "2026-03-02T12:10:00+08:00",
        ToldState::Delivered,
    ));
    let changes = sent.take(void("v", "a", "2026-03-02T13:00:00+08:00"));
    assert_eq!(
        said(&changes),
        [(Outcome::Voided, 2, vec![(NoticeKind::Withdrawn, 0, Step::Queue)])]
    );
}

/// One stay, told by our own sending and then said again because a person wanted that.
fn said_again(plate: &mut Plate) -> NoticeId {
    let first = plate.take(seen("a", "2026-03-02T12:00:00+08:00", "Z1"));
    let case = first.cases[0].id.clone();
    plate.our_word(
        &NoticeId::new(&case, NoticeKind::Waived, 0),
        "2026-03-02T12:10:00+08:00",
        ToldState::HandedOver,
    );
    plate.ledger.wish(Wish {
        case: case.clone(),
        kind: NoticeKind::Waived,
        revision: 1,
    });
    let changes = plate.take(seen("a2", "2026-03-02T12:01:00+08:00", "Z1"));
    assert_eq!(changes.cases[0].notices.len(), 1);
    assert_eq!(
        (
            changes.cases[0].notices[0].revision,
            changes.cases[0].notices[0].step
        ),
        (1, Step::Queue)
    );
    NoticeId::new(&case, NoticeKind::Waived, 1)
}

#[test]
fn what_a_person_wants_said_again_is_queued_once_and_only_while_it_is_true() {
    let mut plate = Plate::new();
    said_again(&mut plate);
    let again = Wish {
        case: plate.ledger.memo.cases[0].id.clone(),
        kind: NoticeKind::Waived,
        revision: 1,
    };
    plate.ledger.wish(again.clone());
    assert!(
        said(&plate.take(seen("a3", "2026-03-02T12:02:00+08:00", "Z1")))[0]
            .2
            .is_empty()
    );
    let kind = NoticeKind::PenaltyProposed;
    plate.ledger.wish(Wish { kind, ..again });
    assert!(
        said(&plate.take(seen("a4", "2026-03-02T12:03:00+08:00", "Z1")))[0]
            .2
            .is_empty()
    );
}

#[test]
fn a_second_message_of_a_kind_is_cancelled_although_the_first_was_sent() {
    let mut plate = Plate::new();
    said_again(&mut plate);
    let changes = plate.take(void("v", "a", "2026-03-02T13:00:00+08:00"));
    let steps = vec![
        (NoticeKind::Waived, 1, Step::Cancel),
        (NoticeKind::Withdrawn, 0, Step::Queue),
    ];
    assert_eq!(said(&changes), [(Outcome::Voided, 3, steps)]);
}

#[test]
fn a_second_message_that_was_not_sent_does_not_unsay_the_first() {
    let mut plate = Plate::new();
    let second = said_again(&mut plate);
    plate.our_word(&second, "2026-03-02T12:20:00+08:00", ToldState::HandedOver);
    plate.our_word(&second, "2026-03-02T12:21:00+08:00", ToldState::NotSent);
    // Heavier is only for a person to decide, because the first telling binds.
    plate.take(seen("z", "2026-02-01T12:00:00+08:00", "Z2"));
    let case = plate.take(seen("z2", "2026-02-01T12:01:00+08:00", "Z2"));
    let first = case
        .cases
        .iter()
        .find(|change| change.case.outcome == Outcome::Waived);
    assert!(first.is_none(), "{:?}", said(&case));
    let kept = &plate.ledger.memo.cases;
    assert!(
        kept.iter().any(|memo| memo.outcome == Outcome::Waived),
        "{kept:?}"
    );
    assert!(kept.iter().any(|memo| memo.outcome == Outcome::Held), "{kept:?}");
}

#[test]
fn the_next_offence_takes_the_place_of_a_void_one_and_is_told_anew() {
    let mut plate = Plate::new();
    plate.take(seen("a", "2026-01-10T12:00:00+08:00", "Z1"));
    plate.take(seen("b", "2026-02-05T12:00:00+08:00", "Z1"));
    plate.take(told(
        "t",
        "b",
        NoticeKind::PenaltyProposed,
        "2026-02-05T12:10:00+08:00",
        ToldState::HandedOver,
    ));
    let changes = plate.take(void("v", "a", "2026-02-06T12:00:00+08:00"));
    assert_eq!(
        said(&changes),
        [
            (Outcome::Voided, 2, vec![(NoticeKind::Waived, 0, Step::Cancel)]),
            (Outcome::Waived, 2, vec![(NoticeKind::Waived, 0, Step::Queue)]),
        ]
    );
}

#[test]
fn a_repeated_fact_changes_nothing() {
    let mut plate = Plate::new();
    plate.take(seen("a", "2026-03-02T12:00:00+08:00", "Z1"));
    assert!(
        plate
            .take(seen("a", "2026-03-02T12:00:00+08:00", "Z1"))
            .cases
            .is_empty()
    );
}

#[test]
fn a_stay_keeps_its_number_when_an_earlier_sighting_joins_it() {
    let mut plate = Plate::new();
    let first = plate.take(seen("b", "2026-03-02T12:00:00+08:00", "Z1"));
    let second = plate.take(seen("a", "2026-03-02T11:30:00+08:00", "Z1"));
    assert_eq!(first.cases[0].id, second.cases[0].id);
    assert_eq!(second.cases[0].version, 2);
}

#[test]
fn two_stays_that_a_sighting_joins_become_one_and_the_other_is_voided_as_merged() {
    let mut plate = Plate::new();
    plate.take(seen("a", "2026-03-02T10:00:00+08:00", "Z1"));
    plate.take(seen("c", "2026-03-02T11:50:00+08:00", "Z1"));
    let joined = plate.take(seen("b", "2026-03-02T10:55:00+08:00", "Z1"));
    let voided: Vec<_> = joined
        .cases
        .iter()
        .filter(|change| change.case.outcome == Outcome::Voided)
        .collect();
    assert_eq!(voided.len(), 1);
    assert!(voided[0].case.facts.is_empty());
    assert_eq!(voided[0].case.reasons[0].as_str(), "merged");
    let kept = joined
        .cases
        .iter()
        .find(|change| change.case.outcome == Outcome::Waived)
        .unwrap();
    assert_eq!(kept.case.facts.len(), 3);
}

#[test]
fn a_correction_to_another_plate_hands_the_sighting_over_and_takes_the_case_away() {
    let mut plate = Plate::new();
    plate.take(seen("a", "2026-03-02T12:00:00+08:00", "Z1"));
    let correction = PlateCorrection {
        about: FactId::new("/t", "a"),
        plate: RawPlate {
            number: Some("湘KBB123".into()),
            class: Some("02".into()),
            ..RawPlate::default()
        },
        by: "officer".into(),
        at: at("2026-03-03T12:00:00+08:00"),
    };
    let changes = plate.take(fact(
        "k",
        "2026-03-03T12:00:00+08:00",
        Body::PlateCorrection(Box::new(correction)),
    ));
    assert_eq!(
        said(&changes),
        [(Outcome::Voided, 2, vec![(NoticeKind::Waived, 0, Step::Cancel)])]
    );
    let [GuestChange::Seat(target, guest)] = &changes.guests[..] else {
        panic!("{:?}", changes.guests)
    };
    assert_eq!(&**target, "湘KBB123");
    let mut other = Ledger::default();
    other.seat((**guest).clone());
    let judged = judge(&plate.rules, target, &other, at("2026-03-04T00:00:00+08:00"));
    assert_eq!(judged.cases[0].outcome, Outcome::Waived);
    assert_eq!(judged.cases[0].subject.to_string(), "湘KBB123/02");
    // Said again, it changes nothing more.
    let again = plate.take(seen("z", "2026-06-02T12:00:00+08:00", "Z9"));
    assert!(again.guests.is_empty());
}

#[test]
fn what_comes_back_unsent_after_it_stopped_being_true_is_cancelled() {
    let mut plate = Plate::new();
    plate.take(seen("a", "2026-03-02T12:00:00+08:00", "Z1"));
    let telling = |id: &str, when: &str, state| told(id, "a", NoticeKind::Waived, when, state);
    plate.take(telling("t", "2026-03-02T12:10:00+08:00", ToldState::HandedOver));
    plate.take(void("v", "a", "2026-03-02T13:00:00+08:00"));
    let changes = plate.take(telling("u", "2026-03-02T13:01:00+08:00", ToldState::NotSent));
    let steps = vec![
        (NoticeKind::Waived, 0, Step::Cancel),
        (NoticeKind::Withdrawn, 0, Step::Cancel),
    ];
    assert_eq!(said(&changes), [(Outcome::Voided, 2, steps)]);
}
