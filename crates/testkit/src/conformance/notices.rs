//! What a batch does to notices.

use engine::notice::{AttemptClass, NoticeState};
use engine::time::DAY;
use ports::commit::NoticeChange;
use ports::dispatch::Grant;
use ports::read::{NoticeFilter, Store, StoredNotice};
use ports::store::CommitError;

use super::Place;
use super::sample::{at, batch, change, finished, new_notice, notice, queue, send, state, submission};

async fn one(store: &dyn Store, number: u64) -> StoredNotice {
    let all = store.notices(&NoticeFilter::default(), 1000).await.unwrap();
    all.into_iter().find(|it| it.id == notice(number)).unwrap()
}

fn update(number: u64, history: bool, text: &str) -> NoticeChange {
    NoticeChange::Update {
        id: notice(number),
        parameters: text.to_owned().into(),
        history,
        not_before: at(500),
        expires_at: at(900),
    }
}

/// A new notice waits for its time, or says that it is history and is not sent.
pub async fn a_notice_is_queued_or_kept_back_as_history(place: &dyn Place) {
    let store = place.open().await;
    let mut history = new_notice(2);
    history.history = true;
    let changes = vec![NoticeChange::Queue(new_notice(1)), NoticeChange::Queue(history)];
    change(&*store, changes).await;
    let queued = one(&*store, 1).await;
    assert_eq!(queued.state, NoticeState::Queued);
    assert_eq!(
        (queued.sequence, queued.attempts, queued.queued_at),
        (1, 0, at(0))
    );
    assert_eq!(queued.not_before, at(0));
    assert_eq!(queued.parameters, "parameters of 1");
    assert_eq!((queued.reason, queued.final_at, queued.text), (None, None, None));
    let kept = one(&*store, 2).await;
    assert_eq!(kept.state, NoticeState::Suppressed);
    assert_eq!(kept.reason.as_deref(), Some("history"));
    assert_eq!(kept.final_at, Some(at(0)));
    assert_eq!(store.lease(at(1), 10).await.unwrap().len(), 1);
}

/// An unsent notice takes the new text and keeps its time; a sent one stays as it is.
pub async fn an_update_reaches_unsent_notices_only(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..2).await;
    send(&*store, at(1)).await;
    queue(&*store, 2..3).await;
    change(&*store, vec![update(1, false, "new"), update(2, false, "new")]).await;
    assert_eq!(one(&*store, 1).await.parameters, "parameters of 1");
    let unsent = one(&*store, 2).await;
    assert_eq!(unsent.parameters, "new");
    assert_eq!((unsent.not_before, unsent.expires_at), (at(0), at(0).plus(DAY)));
}

/// History that is seen live after all is sent, and the other way round, with times of its own.
pub async fn history_turns_both_ways(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..2).await;
    change(&*store, vec![update(1, true, "a")]).await;
    let kept = one(&*store, 1).await;
    assert_eq!(
        (kept.state, kept.reason.as_deref()),
        (NoticeState::Suppressed, Some("history"))
    );
    change(&*store, vec![update(1, true, "b")]).await;
    assert_eq!(one(&*store, 1).await.parameters, "b");
    change(&*store, vec![update(1, false, "c")]).await;
    let queued = one(&*store, 1).await;
    assert_eq!((queued.state, queued.reason), (NoticeState::Queued, None));
    assert_eq!((queued.not_before, queued.expires_at), (at(500), at(900)));
    assert_eq!(queued.final_at, None);
}

/// Cancelled and owed again: the same row, with new times.
pub async fn a_cancelled_notice_is_queued_again(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..3).await;
    change(&*store, vec![NoticeChange::Cancel(notice(1))]).await;
    let cancelled = one(&*store, 1).await;
    assert_eq!(
        (cancelled.state, cancelled.final_at),
        (NoticeState::Cancelled, Some(at(0)))
    );
    assert_eq!(store.lease(at(1), 10).await.unwrap().len(), 1);
    let mut again = new_notice(1);
    again.not_before = at(7);
    again.parameters = "again".into();
    change(&*store, vec![NoticeChange::Requeue(again.clone())]).await;
    let queued = one(&*store, 1).await;
    assert_eq!(
        (queued.state, queued.not_before, queued.final_at),
        (NoticeState::Queued, at(7), None)
    );
    assert_eq!((queued.parameters, queued.sequence), ("again".into(), 1));
    let mut twice = batch(store.claim("test").await.unwrap(), 0);
    twice.notices = vec![NoticeChange::Requeue(again)];
    assert!(store.commit(&twice).await.is_err());
}

/// In whatever state after the submission; only a definite not-sent opens it again.
pub async fn a_sent_notice_cannot_be_cancelled(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..2).await;
    let attempt = send(&*store, at(1)).await.remove(0);
    let mut cancel = batch(store.claim("test").await.unwrap(), 0);
    cancel.notices = vec![NoticeChange::Cancel(notice(1))];
    let refused = store.commit(&cancel).await;
    assert!(matches!(refused, Err(CommitError::NoticeSent)), "{refused:?}");
    let unknown = finished(&attempt, AttemptClass::Unknown);
    store.finish(at(2), &[unknown]).await.unwrap();
    let refused = store.commit(&cancel).await;
    assert!(matches!(refused, Err(CommitError::NoticeSent)), "{refused:?}");
    let not_sent = finished(&attempt, AttemptClass::NotSent);
    store.finish(at(3), &[not_sent]).await.unwrap();
    store.commit(&cancel).await.unwrap();
    assert_eq!(state(&*store, &notice(1)).await, NoticeState::Cancelled);
}

/// Expired says two things: never sent in time, or sent and not delivered in time. Only the first can be cancelled.
pub async fn a_notice_that_ran_out_unsent_can_be_cancelled(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..2).await;
    let attempt = send(&*store, at(1)).await.remove(0);
    let mut expired = finished(&attempt, AttemptClass::Accepted);
    expired.next = NoticeState::Expired;
    store.finish(at(2), &[expired]).await.unwrap();
    queue(&*store, 2..3).await;
    assert!(store.lease(at(0).plus(2 * DAY), 10).await.unwrap().is_empty());
    for number in [1, 2] {
        assert_eq!(state(&*store, &notice(number)).await, NoticeState::Expired);
    }
    assert_eq!(one(&*store, 2).await.reason.as_deref(), Some("not_sent_in_time"));
    let mut cancel = batch(store.claim("test").await.unwrap(), 0);
    cancel.notices = vec![NoticeChange::Cancel(notice(1))];
    let refused = store.commit(&cancel).await;
    assert!(matches!(refused, Err(CommitError::NoticeSent)), "{refused:?}");
    cancel.notices = vec![NoticeChange::Cancel(notice(2))];
    store.commit(&cancel).await.unwrap();
}

/// Whoever prepares a notice that has changed must read it again.
pub async fn a_change_ends_the_lease_of_its_notice(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..4).await;
    let due = store.lease(at(1), 10).await.unwrap();
    change(
        &*store,
        vec![update(1, false, "new"), NoticeChange::Cancel(notice(2))],
    )
    .await;
    let submissions: Vec<_> = due.iter().map(|due| submission(&due.id, due.token, 1)).collect();
    let granted = store.submit(at(2), &submissions).await.unwrap();
    let sent: Vec<_> = due
        .iter()
        .zip(granted)
        .map(|(due, granted)| (due.id.clone(), granted))
        .collect();
    for (id, granted) in sent {
        assert_eq!(granted == Grant::Granted, id == notice(3), "{id}");
    }
    let again = store.lease(at(3), 10).await.unwrap();
    assert_eq!(again.len(), 1);
    assert_eq!(
        (again[0].id.clone(), &again[0].parameters[..]),
        (notice(1), &b"new"[..])
    );
}
