//! The queue of records that were set aside, over a whole store in memory.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use engine::case::{Disposition, Reason};
use formats::event::{self, Known};
use ports::commit::{Commit, NewIdentity, Record};
use ports::log::{NewEnvelope, Stream as _};
use ports::quarantine::QuarantineStore as _;
use ports::read::ReadStore as _;
use ports::store::IntakeStore as _;
use serde_json::{Value, json};
use testkit::MemoryStore;
use web::Parts;

use crate::facts::sighting;
use crate::fake::Fake;
use crate::scene::{Answer, Scene, at, scene_with};

/// Every part is the store in memory.
pub(crate) fn on_memory(parts: &mut Parts, lane: &MemoryStore) {
    parts.store = Arc::new(lane.clone());
    parts.quarantine = Arc::new(lane.clone());
    parts.stream = Arc::new(lane.clone());
    parts.intake = Arc::new(lane.clone());
    parts.dispatch = Arc::new(lane.clone());
}

/// A stream with these records, all read.
pub(crate) async fn with_records(records: &[String]) -> Scene {
    let lane = MemoryStore::new();
    let mut scene = scene_with(Fake::default(), true, |parts| on_memory(parts, &lane));
    scene.lane = lane;
    let records: Vec<NewEnvelope> = records
        .iter()
        .map(|payload| NewEnvelope {
            known: at(-60),
            payload: payload.clone().into(),
        })
        .collect();
    scene.lane.append(&records).await.unwrap();
    read_all(&scene.lane).await;
    scene
}

/// Reads what there is as intake does with records that nobody judges: what cannot be read is set aside, and so is other
/// content under a known id.
pub(crate) async fn read_all(lane: &MemoryStore) {
    let from = lane.progress().await.unwrap();
    let mut batch = Commit {
        from,
        to: from,
        at: at(0),
        ..Commit::default()
    };
    for envelope in lane.read(from.next, 1000).await.unwrap() {
        batch.to.next = envelope.position + 1;
        let mut record = Record {
            position: envelope.position,
            id: None,
            disposition: Disposition::Decided,
            reason: None,
            detail: None,
            known: envelope.known,
            payload: [0; 32],
        };
        match event::decode(&envelope.payload, Known::At(envelope.known), envelope.position) {
            Ok(decoded) => {
                let fact = decoded.fact;
                record.id = Some(fact.id.clone());
                let known = lane.identities(std::slice::from_ref(&fact.id)).await.unwrap();
                let here = batch.identities.iter().find(|it| it.id == fact.id);
                let digest = here
                    .map(|it| it.digest)
                    .or_else(|| known[0].as_ref().map(|it| it.digest));
                match digest {
                    Some(digest) if digest == fact.digest => record.disposition = Disposition::Duplicate,
                    Some(_) => {
                        record.disposition = Disposition::Conflict;
                        record.reason = Some(Reason::OtherContent);
                    }
                    None => batch.identities.push(NewIdentity {
                        id: fact.id,
                        digest: fact.digest,
                        plate: "湘K12345".into(),
                    }),
                }
            }
            Err(rejected) => {
                record.disposition = Disposition::Quarantined;
                record.reason = Some(rejected.reason);
                record.detail = Some(format!("{}: {}", rejected.pointer, rejected.detail).into());
            }
        }
        batch.records.push(record);
    }
    lane.commit(&batch).await.unwrap();
}

/// A record without its time, one that is no JSON, a good one, and another under the good one's id.
pub(crate) fn some() -> Vec<String> {
    let mut broken = sighting("a");
    broken["data"]["captured_at"] = json!("today");
    let good = sighting("b");
    let mut other = sighting("b");
    other["data"]["ticket"] = json!("T1");
    vec![
        broken.to_string(),
        "no JSON".to_owned(),
        good.to_string(),
        other.to_string(),
    ]
}

pub(crate) async fn act(scene: &Scene, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let mut request = Request::post(format!("/v1/quarantine/{path}"))
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    scene
        .send(request.body(Body::from(body.to_string())).unwrap())
        .await
}

const OPEN: [(&str, &str); 2] = [("idempotency-key", "k1"), ("if-match", "\"v1\"")];

#[tokio::test]
async fn an_unreadable_record_is_mended_and_the_entry_shows_where_it_went() {
    let scene = with_records(&some()).await;
    let answer = scene.get("/v1/quarantine/1").await;
    let entry = answer.json();
    assert_eq!(
        (
            &entry["pointer"],
            &entry["state"],
            &entry["raw"]["text"],
            &entry["now"]["redrive"]
        ),
        (
            &json!("/data/captured_at"),
            &json!("open"),
            &json!(some()[0]),
            &json!("unreadable")
        )
    );
    let tag = answer.header(header::ETAG).to_owned();
    let headers = [("idempotency-key", "k1"), ("if-match", tag.as_str())];
    let body = json!({ "reason": "the clock was set", "by": "li", "record": sighting("a") });
    let reading = async {
        let long = Duration::from_secs(20);
        scene.lane.wait_beyond(5, long).await.unwrap();
        read_all(&scene.lane).await;
    };
    let (answer, ()) = tokio::join!(act(&scene, "1/redrive", &headers, &body), reading);
    let done = answer.json();
    assert_eq!(
        (&done["state"], &done["decided"], &done["disposition"]),
        (&json!("redriven"), &json!(true), &json!("quarantined")),
        "the record itself stays as it was read"
    );
    assert_eq!(
        done["handling"],
        json!({
            "at": "2026-03-02T04:00:00Z", "by": "li", "reason": "the clock was set", "redriven_as": 5, "corrected": true,
        })
    );
    assert_eq!(done["became"]["disposition"], "decided");
    let record = &scene.lane.read(5, 1).await.unwrap()[0];
    assert_eq!(
        serde_json::from_slice::<Value>(&record.payload).unwrap(),
        sighting("a")
    );
    assert_eq!(record.known, at(0), "known from now on");
    let audit = scene.lane.audit(None, 10).await.unwrap();
    let line = &audit[0];
    assert_eq!(
        (&*line.actor, &*line.action, &*line.object),
        ("li", "quarantine.redrive", "record 1")
    );
    // Sent again it is the same; anything else about it is refused.
    let again = act(&scene, "1/redrive", &headers, &body).await;
    assert_eq!((again.status, &again.text), (answer.status, &answer.text));
    let other = json!({ "reason": "another", "by": "li" });
    act(&scene, "1/redrive", &headers, &other).await.problem(422);
    act(&scene, "1/drop", &headers, &other).await.problem(422);
    act(&scene, "2/drop", &OPEN, &other).await.problem(422);
    let late = [("idempotency-key", "k2"), ("if-match", "\"v2\"")];
    let problem = act(&scene, "1/drop", &late, &other).await.problem(409);
    assert_eq!(problem["code"], "already_handled");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("as record 5, by li at"), "{detail}");
    assert_eq!(scene.lane.end().await.unwrap(), 6);
    let entry = scene.get("/v1/quarantine/1").await.json();
    assert_eq!(
        (&entry["state"], &entry["became"]["offset"]),
        (&json!("redriven"), &json!(5))
    );
}

#[tokio::test]
async fn the_queue_is_filtered_by_reason_kind_and_what_was_done() {
    let scene = with_records(&some()).await;
    let offsets = async |query: &str| -> Vec<u64> {
        let page = scene.get(&format!("/v1/quarantine{query}")).await.json();
        let items = page["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|item| item["offset"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(offsets("").await, [1, 2, 4]);
    let dropped = act(&scene, "2/drop", &OPEN, &json!({ "reason": "noise" }))
        .await
        .json();
    assert_eq!(
        (&dropped["state"], &dropped["handling"]["redriven_as"]),
        (&json!("dropped"), &json!(null))
    );
    assert_eq!(offsets("?state=open").await, [1, 4]);
    assert_eq!(offsets("?state=dropped").await, [2]);
    assert_eq!(offsets("?reason=schema").await, [1, 2]);
    assert_eq!(offsets("?reason=schema&state=open").await, [1]);
    assert_eq!(offsets("?disposition=conflict").await, [4]);
    assert_eq!(offsets("?state=redriven").await, [0; 0]);
    let first = scene.get("/v1/quarantine?limit=2").await.json();
    let next = first["next"].as_str().unwrap();
    assert_eq!(offsets(&format!("?limit=2&cursor={next}")).await, [4]);
    let all = scene.get("/v1/quarantine?limit=3").await.json();
    assert_eq!(all["next"], Value::Null);
}

#[tokio::test]
async fn what_would_come_to_nothing_is_refused_and_says_why() {
    let scene = with_records(&some()).await;
    let as_it_is = json!({ "reason": "again" });
    for (path, said) in [
        ("1/redrive", "/data/captured_at: "),
        ("2/redrive", "is not JSON"),
        ("4/redrive", "known with other content"),
    ] {
        let problem = act(&scene, path, &OPEN, &as_it_is).await.problem(409);
        assert_eq!(problem["code"], "no_use", "{path}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(said), "{path}: {detail}");
    }
    let mut wrong = sighting("a");
    wrong["data"]["captured_at"] = json!("still today");
    for (record, pointer) in [
        (wrong, "/record/data/captured_at"),
        (json!({}), "/record/specversion"),
        (json!([1]), "/record"),
    ] {
        let body = json!({ "reason": "again", "record": record });
        let problem = act(&scene, "1/redrive", &OPEN, &body).await.problem(400);
        assert_eq!(problem["pointer"], pointer, "{problem}");
    }
    // A corrected record may have an id of its own.
    let body = json!({ "reason": "two cameras had one name", "record": sighting("c") });
    let answer = act(&scene, "4/redrive", &OPEN, &body).await;
    assert_eq!(answer.status.as_u16(), 202, "nobody reads: {}", answer.text);
    assert_eq!(scene.lane.end().await.unwrap(), 6);
}

#[tokio::test]
async fn what_a_ledger_holds_already_is_judged_again() {
    let good = sighting("b").to_string();
    let scene = with_records(std::slice::from_ref(&good)).await;
    // The fact is known, and its record was set aside by a rule: a zone that was closed, say.
    let from = scene.lane.progress().await.unwrap();
    let record = NewEnvelope {
        known: at(-50),
        payload: good.into(),
    };
    scene.lane.append(&[record]).await.unwrap();
    let mut to = from;
    to.next += 1;
    let aside = Record {
        position: 2,
        id: None,
        disposition: Disposition::Quarantined,
        reason: Some(Reason::InvalidPlate),
        detail: None,
        known: at(-50),
        payload: [0; 32],
    };
    let batch = Commit {
        from,
        to,
        records: vec![aside],
        ..Commit::default()
    };
    scene.lane.commit(&batch).await.unwrap();
    let entry = scene.get("/v1/quarantine/2").await.json();
    assert_eq!(entry["now"]["redrive"], "judged_again");
    let body = json!({ "reason": "the grammar was mended" });
    let (answer, ()) = tokio::join!(act(&scene, "2/redrive", &OPEN, &body), async {
        let long = Duration::from_secs(20);
        scene.lane.wait_beyond(3, long).await.unwrap();
        read_all(&scene.lane).await;
    });
    assert_eq!(answer.json()["became"]["disposition"], "duplicate");
    let inner = scene.lane.inner(1, 5).await.unwrap();
    let wake = formats::inner::Inner::Wake {
        plates: vec!["湘K12345".into()],
    };
    assert_eq!(&inner[0].payload[..], wake.encode());
}

#[tokio::test]
async fn an_entry_is_handled_as_it_was_looked_at_and_with_a_key() {
    let scene = with_records(&some()).await;
    let body = json!({ "reason": "noise" });
    let key = ("idempotency-key", "k");
    for (headers, status) in [
        (vec![key], 428),
        (vec![key, ("if-match", "\"v2\"")], 412),
        (vec![("if-match", "\"v1\"")], 400),
    ] {
        act(&scene, "1/drop", &headers, &body).await.problem(status);
    }
    for path in ["3/drop", "99/drop", "0/drop", "18446744073709551615/drop"] {
        act(&scene, path, &OPEN, &body).await.problem(404);
    }
    for path in ["x/drop", "-1/drop", "+1/redrive", "18446744073709551616/drop"] {
        let problem = act(&scene, path, &OPEN, &body).await.problem(400);
        assert_eq!(problem["parameter"], "id", "{path}");
    }
    for (body, pointer) in [
        (json!({}), "/reason"),
        (json!({ "reason": " " }), "/reason"),
        (json!({ "reason": 1 }), "/reason"),
        (json!({ "reason": "x", "by": "" }), "/by"),
        (json!({ "reason": "x", "record": {} }), "/record"),
    ] {
        let problem = act(&scene, "1/drop", &OPEN, &body).await.problem(400);
        assert_eq!(problem["pointer"], pointer, "{body}");
    }
    assert!(scene.lane.handlings(0, 99).await.unwrap().is_empty());
    let tag = scene
        .get("/v1/quarantine/1")
        .await
        .header(header::ETAG)
        .to_owned();
    let same = scene
        .get_with("/v1/quarantine/1", &[(header::IF_NONE_MATCH, &tag)])
        .await;
    assert_eq!(same.status.as_u16(), 304);
}
