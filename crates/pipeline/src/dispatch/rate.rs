//! Permits by time: so many calls in a second, the time being an argument, and what is not used is given back.

use std::time::Duration;

use engine::time::Timestamp;

/// A tenth of a second's worth may go at once, so that no second holds much more than its share.
const BURSTS_A_SECOND: u32 = 10;

/// A bucket that fills evenly. Counts in millionths of a call, so that nothing is lost to rounding.
#[derive(Debug)]
pub(super) struct Bucket {
    /// Calls in a second.
    rate: u32,
    /// In millionths.
    level: u64,
    at: Option<Timestamp>,
}

impl Bucket {
    pub(super) fn new(rate: u32) -> Self {
        let mut bucket = Self {
            rate,
            level: 0,
            at: None,
        };
        bucket.level = bucket.most();
        bucket
    }

    /// How many calls may begin now.
    pub(super) fn available(&mut self, now: Timestamp) -> usize {
        let before = self.at.replace(now).unwrap_or(now);
        // A clock that was set back fills nothing and takes nothing away.
        // A microsecond of one call a second is a millionth of a call.
        let passed = u64::try_from(now.since(before)).unwrap_or(0);
        let gained = passed.saturating_mul(u64::from(self.rate));
        self.level = self.level.saturating_add(gained).min(self.most());
        usize::try_from(self.level / 1_000_000).unwrap_or(usize::MAX)
    }

    /// Takes permits that [`Self::available`] has just named.
    pub(super) fn take(&mut self, calls: usize) {
        self.level = self.level.saturating_sub(calls as u64 * 1_000_000);
    }

    /// Returns permits of calls that were not made.
    pub(super) fn give_back(&mut self, calls: usize) {
        self.level = self
            .level
            .saturating_add(calls as u64 * 1_000_000)
            .min(self.most());
    }

    /// How long until one more call may begin; nothing when one may now.
    pub(super) fn next_in(&self) -> Duration {
        let missing = 1_000_000_u64.saturating_sub(self.level);
        Duration::from_micros(missing.div_ceil(u64::from(self.rate.max(1))))
    }

    fn most(&self) -> u64 {
        u64::from(self.rate.div_ceil(BURSTS_A_SECOND)) * 1_000_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_micros(millis * 1000)
    }

    /// Asks every millisecond and takes all there is; says when each call began.
    fn greedy(rate: u32, millis: i64) -> Vec<i64> {
        let mut bucket = Bucket::new(rate);
        let mut calls = Vec::new();
        for milli in 0..millis {
            let now = bucket.available(at(milli));
            bucket.take(now);
            calls.extend(std::iter::repeat_n(milli, now));
        }
        calls
    }

    #[test]
    fn no_second_holds_more_than_the_rate_and_a_tenth() {
        for rate in [1, 3, 10, 100, 997] {
            let calls = greedy(rate, 5_000);
            let most = (0..4_000)
                .map(|from| {
                    calls
                        .iter()
                        .filter(|call| (from..from + 1_000).contains(*call))
                        .count()
                })
                .max();
            assert!(
                most <= Some((rate + rate.div_ceil(10)) as usize),
                "{rate}: {most:?}"
            );
            let expected = rate as usize * 5;
            assert!(
                calls.len() >= expected - 1,
                "{rate}: only {} of {expected}",
                calls.len()
            );
        }
    }

    #[test]
    fn what_is_not_used_is_not_lost_and_not_saved_up() {
        let mut bucket = Bucket::new(50);
        assert_eq!(bucket.available(at(0)), 5);
        bucket.take(5);
        bucket.give_back(3);
        assert_eq!(bucket.available(at(0)), 3);
        assert_eq!(bucket.available(at(60_000)), 5);
    }

    #[test]
    fn it_says_when_to_ask_again() {
        let mut bucket = Bucket::new(3);
        assert_eq!(bucket.available(at(0)), 1);
        assert_eq!(bucket.next_in(), Duration::ZERO);
        bucket.take(1);
        assert_eq!(bucket.next_in(), Duration::from_micros(333_334));
        assert_eq!(bucket.available(at(0).plus(333_333)), 0);
        assert_eq!(bucket.available(at(0).plus(333_334)), 1);
    }

    #[test]
    fn a_clock_that_is_set_back_stops_nothing() {
        let mut bucket = Bucket::new(10);
        assert_eq!(bucket.available(at(1_000_000)), 1);
        bucket.take(1);
        assert_eq!(bucket.available(at(0)), 0);
        assert_eq!(bucket.available(at(100)), 1);
    }
}
