//! A clock that stands still until it is moved.

use std::sync::Mutex;

use engine::time::Timestamp;
use ports::clock::Clock;

/// Tells the time that it was set to.
#[derive(Debug)]
pub struct FixedClock(Mutex<Timestamp>);

impl FixedClock {
    /// Stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    /// Stands at `now` from here on; also backwards.
    pub fn set(&self, now: Timestamp) {
        *self.0.lock().expect("setting a time does not panic") = now;
    }

    /// Moves on by microseconds.
    pub fn advance(&self, micros: i64) {
        let mut now = self.0.lock().expect("adding to a time does not panic");
        *now = now.plus(micros);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("reading a time does not panic")
    }
}
