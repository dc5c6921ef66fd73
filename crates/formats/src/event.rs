//! CloudEvents 1.0 in JSON (structured mode) to [`Fact`]s. What cannot be read comes back with a JSON pointer to what is
//! wrong; nothing here judges a plate, a clock or a place, and no detail quotes what a sender wrote.
//!
//! Rules that a sender can rely on:
//! - A member that is null counts as absent, but for the `plate` of an observation: null there means unread.
//! - An optional text without characters counts as absent.
//! - Two members of one name in one object are ambiguous and rejected, wherever they stand in the event.
//! - Numbers are doubles, as in RFC 8785, so that facts of equal content are read alike.
//! - Members of `data` that nobody asks for are kept out of the fact and in the digest.

mod answer;
mod canonical;
mod decimal;
mod document;
mod fields;
pub(crate) mod instant;
mod parse;
mod record;
mod sighting;

#[cfg(test)]
mod tests;

use engine::case::Reason;
use engine::fact::{Body, Fact, FactId, RawPlate};
use engine::time::Timestamp;

use self::document::{Document, Value};
use self::fields::{Fault, Object};

/// From where it is taken when a fact became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// From its `time`, else from when it happened: what `import` and `decide` do.
    FromTime,
    /// The stream's timestamp of the record: what the live service does.
    At(Timestamp),
}

/// An event that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The fact.
    pub fact: Fact,
    /// The plate that a fact about an observation says it belongs to.
    pub hint: Option<RawPlate>,
    /// The event's own `time`, which [`Known::At`] does not trust.
    pub time: Option<Timestamp>,
}

/// An event that could not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Its source, where that could be read.
    pub source: Option<String>,
    /// Its id, where that could be read.
    pub id: Option<String>,
    /// Always `schema`.
    pub reason: Reason,
    /// A JSON pointer to what is wrong; empty: the whole event.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

/// Reads one event. It never panics, whatever the bytes.
pub fn decode(bytes: &[u8], known: Known, position: u64) -> Result<Decoded, Rejected> {
    let text = std::str::from_utf8(bytes).map_err(|error| not_json(bytes, error.valid_up_to()))?;
    let event = parse::parse(text).map_err(|error| not_json(bytes, error.at))?;
    let read = match event.twice {
        None => Object::of(&event, event.root, "").and_then(|event| read(event, known, position)),
        Some(twice) => Err(Fault {
            pointer: event.pointer(twice).unwrap_or_default(),
            detail: "given twice".into(),
        }),
    };
    read.map_err(|fault| {
        let (source, id) = identity(&event);
        Rejected {
            source,
            id,
            reason: Reason::Schema,
            pointer: fault.pointer,
            detail: fault.detail.into_owned(),
        }
    })
}

/// Text that is no JSON from its byte `at` on.
fn not_json(bytes: &[u8], at: usize) -> Rejected {
    let read = bytes.get(..at).unwrap_or(bytes);
    let line_start = read
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |end| end + 1);
    let line = read.split(|byte| *byte == b'\n').count();
    let what = if at >= bytes.len() {
        "ends too early"
    } else {
        "is not JSON"
    };
    let detail = format!("{what}, at line {line} column {}", read.len() - line_start + 1);
    Rejected {
        source: None,
        id: None,
        reason: Reason::Schema,
        pointer: String::new(),
        detail,
    }
}

/// Source and id of an event that is otherwise broken; none of those that are given twice.
fn identity(event: &Document<'_>) -> (Option<String>, Option<String>) {
    let Value::Object(first) = event.root else {
        return (None, None);
    };
    let text = |key: &str| {
        let mut found = event
            .items(first)
            .filter(|member| event.text(member.key.text) == key);
        match (found.next().map(|member| member.value), found.next()) {
            (Some(Value::Text(text)), None) => Some(event.text(text).to_owned()),
            _ => None,
        }
    };
    (text("source"), text("id"))
}

fn read(event: Object<'_>, known: Known, position: u64) -> Result<Decoded, Fault> {
    if event.need_text("specversion")? != "1.0" {
        return Err(event.fault("specversion", "must be \"1.0\""));
    }
    let kind = event.need_text("type")?;
    let id = identify(event)?;
    let time = event.time("time")?;
    let content = event.raw("data").ok_or_else(|| event.fault("data", "required"))?;
    let data = Object::of(event.document(), content, "/data")?;
    let Some(body) = body(kind, data) else {
        return Err(event.fault("type", "is not a type that Clearwalk knows"));
    };
    let body = body?;
    let known = match known {
        Known::At(at) => at,
        Known::FromTime => time
            .or_else(|| happened(&body))
            .ok_or_else(|| event.fault("time", "required"))?,
    };
    let hint = match &body {
        // There `plate` is what the observation really shows, not where it is kept.
        Body::PlateCorrection(_) => None,
        body if body.about().is_some() => data.plate()?,
        _ => None,
    };
    let digest = canonical::digest(kind, event.document(), content);
    Ok(Decoded {
        fact: Fact {
            id,
            known,
            digest,
            position,
            body,
        },
        hint,
        time,
    })
}

fn identify(event: Object<'_>) -> Result<FactId, Fault> {
    let source = event.need_text("source")?;
    let id = event.need_text("id")?;
    if source.contains('#') {
        return Err(event.fault("source", "must not contain `#`"));
    }
    for (key, text) in [("source", source), ("id", id)] {
        if text.chars().any(char::is_control) {
            return Err(event.fault(key, "must not contain control characters"));
        }
    }
    Ok(FactId::new(source, id))
}

fn boxed<T>(read: Result<T, Fault>, body: fn(Box<T>) -> Body) -> Result<Body, Fault> {
    read.map(|it| body(Box::new(it)))
}

/// What `data` says under a type; none: an unknown type.
fn body(kind: &str, data: Object<'_>) -> Option<Result<Body, Fault>> {
    let name = kind.strip_prefix("clearwalk.")?.strip_suffix(".v1")?;
    Some(match name {
        "observation" => boxed(sighting::observation(data), Body::Observation),
        "departure" => boxed(sighting::departure(data), Body::Departure),
        "review" => boxed(answer::review(data), Body::Review),
        "plate-correction" => boxed(answer::plate_correction(data), Body::PlateCorrection),
        "void" => boxed(answer::void(data), Body::Void),
        "told" => boxed(answer::told(data), Body::Told),
        "registration" => boxed(record::registration(data), Body::Registration),
        "handled-elsewhere" => boxed(answer::handled_elsewhere(data), Body::HandledElsewhere),
        "objection" => boxed(answer::objection(data), Body::Objection),
        "objection-result" => boxed(answer::objection_result(data), Body::ObjectionResult),
        "discretion" => boxed(answer::discretion(data), Body::Discretion),
        "penalty-decision" => boxed(answer::penalty_decision(data), Body::PenaltyDecision),
        "payment" => boxed(answer::payment(data), Body::Payment),
        "application" => boxed(answer::application(data), Body::Application),
        "reattribution" => boxed(answer::reattribution(data), Body::Reattribution),
        "permit" => boxed(record::permit(data), Body::Permit),
        "vehicle-status" => boxed(record::vehicle_status(data), Body::VehicleStatus),
        "vehicle-record" => boxed(record::vehicle_record(data), Body::VehicleRecord),
        "device-span" => boxed(record::device_span(data), Body::DeviceSpan),
        "policy-published" => boxed(record::published("policy", data), Body::Published),
        "zones-published" => boxed(record::published("zones", data), Body::Published),
        _ => return None,
    })
}

/// When what a fact says took place; none: it does not say.
fn happened(body: &Body) -> Option<Timestamp> {
    match body {
        Body::Observation(it) => Some(it.captured_at),
        Body::Departure(it) => Some(it.departed_at),
        Body::Review(it) => Some(it.at),
        Body::PlateCorrection(it) => Some(it.at),
        Body::Void(it) => Some(it.at),
        Body::Told(it) => Some(it.at),
        Body::Registration(it) => Some(it.from),
        Body::HandledElsewhere(it) => Some(it.at),
        Body::Objection(it) => Some(it.at),
        Body::ObjectionResult(it) => Some(it.at),
        Body::Discretion(it) => Some(it.at),
        Body::PenaltyDecision(it) => Some(it.at),
        Body::Payment(it) => Some(it.at),
        Body::Application(it) => Some(it.at),
        Body::Reattribution(it) => Some(it.at),
        Body::Permit(it) => it.from,
        Body::VehicleStatus(it) => it.from,
        Body::VehicleRecord(it) => it.from,
        Body::DeviceSpan(it) => Some(it.from),
        Body::Published(it) => Some(it.at),
    }
}
