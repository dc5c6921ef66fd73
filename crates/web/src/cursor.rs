//! Cursors: opaque to callers, and good only for the list that gave them.

use serde::Serialize;

use crate::problem::Problem;

/// Of which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    Cases,
    Notices,
    Quarantine,
    Reviews,
}

impl Of {
    fn letter(self) -> char {
        match self {
            Self::Cases => 'c',
            Self::Notices => 'n',
            Self::Quarantine => 'q',
            Self::Reviews => 'r',
        }
    }
}

/// One page of a list.
#[derive(Serialize)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// Where the next page begins; none: this was the last.
    pub(crate) next: Option<String>,
}

pub(crate) fn encode(of: Of, place: u64) -> String {
    format!("{}{place:x}", of.letter())
}

pub(crate) fn decode(of: Of, text: &str) -> Result<u64, Problem> {
    let place = text
        .strip_prefix(of.letter())
        .filter(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .and_then(|rest| u64::from_str_radix(rest, 16).ok());
    place.ok_or_else(|| Problem::parameter("cursor", "not a `next` of this list; leave it out to begin anew"))
}
