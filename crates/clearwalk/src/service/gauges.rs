//! What the store holds, as gauges: looked at every few seconds, so that a scrape costs no query.

use engine::notice::NoticeState;
use engine::time::{SECOND, Timestamp};
use metrics::gauge;
use pipeline::metrics::{
    ATTEMPTS, BUILD_INFO, CASES, CHAIN_AGE, CHAIN_HEIGHT, FREE_BYTES, LAG_RECORDS, LAG_SECONDS,
    NOTICE_OLDEST, NOTICES, RECORDS, STORE_BYTES, WAL_BYTES,
};
use ports::log::Stream as _;
use ports::read::{NoticeFilter, ReadStore as _};
use ports::store::{IntakeStore as _, StoreError};
use store_sqlite::SqliteStore;

/// States in which somebody or something still has to do with a notice.
const OPEN: [NoticeState; 4] = [
    NoticeState::Queued,
    NoticeState::Submitted,
    NoticeState::Held,
    NoticeState::Unknown,
];

/// Looks once.
pub(super) async fn look(store: &SqliteStore, now: Timestamp) -> Result<(), StoreError> {
    gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    let stats = store.stats().await?;
    for (disposition, count) in &stats.records {
        gauge!(RECORDS, "disposition" => disposition.as_str()).set(*count as f64);
    }
    for (outcome, count) in &stats.cases {
        gauge!(CASES, "outcome" => outcome.as_str()).set(*count as f64);
    }
    for (state, _) in NoticeState::ALL {
        let count = stats.notices.iter().find(|(it, _)| *it == state);
        gauge!(NOTICES, "state" => state.as_str()).set(count.map_or(0.0, |(_, count)| *count as f64));
    }
    for (class, count) in &stats.attempts {
        gauge!(ATTEMPTS, "class" => class.as_str()).set(*count as f64);
    }
    gauge!(LAG_RECORDS).set(stats.appended.saturating_sub(stats.read) as f64);
    lag(store, now).await?;
    for state in OPEN {
        let filter = NoticeFilter {
            state: Some(state),
            ..NoticeFilter::default()
        };
        let oldest = store.notices(&filter, 1).await?.pop();
        let age = oldest.map_or(0.0, |notice| seconds(now, notice.queued_at));
        gauge!(NOTICE_OLDEST, "state" => state.as_str()).set(age);
    }
    let status = store.status().await?;
    gauge!(STORE_BYTES).set(status.size as f64);
    gauge!(FREE_BYTES).set(status.free as f64);
    gauge!(WAL_BYTES).set(status.wal as f64);
    gauge!(CHAIN_HEIGHT).set(status.batches as f64);
    let age = status.last_batch.map_or(0.0, |at| seconds(now, at));
    gauge!(CHAIN_AGE).set(age);
    Ok(())
}

/// How long the first record that nobody has read waits.
async fn lag(store: &SqliteStore, now: Timestamp) -> Result<(), StoreError> {
    let next = store.progress().await?.next;
    let first = store.read(next, 1).await?.into_iter().next();
    gauge!(LAG_SECONDS).set(first.map_or(0.0, |record| seconds(now, record.known)));
    Ok(())
}

fn seconds(now: Timestamp, then: Timestamp) -> f64 {
    (now.since(then).max(0) as f64) / SECOND as f64
}
