//! Bodies of requests that are one JSON object. What is wrong with a member names it by its JSON pointer; nothing of what
//! was sent is quoted, since it may be a plate.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::guard;
use crate::problem::Problem;
use crate::routes::LARGEST_BODY;

/// The bytes of a body that says it is JSON.
pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    read_up_to(LARGEST_BODY, headers, body).await
}

/// As [`read`], with another limit, which the route must have too.
pub(crate) async fn read_up_to(largest: usize, headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let given = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let media = given.split(';').next().unwrap_or("").trim();
    // Forms of foreign pages cannot send this type.
    if !media.eq_ignore_ascii_case("application/json") {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::new(
            status,
            "media_type",
            "Another media type is wanted",
            "send application/json",
        )
        .of("Content-Type"));
    }
    axum::body::to_bytes(body, largest)
        .await
        .map_err(|_| guard::too_large(largest))
}

/// The members of a body, each at most once.
#[derive(Debug)]
pub(crate) struct Members(Vec<(String, Box<RawValue>)>);

impl Members {
    /// An object with these members and no other.
    pub(crate) fn read(bytes: &[u8], known: &[&str]) -> Result<Self, Problem> {
        let all: All = serde_json::from_slice(bytes).map_err(|error| {
            Problem::bad_request(match (bytes.trim_ascii(), error.is_data()) {
                ([], _) => "the body is empty; a JSON object is wanted".to_owned(),
                (_, true) => "the body is no JSON object".to_owned(),
                _ => {
                    let (line, column) = (error.line(), error.column());
                    format!("the body is not JSON, at line {line} column {column}")
                }
            })
        })?;
        for (index, (name, _)) in all.0.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let list = known.join(", ");
                return Err(Problem::member(name, format!("unknown; taken are: {list}")));
            }
            if all.0.iter().take(index).any(|(other, _)| other == name) {
                return Err(Problem::member(name, "given twice"));
            }
        }
        Ok(Self(all.0))
    }

    /// A member as it was sent; null counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&RawValue> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| &**value)
            .filter(|value| value.get() != "null")
    }

    /// A text; null counts as absent.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Problem> {
        let text = self.get(name).map(|value| serde_json::from_str(value.get()));
        text.transpose()
            .map_err(|_| Problem::member(name, "a text is wanted"))
    }

    /// A text that must be there.
    pub(crate) fn need(&self, name: &str) -> Result<String, Problem> {
        self.text(name)?.ok_or_else(|| Problem::member(name, "missing"))
    }

    /// A text of one line, if it is there.
    pub(crate) fn line(&self, name: &str, longest: usize) -> Result<Option<String>, Problem> {
        let text = self.text(name)?;
        if let Some(text) = &text {
            check_line(name, text, longest)?;
        }
        Ok(text)
    }

    /// A text of one line that must be there.
    pub(crate) fn need_line(&self, name: &str, longest: usize) -> Result<String, Problem> {
        let text = self.need(name)?;
        check_line(name, &text, longest)?;
        Ok(text)
    }

    /// A word of a closed list, which must be there.
    pub(crate) fn word(
        &self,
        name: &str,
        words: impl Iterator<Item = &'static str>,
    ) -> Result<String, Problem> {
        let given = self.need(name)?;
        let words: Vec<&str> = words.collect();
        if words.contains(&given.as_str()) {
            return Ok(given);
        }
        let detail = format!("one of these is wanted: {}", words.join(", "));
        Err(Problem::member(name, detail))
    }
}

fn check_line(name: &str, given: &str, longest: usize) -> Result<(), Problem> {
    let is_line = !given.trim().is_empty() && !given.chars().any(char::is_control);
    if is_line && given.chars().count() <= longest {
        return Ok(());
    }
    let detail = format!("one line of 1 to {longest} characters is wanted");
    Err(Problem::member(name, detail))
}

/// All members in order, also those that are given twice.
struct All(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for All {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = All;

            fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                to.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<All, A::Error> {
                let mut all = Vec::new();
                while let Some(member) = map.next_entry()? {
                    all.push(member);
                }
                Ok(All(all))
            }
        }

        from.deserialize_map(Each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_member_names_it_and_quotes_nothing() {
        let read = |text: &str| Members::read(text.as_bytes(), &["reason", "by"]);
        let members = read(r#"{"reason":"rescue","by":null}"#).unwrap();
        assert_eq!(members.need("reason").unwrap(), "rescue");
        assert_eq!(members.text("by").unwrap(), None);
        for text in [
            r#"{"reason":"x","reason":"y"}"#,
            r#"{"SECRET":1}"#,
            "[]",
            "1",
            "{",
            "",
            r#"{"reason":SECRET}"#,
            "{} {}",
        ] {
            let problem = read(text).unwrap_err();
            assert!(!problem.detail().contains("SECRET"), "{text}: {problem:?}");
        }
        let wrong = read(r#"{"reason":{"plate":"SECRET"}}"#).unwrap();
        let problem = wrong.need("reason").unwrap_err();
        assert_eq!(problem.detail(), "a text is wanted");
    }
}
