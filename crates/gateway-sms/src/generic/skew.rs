//! How far a provider's clock is from ours, for people to look at. Nothing is decided by it.

use std::sync::atomic::{AtomicI64, Ordering};

use engine::time::{SECOND, Timestamp};

/// Nobody has said anything.
const NOTHING: i64 = i64::MIN;

/// What the `Date` of the last answer says.
#[derive(Debug)]
pub(super) struct Skew(AtomicI64);

impl Default for Skew {
    fn default() -> Self {
        Self(AtomicI64::new(NOTHING))
    }
}

impl Skew {
    /// Takes note of a `Date` that came now. It has no fractions, so that a difference of less than a second is none.
    pub(super) fn note(&self, date: Timestamp, now: Timestamp) {
        let ahead = date.since(now);
        let ahead = if (-SECOND..0).contains(&ahead) { 0 } else { ahead };
        self.0.store(ahead, Ordering::Relaxed);
    }

    /// How many microseconds the provider's clock is ahead of ours.
    pub(super) fn ahead(&self) -> Option<i64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|ahead| *ahead != NOTHING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_answer_says_how_far_the_clocks_are_apart() {
        let skew = Skew::default();
        let now = Timestamp::from_micros(1_700_000_000 * SECOND + 900_000);
        assert_eq!(skew.ahead(), None);
        for (date, ahead) in [
            (1_700_000_000, 0),
            (1_700_000_240, 239_100_000),
            (1_699_999_040, -960_900_000),
        ] {
            skew.note(Timestamp::from_micros(date * SECOND), now);
            assert_eq!(skew.ahead(), Some(ahead));
        }
    }
}
