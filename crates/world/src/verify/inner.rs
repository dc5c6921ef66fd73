//! What our own work wrote for intake.

use std::path::Path;

use serde::Deserialize;

use super::report::Finding;
use super::rows::{EvidenceError, Store, bad, lines};

#[derive(Deserialize)]
struct Row {
    seq: u64,
    digest: String,
}

/// The entries of the inner log, by the digests of their bytes.
pub(super) struct Heard {
    digests: Vec<[u8; 32]>,
}

impl Heard {
    pub(super) fn read(path: &Path) -> Result<Self, EvidenceError> {
        let mut digests = Vec::new();
        for (index, row) in lines::<Row>(path)?.enumerate() {
            let row = row?;
            if row.seq != index as u64 + 1 {
                return Err(bad(path, index, &"the entries do not follow each other"));
            }
            let digest = hex::decode(&row.digest)
                .ok()
                .and_then(|digest| digest.try_into().ok());
            digests.push(digest.ok_or_else(|| bad(path, index, &"`digest` is not 32 bytes in hexadecimal"))?);
        }
        Ok(Self { digests })
    }

    pub(super) fn count(&self) -> u64 {
        self.digests.len() as u64
    }

    pub(super) fn digest(&self, sequence: u64) -> Option<[u8; 32]> {
        let index = usize::try_from(sequence.checked_sub(1)?).ok()?;
        self.digests.get(index).copied()
    }
}

/// The part of promise 2 that is about the inner log: intake never read beyond its end.
pub(super) fn check(heard: &Heard, store: &Store, findings: &mut [Finding]) {
    if let Some(finding) = findings.iter_mut().find(|finding| finding.promise == 2) {
        finding.look();
        let (links, next) = (heard.count(), store.progress.inner_next);
        finding.must(next.saturating_sub(1) <= links, || {
            format!("the inner log has {links} entries and intake goes on at {next}")
        });
    }
}
