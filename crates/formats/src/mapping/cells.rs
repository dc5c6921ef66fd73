//! One row's cells, whatever file they came from.

use std::fmt::Write as _;
use std::ops::Range;

use sha2::{Digest as _, Sha256};

/// The cells of the row at hand. The memory is used again for the next row.
#[derive(Debug, Default)]
pub(super) struct Cells {
    pub(super) text: String,
    /// Where in `text` each cell lies, in the order of the file.
    pub(super) ranges: Vec<Range<usize>>,
    /// For each column that the mapping names, which cell it is.
    pub(super) positions: Vec<usize>,
}

impl Cells {
    /// The trimmed cell of a column of the mapping; empty where the row has none.
    pub(super) fn get(&self, slot: usize) -> &str {
        let range = self
            .positions
            .get(slot)
            .and_then(|position| self.ranges.get(*position));
        range.map_or("", |range| self.text[range.clone()].trim())
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ranges.clear();
    }

    /// All cells, untrimmed, in the order of the file.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.ranges.iter().map(|range| &self.text[range.clone()])
    }
}

/// SHA-256, in hex, of texts as netstrings: no two different rows are hashed from the same bytes.
pub(super) fn hash<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut hasher = Sha256::new();
    let mut length = String::new();
    for text in texts {
        length.clear();
        write!(length, "{}:", text.len()).expect("writing to a String cannot fail");
        hasher.update(&length);
        hasher.update(text);
        hasher.update(b",");
    }
    hex::encode(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_sha256_over_netstrings() {
        // printf '1:a,2:bc,0:,' | sha256sum
        assert_eq!(
            hash(["a", "bc", ""].into_iter()),
            "38e0e2fe0363c44bae4edc562a4ef10efda7528a62e5e096c2b52abc73a0c3be"
        );
    }

    #[test]
    fn moving_a_character_over_a_cell_border_changes_the_hash() {
        assert_ne!(hash(["ab", "c"].into_iter()), hash(["a", "bc"].into_iter()));
        assert_ne!(hash(["a", ""].into_iter()), hash(["a"].into_iter()));
    }
}
