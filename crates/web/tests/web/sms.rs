//! The switch that stops sending.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::json;

use crate::scene::scene;

#[tokio::test]
async fn pausing_stops_a_provider_and_is_written_down() {
    let scene = scene();
    let done = scene
        .post(
            "/v1/sms/pause",
            r#"{"provider":"primary","reason":"texts look wrong"}"#,
        )
        .await
        .json();
    assert_eq!(done["provider"], "primary");
    assert_eq!(
        (&done["paused"]["reason"], &done["was_paused"]),
        (&json!("person: texts look wrong"), &json!(false))
    );
    let state = scene.store.providers.lock().unwrap()[0].clone();
    assert_eq!(
        (&*state.name, &*state.paused.unwrap().reason),
        ("primary", "person: texts look wrong")
    );
    let entry = scene.store.audit.lock().unwrap()[0].clone();
    assert_eq!(
        (&*entry.action, &*entry.object, entry.before.as_deref()),
        ("sms.pause", "primary", Some("runs"))
    );
    assert_eq!(entry.after.as_deref(), Some("person: texts look wrong"));
    let status = scene.get("/v1/sms").await.json();
    assert_eq!(status["paused"], json!(null));
    assert_eq!(status["providers"][0]["paused"]["by"], "local");
    assert_eq!(
        status["providers"][1],
        json!({"provider": "second", "paused": null, "unknowns_in_a_row": 0})
    );
}

#[tokio::test]
async fn without_a_provider_everything_stops_and_goes_on() {
    let scene = scene();
    scene
        .post("/v1/sms/pause", r#"{"reason":"holiday"}"#)
        .await
        .json();
    assert_eq!(
        scene.get("/v1/sms").await.json()["paused"]["reason"],
        "person: holiday"
    );
    assert!(
        scene
            .get("/?lang=en")
            .await
            .text
            .contains("All sending is paused")
    );
    let done = scene.post("/v1/sms/resume", "{}").await.json();
    assert_eq!(done, json!({"provider": "*", "paused": null, "was_paused": true}));
    let again = scene.post("/v1/sms/resume", "{}").await.json();
    assert_eq!(again["was_paused"], false);
    let actions: Vec<_> = scene
        .store
        .audit
        .lock()
        .unwrap()
        .iter()
        .map(|entry| entry.action.clone())
        .collect();
    assert_eq!(
        actions,
        ["sms.pause".into(), std::sync::Arc::from("sms.resume")],
        "nothing is written of nothing"
    );
}

#[tokio::test]
async fn everything_goes_on_with_each_provider_that_was_paused_by_itself() {
    let scene = scene();
    for body in [
        r#"{"reason":"holiday"}"#,
        r#"{"provider":"second","reason":"balance"}"#,
    ] {
        scene.post("/v1/sms/pause", body).await.json();
    }
    let done = scene.post("/v1/sms/resume", "{}").await.json();
    assert_eq!(done["was_paused"], true);
    let status = scene.get("/v1/sms").await.json();
    assert_eq!(status["paused"], json!(null));
    let providers = status["providers"].as_array().unwrap();
    assert!(providers.iter().all(|it| it["paused"].is_null()), "{status}");
}

#[tokio::test]
async fn a_switch_that_cannot_be_meant_changes_nothing() {
    let scene = scene();
    for (body, parameter) in [
        (r#"{"provider":"primry","reason":"typo"}"#, json!("provider")),
        (r#"{"provider":"primary"}"#, json!("reason")),
        (r#"{"reason":"  "}"#, json!("reason")),
        (r#"{"reason":"two\nlines"}"#, json!("reason")),
        (r#"{"reason":"x","for":"1h"}"#, json!("for")),
        ("", json!(null)),
    ] {
        let problem = scene.post("/v1/sms/pause", body).await.problem(400);
        assert_eq!(problem["parameter"], parameter, "{body}");
    }
    assert!(scene.store.providers.lock().unwrap().is_empty());
    assert!(scene.store.audit.lock().unwrap().is_empty());
}

#[tokio::test]
async fn other_pages_cannot_throw_the_switch() {
    let scene = scene();
    let request = |name: header::HeaderName, value: &str, media: &str| {
        Request::post("/v1/sms/pause")
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, media)
            .header(name, value)
            .body(Body::from(r#"{"reason":"x"}"#))
            .unwrap()
    };
    let site = header::HeaderName::from_static("sec-fetch-site");
    for (name, value) in [
        (header::ORIGIN, "http://evil.example"),
        (header::ORIGIN, "null"),
        (header::ORIGIN, "http://localhost.evil.example"),
        (site.clone(), "cross-site"),
        (site.clone(), "same-site"),
    ] {
        scene
            .send(request(name, value, "application/json"))
            .await
            .problem(403);
    }
    scene
        .send(request(site, "same-origin", "text/plain"))
        .await
        .problem(415);
    assert!(scene.store.providers.lock().unwrap().is_empty());
    let own = scene
        .send(request(
            header::ORIGIN,
            "http://localhost:8080",
            "application/json; charset=utf-8",
        ))
        .await;
    assert_eq!(own.status.as_u16(), 200);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_with_and_without_its_length() {
    let scene = scene();
    let large = format!(r#"{{"reason":"{}"}}"#, "x".repeat(20_000));
    scene.post("/v1/sms/pause", &large).await.problem(413);
    let chunks = futures::stream::iter(vec![Ok::<_, std::io::Error>(large)]);
    let request = Request::post("/v1/sms/pause")
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from_stream(chunks))
        .unwrap();
    scene.send(request).await.problem(413);
}
