//! The generic dialect without faults: answers, look-ups, tokens, the control API, restarts.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use world::gateway::{Call, Gateway, Options, Verdict};

use crate::{client, gateway, message, plan};

fn lines(ledger: &Path) -> Vec<Call> {
    let text = std::fs::read_to_string(ledger).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn send(gateway: &Gateway, body: &Value) -> (u16, Value) {
    let answer = client().post(gateway.url()).json(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn look_up(gateway: &Gateway, client_ref: &str) -> (u16, Value) {
    let answer = crate::look_up(gateway, client_ref).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn control(gateway: &Gateway, path: &str) -> Value {
    let url = format!("http://{}/_control/{path}", gateway.address());
    client().get(url).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_message_is_taken_recorded_and_found() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.jsonl");
    let options = Options {
        plan: plan(""),
        ledger: Some(ledger.clone()),
        ..Options::default()
    };
    let gateway = Gateway::start(options).await.unwrap();

    assert_eq!(look_up(&gateway, "a/b c").await.0, 404);
    assert_eq!(
        send(&gateway, &message("a/b c")).await,
        (200, json!({"message_id": "m1"}))
    );
    assert_eq!(
        look_up(&gateway, "a/b c").await,
        (200, json!({"message_id": "m1", "state": "accepted"}))
    );

    let calls = lines(&ledger);
    assert_eq!(
        calls.iter().map(|call| call.verdict).collect::<Vec<_>>(),
        [Verdict::None, Verdict::Accepted, Verdict::None]
    );
    assert_eq!(
        calls[1].request,
        json!({"method": "POST", "path": "/v1/messages", "body": message("a/b c")})
    );
    assert_eq!(calls[1].to.as_deref(), Some("+8613800000001"));
    assert_eq!(calls[1].text.as_deref(), Some("【娄底城管】words"));
    assert_eq!(calls[2].request["query"], json!({"client_ref": "a/b c"}));
    assert!(calls[1].at.ends_with('Z'), "{}", calls[1].at);
}

#[tokio::test]
async fn an_accepted_message_becomes_delivered_after_the_delay() {
    let gateway = gateway("").await;
    send(&gateway, &message("ref")).await;
    let began = Instant::now();
    while look_up(&gateway, "ref").await.1["state"] != "delivered" {
        assert!(began.elapsed() < Duration::from_secs(5), "never delivered");
    }
}

#[tokio::test]
async fn a_second_send_of_one_reference_is_a_second_message() {
    let gateway = gateway("").await;
    send(&gateway, &message("ref")).await;
    assert_eq!(
        send(&gateway, &message("ref")).await,
        (200, json!({"message_id": "m2"}))
    );
    assert_eq!(look_up(&gateway, "ref").await.1["message_id"], "m1");
    let stats = control(&gateway, "stats").await;
    assert_eq!(stats["accepted"], 2);
    assert_eq!(stats["duplicates"], json!({"ref": 2}));
    assert_eq!(stats["none"], 1);
    assert_eq!(stats["look_ups"], 1);
}

#[tokio::test]
async fn a_bad_send_is_refused_and_recorded() {
    let gateway = gateway("").await;
    let mut bad = message("ref");
    bad["to"] = json!("13800000001");
    let (status, told) = send(&gateway, &bad).await;
    assert_eq!((status, &told["code"]), (400, &json!("invalid_number")));
    let calls = gateway.calls().unwrap();
    assert_eq!(calls[0].verdict, Verdict::Refused);
    assert_eq!(calls[0].fault, None);
    assert_eq!(calls[0].to.as_deref(), Some("13800000001"));
}

#[tokio::test]
async fn a_wrong_token_is_refused_and_never_recorded() {
    let options = Options {
        token: Some("open-sesame".to_owned()),
        ..Options::default()
    };
    let gateway = Gateway::start(options).await.unwrap();
    let post = |token: &'static str| {
        client()
            .post(gateway.url())
            .bearer_auth(token)
            .json(&message("ref"))
            .send()
    };
    assert_eq!(post("open").await.unwrap().status(), 401);
    assert_eq!(client().get(gateway.url()).send().await.unwrap().status(), 401);
    assert_eq!(post("open-sesame").await.unwrap().status(), 200);
    let calls = gateway.calls().unwrap();
    let verdicts: Vec<_> = calls.iter().map(|call| call.verdict).collect();
    assert_eq!(verdicts, [Verdict::Refused, Verdict::None, Verdict::Accepted]);
    assert!(!serde_json::to_string(&calls).unwrap().contains("sesame"));
}

#[tokio::test]
async fn a_restart_keeps_ids_unique_and_look_ups_answering() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        plan: plan("messages = [{ client_ref = \"lost\", fault = \"reset-after-taking\" }]"),
        ledger: Some(folder.path().join("ledger.jsonl")),
        ..Options::default()
    };
    let first = Gateway::start(options.clone()).await.unwrap();
    send(&first, &message("ref")).await;
    client()
        .post(first.url())
        .json(&message("lost"))
        .send()
        .await
        .unwrap_err();
    let listen = first.address();
    first.shutdown().await;

    let second = Gateway::start(Options { listen, ..options }).await.unwrap();
    assert_eq!(look_up(&second, "lost").await.1["message_id"], "m2");
    assert_eq!(send(&second, &message("new")).await.1["message_id"], "m3");
    assert_eq!(second.stats().accepted, 3);
}

#[tokio::test]
async fn the_plan_is_set_and_cleared_while_running() {
    let gateway = gateway("").await;
    let url = format!("http://{}/_control/plan", gateway.address());
    let put = |body: &'static str, kind: &'static str| {
        client().put(&url).header("content-type", kind).body(body).send()
    };
    let answer = put("{\"rates\":{\"blocked\":1}}", "application/json")
        .await
        .unwrap();
    assert_eq!(
        answer.json::<Value>().await.unwrap()["rates"],
        json!({"blocked": 1.0})
    );
    assert_eq!(send(&gateway, &message("a")).await.1["code"], "blocked");

    assert_eq!(
        put("rates = { content = 1.0 }", "application/toml")
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(send(&gateway, &message("b")).await.1["code"], "content");

    let bad = put("rates = { contents = 1.0 }", "application/toml")
        .await
        .unwrap();
    assert_eq!(bad.status(), 422);
    let told = bad.text().await.unwrap();
    assert!(
        told.contains("rates.contents") && told.contains("line 1"),
        "{told}"
    );
    assert_eq!(
        send(&gateway, &message("c")).await.1["code"],
        "content",
        "a bad plan changes nothing"
    );

    let clear = format!("http://{}/_control/clear-plan", gateway.address());
    assert_eq!(client().post(clear).body("").send().await.unwrap().status(), 200);
    assert_eq!(send(&gateway, &message("d")).await.0, 200);
    assert_eq!(control(&gateway, "plan").await["rates"], json!({}));
    assert_eq!(
        gateway.calls().unwrap().len(),
        4,
        "the control API is not in the ledger"
    );
}

#[tokio::test]
async fn calls_are_listed_with_the_last_ones_on_demand() {
    let gateway = gateway("").await;
    for client_ref in ["a", "b", "c"] {
        send(&gateway, &message(client_ref)).await;
    }
    let all = control(&gateway, "calls").await;
    assert_eq!(all, serde_json::to_value(gateway.calls().unwrap()).unwrap());
    let last = control(&gateway, "calls?limit=2").await;
    assert_eq!(last.as_array().unwrap(), &all.as_array().unwrap()[1..]);
}

#[tokio::test]
async fn one_connection_carries_many_requests_in_order() {
    let gateway = gateway("").await;
    let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
    let request = |client_ref: &str| {
        let body = message(client_ref).to_string();
        format!(
            "POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    // Two at once, and the second cut where its body begins.
    let both = request("a") + &request("b");
    let cut = both.len() - 20;
    stream.write_all(&both.as_bytes()[..cut]).await.unwrap();
    let mut answer = [0; 512];
    let length = stream.read(&mut answer).await.unwrap();
    assert!(String::from_utf8_lossy(&answer[..length]).contains("m1"));
    stream.write_all(&both.as_bytes()[cut..]).await.unwrap();
    let length = stream.read(&mut answer).await.unwrap();
    assert!(String::from_utf8_lossy(&answer[..length]).contains("m2"));
}

#[tokio::test]
async fn what_is_no_request_is_answered_closed_and_recorded() {
    let gateway = gateway("").await;
    let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
    stream
        .write_all(b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let calls = gateway.calls().unwrap();
    assert_eq!(calls[0].verdict, Verdict::None);
    assert!(
        calls[0].request["malformed"]
            .as_str()
            .unwrap()
            .contains("Content-Length")
    );
}

#[tokio::test]
async fn unknown_paths_and_methods_are_told_apart() {
    let gateway = gateway("").await;
    let base = format!("http://{}", gateway.address());
    let status = |request: reqwest::RequestBuilder| async { request.send().await.unwrap().status().as_u16() };
    assert_eq!(status(client().get(format!("{base}/"))).await, 404);
    assert_eq!(status(client().delete(gateway.url())).await, 405);
    assert_eq!(status(client().get(gateway.url())).await, 400);
    assert_eq!(status(client().get(format!("{base}/_control/stat"))).await, 404);
    assert_eq!(
        status(client().delete(format!("{base}/_control/plan"))).await,
        405
    );
    assert_eq!(
        status(
            client()
                .post(format!("{base}/sms/v2/messages"))
                .json(&message("r"))
        )
        .await,
        200
    );
}
