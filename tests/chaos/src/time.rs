//! The clock of the harness, and waiting.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Between two looks at a condition.
const LOOK: Duration = Duration::from_millis(20);

/// Microseconds since 1970, by the wall clock that all processes of the machine share.
#[expect(
    clippy::disallowed_methods,
    reason = "the harness keeps its own record of when it did what"
)]
pub fn now() -> i64 {
    Timestamp::now().as_microsecond()
}

/// A time as exports and ledgers print it, in microseconds.
pub fn micros(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_microsecond)
}

/// Tries until `look` finds something; nothing when that does not happen in time.
pub fn wait<T>(patience: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + patience;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        pause(LOOK.min(left));
    }
}

/// Lets time pass, for a moment that nothing announces.
pub fn pause(length: Duration) {
    let end = Instant::now() + length;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        // It may wake early, for no reason.
        std::thread::park_timeout(left);
    }
}
