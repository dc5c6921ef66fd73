//! Ledgers and facts for tests: one that has everything in it, and any at all.
#![expect(clippy::too_many_lines, reason = "one literal per kind of fact")]

mod any;
mod memory;

use std::sync::Arc;

use engine::case::Outcome;
use engine::fact::{
    Application, Body, Departure, DeviceKind, DeviceSpan, Discretion, Fact, FactId, HandledElsewhere, Mode,
    NoticeKind, Objection, ObjectionResult, ObjectionVerdict, Observation, Payment, PenaltyDecision, Permit,
    PlateCorrection, Precision, Published, RawPlate, Reattribution, Registration, Review, Subject, Told,
    ToldState, VehicleRecord, VehicleStatus, Verdict, Void, VoidReason,
};
use engine::ids::CaseId;
use engine::ledger::{CaseMemo, Guest, Ledger, Memo, NoticeMemo, SentGuest};
use engine::place::{Crs, Place, Point};
use engine::time::Timestamp;
use jiff::civil::date;

pub(crate) use self::any::{facts, guests, ids};
pub(crate) use self::memory::ledgers;

type Text = Arc<str>;

fn at(second: i64) -> Timestamp {
    Timestamp::from_micros((1_772_416_805 + second) * 1_000_000)
}

fn text(text: &str) -> Text {
    text.into()
}

/// An ordinary sighting, the `number`th of a stay.
pub(crate) fn sighting(number: u32) -> Fact {
    let plate = RawPlate {
        number: Some(text("湘K12345")),
        class: Some(text("02")),
        color: Some(text("blue")),
        confidence: Some(970_000),
        min_char_confidence: Some(950_000),
    };
    let place = Place {
        zone: Some(text("Z1")),
        name: Some(text("乐坪大道与长青街口东侧")),
        point: Some(Point {
            lon: 1_119_940_000,
            lat: 277_280_000,
            crs: None,
        }),
    };
    let observation = Observation {
        plate,
        captured_at: at(600 * i64::from(number)),
        precision: Precision::Second,
        device: text("LD-0132"),
        device_kind: DeviceKind::Camera,
        mode: Mode::Live,
        place,
        code: Some(text("1039")),
        vehicle_kind: Some(text("car")),
        vehicle_color: Some(text("white")),
        ticket: None,
        session: None,
        track: None,
        driver: None,
        obstructing: None,
        flags: Vec::new(),
        officers: Vec::new(),
        images: Some([7; 16]),
        corrected: false,
    };
    Fact {
        id: FactId::new("/devices/LD-0132", &format!("{number:04x}")),
        known: at(600 * i64::from(number)).plus(4_000_123),
        digest: [number as u8; 16],
        position: 1000 + u64::from(number),
        body: Body::Observation(Box::new(observation)),
    }
}

/// A ledger with every kind of fact, guests and a memo. Never change it: the golden documents hold it.
pub(crate) fn whole() -> Ledger {
    let about = sighting(1).id;
    let plate = RawPlate {
        number: Some(text("湘K12345")),
        ..RawPlate::default()
    };
    let mut ledger = Ledger::default();
    ledger.add(sighting(1));
    ledger.add(second_sighting());
    let bodies = answers_of_whole(&about, &plate)
        .into_iter()
        .chain(records_of_whole(&plate));
    for (number, body) in bodies.enumerate() {
        ledger.add(Fact {
            id: FactId::new("/desk", &format!("{number:02}")),
            known: at(3600 + number as i64),
            digest: [0x40 + number as u8; 16],
            position: 2000 + number as u64,
            body,
        });
    }
    let review = Review {
        about: about.clone(),
        verdict: Verdict::Confirmed,
        reason: None,
        reviewer: text("r-1"),
        at: at(9),
    };
    let review = Fact {
        id: FactId::new("/desk", "g"),
        body: Body::Review(Box::new(review)),
        ..sighting(3)
    };
    ledger.seat(Guest {
        observation: sighting(9),
        about: vec![review],
    });
    let notice = |kind, owed| NoticeMemo {
        kind,
        revision: 1,
        owed,
        history: !owed,
        fingerprint: u64::MAX,
    };
    ledger.memo = Memo {
        cases: vec![CaseMemo {
            id: CaseId::from_text("260302-0123456789AB"),
            version: 3,
            anchor: about.clone(),
            members: vec![about, sighting(2).id],
            subject: Subject {
                number: text("湘K12345"),
                class: text("02"),
                epoch: Some(date(2025, 11, 6)),
            },
            from: at(600),
            fingerprint: 0x0123_4567_89ab_cdef,
            outcome: Outcome::Waived,
            notices: vec![
                notice(NoticeKind::Waived, true),
                notice(NoticeKind::Withdrawn, false),
            ],
        }],
        sent: vec![SentGuest {
            observation: FactId::new("s", "1"),
            target: text("湘K99999"),
            fingerprint: 5,
        }],
        wake: Some(at(86_400)),
    };
    ledger
}

/// A sighting with everything that an ordinary one has not.
fn second_sighting() -> Fact {
    let mut fact = sighting(2);
    let Body::Observation(seen) = &mut fact.body else {
        unreachable!("a sighting is an observation")
    };
    seen.precision = Precision::Day;
    seen.device_kind = DeviceKind::Citizen;
    seen.mode = Mode::History;
    seen.place.point = Some(Point {
        lon: -1,
        lat: -900_000_000,
        crs: Some(Crs::Bd09),
    });
    seen.ticket = Some(text("T-1"));
    seen.session = Some(text("S-1"));
    seen.track = Some(text("c-1"));
    seen.driver = Some(text("absent"));
    seen.obstructing = Some(false);
    seen.flags = vec![text("obstruction"), text("night")];
    seen.officers = vec![text("o-1")];
    seen.images = None;
    seen.corrected = true;
    fact
}

fn answers_of_whole(about: &FactId, plate: &RawPlate) -> Vec<Body> {
    let (about, by, at) = (|| about.clone(), || text("o-1"), at(3000));
    let reason = VoidReason::Other;
    vec![
        Body::Review(Box::new(Review {
            about: about(),
            verdict: Verdict::Rejected,
            reason: Some(text("blurred")),
            reviewer: by(),
            at,
        })),
        Body::PlateCorrection(Box::new(PlateCorrection {
            about: about(),
            plate: plate.clone(),
            by: by(),
            at,
        })),
        Body::Void(Box::new(Void {
            about: about(),
            reason,
            text: text("it rained"),
            by: by(),
            at,
        })),
        Body::Told(Box::new(Told {
            about: about(),
            plate: Some((text("湘K12345"), Some(text("02")))),
            kind: NoticeKind::Waived,
            at,
            state: ToldState::HandedOver,
        })),
        Body::HandledElsewhere(Box::new(HandledElsewhere {
            about: about(),
            agency: text("police"),
            reference: Some(text("P-9")),
            at,
        })),
        Body::Objection(Box::new(Objection {
            about: about(),
            ground: None,
            statement: Some(text("not me")),
            at,
        })),
        Body::ObjectionResult(Box::new(ObjectionResult {
            about: about(),
            result: ObjectionVerdict::Lighter,
            by: by(),
            at,
        })),
        Body::Discretion(Box::new(Discretion {
            about: about(),
            outcome: Outcome::Warned,
            reason: text("mercy"),
            by: by(),
            at,
        })),
        Body::PenaltyDecision(Box::new(PenaltyDecision {
            about: about(),
            officers: vec![by(), text("o-2")],
            fine_minor: 10_000,
            at,
        })),
        Body::Payment(Box::new(Payment {
            about: about(),
            amount_minor: u64::MAX,
            at,
        })),
        Body::Application(Box::new(Application {
            about: about(),
            kind: text("photos"),
            verdict: text("granted"),
            by: Some(by()),
            at,
        })),
        Body::Reattribution(Box::new(Reattribution {
            about: about(),
            to_owner_id: text("owner-2"),
            proof: Some(text("contract")),
            by: by(),
            at,
        })),
    ]
}

fn records_of_whole(plate: &RawPlate) -> Vec<Body> {
    let place = Place {
        zone: Some(text("Z1")),
        ..Place::default()
    };
    vec![
        Body::Departure(Box::new(Departure {
            plate: plate.clone(),
            place,
            device: text("LD-0132"),
            departed_at: at(1800),
        })),
        Body::Registration(Box::new(Registration {
            plate: plate.clone(),
            from: at(-10_000_000),
            owner_id: Some(text("owner-1")),
        })),
        Body::Permit(Box::new(Permit {
            plate: Some(plate.clone()),
            zone: None,
            zones: vec![text("Z1"), text("Z2")],
            from: Some(at(0)),
            to: Some(at(1)),
            hours: Some(text("06:00-08:00")),
            reason: None,
        })),
        Body::VehicleStatus(Box::new(VehicleStatus {
            plate: plate.clone(),
            status: text("stolen"),
            from: None,
            to: Some(at(5)),
        })),
        Body::VehicleRecord(Box::new(VehicleRecord {
            plate: plate.clone(),
            kind: Some(text("car")),
            brand: Some(text("b")),
            color: None,
            owner_kind: Some(text("person")),
            from: Some(at(0)),
        })),
        Body::DeviceSpan(Box::new(DeviceSpan {
            device: text("LD-0132"),
            from: at(0),
            to: None,
            state: text("drift"),
            drift_ms: Some(-1500),
        })),
        Body::Published(Box::new(Published {
            what: text("policy"),
            document: text("[policy]\nid = \"x\"\n"),
            by: text("o-1"),
            approved_by: Some(text("o-2")),
            legal_basis: None,
            at: at(0),
        })),
    ]
}
