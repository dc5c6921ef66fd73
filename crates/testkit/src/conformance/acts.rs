//! What a person does with one message.

use engine::notice::{AttemptClass, NoticeState};
use ports::dispatch::{Acted, NoticeAct};
use ports::store::StoreError;

use super::Place;
use super::sample::{at, finished, notice, queue, send, state};

/// A held message is not leased, and whoever had it prepared submits nothing; released, it goes on.
pub async fn a_held_notice_waits_until_it_is_released(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..2).await;
    let due = store.lease(at(1), 5).await.unwrap();
    let held = store
        .act(at(2), &notice(1), NoticeAct::Hold, "person: wrong picture")
        .await;
    let moved = |from, to| Acted::Done { from, to };
    assert_eq!(held.unwrap(), moved(NoticeState::Queued, NoticeState::Held));
    store.release(&[(due[0].id.clone(), due[0].token)]).await.unwrap();
    assert!(store.lease(at(3), 5).await.unwrap().is_empty());
    assert_eq!(state(&*store, &notice(1)).await, NoticeState::Held);
    let again = store
        .act(at(3), &notice(1), NoticeAct::Hold, "person: again")
        .await
        .unwrap();
    assert_eq!(again, Acted::Refused(NoticeState::Held));
    let released = store
        .act(at(4), &notice(1), NoticeAct::Release, "person: right")
        .await
        .unwrap();
    assert_eq!(released, moved(NoticeState::Held, NoticeState::Queued));
    assert_eq!(store.lease(at(5), 5).await.unwrap().len(), 1);
}

/// What may have been sent is never cancelled; what was not, also out of a hold, is.
pub async fn a_person_cancels_unsent_notices_only(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..2).await;
    let sent = send(&*store, at(1)).await;
    for _ in 0..2 {
        let refused = store
            .act(at(2), &notice(1), NoticeAct::Cancel, "person: no")
            .await
            .unwrap();
        let stands = state(&*store, &notice(1)).await;
        assert_eq!(refused, Acted::Refused(stands));
        store
            .finish(at(3), &[finished(&sent[0], AttemptClass::Accepted)])
            .await
            .unwrap();
    }
    queue(&*store, 2..3).await;
    store
        .act(at(4), &notice(2), NoticeAct::Hold, "person: wait")
        .await
        .unwrap();
    let cancelled = store
        .act(at(5), &notice(2), NoticeAct::Cancel, "person: no")
        .await
        .unwrap();
    let (from, to) = (NoticeState::Held, NoticeState::Cancelled);
    assert_eq!(cancelled, Acted::Done { from, to });
    assert!(store.lease(at(900), 5).await.unwrap().is_empty());
    let stats = store.stats().await.unwrap();
    let count = |state| {
        stats
            .notices
            .iter()
            .find(|(it, _)| *it == state)
            .map_or(0, |(_, n)| *n)
    };
    assert_eq!((count(from), count(to)), (0, 1));
    let unknown = store
        .act(at(6), &notice(9), NoticeAct::Hold, "person: what")
        .await;
    assert!(matches!(unknown, Err(StoreError::NotFound(_))), "{unknown:?}");
}
