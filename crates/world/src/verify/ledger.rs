//! What the gateway received, by its own account.

use std::path::Path;

use serde::Deserialize;

use super::notices::instant;
use super::rows::{EvidenceError, lines};

/// A line of the gateway's ledger.
#[derive(Debug, Deserialize)]
struct Line {
    #[serde(deserialize_with = "instant")]
    at: i64,
    request: Request,
    client_ref: Option<String>,
    verdict: String,
}

#[derive(Debug, Deserialize)]
struct Request {
    method: Option<String>,
}

/// What is remembered of it.
pub(super) struct Received {
    pub(super) at: i64,
    pub(super) client_ref: Option<Box<str>>,
    pub(super) is_accepted: bool,
}

/// Every send that the gateway received; what it was asked besides is left out.
pub(super) fn read(path: &Path) -> Result<Vec<Received>, EvidenceError> {
    let mut sends = Vec::new();
    for line in lines::<Line>(path)? {
        let line = line?;
        if line.request.method.is_none_or(|method| method == "POST") {
            sends.push(Received {
                at: line.at,
                client_ref: line.client_ref.map(String::into_boxed_str),
                is_accepted: line.verdict == "accepted",
            });
        }
    }
    Ok(sends)
}
