//! The lane: who owns it, and what a batch writes or does not.

use std::sync::Arc;

use bytes::Bytes;
use engine::case::Outcome;
use engine::fact::FactId;
use ports::commit::{Commit, NoticeChange};
use ports::read::Store;
use ports::store::{CommitError, Progress, StoreError};

use super::Place;
use super::sample::{
    at, batch, case_write, fact, identity, ledger, new_notice, notice, observe, plate, queue, send,
};

/// The one who had the lane before cannot commit any more, not even where it stood.
pub async fn a_claim_ends_the_lane_of_whoever_had_it(place: &dyn Place) {
    let (old, new) = (place.open().await, place.open().await);
    let of_old = old.claim("old").await.unwrap();
    let of_new = new.claim("new").await.unwrap();
    assert!(of_new.epoch > of_old.epoch);
    assert_eq!((of_new.next, of_new.inner_next), (1, 1));
    let refused = old.commit(&batch(of_old, 3)).await;
    assert!(matches!(refused, Err(CommitError::LostLane)), "{refused:?}");
    new.commit(&batch(of_new, 3)).await.unwrap();
    assert_eq!(old.progress().await.unwrap(), batch(of_new, 3).to);
}

/// A batch that was committed already, or skips something, is not committed.
pub async fn a_batch_that_begins_elsewhere_is_refused(place: &dyn Place) {
    let store = place.open().await;
    let from = store.claim("test").await.unwrap();
    let mut first = batch(from, 3);
    first.to.inner_next = 5;
    first.heard = vec![[0; 32]; 4];
    first.to.high_water = at(9);
    store.commit(&first).await.unwrap();
    let before = observe(&*store).await;
    for elsewhere in [
        from,
        Progress { next: 5, ..first.to },
        Progress {
            inner_next: 4,
            ..first.to
        },
        Progress {
            epoch: from.epoch - 1,
            ..first.to
        },
    ] {
        let refused = store.commit(&batch(elsewhere, 2)).await;
        assert!(
            matches!(refused, Err(CommitError::LostLane)),
            "{elsewhere:?}: {refused:?}"
        );
    }
    assert_eq!(observe(&*store).await, before);
    store.commit(&batch(first.to, 2)).await.unwrap();
}

/// Everything of a batch or nothing, whatever it is refused for.
pub async fn a_refused_batch_leaves_nothing(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..3).await;
    send(&*store, at(1)).await;
    let mut first = full(store.claim("test").await.unwrap(), 10);
    first.inner.clear();
    store.commit(&first).await.unwrap();
    let before = observe(&*store).await;
    let good = full(first.to, 20);

    let mut taken = good.clone();
    taken.identities.push(identity(10, 3));
    refuse(&*store, &taken, |error| {
        matches!(error, CommitError::IdentityTaken)
    })
    .await;

    let mut moved = good.clone();
    moved.ledgers.push(ledger(10, 7, "moved"));
    refuse(&*store, &moved, |error| matches!(error, CommitError::LostLane)).await;

    let mut there = good.clone();
    there.ledgers.push(ledger(10, 0, "there"));
    refuse(&*store, &there, |error| matches!(error, CommitError::LostLane)).await;

    let mut missing = good.clone();
    missing.ledgers.push(ledger(999, 1, "missing"));
    refuse(&*store, &missing, |error| matches!(error, CommitError::LostLane)).await;

    let mut sent = good.clone();
    sent.notices.push(NoticeChange::Cancel(notice(1)));
    refuse(&*store, &sent, |error| matches!(error, CommitError::NoticeSent)).await;

    let mut twice = good.clone();
    twice.notices.push(NoticeChange::Queue(new_notice(10)));
    refuse(&*store, &twice, is_conflict).await;

    let mut versions = good.clone();
    versions.cases.push(case_write(10, 1, Outcome::Waived, None));
    refuse(&*store, &versions, is_conflict).await;

    let mut gap = good.clone();
    gap.records.pop();
    refuse(&*store, &gap, is_conflict).await;

    assert_eq!(observe(&*store).await, before);
    store.commit(&good).await.unwrap();
    assert_eq!(store.progress().await.unwrap(), good.to);
}

fn is_conflict(error: &CommitError) -> bool {
    matches!(error, CommitError::Store(StoreError::Conflict(_)))
}

async fn refuse(store: &dyn Store, batch: &Commit, is_right: fn(&CommitError) -> bool) {
    let error = store.commit(batch).await.expect_err("it must be refused");
    assert!(is_right(&error), "{error:?}");
}

/// A batch with something of everything, about things numbered from `number` on.
fn full(from: Progress, number: u64) -> Commit {
    let mut commit = batch(from, 2);
    commit.identities = vec![identity(number, 1), identity(number + 1, 1)];
    commit.ledgers = vec![ledger(number, 0, "one"), ledger(number + 1, 0, "other")];
    commit.ledgers[0].wake = Some(at(50));
    commit.cases = vec![case_write(number, 1, Outcome::Waived, None)];
    commit.notices = vec![NoticeChange::Queue(new_notice(number))];
    commit.inner = vec![Bytes::from_static(b"inner")];
    commit.waiting = 1;
    commit
}

/// A record that the lane moves over is accounted for, once, with how it was read.
pub async fn records_are_those_that_the_lane_moved_over(place: &dyn Place) {
    let store = place.open().await;
    let first = batch(store.claim("test").await.unwrap(), 3);
    store.commit(&first).await.unwrap();
    let mut second = batch(first.to, 2);
    second.records[0].id = None;
    second.records[1].detail = Some("/data/plate: 太长".into());
    second.records[1].reason = None;
    store.commit(&second).await.unwrap();
    let records = store.records(0, 100).await.unwrap();
    assert_eq!(
        records.iter().map(|record| record.position).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5]
    );
    assert_eq!(records[0].source.as_deref(), Some("/devices/LD-0132"));
    assert_eq!(records[0].id.as_deref(), Some(fact(1).id()));
    assert_eq!(records[0].reason.as_deref(), Some("first_in_window"));
    assert_eq!(records[2].known, at(3));
    assert_eq!((records[3].source.clone(), records[3].id.clone()), (None, None));
    assert_eq!(records[4].detail.as_deref(), Some("/data/plate: 太长"));
    assert_eq!(records[4].reason, None);
}

/// Ids are told apart by sender, and answered in the order asked, known or not.
pub async fn an_id_is_remembered_with_what_it_said(place: &dyn Place) {
    let store = place.open().await;
    let mut commit = batch(store.claim("test").await.unwrap(), 0);
    commit.identities = (0..700).map(|number| identity(number, number % 5)).collect();
    let mut other = identity(3, 77);
    other.id = FactId::new("/devices/other", fact(3).id());
    commit.identities.push(other.clone());
    store.commit(&commit).await.unwrap();
    for store in [store, place.open().await] {
        let asked = [
            fact(699),
            fact(9999),
            other.id.clone(),
            fact(3),
            FactId::new("/nobody", "1"),
            fact(699),
        ];
        let known = store.identities(&asked).await.unwrap();
        let plates: Vec<Option<Arc<str>>> = known
            .iter()
            .map(|identity| identity.as_ref().map(|identity| identity.plate.clone()))
            .collect();
        let expected = [
            Some(plate(4)),
            None,
            Some(plate(77)),
            Some(plate(3)),
            None,
            Some(plate(4)),
        ];
        assert_eq!(plates, expected);
        assert_eq!(known[3].as_ref().unwrap().digest, identity(3, 0).digest);
    }
}

/// Versions count from 1; an empty document removes a ledger, and the next one begins again.
pub async fn a_ledger_is_written_where_it_is_as_it_was_read(place: &dyn Place) {
    let store = place.open().await;
    let mut from = store.claim("test").await.unwrap();
    let steps = [(0, "a", 1), (1, "b", 2), (2, "", 0), (0, "c", 1)];
    for (expected, document, version) in steps {
        let mut commit = batch(from, 1);
        commit.ledgers = vec![ledger(1, expected, document), ledger(2, from.next - 1, "x")];
        store.commit(&commit).await.unwrap();
        from = commit.to;
        let read = store.ledgers(&[plate(1)]).await.unwrap();
        assert_eq!(read[0].version, version);
        assert_eq!(read[0].document, document);
    }
    assert_eq!(store.stats().await.unwrap().ledgers, 2);
    let mut wrong = batch(from, 0);
    wrong.ledgers = vec![ledger(1, 2, "d")];
    let refused = store.commit(&wrong).await;
    assert!(matches!(refused, Err(CommitError::LostLane)), "{refused:?}");
}

/// More ledgers than any statement takes, asked for in another order than they lie, and with strangers between.
pub async fn many_ledgers_are_loaded_in_the_order_asked(place: &dyn Place) {
    let store = place.open().await;
    let mut commit = batch(store.claim("test").await.unwrap(), 0);
    commit.ledgers = (0..1500)
        .map(|number| ledger(number, 0, &format!("of {number}")))
        .collect();
    store.commit(&commit).await.unwrap();
    let asked: Vec<Arc<str>> = (0..1600).map(|number| plate(number * 7919 % 1600)).collect();
    let read = store.ledgers(&asked).await.unwrap();
    assert_eq!(read.len(), asked.len());
    for (number, ledger) in (0..1600).map(|number| number * 7919 % 1600).zip(&read) {
        let (version, document) = if number < 1500 {
            (1, format!("of {number}"))
        } else {
            (0, String::new())
        };
        assert_eq!(
            (ledger.version, &ledger.document[..]),
            (version, document.as_bytes())
        );
    }
    let mut after: Option<Arc<str>> = None;
    let mut seen = Vec::new();
    loop {
        let part = store.ledgers_after(after.as_deref(), 400).await.unwrap();
        let Some((last, _)) = part.last() else { break };
        after = Some(last.clone());
        seen.extend(part.into_iter().map(|(plate, _)| plate));
    }
    let mut expected: Vec<_> = (0..1500).map(plate).collect();
    expected.sort();
    assert_eq!(seen, expected);
}

/// Every write of a ledger says anew when to look again; a fired timer is gone.
pub async fn a_timer_is_replaced_by_the_next_write_of_its_ledger(place: &dyn Place) {
    let store = place.open().await;
    let mut first = batch(store.claim("test").await.unwrap(), 1);
    first.ledgers = (1..=4).map(|number| ledger(number, 0, "x")).collect();
    for (number, ledger) in first.ledgers.iter_mut().enumerate() {
        ledger.wake = (number < 3).then(|| at(100 - number as i64 * 10));
    }
    first.waiting = 2;
    store.commit(&first).await.unwrap();
    assert!(store.due(at(79), 10).await.unwrap().is_empty());
    assert_eq!(store.due(at(90), 10).await.unwrap(), [plate(3), plate(2)]);
    assert_eq!(store.due(at(200), 2).await.unwrap(), [plate(3), plate(2)]);
    let mut second = batch(first.to, 1);
    second.fired = vec![plate(3), plate(2)];
    second.ledgers = vec![ledger(1, 1, "y"), ledger(2, 1, "y"), ledger(4, 1, "")];
    second.ledgers[1].wake = Some(at(300));
    second.waiting = -1;
    store.commit(&second).await.unwrap();
    assert_eq!(store.due(at(1000), 10).await.unwrap(), [plate(2)]);
    assert_eq!(store.waiting().await.unwrap(), 1);
}

/// Entries of batches and of others stand in one order, from 1.
pub async fn the_inner_log_is_read_in_order(place: &dyn Place) {
    let store = place.open().await;
    let text = |text: &str| Bytes::from(text.to_owned());
    store.append_inner(at(1), &[text("a"), text("b")]).await.unwrap();
    let mut commit = batch(store.claim("test").await.unwrap(), 0);
    commit.inner = vec![text("c")];
    store.commit(&commit).await.unwrap();
    store.append_inner(at(2), &[]).await.unwrap();
    store.append_inner(at(2), &[text("d")]).await.unwrap();
    let read = store.inner(2, 2).await.unwrap();
    let seen: Vec<_> = read
        .iter()
        .map(|entry| (entry.sequence, entry.at, entry.payload.clone()))
        .collect();
    assert_eq!(seen, [(2, at(1), text("b")), (3, at(0), text("c"))]);
    assert_eq!(store.inner(4, 10).await.unwrap()[0].payload, "d");
}
