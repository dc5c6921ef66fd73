//! The description of the API, held to what there is.

use std::collections::BTreeSet;

use axum::http::header::{CONTENT_TYPE, ETAG};
use engine::case::{Disposition, Outcome};
use engine::fact::NoticeKind;
use engine::notice::{AttemptClass, NoticeState};
use serde_json::{Value, json};

use crate::scene::{empty, scene};

#[tokio::test]
async fn openapi_names_every_route_and_no_other() {
    let document = empty().get("/openapi.json").await.json();
    assert_eq!(
        (&document["openapi"], &document["info"]["version"]),
        (&json!("3.1.0"), &json!("9.8.7"))
    );
    let mut described = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            described.insert(format!("{path} {method}"));
        }
    }
    let expected = [
        "/ get",
        "/assets/app.css get",
        "/assets/app.js get",
        "/assets/icon.svg get",
        "/live get",
        "/livez get",
        "/metrics get",
        "/openapi.json get",
        "/readyz get",
        "/receipts/{provider} post",
        "/v1/cases get",
        "/v1/cases/{id} get",
        "/v1/cases/{id}/discretion post",
        "/v1/cases/{id}/objection post",
        "/v1/cases/{id}/plate post",
        "/v1/cases/{id}/review post",
        "/v1/cases/{id}/void post",
        "/v1/eligibility get",
        "/v1/facts post",
        "/v1/notices get",
        "/v1/notices/{id} get",
        "/v1/notices/{id}/cancel post",
        "/v1/notices/{id}/hold post",
        "/v1/notices/{id}/release post",
        "/v1/notices/{id}/resend post",
        "/v1/quarantine get",
        "/v1/quarantine/{id} get",
        "/v1/quarantine/{id}/drop post",
        "/v1/quarantine/{id}/redrive post",
        "/v1/reviews get",
        "/v1/sms get",
        "/v1/sms/pause post",
        "/v1/sms/resume post",
        "/v1/stats get",
    ];
    assert_eq!(described, expected.map(str::to_owned).into());
}

/// Whatever a route answers to a request that says nothing is in its description: a status with its media type, or a
/// problem.
#[tokio::test]
async fn every_route_answers_as_it_is_described() {
    let scene = scene();
    let document = scene.get("/openapi.json").await.json();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if path == "/live" {
                continue;
            }
            let address = path.replace("{id}", "260301-A");
            let answer = match method.as_str() {
                "get" => scene.get(&address).await,
                _ => scene.post(&address, "{}").await,
            };
            let status = answer.status.as_u16();
            let media = answer.header(CONTENT_TYPE).split(';').next().unwrap().to_owned();
            match operation["responses"].get(status.to_string()) {
                Some(response) => {
                    assert!(
                        response["content"].get(&media).is_some(),
                        "{path} {status} {media}"
                    );
                    assert_eq!(
                        answer.headers.contains_key(ETAG),
                        response["headers"]["ETag"].is_object() || path.starts_with("/assets"),
                        "{path}"
                    );
                }
                None => {
                    answer.problem(status);
                }
            }
        }
    }
}

fn words<T>(list: &[(T, &'static str)]) -> Vec<&'static str> {
    list.iter().map(|(_, word)| *word).collect()
}

#[tokio::test]
async fn openapi_has_the_closed_lists_and_every_schema_that_it_speaks_of() {
    let answer = empty().get("/openapi.json").await;
    let document = answer.json();
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["Outcome"]["enum"], json!(words(&Outcome::ALL)));
    assert_eq!(schemas["Disposition"]["enum"], json!(words(&Disposition::ALL)));
    assert_eq!(schemas["NoticeState"]["enum"], json!(words(&NoticeState::ALL)));
    assert_eq!(schemas["AttemptClass"]["enum"], json!(words(&AttemptClass::ALL)));
    assert_eq!(
        schemas["Notice"]["properties"]["kind"]["enum"],
        json!(words(&NoticeKind::ALL))
    );
    for part in answer.text.split("\"$ref\":\"#").skip(1) {
        let pointer = part.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer} is nowhere");
    }
}

#[tokio::test]
async fn openapi_lists_the_keys_that_answers_have() {
    let scene = scene();
    let document = scene.get("/openapi.json").await.json();
    let keys = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<BTreeSet<String>>()
    };
    let described = |name: &str| keys(&document["components"]["schemas"][name]["properties"]);
    let cases = scene.get("/v1/cases").await.json();
    assert_eq!(keys(&cases), described("Cases"));
    assert_eq!(keys(&cases["items"][0]), described("Case"));
    assert_eq!(
        keys(&scene.get("/v1/cases/260301-A").await.json()),
        described("WholeCase")
    );
    assert_eq!(
        keys(&scene.get("/v1/notices").await.json()["items"][0]),
        described("Notice")
    );
    assert_eq!(
        keys(&scene.get("/v1/quarantine").await.json()["items"][0]),
        described("Record")
    );
    assert_eq!(keys(&scene.get("/v1/stats").await.json()), described("Stats"));
    assert_eq!(keys(&scene.get("/v1/sms").await.json()), described("Sms"));
    let void = words(&engine::fact::VoidReason::ALL);
    assert_eq!(
        document["components"]["schemas"]["VoidReason"]["enum"],
        json!(void)
    );
    let address = "/v1/eligibility?plate=%E6%B9%98K12345&zone=Z1&at=2026-05-02T10:00:00Z";
    assert_eq!(keys(&scene.get(address).await.json()), described("Eligibility"));
    assert_eq!(keys(&scene.get("/readyz").await.json()), described("Ready"));
}
