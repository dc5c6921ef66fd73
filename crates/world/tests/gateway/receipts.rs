//! What a receiver of receipts gets, fault by fault; and look-ups that lag and limits that are reached.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;
use world::gateway::{Gateway, Verdict};

use crate::{client, gateway, look_up, message};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A request as the receiver got it.
struct Got {
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Got {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A receiver that takes everything.
async fn receiver() -> (SocketAddr, UnboundedReceiver<Got>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let tell = tell.clone();
            tokio::spawn(async move {
                let mut bytes = Vec::new();
                let head = loop {
                    if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                        break end;
                    }
                    if stream.read_buf(&mut bytes).await.unwrap() == 0 {
                        return;
                    }
                };
                let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
                let mut lines = text.lines().map(str::to_owned);
                let line = lines.next().unwrap();
                let headers: Vec<(String, String)> = lines
                    .map(|line| {
                        let (name, value) = line.split_once(": ").unwrap();
                        (name.to_lowercase(), value.to_owned())
                    })
                    .collect();
                let length = headers.iter().find(|(name, _)| name == "content-length").unwrap();
                let length: usize = length.1.parse().unwrap();
                while bytes.len() < head + 4 + length {
                    if stream.read_buf(&mut bytes).await.unwrap() == 0 {
                        return;
                    }
                }
                let body = bytes[head + 4..].to_vec();
                // The test may have seen enough.
                let _enough = tell.send(Got { line, headers, body });
                // A sender that hung up reads no answer.
                let _hung_up = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
            });
        }
    });
    (address, told)
}

fn plan_of(to: SocketAddr, fault: &str) -> String {
    let rule = if fault.is_empty() {
        String::new()
    } else {
        format!("messages = [{{ client_ref = \"r1\", fault = \"{fault}\" }}]\n")
    };
    format!(
        "[receipts]\nto = \"http://{to}/receipts/primary\"\nsecret = \"{SECRET}\"\ndelay = \"10ms\"\n{rule}"
    )
}

/// Sends one message under a fault of its receipts, and gives the first pushes.
async fn pushes(fault: &str, count: usize) -> (Gateway, Vec<Got>) {
    let (address, mut told) = receiver().await;
    let gateway = gateway(&plan_of(address, fault)).await;
    let answer = client()
        .post(gateway.url())
        .json(&message("r1"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let mut got = Vec::new();
    while got.len() < count {
        let next = timeout(Duration::from_secs(20), told.recv()).await;
        got.push(
            next.unwrap_or_else(|_| panic!("{fault}: only {} pushes", got.len()))
                .unwrap(),
        );
    }
    (gateway, got)
}

fn states(got: &[Got]) -> Vec<String> {
    let state = |it: &Got| it.json()["state"].as_str().unwrap_or("-").to_owned();
    got.iter().map(state).collect()
}

#[tokio::test]
async fn an_accepted_message_is_reported_once_and_signed() {
    let (gateway, got) = pushes("", 1).await;
    let (first, body) = (&got[0], got[0].json());
    assert_eq!(first.line, "POST /receipts/primary HTTP/1.1");
    assert_eq!(first.header("webhook-id"), Some("msg_m1_0"));
    assert!(first.header("webhook-signature").unwrap().starts_with("v1,"));
    assert_eq!(
        (&body["message_id"], &body["client_ref"], &body["state"]),
        (&json!("m1"), &json!("r1"), &json!("delivered"))
    );
    drop(gateway);
}

#[tokio::test]
async fn news_comes_twice_a_hundredfold_and_out_of_order() {
    for (fault, expected) in [
        ("undelivered", vec!["undelivered"]),
        ("expired", vec!["expired"]),
        ("twice", vec!["delivered"; 2]),
        ("hundredfold", vec!["delivered"; 100]),
        ("failed-then-delivered", vec!["undelivered", "delivered"]),
        ("delivered-then-failed", vec!["delivered", "undelivered"]),
    ] {
        let (_gateway, got) = pushes(fault, expected.len()).await;
        assert_eq!(states(&got), expected, "{fault}");
        let ids: std::collections::BTreeSet<_> = got.iter().map(|it| it.header("webhook-id")).collect();
        assert_eq!(ids.len(), got.len(), "{fault}: every push has its own id");
    }
}

#[tokio::test]
async fn bodies_hold_strangers_and_broken_elements() {
    let (_gateway, got) = pushes("in-ten-thousand", 1).await;
    let body = got[0].json();
    let items = body.as_array().unwrap();
    let ours = items.iter().filter(|item| item["client_ref"] == "r1").count();
    assert_eq!((items.len(), ours), (10_000, 1));

    let (_gateway, got) = pushes("broken-among-good", 1).await;
    let body = got[0].json();
    let items = body.as_array().unwrap();
    let broken = items.iter().filter(|item| !item["state"].is_string()).count();
    assert_eq!(
        (items.len(), broken, &items[99]["client_ref"]),
        (100, 1, &json!("r1"))
    );

    let (_gateway, got) = pushes("empty-array", 2).await;
    assert_eq!(
        (got[0].json(), &got[1].json()["message_id"]),
        (json!([]), &json!("m1"))
    );

    let (_gateway, got) = pushes("unknown-id", 2).await;
    assert_eq!(got[0].json()["message_id"], "xm1-0");
    assert_eq!(got[1].json()["message_id"], "m1");

    let (_gateway, got) = pushes("wrong-ref", 1).await;
    let body = got[0].json();
    assert_eq!(
        (&body["message_id"], &body["client_ref"]),
        (&json!("m1"), &json!("r1-other"))
    );
}

#[tokio::test]
async fn pushes_are_forged_unsigned_old_and_replayed() {
    let signature = |got: &Got| got.header("webhook-signature").map(str::to_owned);
    let (_gateway, right) = pushes("twice", 2).await;
    assert_ne!(signature(&right[0]), signature(&right[1]));

    let (_gateway, forged) = pushes("forged", 1).await;
    assert!(signature(&forged[0]).is_some());
    let (_gateway, bare) = pushes("unsigned", 1).await;
    assert_eq!(signature(&bare[0]), None);

    let seconds = |got: &Got| got.header("webhook-timestamp").unwrap().parse::<i64>().unwrap();
    let (_gateway, old) = pushes("old-timestamp", 1).await;
    assert!(seconds(&old[0]) + 300 < seconds(&right[0]));

    let (_gateway, replayed) = pushes("replayed", 2).await;
    assert_eq!(replayed[0].headers, replayed[1].headers);
    assert_eq!(replayed[0].body, replayed[1].body);

    let (_gateway, ahead) = pushes("ahead-timestamp", 1).await;
    assert!(seconds(&ahead[0]) > seconds(&right[0]) + 300);
    let at = |got: &Got| {
        let at: jiff::Timestamp = got.json()["at"].as_str().unwrap().parse().unwrap();
        at.as_second()
    };
    let (_gateway, behind) = pushes("dated-behind", 1).await;
    let (_gateway, ahead) = pushes("dated-ahead", 1).await;
    assert!(at(&behind[0]) + 900 < at(&right[0]) && at(&right[0]) + 900 < at(&ahead[0]));

    let (_gateway, late) = pushes("three-days-late", 1).await;
    let day = |got: &Got| got.json()["at"].as_str().unwrap()[..10].to_owned();
    assert!(day(&late[0]) < day(&right[0]));
}

#[tokio::test]
async fn receivers_are_checked_dripped_on_and_hung_up_on() {
    let (_gateway, got) = pushes("checked-first", 2).await;
    assert_eq!(got[0].line, "GET /receipts/primary HTTP/1.1");
    assert!(got[1].line.starts_with("POST "));

    let (_gateway, got) = pushes("slow-upload", 1).await;
    assert_eq!(states(&got), ["delivered"]);

    let (gateway, got) = pushes("hung-up", 2).await;
    assert_eq!(states(&got), ["delivered"; 2]);
    assert_eq!(gateway.pushes()[0].status, None, "nobody read the first answer");
}

#[tokio::test]
async fn a_receipt_may_come_before_the_answer_or_never() {
    let (address, mut told) = receiver().await;
    let gateway = gateway(&plan_of(address, "before-answer")).await;
    client()
        .post(gateway.url())
        .json(&message("r1"))
        .send()
        .await
        .unwrap();
    let first = told.try_recv().expect("it was there before the answer");
    assert_eq!(first.json()["client_ref"], "r1");

    gateway.set_plan(crate::plan(&plan_of(address, "lost")));
    client()
        .post(gateway.url())
        .json(&message("r1"))
        .send()
        .await
        .unwrap();
    // What is asked for later arrives, and nothing before it.
    let url = format!("http://{}/_control/push", gateway.address());
    let asked = client()
        .post(url)
        .json(&json!({"client_ref": "r1", "fault": "expired"}));
    assert_eq!(asked.send().await.unwrap().status(), 202);
    let next = timeout(Duration::from_secs(20), told.recv())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(states(&[next]), ["expired"]);
}

#[tokio::test]
async fn a_look_up_that_lags_finds_nothing_and_then_the_message() {
    let gateway = gateway("look_up_lag = \"1h\"\n").await;
    client()
        .post(gateway.url())
        .json(&message("r1"))
        .send()
        .await
        .unwrap();
    assert_eq!(look_up(&gateway, "r1").send().await.unwrap().status(), 404);
    gateway.set_plan(crate::plan(""));
    assert_eq!(look_up(&gateway, "r1").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn limits_are_counted_per_number_and_money_runs_out() {
    use Verdict::{Accepted, Refused};
    let gateway = gateway("[limits]\nper_hour = 2\nbalance = 3\n").await;
    let send = async |client_ref: &str, to: &str| {
        let mut body = message(client_ref);
        body["to"] = json!(to);
        let answer = client().post(gateway.url()).json(&body).send().await.unwrap();
        let wait = answer
            .headers()
            .get("retry-after")
            .map(|it| it.to_str().unwrap().to_owned());
        (answer.status().as_u16(), wait)
    };
    let (one, other) = ("+8613800000001", "+8613800000002");
    assert_eq!(send("a", one).await, (200, None));
    assert_eq!(send("b", one).await, (200, None));
    let (status, wait) = send("c", one).await;
    assert_eq!(status, 429);
    assert!((3_590..=3_600).contains(&wait.unwrap().parse::<u32>().unwrap()));
    assert_eq!(send("d", other).await, (200, None));
    assert_eq!(send("e", "+8613800000003").await, (403, None));
    let verdicts: Vec<Verdict> = gateway.calls().unwrap().iter().map(|call| call.verdict).collect();
    assert_eq!(verdicts, [Accepted, Accepted, Refused, Accepted, Refused]);
}
