//! The city of the demo, and the road of its facts into the stream.

use bytes::Bytes;
use engine::time::Timestamp;
use formats::event::{self, Known};
use jiff::tz::TimeZone;
use ports::log::{NewEnvelope, Stream as _};
use store_sqlite::SqliteStore;
use world::city::{City, Plan};

use crate::cli::DemoArgs;
use crate::failure::Failure;
use crate::instant;

/// Facts in one append.
const CHUNK: usize = 4096;

/// A year that is over, so that nothing of it lies in the future.
pub(super) fn plan(args: &DemoArgs) -> Result<City, Failure> {
    let today = TimeZone::UTC.to_datetime(instant::now().to_jiff());
    let plan = Plan {
        seed: args.seed,
        events: args.events,
        ..Plan::default()
    };
    City::new(plan.in_year(today.year() - 1)).map_err(Failure::usage)
}

/// Appends every line with its own time, as an import would.
pub(super) async fn append(city: &City, store: &SqliteStore) -> Result<(), Failure> {
    let mut lines = city.events();
    let mut line = String::new();
    let mut records = Vec::with_capacity(CHUNK);
    let mut latest = Timestamp::default();
    loop {
        let more = lines.write_next(&mut line);
        if more {
            // Half a line has no time of its own; it came after the one before it.
            if let Ok(decoded) = event::decode(line.as_bytes(), Known::FromTime, 0) {
                latest = decoded.fact.known;
            }
            records.push(NewEnvelope {
                known: latest,
                payload: Bytes::copy_from_slice(line.as_bytes()),
            });
        }
        if records.len() >= CHUNK || (!more && !records.is_empty()) {
            store.append(&records).await?;
            records.clear();
        }
        if !more {
            return Ok(());
        }
    }
}
