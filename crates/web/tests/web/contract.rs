//! Answers held to the description of the API: every body that a test of this crate sees fits its schema, and every answer
//! that is described is given at least once.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use engine::ids::NoticeId;
use engine::notice::NoticeState;
use futures::future::join_all;
use ports::log::Stream as _;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tower::ServiceExt as _;

use crate::facts::{send, sighting};
use crate::hands::{act, move_over};
use crate::mistakes::is_of;
use crate::quarantine::{read_all, some, with_records};
use crate::scene::{Answer, Scene, empty, notice, scene, unfit};

/// The description, read once.
async fn document() -> &'static Value {
    static DOCUMENT: OnceCell<Value> = OnceCell::const_new();
    DOCUMENT
        .get_or_init(|| async {
            let request = Request::get("/openapi.json").header(header::HOST, "localhost");
            let request = request.body(Body::empty()).unwrap();
            let answer = empty().router.oneshot(request).await.unwrap();
            let body = axum::body::to_bytes(answer.into_body(), 10 << 20).await.unwrap();
            serde_json::from_slice(&body).unwrap()
        })
        .await
}

/// Fails where an answer is none of those that are described for its route. Says which operation it was.
pub(crate) async fn check(
    method: &str,
    address: &str,
    status: u16,
    media: &str,
    body: &str,
) -> Option<String> {
    let document = document().await;
    let media = media.split(';').next().unwrap_or_default();
    let paths = document["paths"].as_object().unwrap();
    let operation = paths
        .iter()
        .filter(|(path, _)| is_of(path, address))
        .find_map(|(_, methods)| methods.get(method.to_ascii_lowercase()));
    let at = format!("{method} {address} {status}");
    let described = operation.and_then(|operation| operation["responses"].get(status.to_string()));
    let Some(described) = described else {
        // What is not described is a problem, of routes that there are and of others.
        assert!(status >= 400 || method == "HEAD", "{at} is not described");
        if method != "HEAD" {
            assert_eq!(media, "application/problem+json", "{at}: {body}");
            let value: Value = serde_json::from_str(body).unwrap();
            fits(document, &document["components"]["schemas"]["Problem"], &value)
                .unwrap_or_else(|wrong| panic!("{at}: {wrong}: {body}"));
        }
        return None;
    };
    match described["content"].as_object() {
        None => assert!(body.is_empty(), "{at}: a body that is not described: {body}"),
        Some(content) => {
            let schema = content.get(media);
            let schema = &schema.unwrap_or_else(|| panic!("{at}: {media} is not described"))["schema"];
            if media == "application/json" {
                let value: Value = serde_json::from_str(body).unwrap();
                fits(document, schema, &value).unwrap_or_else(|wrong| panic!("{at}: {wrong}: {body}"));
            }
        }
    }
    let name = operation.unwrap()["operationId"].as_str().unwrap();
    Some(name.to_owned())
}

/// What of JSON Schema the description uses. Members that a schema does not name are a fault: the description would be
/// behind what there is.
fn fits(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(&reference[1..]).unwrap();
        return fits(document, target, value);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let fitting = choices
            .iter()
            .filter(|choice| fits(document, choice, value).is_ok());
        return match fitting.count() {
            1 => Ok(()),
            count => Err(format!("fits {count} of {}", choices.len())),
        };
    }
    let is = |kind: &str| match kind {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other} is no type"),
    };
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().map(|kind| kind.as_str().unwrap()).collect(),
        _ => Vec::new(),
    };
    if !kinds.is_empty() && !kinds.iter().any(|kind| is(kind)) {
        return Err(format!("is no {}", kinds.join(" or ")));
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        return Err("is none of its words".to_owned());
    }
    if let (Some(least), Some(number)) = (schema["minimum"].as_i64(), value.as_i64())
        && number < least
    {
        return Err(format!("is less than {least}"));
    }
    if let (Some("date-time"), Some(text)) = (schema["format"].as_str(), value.as_str())
        && text.parse::<jiff::Timestamp>().is_err()
    {
        return Err("is no time".to_owned());
    }
    for (number, item) in value.as_array().into_iter().flatten().enumerate() {
        fits(document, &schema["items"], item).map_err(|wrong| format!("{number}/{wrong}"))?;
    }
    match value.as_object() {
        Some(members) => object(document, schema, members),
        None => Ok(()),
    }
}

fn object(document: &Value, schema: &Value, members: &serde_json::Map<String, Value>) -> Result<(), String> {
    for key in schema["required"].as_array().into_iter().flatten() {
        let key = key.as_str().unwrap();
        if !members.contains_key(key) {
            return Err(format!("{key} is missing"));
        }
    }
    let Some(described) = schema["properties"].as_object() else {
        return Ok(());
    };
    for (key, member) in members {
        let Some(schema) = described.get(key) else {
            return Err(format!("{key} is not described"));
        };
        fits(document, schema, member).map_err(|wrong| format!("{key}/{wrong}"))?;
    }
    Ok(())
}

/// Which answers were seen.
#[derive(Default)]
struct Seen(BTreeSet<(String, u16)>);

impl Seen {
    async fn note(&mut self, method: &str, address: &str, answer: &Answer) {
        let (status, media) = (answer.status.as_u16(), answer.header(header::CONTENT_TYPE));
        let name = check(method, address, status, media, &answer.text).await;
        let name = name.unwrap_or_else(|| panic!("{method} {address} {status}: {}", answer.text));
        self.0.insert((name, status));
    }

    async fn get(&mut self, scene: &Scene, address: &str) {
        let answer = scene.get(address).await;
        self.note("GET", address, &answer).await;
        let tag = answer.header(header::ETAG);
        if !tag.is_empty() {
            let again = scene.get_with(address, &[(header::IF_NONE_MATCH, tag)]).await;
            self.note("GET", address, &again).await;
        }
    }

    async fn post(&mut self, scene: &Scene, address: &str, body: &str) {
        let answer = scene.post(address, body).await;
        self.note("POST", address, &answer).await;
    }
}

const HANDS: [(&str, &str); 5] = [
    ("void", r#"{"reason":"rescue"}"#),
    ("review", r#"{"verdict":"confirmed"}"#),
    ("plate", r#"{"number":"湘K54321"}"#),
    ("discretion", r#"{"outcome":"waived","reason":"hardship"}"#),
    ("objection", r#"{"ground":"not me"}"#),
];

/// What people say, decided on at once and not at all.
async fn hands(seen: &mut Seen) {
    let headers = [("idempotency-key", "k"), ("if-match", "*")];
    let waits = HANDS.map(|(what, body)| async move {
        let (here, nowhere) = (scene(), scene());
        let body: Value = serde_json::from_str(body).unwrap();
        let (done, (), waiting) = tokio::join!(
            act(&here, what, &headers, &body),
            move_over(&here, 1),
            act(&nowhere, what, &headers, &body),
        );
        (what, [done, waiting])
    });
    for (what, answers) in join_all(waits).await {
        for answer in &answers {
            let address = format!("/v1/cases/260301-B/{what}");
            seen.note("POST", &address, answer).await;
        }
    }
}

async fn quarantine(seen: &mut Seen) {
    let scene = with_records(&some()).await;
    seen.get(&scene, "/v1/quarantine").await;
    seen.get(&scene, "/v1/quarantine/1").await;
    let redrive = json!({ "reason": "mended", "record": sighting("a") });
    let reading = async {
        scene.lane.wait_beyond(5, Duration::from_secs(20)).await.unwrap();
        read_all(&scene.lane).await;
    };
    let (done, ()) = tokio::join!(on_record(&scene, "1/redrive", "1", &redrive), reading);
    let again = json!({ "reason": "mended", "record": sighting("c") });
    let waiting = on_record(&scene, "2/redrive", "2", &again).await;
    let dropped = on_record(&scene, "4/drop", "4", &json!({ "reason": "noise" })).await;
    for (path, answer) in [
        ("1/redrive", &done),
        ("2/redrive", &waiting),
        ("4/drop", &dropped),
    ] {
        seen.note("POST", &format!("/v1/quarantine/{path}"), answer).await;
    }
    seen.get(&scene, "/v1/quarantine").await;
    seen.get(&scene, "/v1/quarantine/1").await;
}

async fn on_record(scene: &Scene, path: &str, key: &str, body: &Value) -> Answer {
    let headers = [("idempotency-key", key), ("if-match", "\"v1\"")];
    crate::quarantine::act(scene, path, &headers, body).await
}

/// Messages held, released, cancelled and said again.
async fn messages(seen: &mut Seen) {
    let scene = scene();
    seen.get(&scene, "/v1/notices").await;
    seen.get(&scene, "/v1/notices/n-1").await;
    for verb in ["hold", "release", "cancel"] {
        seen.post(&scene, &format!("/v1/notices/n-2/{verb}"), r#"{"reason":"x"}"#)
            .await;
    }
    let body = r#"{"reason":"x","evidence":"the owner called"}"#;
    seen.post(&scene, "/v1/notices/n-3/resend", body).await;
    // Where the ledger has made the new one by then.
    let next = {
        let mut notices = scene.store.notices.lock().unwrap();
        let old = notices.iter_mut().find(|it| it.id.as_str() == "n-3").unwrap();
        old.state = NoticeState::Unknown;
        let next = NoticeId::new(&old.case, old.kind, old.revision + 1);
        let (case, kind) = (old.case.to_string(), old.kind);
        let mut new = notice(9, &case, kind, NoticeState::Queued, None);
        new.id = next.clone();
        notices.push(new);
        next
    };
    seen.post(&scene, "/v1/notices/n-3/resend", body).await;
    assert!(
        scene
            .get(&format!("/v1/notices/{next}"))
            .await
            .status
            .is_success()
    );
}

#[tokio::test]
async fn every_described_answer_is_given_and_fits_its_schema() {
    let mut seen = Seen::default();
    let scene = scene();
    let plate = "/v1/eligibility?plate=%E6%B9%98K12345&class=02&zone=Z1";
    for address in [
        "/livez",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/assets/app.js",
        "/assets/app.css",
        "/assets/icon.svg",
        "/",
        "/v1/stats",
        "/v1/cases",
        "/v1/cases/260301-A",
        "/v1/reviews",
        "/v1/sms",
        plate,
    ] {
        seen.get(&scene, address).await;
    }
    seen.get(&unfit(), "/readyz").await;
    let down = crate::scene::scene();
    *down.store.is_down.lock().unwrap() = true;
    seen.get(&down, "/").await;
    let media = "application/cloudevents+json";
    let taken = send(&scene, media, None, sighting("a").to_string()).await;
    seen.note("POST", "/v1/facts", &taken).await;
    seen.post(&scene, "/v1/sms/pause", r#"{"reason":"x"}"#).await;
    seen.get(&scene, "/v1/sms").await;
    seen.post(&scene, "/v1/sms/resume", "{}").await;
    let request = Request::post("/receipts/primary")
        .header(header::HOST, "localhost")
        .header("webhook-signature", "good")
        .body(Body::from("ab"));
    let kept = crate::receipts::scene(&["primary"]).send(request.unwrap()).await;
    seen.note("POST", "/receipts/primary", &kept).await;
    hands(&mut seen).await;
    quarantine(&mut seen).await;
    messages(&mut seen).await;
    // Its answer has no end; the tests of live streams read it.
    let left_out = [("live".to_owned(), 200)];
    let document = document().await;
    let mut described = BTreeSet::new();
    for operation in document["paths"].as_object().unwrap().values() {
        for operation in operation.as_object().unwrap().values() {
            let name = operation["operationId"].as_str().unwrap();
            for status in operation["responses"].as_object().unwrap().keys() {
                // Problems are in the table of mistakes.
                if let Ok(status) = status.parse::<u16>() {
                    described.insert((name.to_owned(), status));
                }
            }
        }
    }
    let missing: Vec<_> = described
        .difference(&seen.0)
        .filter(|it| !left_out.contains(it))
        .collect();
    assert!(missing.is_empty(), "described and never given: {missing:?}");
}

#[tokio::test]
async fn what_does_not_fit_is_found() {
    let document = document().await;
    let schema = &document["components"]["schemas"]["Record"];
    let scene = scene();
    let item = scene.get("/v1/quarantine").await.json()["items"][0].clone();
    assert_eq!(fits(document, schema, &item), Ok(()));
    for (key, value) in [
        ("offset", json!("1")),
        ("offset", json!(-1)),
        ("state", json!("lost")),
        ("received_at", json!("noon")),
        ("handling", json!({})),
        ("surprise", json!(1)),
    ] {
        let mut wrong = item.clone();
        wrong[key] = value;
        assert!(fits(document, schema, &wrong).is_err(), "{key}");
    }
    let mut less = item;
    less.as_object_mut().unwrap().remove("state");
    assert!(fits(document, schema, &less).is_err());
}
