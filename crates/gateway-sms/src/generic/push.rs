//! Receipts of the generic dialect: one JSON object or a list of them, signed as Standard Webhooks says.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use engine::ids::{AttemptId, hash};
use engine::notice::NoticeState;
use engine::time::{MINUTE, SECOND, Timestamp};
use hmac::{Hmac, KeyInit as _, Mac as _};
use ports::gateway::{Push, PushError, Pushed};
use ports::receipt::NewReceipt;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::Sha256;

use super::plain;

/// How far the signature's own time may be off ours, before or behind.
const TOLERANCE: i64 = 5 * MINUTE;
/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// Ids and codes are short; what is longer is none.
const LONGEST: usize = 200;

/// Checks signatures.
pub(super) struct Signature(Hmac<Sha256>);

impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signature")
    }
}

impl Signature {
    pub(super) fn new(secret: &str) -> Result<Self, &'static str> {
        let secret = secret.trim();
        let key = secret.strip_prefix(PREFIX).unwrap_or(secret);
        let key = STANDARD
            .decode(key)
            .map_err(|_| "must be one line: whsec_ and base64")?;
        if key.len() < 16 {
            return Err("the key is shorter than 16 bytes, which can be guessed");
        }
        Hmac::new_from_slice(&key)
            .map(Self)
            .map_err(|_| "the key has no usable length")
    }

    /// Whether the push was made by who has the secret, and lately.
    pub(super) fn check(&self, push: Push<'_>, now: Timestamp) -> Result<(), PushError> {
        let header = |name| (push.header)(name).ok_or(PushError::Unsigned("a webhook-* header is missing"));
        let (id, time, signatures) = (
            header("webhook-id")?,
            header("webhook-timestamp")?,
            header("webhook-signature")?,
        );
        let seconds: i64 = time
            .parse()
            .map_err(|_| PushError::Unsigned("webhook-timestamp is not a number of seconds"))?;
        let at = Timestamp::from_micros(seconds.saturating_mul(SECOND));
        if now.since(at).abs() > TOLERANCE {
            return Err(PushError::Unsigned(
                "webhook-timestamp is off by more than 5 minutes",
            ));
        }
        let mut signed = self.0.clone();
        for part in [id.as_bytes(), b".", time.as_bytes(), b".", push.body] {
            signed.update(part);
        }
        let ours = |signature: &str| {
            let given = signature
                .strip_prefix("v1,")
                .and_then(|it| STANDARD.decode(it).ok());
            given.is_some_and(|given| signed.clone().verify_slice(&given).is_ok())
        };
        if signatures.split_ascii_whitespace().any(ours) {
            Ok(())
        } else {
            Err(PushError::Unsigned("no signature fits the body"))
        }
    }
}

/// One piece of news.
#[derive(Deserialize)]
struct News {
    #[serde(default)]
    message_id: Option<String>,
    #[serde(default)]
    client_ref: Option<String>,
    state: String,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    at: Option<String>,
}

/// Reads the news of a body, which is signed.
pub(super) fn read(provider: &Arc<str>, body: &[u8], now: Timestamp) -> Result<Pushed, PushError> {
    let is_list = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let items: Result<Vec<&RawValue>, _> = if is_list {
        serde_json::from_slice(body)
    } else {
        serde_json::from_slice(body).map(|one| vec![one])
    };
    let items = items.map_err(|error| {
        let (line, column) = (error.line(), error.column());
        PushError::Malformed(format!("the body is not JSON at line {line} column {column}"))
    })?;
    let mut pushed = Pushed::default();
    for (number, item) in items.into_iter().enumerate() {
        match receipt(provider, item.get(), now) {
            Ok(receipt) => pushed.receipts.push(receipt),
            Err(what) => pushed.unreadable.push((number, what.to_owned())),
        }
    }
    Ok(pushed)
}

fn receipt(provider: &Arc<str>, item: &str, now: Timestamp) -> Result<NewReceipt, &'static str> {
    const WANTED: &str = "must be an object with a text `state`, and texts beside it";
    // A list would be read as the fields in their order.
    if !item.starts_with('{') {
        return Err(WANTED);
    }
    let news: News = serde_json::from_str(item).map_err(|_| WANTED)?;
    let state = match news.state.as_str() {
        "delivered" => NoticeState::Delivered,
        "undelivered" => NoticeState::Undelivered,
        "expired" => NoticeState::Expired,
        _ => return Err("`state` must be delivered, undelivered or expired"),
    };
    let short = |text: Option<String>| text.filter(|text| !text.is_empty() && text.len() <= LONGEST);
    let message_id = short(news.message_id).map(|id| plain::id(&id));
    let client_ref = short(news.client_ref).and_then(plain::reference);
    if message_id.is_none() && client_ref.is_none() {
        return Err("`message_id` or `client_ref` is required");
    }
    let at = match &news.at {
        Some(at) => at
            .parse::<jiff::Timestamp>()
            .map_err(|_| "`at` must be a time as in RFC 3339")?
            .into(),
        None => now,
    };
    let code = short(news.code).map(|code| plain::code(&code));
    let digest = hash(&[
        provider.as_bytes(),
        message_id.as_deref().unwrap_or_default().as_bytes(),
        client_ref.as_deref().unwrap_or_default().as_bytes(),
        news.state.as_bytes(),
        code.as_deref().unwrap_or_default().as_bytes(),
        news.at.as_deref().unwrap_or_default().as_bytes(),
    ]);
    Ok(NewReceipt {
        provider: Arc::clone(provider),
        digest,
        message_id,
        client_ref: client_ref.as_deref().map(AttemptId::from_text),
        state,
        code,
        at,
        body: Bytes::copy_from_slice(item.as_bytes()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the samples of the Standard Webhooks specification's own libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn now() -> Timestamp {
        Timestamp::from_micros(1_614_265_330 * SECOND)
    }

    fn check(secret: &str, headers: &[(&str, &str)], body: &str, now: Timestamp) -> Result<(), String> {
        let header = |name: &str| {
            let found = headers.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let push = Push {
            header: &header,
            body: body.as_bytes(),
        };
        let signature = Signature::new(secret).map_err(str::to_owned)?;
        signature.check(push, now).map_err(|error| error.to_string())
    }

    const BODY: &str = r#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn headers(signature: &'static str) -> [(&'static str, &'static str); 3] {
        [
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", "1614265330"),
            ("webhook-signature", signature),
        ]
    }

    #[test]
    fn a_push_is_taken_from_who_has_the_secret_and_lately() {
        let good = headers(SIGNATURE);
        assert_eq!(check(SECRET, &good, BODY, now()), Ok(()));
        let several = headers("v1,AAAA v2,xx v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(
            check(SECRET, &several, BODY, now()),
            Ok(()),
            "a key is being replaced"
        );
        for minutes in [-5, 5] {
            assert_eq!(check(SECRET, &good, BODY, now().plus(minutes * MINUTE)), Ok(()));
        }
        let old = Err("webhook-timestamp is off by more than 5 minutes".to_owned());
        for off in [5 * MINUTE + 1, -5 * MINUTE - 1] {
            assert_eq!(check(SECRET, &good, BODY, now().plus(off)), old);
        }
        let forged = Err("no signature fits the body".to_owned());
        assert_eq!(check(SECRET, &good, r#"{"test": 2432232315}"#, now()), forged);
        assert_eq!(
            check("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &good, BODY, now()),
            forged
        );
        for signature in [
            "",
            "v1,",
            "v1,!",
            "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            "v1a,AAAA",
        ] {
            assert_eq!(
                check(SECRET, &headers(signature), BODY, now()),
                forged,
                "{signature}"
            );
        }
        let missing = Err("a webhook-* header is missing".to_owned());
        for left_out in 0..3 {
            let mut rest = good.to_vec();
            rest.remove(left_out);
            assert_eq!(check(SECRET, &rest, BODY, now()), missing);
        }
        let mut odd = good;
        odd[1].1 = "yesterday";
        let told = Err("webhook-timestamp is not a number of seconds".to_owned());
        assert_eq!(check(SECRET, &odd, BODY, now()), told);
        odd[1].1 = "9223372036854775807";
        assert!(check(SECRET, &odd, BODY, now()).is_err());
    }

    #[test]
    fn a_secret_that_can_be_guessed_is_refused() {
        let told = |secret| Signature::new(secret).err();
        assert_eq!(
            told("whsec_AAAA"),
            Some("the key is shorter than 16 bytes, which can be guessed")
        );
        assert_eq!(told("whsec_?"), Some("must be one line: whsec_ and base64"));
        assert_eq!(told(SECRET), None);
    }

    #[test]
    fn news_comes_alone_or_in_lists_and_bad_items_are_named() {
        let read = |body: &str| read(&"primary".into(), body.as_bytes(), now());
        let one = r#"{"message_id":"m1","client_ref":"n-1-1","state":"delivered","code":"0","at":"2026-03-02T10:00:00+08:00","more":1}"#;
        let alone = read(one).unwrap();
        let [receipt] = &alone.receipts[..] else { panic!() };
        assert_eq!(receipt.state, NoticeState::Delivered);
        assert_eq!(receipt.message_id.as_deref(), Some("m1"));
        assert_eq!(receipt.client_ref.as_ref().map(AttemptId::as_str), Some("n-1-1"));
        assert_eq!(
            receipt.at,
            "2026-03-02T02:00:00Z".parse::<jiff::Timestamp>().unwrap().into()
        );
        assert_eq!(receipt.body, one);
        let list = format!(
            "[{one}, {{\"message_id\":\"m2\",\"state\":\"lost\"}}, {{\"state\":\"expired\"}}, 7, \
             {{\"message_id\":\"m3\",\"state\":\"expired\",\"at\":\"soon\"}}, {{\"client_ref\":\"n-2-1\",\"state\":\"undelivered\"}}]"
        );
        let list = read(&list).unwrap();
        assert_eq!(list.receipts.len(), 2);
        assert_eq!(list.receipts[0].digest, alone.receipts[0].digest);
        assert_eq!(list.receipts[1].at, now());
        let bad: Vec<_> = list
            .unreadable
            .iter()
            .map(|(at, what)| (*at, what.as_str()))
            .collect();
        assert_eq!(
            bad,
            [
                (1, "`state` must be delivered, undelivered or expired"),
                (2, "`message_id` or `client_ref` is required"),
                (3, "must be an object with a text `state`, and texts beside it"),
                (4, "`at` must be a time as in RFC 3339"),
            ]
        );
        let fields = read(r#"[["m1","n-1-1","delivered"]]"#).unwrap();
        assert_eq!(
            fields.unreadable[0].1,
            "must be an object with a text `state`, and texts beside it"
        );
        let broken = read("[{").unwrap_err().to_string();
        assert_eq!(broken, "the body is not JSON at line 1 column 2");
        assert!(read("[]").unwrap().receipts.is_empty());
    }
}
