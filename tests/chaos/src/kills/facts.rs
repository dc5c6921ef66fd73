//! Facts that clients send: good, said twice, contradicted, unread, ahead of time, broken, and what people say of others.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::evidence::key;
use crate::time::now;

/// So few plates that each has a history.
const PLATES: u64 = 3_000;
/// Sightings are of the last days.
const PAST: u64 = 60 * 3_600;

/// What a fact is, and so what may become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Good,
    /// No plate could be read.
    Unread,
    /// Its time lies far ahead; the door refuses it.
    Ahead,
    /// A field is missing, or it is no JSON; the door refuses it.
    Broken,
    /// Somebody takes an observation back.
    Void,
}

/// A fact as it is sent.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub(super) kind: Kind,
    /// `source#id`.
    pub(super) name: String,
    /// What it says: another content under the same name is a conflict.
    pub(super) content: u64,
    pub(super) text: String,
}

impl Fact {
    fn of(kind: Kind, fact: &Value) -> Fact {
        Fact {
            kind,
            name: format!(
                "{}#{}",
                fact["source"].as_str().unwrap_or_default(),
                fact["id"].as_str().unwrap_or_default()
            ),
            content: content(fact),
            text: fact.to_string(),
        }
    }

    /// The next fact of a client; `about` is one that it has sent.
    pub(super) fn new(dice: &mut Dice, client: u64, number: u64, about: Option<&Fact>) -> Fact {
        let mut fact = observation(dice, client, number);
        match (dice.below(100), about) {
            (0..4, _) => {
                fact["data"]["plate"]["number"] = Value::Null;
                Fact::of(Kind::Unread, &fact)
            }
            (4..7, _) => {
                fact["time"] = json!(at(now() + 3_600_000_000));
                Fact::of(Kind::Ahead, &fact)
            }
            (7..9, _) => {
                if let Some(data) = fact["data"].as_object_mut() {
                    data.remove("captured_at");
                }
                Fact::of(Kind::Broken, &fact)
            }
            (9..12, Some(about)) => {
                fact["type"] = json!("clearwalk.void.v1");
                let reason = *dice.one_of(&["rescue", "emergency_vehicle", "unclear_record"]);
                fact["data"] = json!({"about": about.name, "reason": reason, "by": "lin", "at": at(now())});
                Fact::of(Kind::Void, &fact)
            }
            _ => Fact::of(Kind::Good, &fact),
        }
    }

    /// The same name with another content.
    pub(super) fn contradicted(&self) -> Option<Fact> {
        let mut fact: Value = serde_json::from_str(&self.text).ok()?;
        fact["data"]["place"]["zone"] = json!("Z9");
        Some(Fact::of(Kind::Good, &fact))
    }
}

/// What a fact says, without the plate that the door may fill in where another fact is meant.
pub(super) fn content(fact: &Value) -> u64 {
    let mut data = fact["data"].clone();
    if data.get("about").is_some()
        && let Some(data) = data.as_object_mut()
    {
        data.remove("plate");
    }
    key(&format!("{} {data}", fact["type"]))
}

fn observation(dice: &mut Dice, client: u64, number: u64) -> Value {
    let captured = now() - dice.below(PAST) as i64 * 1_000_000;
    let plate = dice.below(PLATES);
    json!({
        "specversion": "1.0", "type": "clearwalk.observation.v1", "source": format!("/load/{client}"),
        "id": number.to_string(), "time": at(now()),
        "data": {
            "plate": {"number": format!("K{plate:05}"), "class": "02"}, "captured_at": at(captured),
            "device": {"id": format!("D{client}"), "kind": "patrol", "mode": "live"},
            "place": {"zone": format!("Z{}", dice.below(4))}, "violation_code": "1039",
        },
    })
}

/// A time as facts write it.
pub(super) fn at(micros: i64) -> String {
    let at = Timestamp::from_microsecond(micros).unwrap_or_default() + SignedDuration::ZERO;
    format!("{at:.6}")
}
