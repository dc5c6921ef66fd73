//! Every fault by name: what the client sees, and what became of the message.

use std::time::Duration;

use reqwest::Response;
use serde_json::{Value, json};
use world::gateway::{Fault, Gateway, Verdict};

use crate::{client, gateway, look_up, message};

/// What a client can tell apart, in words.
async fn seen(gateway: &Gateway) -> String {
    match client().post(gateway.url()).json(&message("ref")).send().await {
        Err(error) if error.is_connect() => "failed connect".to_owned(),
        Err(error) if error.is_timeout() => "timeout".to_owned(),
        Err(error) => broken(&error),
        Ok(answer) => whole(answer).await,
    }
}

/// Names the innermost cause of a broken exchange.
fn broken(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let reset = cause
        .downcast_ref::<std::io::Error>()
        .is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionReset);
    if reset {
        "reset".to_owned()
    } else {
        format!("broken: {cause}")
    }
}

async fn whole(answer: Response) -> String {
    let status = answer.status().as_u16();
    let header = |name: &str| {
        answer
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let after = header("retry-after").map(|after| {
        if after.ends_with("GMT") {
            " after DATE".to_owned()
        } else {
            format!(" after {after}")
        }
    });
    let location = header("location").map(|path| format!(" to {path}"));
    let extra = after.or(location).unwrap_or_default();
    match answer.bytes().await {
        Err(error) if error.is_timeout() => format!("{status} then timeout"),
        Err(_) => format!("{status} then cut"),
        Ok(body) => {
            let told = serde_json::from_slice::<Value>(&body).map_or_else(
                |_| {
                    if body.is_empty() {
                        "nothing".to_owned()
                    } else {
                        "no JSON".to_owned()
                    }
                },
                |body| {
                    let word = body.get("message_id").or_else(|| body.get("code"));
                    word.and_then(Value::as_str).unwrap_or("no word").to_owned()
                },
            );
            format!("{status} {told}{extra}")
        }
    }
}

/// Fault, what the client sees, and what became of the message.
const EXPECTED: [(&str, &str, Verdict); 75] = [
    ("invalid-number", "400 invalid_number", Verdict::Refused),
    ("invalid-number-422", "422 invalid_number", Verdict::Refused),
    ("blocked", "400 blocked", Verdict::Refused),
    ("blocked-422", "422 blocked", Verdict::Refused),
    ("template", "400 template", Verdict::Refused),
    ("template-422", "422 template", Verdict::Refused),
    ("content", "400 content", Verdict::Refused),
    ("content-422", "422 content", Verdict::Refused),
    ("invalid-request", "400 invalid_request", Verdict::Refused),
    ("invalid-request-422", "422 invalid_request", Verdict::Refused),
    ("unauthorized", "401 unauthorized", Verdict::Refused),
    ("forbidden", "403 forbidden", Verdict::Refused),
    ("throttled-seconds", "429 throttled after 2", Verdict::Refused),
    ("throttled-date", "429 throttled after DATE", Verdict::Refused),
    ("throttled-negative", "429 throttled after -5", Verdict::Refused),
    (
        "throttled-absurd",
        "429 throttled after 94608000",
        Verdict::Refused,
    ),
    ("throttled-bare", "429 throttled", Verdict::Refused),
    ("unavailable-seconds", "503 unavailable after 2", Verdict::Refused),
    ("unavailable-date", "503 unavailable after DATE", Verdict::Refused),
    ("error-before-taking", "500 internal", Verdict::None),
    ("unavailable-before-taking", "503 unavailable", Verdict::None),
    ("hang-before-taking", "timeout", Verdict::None),
    ("reset-before-reading", "reset", Verdict::None),
    ("reset-after-reading", "reset", Verdict::None),
    (
        "close-after-reading",
        "broken: connection closed before message completed",
        Verdict::None,
    ),
    (
        "unlisted-code-before-taking",
        "400 quota_of_the_moon",
        Verdict::None,
    ),
    ("error-after-taking", "500 internal", Verdict::Accepted),
    ("unavailable-after-taking", "503 unavailable", Verdict::Accepted),
    (
        "unlisted-code-after-taking",
        "400 quota_of_the_moon",
        Verdict::Accepted,
    ),
    ("hang-after-taking", "timeout", Verdict::Accepted),
    ("reset-after-taking", "reset", Verdict::Accepted),
    (
        "close-after-taking",
        "broken: connection closed before message completed",
        Verdict::Accepted,
    ),
    (
        "cut-head-after-taking",
        "broken: connection closed before message completed",
        Verdict::Accepted,
    ),
    ("cut-body-after-taking", "200 then cut", Verdict::Accepted),
    ("cut-chunk-after-taking", "200 then cut", Verdict::Accepted),
    ("hang-body-after-taking", "200 then timeout", Verdict::Accepted),
    ("drip-after-taking", "timeout", Verdict::Accepted),
    ("slow", "200 m1", Verdict::Accepted),
    ("empty-answer", "200 nothing", Verdict::Accepted),
    ("answer-without-id", "200 no word", Verdict::Accepted),
    ("html-answer", "200 no JSON", Verdict::Accepted),
    ("accepted-202", "202 m1", Verdict::Accepted),
    ("no-content-204", "204 nothing", Verdict::Accepted),
    ("redirect-302", "302 nothing to /v1/messages", Verdict::Accepted),
    ("redirect-307", "307 nothing to /v1/messages", Verdict::Accepted),
    (
        "garbage-answer",
        "broken: invalid HTTP version parsed",
        Verdict::Accepted,
    ),
    ("huge-body", "200 m1", Verdict::Accepted),
    (
        "huge-head",
        "broken: message head is too large",
        Verdict::Accepted,
    ),
    ("redirect-301", "301 nothing to /v1/messages", Verdict::Accepted),
    ("redirect-303", "303 nothing to /v1/messages", Verdict::Accepted),
    ("redirect-308", "308 nothing to /v1/messages", Verdict::Accepted),
    ("bad-gateway-before-taking", "502 bad_gateway", Verdict::None),
    ("bad-gateway-after-taking", "502 bad_gateway", Verdict::Accepted),
    (
        "gateway-timeout-after-taking",
        "504 gateway_timeout",
        Verdict::Accepted,
    ),
    (
        "continue-only-after-taking",
        "broken: connection closed before message completed",
        Verdict::Accepted,
    ),
    ("invalid-utf8", "200 no JSON", Verdict::Accepted),
    ("number-as-id", "200 no word", Verdict::Accepted),
    ("deep-answer", "200 no JSON", Verdict::Accepted),
    ("trailing-bytes", "200 no JSON", Verdict::Accepted),
    ("list-answer", "200 no word", Verdict::Accepted),
    ("byte-order-mark", "200 no JSON", Verdict::Accepted),
    ("duplicate-keys", "200 m1", Verdict::Accepted),
    ("wrong-charset", "200 no JSON", Verdict::Accepted),
    ("gzip-bomb", "200 no JSON", Verdict::Accepted),
    ("another-id", "200 m0", Verdict::Accepted),
    (
        "elsewhere-302",
        "302 nothing to http://127.0.0.1:9/",
        Verdict::Accepted,
    ),
    (
        "elsewhere-307",
        "307 nothing to http://127.0.0.1:9/",
        Verdict::Accepted,
    ),
    (
        "elsewhere-308",
        "308 nothing to http://127.0.0.1:9/",
        Verdict::Accepted,
    ),
    ("empty-list", "200 no word", Verdict::None),
    ("others-list", "200 no word", Verdict::None),
    ("unlisted-state", "200 no word", Verdict::None),
    ("date-behind", "200 m1", Verdict::Accepted),
    ("date-ahead", "200 m1", Verdict::Accepted),
    ("date-garbage", "200 m1", Verdict::Accepted),
    (
        "throttled-date-ahead",
        "429 throttled after DATE",
        Verdict::Refused,
    ),
];

#[tokio::test]
async fn every_fault_is_seen_by_the_client_and_told_by_the_ledger() {
    assert_eq!(
        EXPECTED.map(|(name, ..)| name).to_vec(),
        Fault::all().map(Fault::name).collect::<Vec<_>>()
    );
    for (name, expected, verdict) in EXPECTED {
        let gateway = gateway(&format!("rates = {{ {name} = 1.0 }}")).await;
        assert_eq!(seen(&gateway).await, expected, "{name}");

        let calls = gateway.calls().unwrap();
        assert_eq!(calls.len(), 1, "{name}");
        assert_eq!(calls[0].verdict, verdict, "{name}");
        assert_eq!(calls[0].fault.map(Fault::name), Some(name));
        assert_eq!(calls[0].client_ref.as_deref(), Some("ref"), "{name}");
        let id = (verdict == Verdict::Accepted).then_some("m1");
        assert_eq!(calls[0].message_id.as_deref(), id, "{name}");

        let found = look_up(&gateway, "ref").send().await.unwrap();
        let status = if verdict == Verdict::Accepted { 200 } else { 404 };
        assert_eq!(found.status(), status, "the look-up after {name}");
        gateway.shutdown().await;
    }
}

#[tokio::test]
async fn a_client_that_follows_a_307_sends_a_second_message() {
    let gateway = gateway("messages = [{ nth = 1, fault = \"redirect-307\" }]").await;
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let careless = reqwest::Client::builder().no_proxy().build().unwrap();
    careless
        .post(gateway.url())
        .json(&message("ref"))
        .send()
        .await
        .unwrap();
    let stats = gateway.stats();
    assert_eq!(
        (stats.accepted, stats.duplicates, stats.repeated_texts),
        (2, 1, 1)
    );
}

#[tokio::test]
async fn a_hang_ends_at_its_limit() {
    let gateway = gateway("rates = { hang-after-taking = 1.0 }").await;
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let patient = reqwest::Client::builder().no_proxy().build().unwrap();
    let error = patient
        .post(gateway.url())
        .json(&message("ref"))
        .send()
        .await
        .unwrap_err();
    assert!(
        broken(&error).contains("closed before message completed"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_look_up_can_fail_and_takes_nothing() {
    let gateway = gateway("look_up_rates = { error-before-taking = 1.0 }").await;
    client()
        .post(gateway.url())
        .json(&message("ref"))
        .send()
        .await
        .unwrap();
    let found = look_up(&gateway, "ref").send().await.unwrap();
    assert_eq!(found.status(), 500);
    let calls = gateway.calls().unwrap();
    assert_eq!(calls[1].fault, Some(Fault::ErrorBeforeTaking));
    assert_eq!(calls[1].verdict, Verdict::None);
    assert_eq!(gateway.stats().accepted, 1);
}

/// What a client sees of a connection that is treated badly, over plain HTTP or greeting with TLS.
async fn seen_at_the_door(plan: &str, scheme: &str) -> String {
    let gateway = gateway(plan).await;
    let url = gateway.url().replacen("http", scheme, 1);
    let sent = client().post(url).json(&message("ref")).send().await;
    assert_eq!(gateway.stats().accepted, 0, "{plan}");
    match sent {
        Err(error) if error.is_connect() => "failed connect".to_owned(),
        Err(error) if error.is_timeout() => "timeout".to_owned(),
        Err(error) => broken(&error),
        Ok(answer) => whole(answer).await,
    }
}

#[tokio::test]
async fn connections_are_closed_reset_and_left_alone_before_anything_is_read() {
    let mut seen = Vec::new();
    for share in ["close", "reset", "hang"] {
        seen.push(seen_at_the_door(&format!("connections = {{ {share} = 1.0 }}"), "http").await);
    }
    // A close with the request unread is a reset on some machines.
    let closed = ["reset", "broken: connection closed before message completed"];
    assert!(
        closed.contains(&&*seen[0]) && closed.contains(&&*seen[1]),
        "{seen:?}"
    );
    assert_eq!(seen[2], "timeout");
}

#[tokio::test]
async fn a_black_hole_lets_no_connection_come_about_and_closes_again() {
    let gateway = gateway("").await;
    let standing = client();
    let send = |client: &reqwest::Client, client_ref: &str| {
        client.post(gateway.url()).json(&message(client_ref)).send()
    };
    assert_eq!(send(&standing, "before").await.unwrap().status(), 200);
    // By the control of a running gateway; its own answer comes over a connection that stands.
    let control = format!("http://{}/_control/plan", gateway.address());
    let hole = json!({"connections": {"black_hole": "2s"}});
    let put = standing.put(control).json(&hole).send().await.unwrap();
    assert_eq!(put.status(), 200);
    assert_eq!(send(&standing, "inside").await.unwrap().status(), 200);
    // As a client is that keeps no connection.
    let new = reqwest::Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(0)
        .connect_timeout(Duration::from_millis(300))
        .timeout(Duration::from_millis(600))
        .build()
        .unwrap();
    let (mut tried, mut dropped) = (0, 0);
    let taken = loop {
        tried += 1;
        assert!(tried < 10_000, "{dropped} connections were dropped");
        match send(&new, "new").await {
            Err(error) if error.is_connect() => {
                assert!(error.is_timeout(), "{error:?}");
                dropped += 1;
            }
            // It came about while the hole was opening, and nobody takes it before the end.
            Err(error) => assert!(error.is_timeout(), "{error:?}"),
            Ok(answer) if dropped == 0 => assert!(answer.status().is_success(), "the hole is not open yet"),
            Ok(answer) => break answer.status(),
        }
    };
    assert_eq!(taken, 200);
    assert!(dropped >= 3, "only {dropped} connections were dropped");
}

#[tokio::test]
async fn dates_go_by_the_clock_of_the_gateway_or_are_wrong() {
    let ahead = async |plan: &str| {
        let gateway = gateway(plan).await;
        let sent = client().post(gateway.url()).json(&message("ref")).send().await;
        let date = sent.unwrap().headers()["date"].to_str().unwrap().to_owned();
        let date = jiff::fmt::rfc2822::DateTimeParser::new()
            .parse_timestamp(&date)
            .ok()?;
        // The ledger goes by the clock of the world.
        let now: jiff::Timestamp = gateway.calls().unwrap()[0].at.parse().unwrap();
        Some(date.duration_since(now).as_secs())
    };
    for (plan, expected) in [
        ("", 0),
        ("clock_ahead = 240", 240),
        ("clock_ahead = -360", -360),
        ("rates = { date-behind = 1.0 }", -960),
        ("rates = { date-ahead = 1.0 }", 960),
        ("rates = { throttled-date-ahead = 1.0 }", 960),
    ] {
        let seen = ahead(plan)
            .await
            .unwrap_or_else(|| panic!("no date under {plan}"));
        assert!((seen - expected).abs() < 60, "{plan}: {seen}");
    }
    assert_eq!(ahead("rates = { date-garbage = 1.0 }").await, None);
}

#[tokio::test]
async fn a_greeting_of_tls_gets_garbage_a_close_or_nothing() {
    for tls in ["garbage", "close", "hang"] {
        let seen = seen_at_the_door(&format!("connections = {{ tls = \"{tls}\" }}"), "https").await;
        let expected = ["failed connect", "timeout"];
        assert!(expected.contains(&&*seen), "{tls}: {seen}");
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_as_soon_as_the_plan_says() {
    let gateway = gateway("connections = { idle = \"20ms\" }").await;
    let client = client();
    for number in 0..3 {
        let sent = client
            .post(gateway.url())
            .json(&message(&format!("ref-{number}")))
            .send()
            .await;
        assert_eq!(sent.unwrap().status(), 200);
        let mut waited = tokio::time::interval(Duration::from_millis(100));
        waited.tick().await;
        waited.tick().await;
    }
    assert_eq!(gateway.stats().accepted, 3);
}

#[tokio::test]
async fn a_redirect_to_another_host_reaches_it_only_by_a_careless_client() {
    let stranger = gateway("").await;
    let elsewhere = stranger.url();
    let gateway = gateway(&format!(
        "elsewhere = \"{elsewhere}\"\nrates = {{ elsewhere-307 = 1.0 }}"
    ))
    .await;
    assert_eq!(seen(&gateway).await, format!("307 nothing to {elsewhere}"));
    assert_eq!(stranger.stats().accepted, 0);
    let careless = reqwest::Client::builder().no_proxy().build().unwrap();
    careless
        .post(gateway.url())
        .json(&message("ref"))
        .send()
        .await
        .unwrap();
    assert_eq!(stranger.stats().accepted, 1);
}

#[tokio::test]
async fn a_key_is_revoked_after_so_many_messages() {
    let gateway = gateway("limits = { revoked_after = 1 }").await;
    assert_eq!(seen(&gateway).await, "200 m1");
    assert_eq!(seen(&gateway).await, "401 unauthorized");
}
