//! The writing side: chunks are appended to the stream, without the facts that the store knew before this import.

use std::collections::HashMap;
use std::sync::Arc;

use engine::fact::FactId;
use engine::ledger::Ledger;
use formats::event::{self, Known};
use ports::log::{NewEnvelope, Stream as _};
use ports::store::{IntakeStore as _, StoreError};
use store_sqlite::SqliteStore;
use tokio::sync::{mpsc, watch};

use super::rows::Chunk;
use crate::failure::Failure;

/// What became of the facts.
#[derive(Clone, Copy, Default)]
pub(super) struct Appended {
    pub(super) appended: u64,
    pub(super) duplicate: u64,
}

/// Appends what comes, to the end; `ends` hears how far the stream goes.
pub(super) async fn append(
    store: &SqliteStore,
    mut chunks: mpsc::Receiver<Chunk>,
    ends: watch::Sender<u64>,
) -> Result<Appended, Failure> {
    // Only what stood there at the beginning is known already: what this import brings twice, the decision tells apart.
    let before = store.end().await?;
    let is_empty = before <= 1;
    let mut counts = Appended::default();
    while let Some(mut chunk) = chunks.recv().await {
        if !is_empty {
            let known = known_already(store, before, &chunk).await?;
            let mut known = known.into_iter();
            chunk.records.retain(|_| known.next() != Some(true));
        }
        counts.duplicate += (chunk.ids.len() - chunk.records.len()) as u64;
        counts.appended += chunk.records.len() as u64;
        if !chunk.records.is_empty() {
            let first = store.append(&chunk.records).await?;
            ends.send_replace(first + chunk.records.len() as u64);
        }
    }
    Ok(counts)
}

/// Which facts change nothing: the store has decided on the same content, known no later.
async fn known_already(store: &SqliteStore, before: u64, chunk: &Chunk) -> Result<Vec<bool>, Failure> {
    let mut known = vec![false; chunk.ids.len()];
    let identities = store.identities(&chunk.ids).await?;
    let mut plates: Vec<Arc<str>> = identities
        .iter()
        .flatten()
        .map(|identity| identity.plate.clone())
        .collect();
    if plates.is_empty() {
        return Ok(known);
    }
    plates.sort_unstable();
    plates.dedup();
    let ledgers = ledgers(store, plates).await?;
    for (at, identity) in identities.iter().enumerate() {
        let Some(identity) = identity else { continue };
        let (id, record) = (&chunk.ids[at], &chunk.records[at]);
        let ledger = ledgers.get(&identity.plate);
        known[at] = ledger.is_some_and(|ledger| is_known(ledger, id, record, before));
    }
    Ok(known)
}

fn is_known(ledger: &Ledger, id: &FactId, record: &NewEnvelope, before: u64) -> bool {
    let Some(stands) = ledger.fact(id).filter(|fact| fact.position < before) else {
        return false;
    };
    let Ok(decoded) = event::decode(&record.payload, Known::At(record.known), 0) else {
        return false;
    };
    // The smallest `time` counts, so that an earlier one is news.
    decoded.fact.digest == stands.digest && stands.known <= record.known
}

async fn ledgers(store: &SqliteStore, plates: Vec<Arc<str>>) -> Result<HashMap<Arc<str>, Ledger>, Failure> {
    let stored = store.ledgers(&plates).await?;
    let mut ledgers = HashMap::with_capacity(plates.len());
    for (plate, stored) in plates.into_iter().zip(stored) {
        if stored.document.is_empty() {
            continue;
        }
        let ledger = formats::ledger::decode(&stored.document)
            .map_err(|error| StoreError::Corrupt(format!("a ledger document: {error}")))?;
        ledgers.insert(plate, ledger);
    }
    Ok(ledgers)
}
