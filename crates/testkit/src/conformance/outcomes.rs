//! What attempts come to.

use engine::notice::{AttemptClass, NoticeState};
use engine::time::DAY;
use ports::dispatch::{Look, Pause};
use ports::read::{NoticeFilter, Store, StoredNotice};
use ports::store::StoreError;

use super::Place;
use super::sample::{at, finished, notice, queue, send, state};

async fn first(store: &dyn Store) -> StoredNotice {
    store
        .notices(&NoticeFilter::default(), 1)
        .await
        .unwrap()
        .remove(0)
}

/// A definite not-sent goes back to the queue with its new time, and what was told is taken back.
pub async fn what_was_not_sent_goes_back_and_is_taken_back(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..3).await;
    let sent = send(&*store, at(1)).await;
    let outcomes = [
        finished(&sent[0], AttemptClass::ThrottledAccount),
        finished(&sent[1], AttemptClass::PermanentRecipient),
    ];
    store.finish(at(2), &outcomes).await.unwrap();
    let all = store.notices(&NoticeFilter::default(), 10).await.unwrap();
    assert_eq!((all[0].state, all[0].not_before), (NoticeState::Queued, at(300)));
    assert_eq!((all[0].accepted_at, all[0].final_at), (None, None));
    assert_eq!(
        (all[1].state, all[1].final_at),
        (NoticeState::Refused, Some(at(2)))
    );
    assert_eq!(all[1].reason.as_deref(), Some("permanent_recipient"));
    let inner: Vec<_> = store
        .inner(3, 10)
        .await
        .unwrap()
        .into_iter()
        .map(|entry| entry.payload)
        .collect();
    let expected: Vec<_> = sent.iter().map(|(id, _)| format!("taken back {id}")).collect();
    assert_eq!(inner, expected);
    assert!(store.lease(at(299), 5).await.unwrap().is_empty());
    assert_eq!(store.lease(at(300), 5).await.unwrap().len(), 1);
}

/// Receipts come late, twice and in any order.
pub async fn later_news_never_lowers(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..2).await;
    let attempt = send(&*store, at(1)).await.remove(0);
    let news = |next| {
        let mut news = finished(&attempt, AttemptClass::Accepted);
        news.next = next;
        news
    };
    let steps = [
        (finished(&attempt, AttemptClass::Unknown), NoticeState::Unknown),
        (news(NoticeState::Accepted), NoticeState::Accepted),
        (finished(&attempt, AttemptClass::Unknown), NoticeState::Accepted),
        (finished(&attempt, AttemptClass::NotSent), NoticeState::Accepted),
        (news(NoticeState::Undelivered), NoticeState::Undelivered),
        (news(NoticeState::Accepted), NoticeState::Undelivered),
        (news(NoticeState::Expired), NoticeState::Undelivered),
        (news(NoticeState::Delivered), NoticeState::Delivered),
        (news(NoticeState::Undelivered), NoticeState::Delivered),
    ];
    for (number, (outcome, expected)) in steps.into_iter().enumerate() {
        store.finish(at(10 + number as i64), &[outcome]).await.unwrap();
        assert_eq!(state(&*store, &notice(1)).await, expected, "step {number}");
    }
    let stored = first(&*store).await;
    assert_eq!(
        (stored.accepted_at, stored.final_at),
        (Some(at(11)), Some(at(17)))
    );
    let attempt = store.attempts(0, 10).await.unwrap().remove(0);
    assert_eq!(attempt.class, Some(AttemptClass::Accepted));
    assert_eq!(attempt.provider_id.as_deref(), Some("m1"));
    assert_eq!(
        store.inner(2, 10).await.unwrap().len(),
        0,
        "nothing was taken back"
    );
}

/// Once it is certain that nothing was sent, the attempt is over; a stranger is an error.
pub async fn a_not_sent_attempt_takes_no_more_news(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..2).await;
    let attempt = send(&*store, at(1)).await.remove(0);
    let not_sent = finished(&attempt, AttemptClass::NotSent);
    store
        .finish(at(2), std::slice::from_ref(&not_sent))
        .await
        .unwrap();
    store.finish(at(3), &[not_sent]).await.unwrap();
    store
        .finish(at(4), &[finished(&attempt, AttemptClass::Accepted)])
        .await
        .unwrap();
    assert_eq!(state(&*store, &notice(1)).await, NoticeState::Queued);
    assert_eq!(store.inner(1, 10).await.unwrap().len(), 2, "taken back once");
    let stranger = (notice(9).attempt(1), notice(9));
    let refused = store
        .finish(at(5), &[finished(&stranger, AttemptClass::Accepted)])
        .await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
}

/// Any other answer begins the count anew.
pub async fn ten_unknowns_in_a_row_pause_a_provider(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..30).await;
    let sent = send(&*store, at(1)).await;
    let mut outcomes = sent
        .iter()
        .map(|attempt| finished(attempt, AttemptClass::Unknown));
    let nine: Vec<_> = outcomes.by_ref().take(9).collect();
    store.finish(at(2), &nine).await.unwrap();
    assert_eq!(store.providers().await.unwrap()[0].unknowns, 9);
    store
        .finish(at(3), &[finished(&sent[9], AttemptClass::NotSent)])
        .await
        .unwrap();
    assert_eq!(store.providers().await.unwrap()[0].unknowns, 0);
    let more: Vec<_> = outcomes.skip(1).take(10).collect();
    store.finish(at(4), &more[..9]).await.unwrap();
    assert_eq!(store.providers().await.unwrap()[0].paused, None);
    store.finish(at(5), &more[9..]).await.unwrap();
    let store = place.open().await;
    let state = store.providers().await.unwrap().remove(0);
    assert_eq!((&*state.name, state.unknowns), ("primary", 10));
    let pause = state.paused.unwrap();
    assert_eq!((&*pause.reason, pause.at), ("unknowns", at(5)));
    assert!(store.resume("primary", "look_up", at(6)).await.unwrap());
    let state = store.providers().await.unwrap().remove(0);
    assert_eq!((state.paused, state.unknowns), (None, 0));
}

/// Nothing else will be sent by it, so nothing else is tried.
pub async fn a_refused_account_pauses_its_provider(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..2).await;
    let attempt = send(&*store, at(1)).await.remove(0);
    store
        .finish(at(2), &[finished(&attempt, AttemptClass::AccountBlocked)])
        .await
        .unwrap();
    assert_eq!(state(&*store, &notice(1)).await, NoticeState::Queued);
    let pause = store.providers().await.unwrap().remove(0).paused.unwrap();
    assert!(pause.reason.starts_with("account_blocked"), "{}", pause.reason);
}

/// A look-up ends a pause for unknowns; it must not end what the provider or a person said.
pub async fn a_weaker_pause_never_replaces_a_stronger(place: &dyn Place) {
    let store = place.open().await;
    let mut seconds = 0;
    for (reason, stands) in [
        ("unknowns", "unknowns"),
        ("account_blocked: 403", "account_blocked: 403"),
        ("unknowns", "account_blocked: 403"),
        ("person: holiday", "person: holiday"),
        ("account_blocked: 401", "person: holiday"),
        ("unknowns", "person: holiday"),
        ("person: still", "person: still"),
    ] {
        seconds += 1;
        let pause = Pause {
            reason: reason.into(),
            by: "somebody".into(),
            at: at(seconds),
        };
        store.pause("primary", &pause).await.unwrap();
        let state = store.providers().await.unwrap().remove(0);
        assert_eq!(&*state.paused.unwrap().reason, stands);
    }
}

/// After a crash nobody knows whether it was sent.
pub async fn what_passes_its_deadline_is_unknown_and_never_queued(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..4).await;
    let sent = send(&*store, at(1)).await;
    store
        .finish(at(2), &[finished(&sent[0], AttemptClass::Accepted)])
        .await
        .unwrap();
    let store = place.open().await;
    assert!(store.expire_submissions(at(60)).await.unwrap().is_empty());
    let expired = store.expire_submissions(at(61)).await.unwrap();
    assert_eq!(expired, [("primary".into(), 2)]);
    assert!(store.expire_submissions(at(62)).await.unwrap().is_empty());
    for (number, (_, id)) in sent.iter().enumerate() {
        let expected = if number == 0 {
            NoticeState::Accepted
        } else {
            NoticeState::Unknown
        };
        assert_eq!(state(&*store, id).await, expected);
    }
    assert!(store.lease(at(0).plus(DAY / 2), 10).await.unwrap().is_empty());
    assert_eq!(store.stats().await.unwrap().in_flight, 0);
    store
        .finish(at(70), &[finished(&sent[1], AttemptClass::Accepted)])
        .await
        .unwrap();
    assert_eq!(state(&*store, &sent[1].1).await, NoticeState::Accepted);
}

/// The longest due first, with how often somebody looked.
pub async fn an_unknown_is_looked_up_until_it_is_proved(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..3).await;
    let sent = send(&*store, at(1)).await;
    let outcomes: Vec<_> = sent
        .iter()
        .map(|attempt| finished(attempt, AttemptClass::Unknown))
        .collect();
    store.finish(at(2), &outcomes).await.unwrap();
    store.looked(&sent[0].0, look(90)).await.unwrap();
    store.looked(&sent[0].0, look(99)).await.unwrap();
    let due = store.unknowns(at(98), 10).await.unwrap();
    assert_eq!(due.len(), 1, "only what is to be looked up");
    assert_eq!(due[0].attempt, sent[1].0);
    assert_eq!(store.unknown_total().await.unwrap(), (2, Some(at(1))));
    assert_eq!(
        store.newest_attempt("primary").await.unwrap(),
        Some(sent[1].0.clone())
    );
    let mut unknowns = store.unknowns(at(99), 10).await.unwrap();
    unknowns.reverse();
    assert_eq!(unknowns.len(), 2);
    assert_eq!(
        (unknowns[0].attempt.clone(), unknowns[0].looks),
        (sent[0].0.clone(), 2)
    );
    assert_eq!(
        (unknowns[0].next_look, unknowns[1].next_look),
        (Some(at(99)), None)
    );
    assert_eq!(
        (unknowns[1].notice.clone(), unknowns[1].submitted_at),
        (sent[1].1.clone(), at(1))
    );
    assert_eq!(store.unknowns(at(99), 1).await.unwrap().len(), 1);
    store
        .finish(at(100), &[finished(&sent[0], AttemptClass::Accepted)])
        .await
        .unwrap();
    store.looked(&sent[0].0, look(200)).await.unwrap();
    assert_eq!(store.unknowns(at(999), 10).await.unwrap().len(), 1);
    let stranger = store.looked(&notice(9).attempt(1), look(1)).await;
    assert!(matches!(stranger, Err(StoreError::NotFound(_))), "{stranger:?}");
}

fn look(next: i64) -> Look {
    Look {
        next: at(next),
        absent_since: None,
    }
}
