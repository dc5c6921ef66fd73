//! What people decide about a case.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use engine::case::Disposition;
use formats::event::{self, Known};
use formats::ledger;
use ports::commit::{Commit, LedgerWrite, NewIdentity, Record};
use ports::log::Stream as _;
use ports::store::IntakeStore as _;
use serde_json::{Value, json};

use crate::scene::{Answer, Scene, at, case, scene};

pub(crate) async fn act(scene: &Scene, what: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let mut request = Request::post(format!("/v1/cases/260301-B/{what}"))
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    scene
        .send(request.body(Body::from(body.to_string())).unwrap())
        .await
}

/// Reads one fact as intake would: it is known, its ledger holds it, and the case has another version.
async fn intake(scene: &Scene) {
    scene
        .lane
        .wait_beyond(1, std::time::Duration::from_secs(20))
        .await
        .unwrap();
    let records = scene.lane.read(1, 10).await.unwrap();
    let decoded = event::decode(&records[0].payload, Known::At(at(0)), 1).unwrap();
    let identity = NewIdentity {
        id: decoded.fact.id.clone(),
        digest: decoded.fact.digest,
        plate: "湘K12345".into(),
    };
    let record = Record {
        position: 1,
        id: Some(decoded.fact.id.clone()),
        disposition: Disposition::Applied,
        reason: None,
        detail: None,
        known: at(0),
        payload: [0; 32],
    };
    let (mut held, mut document) = (engine::ledger::Ledger::default(), Vec::new());
    held.add(decoded.fact);
    ledger::encode(&held, &mut document);
    scene
        .store
        .cases
        .lock()
        .unwrap()
        .push(case(9, "260301-B", 2, "湘K12345/01", "voided"));
    let from = scene.lane.progress().await.unwrap();
    let mut to = from;
    to.next += 1;
    let batch = Commit {
        from,
        to,
        records: vec![record],
        identities: vec![identity],
        ledgers: vec![LedgerWrite {
            plate: "湘K12345".into(),
            expected: 0,
            document: document.into(),
            wake: None,
        }],
        ..Commit::default()
    };
    scene.lane.commit(&batch).await.unwrap();
}

#[tokio::test]
async fn a_deed_is_a_fact_and_is_answered_when_it_is_decided_on() {
    let scene = scene();
    let tag = scene
        .get("/v1/cases/260301-B")
        .await
        .header(header::ETAG)
        .to_owned();
    let headers = [("idempotency-key", "k1"), ("if-match", tag.as_str())];
    let body = json!({ "reason": "rescue", "by": "li" });
    let (answer, ()) = tokio::join!(act(&scene, "void", &headers, &body), intake(&scene));
    let said = answer.json();
    assert_eq!(
        (
            &said["decided"],
            &said["case"]["version"],
            &said["case"]["outcome"]
        ),
        (&json!(true), &json!(2), &json!("voided"))
    );
    assert_eq!(answer.header(header::ETAG), "\"v2\"");
    let fact: Value = serde_json::from_slice(&scene.lane.read(1, 1).await.unwrap()[0].payload).unwrap();
    assert_eq!(fact["type"], "clearwalk.void.v1");
    assert_eq!(
        fact["data"],
        json!({
            "about": "/devices/1#a", "at": "2026-03-02T04:00:00Z", "by": "li", "reason": "rescue",
            "plate": { "number": "湘K12345", "class": "01" },
        })
    );
    let audit = scene.store.audit.lock().unwrap().clone();
    assert_eq!(
        (&*audit[0].actor, &*audit[0].action, &*audit[0].object),
        ("li", "case.void", "260301-B")
    );
    // Again: nothing more is written, and the answer is the same.
    let again = act(&scene, "void", &headers, &body).await;
    assert_eq!((again.status, &again.text), (answer.status, &answer.text));
    act(
        &scene,
        "void",
        &headers,
        &json!({ "reason": "exempt", "by": "li" }),
    )
    .await
    .problem(422);
    act(&scene, "review", &headers, &json!({ "verdict": "confirmed" }))
        .await
        .problem(422);
    assert_eq!(scene.lane.end().await.unwrap(), 2);
}

#[tokio::test]
async fn a_key_is_known_again_after_a_restart() {
    let first = scene();
    let headers = [("idempotency-key", "k1"), ("if-match", "\"v1\"")];
    let body = json!({ "verdict": "confirmed", "reason": "clear picture" });
    let (answer, ()) = tokio::join!(act(&first, "review", &headers, &body), intake(&first));
    assert_eq!(answer.json()["decided"], true);
    let lane = first.lane.clone();
    let second = crate::scene::scene_with(crate::fake::Fake::default(), true, |parts| {
        parts.stream = Arc::new(lane.clone());
        parts.intake = Arc::new(lane.clone());
    });
    *second.store.cases.lock().unwrap() = first.store.cases.lock().unwrap().clone();
    let again = act(&second, "review", &headers, &body).await.json();
    assert_eq!(
        (&again["decided"], &again["fact"]),
        (&json!(true), &answer.json()["fact"])
    );
    act(&second, "review", &headers, &json!({ "verdict": "rejected" }))
        .await
        .problem(422);
    assert_eq!(first.lane.end().await.unwrap(), 2);
}

#[tokio::test]
async fn who_looked_at_another_version_is_told_so() {
    let scene = scene();
    let body = json!({ "reason": "rescue" });
    for (tag, status) in [(None, 428), (Some("\"v2\""), 412), (Some("v1"), 412)] {
        let mut headers = vec![("idempotency-key", "k")];
        headers.extend(tag.map(|tag| ("if-match", tag)));
        act(&scene, "void", &headers, &body).await.problem(status);
    }
    act(&scene, "void", &[("if-match", "\"v1\"")], &body)
        .await
        .problem(400);
    assert_eq!(scene.lane.end().await.unwrap(), 1);
    assert!(scene.store.audit.lock().unwrap().is_empty());
}

#[tokio::test]
async fn only_words_of_the_closed_lists_are_taken() {
    let scene = scene();
    for (what, body, parameter) in [
        ("void", json!({ "reason": "because" }), "reason"),
        ("review", json!({ "verdict": "perhaps" }), "verdict"),
        (
            "review",
            json!({ "verdict": "confirmed", "fact": "/devices/1#z" }),
            "fact",
        ),
        ("plate", json!({ "number": " " }), "number"),
        (
            "discretion",
            json!({ "outcome": "free", "reason": "x" }),
            "outcome",
        ),
        (
            "discretion",
            json!({ "outcome": "waived", "reason": "two\nlines" }),
            "reason",
        ),
        ("objection", json!({ "ground": "" }), "ground"),
        ("void", json!({ "reason": "rescue", "by": "" }), "by"),
    ] {
        let headers = [("idempotency-key", "k"), ("if-match", "\"v1\"")];
        let problem = act(&scene, what, &headers, &body).await.problem(400);
        assert_eq!(problem["parameter"], parameter, "{what} {body}");
    }
    assert_eq!(scene.lane.end().await.unwrap(), 1);
}

#[tokio::test]
async fn without_intake_the_answer_says_that_it_is_not_decided_on_yet() {
    let scene = scene();
    let headers = [("idempotency-key", "k"), ("if-match", "*")];
    let answer = act(&scene, "objection", &headers, &json!({ "ground": "not my car" })).await;
    assert_eq!(answer.status.as_u16(), 202, "{}", answer.text);
    let said: Value = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(
        (&said["decided"], &said["case"]["version"]),
        (&json!(false), &json!(1))
    );
    assert_eq!(scene.lane.end().await.unwrap(), 2);
}

/// The lane moves over one record, whatever it says.
pub(crate) async fn move_over(scene: &Scene, position: u64) {
    let long = std::time::Duration::from_secs(20);
    scene.lane.wait_beyond(position, long).await.unwrap();
    let from = scene.lane.progress().await.unwrap();
    let mut to = from;
    to.next += 1;
    let record = Record {
        position,
        id: None,
        disposition: Disposition::Applied,
        reason: None,
        detail: None,
        known: at(0),
        payload: [0; 32],
    };
    let batch = Commit {
        from,
        to,
        records: vec![record],
        ..Commit::default()
    };
    scene.lane.commit(&batch).await.unwrap();
}

#[tokio::test]
async fn each_deed_is_a_fact_of_its_own_type_that_intake_can_read() {
    let scene = scene();
    let deeds = [
        (
            "review",
            json!({ "verdict": "rejected", "fact": "/devices/1#b" }),
            "review",
        ),
        (
            "plate",
            json!({ "number": "湘K54321", "class": "02" }),
            "plate-correction",
        ),
        (
            "discretion",
            json!({ "outcome": "waived", "reason": "hardship" }),
            "discretion",
        ),
        (
            "objection",
            json!({ "ground": "not me", "statement": "I was away.\nSee letter." }),
            "objection",
        ),
        (
            "void",
            json!({ "reason": "merged", "fact": "/devices/1#b" }),
            "void",
        ),
    ];
    for (position, (what, body, kind)) in (1..).zip(deeds) {
        let key = format!("k{position}");
        let headers = [("idempotency-key", key.as_str()), ("if-match", "\"v1\"")];
        let (answer, ()) = tokio::join!(act(&scene, what, &headers, &body), move_over(&scene, position));
        assert_eq!(answer.json()["decided"], true, "{what}");
        let payload = scene.lane.read(position, 1).await.unwrap()[0].payload.clone();
        let decoded = event::decode(&payload, Known::At(at(0)), position).unwrap();
        let fact: Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(fact["type"], format!("clearwalk.{kind}.v1"));
        let about = if body["fact"].is_string() {
            "/devices/1#b"
        } else {
            "/devices/1#a"
        };
        assert_eq!(decoded.fact.body.about().unwrap().as_str(), about, "{what}");
        let number = if what == "plate" { "湘K54321" } else { "湘K12345" };
        assert_eq!(fact["data"]["plate"]["number"], number, "{what}");
    }
}
