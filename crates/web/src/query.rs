//! Query parameters: unknown ones, repeated ones and values that cannot be taken are errors that name the parameter.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query};
use axum::http::Uri;

use crate::cursor::{self, Of};
use crate::problem::Problem;

/// Items on a page unless the caller asks for more or less.
const LIMIT: usize = 50;
/// More than that on one page helps nobody and holds the store.
pub(crate) const LARGEST_LIMIT: usize = 500;

/// A text of the address.
pub(crate) fn text_of(given: Result<Path<String>, PathRejection>, name: &str) -> Result<String, Problem> {
    let text = given.map(|Path(text)| text);
    text.map_err(|_| Problem::parameter(name, "the address holds bytes that are no UTF-8"))
}

/// The parameters of one request, each at most once.
#[derive(Debug)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(crate) fn read(uri: &Uri, known: &[&str]) -> Result<Self, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|error| Problem::bad_request(error.body_text()))?;
        for (index, (name, value)) in pairs.iter().enumerate() {
            // What stands for bytes that are no UTF-8 once they were read.
            if value.contains(char::REPLACEMENT_CHARACTER) {
                return Err(Problem::parameter(name, "holds bytes that are no UTF-8"));
            }
            if !known.contains(&name.as_str()) {
                let list = known.join(", ");
                return Err(Problem::parameter(name, format!("unknown; taken are: {list}")));
            }
            if pairs.iter().take(index).any(|(other, _)| other == name) {
                return Err(Problem::parameter(name, "given more than once"));
            }
        }
        Ok(Self(pairs))
    }

    /// An empty value counts as absent, as forms send it.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    pub(crate) fn limit(&self) -> Result<usize, Problem> {
        let Some(text) = self.get("limit") else {
            return Ok(LIMIT);
        };
        let limit = text
            .parse()
            .ok()
            .filter(|limit| (1..=LARGEST_LIMIT).contains(limit));
        limit.ok_or_else(|| {
            Problem::parameter("limit", format!("a number from 1 to {LARGEST_LIMIT} is wanted"))
        })
    }

    pub(crate) fn cursor(&self, of: Of) -> Result<Option<u64>, Problem> {
        self.get("cursor")
            .map(|text| cursor::decode(of, text))
            .transpose()
    }

    /// A word of a closed list.
    pub(crate) fn word<T: Copy>(&self, name: &str, list: &[(T, &'static str)]) -> Result<Option<T>, Problem> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let found = list
            .iter()
            .find(|(_, word)| *word == text)
            .map(|(value, _)| *value);
        found.map(Some).ok_or_else(|| {
            let words: Vec<&str> = list.iter().map(|(_, word)| *word).collect();
            Problem::parameter(name, format!("one of these is wanted: {}", words.join(", ")))
        })
    }
}
