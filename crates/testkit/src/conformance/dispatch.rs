//! Leases, the submit wall and pauses.

use engine::notice::{AttemptClass, NoticeState};
use engine::time::{DAY, HOUR};
use ports::commit::NoticeChange;
use ports::dispatch::{ALL_PROVIDERS, Grant, Pause};
use ports::read::NoticeFilter;
use ports::store::StoreError;

use super::Place;
use super::sample::{at, change, finished, new_notice, notice, queue, send, state, submission};

fn pause(reason: &str) -> Pause {
    Pause {
        reason: reason.into(),
        by: "officer".into(),
        at: at(5),
    }
}

/// The earliest first, nobody twice, and nothing before its time.
pub async fn notices_are_leased_once_and_by_their_time(place: &dyn Place) {
    let store = place.open().await;
    let changes = [(1, 30), (2, 10), (3, 20), (4, 99)].map(|(number, seconds)| {
        let mut new = new_notice(number);
        new.not_before = at(seconds);
        NoticeChange::Queue(new)
    });
    change(&*store, changes.into()).await;
    let first = store.lease(at(40), 2).await.unwrap();
    let ids: Vec<_> = first.iter().map(|due| due.id.clone()).collect();
    assert_eq!(ids, [notice(2), notice(3)]);
    assert_eq!(
        (first[0].attempts, &first[0].parameters[..]),
        (0, &b"parameters of 2"[..])
    );
    let second = store.lease(at(40), 5).await.unwrap();
    assert_eq!(second.len(), 1);
    assert_eq!(second[0].id, notice(1));
    assert_ne!(first[0].token, first[1].token);
    let filter = NoticeFilter {
        state: Some(NoticeState::Leased),
        ..NoticeFilter::default()
    };
    assert_eq!(store.notices(&filter, 10).await.unwrap().len(), 3);
    assert_eq!(state(&*store, &notice(4)).await, NoticeState::Queued);
    store.release(&[(notice(2), first[0].token)]).await.unwrap();
    assert_eq!(store.lease(at(40), 5).await.unwrap()[0].id, notice(2));
}

/// A dispatcher that is gone holds nothing up.
pub async fn a_lease_ends_with_its_process_or_its_time(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..2).await;
    assert_eq!(store.lease(at(1), 5).await.unwrap().len(), 1);
    assert!(store.lease(at(30), 5).await.unwrap().is_empty());
    assert_eq!(place.open().await.lease(at(30), 5).await.unwrap().len(), 1);
    assert_eq!(store.leases_ended(), 0);
    let due = store.lease(at(0).plus(HOUR), 5).await.unwrap();
    assert_eq!((due.len(), store.leases_ended()), (1, 1));
    store.release(&[(due[0].id.clone(), due[0].token)]).await.unwrap();
    assert_eq!(store.lease(at(0).plus(2 * HOUR), 5).await.unwrap().len(), 1);
    assert_eq!(
        store.leases_ended(),
        1,
        "one that was given back has not ended by itself"
    );
}

/// A lease that was given back and taken anew fences out who had it first.
pub async fn an_old_token_submits_nothing(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..2).await;
    let old = store.lease(at(1), 5).await.unwrap().remove(0);
    store.release(&[(notice(1), old.token)]).await.unwrap();
    let unleased = store
        .submit(at(2), &[submission(&notice(1), old.token, 1)])
        .await
        .unwrap();
    assert_eq!(unleased, [Grant::Refused]);
    let new = store.lease(at(3), 5).await.unwrap().remove(0);
    assert!(new.token > old.token);
    store.release(&[(notice(1), old.token)]).await.unwrap();
    let submissions = [
        submission(&notice(1), old.token, 1),
        submission(&notice(1), new.token, 1),
    ];
    assert_eq!(
        store.submit(at(4), &submissions).await.unwrap(),
        [Grant::Refused, Grant::Granted]
    );
    assert_eq!(store.inner(1, 10).await.unwrap().len(), 1);
}

/// What a person may now know is on the disk before anything is sent.
pub async fn a_submission_writes_attempt_text_and_told(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..3).await;
    let sent = send(&*store, at(1)).await;
    let store = place.open().await;
    assert!(store.lease(at(2), 5).await.unwrap().is_empty());
    let stored = store
        .notices(&NoticeFilter::default(), 10)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(stored.state, NoticeState::Submitted);
    assert_eq!(stored.text, Some(format!("{}号短信", stored.id)));
    assert_eq!(
        (stored.segments, stored.attempts, stored.submitted_at),
        (Some(2), 1, Some(at(1)))
    );
    assert_eq!(stored.recipient.unwrap().reveal(), "+8613812345678");
    let attempts = store.attempts(0, 10).await.unwrap();
    assert_eq!(attempts.len(), 2);
    assert_eq!((attempts[0].sequence, &*attempts[0].id), (1, sent[0].0.as_str()));
    assert_eq!((attempts[0].class, &*attempts[0].provider), (None, "primary"));
    let told: Vec<_> = store
        .inner(1, 10)
        .await
        .unwrap()
        .into_iter()
        .map(|entry| entry.payload)
        .collect();
    assert_eq!(
        told,
        sent.iter()
            .map(|(_, id)| format!("told {id}"))
            .collect::<Vec<_>>()
    );
}

/// Whatever the code above believes: while an attempt may have been sent there is no other.
pub async fn one_attempt_lives_at_a_time(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..2).await;
    let attempt = send(&*store, at(1)).await.remove(0);
    assert!(store.lease(at(2), 5).await.unwrap().is_empty());
    let unknown = finished(&attempt, AttemptClass::Unknown);
    store.finish(at(3), &[unknown]).await.unwrap();
    assert!(store.lease(at(0).plus(HOUR), 5).await.unwrap().is_empty());
    let not_sent = finished(&attempt, AttemptClass::NotSent);
    store.finish(at(4), &[not_sent]).await.unwrap();
    let due = store.lease(at(301), 5).await.unwrap().remove(0);
    assert_eq!(due.attempts, 1);
    let twice = submission(&notice(1), due.token, 1);
    assert_eq!(
        store.submit(at(302), &[twice]).await.unwrap(),
        [Grant::Refused],
        "an attempt is new"
    );
    let due = store.lease(at(303), 5).await.unwrap().remove(0);
    let second = submission(&notice(1), due.token, 2);
    assert_eq!(store.submit(at(304), &[second]).await.unwrap(), [Grant::Granted]);
    assert_eq!(store.attempts(0, 10).await.unwrap().len(), 2);
}

/// Time passes between the lease and the submission.
pub async fn nothing_is_submitted_too_late_or_too_early(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..3).await;
    let due = store.lease(at(1), 5).await.unwrap();
    let late = submission(&due[0].id, due[0].token, 1);
    assert_eq!(
        store.submit(at(0).plus(DAY), &[late]).await.unwrap(),
        [Grant::Refused]
    );
    let early = submission(&due[1].id, due[1].token, 1);
    assert_eq!(store.submit(at(-1), &[early]).await.unwrap(), [Grant::Refused]);
    assert!(store.inner(1, 10).await.unwrap().is_empty());
    assert_eq!(store.stats().await.unwrap().in_flight, 0);
}

/// A paused provider gets nothing, after a restart neither; a pause of everything stops all.
pub async fn a_pause_refuses_and_lasts(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..4).await;
    for name in ["primary", ALL_PROVIDERS] {
        store.pause(name, &pause("person: 太多投诉")).await.unwrap();
        let store = place.open().await;
        let states = store.providers().await.unwrap();
        let state = states.iter().find(|state| &*state.name == name).unwrap();
        assert_eq!(state.paused, Some(pause("person: 太多投诉")));
        let due = store.lease(at(6), 1).await.unwrap().remove(0);
        let refused = submission(&due.id, due.token, 1);
        assert_eq!(
            store.submit(at(7), &[refused]).await.unwrap(),
            [Grant::Refused],
            "{name}"
        );
        assert!(store.resume(name, "officer", at(8)).await.unwrap());
        assert!(!store.resume(name, "officer", at(8)).await.unwrap());
    }
    store.pause("other", &pause("person")).await.unwrap();
    assert_eq!(send(&*store, at(9)).await.len(), 3);
    assert!(!store.resume("nobody", "officer", at(9)).await.unwrap());
}

/// Quiet hours move a notice, nobody to write to ends it; both only under the lease.
pub async fn a_leased_notice_is_deferred_or_set_aside(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..4).await;
    let due = store.lease(at(1), 5).await.unwrap();
    let token = |number| due.iter().find(|due| due.id == notice(number)).unwrap().token;
    let later = at(100);
    let defer = [(notice(1), token(1), later), (notice(3), token(3) + 50, later)];
    store.defer(&defer).await.unwrap();
    let aside = [(notice(2), token(2), NoticeState::NoContact, "no_owner".into())];
    store.set_aside(at(2), &aside).await.unwrap();
    store.set_aside(at(2), &aside).await.unwrap();
    let wrong = [(notice(3), token(3), NoticeState::Accepted, "?".into())];
    let refused = store.set_aside(at(2), &wrong).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    let all = store.notices(&NoticeFilter::default(), 10).await.unwrap();
    assert_eq!((all[0].state, all[0].not_before), (NoticeState::Queued, later));
    assert_eq!(
        (all[1].state, all[1].final_at),
        (NoticeState::NoContact, Some(at(2)))
    );
    assert_eq!(all[1].reason.as_deref(), Some("no_owner"));
    assert_eq!(all[2].state, NoticeState::Leased);
    assert_eq!(store.lease(at(100), 5).await.unwrap()[0].id, notice(1));
}
