//! The description of the API, held to what there is.

use std::collections::BTreeSet;

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
            described.insert(format!("\"{path}\", {method}("));
        }
    }
    let routes: BTreeSet<String> = include_str!("../../src/lib.rs")
        .lines()
        .filter_map(|line| line.trim().strip_prefix(".route("))
        .map(|rest| rest[..=rest.rfind('(').unwrap()].to_owned())
        .collect();
    assert_eq!(described, routes);
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
    assert_eq!(keys(&scene.get("/readyz").await.json()), described("Ready"));
}
