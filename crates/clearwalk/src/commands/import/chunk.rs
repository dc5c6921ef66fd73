//! Facts on their way to the stream, some thousands at a time, without those that the store knows already.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use engine::fact::FactId;
use engine::ledger::Ledger;
use engine::time::Timestamp;
use formats::event::{self, Known};
use formats::mapping::MappedFact;
use ports::log::{NewEnvelope, Stream as _};
use ports::store::{IntakeStore as _, StoreError};
use store_sqlite::SqliteStore;

use super::summary::Summary;
use crate::failure::Failure;

/// Facts in one append: enough that the disk's pace is not felt, few enough to be nothing in memory.
const FULL: usize = 4096;

/// Facts that are not appended yet.
pub(super) struct Chunk {
    ids: Vec<FactId>,
    records: Vec<NewEnvelope>,
    buffer: Vec<u8>,
}

impl Chunk {
    pub(super) fn new() -> Self {
        Self {
            ids: Vec::with_capacity(FULL),
            records: Vec::with_capacity(FULL),
            buffer: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, fact: &MappedFact) {
        self.buffer.clear();
        fact.to_cloudevent_json(&mut self.buffer);
        self.ids.push(FactId::new(&fact.source, &fact.id));
        self.records.push(NewEnvelope {
            known: Timestamp::from_micros(fact.time.unwrap_or(fact.captured_at)),
            payload: Bytes::copy_from_slice(&self.buffer),
        });
    }

    pub(super) fn is_full(&self) -> bool {
        self.records.len() >= FULL
    }

    /// Appends what is new. Without a store nothing happens but the counting.
    pub(super) async fn flush(
        &mut self,
        store: Option<&SqliteStore>,
        summary: &mut Summary,
    ) -> Result<(), Failure> {
        let mut records = std::mem::take(&mut self.records);
        let ids = std::mem::take(&mut self.ids);
        let Some(store) = store.filter(|_| !records.is_empty()) else {
            return Ok(());
        };
        let known = known_already(store, &ids, &records).await?;
        let mut at = 0;
        records.retain(|_| {
            at += 1;
            !known[at - 1]
        });
        summary.duplicate += (ids.len() - records.len()) as u64;
        if !records.is_empty() {
            store.append(&records).await?;
        }
        summary.appended += records.len() as u64;
        Ok(())
    }
}

/// Which facts change nothing: the store has decided on the same content, known no later.
async fn known_already(
    store: &SqliteStore,
    ids: &[FactId],
    records: &[NewEnvelope],
) -> Result<Vec<bool>, Failure> {
    let mut known = vec![false; ids.len()];
    let identities = store.identities(ids).await?;
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
        let record = &records[at];
        let Ok(decoded) = event::decode(&record.payload, Known::At(record.known), 0) else {
            continue;
        };
        // The smallest `time` counts, so that an earlier one is news.
        let stands = ledgers
            .get(&identity.plate)
            .and_then(|ledger| ledger.fact(&ids[at]));
        known[at] =
            decoded.fact.digest == identity.digest && stands.is_some_and(|fact| fact.known <= record.known);
    }
    Ok(known)
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
