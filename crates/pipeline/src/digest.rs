//! The digest of a whole store, and whether what was written agrees with what the ledgers say now.

use engine::digest::Digest;
use engine::rules::Rules;
use engine::time::Timestamp;
use ports::store::{IntakeStore, StoreError};

/// Ledgers read at once.
const PAGE: usize = 2048;

/// One hash over all effective decisions at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreDigest {
    /// The hash.
    pub hash: [u8; 32],
    /// The instant.
    pub at: Timestamp,
    /// Cases that it covers.
    pub cases: u64,
    /// Facts that it covers.
    pub facts: u64,
    /// Ledgers that it covers.
    pub ledgers: u64,
}

/// Sums a store up; `at` defaults to the largest known of its facts.
pub async fn digest(
    store: &dyn IntakeStore,
    rules: &Rules,
    at: Option<Timestamp>,
) -> Result<StoreDigest, StoreError> {
    let at = match at {
        Some(at) => at,
        None => store.progress().await?.high_water,
    };
    let mut sum = Digest::new(rules, at);
    let mut ledgers = 0;
    let mut after = None;
    loop {
        let page = store.ledgers_after(after.as_deref(), PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        for (plate, stored) in &page {
            let ledger = formats::ledger::decode(&stored.document)
                .map_err(|error| StoreError::Corrupt(format!("a ledger document: {error}")))?;
            sum.add(plate, &ledger);
            ledgers += 1;
        }
    }
    let (cases, facts) = (sum.cases, sum.facts);
    Ok(StoreDigest {
        hash: sum.finish(),
        at,
        cases,
        facts,
        ledgers,
    })
}
