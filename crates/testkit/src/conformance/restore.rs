//! What a store promises that was put back in time. Stamped by [`crate::restore_conformance!`].

use std::sync::Arc;

use async_trait::async_trait;
use engine::ids::{AttemptId, NoticeId, hash};
use engine::notice::{AttemptClass, NoticeState};
use ports::dispatch::{ALL_PROVIDERS, NoticeAct, Pause};
use ports::receipt::{NewReceipt, ReceiptFate};
use ports::restore::{Adopted, RESTORED, RestoreStore};
use ports::store::StoreError;

use super::sample::{at, finished, notice, queue, send, state, submission};

/// Where one store's data lies, and where a copy of it can be put back.
#[async_trait]
pub trait RestorePlace: Send + Sync {
    /// Opens the store.
    async fn open(&self) -> Arc<dyn RestoreStore>;

    /// Opens a copy of it, as it is now, that was put back in its place.
    async fn put_back(&self) -> Arc<dyn RestoreStore>;
}

/// Makes a test of every promise of a store that was put back.
#[macro_export]
macro_rules! restore_conformance {
    ($place:expr) => {
        $crate::restore_conformance!(@each $place;
            what_is_put_back_sends_nothing_until_it_is_released,
            a_weaker_word_does_not_end_the_pause_of_what_was_put_back,
            what_may_have_been_sent_is_in_doubt_until_it_is_cleared,
            what_was_sent_is_adopted_once,
            a_later_attempt_proves_that_an_earlier_one_was_not_sent,
            stray_news_is_found_and_then_applied,
        );
    };
    (@each $place:expr; $($promise:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $promise() {
                let place = $place;
                $crate::conformance::$promise(&place).await;
            }
        )*
    };
}

fn adopted(id: &NoticeId, number: u32) -> Adopted {
    Adopted {
        notice: id.clone(),
        attempt: id.attempt(number),
        number,
        provider: "primary".into(),
        state: NoticeState::Delivered,
        provider_id: Some("m7".into()),
        code: None,
        told: format!("told {id}").into(),
    }
}

async fn doubtful(store: &dyn RestoreStore) -> Vec<(NoticeId, NoticeState, Option<AttemptId>)> {
    let Some(span) = store.lost_span().await.unwrap() else {
        return Vec::new();
    };
    let found = store.doubtful(span.since, 0, 100).await.unwrap();
    found
        .into_iter()
        .map(|it| (it.notice, it.state, it.live.map(|live| live.0)))
        .collect()
}

/// Everything is paused by a reason that says why, over openings; only the release ends that.
pub async fn what_is_put_back_sends_nothing_until_it_is_released(place: &dyn RestorePlace) {
    let store = place.open().await;
    assert_eq!(store.lost_span().await.unwrap(), None);
    assert_eq!(store.restored_at().await.unwrap(), None);
    assert!(!store.release_restored().await.unwrap());
    queue(&*store, 1..3).await;
    let sent = send(&*store, at(1)).await;
    store
        .finish(at(2), &[finished(&sent[0], AttemptClass::Accepted)])
        .await
        .unwrap();
    let store = place.put_back().await;
    assert_eq!(store.lost_span().await.unwrap().unwrap().since, at(1));
    queue(&*store, 3..4).await;
    let due = store.lease(at(5), 10).await.unwrap();
    assert_eq!(due.len(), 1);
    let submission = submission(&due[0].id, due[0].token, 1);
    store.submit(at(5), &[submission]).await.unwrap();
    assert_eq!(state(&*store, &notice(3)).await, NoticeState::Queued);
    let everything = store.providers().await.unwrap().remove(0);
    let reason = everything.paused.unwrap().reason;
    assert!(
        &*everything.name == ALL_PROVIDERS && reason.starts_with(RESTORED),
        "{reason}"
    );
    assert!(store.release_restored().await.unwrap());
    assert_eq!(store.lost_span().await.unwrap(), None);
    assert!(store.restored_at().await.unwrap().is_some(), "that lasts");
    assert_eq!(send(&*store, at(6)).await.len(), 1);
}

/// A person's pause and resume, or a provider's trouble, leave it as it stands.
pub async fn a_weaker_word_does_not_end_the_pause_of_what_was_put_back(place: &dyn RestorePlace) {
    place.open().await;
    let store = place.put_back().await;
    let pause = |reason: &str| Pause {
        reason: reason.into(),
        by: "lin".into(),
        at: at(3),
    };
    for reason in ["person: lunch", "unknowns", "account_blocked: 401"] {
        let refused = store.pause(ALL_PROVIDERS, &pause(reason)).await;
        assert!(
            matches!(refused, Err(StoreError::Conflict(_))),
            "{reason}: {refused:?}"
        );
    }
    let refused = store.resume(ALL_PROVIDERS, "lin", at(4)).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    // One provider is a matter of its own.
    store.pause("primary", &pause("person: lunch")).await.unwrap();
    assert!(store.resume("primary", "lin", at(5)).await.unwrap());
    assert!(store.lost_span().await.unwrap().is_some());
}

/// In doubt are the queued, the held, and attempts of unknown fate that were submitted since.
pub async fn what_may_have_been_sent_is_in_doubt_until_it_is_cleared(place: &dyn RestorePlace) {
    let store = place.open().await;
    queue(&*store, 1..4).await;
    let sent = send(&*store, at(1)).await;
    let outcomes = [
        finished(&sent[0], AttemptClass::Accepted),
        finished(&sent[1], AttemptClass::Unknown),
    ];
    store.finish(at(2), &outcomes).await.unwrap();
    queue(&*store, 4..6).await;
    store
        .act(at(3), &notice(5), NoticeAct::Hold, "person: wait")
        .await
        .unwrap();
    let store = place.put_back().await;
    let expected = [
        (notice(2), NoticeState::Unknown, Some(sent[1].0.clone())),
        (notice(3), NoticeState::Submitted, Some(sent[2].0.clone())),
        (notice(4), NoticeState::Queued, None),
        (notice(5), NoticeState::Held, None),
    ];
    assert_eq!(doubtful(&*store).await, expected);
    assert_eq!(store.doubtful(at(2), 0, 9).await.unwrap().len(), 2);
    let first = store.doubtful(at(0), 0, 1).await.unwrap().remove(0);
    let next = store.doubtful(at(0), first.sequence, 1).await.unwrap().remove(0);
    assert_eq!(next.notice, notice(3));
    store.clear(&[notice(2), notice(4)]).await.unwrap();
    store.clear(&[notice(4)]).await.unwrap();
    let left: Vec<_> = doubtful(&*store).await.into_iter().map(|it| it.0).collect();
    assert_eq!(left, [notice(3), notice(5)]);
    assert_eq!(store.lost_span().await.unwrap().unwrap().cleared, 2);
}

/// What the provider has is as if it had been sent from here, once.
pub async fn what_was_sent_is_adopted_once(place: &dyn RestorePlace) {
    let store = place.open().await;
    queue(&*store, 1..4).await;
    let store = place.put_back().await;
    let due = store.lease(at(1), 1).await.unwrap().remove(0);
    let sent = [
        adopted(&notice(1), 1),
        adopted(&notice(9), 1),
        adopted(&notice(2), 3),
    ];
    assert_eq!(
        store.adopt_sent(at(4), "lin", &sent).await.unwrap(),
        [true, false, true]
    );
    assert_eq!(
        store.adopt_sent(at(5), "lin", &sent).await.unwrap(),
        [false, false, false]
    );
    let inner = store.inner(1, 10).await.unwrap();
    let entries = store.audit(None, 10).await.unwrap();
    let entries = entries
        .iter()
        .filter(|it| &*it.action == "sms.adopt" && &*it.actor == "lin");
    let objects: Vec<_> = entries.map(|it| it.object.to_string()).collect();
    assert_eq!(objects, [format!("{}-1", notice(1)), format!("{}-3", notice(2))]);
    let told: Vec<_> = inner.into_iter().map(|entry| entry.payload).collect();
    assert_eq!(
        told,
        [format!("told {}", notice(1)), format!("told {}", notice(2))]
    );
    let all = store
        .notices(&ports::read::NoticeFilter::default(), 10)
        .await
        .unwrap();
    let seen: Vec<_> = all
        .iter()
        .map(|it| (it.state, it.attempts, it.accepted_at))
        .collect();
    assert_eq!(
        seen,
        [
            (NoticeState::Delivered, 1, Some(at(4))),
            (NoticeState::Delivered, 3, Some(at(4))),
            (NoticeState::Queued, 0, None),
        ]
    );
    let attempts = store.attempts(0, 10).await.unwrap();
    let seen: Vec<_> = attempts.iter().map(|it| (&*it.id, it.class)).collect();
    let (one, two) = (notice(1).attempt(1), notice(2).attempt(3));
    let accepted = Some(AttemptClass::Accepted);
    assert_eq!(seen, [(one.as_str(), accepted), (two.as_str(), accepted)]);
    store.release_restored().await.unwrap();
    // The lease ended with it.
    let late = submission(&due.id, due.token, 2);
    store.submit(at(6), &[late]).await.unwrap();
    assert_eq!(state(&*store, &notice(1)).await, NoticeState::Delivered);
    assert_eq!(
        store.stats().await.unwrap().attempts,
        [(AttemptClass::Accepted, 2)]
    );
}

/// There is a later attempt only after a definite not-sent.
pub async fn a_later_attempt_proves_that_an_earlier_one_was_not_sent(place: &dyn RestorePlace) {
    let store = place.open().await;
    queue(&*store, 1..3).await;
    let sent = send(&*store, at(1)).await;
    store
        .finish(at(2), &[finished(&sent[0], AttemptClass::Unknown)])
        .await
        .unwrap();
    let store = place.put_back().await;
    let known = [adopted(&notice(1), 1)];
    assert_eq!(store.adopt_sent(at(4), "lin", &known).await.unwrap(), [false]);
    let later = [adopted(&notice(1), 2), adopted(&notice(2), 2)];
    assert_eq!(
        store.adopt_sent(at(4), "lin", &later).await.unwrap(),
        [true, true]
    );
    let attempts = store.attempts(0, 10).await.unwrap();
    let classes: Vec<_> = attempts.iter().map(|it| it.class.unwrap()).collect();
    let (not, yes) = (AttemptClass::NotSent, AttemptClass::Accepted);
    assert_eq!(classes, [not, not, yes, yes]);
    let stats = store.stats().await.unwrap();
    assert_eq!((stats.attempts, stats.in_flight), (vec![(yes, 2), (not, 2)], 0));
}

/// News about an attempt of the lost span is proof, and is applied once the attempt is there.
pub async fn stray_news_is_found_and_then_applied(place: &dyn RestorePlace) {
    let store = place.open().await;
    queue(&*store, 1..4).await;
    let store = place.put_back().await;
    let news = |number: u64| NewReceipt {
        provider: "primary".into(),
        digest: hash(&[&number.to_be_bytes()]),
        message_id: None,
        client_ref: Some(notice(number).attempt(1)),
        state: NoticeState::Undelivered,
        code: Some("17".into()),
        at: at(5),
        body: format!("news {number}").into(),
    };
    store.keep_receipts(at(5), &[news(1), news(2)]).await.unwrap();
    let pending = store.pending_receipts(at(5), 10).await.unwrap();
    store
        .settle_receipts(&[(pending[0].sequence, ReceiptFate::Unmatched)])
        .await
        .unwrap();
    let asked: Vec<_> = (1..4).map(|number| notice(number).attempt(1)).collect();
    let found = store.stray_receipts(&asked).await.unwrap();
    let names: Vec<_> = found.iter().map(|it| it.attempt.clone()).collect();
    assert_eq!(names, asked[..2]);
    assert_eq!(
        (found[0].state, found[0].code.as_deref()),
        (NoticeState::Undelivered, Some("17"))
    );
    store
        .adopt_sent(at(6), "lin", &[adopted(&notice(1), 1)])
        .await
        .unwrap();
    let pending = store.pending_receipts(at(6), 10).await.unwrap();
    let about: Vec<_> = pending.into_iter().filter_map(|it| it.attempt).collect();
    assert_eq!(about, [(asked[0].clone(), notice(1))]);
    assert_eq!(store.stray_receipts(&asked).await.unwrap().len(), 1);
}
