//! Permits by time: so many calls in a second, the time being an argument, and what is not used is given back.
//!
//! A bucket alone lets its fill and its burst into one second, so that a log of when calls began stands behind it: the
//! bucket spreads them, the log keeps the promise.

use std::collections::VecDeque;
use std::time::Duration;

use engine::time::{SECOND, Timestamp};

/// A tenth of a second's worth may go at once.
const BURSTS_A_SECOND: u32 = 10;

/// A bucket that fills evenly, counted in millionths of a call so that nothing is lost to rounding, and the calls of the
/// last second.
#[derive(Debug)]
pub(super) struct Bucket {
    /// Calls in a second.
    rate: u32,
    /// In millionths.
    level: u64,
    at: Option<Timestamp>,
    /// When calls began, less than a second ago, and how many; the oldest first.
    begun: VecDeque<(Timestamp, usize)>,
    /// Calls of the last second, and permits that are taken and have not begun.
    used: usize,
}

impl Bucket {
    pub(super) fn new(rate: u32) -> Self {
        let mut bucket = Self {
            rate,
            level: 0,
            at: None,
            begun: VecDeque::new(),
            used: 0,
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
        if now < before {
            // What began by the old time began at the latest now.
            self.begun.iter_mut().for_each(|(at, _)| *at = (*at).min(now));
        }
        while let Some((_, calls)) = self.begun.pop_front_if(|(at, _)| at.plus(SECOND) <= now) {
            self.used -= calls;
        }
        self.left()
    }

    /// How many calls may still begin at the time that was last asked for.
    pub(super) fn left(&self) -> usize {
        let level = usize::try_from(self.level / 1_000_000).unwrap_or(usize::MAX);
        level.min((self.rate as usize).saturating_sub(self.used))
    }

    /// Takes permits that [`Self::available`] has just named.
    pub(super) fn take(&mut self, calls: usize) {
        self.level = self.level.saturating_sub(calls as u64 * 1_000_000);
        self.used += calls;
    }

    /// Calls begin whose permits were taken: their second begins now.
    pub(super) fn begun(&mut self, now: Timestamp, calls: usize) {
        match self.begun.back_mut() {
            Some((at, same)) if *at >= now => *same += calls,
            _ => self.begun.push_back((now, calls)),
        }
    }

    /// Returns permits of calls that were not made.
    pub(super) fn give_back(&mut self, calls: usize) {
        self.level = self
            .level
            .saturating_add(calls as u64 * 1_000_000)
            .min(self.most());
        self.used -= calls;
    }

    /// How long until one more call may begin; nothing when one may now.
    pub(super) fn next_in(&self) -> Duration {
        let missing = 1_000_000_u64.saturating_sub(self.level);
        let filled = Duration::from_micros(missing.div_ceil(u64::from(self.rate.max(1))));
        if self.used < self.rate as usize {
            return filled;
        }
        let now = self.at.unwrap_or(Timestamp::MIN);
        let oldest = self.begun.front().map_or(0, |(at, _)| at.plus(SECOND).since(now));
        filled.max(Duration::from_micros(u64::try_from(oldest).unwrap_or(0)))
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

    /// Takes all there is at an instant.
    fn greedy_at(bucket: &mut Bucket, milli: i64) -> usize {
        let now = bucket.available(at(milli));
        bucket.take(now);
        bucket.begun(at(milli), now);
        now
    }

    /// Asks every millisecond and takes all there is; says when each call began.
    fn greedy(rate: u32, millis: i64) -> Vec<i64> {
        let mut bucket = Bucket::new(rate);
        let calls = |milli| std::iter::repeat_n(milli, greedy_at(&mut bucket, milli));
        (0..millis).flat_map(calls).collect()
    }

    /// As many calls as there are within a second.
    fn greedy_from(bucket: &mut Bucket, from: i64) -> usize {
        (from..from + 1_000).map(|milli| greedy_at(bucket, milli)).sum()
    }

    /// The most calls in any second.
    fn fullest(calls: &[i64]) -> usize {
        let inside = |from: i64| {
            calls
                .iter()
                .filter(move |call| (from..from + 1_000).contains(*call))
                .count()
        };
        calls.iter().map(|from| inside(*from)).max().unwrap_or(0)
    }

    #[test]
    fn no_second_holds_more_than_the_rate_and_none_is_wasted() {
        for rate in [1, 3, 10, 100, 997] {
            let calls = greedy(rate, 5_000);
            assert_eq!(fullest(&calls), rate as usize, "{rate}");
            assert!(
                calls.len() >= rate as usize * 5 - 1,
                "{rate}: only {}",
                calls.len()
            );
        }
    }

    #[test]
    fn a_second_begins_with_the_call_and_not_with_its_permit() {
        let (mut bucket, mut calls) = (Bucket::new(20), Vec::new());
        // A commit stands between the two, and every other one is slow.
        let mut now = 0;
        for step in 0..2_000 {
            let permits = bucket.available(at(now));
            bucket.take(permits);
            now += 1 + (step % 2) * 60;
            bucket.begun(at(now), permits);
            calls.extend(std::iter::repeat_n(now, permits));
        }
        assert!(fullest(&calls) <= 20, "{}", fullest(&calls));
        let expected = now * 20 / 1_000;
        assert!(
            calls.len() as i64 > expected * 9 / 10,
            "{} of {expected}",
            calls.len()
        );
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
        bucket.begun(at(0), 1);
        assert_eq!(bucket.next_in(), Duration::from_micros(333_334));
        assert_eq!(bucket.available(at(0).plus(333_333)), 0);
        assert_eq!(bucket.available(at(0).plus(333_334)), 1);
    }

    #[test]
    fn a_full_second_says_when_its_oldest_call_leaves() {
        let mut bucket = Bucket::new(20);
        let calls: usize = (0..=900).map(|milli| greedy_at(&mut bucket, milli)).sum();
        assert_eq!(calls, 20);
        assert_eq!(bucket.available(at(950)), 0);
        assert_eq!(bucket.next_in(), Duration::from_millis(50));
        assert_eq!(bucket.available(at(1_000)), 2);
    }

    #[test]
    fn a_clock_that_is_set_back_stops_nothing() {
        let mut bucket = Bucket::new(10);
        assert_eq!(bucket.available(at(1_000_000)), 1);
        bucket.take(1);
        bucket.begun(at(1_000_000), 1);
        assert_eq!(bucket.available(at(0)), 0);
        assert_eq!(bucket.available(at(100)), 1);
        for second in 1..4 {
            let full = greedy_from(&mut bucket, second * 1_000);
            assert!((9..=10).contains(&full), "{second}: {full}");
        }
    }
}
