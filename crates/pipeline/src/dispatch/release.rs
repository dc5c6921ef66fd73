//! What quiet hours kept back does not go out in one moment: a whole night is spread over the half hour after them.

use engine::time::{MINUTE, SECOND, Timestamp};
use ports::dispatch::DispatchStore;
use ports::store::StoreError;

/// Over how long the largest night is spread.
const SPREAD: i64 = 30 * MINUTE;
/// Between two messages of a small one, which is through in no time.
const LONGEST_GAP: i64 = SECOND / 10;
/// How long a count of what waits is believed.
const BELIEVED: i64 = MINUTE;

/// Gives each kept message its turn.
#[derive(Debug, Default)]
pub(super) struct Release {
    gap: i64,
    counted_at: Option<Timestamp>,
    /// The turn of the next one.
    next: Option<Timestamp>,
}

impl Release {
    /// Counts what waits, when anything may have been kept.
    pub(super) async fn count(
        &mut self,
        store: &dyn DispatchStore,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if self.counted_at.is_some_and(|at| now.since(at) < BELIEVED) {
            return Ok(());
        }
        let waiting = i64::try_from(store.due_count(now).await?).unwrap_or(i64::MAX);
        self.gap = (SPREAD / waiting.max(1)).min(LONGEST_GAP);
        self.counted_at = Some(now);
        Ok(())
    }

    /// When a message may go that was due when quiet hours ended at `free_since`; none: now. It is never kept beyond
    /// the half hour, nor beyond its own end.
    pub(super) fn turn(
        &mut self,
        now: Timestamp,
        due: Timestamp,
        free_since: Option<Timestamp>,
        expires_at: Timestamp,
    ) -> Option<Timestamp> {
        let free_since = free_since.filter(|since| due <= *since && now < since.plus(SPREAD))?;
        let turn = self.next.map_or(now, |next| next.max(free_since));
        self.next = Some(turn.max(now).plus(self.gap));
        let latest = free_since.plus(SPREAD).min(expires_at.plus(-MINUTE));
        (turn > now && turn < latest).then_some(turn)
    }
}

#[cfg(test)]
mod tests {
    use engine::time::HOUR;

    use super::*;

    fn release(gap: i64) -> Release {
        Release {
            gap,
            ..Release::default()
        }
    }

    #[test]
    fn kept_messages_go_one_after_the_other_and_others_at_once() {
        let eight = Timestamp::from_micros(8 * HOUR);
        let far = eight.plus(24 * HOUR);
        let mut release = release(SECOND);
        let mut turn = |now, due| release.turn(now, due, Some(eight), far);
        assert_eq!(turn(eight, eight), None);
        assert_eq!(turn(eight, eight), Some(eight.plus(SECOND)));
        assert_eq!(turn(eight, eight), Some(eight.plus(2 * SECOND)));
        // It became due later, or its turn has come.
        assert_eq!(turn(eight.plus(SECOND), eight.plus(SECOND)), None);
        // The half hour is over.
        assert_eq!(turn(eight.plus(SPREAD), eight), None);
    }

    #[test]
    fn nothing_is_kept_beyond_its_end_or_the_half_hour() {
        let eight = Timestamp::from_micros(8 * HOUR);
        let mut release = release(20 * MINUTE);
        let soon = eight.plus(10 * MINUTE);
        assert_eq!(release.turn(eight, eight, Some(eight), soon), None);
        assert_eq!(release.turn(eight, eight, Some(eight), soon), None);
        assert_eq!(release.turn(eight, eight, Some(eight), eight.plus(HOUR)), None);
        assert_eq!(release.turn(eight, eight, None, eight.plus(HOUR)), None);
    }
}
