//! Facts as their senders write them.

use std::fmt;

use serde_json::{Value, json};

/// Who sends all facts of the tests that do not say otherwise.
pub(crate) const SOURCE: &str = "/s";

/// One CloudEvent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fact(pub(crate) Value);

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// `2026-03-02 10:00`, with seconds if need be, as Shanghai writes it; without a year 2026; a whole RFC 3339 text stays.
pub(crate) fn instant(text: &str) -> String {
    if text.contains('T') {
        return text.to_owned();
    }
    let (date, time) = text.split_once(' ').unwrap();
    let date = if date.len() == 5 {
        format!("2026-{date}")
    } else {
        date.to_owned()
    };
    let seconds = if time.len() == 5 { ":00" } else { "" };
    format!("{date}T{time}{seconds}+08:00")
}

fn fact(kind: &str, id: &str, time: &str, data: &Value) -> Fact {
    Fact(json!({
        "specversion": "1.0",
        "type": format!("clearwalk.{kind}.v1"),
        "source": SOURCE,
        "id": id,
        "time": instant(time),
        "data": data,
    }))
}

/// The small car 湘K12345, seen in a zone and known at once.
pub(crate) fn seen(id: &str, at: &str, zone: &str) -> Fact {
    fact(
        "observation",
        id,
        at,
        &json!({
            "plate": {"number": "湘K12345", "class": "02"},
            "captured_at": instant(at),
            "device": {"id": "D1"},
            "place": {"zone": zone},
            "violation_code": "1039",
        }),
    )
}

/// The same car seen to be gone from a zone.
pub(crate) fn gone(id: &str, at: &str, zone: &str) -> Fact {
    fact(
        "departure",
        id,
        at,
        &json!({
            "plate": {"number": "湘K12345", "class": "02"},
            "departed_at": instant(at),
            "device": {"id": "D1"},
            "place": {"zone": zone},
        }),
    )
}

fn about(kind: &str, id: &str, at: &str, of: &str, rest: &Value) -> Fact {
    let mut data = json!({"about": format!("{SOURCE}#{of}"), "at": instant(at)});
    for (key, value) in rest.as_object().unwrap() {
        data[key] = value.clone();
    }
    fact(kind, id, at, &data)
}

pub(crate) fn told(id: &str, at: &str, of: &str, kind: &str) -> Fact {
    about("told", id, at, of, &json!({"kind": kind, "state": "handed_over"}))
}

pub(crate) fn confirmed(id: &str, at: &str, of: &str) -> Fact {
    about(
        "review",
        id,
        at,
        of,
        &json!({"verdict": "confirmed", "reviewer": "r1"}),
    )
}

pub(crate) fn rejected(id: &str, at: &str, of: &str) -> Fact {
    about(
        "review",
        id,
        at,
        of,
        &json!({"verdict": "rejected", "reason": "blurred", "reviewer": "r1"}),
    )
}

pub(crate) fn void(id: &str, at: &str, of: &str, reason: &str) -> Fact {
    about("void", id, at, of, &json!({"reason": reason, "by": "o1"}))
}

pub(crate) fn corrected(id: &str, at: &str, of: &str, number: &str, class: &str) -> Fact {
    about(
        "plate-correction",
        id,
        at,
        of,
        &json!({"plate": {"number": number, "class": class}, "by": "o1"}),
    )
}

pub(crate) fn handled(id: &str, at: &str, of: &str) -> Fact {
    about(
        "handled-elsewhere",
        id,
        at,
        of,
        &json!({"agency": "traffic police", "reference": "7"}),
    )
}

pub(crate) fn objection(id: &str, at: &str, of: &str) -> Fact {
    about(
        "objection",
        id,
        at,
        of,
        &json!({"ground": "absent", "statement": "I was not there."}),
    )
}

pub(crate) fn objection_result(id: &str, at: &str, of: &str, result: &str) -> Fact {
    about(
        "objection-result",
        id,
        at,
        of,
        &json!({"result": result, "by": "o1"}),
    )
}

pub(crate) fn discretion(id: &str, at: &str, of: &str, outcome: &str) -> Fact {
    about(
        "discretion",
        id,
        at,
        of,
        &json!({"outcome": outcome, "reason": "hardship", "by": "o1"}),
    )
}

pub(crate) fn payment(id: &str, at: &str, of: &str) -> Fact {
    about("payment", id, at, of, &json!({"amount_minor": 10000}))
}

/// The plate gets a new owner. Without a class: all classes of the number.
pub(crate) fn registered(id: &str, from: &str, number: &str, class: Option<&str>) -> Fact {
    let plate = match class {
        Some(class) => json!({"number": number, "class": class}),
        None => json!({"number": number}),
    };
    fact(
        "registration",
        id,
        from,
        &json!({"plate": plate, "from": instant(from), "owner_id": "P2"}),
    )
}

impl Fact {
    /// Sets one field of the data, or of the event itself where the pointer does not begin with `/data`.
    pub(crate) fn with(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = self.0.pointer_mut(parent).unwrap();
        parent[key] = value.into();
        self
    }

    pub(crate) fn without(mut self, pointer: &str) -> Self {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        self.0
            .pointer_mut(parent)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove(key);
        self
    }

    /// When it became known.
    pub(crate) fn known(self, at: &str) -> Self {
        self.with("/time", instant(at))
    }

    pub(crate) fn number(self, number: &str) -> Self {
        self.with("/data/plate/number", number)
    }

    pub(crate) fn class(self, class: &str) -> Self {
        self.with("/data/plate/class", class)
    }

    pub(crate) fn color(self, color: &str) -> Self {
        self.without("/data/plate/class").with("/data/plate/color", color)
    }

    pub(crate) fn device(self, device: &str) -> Self {
        self.with("/data/device/id", device)
    }

    pub(crate) fn ticket(self, ticket: &str) -> Self {
        self.with("/data/ticket", ticket)
    }

    pub(crate) fn session(self, session: &str) -> Self {
        self.with("/data/session", session)
    }

    pub(crate) fn source(self, source: &str) -> Self {
        self.with("/source", source)
    }

    pub(crate) fn code(self, code: &str) -> Self {
        self.with("/data/violation_code", code)
    }

    /// Metres north and east of the corner of two streets.
    pub(crate) fn at(self, north: f64, east: f64) -> Self {
        // One degree of latitude is 111.195 km; of longitude here, 0.88511 of that.
        let (lat, lon) = (
            27.728 + north / 111_195.0,
            111.994 + east / (111_195.0 * 0.885_11),
        );
        self.with("/data/place/lat", lat).with("/data/place/lon", lon)
    }

    /// The confidence of the whole reading.
    pub(crate) fn confidence(self, value: f64) -> Self {
        self.with("/data/plate/confidence", value)
    }

    pub(crate) fn image(self, hash: &str) -> Self {
        self.with(
            "/data/evidence",
            json!([{"url": "x", "sha256": hash, "kind": "panorama"}]),
        )
    }

    /// Whom a telling was written to.
    pub(crate) fn to(self, number: &str, class: &str) -> Self {
        self.with("/data/plate", json!({"number": number, "class": class}))
    }

    pub(crate) fn state(self, state: &str) -> Self {
        self.with("/data/state", state)
    }
}
