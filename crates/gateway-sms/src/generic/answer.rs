//! What an answer proves. Only what the contract lists is a refusal; everything else is perhaps sent.

use engine::notice::{AttemptClass, NoticeState};
use engine::time::{SECOND, Timestamp};
use jiff::fmt::rfc2822::DateTimeParser;
use ports::clock::{Clock as _, SystemClock};
use ports::gateway::{Answer, LookUp};
use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::exchange::{Answered, Exchange};
use super::plain;

/// What a provider may ask for, in seconds.
const SHORTEST_WAIT: i64 = 1;
const LONGEST_WAIT: i64 = 3600;

/// The refusals of 400 and 422; nothing was sent.
const REFUSALS: [(&str, AttemptClass); 5] = [
    ("invalid_number", AttemptClass::PermanentRecipient),
    ("blocked", AttemptClass::Suppressed),
    ("template", AttemptClass::PermanentContent),
    ("content", AttemptClass::PermanentContent),
    ("invalid_request", AttemptClass::PermanentContent),
];

/// States that a look-up may name.
const STATES: [(&str, NoticeState); 4] = [
    ("accepted", NoticeState::Accepted),
    ("delivered", NoticeState::Delivered),
    ("undelivered", NoticeState::Undelivered),
    ("expired", NoticeState::Expired),
];

#[derive(Deserialize)]
struct Taken {
    message_id: String,
}

#[derive(Deserialize)]
struct Refused {
    code: String,
}

#[derive(Deserialize)]
struct Known {
    message_id: Option<String>,
    state: String,
    code: Option<String>,
}

/// Reads the answer to a send.
pub(super) fn of_send(exchange: &Exchange) -> Answer {
    match exchange {
        Exchange::NoConnection => bare(AttemptClass::NotSent, "connect"),
        Exchange::Broken(what) => bare(AttemptClass::Unknown, what),
        Exchange::Answered(answered) => whole(answered),
    }
}

/// Reads the answer to a look-up.
pub(super) fn of_look_up(exchange: &Exchange) -> LookUp {
    let Exchange::Answered(answered) = exchange else {
        return LookUp::Nothing;
    };
    if answered.status == StatusCode::NOT_FOUND {
        return LookUp::NeverReceived;
    }
    if answered.status != StatusCode::OK {
        return LookUp::Nothing;
    }
    let Some(known) = object::<Known>(&answered.body) else {
        return LookUp::Nothing;
    };
    match STATES.iter().find(|(word, _)| *word == known.state) {
        Some((_, state)) => LookUp::Found {
            state: *state,
            provider_id: known
                .message_id
                .filter(|id| !id.is_empty())
                .map(|id| plain::id(&id)),
            code: known.code.map(|code| plain::code(&code)),
        },
        None => LookUp::Nothing,
    }
}

fn whole(answered: &Answered) -> Answer {
    match answered.status {
        StatusCode::OK => match object::<Taken>(&answered.body) {
            Some(taken) if !taken.message_id.is_empty() => Answer {
                class: AttemptClass::Accepted,
                code: None,
                provider_id: Some(plain::id(&taken.message_id)),
                retry_after: None,
            },
            Some(_) | None => bare(AttemptClass::Unknown, "no_message_id"),
        },
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => refusal(answered),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            bare(AttemptClass::AccountBlocked, &http(answered.status))
        }
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => match wait(answered) {
            Some(seconds) => Answer {
                retry_after: Some(seconds),
                ..bare(AttemptClass::ThrottledAccount, &http(answered.status))
            },
            None => bare(AttemptClass::Unknown, &http(answered.status)),
        },
        other => bare(AttemptClass::Unknown, &http(other)),
    }
}

fn refusal(answered: &Answered) -> Answer {
    let Some(refused) = object::<Refused>(&answered.body) else {
        return bare(AttemptClass::Unknown, &http(answered.status));
    };
    match REFUSALS.iter().find(|(code, _)| *code == refused.code) {
        Some((code, class)) => bare(*class, code),
        None => bare(AttemptClass::Unknown, &plain::code(&refused.code)),
    }
}

/// Reads a JSON object; serde would take an array of the same values too.
fn object<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace())?;
    if *first == b'{' {
        serde_json::from_slice(body).ok()
    } else {
        None
    }
}

/// How long the provider asks to be left alone, in seconds; none where the header says nothing that can be read.
fn wait(answered: &Answered) -> Option<u64> {
    let text = answered.retry_after.as_deref()?;
    let digits = text.strip_prefix('-').unwrap_or(text);
    let seconds = if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // Too large for a number is longer than anything that is waited for.
        let most = if digits.len() == text.len() {
            LONGEST_WAIT
        } else {
            SHORTEST_WAIT
        };
        text.parse().unwrap_or(most)
    } else {
        // Counted from the provider's own clock where it shows one, since ours may differ.
        let from = answered
            .date
            .as_deref()
            .and_then(date)
            .unwrap_or_else(|| SystemClock.now());
        date(text)?.since(from) / SECOND
    };
    u64::try_from(seconds.clamp(SHORTEST_WAIT, LONGEST_WAIT)).ok()
}

pub(super) fn date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new()
        .parse_timestamp(text)
        .ok()
        .map(Timestamp::from)
}

fn bare(class: AttemptClass, code: &str) -> Answer {
    Answer {
        class,
        code: Some(code.into()),
        provider_id: None,
        retry_after: None,
    }
}

fn http(status: StatusCode) -> String {
    format!("http_{}", status.as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, retry_after: Option<&str>, body: &str) -> Exchange {
        Exchange::Answered(Answered {
            status: StatusCode::from_u16(status).unwrap(),
            retry_after: retry_after.map(str::to_owned),
            date: Some("Mon, 02 Mar 2026 02:00:00 GMT".to_owned()),
            body: body.as_bytes().to_vec(),
        })
    }

    fn class(status: u16, retry_after: Option<&str>, body: &str) -> (AttemptClass, Option<u64>) {
        let answer = of_send(&answered(status, retry_after, body));
        (answer.class, answer.retry_after)
    }

    #[test]
    fn only_200_with_a_message_id_is_accepted() {
        let answer = of_send(&answered(200, None, r#"{"message_id":"m1","more":[1]}"#));
        assert_eq!(
            (answer.class, answer.provider_id.as_deref()),
            (AttemptClass::Accepted, Some("m1"))
        );
        let others = [
            "",
            "{}",
            "<html>",
            r#"{"message_id":""}"#,
            r#"{"message_id":null}"#,
            r#"{"message_id":7}"#,
            r#"["m1"]"#,
            r#"{"message_id":"m1"} trailing"#,
            r#"{"message_id":"m1","message_id":"m2"}"#,
            "\u{feff}{\"message_id\":\"m1\"}",
        ];
        for body in others {
            assert_eq!(class(200, None, body).0, AttemptClass::Unknown, "{body}");
        }
        for status in [201, 202, 204, 206] {
            assert_eq!(
                class(status, None, r#"{"message_id":"m1"}"#).0,
                AttemptClass::Unknown,
                "{status}"
            );
        }
    }

    #[test]
    fn a_listed_code_of_400_or_422_is_a_refusal_and_any_other_is_perhaps_sent() {
        for status in [400, 422] {
            for (code, expected) in REFUSALS {
                let answer = of_send(&answered(
                    status,
                    None,
                    &format!(r#"{{"code":"{code}","detail":"x"}}"#),
                ));
                assert_eq!((answer.class, answer.code.as_deref()), (expected, Some(code)));
            }
            for body in [r#"{"code":"later"}"#, r#"{"code":7}"#, "{}", "", "<html>"] {
                assert_eq!(
                    class(status, None, body).0,
                    AttemptClass::Unknown,
                    "{status} {body}"
                );
            }
        }
        assert_eq!(
            class(404, None, r#"{"code":"invalid_number"}"#).0,
            AttemptClass::Unknown
        );
    }

    #[test]
    fn a_refused_key_blocks_the_account() {
        assert_eq!(class(401, None, "").0, AttemptClass::AccountBlocked);
        assert_eq!(class(403, None, "<html>").0, AttemptClass::AccountBlocked);
    }

    #[test]
    fn only_a_readable_retry_after_is_a_throttle() {
        for status in [429, 503] {
            let seconds = |text| class(status, Some(text), "");
            let throttled = |seconds| (AttemptClass::ThrottledAccount, Some(seconds));
            assert_eq!(seconds("7"), throttled(7));
            assert_eq!(seconds("0"), throttled(1));
            assert_eq!(seconds("-5"), throttled(1));
            assert_eq!(seconds("94608000"), throttled(3600));
            assert_eq!(seconds("99999999999999999999999"), throttled(3600));
            assert_eq!(seconds("-99999999999999999999999"), throttled(1));
            assert_eq!(seconds("Mon, 02 Mar 2026 02:01:30 GMT"), throttled(90));
            assert_eq!(seconds("Mon, 02 Mar 2026 01:00:00 GMT"), throttled(1));
            assert_eq!(seconds("Tue, 02 Mar 2027 02:00:00 GMT"), throttled(3600));
            assert_eq!(seconds("soon"), (AttemptClass::Unknown, None));
            assert_eq!(seconds(""), (AttemptClass::Unknown, None));
            assert_eq!(class(status, None, ""), (AttemptClass::Unknown, None));
        }
        assert_eq!(class(500, Some("7"), ""), (AttemptClass::Unknown, None));
    }

    #[test]
    fn everything_else_is_perhaps_sent() {
        for status in [100, 301, 302, 307, 308, 402, 404, 408, 418, 500, 502, 504] {
            assert_eq!(
                class(status, None, r#"{"message_id":"m1"}"#).0,
                AttemptClass::Unknown,
                "{status}"
            );
        }
        assert_eq!(of_send(&Exchange::Broken("timeout")).class, AttemptClass::Unknown);
        assert_eq!(of_send(&Exchange::NoConnection).class, AttemptClass::NotSent);
    }

    #[test]
    fn a_look_up_believes_a_known_state_and_a_404_and_nothing_else() {
        let found = of_look_up(&answered(
            200,
            None,
            r#"{"message_id":"m1","state":"undelivered","code":"UNDELIV"}"#,
        ));
        let expected = LookUp::Found {
            state: NoticeState::Undelivered,
            provider_id: Some("m1".into()),
            code: Some("UNDELIV".into()),
        };
        assert_eq!(found, expected);
        assert_eq!(of_look_up(&answered(404, None, "")), LookUp::NeverReceived);
        for (status, body) in [
            (200, r#"{"state":"sent"}"#),
            (200, ""),
            (500, r#"{"state":"accepted"}"#),
            (410, ""),
        ] {
            assert_eq!(
                of_look_up(&answered(status, None, body)),
                LookUp::Nothing,
                "{status} {body}"
            );
        }
        assert_eq!(of_look_up(&Exchange::NoConnection), LookUp::Nothing);
        assert_eq!(of_look_up(&Exchange::Broken("timeout")), LookUp::Nothing);
    }
}
