//! Limits per number, as vendors count them: a minute and an hour slide, a day ends at midnight in China.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// China's midnight in UTC, and so for every vendor there.
const EAST: i64 = 8 * HOUR;

/// How many messages a number is sent at most; what is absent is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_minute: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_hour: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_day: Option<usize>,
    /// Messages until the money runs out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance: Option<u64>,
    /// Messages until the key is revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_after: Option<u64>,
}

/// When each number was sent something.
#[derive(Debug, Default)]
pub(super) struct Windows {
    seconds: HashMap<String, Vec<i64>>,
}

impl Windows {
    pub(super) fn count(&mut self, to: &str, at: Timestamp) {
        self.seconds
            .entry(to.to_owned())
            .or_default()
            .push(at.as_second());
    }

    /// How many seconds a message to this number must wait; none: it may be taken.
    pub(super) fn wait(&self, limits: &Limits, to: &str, now: Timestamp) -> Option<u64> {
        let sent = self.seconds.get(to).map_or(&[][..], Vec::as_slice);
        let now = now.as_second();
        let midnight = (now + EAST).div_euclid(DAY) * DAY - EAST;
        let slide = |limit: Option<usize>, length: i64| {
            let within = sent.iter().filter(|at| **at > now - length).count();
            // The oldest of the last so many must leave the window first.
            limit.filter(|limit| within >= *limit).map(|limit| {
                sent.len()
                    .checked_sub(limit)
                    .and_then(|at| sent.get(at))
                    .map_or(length, |at| at + length - now)
            })
        };
        let today = sent.iter().filter(|at| **at >= midnight).count();
        let day = limits
            .per_day
            .filter(|limit| today >= *limit)
            .map(|_| midnight + DAY - now);
        let waits = [
            slide(limits.per_minute, MINUTE),
            slide(limits.per_hour, HOUR),
            day,
        ];
        waits.into_iter().flatten().max().map(|wait| wait.max(1) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn windows_slide_and_days_end_at_midnight_in_china() {
        let limits = Limits {
            per_minute: Some(1),
            per_hour: Some(2),
            per_day: Some(3),
            ..Limits::default()
        };
        let mut windows = Windows::default();
        let wait = |windows: &Windows, time: &str| windows.wait(&limits, "+861", at(time));
        assert_eq!(wait(&windows, "2026-03-02T13:00:00Z"), None);
        windows.count("+861", at("2026-03-02T13:00:00Z"));
        assert_eq!(wait(&windows, "2026-03-02T13:00:59Z"), Some(1));
        assert_eq!(wait(&windows, "2026-03-02T13:01:00Z"), None);
        windows.count("+861", at("2026-03-02T13:30:00Z"));
        assert_eq!(wait(&windows, "2026-03-02T13:59:00Z"), Some(60));
        assert_eq!(wait(&windows, "2026-03-02T14:00:00Z"), None);
        windows.count("+861", at("2026-03-02T15:00:00Z"));
        assert_eq!(wait(&windows, "2026-03-02T15:59:30Z"), Some(30));
        assert_eq!(wait(&windows, "2026-03-02T16:00:00Z"), None);
        assert_eq!(windows.wait(&limits, "+862", at("2026-03-02T13:00:01Z")), None);
    }
}
