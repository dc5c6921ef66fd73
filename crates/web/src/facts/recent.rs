//! Facts about observations that were taken and are not decided on yet. The door fills their plates in by what is known
//! at that moment, so that the same fact sent again could come out otherwise and look like another.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use engine::fact::{ContentDigest, FactId};

/// More than are ever under way at once; with so many, what was decided is let go of.
const MOST: usize = 1024;

/// What each of them said when it was sent, and where it stands in the stream.
#[derive(Default)]
pub(crate) struct Recent(Mutex<HashMap<FactId, (ContentDigest, u64)>>);

impl Recent {
    /// Whether the same was taken already.
    pub(super) fn has(&self, id: &FactId, sent: ContentDigest) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(id).is_some_and(|(digest, _)| *digest == sent)
    }

    /// Remembers what was appended; `read` is where intake reads on.
    pub(super) fn add(&self, taken: impl Iterator<Item = (FactId, ContentDigest, u64)>, read: u64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, digest, position) in taken {
            known.entry(id).or_insert((digest, position));
        }
        if known.len() > MOST {
            known.retain(|_, (_, position)| *position >= read);
        }
    }
}
