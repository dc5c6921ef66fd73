//! The request of the generic dialect, as bytes that are stored before they are sent.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use ports::gateway::{Message, RenderError};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};

use crate::Recipient;

/// What a plate in place of a phone begins with.
const BY_PLATE: &str = "plate:";

/// The body of `POST {url}`.
#[derive(Serialize)]
struct Request<'a> {
    client_ref: &'a str,
    to: &'a str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<&'a str>,
    #[serde(serialize_with = "in_order")]
    params: &'a [(Arc<str>, String)],
    expires_at: String,
}

/// What may be read back of a request to say in a log that it went out.
#[derive(Deserialize)]
pub(crate) struct Sent {
    pub(crate) client_ref: String,
    pub(crate) to: String,
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) template: Option<String>,
}

pub(crate) fn render(
    provider: &Arc<str>,
    recipient: Recipient,
    message: &Message,
) -> Result<Bytes, RenderError> {
    let refuse = |what: String| RenderError {
        provider: Arc::clone(provider),
        what,
    };
    let to = message.to.reveal();
    match (recipient, to.starts_with(BY_PLATE)) {
        (Recipient::Phone, true) => return Err(refuse("it needs a phone and was given a plate".to_owned())),
        (Recipient::Plate, false) => return Err(refuse("it needs a plate and was given a phone".to_owned())),
        (Recipient::Phone, false) | (Recipient::Plate, true) => {}
    }
    if message.text.trim().is_empty() {
        return Err(refuse("the text is empty".to_owned()));
    }
    let mut names = BTreeSet::new();
    if let Some((name, _)) = message.parameters.iter().find(|(name, _)| !names.insert(name)) {
        return Err(refuse(format!("the parameter {name} is given twice")));
    }
    let request = Request {
        client_ref: message.client_ref.as_str(),
        to,
        text: &message.text,
        template: message.template.as_deref(),
        params: &message.parameters,
        expires_at: message.expires_at.to_string(),
    };
    serde_json::to_vec(&request)
        .map(Bytes::from)
        .map_err(|error| refuse(error.to_string()))
}

fn in_order<S: Serializer>(params: &[(Arc<str>, String)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(params.len()))?;
    for (name, value) in params {
        map.serialize_entry(name, value)?;
    }
    map.end()
}

#[cfg(test)]
mod tests {
    use engine::ids::AttemptId;
    use engine::time::Timestamp;
    use ports::contact::Phone;

    use super::*;

    fn message(to: Phone) -> Message {
        Message {
            client_ref: AttemptId::from_text("n-1-1"),
            to,
            text: "【娄底城管】\"湘K12345\"".to_owned(),
            template: Some("A1".into()),
            parameters: vec![
                ("plate".into(), "湘K12345".to_owned()),
                ("area".into(), "乐坪".to_owned()),
            ],
            expires_at: Timestamp::from_micros(1_772_416_800_250_000),
        }
    }

    fn phone() -> Phone {
        Phone::parse("+8613800000000").unwrap()
    }

    #[test]
    fn the_request_has_the_bytes_of_the_contract() {
        let bytes = render(&"primary".into(), Recipient::Phone, &message(phone())).unwrap();
        let expected = concat!(
            r#"{"client_ref":"n-1-1","to":"+8613800000000","text":"【娄底城管】\"湘K12345\"","template":"A1","#,
            r#""params":{"plate":"湘K12345","area":"乐坪"},"expires_at":"2026-03-02T02:00:00.25Z"}"#
        );
        assert_eq!(std::str::from_utf8(&bytes).unwrap(), expected);
    }

    #[test]
    fn a_template_that_is_not_given_is_left_out() {
        let mut message = message(phone());
        message.template = None;
        message.parameters.clear();
        let bytes = render(&"primary".into(), Recipient::Phone, &message).unwrap();
        let text = std::str::from_utf8(&bytes).unwrap();
        assert!(
            !text.contains("template") && text.contains(r#""params":{}"#),
            "{text}"
        );
    }

    #[test]
    fn a_phone_never_goes_to_a_gateway_of_plates_nor_the_other_way() {
        let plate = Phone::by_plate("湘K12345", "02");
        let bytes = render(&"edge".into(), Recipient::Plate, &message(plate.clone())).unwrap();
        assert!(
            std::str::from_utf8(&bytes)
                .unwrap()
                .contains(r#""to":"plate:湘K12345/02""#)
        );
        assert!(render(&"edge".into(), Recipient::Phone, &message(plate)).is_err());
        let error = render(&"edge".into(), Recipient::Plate, &message(phone())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "provider edge: it needs a plate and was given a phone"
        );
    }

    #[test]
    fn what_the_dialect_cannot_say_is_refused_before_anything_is_sent() {
        let mut empty = message(phone());
        empty.text = " ".to_owned();
        assert!(render(&"primary".into(), Recipient::Phone, &empty).is_err());
        let mut twice = message(phone());
        twice.parameters.push(("plate".into(), "x".to_owned()));
        let error = render(&"primary".into(), Recipient::Phone, &twice).unwrap_err();
        assert_eq!(error.what, "the parameter plate is given twice");
    }
}
