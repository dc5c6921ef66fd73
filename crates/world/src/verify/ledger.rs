//! What the gateway received, by its own account.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::notices::instant;
use super::report::Finding;
use super::rows::{Caps, EvidenceError, lines};

/// A line of the gateway's ledger.
#[derive(Debug, Deserialize)]
struct Line {
    #[serde(deserialize_with = "instant")]
    at: i64,
    request: Request,
    client_ref: Option<String>,
    to: Option<String>,
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
    /// Tells recipients apart, and says no more of them; none: it names nobody.
    recipient: Option<[u8; 16]>,
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
                recipient: line.to.map(|to| {
                    let mut short = [0; 16];
                    short.copy_from_slice(&Sha256::digest(to.as_bytes())[..16]);
                    short
                }),
            });
        }
    }
    Ok(sends)
}

const HOUR: i64 = 3_600_000_000;

/// Promise 15, by the gateway's own count, whoever sent and whenever it was restarted.
pub(super) fn caps(received: Option<&[Received]>, caps: &Caps) -> Finding {
    const NAME: &str = "a recipient's caps hold";
    let windows = [
        ("an hour", HOUR, caps.per_hour),
        ("24 hours", 24 * HOUR, caps.per_day),
    ];
    if windows.iter().all(|(_, _, cap)| cap.is_none()) {
        return Finding::skipped(15, NAME, "no caps of recipients are configured");
    }
    let Some(received) = received else {
        return Finding::skipped(
            15,
            NAME,
            "needs the ledger of the gateway: exports name no recipients",
        );
    };
    let mut finding = Finding::new(
        15,
        NAME,
        "messages that the gateway accepted, by recipient, in any hour and in any 24 hours, against today's settings",
    );
    let mut by_recipient: HashMap<[u8; 16], Vec<(i64, &str)>> = HashMap::new();
    for send in received.iter().filter(|send| send.is_accepted) {
        finding.look();
        if let Some(recipient) = send.recipient {
            let name = send
                .client_ref
                .as_deref()
                .unwrap_or("a message without a reference");
            by_recipient.entry(recipient).or_default().push((send.at, name));
        }
    }
    let mut times: Vec<_> = by_recipient.into_values().collect();
    for times in &mut times {
        times.sort_unstable();
    }
    times.sort_unstable();
    for times in &times {
        for (word, length, cap) in windows {
            let Some(cap) = cap else { continue };
            // One too many: the message that stands `cap` behind another is in the same window.
            for (first, over) in times.iter().zip(times.iter().skip(cap as usize)) {
                finding.must(over.0 - first.0 >= length, || {
                    format!("{}: more than {cap} to its recipient in {word}", over.1)
                });
            }
        }
    }
    finding
}
