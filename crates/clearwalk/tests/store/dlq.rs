//! The queue of records that were set aside, at the command and over HTTP.

use ports::log::{NewEnvelope, Stream as _};
use serde_json::{Value, json};
use store_sqlite::{Options, SqliteStore, key};

use crate::serve::{Service, wait};
use crate::site::{Site, case_of};

fn sighting(id: &str, day: &str) -> Value {
    json!({
        "specversion": "1.0", "type": "clearwalk.observation.v1", "source": "/cam/9", "id": id,
        "data": {
            "plate": { "number": "湘K99999", "class": "02" }, "captured_at": day,
            "device": { "id": "C9" }, "place": { "zone": "Z1" },
        },
    })
}

/// Records that no door lets in: from a broker, or from an older release.
fn append(site: &Site, records: &[String]) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let keys = key::load_or_create(&site.path("clearwalk.key")).unwrap();
        let options = Options {
            keys,
            create: false,
            migrate: false,
        };
        let file = site.path("clearwalk.db");
        let store = SqliteStore::open(file.to_str().unwrap(), options).await.unwrap();
        let known = engine::time::Timestamp::from_micros(1_772_500_000_000_000);
        let records: Vec<NewEnvelope> = records
            .iter()
            .map(|text| NewEnvelope {
                known,
                payload: text.clone().into(),
            })
            .collect();
        store.append(&records).await.unwrap();
        store.close().await;
    });
}

/// The rows of the site, then a record without its time and one that is no JSON: offsets 5 and 6.
fn with_aside() -> Site {
    let site = Site::decided();
    let mut broken = sighting("x", "2026-03-02T10:00:05+08:00");
    broken["data"]["captured_at"] = json!("today");
    append(&site, &[broken.to_string(), "no JSON".to_owned()]);
    site.ask(&["import", "rows.csv", "--map", "map.toml", "--process"]);
    site
}

fn offsets(list: &Value) -> Vec<u64> {
    let records = list["records"].as_array().unwrap();
    records.iter().map(|it| it["offset"].as_u64().unwrap()).collect()
}

#[test]
fn a_record_is_shown_mended_and_decided_on() {
    let site = with_aside();
    let listed = site.json(&["dlq", "list"]);
    let found = offsets(&listed);
    assert_eq!(found.len(), 2, "{listed}");
    let (broken, noise) = (found[0].to_string(), found[1].to_string());
    let shown = site.json(&["dlq", "show", &broken]);
    assert_eq!(
        (&shown["reason"], &shown["id"], &shown["now"]["redrive"]),
        (&json!("schema"), &json!("x"), &json!("unreadable"))
    );
    assert!(
        shown["raw"]["text"].as_str().unwrap().contains("today"),
        "{shown}"
    );
    let refused = site.refuse(5, &["dlq", "redrive", &broken, "--because", "again"]);
    assert!(
        refused["message"].as_str().unwrap().contains("/data/captured_at"),
        "{refused}"
    );
    let mended = sighting("x", "2026-03-02T10:00:05+08:00").to_string();
    site.write("mended.json", &mended);
    let redrive = [
        "dlq",
        "redrive",
        &broken,
        "--record",
        "mended.json",
        "--because",
        "the clock was set",
    ];
    let done = site.json(&redrive);
    assert_eq!(
        (&done["redriven"], &done["became"]["disposition"]),
        (&json!(1), &json!("decided")),
        "{done}"
    );
    let cases = site.export("cases");
    assert_eq!(case_of(&cases, "/cam/9#x")["effective"], true);
    // The record stays as it was read, and the fresh one stands behind it.
    let records = site.export("records");
    let of = |offset: &Value| records.iter().find(|it| it["offset"] == *offset).unwrap();
    assert_eq!(of(&json!(found[0]))["disposition"], "quarantined");
    assert_eq!(of(&done["became"]["offset"])["disposition"], "decided");
    let again = site.refuse(5, &redrive);
    assert!(
        again["message"]
            .as_str()
            .unwrap()
            .contains("was redriven by tester"),
        "{again}"
    );
    assert_eq!(offsets(&site.json(&["dlq", "list"])), [found[1]]);
    assert_eq!(
        offsets(&site.json(&["dlq", "list", "--state", "redriven"])),
        [found[0]]
    );
    let text = site.ask(&["dlq", "show", &broken]);
    assert!(text.contains("handled      by tester"), "{text}");
    site.ask(&["dlq", "drop", &noise, "--because", "noise"]);
    assert_eq!(offsets(&site.json(&["dlq", "list"])), [0; 0]);
    was_written_down(&site, &broken);
}

fn was_written_down(site: &Site, broken: &str) {
    let audit = site.export("audit");
    let mut actions = audit
        .iter()
        .filter(|entry| entry["action"].as_str().unwrap().starts_with("quarantine."));
    let redriven = actions.next().unwrap();
    assert_eq!(
        (&redriven["actor"], &redriven["object"]),
        (&json!("tester"), &json!(format!("record {broken}")))
    );
    assert_eq!(actions.next().unwrap()["action"], "quarantine.drop");
    let verified = site.json(&["verify"]);
    assert_eq!(verified["broken"], 0, "{verified}");
}

#[test]
fn all_of_a_reason_are_counted_first_and_then_handled() {
    let site = with_aside();
    let drop = [
        "dlq",
        "drop",
        "--reason",
        "schema",
        "--because",
        "a test of the vendor",
    ];
    let mut dry = drop.to_vec();
    dry.push("--dry-run");
    let counted = site.json(&dry);
    assert_eq!(
        (&counted["dropped"], &counted["dry_run"]),
        (&json!(2), &json!(true))
    );
    assert_eq!(offsets(&site.json(&["dlq", "list"])).len(), 2);
    let redriven = site.json(&[
        "dlq",
        "redrive",
        "--reason",
        "schema",
        "--because",
        "a new release",
    ]);
    assert_eq!(
        (&redriven["redriven"], &redriven["refused"]["unreadable"]),
        (&json!(0), &json!(2))
    );
    assert_eq!(site.json(&drop)["dropped"], 2);
    assert_eq!(site.json(&drop)["dropped"], 0);
    assert_eq!(
        offsets(&site.json(&["dlq", "list", "--state", "dropped"])).len(),
        2
    );
}

#[test]
fn what_is_asked_wrongly_is_refused() {
    let site = with_aside();
    for (code, arguments) in [
        (2, vec!["dlq", "redrive", "5"]),
        (2, vec!["dlq", "redrive", "--because", "x"]),
        (
            2,
            vec!["dlq", "drop", "5", "--reason", "schema", "--because", "x"],
        ),
        (2, vec!["dlq", "drop", "5", "--because", " "]),
        (2, vec!["dlq", "drop", "--reason", "shema", "--because", "x"]),
        (2, vec!["dlq", "list", "--reason", "shema"]),
        (2, vec!["dlq", "show", "x"]),
        (4, vec!["dlq", "show", "1"]),
        (4, vec!["dlq", "show", "99"]),
        (4, vec!["dlq", "show", "0"]),
        (4, vec!["dlq", "show", "18446744073709551615"]),
        (
            4,
            vec!["dlq", "redrive", "5", "--record", "none.json", "--because", "x"],
        ),
    ] {
        site.refuse(code, &arguments);
    }
    assert_eq!(offsets(&site.json(&["dlq", "list"])).len(), 2);
}

#[test]
fn the_queue_works_beside_a_running_service_and_over_http() {
    let site = with_aside();
    let service = Service::start(&site);
    let found = offsets(&site.json(&["dlq", "list"]));
    let (broken, noise) = (found[0], found[1].to_string());
    site.ask(&["dlq", "drop", &noise, "--because", "noise"]);
    let body = json!({
        "reason": "the clock was set", "by": "li", "record": sighting("x", "2026-03-02T10:00:05+08:00"),
    });
    let headers = [
        ("Content-Type", "application/json"),
        ("Idempotency-Key", "1"),
        ("If-Match", "\"v1\""),
    ];
    let address = format!("/v1/quarantine/{broken}/redrive");
    let send = || service.send("POST", &address, &headers, &body.to_string());
    let answer = send();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        answer.contains(r#""decided":true"#) && answer.contains(r#""redriven_as""#),
        "{answer}"
    );
    wait("the case is there", || {
        service.send("GET", "/v1/cases", &[], "").contains("/cam/9#x")
    });
    assert_eq!(service.stop(), 0);
    let service = Service::start(&site);
    let again = service.send("POST", &address, &headers, &body.to_string());
    let body_of = |answer: &str| answer.split_once("\r\n\r\n").unwrap().1.to_owned();
    assert_eq!(body_of(&again), body_of(&answer), "known after a restart");
    assert_eq!(service.stop(), 0);
    let redriven = site.json(&["dlq", "list", "--state", "redriven"]);
    assert_eq!(redriven["records"][0]["handling"]["by"], "li");
}
