//! Everything that a checker of promises wants to see of one store, as files; and the checkpoint of the audit log.

use std::collections::BTreeMap;
use std::path::Path;

use engine::message::Texts;
use engine::plate::Grammar;
use ports::dispatch::Caps;
use ports::log::Stream as _;
use ports::read::ReadStore as _;
use ports::store::IntakeStore as _;
use serde_json::{Value, json};
use store_sqlite::SqliteStore;

use super::PAGE;
use super::writer::Writer;
use crate::failure::Failure;
use crate::{instant, output};

/// Writes the files. The store must be a snapshot: the files are read one after the other.
pub(crate) async fn write(
    store: &SqliteStore,
    folder: &Path,
    texts: &Texts,
    grammar: Grammar,
    caps: Caps,
) -> Result<(), Failure> {
    for name in world::verify::FILES {
        let mut out = Writer::into_file(&folder.join(name))?;
        match name {
            "store.jsonl" => out.raw(itself(store, caps).await?.to_string().as_bytes())?,
            "facts.jsonl" => super::facts(store, &mut out).await?,
            "records.jsonl" => super::records(store, &mut out).await?,
            "inner.jsonl" => super::inner(store, &mut out).await?,
            "ledgers.jsonl" => super::ledgers(store, &mut out).await?,
            "cases.jsonl" => super::cases(store, &mut out).await?,
            "notices.jsonl" => super::notices(store, &mut out, texts, grammar, false).await?,
            "attempts.jsonl" => super::attempts(store, &mut out).await?,
            _ => super::audit(store, &mut out).await?,
        }
        out.end()?;
    }
    Ok(())
}

/// What the store says of itself: progress, counters, published policies; and the caps that are configured.
async fn itself(store: &SqliteStore, caps: Caps) -> Result<Value, Failure> {
    let (progress, stats) = (store.progress().await?, store.stats().await?);
    let policies: Vec<Value> = store
        .policies()
        .await?
        .iter()
        .map(|it| {
            json!({"id": *it.id, "version": *it.version, "at": it.at.to_string(), "by": *it.by,
                   "hash": hex::encode(it.hash), "text": *it.text})
        })
        .collect();
    Ok(json!({
        "progress": {"next": progress.next, "inner_next": progress.inner_next, "epoch": progress.epoch},
        "log_end": store.end().await?,
        "stats": {
            "appended": stats.appended, "read": stats.read, "in_flight": stats.in_flight, "ledgers": stats.ledgers,
            "records": counts(stats.records.iter().map(|(word, n)| (word.as_str(), *n))),
            "cases": counts(stats.cases.iter().map(|(word, n)| (word.as_str(), *n))),
            "notices": counts(stats.notices.iter().map(|(word, n)| (word.as_str(), *n))),
            "attempts": counts(stats.attempts.iter().map(|(word, n)| (word.as_str(), *n))),
        },
        "policies": policies,
        "caps": {"per_hour": caps.per_hour, "per_day": caps.per_day},
    }))
}

fn counts<'a>(counts: impl Iterator<Item = (&'a str, u64)>) -> BTreeMap<&'a str, u64> {
    counts.collect()
}

/// Prints where the chains of the audit log stand, on one line that is to be published elsewhere.
pub(super) async fn checkpoint(store: &SqliteStore) -> Result<(), Failure> {
    let mut ends = BTreeMap::new();
    let mut after = None;
    loop {
        let page = store.audit(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.chain.clone(), last.sequence));
        for entry in &page {
            let end = json!({"seq": entry.sequence, "hash": hex::encode(entry.hash)});
            ends.insert(entry.chain.to_string(), end);
        }
    }
    output::print_json(&json!({"at": instant::now().to_string(), "chains": ends}))
}
