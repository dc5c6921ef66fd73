//! Instants on the command line and in what is printed.

use engine::time::Timestamp;
use ports::clock::{Clock as _, SystemClock};

/// Reads an RFC 3339 instant.
pub(crate) fn parse(text: &str) -> Result<Timestamp, String> {
    let instant: jiff::Timestamp = text
        .parse()
        .map_err(|_| format!("{text:?} is no instant; write it like 2026-03-01T08:00:00+08:00"))?;
    Ok(Timestamp::from_micros(instant.as_microsecond()))
}

/// The present.
pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}
