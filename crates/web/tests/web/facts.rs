//! The door for facts.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::{Request, header};
use engine::case::Disposition;
use formats::event::{self, Known};
use ports::commit::{Commit, NewIdentity, Record};
use ports::log::{Envelope, NewEnvelope, Stream};
use ports::store::{IntakeStore as _, StoreError};
use serde_json::{Value, json};

use crate::fake::Fake;
use crate::scene::{Answer, Scene, at, empty, scene_with};

const ONE: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";
const LINES: &str = "application/x-ndjson";

pub(crate) fn sighting(id: &str) -> Value {
    json!({
        "specversion": "1.0", "type": "clearwalk.observation.v1", "source": "/cam/1", "id": id,
        "time": "2026-03-02T12:00:00+08:00",
        "data": {
            "plate": { "number": "湘K12345", "class": "02" }, "captured_at": "2026-03-02T11:59:00+08:00",
            "device": { "id": "C1" }, "place": { "zone": "Z1" }, "violation_code": "1039",
        },
    })
}

fn void(id: &str, about: &str) -> Value {
    json!({
        "specversion": "1.0", "type": "clearwalk.void.v1", "source": "/office", "id": id,
        "data": { "about": about, "reason": "rescue", "by": "li", "at": "2026-03-02T11:59:30+08:00" },
    })
}

pub(crate) async fn send(scene: &Scene, media: &str, packing: Option<&str>, body: impl Into<Body>) -> Answer {
    let mut request = Request::post("/v1/facts")
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, media);
    if let Some(packing) = packing {
        request = request.header(header::CONTENT_ENCODING, packing);
    }
    scene.send(request.body(body.into()).unwrap()).await
}

fn taken(answer: &Answer) -> (u64, u64, Vec<Value>) {
    assert_eq!(answer.status.as_u16(), 202, "{}", answer.text);
    let body: Value = serde_json::from_str(&answer.text).unwrap();
    let rejected = body["rejected"].as_array().unwrap().clone();
    (
        body["accepted"].as_u64().unwrap(),
        body["duplicate"].as_u64().unwrap(),
        rejected,
    )
}

async fn stream(scene: &Scene) -> Vec<Value> {
    let records = scene.lane.read(1, 100).await.unwrap();
    assert!(
        records.iter().all(|record| record.known == at(0)),
        "known is the door's clock"
    );
    let parse = |record: &Envelope| serde_json::from_slice(&record.payload).unwrap();
    records.iter().map(parse).collect()
}

/// Intake has read everything; these ids are known now.
async fn read_all(scene: &Scene, known: &[(&Value, &str)]) {
    let from = scene.lane.progress().await.unwrap();
    let mut to = from;
    to.next = scene.lane.end().await.unwrap();
    let record = |position| Record {
        position,
        id: None,
        disposition: Disposition::Applied,
        reason: None,
        detail: None,
        known: at(0),
        payload: [0; 32],
    };
    let identity = |(event, plate): &(&Value, &str)| {
        let decoded = event::decode(event.to_string().as_bytes(), Known::At(at(0)), 0).unwrap();
        NewIdentity {
            id: decoded.fact.id,
            digest: decoded.fact.digest,
            plate: (*plate).into(),
        }
    };
    let batch = Commit {
        from,
        to,
        records: (from.next..to.next).map(record).collect(),
        identities: known.iter().map(identity).collect(),
        ..Commit::default()
    };
    scene.lane.commit(&batch).await.unwrap();
}

#[tokio::test]
async fn facts_in_each_form_are_in_the_stream_when_they_are_answered() {
    let scene = empty();
    let (a, b, c) = (sighting("a"), sighting("b"), sighting("c"));
    assert_eq!(
        taken(&send(&scene, ONE, None, a.to_string()).await),
        (1, 0, vec![])
    );
    let batch = json!([b, c]).to_string();
    assert_eq!(
        taken(&send(&scene, &format!("{BATCH}; charset=utf-8"), None, batch).await),
        (2, 0, vec![])
    );
    let lines = format!("{}\n\n{}\n", sighting("d"), sighting("e"));
    assert_eq!(taken(&send(&scene, LINES, None, lines).await), (2, 0, vec![]));
    let ids: Vec<Value> = stream(&scene)
        .await
        .iter()
        .map(|fact| fact["id"].clone())
        .collect();
    assert_eq!(ids, ["a", "b", "c", "d", "e"]);
    let audit = scene.store.audit.lock().unwrap();
    let entry = audit.last().unwrap();
    assert_eq!(
        (&*entry.actor, &*entry.action, entry.after.as_deref()),
        ("local", "facts.append", Some("2 facts"))
    );
}

/// Sent with its observation it gets that one's plate; sent again by itself, before anybody has decided, the observation
/// is not known.
#[tokio::test]
async fn what_is_sent_again_before_it_is_decided_is_a_duplicate_however_it_was_filled_in() {
    let scene = empty();
    let (seen, gone) = (sighting("a"), void("v", "/cam/1#a"));
    let both = json!([seen, gone]).to_string();
    assert_eq!(taken(&send(&scene, BATCH, None, both).await), (2, 0, vec![]));
    assert_ne!(stream(&scene).await[1]["data"]["plate"], Value::Null);
    assert_eq!(
        taken(&send(&scene, ONE, None, gone.to_string()).await),
        (0, 1, vec![])
    );
    let mut other = gone;
    other["data"]["reason"] = json!("exempt");
    assert_eq!(
        taken(&send(&scene, ONE, None, other.to_string()).await),
        (1, 0, vec![])
    );
}

#[tokio::test]
async fn packed_bodies_are_unpacked() {
    let scene = empty();
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(sighting("a").to_string().as_bytes()).unwrap();
    assert_eq!(
        taken(&send(&scene, ONE, Some("gzip"), packer.finish().unwrap()).await).0,
        1
    );
    let packed = zstd::encode_all(sighting("b").to_string().as_bytes(), 1).unwrap();
    assert_eq!(taken(&send(&scene, ONE, Some("zstd"), packed).await).0, 1);
    send(&scene, ONE, Some("br"), "x").await.problem(415);
    send(&scene, ONE, Some("gzip"), "x").await.problem(400);
}

#[tokio::test]
async fn each_rejected_fact_is_named_with_the_place_that_is_wrong() {
    let scene = empty();
    let mut ahead = sighting("ahead");
    ahead["time"] = json!("2026-03-02T12:10:01+08:00");
    let mut just = sighting("just");
    just["time"] = json!("2026-03-02T12:10:00+08:00");
    let mut broken = sighting("broken");
    broken["data"]["captured_at"] = json!("today");
    let mut told = void("told", "/cam/1#a");
    told["type"] = json!("clearwalk.told.v1");
    told["data"] =
        json!({ "about": "/cam/1#a", "kind": "waived", "state": "delivered", "at": "2026-03-02T11:00:00Z" });
    let mut published = sighting("published");
    published["type"] = json!("clearwalk.policy-published.v1");
    published["data"] = json!({ "document": "x", "by": "li", "at": "2026-03-02T11:00:00Z" });
    let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
    let lines = format!("{ahead}\n{just}\n{broken}\n{told}\n{published}\n{deep}\nnonsense\n");
    let (accepted, duplicate, rejected) = taken(&send(&scene, LINES, None, lines).await);
    let said: Vec<_> = rejected
        .iter()
        .map(|it| {
            (
                it["index"].as_u64().unwrap(),
                it["pointer"].as_str().unwrap(),
                it["code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!((accepted, duplicate), (1, 0));
    assert_eq!(
        said,
        [
            (0, "/time", "time_ahead"),
            (2, "/data/captured_at", "schema"),
            (3, "/type", "type_not_taken"),
            (4, "/type", "type_not_taken"),
            (5, "", "too_deep"),
            (6, "", "schema"),
        ]
    );
    assert_eq!(stream(&scene).await, [just]);
}

#[tokio::test]
async fn nothing_taken_is_a_problem_that_says_why() {
    let scene = empty();
    let problem = send(&scene, LINES, None, "{}\n1\n").await.problem(400);
    assert_eq!(
        (&problem["code"], problem["rejected"].as_array().unwrap().len()),
        (&json!("nothing_taken"), 2)
    );
    for (media, body) in [(BATCH, "{}"), (BATCH, "[]"), (LINES, "\n"), (ONE, "")] {
        send(&scene, media, None, body).await.problem(400);
    }
    for media in ["application/json", "text/plain", ""] {
        send(&scene, media, None, "{}").await.problem(415);
    }
    send(&scene, ONE, None, vec![b' '; (8 << 20) + 1])
        .await
        .problem(413);
    assert!(stream(&scene).await.is_empty());
    assert!(scene.store.audit.lock().unwrap().is_empty());
}

#[tokio::test]
async fn only_what_the_door_knows_is_a_duplicate_and_conflicts_are_taken() {
    let scene = empty();
    let mut other = sighting("a");
    other["data"]["ticket"] = json!("T1");
    let lines = format!("{}\n{}\n{other}\n", sighting("a"), sighting("a"));
    assert_eq!(taken(&send(&scene, LINES, None, lines).await), (2, 1, vec![]));
    read_all(&scene, &[(&sighting("a"), "湘K12345")]).await;
    let lines = format!("{}\n{other}\n", sighting("a"));
    assert_eq!(taken(&send(&scene, LINES, None, lines).await), (1, 1, vec![]));
    let again = send(&scene, ONE, None, sighting("a").to_string()).await;
    assert_eq!(taken(&again), (0, 1, vec![]));
    assert_eq!(stream(&scene).await, [sighting("a"), other.clone(), other]);
}

#[tokio::test]
async fn facts_about_a_known_observation_get_its_plate_and_stay_duplicates() {
    let scene = empty();
    let (known, unknown, here) = (
        void("1", "/cam/1#a"),
        void("2", "/cam/9#z"),
        void("3", "/cam/1#b"),
    );
    read_all(&scene, &[(&sighting("a"), "湘K12345")]).await;
    let lines = format!("{known}\n{unknown}\n{here}\n{}\n", sighting("b"));
    assert_eq!(taken(&send(&scene, LINES, None, lines).await).0, 4);
    let stored = stream(&scene).await;
    let mut filled = known.clone();
    filled["data"]["plate"] = json!({ "number": "湘K12345" });
    assert_eq!(stored[0], filled);
    assert_eq!(stored[1], unknown);
    assert_eq!(
        stored[2]["data"]["plate"]["number"], "湘K12345",
        "known from the request itself"
    );
    read_all(&scene, &[(&filled, "湘K12345"), (&unknown, "?/cam/9#z")]).await;
    let lines = format!("{known}\n{unknown}\n");
    assert_eq!(taken(&send(&scene, LINES, None, lines).await), (0, 2, vec![]));
}

#[tokio::test]
async fn senders_are_held_back_while_too_much_waits() {
    let scene = scene_with(Fake::default(), true, |parts| parts.backlog = Some(1));
    let lines = format!("{}\n{}\n", sighting("a"), sighting("b"));
    assert_eq!(taken(&send(&scene, LINES, None, lines).await).0, 2);
    let answer = send(&scene, ONE, None, sighting("c").to_string()).await;
    answer.problem(429);
    assert_eq!(answer.header(header::RETRY_AFTER), "5");
    read_all(&scene, &[]).await;
    assert_eq!(
        taken(&send(&scene, ONE, None, sighting("c").to_string()).await).0,
        1
    );
}

struct Down;

#[async_trait]
impl Stream for Down {
    async fn append(&self, _: &[NewEnvelope]) -> Result<u64, StoreError> {
        Err(StoreError::Unavailable("the disk is full".to_owned()))
    }

    async fn read(&self, _: u64, _: usize) -> Result<Vec<Envelope>, StoreError> {
        Ok(Vec::new())
    }

    async fn end(&self) -> Result<u64, StoreError> {
        Ok(1)
    }

    async fn wait_beyond(&self, _: u64, _: Duration) -> Result<(), StoreError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_stream_that_is_down_is_said_so_and_worth_another_try() {
    let scene = scene_with(Fake::default(), true, |parts| parts.stream = Arc::new(Down));
    let answer = send(&scene, ONE, None, sighting("a").to_string()).await;
    answer.problem(503);
    assert_eq!(answer.header(header::RETRY_AFTER), "1");
}

/// A stream whose end nobody is told before the gate opens.
struct Slow {
    lane: testkit::MemoryStore,
    gate: tokio::sync::Semaphore,
    waiting: tokio::sync::watch::Sender<usize>,
}

#[async_trait]
impl Stream for Slow {
    async fn append(&self, records: &[NewEnvelope]) -> Result<u64, StoreError> {
        self.lane.append(records).await
    }

    async fn read(&self, position: u64, limit: usize) -> Result<Vec<Envelope>, StoreError> {
        self.lane.read(position, limit).await
    }

    async fn end(&self) -> Result<u64, StoreError> {
        self.waiting.send_modify(|waiting| *waiting += 1);
        let _permit = self.gate.acquire().await.unwrap();
        self.lane.end().await
    }

    async fn wait_beyond(&self, position: u64, wait: Duration) -> Result<(), StoreError> {
        self.lane.wait_beyond(position, wait).await
    }
}

#[tokio::test]
async fn so_many_requests_are_looked_at_at_once_and_the_next_is_asked_to_come_again() {
    const BOUND: usize = 16;
    let lane = testkit::MemoryStore::new();
    let slow = Arc::new(Slow {
        lane: lane.clone(),
        gate: tokio::sync::Semaphore::new(0),
        waiting: tokio::sync::watch::Sender::new(0),
    });
    let scene = Arc::new(scene_with(Fake::default(), true, |parts| {
        parts.stream = slow.clone();
        parts.intake = Arc::new(lane.clone());
    }));
    let requests: Vec<_> = (0..BOUND)
        .map(|number| {
            let scene = scene.clone();
            let fact = sighting(&number.to_string()).to_string();
            tokio::spawn(async move { send(&scene, ONE, None, fact).await })
        })
        .collect();
    let mut waiting = slow.waiting.subscribe();
    waiting.wait_for(|waiting| *waiting == BOUND).await.unwrap();
    let answer = send(&scene, ONE, None, sighting("late").to_string()).await;
    let problem = answer.problem(429);
    assert_eq!(problem["detail"], "16 requests with facts are looked at already");
    assert_eq!(answer.header(header::RETRY_AFTER), "1");
    slow.gate.add_permits(BOUND);
    for request in requests {
        assert_eq!(taken(&request.await.unwrap()), (1, 0, vec![]));
    }
    let late = send(&scene, ONE, None, sighting("late").to_string()).await;
    assert_eq!(taken(&late), (1, 0, vec![]));
    assert_eq!(lane.end().await.unwrap(), BOUND as u64 + 2);
}

#[tokio::test]
async fn the_same_key_gives_the_same_answer_and_another_body_is_another_request() {
    let scene = empty();
    let keyed = async |key: &str, body: String| {
        let request = Request::post("/v1/facts")
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, ONE)
            .header("idempotency-key", key);
        scene.send(request.body(Body::from(body)).unwrap()).await
    };
    let body = sighting("k1").to_string();
    let first = keyed("one", body.clone()).await;
    assert_eq!(taken(&first).0, 1);
    let again = keyed("one", body.clone()).await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    assert_eq!(stream(&scene).await.len(), 1, "nothing is appended twice");
    let other = keyed("one", sighting("k2").to_string()).await;
    assert_eq!(other.status, 422, "{}", other.text);
    assert_eq!(keyed("", body).await.status, 400);
    // What came to nothing may be tried again.
    assert_eq!(keyed("two", "{}".to_owned()).await.status, 400);
    assert_eq!(taken(&keyed("two", sighting("k3").to_string()).await).0, 1);
}
