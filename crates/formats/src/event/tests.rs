//! What the decoder promises to senders, and to those who count on its pointers.

use engine::fact::{
    DeviceKind, Mode, NoticeKind, ObjectionVerdict, Precision, ToldState, Verdict, VoidReason,
};
use engine::place::{Crs, Point};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::mapping::{self, MappedFact};

fn at(text: &str) -> Timestamp {
    text.parse::<jiff::Timestamp>().unwrap().into()
}

fn observation() -> Value {
    json!({"specversion":"1.0","type":"clearwalk.observation.v1","source":"/devices/LD-0132","id":"7f3a",
     "time":"2026-03-02T10:00:09+08:00",
     "data":{"plate":{"number":"湘K12345","class":"02","color":"blue","confidence":0.97,"char_confidence":[0.99,0.98]},
      "captured_at":"2026-03-02T10:00:05+08:00",
      "device":{"id":"LD-0132","kind":"camera","mode":"live"},
      "place":{"zone":"Z1","name":"乐坪大道与长青街口东侧","lon":111.994,"lat":27.728,"crs":"wgs84"},
      "violation_code":"1039","vehicle":{"kind":"car","color":"white"},"flags":[],
      "evidence":[{"url":"https://e/1","sha256":"ab","kind":"panorama","captured_at":"2026-03-02T10:00:05+08:00"}]}})
}

#[expect(clippy::needless_pass_by_value, reason = "callers build it in place")]
fn event(name: &str, data: Value) -> Value {
    json!({"specversion":"1.0","type":format!("clearwalk.{name}.v1"),"source":"s","id":"1","data":data})
}

fn decoded(event: &Value) -> Decoded {
    decode(event.to_string().as_bytes(), Known::FromTime, 7)
        .unwrap_or_else(|error| panic!("{error:?}\n{event:#}"))
}

fn rejected(event: &Value) -> Rejected {
    decode(event.to_string().as_bytes(), Known::FromTime, 7).expect_err(&event.to_string())
}

fn body(name: &str, data: Value) -> Body {
    decoded(&event(name, data)).fact.body
}

/// The event with the value at `pointer` replaced; none takes it away.
fn with(event: &Value, pointer: &str, value: Option<Value>) -> Value {
    let mut event = event.clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = event.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => parent.insert(key.to_owned(), value),
        None => parent.remove(key),
    };
    event
}

#[test]
fn an_observation_is_read_whole() {
    let Decoded { fact, hint, time } = decoded(&observation());
    assert_eq!(fact.id.as_str(), "/devices/LD-0132#7f3a");
    assert_eq!(
        (fact.known, time, fact.position),
        (at("2026-03-02T02:00:09Z"), Some(at("2026-03-02T02:00:09Z")), 7)
    );
    assert_eq!(hint, None);
    let seen = fact.body.observation().unwrap();
    assert_eq!(seen.plate.number.as_deref(), Some("湘K12345"));
    assert_eq!(seen.plate.class.as_deref(), Some("02"));
    assert_eq!(seen.plate.color.as_deref(), Some("blue"));
    assert_eq!(
        (seen.plate.confidence, seen.plate.min_char_confidence),
        (Some(970_000), Some(980_000))
    );
    assert_eq!(seen.captured_at, at("2026-03-02T02:00:05Z"));
    assert_eq!(
        (seen.precision, seen.device_kind, seen.mode),
        (Precision::Second, DeviceKind::Camera, Mode::Live)
    );
    assert_eq!(seen.place.zone.as_deref(), Some("Z1"));
    assert_eq!(seen.place.name.as_deref(), Some("乐坪大道与长青街口东侧"));
    assert_eq!(
        seen.place.point,
        Some(Point {
            lon: 1_119_940_000,
            lat: 277_280_000,
            crs: Some(Crs::Wgs84)
        })
    );
    assert_eq!(seen.code.as_deref(), Some("1039"));
    assert_eq!(
        (seen.vehicle_kind.as_deref(), seen.vehicle_color.as_deref()),
        (Some("car"), Some("white"))
    );
    assert!(seen.images.is_some() && !seen.corrected && seen.flags.is_empty());
}

#[test]
fn a_time_from_the_stream_wins_over_the_sender_s_and_the_sender_s_over_the_capture() {
    let stream = at("2026-03-02T05:00:00Z");
    let bytes = observation().to_string();
    let of_stream = decode(bytes.as_bytes(), Known::At(stream), 0).unwrap();
    assert_eq!(
        (of_stream.fact.known, of_stream.time),
        (stream, Some(at("2026-03-02T02:00:09Z")))
    );
    let silent = with(&observation(), "/time", None);
    assert_eq!(decoded(&silent).fact.known, at("2026-03-02T02:00:05Z"));
    let status = event(
        "vehicle-status",
        json!({"plate":{"number":"A"},"status":"stolen"}),
    );
    assert_eq!(rejected(&status).pointer, "/time");
    assert!(decode(status.to_string().as_bytes(), Known::At(stream), 0).is_ok());
}

/// Each case takes a value away from the sample, or puts another there, and names the fault that follows at that place.
fn faults(cases: &[(&str, Option<Value>, &str)]) {
    for (pointer, value, detail) in cases {
        let found = rejected(&with(&observation(), pointer, value.clone()));
        assert_eq!(
            (found.pointer.as_str(), found.reason),
            (*pointer, Reason::Schema),
            "{pointer} {value:?}"
        );
        assert!(
            detail.is_empty() || found.detail == *detail,
            "{pointer}: {}",
            found.detail
        );
    }
}

#[test]
fn what_is_missing_or_wrong_in_the_envelope_is_named_by_its_pointer() {
    let cases = [
        ("/specversion", None, "required"),
        ("/specversion", Some(json!("0.3")), "must be \"1.0\""),
        ("/type", None, "required"),
        (
            "/type",
            Some(json!("clearwalk.sighting.v1")),
            "is not a type that Clearwalk knows",
        ),
        (
            "/type",
            Some(json!("clearwalk.observation.v2")),
            "is not a type that Clearwalk knows",
        ),
        ("/source", Some(json!("a#b")), "must not contain `#`"),
        ("/source", Some(json!("")), "must not be empty"),
        ("/id", None, "required"),
        ("/id", Some(json!(7)), "must be a text"),
        (
            "/id",
            Some(json!("a\u{0}")),
            "must not contain control characters",
        ),
        ("/time", Some(json!("2026-03-02T10:00:09")), ""),
        ("/data", None, "required"),
        ("/data", Some(json!([])), "must be an object"),
    ];
    faults(&cases);
}

#[test]
fn what_is_missing_or_wrong_in_what_was_seen_is_named_by_its_pointer() {
    let cases = [
        ("/data/plate", None, "required"),
        ("/data/plate", Some(json!("湘K12345")), "must be an object"),
        ("/data/plate/number", Some(json!(12345)), "must be a text"),
        (
            "/data/plate/confidence",
            Some(json!(1.01)),
            "must lie between 0 and 1",
        ),
        ("/data/plate/confidence", Some(json!("0.9")), "must be a number"),
        ("/data/captured_at", None, "required"),
        ("/data/captured_at", Some(Value::Null), "required"),
        ("/data/captured_at", Some(json!("yesterday")), ""),
        (
            "/data/captured_precision",
            Some(json!("hour")),
            "must be one of second, day",
        ),
    ];
    faults(&cases);
}

#[test]
fn what_is_missing_or_wrong_about_device_and_place_is_named_by_its_pointer() {
    let cases = [
        ("/data/device", None, "required"),
        ("/data/device/id", None, "required"),
        ("/data/device/id", Some(json!("")), "must not be empty"),
        (
            "/data/device/kind",
            Some(json!("drone")),
            "must be one of camera, patrol, citizen",
        ),
        (
            "/data/device/mode",
            Some(json!("LIVE")),
            "must be one of live, test, history",
        ),
        ("/data/place", None, "required"),
        (
            "/data/place/lon",
            Some(json!(180.000_000_1)),
            "must lie between -180 and 180",
        ),
        ("/data/place/lat", Some(json!(-91)), "must lie between -90 and 90"),
        ("/data/place/lat", None, "required beside lon"),
        ("/data/place/lon", Some(json!("111.994")), "must be a number"),
        (
            "/data/place/crs",
            Some(json!("epsg:4326")),
            "must be one of wgs84, gcj02, bd09",
        ),
        (
            "/data/driver",
            Some(json!("asleep")),
            "must be one of absent, refused, left",
        ),
        ("/data/obstructing", Some(json!("yes")), "must be true or false"),
        ("/data/flags", Some(json!("obstruction")), "must be a list"),
        ("/data/evidence", Some(json!(["x"])), "must be a list of objects"),
    ];
    faults(&cases);
}

#[test]
fn items_of_lists_are_named_by_their_number() {
    assert_eq!(
        rejected(&with(&observation(), "/data/flags", Some(json!(["a", 1])))).pointer,
        "/data/flags/1"
    );
    let chars = with(
        &observation(),
        "/data/plate/char_confidence",
        Some(json!([0.5, 1.5])),
    );
    assert_eq!(rejected(&chars).pointer, "/data/plate/char_confidence/1");
}

#[test]
fn source_and_id_are_kept_of_what_is_rejected_when_they_can_be_read() {
    let found = rejected(&with(&observation(), "/data/captured_at", None));
    assert_eq!(
        (found.source.as_deref(), found.id.as_deref()),
        (Some("/devices/LD-0132"), Some("7f3a"))
    );
    let twice = br#"{"id":"1","id":"2","source":"s"}"#;
    let found = decode(twice, Known::FromTime, 0).unwrap_err();
    assert_eq!(
        (found.pointer.as_str(), found.detail.as_str()),
        ("/id", "given twice")
    );
    assert_eq!((found.source.as_deref(), found.id), (Some("s"), None));
    let broken = decode(b"{\"source\":\"s\",", Known::FromTime, 0).unwrap_err();
    assert_eq!(
        (broken.source, broken.id, broken.pointer.as_str()),
        (None, None, "")
    );
    assert_eq!(broken.detail, "ends too early, at line 1 column 15");
    assert_eq!(
        decode(b"[]", Known::FromTime, 0).unwrap_err().detail,
        "must be an object"
    );
    assert_eq!(
        decode(b"\n \xff{}", Known::FromTime, 0).unwrap_err().detail,
        "is not JSON, at line 2 column 2"
    );
}

#[test]
fn a_place_needs_a_zone_or_coordinates_and_may_be_unknown() {
    let place = |place: Value| with(&observation(), "/data/place", Some(place));
    let read = |event: &Value| decoded(event).fact.body.observation().unwrap().place.clone();
    assert_eq!(
        read(&place(json!({"zone":"unknown"}))),
        engine::place::Place::default()
    );
    assert_eq!(
        read(&place(json!({"lon":0,"lat":-90}))).point,
        Some(Point {
            lon: 0,
            lat: -900_000_000,
            crs: None
        })
    );
    assert_eq!(rejected(&place(json!({}))).pointer, "/data/place/zone");
    assert_eq!(
        rejected(&place(json!({"name":"somewhere"}))).pointer,
        "/data/place/zone"
    );
}

#[test]
fn an_unread_plate_is_no_broken_record() {
    for plate in [
        json!(null),
        json!({}),
        json!({"number":null}),
        json!({"number":""}),
    ] {
        let fact = decoded(&with(&observation(), "/data/plate", Some(plate))).fact;
        assert_eq!(fact.body.observation().unwrap().plate, RawPlate::default());
    }
}

#[test]
fn an_empty_ticket_or_session_ties_nobody_together() {
    let event = with(
        &with(&observation(), "/data/ticket", Some(json!(""))),
        "/data/session",
        Some(Value::Null),
    );
    let fact = decoded(&event).fact;
    let seen = fact.body.observation().unwrap();
    assert_eq!((&seen.ticket, &seen.session), (&None, &None));
}

#[test]
fn images_are_the_same_in_any_order_and_letter_case() {
    let images = |hashes: &[&str]| {
        let list: Vec<_> = hashes.iter().map(|hash| json!({"sha256": hash})).collect();
        let fact = decoded(&with(&observation(), "/data/evidence", Some(Value::from(list)))).fact;
        fact.body.observation().unwrap().images
    };
    assert_eq!(images(&["ab", "CD"]), images(&["cd", "ab"]));
    assert_ne!(images(&["ab", "cd"]), images(&["abcd"]));
    assert_ne!(images(&["ab"]), images(&["ab", "ab"]));
    assert_eq!(images(&[]), None);
    let without_hash = with(
        &observation(),
        "/data/evidence",
        Some(json!([{"url":"https://e/1"}])),
    );
    assert_eq!(
        decoded(&without_hash).fact.body.observation().unwrap().images,
        None
    );
}

#[test]
fn content_is_equal_when_type_and_data_are_whatever_the_order_the_envelope_and_the_spelling() {
    let digest = |text: &str| decode(text.as_bytes(), Known::FromTime, 0).unwrap().fact.digest;
    let plain = observation();
    let same = [
        serde_json::to_string_pretty(&plain).unwrap(),
        with(&plain, "/time", Some(json!("2026-03-02T11:00:09+08:00"))).to_string(),
        with(
            &with(&plain, "/id", Some(json!("other"))),
            "/traceparent",
            Some(json!("00-1")),
        )
        .to_string(),
        plain
            .to_string()
            .replace("111.994", "1.119940e2")
            .replace("湘", "\\u6e58"),
    ];
    for text in &same {
        assert_eq!(digest(text), digest(&plain.to_string()), "{text}");
    }
    let other = [
        with(&plain, "/data/unheard_of", Some(json!(1))),
        with(&plain, "/data/captured_at", Some(json!("2026-03-02T02:00:05Z"))),
        with(&plain, "/data/flags", Some(json!(["x"]))),
    ];
    for event in &other {
        assert_ne!(digest(&event.to_string()), digest(&plain.to_string()), "{event}");
    }
}

#[test]
fn the_digest_is_the_hash_of_the_canonical_json_of_type_and_data() {
    use sha2::{Digest as _, Sha256};
    let event = observation();
    let content = json!({"type": event["type"], "data": event["data"]});
    let canonical = serde_json_canonicalizer::to_vec(&content).unwrap();
    assert_eq!(decoded(&event).fact.digest[..], Sha256::digest(canonical)[..16]);
}

#[test]
fn every_type_of_answer_is_read() {
    let about = FactId::new("s", "a#b");
    let base = json!({"about":"s#a#b","by":"officer-1","at":"2026-03-02T10:00:00Z"});
    let data = |more: Value| {
        let mut data = base.clone();
        data.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        data
    };
    let bodies = [
        body("review", data(json!({"verdict":"confirmed","reviewer":"r"}))),
        body("plate-correction", data(json!({"plate":{"number":"湘K1"}}))),
        body("void", data(json!({"reason":"rescue"}))),
        body("told", data(json!({"kind":"waived","state":"handed_over"}))),
        body("handled-elsewhere", data(json!({"agency":"police"}))),
        body("objection", data(json!({"ground":"g"}))),
        body("objection-result", data(json!({"result":"lighter"}))),
        body("discretion", data(json!({"outcome":"waived","reason":"mercy"}))),
        body(
            "penalty-decision",
            data(json!({"officers":["a","b"],"fine_minor":10000})),
        ),
        body("payment", data(json!({"amount_minor":10000}))),
        body("application", data(json!({"kind":"photos","verdict":"granted"}))),
        body("reattribution", data(json!({"to_owner_id":"o"}))),
    ];
    for body in &bodies {
        assert_eq!(body.about(), Some(&about), "{body:?}");
    }
    assert!(
        matches!(&bodies[0], Body::Review(it) if it.verdict == Verdict::Confirmed && it.reason.is_none())
    );
    assert!(matches!(&bodies[2], Body::Void(it) if it.reason == VoidReason::Rescue && &*it.text == "rescue"));
    assert!(
        matches!(&bodies[3], Body::Told(it) if it.kind == NoticeKind::Waived && it.state == ToldState::HandedOver)
    );
    assert!(matches!(&bodies[6], Body::ObjectionResult(it) if it.result == ObjectionVerdict::Lighter));
    assert!(
        matches!(&bodies[8], Body::PenaltyDecision(it) if it.fine_minor == 10_000 && it.officers.len() == 2)
    );
    for (name, body) in [
        ("void", data(json!({"reason":"it rained"}))),
        ("void", data(json!({"reason":"other"}))),
    ] {
        assert!(
            matches!(decoded(&event(name, body)).fact.body, Body::Void(it) if it.reason == VoidReason::Other)
        );
    }
}

#[test]
fn answers_say_what_they_miss() {
    let data = json!({"about":"s#a","by":"o","at":"2026-03-02T10:00:00Z","reviewer":"r","verdict":"confirmed",
        "reason":"x","kind":"waived","state":"delivered","agency":"p","result":"upheld","outcome":"waived",
        "officers":["a","b"],"fine_minor":1,"amount_minor":1,"to_owner_id":"o","plate":{"number":"A"}});
    let cases = [
        ("review", "about at verdict reviewer"),
        ("plate-correction", "about at by plate"),
        ("void", "about at by reason"),
        ("told", "about at kind state"),
        ("handled-elsewhere", "about at agency"),
        ("objection", "about at"),
        ("objection-result", "about at by result"),
        ("discretion", "about at by outcome reason"),
        ("penalty-decision", "about at officers fine_minor"),
        ("payment", "about at amount_minor"),
        ("reattribution", "about at by to_owner_id"),
    ];
    for (name, keys) in cases {
        decoded(&event(name, data.clone()));
        for key in keys.split(' ') {
            let pointer = format!("/data/{key}");
            assert_eq!(
                rejected(&with(&event(name, data.clone()), &pointer, None)).pointer,
                pointer,
                "{name}"
            );
        }
    }
    let told =
        |key: &str, value: Value| rejected(&with(&event("told", data.clone()), key, Some(value))).pointer;
    assert_eq!(told("/data/about", json!("no hash")), "/data/about");
    assert_eq!(told("/data/kind", json!("corrected")), "/data/kind");
    assert_eq!(told("/data/state", json!("sent")), "/data/state");
    assert_eq!(told("/data/plate", json!({"class":"02"})), "/data/plate/number");
    let one = with(
        &event("penalty-decision", data.clone()),
        "/data/officers",
        Some(json!(["a", "a"])),
    );
    assert_eq!(rejected(&one).pointer, "/data/officers");
    let negative = with(&event("payment", data), "/data/amount_minor", Some(json!(-1)));
    assert_eq!(rejected(&negative).detail, "must not be negative");
}

#[test]
fn the_plate_of_an_answer_is_a_hint_and_that_of_a_correction_is_not() {
    let data = json!({"about":"s#a","by":"o","at":"2026-03-02T10:00:00Z","reason":"rescue","kind":"waived",
        "state":"delivered","plate":{"number":"湘K12345","class":"02"}});
    let hint = RawPlate {
        number: Some("湘K12345".into()),
        class: Some("02".into()),
        ..RawPlate::default()
    };
    assert_eq!(decoded(&event("void", data.clone())).hint, Some(hint.clone()));
    let told = decoded(&event("told", data.clone()));
    assert_eq!(told.hint, Some(hint.clone()));
    assert!(
        matches!(told.fact.body, Body::Told(it) if it.plate == Some(("湘K12345".into(), Some("02".into()))))
    );
    let corrected = decoded(&event("plate-correction", data));
    assert_eq!(corrected.hint, None);
    assert!(matches!(corrected.fact.body, Body::PlateCorrection(it) if it.plate == hint));
}

#[test]
fn every_other_type_is_read() {
    let from = "2026-03-02T10:00:00Z";
    let plate = json!({"number":"A"});
    let departure = json!({"plate":plate,"place":{"zone":"Z1"},"device":{"id":"d"},"departed_at":from});
    assert!(matches!(body("departure", departure), Body::Departure(it) if &*it.device == "d"));
    let registration = json!({"plate":plate,"from":from,"owner_id":"o"});
    assert!(matches!(body("registration", registration), Body::Registration(it) if it.owner_id.is_some()));
    let permit = json!({"zone":"Z1","zones":["Z1"],"from":from,"hours":"22:00-06:00"});
    assert!(matches!(body("permit", permit), Body::Permit(it) if it.plate.is_none() && it.zones.len() == 1));
    let status = json!({"plate":plate,"status":"on-duty","from":from});
    assert!(matches!(body("vehicle-status", status), Body::VehicleStatus(it) if &*it.status == "on-duty"));
    let record = json!({"plate":plate,"owner_kind":"organisation","from":from});
    assert!(matches!(body("vehicle-record", record), Body::VehicleRecord(it) if it.brand.is_none()));
    let span = json!({"device":"d","from":from,"state":"drift","drift_ms":-1500});
    assert!(matches!(body("device-span", span), Body::DeviceSpan(it) if it.drift_ms == Some(-1500)));
    for (name, what) in [("policy-published", "policy"), ("zones-published", "zones")] {
        let published = json!({"document":"x","by":"b","at":from});
        assert!(matches!(body(name, published), Body::Published(it) if &*it.what == what));
    }
    let wrong = [
        (
            "departure",
            json!({"plate":plate,"place":{"zone":"Z1"},"departed_at":from}),
            "/data/device",
        ),
        (
            "registration",
            json!({"plate":{},"from":from}),
            "/data/plate/number",
        ),
        ("permit", json!({"from":from}), "/data/plate"),
        (
            "permit",
            json!({"zone":"Z1","from":from,"hours":"6-8"}),
            "/data/hours",
        ),
        (
            "vehicle-status",
            json!({"plate":plate,"status":"lost","from":from}),
            "/data/status",
        ),
        (
            "device-span",
            json!({"device":"d","from":from,"state":"drift","drift_ms":0.5}),
            "/data/drift_ms",
        ),
        ("policy-published", json!({"by":"b","at":from}), "/data/document"),
    ];
    for (name, data, pointer) in wrong {
        assert_eq!(rejected(&event(name, data)).pointer, pointer, "{name}");
    }
}

fn mapped() -> impl Strategy<Value = MappedFact> {
    let text = || "[a-z湘\"\\\\0-9]{1,6}";
    let maybe = move || prop::option::of(text());
    let micros = || -60_000_000_000_000_000_i64..200_000_000_000_000_000;
    let place = (
        text(),
        prop::option::of((-1_800_000_000..=1_800_000_000_i32, -900_000_000..=900_000_000_i32)),
        maybe(),
    );
    let names = (text(), text(), text(), maybe(), maybe());
    let times = (micros(), prop::option::of(micros()), any::<bool>());
    (names, times, place, text(), (maybe(), maybe(), maybe())).prop_map(
        |(
            (source, id, plate_number, class, color),
            times,
            (zone, point, name),
            device,
            (code, ticket, session),
        )| {
            MappedFact {
                source,
                id,
                plate_number,
                class,
                color,
                captured_at: times.0,
                time: times.1,
                day_precision: times.2,
                zone: Some(zone),
                lon: point.map(|(lon, _)| lon),
                lat: point.map(|(_, lat)| lat),
                crs: None,
                name,
                device,
                code,
                mode: mapping::Mode::History,
                ticket,
                session,
            }
        },
    )
}

proptest! {
    #[test]
    fn what_an_import_writes_is_read_without_a_change(row in mapped()) {
        let mut json = Vec::new();
        row.to_cloudevent_json(&mut json);
        let fact = decode(&json, Known::FromTime, 0).unwrap().fact;
        let seen = fact.body.observation().unwrap();
        prop_assert_eq!((fact.id.source(), fact.id.id()), (row.source.as_str(), row.id.as_str()));
        prop_assert_eq!(fact.known.as_micros(), row.time.unwrap_or(row.captured_at));
        prop_assert_eq!(seen.captured_at.as_micros(), row.captured_at);
        prop_assert_eq!(seen.precision == Precision::Day, row.day_precision);
        prop_assert_eq!(seen.plate.number.as_deref(), Some(row.plate_number.as_str()));
        prop_assert_eq!(seen.plate.class.as_deref(), row.class.as_deref());
        prop_assert_eq!(seen.plate.color.as_deref(), row.color.as_deref());
        prop_assert_eq!(seen.place.zone.as_deref(), row.zone.as_deref());
        prop_assert_eq!(seen.place.name.as_deref(), row.name.as_deref());
        prop_assert_eq!(seen.place.point.map(|point| (point.lon, point.lat)), row.lon.zip(row.lat));
        prop_assert_eq!((&*seen.device, seen.mode), (row.device.as_str(), Mode::History));
        prop_assert_eq!(seen.code.as_deref(), row.code.as_deref());
        prop_assert_eq!((seen.ticket.as_deref(), seen.session.as_deref()), (row.ticket.as_deref(), row.session.as_deref()));
    }

    #[test]
    fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes, Known::FromTime, 0);
    }

    #[test]
    fn no_damaged_event_is_too_strange(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..3), 1..6),
    ) {
        let mut bytes = observation().to_string().into_bytes();
        for (index, byte, how) in edits {
            let place = index.index(bytes.len());
            match how {
                0 => bytes[place] = byte,
                1 => { bytes.remove(place); }
                _ => bytes.insert(place, byte),
            }
        }
        if let Err(rejected) = decode(&bytes, Known::FromTime, 0) {
            prop_assert!(!rejected.detail.is_empty());
        }
    }

    #[test]
    fn any_value_anywhere_is_read_or_named(
        pointer in prop::sample::select(vec![
            "/specversion", "/type", "/source", "/id", "/time", "/data", "/data/plate", "/data/plate/number",
            "/data/plate/confidence", "/data/plate/char_confidence", "/data/captured_at", "/data/device",
            "/data/device/id", "/data/place", "/data/place/lon", "/data/place/crs", "/data/vehicle", "/data/flags",
            "/data/evidence", "/data/obstructing", "/data/officers",
        ]),
        value in prop::sample::select(vec![
            json!(null), json!(true), json!(0), json!(-1), json!(1e300), json!(0.5), json!(""), json!("x"),
            json!([]), json!([null]), json!([[]]), json!({}), json!({"a": 1}), json!(u64::MAX), json!("2026-03-02T10:00:05Z"),
        ]),
    ) {
        if let Err(rejected) = decode(with(&observation(), pointer, Some(value)).to_string().as_bytes(), Known::FromTime, 0) {
            prop_assert!(rejected.pointer.starts_with(pointer), "{} at {}", rejected.pointer, pointer);
        }
    }
}
