//! Whether each fact may go into the stream.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use engine::fact::Body;
use engine::place::Place;
use engine::rules::Rules;
use engine::time::{MINUTE, Timestamp};
use formats::event::{self, Decoded, Known};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Refused;

/// The largest single fact; one with two hundred pictures has a tenth of that.
const LARGEST_FACT: usize = 256 * 1024;
/// How deep values may stand in each other; what we know of stands five deep.
const DEEPEST: usize = 32;
/// How far a sender's clock may go before ours.
const TOLERANCE: i64 = 10 * MINUTE;

/// A fact that may.
pub(super) struct Checked {
    pub(super) payload: Bytes,
    pub(super) decoded: Decoded,
}

/// What a fact is checked against.
pub(super) struct Checker {
    pub(super) rules: Arc<Rules>,
    /// The only authority whose sightings are taken; none: all.
    pub(super) authority: Option<Arc<str>>,
    pub(super) now: Timestamp,
}

impl Checker {
    /// Those that may, and those that may not, in order.
    pub(super) fn check(&self, pieces: Vec<Bytes>) -> (Vec<Checked>, Vec<Refused>) {
        let (mut checked, mut refused) = (Vec::with_capacity(pieces.len()), Vec::new());
        for (index, payload) in pieces.into_iter().enumerate() {
            match self.one(&payload) {
                Ok(decoded) => checked.push(Checked { payload, decoded }),
                Err((pointer, code, detail)) => refused.push(Refused {
                    index,
                    pointer,
                    code,
                    detail,
                }),
            }
        }
        (checked, refused)
    }

    /// What it says, if it may go in.
    pub(super) fn one(&self, payload: &[u8]) -> Result<Decoded, (String, &'static str, String)> {
        let at = |pointer: &str, code, detail: String| Err((pointer.to_owned(), code, detail));
        if payload.len() > LARGEST_FACT {
            return at("", "too_large", format!("has more than {LARGEST_FACT} bytes"));
        }
        if depth(payload) > DEEPEST {
            return at(
                "",
                "too_deep",
                format!("values stand more than {DEEPEST} deep in each other"),
            );
        }
        let decoded = event::decode(payload, Known::At(self.now), 0)
            .map_err(|rejected| (rejected.pointer, "schema", rejected.detail))?;
        if matches!(decoded.fact.body, Body::Told(_) | Body::Published(_)) {
            return at(
                "/type",
                "type_not_taken",
                "is written by the service itself".to_owned(),
            );
        }
        if decoded.time.is_some_and(|time| time.since(self.now) > TOLERANCE) {
            return at(
                "/time",
                "time_ahead",
                "is more than 10 minutes ahead of this clock".to_owned(),
            );
        }
        if let Some(authority) = &self.authority {
            let place: &Place = match &decoded.fact.body {
                Body::Observation(seen) => &seen.place,
                Body::Departure(gone) => &gone.place,
                _ => {
                    let detail = "the token is limited to one authority, and sends sightings only".to_owned();
                    return at("/type", "other_authority", detail);
                }
            };
            if self.rules.authority_of(place.zone.as_deref()).as_ref() != Some(authority) {
                let detail = "is no zone of the token's authority".to_owned();
                return at("/data/place/zone", "other_authority", detail);
            }
        }
        Ok(decoded)
    }
}

impl Checked {
    /// The event with `plate` filled in; none: it is not about an observation, or says its plate itself.
    pub(super) fn filled(&self, plate: &str) -> Option<Bytes> {
        #[derive(Deserialize)]
        struct Event<'e> {
            #[serde(borrow)]
            data: &'e RawValue,
        }
        let body = &self.decoded.fact.body;
        if body.about().is_none() || matches!(body, Body::PlateCorrection(_)) {
            return None;
        }
        let text = std::str::from_utf8(&self.payload).ok()?;
        let data = serde_json::from_str::<Event<'_>>(text).ok()?.data.get();
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(data).ok()?;
        if members.contains_key("plate") {
            return None;
        }
        // Put in as text, so that everything else stays as the sender wrote it. `about` stands behind the comma.
        let at = data.as_ptr() as usize - text.as_ptr() as usize + 1;
        let plate = serde_json::json!({ "number": plate });
        Some(format!("{}\"plate\":{plate},{}", &text[..at], &text[at..]).into())
    }
}

/// How deep values stand in each other at most. Text that is no JSON has some depth too, and is refused later.
fn depth(text: &[u8]) -> usize {
    let (mut open, mut deepest, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                open += 1;
                deepest = deepest.max(open);
            }
            b'}' | b']' if !in_text => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_of_texts() {
        for (text, deep) in [
            ("1", 0),
            ("{}", 1),
            (r#"{"a":[{}],"b":[]}"#, 3),
            (r#"{"a":"[[[","b":"\"[["}"#, 1),
            ("[[][", 2),
        ] {
            assert_eq!(depth(text.as_bytes()), deep, "{text}");
        }
    }
}
