//! Cameras, a patrol and the provider's receipts, as one HTTP client.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
}

/// A batch of live sightings of an hour ago, `per_plate` of each plate one after the other.
pub(crate) fn facts(range: Range<usize>, per_plate: usize) -> Vec<u8> {
    let at = now() - jiff::SignedDuration::from_hours(1);
    let mut body = String::from("[");
    for number in range.clone() {
        let plate = number / per_plate;
        let comma = if number == range.start { "" } else { "," };
        write!(
            body,
            r#"{comma}{{"specversion":"1.0","type":"clearwalk.observation.v1","source":"/devices/D{}","id":"{number}","data":{{"plate":{{"number":"湘K{}","class":"02"}},"captured_at":"{at}","device":{{"id":"D{}"}},"place":{{"zone":"Z1"}},"violation_code":"1039"}}}}"#,
            plate % 500,
            plate_text(plate),
            plate % 500,
        )
        .expect("a text takes text");
    }
    body.push(']');
    body.into_bytes()
}

#[expect(
    clippy::disallowed_methods,
    reason = "cameras and providers have clocks of their own"
)]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Five characters: digits, then letters of the grammar where digits do not suffice.
pub(crate) fn plate_text(number: usize) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
    if number < 100_000 {
        return format!("{number:05}");
    }
    let rest = number - 100_000;
    format!(
        "{}{:04}",
        char::from(LETTERS[rest / 10_000 % LETTERS.len()]),
        rest % 10_000
    )
}

impl Client {
    pub(crate) fn new(address: &str) -> Self {
        // It fails only where another one is installed already, which is as good.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        Self {
            http: reqwest::Client::builder()
                .no_proxy()
                .build()
                .expect("a plain client"),
            base: format!("http://{address}"),
        }
    }

    /// Posts a batch until it is taken; a service that is busy says so.
    pub(crate) async fn send(&self, body: Vec<u8>) {
        let mut again = tokio::time::interval(Duration::from_millis(50));
        loop {
            again.tick().await;
            let request = self.http.post(format!("{}/v1/facts", self.base));
            let request = request.header("content-type", "application/cloudevents-batch+json");
            let answer = request
                .body(body.clone())
                .send()
                .await
                .expect("the service answers");
            match answer.status().as_u16() {
                202 => return,
                429 => {}
                status => panic!("{status}: {}", answer.text().await.unwrap_or_default()),
            }
        }
    }

    pub(crate) async fn eligibility(&self, turn: usize) {
        let plate = plate_text(turn % 1_000);
        let url = format!("{}/v1/eligibility?plate=湘K{plate}&class=02&zone=Z1", self.base);
        let answer = self.http.get(url).send().await.expect("the service answers");
        assert_eq!(answer.status(), 200);
        answer.bytes().await.expect("a whole answer");
    }

    /// Pushes the receipt of one of the messages that were taken.
    pub(crate) async fn receipt(&self, refs: &Arc<Mutex<Vec<String>>>, turn: usize, secret: &str) {
        let name = {
            let refs = refs.lock().expect("no holder panics");
            match refs.len() {
                0 => return,
                some => refs[turn * 7_919 % some].clone(),
            }
        };
        let now = now();
        let body = format!(
            r#"{{"message_id":"m-{name}","client_ref":"{name}","state":"delivered","code":"0","at":"{now}"}}"#
        );
        let (id, time) = (format!("r{turn}"), now.as_second().to_string());
        let key = STANDARD.decode(secret).expect("base64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length");
        mac.update(format!("{id}.{time}.{body}").as_bytes());
        let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let request = self.http.post(format!("{}/receipts/primary", self.base));
        let request = request
            .header("content-type", "application/json")
            .header("webhook-id", id);
        let request = request
            .header("webhook-timestamp", time)
            .header("webhook-signature", signature);
        let answer = request.body(body).send().await.expect("the service answers");
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    async fn stats(&self) -> Value {
        let answer = self.http.get(format!("{}/v1/stats", self.base)).send().await;
        let bytes = answer
            .expect("the service answers")
            .bytes()
            .await
            .expect("a whole answer");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    pub(crate) async fn until_decided(&self, facts: u64) {
        self.until(|stats| stats["records"]["appended"] == facts && stats["records"]["unread"] == 0)
            .await;
    }

    pub(crate) async fn until_accepted(&self, notices: u64) {
        self.until(|stats| {
            let states = &stats["notices"]["by_state"];
            let count = |state: &str| states[state].as_u64().unwrap_or_default();
            count("accepted") + count("delivered") >= notices
        })
        .await;
    }

    async fn until(&self, is_so: impl Fn(&Value) -> bool) {
        let mut look = tokio::time::interval(Duration::from_millis(50));
        loop {
            look.tick().await;
            if is_so(&self.stats().await) {
                return;
            }
        }
    }
}
