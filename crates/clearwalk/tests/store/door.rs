//! The door of the service, as senders and people use it: tokens, facts, and what people decide.

use std::os::unix::fs::PermissionsExt as _;

use engine::time::SECOND;
use ports::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};

use crate::serve::{Service, wait};
use crate::site::Site;

fn with_tokens() -> Site {
    guarded(Site::new())
}

fn guarded(site: Site) -> Site {
    let config = std::fs::read_to_string(site.path("clearwalk.toml")).unwrap();
    site.write(
        "clearwalk.toml",
        &format!("[web]\ntokens_file = \"tokens\"\n{config}"),
    );
    site
}

/// Status and body of an answer.
fn parts(answer: &str) -> (u16, Value) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let status = head.split(' ').nth(1).unwrap_or("0").parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

fn add(site: &Site, name: &str, scopes: &str) -> String {
    let made = site.json(&["token", "add", "--name", name, "--scope", scopes]);
    format!("Bearer {}", made["token"].as_str().unwrap())
}

#[test]
fn tokens_are_shown_once_kept_as_hashes_and_revoked_while_the_service_runs() {
    let site = with_tokens();
    site.refuse(3, &["config", "check"]);
    let looker = add(&site, "looker", "read");
    assert_eq!(looker.len(), "Bearer cwt_".len() + 64);
    site.refuse(5, &["token", "add", "--name", "looker", "--scope", "read"]);
    site.refuse(2, &["token", "add", "--name", "a b", "--scope", "read"]);
    let text = std::fs::read_to_string(site.path("tokens")).unwrap();
    assert!(!text.contains(looker.trim_start_matches("Bearer ")));
    let mode = std::fs::metadata(site.path("tokens"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let listed = site.json(&["token", "list"]);
    assert_eq!(
        (&listed[0]["name"], &listed[0]["scopes"]),
        (&json!("looker"), &json!(["read"]))
    );
    let service = Service::start(&site);
    let stats = |token: &str| parts(&service.send("GET", "/v1/stats", &[("Authorization", token)], "")).0;
    assert_eq!((stats("Bearer x"), stats(&looker)), (401, 200));
    site.ask(&["token", "revoke", "looker"]);
    assert_eq!(stats(&looker), 401);
    site.refuse(4, &["token", "revoke", "looker"]);
    assert_eq!(service.stop(), 0);
    let refused = site
        .export("audit")
        .into_iter()
        .filter(|entry| entry["action"] == "access.refused");
    assert_eq!(refused.count(), 2);
}

#[test]
fn tokens_that_are_made_and_revoked_leave_a_line() {
    let site = guarded(Site::decided());
    let add = [
        "token",
        "add",
        "--name",
        "li",
        "--scope",
        "act,read",
        "--authority",
        "loudi",
    ];
    site.ask(&add);
    site.refuse(5, &add);
    site.ask(&["token", "revoke", "li", "--by", "boss"]);
    let audit = site.export("audit");
    let lines: Vec<_> = audit
        .iter()
        .filter(|it| it["action"].as_str().unwrap().starts_with("token."))
        .map(|it| json!([it["actor"], it["action"], it["object"], it["before"], it["after"]]))
        .collect();
    let is = "read,act of loudi";
    assert_eq!(
        lines,
        [
            json!(["tester", "token.add", "li", null, is]),
            json!(["boss", "token.revoke", "li", is, null]),
        ]
    );
    let secrets = std::fs::read_to_string(site.path("tokens")).unwrap();
    assert!(!secrets.contains("li "), "{secrets}");
}

#[test]
fn a_fact_sent_in_becomes_a_case_that_a_person_can_void() {
    let site = with_tokens();
    let (camera, clerk) = (add(&site, "camera", "ingest"), add(&site, "clerk", "read,act"));
    let service = Service::start(&site);
    let fact = json!({
        "specversion": "1.0", "type": "clearwalk.observation.v1", "source": "/cam/1", "id": "a",
        "data": {
            "plate": { "number": "湘K12345", "class": "02" }, "captured_at": just_now(),
            "device": { "id": "C1" }, "place": { "zone": "Z1" },
        },
    });
    let media = ("Content-Type", "application/cloudevents+json");
    let headers = [("Authorization", camera.as_str()), media];
    let send = || parts(&service.send("POST", "/v1/facts", &headers, &fact.to_string()));
    assert_eq!(
        send(),
        (202, json!({ "accepted": 1, "duplicate": 0, "rejected": [] }))
    );
    let look = ("Authorization", clerk.as_str());
    let cases = || parts(&service.send("GET", "/v1/cases", &[look], "")).1["items"].clone();
    wait("the case is decided", || {
        cases().as_array().is_some_and(|items| items.len() == 1)
    });
    assert_eq!(
        send(),
        (202, json!({ "accepted": 0, "duplicate": 1, "rejected": [] }))
    );
    let case = &cases()[0];
    assert_eq!(case["outcome"], "waived");
    let address = format!("/v1/cases/{}/void", case["case"].as_str().unwrap());
    let headers = [
        look,
        ("Content-Type", "application/json"),
        ("Idempotency-Key", "1"),
        ("If-Match", "\"v1\""),
    ];
    let void = || parts(&service.send("POST", &address, &headers, r#"{"reason":"rescue"}"#));
    let (status, said) = void();
    assert_eq!(
        (status, &said["decided"], &said["case"]["outcome"]),
        (200, &json!(true), &json!("voided")),
        "{said}"
    );
    assert_eq!(void(), (200, said));
    assert_eq!(service.stop(), 0);
    let service = Service::start(&site);
    let again = parts(&service.send("POST", &address, &headers, r#"{"reason":"rescue"}"#));
    assert_eq!(
        (again.0, &again.1["case"]["version"]),
        (200, &json!(2)),
        "known after a restart: {again:?}"
    );
    assert_eq!(
        parts(&service.send("POST", &address, &headers, r#"{"reason":"exempt"}"#)).0,
        422
    );
    assert_eq!(service.stop(), 0);
    let audit = site.export("audit");
    let entry = audit.iter().find(|entry| entry["action"] == "case.void").unwrap();
    assert_eq!(
        (&entry["actor"], &entry["before"]),
        (&json!("clerk"), &json!("waived"))
    );
}

/// A little before now, as a camera writes it.
fn just_now() -> String {
    SystemClock.now().plus(-5 * SECOND).to_string()
}
