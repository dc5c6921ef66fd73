//! The stream.

use std::time::Duration;

use bytes::Bytes;
use ports::log::NewEnvelope;
use tokio::time::Instant;

use super::Place;
use super::sample::at;

fn records(from: u64, count: u64) -> Vec<NewEnvelope> {
    let record = |number: u64| NewEnvelope {
        known: at(number as i64),
        payload: Bytes::from(format!("{{\"id\":\"{number}\"}}")),
    };
    (from..from + count).map(record).collect()
}

/// Positions begin at 1 and have no gaps, whatever the sizes of appends; every read begins where it is asked to.
pub async fn what_is_appended_is_read_from_any_position(place: &dyn Place) {
    let store = place.open().await;
    assert_eq!(store.end().await.unwrap(), 1);
    assert!(store.read(1, 10).await.unwrap().is_empty());
    let mut appended = 0;
    for count in [1, 3, 700, 0, 2, 1200, 1] {
        let first = store.append(&records(appended + 1, count)).await.unwrap();
        assert_eq!(first, appended + 1);
        appended += count;
        assert_eq!(store.end().await.unwrap(), appended + 1);
    }
    let store = place.open().await;
    for from in [1, 2, 4, 5, 500, 704, 706, 707, 1900, appended] {
        for limit in [1, 7, 600, 5000] {
            let read = store.read(from, limit).await.unwrap();
            let expected = (appended + 1 - from).min(limit as u64);
            assert_eq!(read.len() as u64, expected, "from {from}, limit {limit}");
            for (envelope, position) in read.iter().zip(from..) {
                assert_eq!(envelope.position, position);
                assert_eq!(envelope.known, at(position as i64));
                assert_eq!(envelope.payload, format!("{{\"id\":\"{position}\"}}"));
            }
        }
    }
    assert!(store.read(appended + 1, 10).await.unwrap().is_empty());
}

/// Many doors append at once; each of their records has a place of its own.
pub async fn appends_at_the_same_time_leave_no_gap(place: &dyn Place) {
    let (one, other) = (place.open().await, place.open().await);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..40 {
        let store = if number % 4 == 0 {
            other.clone()
        } else {
            one.clone()
        };
        tasks.spawn(async move { (store.append(&records(1000 * number, 5)).await.unwrap(), number) });
    }
    let mut firsts = Vec::new();
    while let Some(appended) = tasks.join_next().await {
        firsts.push(appended.unwrap());
    }
    firsts.sort_unstable();
    let read = one.read(1, 1000).await.unwrap();
    assert_eq!(read.len(), 200);
    for (at_place, (first, number)) in firsts.iter().enumerate() {
        assert_eq!(*first, at_place as u64 * 5 + 1);
        for (envelope, expected) in read[at_place * 5..][..5].iter().zip(records(1000 * number, 5)) {
            assert_eq!(envelope.payload, expected.payload);
        }
    }
}

/// A reader at the end waits for this process and for others, and not longer than it said.
pub async fn a_waiting_reader_wakes_when_a_record_comes(place: &dyn Place) {
    let (own, other) = (place.open().await, place.open().await);
    let long = Duration::from_secs(20);
    for (position, writer) in [(1, own.clone()), (2, other)] {
        let began = Instant::now();
        let (waited, appended) = tokio::join!(own.wait_beyond(position, long), async {
            tokio::task::yield_now().await;
            writer.append(&records(position, 1)).await
        });
        waited.unwrap();
        appended.unwrap();
        assert!(began.elapsed() < long / 2, "it waited {:?}", began.elapsed());
        own.wait_beyond(position, long).await.unwrap();
        assert!(began.elapsed() < long / 2, "it waited for what is there");
    }
    let began = Instant::now();
    own.wait_beyond(3, Duration::from_millis(30)).await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(30));
}
