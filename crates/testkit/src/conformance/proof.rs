//! What a provider never had, what a person wants said again, and how much one person is sent.

use bytes::Bytes;
use engine::notice::{AttemptClass, NoticeState};
use engine::time::{DAY, HOUR, MINUTE, SECOND};
use ports::dispatch::{Acted, Caps, Grant, Look, NoticeAct, PROVED_NOT_RECEIVED, RECIPIENT_CAP};
use ports::read::{NoticeFilter, Store, StoredNotice};
use ports::store::StoreError;

use super::Place;
use super::sample::{at, finished, notice, queue, send, state, submission};

async fn row(store: &dyn Store, number: u64) -> StoredNotice {
    let all = store.notices(&NoticeFilter::default(), 100).await.unwrap();
    all.into_iter().find(|it| it.id == notice(number)).unwrap()
}

async fn inner(store: &dyn Store) -> Vec<Bytes> {
    let entries = store.inner(1, 100).await.unwrap();
    entries.into_iter().map(|entry| entry.payload).collect()
}

/// One notice whose only attempt is unknown.
async fn unknown(store: &dyn Store) -> (engine::ids::AttemptId, engine::ids::NoticeId) {
    queue(store, 1..2).await;
    let sent = send(store, at(1)).await;
    let outcome = finished(&sent[0], AttemptClass::Unknown);
    store.finish(at(2), &[outcome]).await.unwrap();
    sent[0].clone()
}

/// Without a fact that takes the telling back, the proof is noted and nothing else changes.
pub async fn a_proof_of_absence_alone_queues_nothing(place: &dyn Place) {
    let store = place.open().await;
    let sent = unknown(&*store).await;
    let look = Look {
        next: at(700),
        absent_since: Some(at(61)),
    };
    store.looked(&sent.0, look).await.unwrap();
    let due = store.unknowns(at(700), 5).await.unwrap();
    assert_eq!(due[0].absent_since, Some(at(61)));
    let told = inner(&*store).await.len();
    assert!(store.prove_absent(at(700), &sent.0, None).await.unwrap());
    let row = row(&*store, 1).await;
    assert_eq!(
        (row.state, row.reason.as_deref()),
        (NoticeState::Unknown, Some(PROVED_NOT_RECEIVED))
    );
    assert!(store.lease(at(800), 5).await.unwrap().is_empty());
    assert_eq!(inner(&*store).await.len(), told);
    assert_eq!(
        store.unknowns(at(700), 5).await.unwrap().len(),
        1,
        "it may still turn up"
    );
    let attempts = store.attempts(0, 5).await.unwrap();
    assert_eq!(attempts[0].code.as_deref(), Some(PROVED_NOT_RECEIVED));
}

/// With one, the notice is queued again, once; the second attempt is another one and has no second chance.
pub async fn what_was_proved_absent_is_sent_once_more_at_most(place: &dyn Place) {
    let store = place.open().await;
    let first = unknown(&*store).await;
    let back = || Some(Bytes::from_static(b"taken back"));
    assert!(store.prove_absent(at(700), &first.0, back()).await.unwrap());
    assert!(
        !store.prove_absent(at(701), &first.0, back()).await.unwrap(),
        "it is proved"
    );
    assert_eq!(inner(&*store).await.last().unwrap(), "taken back");
    assert!(store.unknowns(at(999), 5).await.unwrap().is_empty());
    let second = send(&*store, at(702)).await;
    assert_eq!(second[0].0, notice(1).attempt(2));
    let outcome = finished(&second[0], AttemptClass::Unknown);
    store.finish(at(703), &[outcome]).await.unwrap();
    assert!(store.prove_absent(at(1_400), &second[0].0, back()).await.unwrap());
    let row = row(&*store, 1).await;
    assert_eq!(
        (row.state, row.reason.as_deref()),
        (NoticeState::Unknown, Some(PROVED_NOT_RECEIVED))
    );
}

/// What is too late is not queued again.
pub async fn what_was_proved_absent_too_late_stays_unknown(place: &dyn Place) {
    let store = place.open().await;
    let sent = unknown(&*store).await;
    let end = row(&*store, 1).await.expires_at;
    let back = Some(Bytes::from_static(b"taken back"));
    assert!(store.prove_absent(end, &sent.0, back).await.unwrap());
    assert_eq!(state(&*store, &sent.1).await, NoticeState::Unknown);
}

/// A provider that had it after all tells again, and what is queued is not sent.
pub async fn what_turns_up_after_all_is_told_again(place: &dyn Place) {
    let store = place.open().await;
    let first = unknown(&*store).await;
    let back = Some(Bytes::from_static(b"taken back"));
    store.prove_absent(at(700), &first.0, back).await.unwrap();
    let due = store.lease(at(701), 5).await.unwrap();
    let mut found = finished(&first, AttemptClass::Accepted);
    found.next = NoticeState::Delivered;
    found.told = Some(Bytes::from_static(b"told again"));
    store.finish(at(702), &[found]).await.unwrap();
    assert_eq!(inner(&*store).await.last().unwrap(), "told again");
    assert_eq!(state(&*store, &first.1).await, NoticeState::Delivered);
    let late = submission(&due[0].id, due[0].token, 2);
    assert_eq!(store.submit(at(703), &[late]).await.unwrap(), [Grant::Refused]);
}

/// News of the first while the second is on its way counts; that the second was not sent changes nothing then.
pub async fn two_attempts_of_one_notice_do_not_disturb_each_other(place: &dyn Place) {
    let store = place.open().await;
    let first = unknown(&*store).await;
    let back = Some(Bytes::from_static(b"taken back"));
    store.prove_absent(at(700), &first.0, back).await.unwrap();
    let second = send(&*store, at(701)).await;
    store
        .finish(at(702), &[finished(&first, AttemptClass::Accepted)])
        .await
        .unwrap();
    assert_eq!(state(&*store, &first.1).await, NoticeState::Accepted);
    store
        .finish(at(703), &[finished(&second[0], AttemptClass::NotSent)])
        .await
        .unwrap();
    assert_eq!(state(&*store, &first.1).await, NoticeState::Accepted);
}

/// The wish goes into the inner log, for what was sent or can never be; not for what may still go out.
pub async fn a_person_has_a_message_said_again(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..3).await;
    let wish = || Bytes::from_static(b"once more");
    let refused = store.resend(at(1), &notice(1), wish()).await.unwrap();
    assert_eq!(refused, Acted::Refused(NoticeState::Queued));
    store
        .act(at(1), &notice(2), NoticeAct::Cancel, "person: no")
        .await
        .unwrap();
    let refused = store.resend(at(1), &notice(2), wish()).await.unwrap();
    assert_eq!(refused, Acted::Refused(NoticeState::Cancelled));
    let sent = send(&*store, at(2)).await;
    let mut news = finished(&sent[0], AttemptClass::Accepted);
    news.next = NoticeState::Undelivered;
    store.finish(at(3), &[news]).await.unwrap();
    let (from, to) = (NoticeState::Undelivered, NoticeState::Undelivered);
    let done = store.resend(at(4), &notice(1), wish()).await.unwrap();
    assert_eq!(done, Acted::Done { from, to });
    assert_eq!(inner(&*store).await.last().unwrap(), "once more");
    let stranger = store.resend(at(4), &notice(9), wish()).await;
    assert!(matches!(stranger, Err(StoreError::NotFound(_))), "{stranger:?}");
}

/// Nobody is sent more than the caps, whatever the provider; what was certainly not sent does not count.
pub async fn a_recipient_is_sent_no_more_than_the_caps(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..6).await;
    let caps = Caps {
        per_hour: Some(2),
        per_day: Some(3),
    };
    let due = store.lease(at(1), 10).await.unwrap();
    assert_eq!(store.due_count(at(1)).await.unwrap(), 5);
    let submissions: Vec<_> = due
        .iter()
        .map(|due| {
            let mut submission = submission(&due.id, due.token, 1);
            submission.caps = caps;
            submission
        })
        .collect();
    let until = submissions[0].deadline.plus(HOUR);
    let granted = store.submit(at(2), &submissions).await.unwrap();
    let capped = Grant::Capped(until);
    assert_eq!(granted, [Grant::Granted, Grant::Granted, capped, capped, capped]);
    let third = row(&*store, 3).await;
    assert_eq!(
        (third.state, third.reason.as_deref(), third.not_before),
        (NoticeState::Queued, Some(RECIPIENT_CAP), until)
    );
    let first = (submissions[0].attempt.clone(), submissions[0].notice.clone());
    let mut outcome = finished(&first, AttemptClass::NotSent);
    outcome.not_before = Some(until.plus(DAY));
    store.finish(at(3), &[outcome]).await.unwrap();
    let mut ends = Vec::new();
    for (number, hours) in [(3, 0), (4, 0), (5, 1)] {
        let now = until.plus(hours * HOUR + SECOND + MINUTE * number);
        let due = store.lease(now, 1).await.unwrap();
        let mut one = submission(&due[0].id, due[0].token, 1);
        one.caps = caps;
        one.deadline = now.plus(SECOND);
        ends.push(one.deadline);
        let granted = store.submit(now, &[one]).await.unwrap();
        // Two in the first hour count and one in the second; the third of the day is the last.
        let expected = match number {
            3 | 4 => Grant::Granted,
            _ => Grant::Capped(submissions[1].deadline.plus(DAY)),
        };
        assert_eq!(granted, [expected], "{number}");
    }
}
