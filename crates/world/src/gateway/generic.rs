//! The generic dialect: what a request asks for, and whether it may be asked so.

use jiff::Timestamp;
use serde_json::Value;

use super::http::{Request, Response};

/// A well-formed request.
#[derive(Debug)]
pub(super) enum Asked {
    Send(Send),
    LookUp { client_ref: String },
}

/// What the ledger and the plan want to know of a send.
#[derive(Debug)]
pub(super) struct Send {
    pub(super) client_ref: String,
    pub(super) to: String,
    pub(super) text: Option<String>,
}

/// A request that is refused for what it is, not by the plan.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) answer: Response,
    /// True for a send that is definitely refused, false for what is no send at all.
    pub(super) is_send: bool,
}

const MAX_REF: usize = 256;
/// Longer than any concatenated message.
const MAX_TEXT: usize = 2_000;

/// Reads what is asked for; `token` is what `Authorization` must bear.
pub(super) fn read(request: &Request, token: Option<&str>) -> Result<Asked, Refusal> {
    if !request.path.ends_with("/messages") {
        return Err(no_send(
            404,
            "no such path; messages go to a path that ends in /messages",
        ));
    }
    if !matches!(request.method.as_str(), "GET" | "POST") {
        let answer = Response::problem(405, "invalid_request", "use POST to send, GET to look up")
            .header("Allow", "GET, POST");
        return Err(Refusal {
            answer,
            is_send: false,
        });
    }
    let is_send = request.method == "POST";
    if !token.is_none_or(|token| bears(request, token)) {
        let answer = Response::problem(401, "unauthorized", "the bearer token is missing or wrong");
        return Err(Refusal { answer, is_send });
    }
    if is_send {
        let refuse = |(code, detail): (&str, String)| Refusal {
            answer: Response::problem(400, code, &detail),
            is_send: true,
        };
        return read_send(&request.body).map(Asked::Send).map_err(refuse);
    }
    match request.parameter("client_ref") {
        Some(client_ref) if !client_ref.is_empty() => Ok(Asked::LookUp {
            client_ref: client_ref.to_owned(),
        }),
        _ => Err(no_send(400, "a look-up needs ?client_ref=...")),
    }
}

fn bears(request: &Request, token: &str) -> bool {
    request
        .header("authorization")
        .and_then(|value| value.split_once(' '))
        .is_some_and(|(scheme, found)| scheme.eq_ignore_ascii_case("bearer") && found.trim() == token)
}

fn no_send(status: u16, detail: &str) -> Refusal {
    Refusal {
        answer: Response::problem(status, "invalid_request", detail),
        is_send: false,
    }
}

fn read_send(body: &[u8]) -> Result<Send, (&'static str, String)> {
    let invalid = |detail: String| ("invalid_request", detail);
    let body: Value =
        serde_json::from_slice(body).map_err(|error| invalid(format!("the body is not JSON: {error}")))?;
    if !body.is_object() {
        return Err(invalid("the body is not a JSON object".to_owned()));
    }
    let client_ref = read_string(&body, "client_ref")
        .map_err(invalid)?
        .ok_or_else(|| invalid("/client_ref is missing".to_owned()))?;
    let to = read_string(&body, "to")
        .map_err(invalid)?
        .ok_or_else(|| invalid("/to is missing".to_owned()))?;
    let text = read_string(&body, "text").map_err(invalid)?;
    let template = read_string(&body, "template").map_err(invalid)?;
    if text.is_none() && template.is_none() {
        return Err(invalid(
            "/text is missing, and there is no /template either".to_owned(),
        ));
    }
    if client_ref.len() > MAX_REF {
        return Err(invalid(format!("/client_ref is longer than {MAX_REF} bytes")));
    }
    if text.as_ref().is_some_and(|text| text.chars().count() > MAX_TEXT) {
        return Err(("content", format!("/text is longer than {MAX_TEXT} characters")));
    }
    check_params(&body).map_err(invalid)?;
    if let Some(expires_at) = read_string(&body, "expires_at").map_err(invalid)? {
        expires_at
            .parse::<Timestamp>()
            .map_err(|_| invalid("/expires_at is not a time with an offset".to_owned()))?;
    }
    if !is_recipient(&to) {
        return Err((
            "invalid_number",
            "/to is neither a number in E.164 nor plate:NUMBER/CLASS".to_owned(),
        ));
    }
    Ok(Send { client_ref, to, text })
}

/// A string that is not empty; null and absent are `None`.
fn read_string(body: &Value, key: &str) -> Result<Option<String>, String> {
    match body.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Err(format!("/{key} is empty")),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("/{key} is not a string")),
    }
}

fn check_params(body: &Value) -> Result<(), String> {
    match body.get("params") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Object(params)) => match params.iter().find(|(_, value)| !value.is_string()) {
            Some((name, _)) => Err(format!("/params/{name} is not a string")),
            None => Ok(()),
        },
        Some(_) => Err("/params is not an object".to_owned()),
    }
}

fn is_recipient(to: &str) -> bool {
    if let Some(plate) = to.strip_prefix("plate:") {
        return plate
            .split_once('/')
            .is_some_and(|(number, class)| !number.is_empty() && !class.is_empty());
    }
    to.strip_prefix('+').is_some_and(|digits| {
        (8..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &str) -> Option<&'static str> {
        read_send(body.as_bytes()).err().map(|(code, _)| code)
    }

    #[test]
    fn a_whole_send_is_taken_with_unknown_fields() {
        let body = r#"{"client_ref":"r","to":"+8613800000001","text":"x","template":"A1",
            "params":{"plate":"p"},"expires_at":"2026-03-02T10:00:00+08:00","more":1}"#;
        assert_eq!(code(body), None);
        assert_eq!(
            code(r#"{"client_ref":"r","to":"plate:湘K12345/02","template":"A1"}"#),
            None
        );
    }

    #[test]
    fn a_send_that_lacks_something_is_refused_with_a_code_of_the_contract() {
        for (body, expected) in [
            ("[]", "invalid_request"),
            ("{", "invalid_request"),
            (r#"{"to":"+8613800000001","text":"x"}"#, "invalid_request"),
            (
                r#"{"client_ref":"","to":"+8613800000001","text":"x"}"#,
                "invalid_request",
            ),
            (r#"{"client_ref":"r","text":"x"}"#, "invalid_request"),
            (r#"{"client_ref":"r","to":"+8613800000001"}"#, "invalid_request"),
            (
                r#"{"client_ref":"r","to":"+8613800000001","text":5}"#,
                "invalid_request",
            ),
            (
                r#"{"client_ref":"r","to":"+8613800000001","text":"x","params":{"a":1}}"#,
                "invalid_request",
            ),
            (
                r#"{"client_ref":"r","to":"+8613800000001","text":"x","expires_at":"soon"}"#,
                "invalid_request",
            ),
            (
                r#"{"client_ref":"r","to":"13800000001","text":"x"}"#,
                "invalid_number",
            ),
            (
                r#"{"client_ref":"r","to":"+861380","text":"x"}"#,
                "invalid_number",
            ),
            (
                r#"{"client_ref":"r","to":"plate:/02","text":"x"}"#,
                "invalid_number",
            ),
        ] {
            assert_eq!(code(body), Some(expected), "{body}");
        }
    }
}
