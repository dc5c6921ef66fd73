//! The names and values of each kind of row.

use engine::message::{Route, Texts, segments};
use engine::plate::Grammar;
use formats::case_line::CaseLine;
use formats::inner::Inner;
use formats::notice_parameters::NoticeParameters;
use ports::log::Envelope;
use ports::read::{AuditEntry, StoredAttempt, StoredCase, StoredNotice, StoredRecord};
use ports::store::{InnerEntry, StoreError, StoredLedger};
use serde::de::IgnoredAny;
use sha2::{Digest as _, Sha256};

use super::writer::Cell;
use crate::failure::Failure;

/// The embedded stream has one partition and this name.
const STREAM: &str = "embedded";

pub(super) const RECORD: &[&str] = &[
    "stream",
    "partition",
    "offset",
    "source",
    "id",
    "disposition",
    "reason",
    "received_at",
    "detail",
];

pub(super) fn record(it: &StoredRecord) -> Vec<Cell> {
    vec![
        Cell::text(STREAM),
        Cell::Number(0),
        Cell::Number(it.position),
        Cell::maybe(it.source.as_deref()),
        Cell::maybe(it.id.as_deref()),
        Cell::text(it.disposition.as_str()),
        Cell::maybe(it.reason.as_deref()),
        Cell::text(it.known),
        Cell::maybe(it.detail.as_deref()),
    ]
}

pub(super) const FACT: &[&str] = &["stream", "partition", "offset", "received_at", "fact", "raw"];

/// `fact` as it was sent. Where that is no JSON, or its very bytes cannot stand so in a line, these as `raw`, in
/// hexadecimal.
pub(super) fn fact(it: &Envelope) -> Vec<Cell> {
    let text = std::str::from_utf8(&it.payload).ok();
    let json = text.filter(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
    let is_as_sent = json.is_some_and(|json| json.trim() == json && !json.contains(['\r', '\n']));
    vec![
        Cell::text(STREAM),
        Cell::Number(0),
        Cell::Number(it.position),
        Cell::text(it.known),
        // Outside of strings, which cannot hold them, line ends mean nothing in JSON.
        json.map_or(Cell::Null, |json| Cell::Json(json.replace(['\r', '\n'], " "))),
        if is_as_sent {
            Cell::Null
        } else {
            Cell::text(hex::encode(&it.payload))
        },
    ]
}

pub(super) const INNER: &[&str] = &["seq", "at", "message", "fact", "about", "digest"];

/// What our own work wrote for intake; the whole entry as a digest.
pub(super) fn inner(it: &InnerEntry) -> Result<Vec<Cell>, Failure> {
    let message = Inner::decode(&it.payload)
        .map_err(|error| StoreError::Corrupt(format!("entry {} of the inner log: {error}", it.sequence)))?;
    let (word, fact, about) = match &message {
        Inner::Fact { fact, .. } => (
            "fact",
            Some(fact.id.to_string()),
            fact.body.about().map(ToString::to_string),
        ),
        Inner::Seat { .. } => ("seat", None, None),
        Inner::Unseat { observation, .. } => ("unseat", None, Some(observation.to_string())),
        Inner::Wish { .. } => ("wish", None, None),
        Inner::Wake { .. } => ("wake", None, None),
    };
    Ok(vec![
        Cell::Number(it.sequence),
        Cell::text(it.at),
        Cell::text(word),
        Cell::maybe(fact),
        Cell::maybe(about),
        Cell::text(hex::encode(Sha256::digest(&it.payload))),
    ])
}

pub(super) const LEDGER: &[&str] = &["plate", "version", "digest"];

/// A ledger by the digest of its document.
pub(super) fn ledger(plate: &str, it: &StoredLedger) -> Vec<Cell> {
    vec![
        Cell::text(plate),
        Cell::Number(it.version),
        Cell::text(hex::encode(Sha256::digest(&it.document))),
    ]
}

pub(super) const CASE: &[&str] = &[
    "case",
    "subject",
    "zone",
    "zones",
    "from",
    "to",
    "facts",
    "outcome",
    "ordinal",
    "window.kind",
    "window.from",
    "window.to",
    "policy",
    "fine_minor",
    "currency",
    "reasons",
    "deadline",
    "because.zh",
    "because.en",
    "proposal",
    "authority",
    "place",
    "live",
    "reviewed",
    "version",
    "decided_at",
    "effective",
];

pub(super) fn case(it: &StoredCase) -> Result<Vec<Cell>, Failure> {
    let line = CaseLine::parse(&it.body).map_err(|error| broken(it, &error))?;
    let window = line.window;
    let edge = |edge: fn(&formats::case_line::WindowLine) -> Option<String>| {
        Cell::maybe(window.as_ref().and_then(edge))
    };
    Ok(vec![
        Cell::Text(line.case),
        Cell::Text(line.subject),
        Cell::Text(line.zone),
        Cell::List(line.zones),
        Cell::Text(line.from),
        Cell::Text(line.to),
        Cell::List(line.facts),
        Cell::Text(line.outcome),
        line.ordinal
            .map_or(Cell::Null, |ordinal| Cell::Number(ordinal.into())),
        edge(|window| Some(window.kind.clone())),
        edge(|window| window.from.clone()),
        edge(|window| window.to.clone()),
        Cell::maybe(line.policy),
        line.fine_minor.map_or(Cell::Null, Cell::Number),
        Cell::maybe(line.currency),
        Cell::List(line.reasons),
        Cell::maybe(line.deadline),
        Cell::Text(line.because.zh),
        Cell::Text(line.because.en),
        Cell::maybe(line.proposal),
        Cell::maybe(line.authority),
        Cell::maybe(line.place),
        Cell::Bool(line.live),
        Cell::Bool(line.reviewed),
        Cell::Number(it.version.into()),
        Cell::text(it.decided_at),
        Cell::Bool(it.effective),
    ])
}

/// The line as `decide` prints it, with what the store knows of it behind.
pub(crate) fn case_line(it: &StoredCase) -> Result<Vec<u8>, Failure> {
    let Some(body) = it.body.strip_suffix(b"}") else {
        return Err(broken(it, &"it does not end like an object"));
    };
    let mut line = body.to_vec();
    let (version, at, effective) = (it.version, it.decided_at, it.effective);
    let tail = format!(",\"version\":{version},\"decided_at\":\"{at}\",\"effective\":{effective}}}");
    line.extend_from_slice(tail.as_bytes());
    Ok(line)
}

fn broken(it: &StoredCase, error: &dyn std::fmt::Display) -> Failure {
    StoreError::Corrupt(format!("version {} of case {}: {error}", it.version, it.id)).into()
}

pub(super) const NOTICE: &[&str] = &[
    "notice",
    "case",
    "kind",
    "revision",
    "state",
    "reason",
    "text",
    "segments",
    "recipient",
    "not_before",
    "expires_at",
    "attempts",
    "queued_at",
    "submitted_at",
    "accepted_at",
    "final_at",
];

/// What is not sent yet is written as it would be now.
pub(super) fn notice(it: &StoredNotice, texts: &Texts, grammar: Grammar, reveal: bool) -> Vec<Cell> {
    let (text, parts) = match (&it.text, it.segments) {
        (Some(text), parts) => (Some(text.clone()), parts),
        (None, _) => match unsent(it, texts, grammar) {
            Some((text, parts)) => (Some(text), Some(parts)),
            None => (None, None),
        },
    };
    let recipient = it.recipient.as_ref().map(|phone| {
        if reveal {
            phone.reveal().to_owned()
        } else {
            phone.masked()
        }
    });
    vec![
        Cell::text(&it.id),
        Cell::text(&it.case),
        Cell::text(it.kind.as_str()),
        Cell::Number(it.revision.into()),
        Cell::text(it.state.as_str()),
        Cell::maybe(it.reason.as_deref()),
        Cell::maybe(text),
        parts.map_or(Cell::Null, |parts| Cell::Number(parts.into())),
        Cell::maybe(recipient),
        Cell::text(it.not_before),
        Cell::text(it.expires_at),
        Cell::Number(it.attempts.into()),
        Cell::text(it.queued_at),
        Cell::maybe(it.submitted_at),
        Cell::maybe(it.accepted_at),
        Cell::maybe(it.final_at),
    ]
}

/// The text and its segments as they would be sent now, to a phone of the country of the plates; none: the parameters
/// cannot be read.
pub(crate) fn unsent(it: &StoredNotice, texts: &Texts, grammar: Grammar) -> Option<(String, u32)> {
    let text = NoticeParameters::decode(&it.parameters).ok()?.message(texts).text;
    let route = match grammar {
        Grammar::Cn => Route::DomesticChina,
        Grammar::Generic => Route::International,
    };
    let parts = segments(&text, route);
    Some((text, parts))
}

pub(super) const ATTEMPT: &[&str] = &[
    "attempt",
    "notice",
    "provider",
    "client_ref",
    "submitted_at",
    "class",
    "code",
    "provider_id",
];

pub(super) fn attempt(it: &StoredAttempt) -> Vec<Cell> {
    vec![
        Cell::text(&it.id),
        Cell::text(&it.notice),
        Cell::text(&it.provider),
        Cell::text(&it.id),
        Cell::text(it.submitted_at),
        Cell::maybe(it.class.map(engine::notice::AttemptClass::as_str)),
        Cell::maybe(it.code.as_deref()),
        Cell::maybe(it.provider_id.as_deref()),
    ]
}

pub(super) const AUDIT: &[&str] = &[
    "chain", "seq", "at", "actor", "action", "object", "before", "after", "prev", "hash",
];

pub(super) fn audit(it: &AuditEntry) -> Vec<Cell> {
    vec![
        Cell::text(&it.chain),
        Cell::Number(it.sequence),
        Cell::text(it.at),
        Cell::text(&it.actor),
        Cell::text(&it.action),
        Cell::text(&it.object),
        Cell::maybe(it.before.as_deref()),
        Cell::maybe(it.after.as_deref()),
        Cell::text(hex::encode(it.prev)),
        Cell::text(hex::encode(it.hash)),
    ]
}
