//! Receipts as a provider pushes them, well or badly: which pushes follow an accepted message, and what is in them.
//!
//! Nothing here waits or sends; the same plan and message always give the same pushes.

mod kinds;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;

use super::desk::SKEW;
use super::plan::Span;
pub use kinds::ReceiptFault;

/// Where receipts go, and what befalls them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipts {
    /// `http://HOST:PORT/receipts/PROVIDER`; only unencrypted, since both ends are on one machine.
    #[serde(deserialize_with = "unencrypted")]
    pub to: String,
    /// `whsec_` and base64; without it nothing is signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// How long after acceptance the first push leaves.
    #[serde(default = "one_second")]
    pub delay: Span,
    /// The share of accepted messages that each befalls; the others get one receipt, `delivered`.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "shares"
    )]
    pub rates: BTreeMap<ReceiptFault, f64>,
    /// For single messages; the first that fits wins over the rates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<ReceiptRule>,
    /// How many receipts without a fault go in one push; absent or 0: each by itself.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub batch: usize,
    /// The waits before a push that was not answered is made again; absent: it is not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<Span>,
    /// A file with a line before each push leaves and one when it is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<PathBuf>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

fn unencrypted<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let to = String::deserialize(from)?;
    if to.starts_with("http://") {
        Ok(to)
    } else {
        Err(D::Error::custom(format!("`{to}` does not begin with http://")))
    }
}

fn shares<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<ReceiptFault, f64>, D::Error> {
    let shares = BTreeMap::<ReceiptFault, f64>::deserialize(from)?;
    // Shares such as 0.1 are not exact in binary; ten of them may come out above 1.
    let is_sound = shares.values().all(|share| (0.0..=1.0).contains(share))
        && shares.values().sum::<f64>() <= 1.0 + 1e-9;
    if is_sound {
        Ok(shares)
    } else {
        Err(D::Error::custom("rates are from 0 to 1, and at most 1 together"))
    }
}

fn one_second() -> Span {
    Span::seconds(1)
}

/// What befalls the receipts of messages to one number, or of one message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptRule {
    /// The end of the recipient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_ref: Option<String>,
    pub fault: ReceiptFault,
}

/// The message that a push is about.
#[derive(Clone, Debug)]
pub(super) struct About {
    pub(super) client_ref: String,
    pub(super) message_id: String,
}

/// How a push is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Whole,
    InDrips,
    HangUp,
    Check,
}

/// One request to the receiver.
#[derive(Clone, Debug)]
pub(super) struct Push {
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    pub(super) manner: Manner,
    /// Since the push before.
    pub(super) after: Duration,
}

impl Push {
    /// Whether the sender waits for no answer.
    pub(super) fn hangs_up(&self) -> bool {
        self.manner == Manner::HangUp
    }

    /// What it says about a message: its reference and each state that is told of it.
    pub(super) fn states_of(&self, about: &About) -> Vec<(String, String)> {
        let body: Value = match self.manner {
            Manner::Check => Value::Null,
            _ => serde_json::from_slice(&self.body).unwrap_or_default(),
        };
        let news = match &body {
            Value::Array(all) => all.as_slice(),
            one => std::slice::from_ref(one),
        };
        let ours = news.iter().filter(|one| one["message_id"] == *about.message_id);
        ours.filter_map(|one| Some((about.client_ref.clone(), one["state"].as_str()?.to_owned())))
            .collect()
    }
}

impl Receipts {
    /// The same place, no faults.
    pub(super) fn without_faults(self) -> Receipts {
        Receipts {
            rates: BTreeMap::new(),
            messages: Vec::new(),
            ..self
        }
    }

    /// What befalls the receipts of a message; `point` lies in `0.0..1.0`.
    pub(super) fn fault_of(&self, client_ref: &str, to: &str, point: f64) -> Option<ReceiptFault> {
        let ruled = self.messages.iter().find(|rule| {
            rule.to.as_deref().is_none_or(|end| to.ends_with(end))
                && rule.client_ref.as_deref().is_none_or(|known| known == client_ref)
        });
        let mut reached = 0.0;
        ruled.map(|rule| rule.fault).or_else(|| {
            self.rates.iter().find_map(|(fault, share)| {
                reached += share;
                (point < reached).then_some(*fault)
            })
        })
    }

    /// Every push about a message, in order.
    pub(super) fn pushes(&self, fault: Option<ReceiptFault>, about: &About, now: Timestamp) -> Vec<Push> {
        use ReceiptFault as F;
        let news = |state: &str, at: Timestamp| news(about, state, at);
        let delivered = news("delivered", now);
        let mut bodies = vec![delivered.clone()];
        match fault {
            Some(F::Lost) => bodies.clear(),
            Some(F::Undelivered) => bodies = vec![news("undelivered", now)],
            Some(F::Expired) => bodies = vec![news("expired", now)],
            Some(F::Twice | F::HungUp) => bodies.push(delivered),
            Some(F::Hundredfold) => bodies = vec![delivered; 100],
            Some(F::FailedThenDelivered) => bodies.insert(0, news("undelivered", earlier(now, 1))),
            Some(F::DeliveredThenFailed) => bodies.push(news("undelivered", earlier(now, 1))),
            Some(F::UnknownId) => bodies.insert(0, strangers(about, 1, now).remove(0)),
            Some(F::WrongRef) => bodies[0]["client_ref"] = json!(format!("{}-other", about.client_ref)),
            Some(F::InTenThousand) => bodies = vec![among(strangers(about, 9_999, now), 5_000, delivered)],
            Some(F::PartsOutOfOrder) => {
                let part = |number: u32| {
                    let mut part = delivered.clone();
                    (part["part"], part["parts"]) = (json!(number), json!(2));
                    part
                };
                bodies = vec![part(2), part(1)];
            }
            Some(F::WrongId) => {
                let mut foreign = news("undelivered", earlier(now, 1));
                foreign["message_id"] = json!(format!("other-{}", about.message_id));
                bodies.insert(0, foreign);
            }
            Some(F::WrongNumber) => bodies[0]["to"] = json!("+8613899999999"),
            Some(F::EmptyArray) => bodies.insert(0, json!([])),
            Some(F::BrokenAmongGood) => {
                let mut others = strangers(about, 99, now);
                others[50] = json!({"state": 5});
                bodies = vec![among(others, 99, delivered)];
            }
            Some(F::DatedAhead) => bodies = vec![news("delivered", earlier(now, -SKEW))],
            Some(F::DatedBehind) => bodies = vec![news("delivered", earlier(now, SKEW))],
            Some(F::ThreeDaysLate) => bodies = vec![news("delivered", earlier(now, 3 * 24 * 3600))],
            _ => {}
        }
        let mut pushes: Vec<Push> = (0..)
            .zip(&bodies)
            .map(|(number, body)| self.push(fault, about, number, body, now))
            .collect();
        match fault {
            Some(F::Replayed) => pushes.push(pushes[0].clone()),
            Some(F::CheckedFirst) => pushes.insert(
                0,
                Push {
                    manner: Manner::Check,
                    ..pushes[0].clone()
                },
            ),
            Some(F::HungUp) => pushes[0].manner = Manner::HangUp,
            Some(F::SlowUpload) => pushes[0].manner = Manner::InDrips,
            _ => {}
        }
        if let Some(first) = pushes.first_mut().filter(|_| fault != Some(F::BeforeAnswer)) {
            first.after = self.delay.0;
        }
        pushes
    }

    /// Whether a receipt that nothing befalls goes together with others.
    pub(super) fn is_batched(&self) -> bool {
        self.batch > 1
    }

    /// One push about several messages, each of them delivered.
    pub(super) fn together(&self, abouts: &[About], now: Timestamp) -> Push {
        let all: Vec<Value> = abouts.iter().map(|about| news(about, "delivered", now)).collect();
        self.push(None, &abouts[0], 0, &Value::Array(all), now)
    }

    fn push(
        &self,
        fault: Option<ReceiptFault>,
        about: &About,
        number: u32,
        body: &Value,
        now: Timestamp,
    ) -> Push {
        let id = format!("msg_{}_{number}", about.message_id);
        let time = match fault {
            Some(ReceiptFault::OldTimestamp) => earlier(now, 6 * 60),
            Some(ReceiptFault::AheadTimestamp) => earlier(now, -6 * 60),
            _ => now,
        };
        let time = time.as_second().to_string();
        let body = body.to_string().into_bytes();
        let mut headers = vec![("webhook-id", id.clone()), ("webhook-timestamp", time.clone())];
        if let Some(secret) = self
            .secret
            .as_deref()
            .filter(|_| fault != Some(ReceiptFault::Unsigned))
        {
            let mut key = key_of(secret);
            if fault == Some(ReceiptFault::Forged) {
                key.reverse();
                key.push(0x5a);
            }
            headers.push(("webhook-signature", signature(&key, &id, &time, &body)));
        }
        Push {
            headers,
            body,
            manner: Manner::Whole,
            after: Duration::ZERO,
        }
    }
}

fn news(about: &About, state: &str, at: Timestamp) -> Value {
    let code = match state {
        "delivered" => "DELIVRD",
        "expired" => "EXPIRED",
        _ => "UNDELIV",
    };
    json!({"message_id": about.message_id, "client_ref": about.client_ref, "state": state, "code": code,
           "at": at.to_string()})
}

/// News of messages that nobody sent.
fn strangers(about: &About, count: usize, at: Timestamp) -> Vec<Value> {
    let stranger = |number: usize| {
        let about = About {
            client_ref: format!("stranger-{}-{number}", about.message_id),
            message_id: format!("x{}-{number}", about.message_id),
        };
        news(&about, "delivered", at)
    };
    (0..count).map(stranger).collect()
}

fn among(mut others: Vec<Value>, place: usize, one: Value) -> Value {
    others.insert(place, one);
    Value::Array(others)
}

fn earlier(now: Timestamp, seconds: i64) -> Timestamp {
    now - SignedDuration::from_secs(seconds)
}

/// The bytes of a secret; one that is not base64 signs with its text, which no receiver takes.
fn key_of(secret: &str) -> Vec<u8> {
    let text = secret.strip_prefix("whsec_").unwrap_or(secret);
    STANDARD.decode(text).unwrap_or_else(|_| text.as_bytes().to_vec())
}

/// The signature of a push, as Standard Webhooks says.
fn signature(key: &[u8], id: &str, time: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    for part in [id.as_bytes(), b".", time.as_bytes(), b".", body] {
        mac.update(part);
    }
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_standard() {
        let key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signed = signature(
            &key,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
