//! Records that were set aside, and what people do about them.

use bytes::Bytes;
use engine::case::Disposition;
use ports::log::NewEnvelope;
use ports::quarantine::{Deed, Handled, NewHandling, Outcome};
use ports::read::Store;

use super::Place;
use super::sample::{at, batch};

fn redrive(position: u64, key: u8) -> NewHandling {
    NewHandling {
        position,
        deed: Deed::Redrive {
            record: NewEnvelope {
                known: at(9),
                payload: format!("again {position}").into(),
            },
            is_corrected: true,
            wake: Some(Bytes::from_static(b"wake")),
        },
        at: at(10),
        by: "li".into(),
        reason: "the clock was set".into(),
        key: [key; 32],
        print: [key; 32],
    }
}

/// Batches of these lengths; every `each`th record is set aside.
async fn with_records(store: &dyn Store, lengths: &[u64], each: u64) {
    let mut from = store.claim("test").await.unwrap();
    for length in lengths {
        let mut commit = batch(from, *length);
        let kinds = [
            Disposition::Quarantined,
            Disposition::Conflict,
            Disposition::Inadmissible,
        ];
        for record in &mut commit.records {
            if record.position % each == 0 {
                record.disposition = kinds[(record.position / each) as usize % 3];
            }
        }
        store.commit(&commit).await.unwrap();
        from = commit.to;
    }
}

/// Page by page, over batches that hold none and batches that hold nothing else.
pub async fn what_was_set_aside_is_read_in_pages(place: &dyn Place) {
    let store = place.open().await;
    assert!(store.aside(0, 5).await.unwrap().is_empty());
    with_records(&*store, &[3, 0, 600, 5, 1, 1, 700], 7).await;
    let mut seen = Vec::new();
    loop {
        let after = seen.last().copied().unwrap_or(0);
        let page = store.aside(after, 4).await.unwrap();
        assert!(page.len() <= 4);
        assert!(page.iter().all(|record| record.disposition.is_set_aside()));
        if page.is_empty() {
            break;
        }
        seen.extend(page.iter().map(|record| record.position));
    }
    let expected: Vec<u64> = (1..=1310).filter(|position| position % 7 == 0).collect();
    assert_eq!(seen, expected);
    // From within a batch too.
    let found = store.aside(300, 1).await.unwrap();
    assert_eq!(found[0].position, 301);
}

/// The record is in the stream, the ledger is woken, and the log says who and why; the record that was set aside stays.
pub async fn a_redriven_record_stands_in_the_stream_once_more(place: &dyn Place) {
    let store = place.open().await;
    let first = NewEnvelope {
        known: at(1),
        payload: Bytes::from_static(b"broken"),
    };
    store.append(std::slice::from_ref(&first)).await.unwrap();
    with_records(&*store, &[1], 1).await;
    let before = store.records(0, 5).await.unwrap();
    let handled = store.handle(&redrive(1, 1)).await.unwrap();
    let Handled::Done(handling) = &handled else {
        panic!("{handled:?}");
    };
    let position = 2;
    let is_corrected = true;
    assert_eq!(
        handling.outcome,
        Outcome::Redriven {
            position,
            is_corrected
        }
    );
    assert_eq!(store.end().await.unwrap(), 3);
    let record = &store.read(2, 5).await.unwrap()[0];
    assert_eq!((&*record.payload, record.known), (&b"again 1"[..], at(9)));
    let inner = store.inner(1, 5).await.unwrap();
    assert_eq!(
        (inner.len(), &*inner[0].payload, inner[0].at),
        (1, &b"wake"[..], at(10))
    );
    let again = place.open().await;
    assert_eq!(
        again.handlings(0, 9).await.unwrap(),
        std::slice::from_ref(handling)
    );
    assert!(again.handlings(2, 9).await.unwrap().is_empty());
    let audit = again.audit(None, 5).await.unwrap();
    let line = &audit[0];
    assert_eq!(
        (&*line.actor, &*line.action, &*line.object, line.after.as_deref()),
        (
            "li",
            "quarantine.redrive",
            "record 1",
            Some("corrected, record 2: the clock was set")
        )
    );
    let after = again.records(0, 5).await.unwrap();
    assert_eq!(format!("{before:?}"), format!("{after:?}"), "history stays");
}

/// Whoever comes second, by the record or by the key, does nothing and is told what was done.
pub async fn a_record_is_handled_once_and_a_key_is_good_for_one(place: &dyn Place) {
    let store = place.open().await;
    with_records(&*store, &[3], 1).await;
    let drop = |position, key| NewHandling {
        deed: Deed::Drop,
        ..redrive(position, key)
    };
    let Handled::Done(dropped) = store.handle(&drop(1, 1)).await.unwrap() else {
        panic!("it was open");
    };
    assert_eq!(dropped.outcome, Outcome::Dropped);
    let before = |handled| matches!(handled, Handled::Before(was) if was == dropped);
    assert!(before(store.handle(&redrive(1, 2)).await.unwrap()), "the record");
    assert!(before(store.handle(&drop(1, 1)).await.unwrap()), "both");
    assert!(before(store.handle(&redrive(2, 1)).await.unwrap()), "the key");
    assert_eq!(store.end().await.unwrap(), 1);
    assert!(store.inner(1, 5).await.unwrap().is_empty());
    let Handled::Done(second) = store.handle(&redrive(3, 3)).await.unwrap() else {
        panic!("it was open");
    };
    // A record of its own comes before a key of another.
    let both = store.handle(&drop(3, 1)).await.unwrap();
    assert_eq!(both, Handled::Before(second));
    let audit = store.audit(None, 9).await.unwrap();
    let actions = audit.iter().filter(|entry| &*entry.chain == "actions");
    assert_eq!(actions.count(), 2);
}

/// Two hands at one record: one of them does it.
pub async fn of_two_hands_at_one_record_one_comes_first(place: &dyn Place) {
    let store = place.open().await;
    with_records(&*store, &[1], 1).await;
    let (one, two) = (redrive(1, 1), redrive(1, 2));
    let (one, two) = tokio::join!(store.handle(&one), store.handle(&two));
    let done = [one.unwrap(), two.unwrap()].map(|handled| matches!(handled, Handled::Done(_)));
    assert_ne!(done[0], done[1]);
    assert_eq!(store.end().await.unwrap(), 2);
}
