//! What a client of the test gateway sees, and what the ledger says about it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod faults;
mod killed;
mod protocol;
mod receipts;

use std::fmt::Write;
use std::time::Duration;

use reqwest::RequestBuilder;
use serde_json::{Value, json};
use world::gateway::{Format, Gateway, Options, Plan};

/// Times short enough for tests; the deadline of `client` lies between `slow_by` and `hang_limit`.
const TIMES: &str = "slow_by = \"50ms\"\ndrip = \"20ms\"\nhang_limit = \"3s\"\nreceipt_delay = \"150ms\"\n";
const DEADLINE: Duration = Duration::from_millis(700);

fn plan(text: &str) -> Plan {
    Plan::parse(&format!("{TIMES}{text}"), Format::Toml, "plan").unwrap()
}

async fn gateway(text: &str) -> Gateway {
    Gateway::start(Options {
        plan: plan(text),
        ..Options::default()
    })
    .await
    .unwrap()
}

/// A client as a careful dispatcher has it: no redirects, no retries, one deadline for all.
fn client() -> reqwest::Client {
    // Installed already by another test of this process, or now: either is fine.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .timeout(DEADLINE)
        .build()
        .unwrap()
}

fn message(client_ref: &str) -> Value {
    json!({"client_ref": client_ref, "to": "+8613800000001", "text": "【娄底城管】words", "template": "A1",
           "params": {"plate": "湘K12345"}, "expires_at": "2027-01-01T00:00:00+08:00"})
}

/// A look-up of one reference.
fn look_up(gateway: &Gateway, client_ref: &str) -> RequestBuilder {
    let mut url = format!("{}?client_ref=", gateway.url());
    for byte in client_ref.bytes() {
        write!(url, "%{byte:02x}").unwrap();
    }
    client().get(url)
}
