//! What is missing among positions.

use std::ops::Range;

/// What is missing from `positions` between the first position and `next`. An export may claim any `next`, so that it is not
/// counted up to.
pub(super) fn gaps(positions: impl Iterator<Item = u64>, next: u64) -> Vec<Range<u64>> {
    let mut known: Vec<u64> = positions.filter(|position| *position < next).collect();
    known.sort_unstable();
    known.push(next);
    let mut expected = 1;
    let mut gaps = Vec::new();
    for position in known {
        if position > expected {
            gaps.push(expected..position);
        }
        expected = position.saturating_add(1);
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::gaps;

    #[test]
    fn what_is_missing_is_found_without_counting_up_to_what_is_claimed() {
        let of = |positions: &[u64], next| gaps(positions.iter().copied(), next);
        assert!(of(&[2, 1, 3], 4).is_empty() && of(&[], 1).is_empty() && of(&[], 0).is_empty());
        assert_eq!(of(&[5, 2], 8), [1..2, 3..5, 6..8]);
        assert_eq!(of(&[1, 4, 9], 6), [2..4, 5..6]);
        assert_eq!(of(&[3], u64::MAX), [1..3, 4..u64::MAX]);
    }
}
