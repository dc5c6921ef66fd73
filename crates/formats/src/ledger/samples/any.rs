//! Any facts and ledgers at all, for properties.

use engine::case::Outcome;
use engine::fact::{
    Application, Body, Departure, DeviceKind, DeviceSpan, Discretion, Fact, FactId, HandledElsewhere, Mode,
    NoticeKind, Objection, ObjectionResult, ObjectionVerdict, Observation, Payment, PenaltyDecision, Permit,
    PlateCorrection, Precision, Published, RawPlate, Reattribution, Registration, Review, Told, ToldState,
    VehicleRecord, VehicleStatus, Verdict, Void, VoidReason,
};
use engine::ledger::Guest;
use engine::place::{Crs, Place, Point};
use engine::time::Timestamp;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::Text;

/// Few enough texts that many come again, and some that nobody expects.
pub(super) fn texts() -> BoxedStrategy<Text> {
    let text = prop_oneof![
        6 => select(vec!["Z1", "LD-0132", "湘K12345", "02", "white", "1039", ""]).prop_map(str::to_owned),
        1 => ".{0,12}",
    ];
    text.prop_map(Text::from).boxed()
}

pub(super) fn times() -> BoxedStrategy<Timestamp> {
    prop_oneof![
        4 => (1_770_000_000_i64..1_780_000_000).prop_map(|second| Timestamp::from_micros(second * 1_000_000)),
        2 => any::<i64>().prop_map(Timestamp::from_micros),
        1 => select(vec![Timestamp::MIN, Timestamp::MAX, Timestamp::default()]),
    ]
    .boxed()
}

pub(crate) fn ids() -> BoxedStrategy<FactId> {
    (
        select(vec!["/devices/LD-0132", "/devices/LD-7", "s"]),
        "[0-9a-c#]{1,3}",
    )
        .prop_map(|(source, id)| FactId::new(source, &id))
        .boxed()
}

fn plates() -> BoxedStrategy<RawPlate> {
    let share = || of(prop_oneof![0..=1_000_000_u32, any::<u32>()]);
    (of(texts()), of(texts()), of(texts()), share(), share())
        .prop_map(
            |(number, class, color, confidence, min_char_confidence)| RawPlate {
                number,
                class,
                color,
                confidence,
                min_char_confidence,
            },
        )
        .boxed()
}

fn places() -> BoxedStrategy<Place> {
    let crs = of(select(vec![Crs::Wgs84, Crs::Gcj02, Crs::Bd09]));
    let point = (any::<i32>(), any::<i32>(), crs).prop_map(|(lon, lat, crs)| Point { lon, lat, crs });
    (of(texts()), of(texts()), of(point))
        .prop_map(|(zone, name, point)| Place { zone, name, point })
        .boxed()
}

fn observations() -> BoxedStrategy<Observation> {
    let words = (
        select(vec![Precision::Second, Precision::Day]),
        select(vec![DeviceKind::Camera, DeviceKind::Patrol, DeviceKind::Citizen]),
        select(vec![Mode::Live, Mode::Test, Mode::History]),
    );
    let texts_there = (
        of(texts()),
        of(texts()),
        of(texts()),
        of(texts()),
        of(texts()),
        of(texts()),
        of(texts()),
    );
    let lists = (
        prop::collection::vec(texts(), 0..3),
        prop::collection::vec(texts(), 0..3),
    );
    let rest = (of(any::<bool>()), of(any::<[u8; 16]>()), any::<bool>());
    (
        plates(),
        times(),
        texts(),
        places(),
        words,
        texts_there,
        lists,
        rest,
    )
        .prop_map(
            |(
                plate,
                captured_at,
                device,
                place,
                words,
                texts,
                (flags, officers),
                (obstructing, images, corrected),
            )| {
                let (precision, device_kind, mode) = words;
                let (code, vehicle_kind, vehicle_color, ticket, session, track, driver) = texts;
                Observation {
                    plate,
                    captured_at,
                    precision,
                    device,
                    device_kind,
                    mode,
                    place,
                    code,
                    vehicle_kind,
                    vehicle_color,
                    ticket,
                    session,
                    track,
                    driver,
                    obstructing,
                    flags,
                    officers,
                    images,
                    corrected,
                }
            },
        )
        .boxed()
}

fn answers() -> BoxedStrategy<Body> {
    let parts = || (ids(), texts(), of(texts()), times());
    let told = (
        parts(),
        of((texts(), of(texts()))),
        select(&NoticeKind::ALL[..]),
        select(vec![
            ToldState::HandedOver,
            ToldState::Delivered,
            ToldState::Undelivered,
            ToldState::NotSent,
        ]),
    );
    let results = select(vec![
        ObjectionVerdict::Upheld,
        ObjectionVerdict::Rejected,
        ObjectionVerdict::Lighter,
    ]);
    prop_oneof![
        (parts(), select(vec![Verdict::Confirmed, Verdict::Rejected])).prop_map(
            |((about, reviewer, reason, at), verdict)| Body::Review(Box::new(Review {
                about,
                verdict,
                reason,
                reviewer,
                at
            }))
        ),
        (parts(), plates()).prop_map(|((about, by, _, at), plate)| {
            Body::PlateCorrection(Box::new(PlateCorrection { about, plate, by, at }))
        }),
        (parts(), texts(), select(&VoidReason::ALL[..])).prop_map(
            |((about, by, _, at), text, (reason, _))| {
                Body::Void(Box::new(Void {
                    about,
                    reason,
                    text,
                    by,
                    at,
                }))
            }
        ),
        told.prop_map(|((about, _, _, at), plate, (kind, _), state)| {
            Body::Told(Box::new(Told {
                about,
                plate,
                kind,
                at,
                state,
            }))
        }),
        parts().prop_map(|(about, agency, reference, at)| {
            Body::HandledElsewhere(Box::new(HandledElsewhere {
                about,
                agency,
                reference,
                at,
            }))
        }),
        (parts(), of(texts())).prop_map(|((about, _, ground, at), statement)| {
            Body::Objection(Box::new(Objection {
                about,
                ground,
                statement,
                at,
            }))
        }),
        (parts(), results).prop_map(|((about, by, _, at), result)| {
            Body::ObjectionResult(Box::new(ObjectionResult {
                about,
                result,
                by,
                at,
            }))
        }),
        (parts(), texts(), select(&Outcome::ALL[..])).prop_map(
            |((about, by, _, at), reason, (outcome, _))| {
                Body::Discretion(Box::new(Discretion {
                    about,
                    outcome,
                    reason,
                    by,
                    at,
                }))
            }
        ),
        (parts(), prop::collection::vec(texts(), 0..4), any::<u64>()).prop_map(
            |((about, _, _, at), officers, fine_minor)| {
                Body::PenaltyDecision(Box::new(PenaltyDecision {
                    about,
                    officers,
                    fine_minor,
                    at,
                }))
            }
        ),
        (parts(), any::<u64>()).prop_map(|((about, _, _, at), amount_minor)| {
            Body::Payment(Box::new(Payment {
                about,
                amount_minor,
                at,
            }))
        }),
        (parts(), texts()).prop_map(|((about, kind, by, at), verdict)| {
            Body::Application(Box::new(Application {
                about,
                kind,
                verdict,
                by,
                at,
            }))
        }),
        (parts(), texts()).prop_map(|((about, by, proof, at), to_owner_id)| {
            Body::Reattribution(Box::new(Reattribution {
                about,
                to_owner_id,
                proof,
                by,
                at,
            }))
        }),
    ]
    .boxed()
}

fn records() -> BoxedStrategy<Body> {
    let more = || (of(texts()), of(texts()), of(texts()), of(times()), of(times()));
    prop_oneof![
        (plates(), places(), texts(), times()).prop_map(|(plate, place, device, departed_at)| {
            Body::Departure(Box::new(Departure {
                plate,
                place,
                device,
                departed_at,
            }))
        }),
        (plates(), times(), of(texts())).prop_map(|(plate, from, owner_id)| {
            Body::Registration(Box::new(Registration {
                plate,
                from,
                owner_id,
            }))
        }),
        (of(plates()), prop::collection::vec(texts(), 0..3), more()).prop_map(
            |(plate, zones, (zone, hours, reason, from, to))| {
                Body::Permit(Box::new(Permit {
                    plate,
                    zone,
                    zones,
                    from,
                    to,
                    hours,
                    reason,
                }))
            }
        ),
        (plates(), texts(), more()).prop_map(|(plate, status, (_, _, _, from, to))| {
            Body::VehicleStatus(Box::new(VehicleStatus {
                plate,
                status,
                from,
                to,
            }))
        }),
        (plates(), of(texts()), more()).prop_map(|(plate, owner_kind, (kind, brand, color, from, _))| {
            Body::VehicleRecord(Box::new(VehicleRecord {
                plate,
                kind,
                brand,
                color,
                owner_kind,
                from,
            }))
        }),
        (texts(), texts(), times(), of(times()), of(any::<i64>())).prop_map(
            |(device, state, from, to, drift_ms)| {
                Body::DeviceSpan(Box::new(DeviceSpan {
                    device,
                    from,
                    to,
                    state,
                    drift_ms,
                }))
            }
        ),
        (texts(), texts(), texts(), times(), more()).prop_map(
            |(what, document, by, at, (approved_by, legal_basis, ..))| {
                Body::Published(Box::new(Published {
                    what,
                    document,
                    by,
                    approved_by,
                    legal_basis,
                    at,
                }))
            }
        ),
    ]
    .boxed()
}

pub(crate) fn facts() -> BoxedStrategy<Fact> {
    let bodies = prop_oneof![
        3 => observations().prop_map(|it| Body::Observation(Box::new(it))),
        2 => answers(),
        1 => records(),
    ];
    (ids(), times(), any::<[u8; 16]>(), any::<u64>(), bodies)
        .prop_map(|(id, known, digest, position, body)| Fact {
            id,
            known,
            digest,
            position,
            body,
        })
        .boxed()
}

pub(crate) fn guests() -> BoxedStrategy<Guest> {
    (facts(), prop::collection::vec(facts(), 0..3))
        .prop_map(|(observation, about)| Guest { observation, about })
        .boxed()
}
