//! Ledgers of one plate that are as hard to judge as a ledger of their size can be.

use std::sync::Arc;

use engine::fact::{Body, DeviceKind, Fact, FactId, Mode, Observation, Precision, RawPlate, Review, Verdict};
use engine::ledger::Ledger;
use engine::place::{Crs, Place, Point};
use engine::policy::{Policy, ReviewRule};
use engine::rules::Rules;
use engine::time::{Calendar, DAY, Timestamp};

use crate::city;

/// The plate that all of them are of.
pub const PLATE: &str = "湘K12345";

/// How the sightings of a plate are strewn.
#[derive(Clone, Copy)]
pub struct Strewn {
    /// From one sighting to the next, in microseconds.
    pub apart: i64,
    /// Sightings go round these many places.
    pub places: u32,
    /// Whether the places have coordinates, which stray by a metre.
    pub points: bool,
    /// Whether each sighting carries a paper of its own.
    pub tickets: bool,
    /// Every how manyth has a confirming review; 0: none.
    pub reviewed: u32,
}

impl Strewn {
    /// Papers over years.
    pub const TICKETS: Self = Self {
        apart: 2 * DAY + DAY / 7,
        places: 4,
        points: true,
        tickets: true,
        reviewed: 0,
    };
}

/// A ledger of `count` sightings, and an instant at which all of them are known.
pub fn ledger(count: u32, strewn: Strewn) -> (Ledger, Timestamp) {
    let mut ledger = Ledger::default();
    let begin = city::instant("2019-01-01T08:00:00+08:00");
    for number in 0..count {
        let at = begin.plus(strewn.apart * i64::from(number));
        let fact = sighting(number, at, strewn);
        if strewn.reviewed > 0 && number % strewn.reviewed == 0 {
            ledger.add(review(number, &fact));
        }
        ledger.add(fact);
    }
    (ledger, begin.plus(strewn.apart * i64::from(count) + DAY))
}

fn sighting(number: u32, at: Timestamp, strewn: Strewn) -> Fact {
    let place = number % strewn.places;
    let stray = (number * 37 % 10) as i32;
    let point = strewn.points.then_some(Point {
        lon: 1_119_940_000 + place as i32 * 50_000 + stray * 10,
        lat: 277_280_000 + stray * 8,
        crs: Some(Crs::Wgs84),
    });
    let text = |text: String| -> Option<Arc<str>> { Some(text.into()) };
    fact(
        FactId::new("/devices/LD-0132", &format!("{number:08x}")),
        at.plus(9_000_000),
        Body::Observation(Box::new(Observation {
            plate: RawPlate {
                number: Some(PLATE.into()),
                class: Some("02".into()),
                color: Some("blue".into()),
                confidence: Some(970_000),
                min_char_confidence: None,
            },
            captured_at: at,
            precision: Precision::Second,
            device: format!("LD-{place:04}").into(),
            device_kind: DeviceKind::Camera,
            mode: Mode::Live,
            place: Place {
                zone: text(format!("Z{place}")),
                name: text("乐坪大道与长青街口东侧".to_owned()),
                point,
            },
            code: Some("1039".into()),
            vehicle_kind: Some("car".into()),
            vehicle_color: None,
            ticket: strewn.tickets.then(|| Arc::from(format!("431302-{number:07}"))),
            session: None,
            track: None,
            driver: None,
            obstructing: None,
            flags: Vec::new(),
            officers: Vec::new(),
            images: None,
            corrected: false,
        })),
    )
}

fn review(number: u32, about: &Fact) -> Fact {
    let at = about.known.plus(DAY / 24);
    fact(
        FactId::new("/desk/review", &format!("{number:08x}")),
        at,
        Body::Review(Box::new(Review {
            about: about.id.clone(),
            verdict: Verdict::Confirmed,
            reason: None,
            reviewer: "officer-07".into(),
            at,
        })),
    )
}

fn fact(id: FactId, known: Timestamp, body: Body) -> Fact {
    let mut digest = [0; 16];
    let text = id.as_str().as_bytes();
    digest[..8].copy_from_slice(&text[text.len() - 8..]);
    Fact {
        id,
        known,
        digest,
        position: 0,
        body,
    }
}

/// Rules of one policy without a list of zones; `change` makes them harder.
pub fn rules(review: ReviewRule, change: impl FnOnce(&mut Policy)) -> Rules {
    let mut policy = city::policy();
    for admission in &mut policy.admission {
        admission.review = review;
    }
    change(&mut policy);
    Rules::new(vec![Arc::new(policy)], None, None, Calendar::default()).expect("one policy stands alone")
}

/// Rules of one policy whose versions follow each other year by year up to 2025, each a little dearer.
pub fn versions(count: i64, change: impl Fn(&mut Policy)) -> Rules {
    let last = city::instant("2025-01-01T00:00:00+08:00");
    let begins = |number: i64| last.plus((number - count + 1) * 365 * DAY);
    let version = |number: i64| {
        let mut policy = city::policy();
        policy.version = format!("{number}").into();
        if number > 0 {
            policy.from = begins(number);
        }
        policy.to = (number + 1 < count).then(|| begins(number + 1));
        if let Some(fine) = &mut policy.outcome.fine {
            fine.minor += number.unsigned_abs();
        }
        change(&mut policy);
        Arc::new(policy)
    };
    let versions = (0..count).map(version).collect();
    Rules::new(versions, None, None, Calendar::default()).expect("versions that follow each other")
}
