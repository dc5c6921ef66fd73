//! One record that was set aside, with its bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use ports::log::Stream as _;
use ports::read::ReadStore as _;
use ports::store::StoreError;
use serde_json::{Value, json};
use store_sqlite::SqliteStore;

use super::Entry;
use crate::commands::Context;
use crate::failure::Failure;
use crate::instant;
use crate::output::{self, Output};

pub(super) async fn run(context: &Context, store: &SqliteStore, offset: u64) -> Result<(), Failure> {
    let entry = Entry::find(store, offset).await?;
    let payload = payload(store, offset).await?;
    let plan = web::plan_redrive(store, instant::now(), &payload, None).await?;
    let became = match entry.redriven_as() {
        Some(position) => became(store, position).await?,
        None => None,
    };
    if context.json {
        let (word, detail) = match &plan {
            Ok(plan) => (plan.word(), None),
            Err(refusal) => (refusal.word(), Some(refusal.to_string())),
        };
        let raw = match std::str::from_utf8(&payload) {
            Ok(text) => json!({ "encoding": "utf-8", "text": text }),
            Err(_) => json!({ "encoding": "base64", "text": STANDARD.encode(&payload) }),
        };
        let mut whole = entry.json();
        whole["bytes"] = json!(payload.len());
        whole["raw"] = raw;
        whole["now"] = json!({ "redrive": word, "detail": detail });
        whole["became"] = json!(became);
        return output::print_json(&whole);
    }
    let mut out = Output::new();
    for (name, value) in super::HEADER.iter().zip(entry.row()) {
        out.line(format_args!("{name:<12} {value}"))?;
    }
    if let Some(handling) = &entry.handling {
        out.line(format_args!(
            "{:<12} by {} at {}: {}",
            "handled", handling.by, handling.at, handling.reason
        ))?;
    }
    if let Some(became) = &became {
        let (at, how) = (&became["offset"], became["disposition"].as_str().unwrap_or("-"));
        out.line(format_args!("{:<12} record {at}, {how}", "became"))?;
    }
    let today = match plan {
        Ok(plan) => plan.word().replace('_', " "),
        Err(refusal) => format!("{}: {refusal}", refusal.word()),
    };
    out.line(format_args!("{:<12} {today}", "today"))?;
    out.line("")?;
    out.line(String::from_utf8_lossy(&payload))?;
    out.end()
}

/// The bytes of a record.
pub(super) async fn payload(store: &SqliteStore, offset: u64) -> Result<Bytes, Failure> {
    let read = store.read(offset, 1).await?;
    let found = read.into_iter().find(|record| record.position == offset);
    let gone = || StoreError::Corrupt(format!("record {offset} is not in the stream"));
    Ok(found.ok_or_else(gone)?.payload)
}

/// How the record at a place was read; none: not yet.
pub(super) async fn became(store: &SqliteStore, position: u64) -> Result<Option<Value>, Failure> {
    let found = store.records(position.saturating_sub(1), 1).await?;
    let found = found.into_iter().find(|record| record.position == position);
    Ok(found.map(|record| {
        json!({
            "offset": position, "disposition": record.disposition.as_str(),
            "reason": record.reason.as_deref(), "detail": record.detail.as_deref(),
        })
    }))
}
