//! What SMS providers say: answers to our calls, and receipts that they push.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::notice::AttemptClass;
use engine::time::{SECOND, Timestamp};
use gateway_sms::generic::{Generic, Options, read_answer};
use hmac::{Hmac, KeyInit as _, Mac as _};
use ports::gateway::{Gateway as _, Push, PushError};
use secrecy::SecretString;
use sha2::Sha256;

use super::{tells_nothing, texts};
use crate::run::{Check, Target};

const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// In seconds.
const NOW: i64 = 1_772_416_800;

const WORDS: &[&str] = &[
    "\"message_id\":\"m1\",",
    "\"client_ref\":\"n-1-1\",",
    "\"client_ref\":\"9900000001\",",
    "\"message_id\":\"+8619900000001\",",
    "\"code\":\"0086-19900000001\",",
    "张三",
    "\"state\":\"delivered\",",
    "\"state\":\"expired\"",
    "\"code\":\"invalid_number\"",
    "\"code\":\"blocked\"",
    "\"code\":\"later\"",
    "\"at\":\"2026-03-02T10:00:00+08:00\",",
    "\"at\":\"2026-03-02T10:00:00Z[UTC]\",",
    "200\n",
    "400\n",
    "404\n",
    "429\n",
    "503\n",
    "Mon, 02 Mar 2026 02:01:30 GMT\n",
    "Mon, 02 Mar 2026 02:01:30 +9999\n",
    "-99999999999999999999\n",
    "v1,",
    "whsec_",
    "1772416800",
    "null",
    "{",
    "}",
    "[",
    "]",
    "[[",
    ",",
    "\n",
];

pub(super) fn targets() -> Vec<Target> {
    let receipts = texts(&[
        r#"{"message_id":"m1","client_ref":"n-1-1","state":"delivered","code":"0","at":"2026-03-02T10:00:00+08:00","more":1}"#,
        r#"[{"message_id":"m1","state":"undelivered"},{"client_ref":"n-1-1","state":"expired","code":"x"},{"state":7}]"#,
    ]);
    let headers = texts(&[
        "msg_1\n1772416800\nv1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v2,x\n{\"state\":\"delivered\",\"message_id\":\"m\"}",
    ]);
    let answers = texts(&[
        "200\n\n\n{\"message_id\":\"m1\",\"state\":\"accepted\"}",
        "400\n\n\n{\"code\":\"invalid_number\",\"detail\":\"+8619900000001\"}",
        "422\n\n\n{\"code\":\"+8619900000001\"}",
        "429\n7\nMon, 02 Mar 2026 02:00:00 GMT\n",
        "503\nMon, 02 Mar 2026 02:01:30 GMT\nMon, 02 Mar 2026 02:00:00 GMT\n<html>",
        "404\n\n\n",
    ]);
    let target = |name, corpus, prepare: fn() -> Check| Target {
        name,
        corpus,
        words: WORDS,
        longest: 4096,
        prepare: Box::new(prepare),
    };
    vec![
        target("receipts", receipts, check_receipts),
        target("receipt-headers", headers, check_headers),
        target("answers", answers, || Box::new(check_answer)),
    ]
}

fn gateway() -> Generic {
    // Somebody may have installed it already.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let options = Options {
        receipt_secret: Some(SecretString::from(format!("whsec_{SECRET}"))),
        ..Options::new("primary", "http://127.0.0.1:9/v1/messages")
    };
    Generic::new(options).expect("the settings are right")
}

fn signature(id: &str, time: &str, body: &[u8]) -> String {
    let key = STANDARD.decode(SECRET).expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length will do");
    for part in [id.as_bytes(), b".", time.as_bytes(), b".", body] {
        mac.update(part);
    }
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// That a word which a provider made may stand in tables and exports: nothing but ASCII, and no mobile number in it.
fn names_nobody(word: &str) -> Result<(), String> {
    let is_phone = |digits: &str| match digits.len() {
        11 => digits.starts_with('1'),
        13 => digits.starts_with("861"),
        15 => digits.starts_with("00861"),
        _ => false,
    };
    // A hash may hold any digits.
    if word.len() == "hash-".len() + 32 && word.starts_with("hash-") {
        return Ok(());
    }
    let has_phone = word.split(|char: char| !char.is_ascii_digit()).any(is_phone);
    if has_phone || !word.is_ascii() {
        return Err(format!("kept as it came: {word}"));
    }
    Ok(())
}

/// A body that is signed is read item by item, and the same body gives the same receipts.
fn check_receipts() -> Check {
    let gateway = gateway();
    let now = Timestamp::from_micros(NOW * SECOND);
    Box::new(move |body| {
        let time = NOW.to_string();
        let signed = signature("msg", &time, body);
        let header = |name: &str| match name {
            "webhook-id" => Some("msg".to_owned()),
            "webhook-timestamp" => Some(time.clone()),
            "webhook-signature" => Some(signed.clone()),
            _ => None,
        };
        let push = Push {
            header: &header,
            body,
        };
        match gateway.read_push(push, now) {
            Err(PushError::Malformed(what)) => tells_nothing(&what),
            Err(error) => Err(format!("signed as it should be, and refused: {error}")),
            Ok(pushed) => {
                let again = gateway.read_push(push, now).map_err(|error| error.to_string())?;
                if format!("{:?}", again.receipts) != format!("{:?}", pushed.receipts) {
                    return Err("read twice, two receipts".to_owned());
                }
                pushed
                    .unreadable
                    .iter()
                    .try_for_each(|(_, what)| tells_nothing(what))?;
                pushed.receipts.iter().try_for_each(|receipt| {
                    receipt.message_id.as_deref().map_or(Ok(()), names_nobody)?;
                    let client_ref = receipt.client_ref.as_ref().map(ToString::to_string);
                    client_ref.as_deref().map_or(Ok(()), names_nobody)?;
                    receipt.code.as_deref().map_or(Ok(()), names_nobody)
                })
            }
        }
    })
}

/// Three headers and a body that nobody signed are never taken.
fn check_headers() -> Check {
    let gateway = gateway();
    let now = Timestamp::from_micros(NOW * SECOND);
    Box::new(move |input| {
        let text = String::from_utf8_lossy(input).into_owned();
        let mut lines = text.splitn(4, '\n').map(str::to_owned);
        let headers: Vec<Option<String>> = (0..3).map(|_| lines.next()).collect();
        let body = lines.next().unwrap_or_default();
        let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
        let header = |name: &str| {
            let at = names.iter().position(|known| *known == name)?;
            headers[at].clone()
        };
        let push = Push {
            header: &header,
            body: body.as_bytes(),
        };
        match gateway.read_push(push, now) {
            Err(PushError::Unsigned(what)) => tells_nothing(&what),
            Err(error) => Err(format!("looked at before the signature: {error}")),
            Ok(_) => Err("taken without a signature".to_owned()),
        }
    })
}

/// Status, `Retry-After`, `Date` on a line each, then the body. Only a 200 with an id is accepted, waits stay between a
/// second and an hour, and neither code nor id repeats what could name somebody.
fn check_answer(input: &[u8]) -> Result<(), String> {
    let mut parts = input.splitn(4, |byte| *byte == b'\n');
    let mut line = || String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let (status, retry_after, date) = (line(), line(), line());
    let status = status.trim().parse().unwrap_or(200);
    let filled = |text: &'_ str| (!text.is_empty()).then(|| Arc::<str>::from(text));
    let (retry_after, date) = (filled(&retry_after), filled(&date));
    let body = parts.next().unwrap_or_default();
    let Some((answer, look_up)) = read_answer(status, retry_after.as_deref(), date.as_deref(), body) else {
        return Ok(());
    };
    if answer.class == AttemptClass::Accepted && (status != 200 || answer.provider_id.is_none()) {
        return Err(format!("accepted by a {status}"));
    }
    if answer.class == AttemptClass::NotSent {
        return Err("an answer proves that nothing was sent by failing to connect".to_owned());
    }
    if answer
        .retry_after
        .is_some_and(|seconds| !(1..=3600).contains(&seconds))
    {
        return Err(format!("waits {:?} seconds", answer.retry_after));
    }
    if look_up == ports::gateway::LookUp::NeverReceived && status != 404 {
        return Err(format!("never received by a {status}"));
    }
    answer.provider_id.as_deref().map_or(Ok(()), names_nobody)?;
    answer.code.map_or(Ok(()), |code| tells_nothing(&code))
}
