//! What people and devices of a small town say: sightings of five cars, and every kind of fact about them, late,
//! repeated, contradicting, and sometimes before what it is about.

use bytes::Bytes;
use engine::time::{DAY, HOUR, MINUTE, Timestamp};
use rand::Rng as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

const PLATES: [&str; 5] = ["湘K12345", "湘K54321", "湘K77777", "湘K00001", "湘KD12345"];

/// Who speaks, and what was said.
#[derive(Default)]
pub(crate) struct Town {
    said: Vec<Value>,
    sightings: u32,
}

impl Town {
    /// The next record of the stream.
    pub(crate) fn speak(&mut self, rng: &mut ChaCha8Rng, now: Timestamp) -> Bytes {
        let number = self.said.len();
        let event = match rng.random_range(0..100) {
            0..2 => return Bytes::from_static(b"{\"specversion\": \"1.0\", \"type\":"),
            2..7 if number > 0 => self.said[rng.random_range(0..number)].clone(),
            7..10 if number > 0 => {
                let mut other = self.said[rng.random_range(0..number)].clone();
                other["data"]["note"] = json!(format!("another {number}"));
                other
            }
            10..16 => event("departure", &format!("d{number}"), now, &departure(rng, now)),
            16..45 if self.sightings > 0 => self.saying(rng, number, now),
            _ => {
                self.sightings += 1;
                event(
                    "observation",
                    &format!("f{}", self.sightings),
                    now,
                    &sighting(rng, now),
                )
            }
        };
        self.said.push(event.clone());
        event.to_string().into()
    }

    fn saying(&self, rng: &mut ChaCha8Rng, number: usize, now: Timestamp) -> Value {
        // Sometimes about one that nobody has sent yet.
        let about = rng.random_range(1..=self.sightings + 1);
        let (kind, mut data) = match rng.random_range(0..16) {
            0..5 => ("review", json!({"verdict": "confirmed", "reviewer": "r1"})),
            5..7 => (
                "review",
                json!({"verdict": "rejected", "reason": "blurred", "reviewer": "r1"}),
            ),
            7..9 => {
                let reason = ["exempt", "merged", "rescue"].choose(rng).expect("three");
                ("void", json!({"reason": reason, "by": "o1"}))
            }
            9..11 => {
                let plate = PLATES.choose(rng).expect("five");
                (
                    "plate-correction",
                    json!({"plate": {"number": plate, "class": "02"}, "by": "o1"}),
                )
            }
            11..13 => {
                let outcome = ["waived", "penalty_proposed", "voided"]
                    .choose(rng)
                    .expect("three");
                (
                    "discretion",
                    json!({"outcome": outcome, "reason": "hardship", "by": "o1"}),
                )
            }
            13 => (
                "objection",
                json!({"ground": "absent", "statement": "I was not there."}),
            ),
            14 => {
                let result = ["upheld", "lighter", "rejected"].choose(rng).expect("three");
                ("objection-result", json!({"result": result, "by": "o1"}))
            }
            _ => (
                "handled-elsewhere",
                json!({"agency": "traffic police", "reference": "7"}),
            ),
        };
        data["about"] = json!(format!("/s#f{about}"));
        data["at"] = json!(now.to_jiff().to_string());
        event(kind, &format!("x{number}"), now, &data)
    }
}

fn event(kind: &str, id: &str, now: Timestamp, data: &Value) -> Value {
    json!({
        "specversion": "1.0",
        "type": format!("clearwalk.{kind}.v1"),
        "source": "/s",
        "id": id,
        "time": now.to_jiff().to_string(),
        "data": data,
    })
}

fn sighting(rng: &mut ChaCha8Rng, now: Timestamp) -> Value {
    let mut data = json!({
        "plate": {"number": PLATES.choose(rng).expect("five"), "class": "02"},
        "captured_at": earlier(rng, now),
        "device": {"id": "D1"},
        "place": {"zone": zone(rng)},
        "violation_code": "1039",
    });
    match rng.random_range(0..30) {
        0 => data["device"]["mode"] = json!("history"),
        1 => data["plate"]["confidence"] = json!(0.5),
        _ => {}
    }
    data
}

fn departure(rng: &mut ChaCha8Rng, now: Timestamp) -> Value {
    json!({
        "plate": {"number": PLATES.choose(rng).expect("five"), "class": "02"},
        "departed_at": earlier(rng, now),
        "device": {"id": "D1"},
        "place": {"zone": zone(rng)},
    })
}

fn zone(rng: &mut ChaCha8Rng) -> &'static str {
    ["Z1", "Z2", "Z3"].choose(rng).expect("three")
}

fn earlier(rng: &mut ChaCha8Rng, now: Timestamp) -> String {
    let ago = match rng.random_range(0..10) {
        0..6 => rng.random_range(0..5 * MINUTE),
        6..9 => rng.random_range(0..10 * HOUR),
        _ => rng.random_range(0..60 * DAY),
    };
    now.plus(-ago).to_jiff().to_string()
}
